//! Run: offers hours, and does the work of those that were sold, until Ctrl-C.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use attestation::key::SecretKey;
use clap::Args;
use client::connection::Connection;
use client::error::ClientError;
use client::key_file;
use client::secret::Secret;
use client::subscription;
use protocol::decimal::{self, Scale};
use protocol::delivery::{Deliveries, DeliveryEvent, Role, SlotName};
use protocol::update::Update;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::auditor::Auditor;
use crate::command::provider::config::Config;
use crate::delivering::entry::{Entry, Part};
use crate::delivering::line::Line;
use crate::delivering::log::Log;
use crate::delivering::offers::{Offers, available, is_short};
use crate::delivering::stop::Stop;
use crate::delivering::worker::{Done, Held, WorkError, Worker};
use crate::delivering::{PAUSE, drawn_of, keep_on, work_of};
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Offers so many GPUs in every window of each market, and does the work of each slot that is sold: computes its batch, commits to
it, opens what is drawn. Keeps nothing on disk: ended at any moment and started again, it goes on where its slots stand.
The key needs the scopes read, trade and provide.

A configuration:
  key = \"helio.key\"
  model = \"tiny\"               # or a model file
  device = \"2 x EPYC\"

  [[offer]]
  market = \"CPU.US-E.FIRM\"
  gpus = 4
  price = \"0.10\"               # CU for an hour in the window that closes next
  step = \"0.002\"               # and so much more for each later one

Examples:
  hourbook provider run --config helio.toml
  hourbook provider run --config helio.toml --json";

/// How often markets are looked at for new windows.
const OFFERING: Duration = Duration::from_secs(1);
/// How often it is asked what was drawn, where a taker is awaited.
const LOOK: Duration = Duration::from_millis(250);
/// Slots that wait to be worked on.
const WAITING_MAX: usize = 65_536;

/// Offer hours, and deliver those that are sold
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Run {
    /// What to sell and deliver with
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// End when the process that started this one ends
    #[arg(long)]
    with_parent: bool,
}

/// A provider and what it sells.
struct Provider {
    url: String,
    secret: Secret,
    worker: Arc<Worker>,
    offers: Offers,
    stake: Stake,
    log: Log,
}

/// What a provider has at stake.
#[derive(Clone, Copy, Debug)]
struct Stake {
    /// Millionths of a CU that it should be.
    wanted: u64,
    /// Millionths of a CU that were available when it was found to be too little; `None` when it is not short.
    short: Option<u64>,
}

impl Run {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let config = Config::read(&self.config)?;
        let secret = key_file::read(&config.key)?;
        let url = config.url.clone().unwrap_or_else(|| options.address());
        let worker = Arc::new(Worker {
            model: Arc::new(Auditor::open(&config.model)?),
            key: SecretKey::from_bytes(secret.bytes()),
            device: config.device()?,
        });
        let stake = config.stake.as_deref().map(|text| decimal::parse(text, Scale::Amount, "stake"));
        let stake = stake.transpose().map_err(|error| Failure::local(error.to_string()))?.unwrap_or(0);
        let mut interrupts = Interrupts::expect()?.with_parent(self.with_parent);
        let log = Log::on(screen);
        let (offers, stake) = (Offers::new(config.offer)?, Stake { wanted: stake, short: None });
        let mut provider = Provider { url, secret, worker, offers, stake, log: log.clone() };
        keep_on(&mut interrupts, &log, async || provider.deliver().await).await.map(|_| ())
    }
}

