//! Server: a whole exchange in this process: data folder, journal, pipeline and gateway.

use std::fmt;
use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::feed::Feed;
use api::gateway::Gateway;
use api::origin::Origin;
use client::key_file::{self, KeyFileError};
use client::secret::Secret;
use engine::command::Command;
use engine::ids::PublicKey;
use engine::stamp::Sequence;
use journal::log::AppendError;
use journal::recovery::RecoveryError;
use journal::snapshot::Snapshot;
use node::clock::SystemClock;
use node::entropy::SystemEntropy;
use node::inlet::Inlet;
use node::pipeline::{Pipeline, Ready};
use persistence::open_error::OpenError;
use persistence::snapshots::error::SnapshotError;
use persistence::store::RocksLog;
use protocol::error::ErrorObject;
use protocol::status::PATH;
use tokio::net::TcpListener;

use crate::screen::Screen;
use crate::snapshots;
use crate::snapshots::Progress;
use crate::snapshots::keeper::{SNAPSHOT_EVERY, SnapshotKeeper, SnapshotRules};

/// The operator's key within the data folder.
const OPERATOR_KEY: &str = "operator.key";
/// The journal within the data folder.
const JOURNAL: &str = "journal";
/// How long connections may take to say goodbye when the server stops.
const GOODBYE: Duration = Duration::from_secs(3);
/// After fewer commands than these, a snapshot saves the next start less than it costs this stop.
const SNAPSHOT_WORTH: u64 = 100_000;
/// How the process ends when what is on disk is unknown.
const EXIT_JOURNAL_FAILED: i32 = 5;

/// Where and how to serve.
#[derive(Clone, Debug)]
pub(crate) struct ServerOptions {
    /// The data folder, made when there is none.
    pub(crate) data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// Whether clients on this machine may log in by name.
    pub(crate) dev: bool,
    /// When snapshots are made, and what is kept.
    pub(crate) rules: SnapshotRules,
}

impl ServerOptions {
    /// For an exchange that is tried out on this machine.
    pub(crate) fn trial(data: PathBuf, listen: SocketAddr) -> ServerOptions {
        let rules = SnapshotRules { every: SNAPSHOT_EVERY, drop_journal: false };
        ServerOptions { data, listen, dev: true, rules }
    }
}

/// How an exchange was read back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recovery {
    /// The last command.
    pub(crate) last: Sequence,
    /// The command after which the snapshot was that it began with.
    pub(crate) snapshot: Option<Sequence>,
    /// How many commands were replayed.
    pub(crate) replayed: u64,
    /// How long opening and reading back took.
    pub(crate) took: Duration,
}

/// A running exchange.
pub(crate) struct Server {
    address: SocketAddr,
    data: PathBuf,
    recovery: Recovery,
    gateway: Arc<Gateway>,
    pipeline: Pipeline<RocksLog, Feed>,
    keeper: SnapshotKeeper,
    rules: SnapshotRules,
    screen: Screen,
}

/// Why there is no server.
#[derive(Debug)]
pub(crate) enum StartError {
    /// Tokens would be believed from other machines.
    Exposed(SocketAddr),
    /// The data folder cannot be made.
    Folder(PathBuf, std::io::Error),
    /// The journal cannot be opened.
    Journal(OpenError),
    /// The snapshots cannot be looked at.
    Snapshots(SnapshotError),
    /// The journal is not sound.
    Recovery(RecoveryError),
    /// The operator's key cannot be written or read.
    Key(KeyFileError),
    /// The machine has no random numbers.
    Random(getrandom::Error),
    /// The address cannot be listened on.
    Listen(SocketAddr, std::io::Error),
    /// The exchange refused its founding.
    Founding(ErrorObject),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Exposed(address) => write!(
                f,
                "{address} is reachable from other machines, and with --dev anyone may log in as anyone: listen on \
                 127.0.0.1, or leave --dev out"
            ),
            StartError::Folder(path, error) => {
                write!(
                    f,
                    "the data folder {} cannot be made: {error}; choose another with --data",
                    path.display()
                )
            }
            StartError::Journal(error) => error.fmt(f),
            StartError::Snapshots(error) => error.fmt(f),
            StartError::Recovery(error) => error.fmt(f),
            StartError::Key(error) => error.fmt(f),
            StartError::Random(error) => write!(f, "the machine has no random numbers: {error}"),
            StartError::Listen(address, error) => {
                write!(f, "{address} cannot be listened on: {error}; choose another address with --listen")
            }
            StartError::Founding(error) => write!(f, "the exchange could not be founded: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl Server {
    /// Recovers what the data folder holds, or founds an exchange in an empty one, and serves it. `progress` sees every
    /// command that is read back, and every snapshot that is not used.
    pub(crate) async fn start(
        options: &ServerOptions,
        progress: &mut impl FnMut(Progress<'_>),
        screen: &Screen,
    ) -> Result<Server, StartError> {
        if options.dev && !options.listen.ip().is_loopback() {
            return Err(StartError::Exposed(options.listen));
        }
        // What can fail without a trace comes first.
        let listening = TcpListener::bind(options.listen).await;
        let listener = listening.map_err(|error| StartError::Listen(options.listen, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(options.listen, error))?;
        make_folder(&options.data).map_err(|error| StartError::Folder(options.data.clone(), error))?;
        let begun = Instant::now();
        let log = RocksLog::open(&journal_folder(&options.data)).map_err(StartError::Journal)?;
        let watch = log.watch();
        let mut feed = Feed::default();
        let (ready, snapshot) = recover(log, &options.data, &mut feed, progress)?;
        let (last, replayed, took) = (ready.last().sequence, ready.commands(), begun.elapsed());
        let recovery = Recovery { last, snapshot, replayed, took };
        let founding = match ready.view().founding() {
            Some(_) => None,
            None => Some(founding(&options.data)?),
        };
        let epoch = match (ready.view().founding(), founding) {
            (Some(founding), _) => founding.epoch,
            (None, Some(Command::Found { epoch, .. })) => epoch,
            (None, _) => unreachable!("an exchange is founded or about to be"),
        };

        let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), feed, stop_at_once);
        let gateway = Gateway::new(pipeline.inlet(), pipeline.questions(), epoch, options.dev);
        if let Some(founding) = founding {
            gateway.command(founding).await.map_err(StartError::Founding)?;
        }
        tokio::spawn(Arc::clone(&gateway).serve(listener));
        let (data, newest) = (options.data.clone(), snapshot.unwrap_or_default());
        let (rules, screen) = (options.rules, screen.clone());
        let keeper = SnapshotKeeper::start((data.clone(), watch), newest, rules, screen.clone());
        Ok(Server { address, data, recovery, gateway, pipeline, keeper, rules, screen })
    }

    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}{PATH}", self.address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where commands enter, past the sockets.
    pub(crate) fn inlet(&self) -> Inlet<Origin> {
        self.pipeline.inlet()
    }

