//! Serve: runs an exchange until it is interrupted.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use api::limits::Limits;
use clap::Args;
use engine::stamp::Sequence;
use journal::snapshot::Snapshot;
use serde::Serialize;

use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::open_files;
use crate::screen::Screen;
use crate::server::{RESERVE_MIB, Server, ServerOptions, StartError, operator_key};
use crate::snapshots::Progress;
use crate::snapshots::keeper::{SNAPSHOT_EVERY, SnapshotRules};

/// How often a long recovery says how far it is.
const PROGRESS: Duration = Duration::from_secs(1);

/// Run an exchange with its journal in a folder. Ctrl-C stops it; started again, it goes on where it stopped.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Folder of the journal and the operator's key, made if there is none
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9400")]
    listen: SocketAddr,
    /// Address at which operators are listened to; without it the next port, on this machine
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// File with the limits on how often clients may ask, as `hourbook limits` prints them
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// Let anyone on this machine log in by name (hourbook --as NAME) as any account, the operator's too; for development
    #[arg(long = "dev")]
    dev: bool,
    /// Make a snapshot whenever so many commands were taken since the last one, by a process of its own that needs as much
    /// memory as the exchange; and one when it stops. 0 makes none. A start reads back no more commands than these
    #[arg(long, value_name = "COMMANDS", default_value_t = SNAPSHOT_EVERY)]
    snapshot_every: u64,
    /// Drop the journal that lies behind the older of two snapshots, instead of keeping all of it
    #[arg(long)]
    drop_journal: bool,
    /// Room on the disk kept in reserve: a ballast file of that size, released when there is too little room to start, and as
    /// much again, below which only cancellations are accepted
    #[arg(long, value_name = "MIB", default_value_t = RESERVE_MIB, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    reserve_mib: u64,
    /// What deliveries are computed with: a model file, or the model that is built in
    #[arg(long, value_name = "FILE", default_value = "tiny")]
    model: PathBuf,
    /// How far honest providers may be from that model, as `hourbook model calibrate` measured it. Without it they compute exactly the same
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// Go on with a journal that ends at this command, though commands after it may be missing. Clients are told of a new
    /// epoch, and the venue is halted until an operator opens it
    #[arg(long, value_name = "COMMAND")]
    accept_end: Option<u64>,
}

/// An exchange that is ready.
#[derive(Serialize)]
struct Ready {
    url: String,
    admin_url: String,
    data: PathBuf,
    recovered: u64,
    /// The command after which the snapshot is that it began with; absent when it began with the first.
    snapshot: Option<u64>,
    replayed: u64,
    recovery_ms: u128,
    dev: bool,
}

/// An exchange that has stopped.
#[derive(Serialize)]
pub(super) struct Ended {
    stopped: bool,
    commands: u64,
    state_hash: String,
}

impl Serve {
    pub(crate) async fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        abort_on_panic();
        open_files::raise();
        let mut interrupts = Interrupts::expect()?;
        let rules = SnapshotRules { every: self.snapshot_every, drop_journal: self.drop_journal };
        let limits = self.limits.as_deref().map_or_else(|| Ok(Limits::default()), read_limits)?;
        let options = ServerOptions {
            data: self.data.clone(),
            listen: self.listen,
            admin: self.admin,
            limits,
            dev: self.dev,
            rules,
            reserve_bytes: self.reserve_mib << 20,
            model: self.model.clone(),
            calibration: self.calibration.clone(),
            accept_end: self.accept_end.map(Sequence),
        };
        let server = start(&options, screen).await?;
        let ready = Ready {
            url: server.url(),
            admin_url: server.admin_url(),
            data: self.data.clone(),
            recovered: server.recovery().last.0,
            snapshot: server.recovery().snapshot.map(|sequence| sequence.0),
            replayed: server.recovery().replayed,
            recovery_ms: server.recovery().took.as_millis(),
            dev: self.dev,
        };
        screen.show(&ready, Ready::text)?;
        let drained = server.drained();
        tokio::select! {
            () = interrupts.come() => {}
            () = drained => {}
        }
        let stopped = server.stop().await;
        screen.show(&Ended::of(&stopped), Ended::text)
    }
}

impl Ready {
    fn text(&self) -> String {
        let journal = self.data.display();
        let again = recovered(self.recovered, self.recovery_ms);
        let from = self.snapshot.map_or(String::new(), |snapshot| {
            format!("; snapshot after command {snapshot}, {} replayed", self.replayed)
        });
        let key = operator_key(&self.data);
        let logins = if self.dev { "by name (--as NAME) on this machine, or by key" } else { "by key" };
        format!(
            "exchange  {}\njournal   {journal}, {again}{from}\noperator  {}, --key {}\nlogins    {logins}\nCtrl-C stops it.",
            self.url,
            self.admin_url,
            key.display()
        )
    }
}

impl Ended {
    pub(super) fn of(last: &Snapshot) -> Ended {
        let commands = last.exchange.last().sequence.0;
        Ended { stopped: true, commands, state_hash: last.exchange.state_hash().to_string() }
    }

    pub(super) fn text(&self) -> String {
        format!("stopped after {} commands, all of them durable; state {}", self.commands, self.state_hash)
    }
}

/// What a start found in its journal.
pub(super) fn recovered(commands: u64, ms: u128) -> String {
    match commands {
        0 => "a new exchange".to_owned(),
        _ => format!("{commands} commands recovered in {ms} ms"),
    }
}

/// The limits in a file.
fn read_limits(path: &Path) -> Result<Limits, Failure> {
    let failed = |error: String| {
        Failure::local(format!("the limits in {} cannot be read: {error}", path.display()))
            .advise("`hourbook limits` prints what such a file has")
    };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}

/// Starts a server, saying how far a long recovery is.
pub(super) async fn start(options: &ServerOptions, screen: &Screen) -> Result<Server, Failure> {
    let mut saying = Saying::new("recovering", screen);
    Server::start(options, &mut |told| saying.hear(&told), screen).await.map_err(|error| match error {
        StartError::Exposed(_) => Failure::usage(error.to_string()),
        error => Failure::local(error.to_string()),
    })
}

/// Says how far reading back is, now and then.
pub(super) struct Saying<'a> {
    doing: &'static str,
    screen: &'a Screen,
    said: Instant,
}

impl Saying<'_> {
    pub(super) fn new<'a>(doing: &'static str, screen: &'a Screen) -> Saying<'a> {
        Saying { doing, screen, said: Instant::now() }
    }

    pub(super) fn hear(&mut self, told: &Progress<'_>) {
        match told {
            Progress::Skipped(error) => self.screen.warn(&error.to_string()),
            Progress::Command(stamped) => {
                if PROGRESS <= self.said.elapsed() {
                    self.said = Instant::now();
                    let (doing, sequence) = (self.doing, stamped.stamp.sequence.0);
                    self.screen.remark(&format!("{doing}: at command {sequence}"));
                }
            }
        }
    }
}

/// An assertion that fires stops the process: there is no state worth saving but the journal.
pub(super) fn abort_on_panic() {
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        say(panic);
        std::process::abort();
    }));
}
