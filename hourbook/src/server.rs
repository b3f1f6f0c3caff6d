//! Server: a whole exchange in this process: data folder, journal, pipeline and gateway.

use std::fmt;
use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::clearing::Clearing;
use api::config::{CLOSE_GRACE, PING_INTERVAL};
use api::feed::Feed;
use api::gateway::door::Door;
use api::gateway::{Gateway, Settings, SharedClock};
use api::limits::Limits;
use api::origin::Origin;
use api::snapshots::SnapshotDesk;
use client::key_file::{self, KeyFileError};
use client::secret::Secret;
use engine::command::Command;
use engine::control::{ModeScope, TradingMode};
use engine::delivery::slot::SlotNumber;
use engine::ids::{DeliveryId, PublicKey};
use engine::label::Label;
use engine::stamp::Sequence;
use journal::snapshot::Snapshot;
use node::clock::SystemClock;
use node::entropy::SystemEntropy;
use node::fatal::Fatal;
use node::inlet::Inlet;
use node::pipeline::Pipeline;
use node::ready::{Ready, ReadyError};
use persistence::backup::BACKUP;
use persistence::data::{DataFolder, EVIDENCE, Opening};
use persistence::data_error::{DataError, DataRefusal};
use persistence::evidence::RocksShelf;
use persistence::history::RocksHistory;
use persistence::keeper::DiskKeeper;
use persistence::snapshots::error::SnapshotError;
use persistence::store::RocksLog;
use protocol::error::ErrorObject;
use protocol::status::PATH;
use settlement::custody::Loss;
use settlement::measured::Measured;
use settlement::office::{ModelTerms, Office};
use settlement::shelf::{Place, Shelf, ShelfError};
use tokio::net::TcpListener;

use crate::auditor::{Auditor, BUILT_IN};
use crate::calibration_file::CalibrationFile;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::snapshots;
use crate::snapshots::Progress;
use crate::snapshots::keeper::{Kept, SNAPSHOT_EVERY, SnapshotKeeper, SnapshotRules};

/// The operator's key within the data folder.
const OPERATOR_KEY: &str = "operator.key";
/// The key with which the exchange signs what it assigns.
const EXCHANGE_KEY: &str = "exchange.key";
/// Sequences that one lot computes in a slot, and the longest answer of the reference batch, in tokens.
const SEQUENCES: u32 = 8;
const ANSWER_TOKENS: u32 = 24;
/// How long connections may take to say goodbye when the server stops.
const GOODBYE: Duration = Duration::from_secs(3);
/// After fewer commands than these, a snapshot saves the next start less than it costs this stop.
const SNAPSHOT_WORTH: u64 = 100_000;
/// Of so many slots it is said by number that their evidence is lost.
const LOST_SAID_MAX: usize = 20;
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
    /// Where operators are listened to; without it at the next port, on this machine.
    pub(crate) admin: Option<SocketAddr>,
    /// How often clients may ask.
    pub(crate) limits: Limits,
    /// Whether clients on this machine may log in by name.
    pub(crate) dev: bool,
    /// When snapshots are made, and what is kept.
    pub(crate) rules: SnapshotRules,
    /// Room on the disk that is kept in reserve, in bytes.
    pub(crate) reserve_bytes: u64,
    /// What deliveries are computed with: a model file, or `tiny`.
    pub(crate) model: PathBuf,
    /// How far honest providers may be from it; without a file not at all.
    pub(crate) calibration: Option<PathBuf>,
    /// The journal is taken as it ends at this command.
    pub(crate) accept_end: Option<Sequence>,
}