    /// How it was read back.
    pub(crate) fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Stops: finishes, makes durable and tells what was taken, closes connections, and makes a snapshot when that saves the
    /// next start more than a moment.
    pub(crate) async fn stop(self) -> Snapshot {
        let Server { data, gateway, pipeline, keeper, rules, screen, .. } = self;
        gateway.drain();
        let stopping = tokio::task::spawn_blocking(move || (keeper.stop(), pipeline.stop()));
        let (newest, stopped) = stopping.await.expect("stopping does not panic");
        gateway.close(GOODBYE).await;
        let (log, last) = stopped.snapshot();
        let since = last.chain.last().sequence.0 - newest.0;
        if 0 < rules.every && SNAPSHOT_WORTH.min(rules.every) <= since {
            screen.remark("making a snapshot, so that the next start is fast ...");
            // The log is ours until then, so nobody goes on meanwhile.
            if let Err(error) = snapshots::leave(&data, &last, (&log, rules)) {
                screen.warn(&format!("{error}; the next start reads back {since} commands"));
            }
        }
        last
    }
}

/// Reads an exchange back: from its newest sound snapshot, and what the journal has after it, which `feed` sees too.
fn recover(
    log: RocksLog,
    data: &Path,
    feed: &mut Feed,
    progress: &mut impl FnMut(Progress<'_>),
) -> Result<(Ready<RocksLog>, Option<Sequence>), StartError> {
    let newest = snapshots::snapshots(data).newest(&mut |error| progress(Progress::Skipped(error)));
    let newest = newest.map_err(StartError::Snapshots)?;
    let sequence = newest.as_ref().map(|snapshot| snapshot.chain.last().sequence);
    let from = newest.unwrap_or_default();
    let ready = Ready::resume(log, from, &mut |stamped, events, view| {
        feed.recover(stamped.stamp, events, view);
        progress(Progress::Command(stamped));
    });
    Ok((ready.map_err(StartError::Recovery)?, sequence))
}

/// A failed write is an unknown outcome: nothing more may be told.
pub(crate) fn stop_at_once(error: &AppendError) {
    eprintln!("hourbook: {error}");
    std::process::exit(EXIT_JOURNAL_FAILED);
}

/// The journal of a data folder.
pub(crate) fn journal_folder(data: &Path) -> PathBuf {
    data.join(JOURNAL)
}

/// The operator's key of a data folder.
pub(crate) fn operator_key(data: &Path) -> PathBuf {
    data.join(OPERATOR_KEY)
}

/// Makes the folder, readable by its owner only.
fn make_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The first command of a new exchange. Its operator's key is written before it is needed; one that an interrupted
/// start left behind is used.
fn founding(data: &Path) -> Result<Command, StartError> {
    let path = operator_key(data);
    let secret = if path.exists() {
        key_file::read(&path).map_err(StartError::Key)?
    } else {
        let secret = Secret::random().map_err(StartError::Random)?;
        key_file::create(&path, &secret).map_err(StartError::Key)?;
        secret
    };
    let epoch = getrandom::u64().map_err(StartError::Random)?;
    let seed = getrandom::u64().map_err(StartError::Random)?;
    Ok(Command::Found { epoch, seed, operator: PublicKey(secret.public().to_bytes()) })
}