impl Provider {
    /// Offers and delivers until the connection breaks.
    async fn deliver(&mut self) -> Result<Infallible, Stop> {
        self.offers.forget();
        let (url, secret, model) = (&self.url, &self.secret, &*self.worker.model);
        let entry = Entry { url, secret, part: Part::Provider, model };
        let (mut connection, at_work) = (entry.open().await?, entry.open().await?);
        self.top_up(&connection).await?;
        connection.subscribe_one(subscription::deliveries()).await?;
        self.log.say(&Line::Connected { url: self.url.clone() });
        let (to_worker, slots) = channel(WAITING_MAX);
        let (to_log, mut lines) = channel(WAITING_MAX);
        let mut working = tokio::spawn(work(Arc::clone(&self.worker), at_work, slots, to_log));
        let mut due = interval(OFFERING);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                update = connection.next_update() => self.hear(&connection, (&update?, &to_worker)).await?,
                Some(line) = lines.recv() => self.log.say(&line),
                _ = due.tick() => self.look(&connection).await?,
                ended = &mut working => match ended {
                    Ok(error) => return Err(error.into()),
                    Err(panic) => std::panic::resume_unwind(panic.into_panic()),
                },
            }
        }
    }

    /// Takes in what the exchange says.
    async fn hear(
        &mut self,
        connection: &Connection,
        (update, to_worker): (&Update, &Sender<SlotName>),
    ) -> Result<(), ClientError> {
        for slot in work_of(update) {
            // One that does not fit is told again at the next connection.
            let _ = to_worker.try_send(slot);
        }
        for delivery in drawn_of(update) {
            match connection.acknowledge_delivery(delivery).await {
                // Told again, or owed to this account.
                Ok(_) | Err(ClientError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        if is_about_stake(update) {
            self.offers.stake_changed();
        }
        if let Some((_, line)) = Line::paid(update, Role::Provider) {
            self.log.say(&line);
        }
        Ok(())
    }

    /// Offers what can be offered now.
    async fn look(&mut self, connection: &Connection) -> Result<(), ClientError> {
        if let Some(before) = self.stake.short
            && before < available(connection).await?
        {
            self.top_up(connection).await?;
        }
        for line in self.offers.post(connection).await? {
            self.log.say(&line);
        }
        Ok(())
    }

    /// Brings what is at stake up to what it should be, once there is credit for it.
    async fn top_up(&mut self, connection: &Connection) -> Result<(), ClientError> {
        let told = connection.deliveries().await?.staked;
        let staked = decimal::parse(&told, Scale::Amount, "staked");
        let staked = staked.map_err(|error| ClientError::Protocol { cause: error.to_string() })?;
        let missing = self.stake.wanted.saturating_sub(staked);
        if missing == 0 {
            self.stake.short = None;
            return Ok(());
        }
        let (amount, had) = (decimal::print(missing, Scale::Amount), available(connection).await?);
        match connection.add_stake(&amount).await {
            Ok(_) => {
                self.stake.short = None;
                self.log.say(&Line::Staked { amount });
            }
            Err(ClientError::Refused(error)) if is_short(&error) => {
                if self.stake.short.replace(had).is_none() {
                    self.log.say(&Line::NotStaked { amount, why: error.to_string() });
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn is_about_stake(update: &Update) -> bool {
    let Update::Deliveries(Deliveries::Update(update)) = update else { return false };
    matches!(update.data, DeliveryEvent::Stake { .. })
}

/// Works on one slot after the other, and opens what is drawn of those before; returns why it cannot go on.
async fn work(
    worker: Arc<Worker>,
    connection: Connection,
    slots: Receiver<SlotName>,
    lines: Sender<Line>,
) -> ClientError {
    let (to_open, committed) = channel(WAITING_MAX);
    let ended = tokio::select! {
        ended = compute(&worker, &connection, (slots, to_open), &lines) => ended,
        ended = open(&connection, committed, &lines) => ended,
    };
    match ended {
        Err(error) => error,
        Ok(()) => ClientError::Protocol { cause: "there is nobody to work for".to_owned() },
    }
}

/// Computes and commits, slot after slot.
async fn compute(
    worker: &Worker,
    connection: &Connection,
    (mut slots, to_open): (Receiver<SlotName>, Sender<Held>),
    lines: &Sender<Line>,
) -> Result<(), ClientError> {
    while let Some(slot) = slots.recv().await {
        let mut outcome = worker.commit_to(connection, slot).await;
        while let Err(WorkError::Client(ClientError::Refused(error))) = &outcome
            && error.retryable
        {
            sleep(PAUSE).await;
            outcome = worker.commit_to(connection, slot).await;
        }
        let is_taken = match outcome {
            Ok(held) => to_open.send(held).await.is_ok(),
            Err(error) => lines.send(Line::skipped(slot, error)?).await.is_ok(),
        };
        if !is_taken {
            break;
        }
    }
    Ok(())
}

/// Opens what was committed to, as soon as it is drawn.
async fn open(
    connection: &Connection,
    mut committed: Receiver<Held>,
    lines: &Sender<Line>,
) -> Result<(), ClientError> {
    let mut waiting: Vec<Held> = Vec::new();
    loop {
        let more = tokio::select! {
            held = committed.recv() => held,
            () = sleep(LOOK), if !waiting.is_empty() => None,
        };
        waiting.extend(more);
        let mut left = Vec::new();
        for held in waiting.drain(..) {
            let line = match held.open(connection).await {
                Err(WorkError::Client(ClientError::Refused(error))) if error.retryable => None,
                Err(error) => Some(Line::skipped(held.slot, error)?),
                Ok(done) => done.map(|done| worked(&held, done)),
            };
            match line {
                None => left.push(held),
                Some(line) => {
                    if lines.send(line).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
        waiting = left;
    }
}

fn worked(held: &Held, done: Done) -> Line {
    let Done { sequences, tokens, opened } = done;
    Line::Worked { slot: held.slot, sequences, tokens, opened, ms: held.took.as_millis() }
}
