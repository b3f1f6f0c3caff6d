//! Server: a whole exchange in this process: data folder, journal, pipeline and gateway.

use std::fmt;
use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::feed::Feed;
use api::gateway::Gateway;
use client::key_file::{self, KeyFileError};
use client::secret::Secret;
use engine::command::{Command, Stamped};
use engine::control::{ModeScope, TradingMode};
use engine::ids::PublicKey;
use engine::label::Label;
use engine::stamp::Sequence;
use node::clock::SystemClock;
use node::entropy::SystemEntropy;
use node::fatal::Fatal;
use node::pipeline::{Pipeline, Stopped};
use node::ready::{Ready, ReadyError};
use persistence::backup::BACKUP;
use persistence::data::{DataFolder, Opening};
use persistence::data_error::DataError;
use persistence::store::RocksLog;
use protocol::error::ErrorObject;
use protocol::status::PATH;
use tokio::net::TcpListener;

/// The operator's key within the data folder.
const OPERATOR_KEY: &str = "operator.key";
/// How long connections may take to say goodbye when the server stops.
const GOODBYE: Duration = Duration::from_secs(3);
/// Room on the disk that an exchange keeps in reserve unless it is said, in MiB.
pub(crate) const RESERVE_MIB: u64 = 256;
/// The same for exchanges that are tried out.
pub(crate) const RESERVE_MIB_SMALL: u64 = 16;
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
    /// Room on the disk that is kept in reserve, in bytes.
    pub(crate) reserve_bytes: u64,
    /// The journal is taken as it ends at this command.
    pub(crate) accept_end: Option<Sequence>,
}

impl ServerOptions {
    /// For an exchange that is tried out on this machine.
    pub(crate) fn trial(data: PathBuf, listen: SocketAddr) -> ServerOptions {
        ServerOptions { data, listen, dev: true, reserve_bytes: RESERVE_MIB_SMALL << 20, accept_end: None }
    }
}

/// A running exchange.
pub(crate) struct Server {
    address: SocketAddr,
    recovered: u64,
    recovery: Duration,
    gateway: Arc<Gateway>,
    pipeline: Pipeline<RocksLog, Feed>,
}