impl ServerOptions {
    /// For an exchange that is tried out on this machine.
    pub(crate) fn trial(data: PathBuf, listen: SocketAddr) -> ServerOptions {
        let rules = SnapshotRules { every: SNAPSHOT_EVERY, drop_journal: false };
        ServerOptions {
            data,
            listen,
            admin: None,
            limits: Limits::none(),
            dev: true,
            rules,
            reserve_bytes: RESERVE_MIB_SMALL << 20,
            model: PathBuf::from(BUILT_IN),
            calibration: None,
            accept_end: None,
        }
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
    admin: SocketAddr,
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
    /// It is a backup.
    Backup(PathBuf),
    /// The data folder cannot be made.
    Folder(PathBuf, std::io::Error),
    /// What stands in the data folder cannot be used.
    Data(DataError),
    /// The snapshots cannot be looked at.
    Snapshots(SnapshotError),
    /// The journal is not sound, or the history cannot be completed.
    Recovery(ReadyError),
    /// The operator's key cannot be written or read.
    Key(KeyFileError),
    /// The machine has no random numbers.
    Random(getrandom::Error),
    /// The model cannot be read.
    Model(String),
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
            StartError::Snapshots(error) => error.fmt(f),
            StartError::Recovery(error) => error.fmt(f),
            StartError::Key(error) => error.fmt(f),
            StartError::Random(error) => write!(f, "the machine has no random numbers: {error}"),
            StartError::Model(cause) => write!(f, "deliveries have no model: {cause}"),
            StartError::Listen(address, error) => {
                write!(
                    f,
                    "{address} cannot be listened on: {error}; choose another address with --listen or --admin"
                )
            }
            StartError::Founding(error) => write!(f, "the exchange could not be founded: {error}"),
            StartError::Halting(error) => write!(f, "the exchange could not be halted: {error}"),
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
        for address in [Some(options.listen), options.admin].into_iter().flatten() {
            if options.dev && !address.ip().is_loopback() {
                return Err(StartError::Exposed(address));
            }
        }
        // What can fail without a trace comes first.
        let [(listener, address), (admin_listener, admin)] = listen(options).await?;
        if options.data.join(BACKUP).exists() {
            return Err(StartError::Backup(options.data.clone()));
        }
        let (terms, measured) =
            model_terms(options).map_err(|failure| StartError::Model(failure.to_string()))?;
        make_folder(&options.data).map_err(|error| StartError::Folder(options.data.clone(), error))?;
        let begun = Instant::now();
        let folder = open(options)?;
        let watch = folder.log.watch();
        let (epoch, cut) = (folder.keeper.epoch(), folder.keeper.cut());
        let mut feed = Feed::default();
        let (secret, evidence) = shelf(&options.data)?;
        let (ready, snapshot) = recover(folder, &mut feed, progress)?;
        let (last, replayed, took) = (ready.last().sequence, ready.commands(), begun.elapsed());
        let recovery = Recovery { last, snapshot, replayed, took };
        let founding = match ready.view().founding() {
            Some(_) => None,
            None => Some(founding(&options.data, epoch)?),
        };

        let history = ready.history().expect("it was read back with one").reader();
        let feed = feed.with_history(history.clone().shared());
        let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), feed, stop_at_once);
        let office = Office::new(secret.bytes(), epoch, terms, &measured);
        let clearing = Some(Arc::new(Clearing::new(office, Arc::new(VitalShelf(evidence)))));
        let (dev, limits) = (options.dev, options.limits.clone());
        let desk = Arc::<SnapshotDesk>::default();
        let snapshots = Some(Arc::clone(&desk));
        let time = SharedClock(Arc::new(SystemClock));
        let (ping, grace) = (PING_INTERVAL, CLOSE_GRACE);
        let settings = Settings { dev, limits, clearing, snapshots, ping, grace, time };
        let gateway = Gateway::new(pipeline.inlet(), pipeline.questions(), epoch, settings);
        if let Some(founding) = founding {
            gateway.command(founding).await.map_err(StartError::Founding)?;
        }
        if cut.is_open() {
            // Orders are open again of which clients know that they ended: nothing trades before somebody has looked.
            gateway.command(halt()).await.map_err(StartError::Halting)?;
            cut.close();
        }
        say_lost(&gateway.take_up_slots().await, screen);
        tokio::spawn(Arc::clone(&gateway).serve(listener, Door::Public));
        tokio::spawn(Arc::clone(&gateway).serve(admin_listener, Door::Admin));
        let (data, newest) = (options.data.clone(), snapshot.unwrap_or_default());
        let (rules, screen) = (options.rules, screen.clone());
        let kept = Kept { data: data.clone(), watch, history, desk };
        let keeper = SnapshotKeeper::start(kept, newest, rules, screen.clone());
        Ok(Server { address, admin, data, recovery, gateway, pipeline, keeper, rules, screen })
    }

    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}{PATH}", self.address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where operators connect.
    pub(crate) fn admin_url(&self) -> String {
        format!("ws://{}{PATH}", self.admin)
    }

    /// Waits until a restart that an operator announced is due.
    pub(crate) fn drained(&self) -> impl Future<Output = ()> + use<> {
        let gateway = Arc::clone(&self.gateway);
        async move { gateway.drained().await }
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

/// What is read back: an exchange with its history and its keeper, and after which command the snapshot was.
type Recovered = (Ready<RocksLog, DiskKeeper, RocksHistory>, Option<Sequence>);

/// Reads an exchange back: from a sound snapshot, and what the journal has after it, which `feed` sees too.
fn recover(
    folder: DataFolder,
    feed: &mut Feed,
    progress: &mut impl FnMut(Progress<'_>),
) -> Result<Recovered, StartError> {
    let base = folder.base(&mut |error| progress(Progress::Skipped(error)));
    let base = base.map_err(StartError::Snapshots)?;
    let sequence = base.as_ref().map(|snapshot| snapshot.chain.last().sequence);
    let DataFolder { log, keeper, history, .. } = folder;
    let ready = Ready::resume_with(log, base.unwrap_or_default(), history, &mut |stamped, events, view| {
        feed.recover(stamped.stamp, events, view);
        progress(Progress::Command(stamped));
    });
    Ok((ready.map_err(StartError::Recovery)?.kept_by(keeper), sequence))
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

/// How often two neighbouring ports are sought before it is given up.
const PAIRS_SOUGHT_MAX: usize = 64;

/// Both listeners: everyone's, and the operators'.
async fn listen(options: &ServerOptions) -> Result<[(TcpListener, SocketAddr); 2], StartError> {
    for sought in 1.. {
        let public = bind(options.listen).await?;
        if let Some(admin) = options.admin {
            return Ok([public, bind(admin).await?]);
        }
        let next = public.1.port().checked_add(1);
        let beside = SocketAddr::from(([127, 0, 0, 1], next.unwrap_or_default()));
        match bind(beside).await {
            Ok(admin) if next.is_some() => return Ok([public, admin]),
            // A free port was asked for: another one may have a free neighbour.
            _ if options.listen.port() == 0 && sought < PAIRS_SOUGHT_MAX => {}
            Ok(_) => return Err(StartError::Listen(beside, std::io::ErrorKind::AddrNotAvailable.into())),
            Err(error) => return Err(error),
        }
    }
    unreachable!("it is sought until it is found or given up")
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(address, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// A failed write is an unknown outcome: nothing more may be told.
pub(crate) fn stop_at_once(error: &Fatal) {
    eprintln!("hourbook: {error}");
    std::process::exit(EXIT_JOURNAL_FAILED);
}

/// The exchange's own key, made for an exchange that has none, and what it keeps of deliveries.
fn shelf(data: &Path) -> Result<(Secret, RocksShelf), StartError> {
    let (key, evidence) = (data.join(EXCHANGE_KEY), data.join(EVIDENCE));
    let refused = |refusal| StartError::Data(DataError { path: data.to_owned(), refusal });
    // A key made now would be another one than what is there was signed with.
    if !key.exists() && evidence.exists() {
        return Err(refused(DataRefusal::EvidenceForeign));
    }
    let secret = own_key(&key)?;
    let shelf = RocksShelf::open(&evidence, &secret.public().to_bytes()).map_err(refused)?;
    Ok((secret, shelf))
}

/// A shelf that stops the process where something cannot be kept: providers would be blamed for what the exchange does not take.
struct VitalShelf(RocksShelf);

impl Shelf for VitalShelf {
    fn put(&self, place: Place, bytes: &[u8]) -> Result<(), ShelfError> {
        self.0.put(place, bytes).inspect_err(|error| {
            eprintln!("hourbook: {error}; mend the disk, then start again");
            std::process::exit(EXIT_JOURNAL_FAILED);
        })
    }

    fn get(&self, place: Place) -> Result<Option<Vec<u8>>, ShelfError> {
        self.0.get(place)
    }
}

/// Says which slots were ruled because their evidence is lost.
fn say_lost(lost: &[(DeliveryId, SlotNumber, Loss)], screen: &Screen) {
    for (delivery, slot, loss) in lost.iter().take(LOST_SAID_MAX) {
        screen.warn(&format!(
            "the evidence of delivery {} slot {} is lost ({loss}): it was ruled inconclusive",
            delivery.0,
            slot.number()
        ));
    }
    if let Some(more) = lost.len().checked_sub(LOST_SAID_MAX).filter(|more| 0 < *more) {
        screen.warn(&format!("the evidence of {more} more slots is lost: they were ruled inconclusive"));
    }
}

/// The operator's key of a data folder.
pub(crate) fn operator_key(data: &Path) -> PathBuf {
    data.join(OPERATOR_KEY)
}

/// Copies the operator's key and the exchange's own from one folder to another, those that are there and not here yet, readable by
/// their owner only.
pub(crate) fn copy_keys(from: &Path, to: &Path) -> std::io::Result<()> {
    for name in [OPERATOR_KEY, EXCHANGE_KEY] {
        let [from, to] = [from, to].map(|folder| folder.join(name));
        // A copy keeps the permissions.
        if from.exists() && !to.exists() {
            std::fs::copy(from, to)?;
        }
    }
    Ok(())
}

/// Makes the folder, readable by its owner only.
fn make_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The secret in a file, made when there is none.
fn own_key(path: &Path) -> Result<Secret, StartError> {
    if path.exists() {
        return key_file::read(path).map_err(StartError::Key);
    }
    let secret = Secret::random().map_err(StartError::Random)?;
    key_file::create(path, &secret).map_err(StartError::Key)?;
    Ok(secret)
}

/// What deliveries are computed with, and how far honest providers may be from it.
fn model_terms(options: &ServerOptions) -> Result<(ModelTerms, Measured), Failure> {
    let model = Auditor::open(&options.model)?;
    let measured = match &options.calibration {
        Some(path) => CalibrationFile::read(path, model.id())?,
        None => Measured::EXACT,
    };
    let shape = model.model().shape();
    let bounded = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let terms = ModelTerms {
        name: model.model().name().to_owned(),
        id: model.id(),
        vocabulary: bounded(shape.vocabulary),
        context: bounded(shape.context),
        sequences: SEQUENCES,
        tokens_max: ANSWER_TOKENS,
    };
    Ok((terms, measured))
}

/// The first command of a new exchange. Its operator's key is written before it is needed; one that an interrupted
/// start left behind is used.
fn founding(data: &Path, epoch: u64) -> Result<Command, StartError> {
    let secret = own_key(&operator_key(data))?;
    let seed = getrandom::u64().map_err(StartError::Random)?;
    Ok(Command::Found { epoch, seed, operator: PublicKey(secret.public().to_bytes()) })
}
