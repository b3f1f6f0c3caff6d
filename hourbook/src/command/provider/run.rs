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
use protocol::delivery::{Deliveries, DeliveryEvent, SlotName};
use protocol::update::Update;
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::auditor::Auditor;
use crate::command::provider::config::Config;
use crate::delivering::offers::Offers;
use crate::delivering::worker::{Done, Held, WorkError, Worker};
use crate::delivering::{PAUSE, drawn_of, keep_on, work_of};
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

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

/// One thing that a provider did, or was told.
#[derive(Serialize)]
#[serde(tag = "did", rename_all = "snake_case")]
enum Line {
    Connected { url: String },
    Staked { amount: String },
    Offered { what: String },
    Worked { delivery: u32, slot: u8, sequences: usize, tokens: u64, opened: usize, ms: u128 },
    Skipped { delivery: u32, slot: u8, why: String },
    Paid { delivery: u32, slot: u8, outcome: String, received: String },
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
        let mut offers = Offers::new(config.offer)?;
        let mut lines = screen.clone();
        keep_on(&mut interrupts, screen, async || {
            deliver((&url, &secret, stake), &worker, &mut offers, &mut lines).await
        })
        .await
        .map(|_| ())
    }
}

/// Offers and delivers until the connection breaks.
async fn deliver(
    (url, secret, stake): (&str, &Secret, u64),
    worker: &Arc<Worker>,
    offers: &mut Offers,
    screen: &mut Screen,
) -> Result<Infallible, ClientError> {
    offers.forget();
    let mut connection = Connection::open(url).await?;
    connection.login_key(secret).await?;
    if let Some(staked) = top_up(&connection, stake).await? {
        say(screen, &Line::Staked { amount: staked });
    }
    let at_work = Connection::open(url).await?;
    at_work.login_key(secret).await?;
    connection.subscribe_one(subscription::deliveries()).await?;
    say(screen, &Line::Connected { url: url.to_owned() });
    let (to_worker, slots) = channel(WAITING_MAX);
    let (to_screen, mut lines) = channel(WAITING_MAX);
    let mut working = tokio::spawn(work(Arc::clone(worker), at_work, slots, to_screen));
    let mut due = interval(OFFERING);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            update = connection.next_update() => {
                let update = update?;
                for slot in work_of(&update) {
                    // One that does not fit is told again at the next connection.
                    let _ = to_worker.try_send(slot);
                }
                for delivery in drawn_of(&update) {
                    match connection.acknowledge_delivery(delivery).await {
                        // Told again, or owed to this account.
                        Ok(_) | Err(ClientError::Refused(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                if let Some(line) = paid(&update) {
                    say(screen, &line);
                }
            }
            Some(line) = lines.recv() => say(screen, &line),
            _ = due.tick() => {
                for what in offers.post(&connection).await? {
                    say(screen, &Line::Offered { what });
                }
            }
            ended = &mut working => match ended {
                Ok(error) => return Err(error),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            },
        }
    }
}

/// Brings what is at stake up to so many millionths of a CU; says what was added.
async fn top_up(connection: &Connection, stake: u64) -> Result<Option<String>, ClientError> {
    let staked = connection.deliveries().await?.staked;
    let staked = decimal::parse(&staked, Scale::Amount, "staked");
    let staked = staked.map_err(|error| ClientError::Protocol { cause: error.to_string() })?;
    if stake <= staked {
        return Ok(None);
    }
    let missing = decimal::print(stake - staked, Scale::Amount);
    connection.add_stake(&missing).await?;
    Ok(Some(missing))
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
            Err(error) => lines.send(skipped(slot, error)?).await.is_ok(),
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
                Err(error) => Some(skipped(held.slot, error)?),
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
    let (SlotName { delivery, slot }, Done { sequences, tokens, opened }) = (held.slot, done);
    Line::Worked { delivery, slot, sequences, tokens, opened, ms: held.took.as_millis() }
}

/// What a slot that was not done is shown as; an error where nothing can be done any more.
fn skipped(slot: SlotName, error: WorkError) -> Result<Line, ClientError> {
    let SlotName { delivery, slot } = slot;
    // Mostly it went on without us: its deadline passed, or an earlier connection did it.
    Ok(Line::Skipped { delivery, slot, why: error.outlived()? })
}

fn paid(update: &Update) -> Option<Line> {
    let Update::Deliveries(Deliveries::Update(update)) = update else { return None };
    let DeliveryEvent::Paid { slot, outcome, received, .. } = &update.data else { return None };
    let (outcome, received) = (word(outcome), received.clone());
    Some(Line::Paid { delivery: slot.delivery, slot: slot.slot, outcome, received })
}

fn say(screen: &mut Screen, line: &Line) {
    // Whoever reads this may have gone; hours that were sold are delivered all the same.
    let _ = screen.show(line, Line::text);
}

impl Line {
    fn text(&self) -> String {
        match self {
            Line::Connected { url } => format!("connected to {url}"),
            Line::Staked { amount } => format!("put {amount} CU at stake"),
            Line::Offered { what } => what.clone(),
            Line::Worked { delivery, slot, sequences, tokens, opened, ms } => format!(
                "delivery {delivery} slot {slot:>2}: {sequences} answers of {tokens} tokens in {ms} ms, committed, {opened} opened"
            ),
            Line::Skipped { delivery, slot, why } => {
                format!("delivery {delivery} slot {slot:>2}: not done: {why}")
            }
            Line::Paid { delivery, slot, outcome, received } => {
                format!("delivery {delivery} slot {slot:>2}: {outcome}, {received} CU of price and bond")
            }
        }
    }
}