/// Why there is no server.
#[derive(Debug)]
pub(crate) enum StartError {
    /// Tokens would be believed from other machines.
    Exposed(SocketAddr),
    /// It is a backup.
    Backup(PathBuf),
    /// The data folder cannot be made.
    Folder(PathBuf, std::io::Error),
    /// What stands in the data folder cannot be used.
    Data(DataError),
    /// The journal is not sound, or the history cannot be completed.
    Recovery(ReadyError),
    /// The operator's key cannot be written or read.
    Key(KeyFileError),
    /// The machine has no random numbers.
    Random(getrandom::Error),
    /// The address cannot be listened on.
    Listen(SocketAddr, std::io::Error),
    /// The exchange refused its founding.
    Founding(ErrorObject),
    /// The exchange could not be halted after its journal was cut.
    Halting(ErrorObject),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Exposed(address) => write!(
                f,
                "{address} is reachable from other machines, and with --dev anyone may log in as anyone: listen on \
                 127.0.0.1, or leave --dev out"
            ),
            StartError::Backup(path) => write!(
                f,
                "{} is a backup, and what goes on from it is another history: make a data folder of it with hourbook restore",
                path.display()
            ),
            StartError::Folder(path, error) => {
                write!(
                    f,
                    "the data folder {} cannot be made: {error}; choose another with --data",
                    path.display()
                )
            }
            StartError::Data(error) => error.fmt(f),
            StartError::Recovery(error) => error.fmt(f),
            StartError::Key(error) => error.fmt(f),
            StartError::Random(error) => write!(f, "the machine has no random numbers: {error}"),
            StartError::Listen(address, error) => {
                write!(f, "{address} cannot be listened on: {error}; choose another address with --listen")
            }
            StartError::Founding(error) => write!(f, "the exchange could not be founded: {error}"),
            StartError::Halting(error) => write!(f, "the exchange could not be halted: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl Server {
    /// Recovers what the data folder holds, or founds an exchange in an empty one, and serves it. `progress` sees every
    /// command that is read back.
    pub(crate) async fn start(
        options: &ServerOptions,
        progress: &mut impl FnMut(&Stamped),
    ) -> Result<Server, StartError> {
        if options.dev && !options.listen.ip().is_loopback() {
            return Err(StartError::Exposed(options.listen));
        }
        // What can fail without a trace comes first.
        let listening = TcpListener::bind(options.listen).await;
        let listener = listening.map_err(|error| StartError::Listen(options.listen, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(options.listen, error))?;
        if options.data.join(BACKUP).exists() {
            return Err(StartError::Backup(options.data.clone()));
        }
        make_folder(&options.data).map_err(|error| StartError::Folder(options.data.clone(), error))?;
        let begun = Instant::now();
        let DataFolder { log, keeper, history } = open(options)?;
        let ready = Ready::recover_with(log, history, progress).map_err(StartError::Recovery)?;
        let (recovered, recovery) = (ready.commands(), begun.elapsed());
        let (epoch, cut) = (keeper.epoch(), keeper.cut());
        let founding = match ready.view().founding() {
            Some(_) => None,
            None => Some(founding(&options.data, epoch)?),
        };

        let ready = ready.kept_by(keeper);
        let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), Feed::default(), stop_at_once);
        let gateway = Gateway::new(pipeline.inlet(), pipeline.questions(), epoch, options.dev);
        if let Some(founding) = founding {
            gateway.command(founding).await.map_err(StartError::Founding)?;
        }
        if cut.is_open() {
            // Orders are open again of which clients know that they ended: nothing trades before somebody has looked.
            gateway.command(halt()).await.map_err(StartError::Halting)?;
            cut.close();
        }
        tokio::spawn(Arc::clone(&gateway).serve(listener));
        Ok(Server { address, recovered, recovery, gateway, pipeline })
    }

    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}{PATH}", self.address)
    }

    /// How many commands were read back.
    pub(crate) fn recovered(&self) -> u64 {
        self.recovered
    }

    /// How long opening and reading back took.
    pub(crate) fn recovery(&self) -> Duration {
        self.recovery
    }

    /// Stops: finishes, makes durable and tells what was taken, then closes connections.
    pub(crate) async fn stop(self) -> Stopped<RocksLog> {
        let pipeline = self.pipeline;
        let stopping = tokio::task::spawn_blocking(move || pipeline.stop());
        let stopped = stopping.await.expect("stopping does not panic");
        self.gateway.close(GOODBYE).await;
        stopped
    }
}

/// Opens the data folder.
fn open(options: &ServerOptions) -> Result<DataFolder, StartError> {
    let opening = Opening {
        reserve_bytes: options.reserve_bytes,
        accept_end: options.accept_end,
        epoch: getrandom::u64().map_err(StartError::Random)?,
        // Said beside the results, as a failure would be.
        tell: Box::new(|notice| eprintln!("hourbook: {notice}")),
    };
    DataFolder::open(&options.data, opening).map_err(StartError::Data)
}

/// Nothing but cancellations from here on, until an operator opens the venue.
fn halt() -> Command {
    let reason = Label::new("journal-cut").expect("it is a label");
    Command::SetMode { scope: ModeScope::Venue, mode: TradingMode::Halted, reason }
}

/// A failed write is an unknown outcome: nothing more may be told.
pub(crate) fn stop_at_once(error: &Fatal) {
    eprintln!("hourbook: {error}");
    std::process::exit(EXIT_JOURNAL_FAILED);
}

/// The operator's key of a data folder.
pub(crate) fn operator_key(data: &Path) -> PathBuf {
    data.join(OPERATOR_KEY)
}

/// Copies the operator's key from one folder to another, if it is there and not here yet, readable by its owner only.
pub(crate) fn copy_operator_key(from: &Path, to: &Path) -> std::io::Result<()> {
    let [from, to] = [from, to].map(operator_key);
    // A copy keeps the permissions.
    if from.exists() && !to.exists() { std::fs::copy(from, to).map(|_| ()) } else { Ok(()) }
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
fn founding(data: &Path, epoch: u64) -> Result<Command, StartError> {
    let path = operator_key(data);
    let secret = if path.exists() {
        key_file::read(&path).map_err(StartError::Key)?
    } else {
        let secret = Secret::random().map_err(StartError::Random)?;
        key_file::create(&path, &secret).map_err(StartError::Key)?;
        secret
    };
    let seed = getrandom::u64().map_err(StartError::Random)?;
    Ok(Command::Found { epoch, seed, operator: PublicKey(secret.public().to_bytes()) })
}
