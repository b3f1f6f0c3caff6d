//! Follow: shows one's halves of beacons as providers commit, and shows, checks and keeps what they answered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use attestation::key::SecretKey;
use attestation::receipt::Receipt;
use clap::Args;
use client::connection::Connection;
use client::error::ClientError;
use client::key_file;
use client::secret::Secret;
use client::subscription;
use protocol::delivery::{Deliveries, DeliveryEvent, Role, SlotName, SlotState};
use protocol::error_code::ErrorCode;
use protocol::update::Update;
use serde::Serialize;

use crate::auditor::Auditor;
use crate::command::job::answers::{Answer, answers, keep, taken};
use crate::delivering::worker::{WorkError, strange};
use crate::delivering::{come_to, halves, keep_on, outputs};
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

const EXAMPLES: &str = "\
Waits for the deliveries that the account holds. When a provider has committed to a slot, your half of the beacon is shown, so that neither side
chose what is audited. Answers are fetched as they come, opened with your key, and held against the commitment. With --out the
receipt of each slot is kept once it is paid: `hourbook receipt verify` checks it offline. Runs until Ctrl-C; with --symbol until
that window is paid. Needs a key with the scopes read and trade.

Examples:
  hourbook --key ann.key job follow
  hourbook --key ann.key job follow --symbol CPU.US-E.FIRM.2026-11-23T1405Z --out receipts";

/// Show your halves of beacons as providers commit, and show, check and keep what they answered
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Follow {
    /// The window; without it every one
    #[arg(long)]
    symbol: Option<String>,
    /// The model that the exchange delivers with
    #[arg(long, value_name = "FILE", default_value = "tiny")]
    model: PathBuf,
    /// Keep the receipts in this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// End when the process that started this one ends
    #[arg(long)]
    with_parent: bool,
}

/// One thing that was done, or told.
#[derive(Serialize)]
#[serde(tag = "did", rename_all = "snake_case")]
enum Line {
    Connected { url: String },
    Revealed { delivery: u32, slot: u8 },
    Answered { delivery: u32, slot: u8, symbol: String, checked: bool, answers: Vec<Answer> },
    Paid { delivery: u32, slot: u8, outcome: String, received: String },
    Kept { delivery: u32, slot: u8, file: String },
    Skipped { delivery: u32, slot: u8, why: String },
}

/// A taker who follows its deliveries.
struct Follower {
    model: Auditor,
    secret: Secret,
    symbol: Option<String>,
    out: Option<PathBuf>,
    screen: Screen,
    /// Windows of deliveries.
    symbols: BTreeMap<u32, String>,
    /// Slots whose answers were shown.
    shown: BTreeSet<SlotName>,
}

impl Follow {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let mut follower = Follower {
            model: Auditor::open(&self.model)?,
            secret: key_file::read(&options.key_path()?)?,
            symbol: self.symbol,
            out: self.out,
            screen: screen.clone(),
            symbols: BTreeMap::new(),
            shown: BTreeSet::new(),
        };
        if let Some(folder) = &follower.out {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::local(format!("{}: {error}", folder.display())))?;
        }
        let url = options.address();
        let mut interrupts = Interrupts::expect()?.with_parent(self.with_parent);
        keep_on(&mut interrupts, screen, async || follower.follow(&url).await).await.map(|_| ())
    }
}

impl Follower {
    /// Follows over one connection, until it breaks or the window that was named is paid.
    async fn follow(&mut self, url: &str) -> Result<(), ClientError> {
        let mut connection = Connection::open(url).await?;
        connection.login_key(&self.secret).await?;
        connection.subscribe_one(subscription::deliveries()).await?;
        self.say(&Line::Connected { url: url.to_owned() });
        if let Some(symbol) = &self.symbol
            && !connection.instruments().await?.instruments.iter().any(|listed| listed.symbol == *symbol)
        {
            self.screen.remark(&format!(
                "{symbol} is no window under way: it is over, or never was; `hourbook job answers` shows what is over"
            ));
            return Ok(());
        }
        loop {
            let update = connection.next_update().await?;
            for slot in come_to(&update, |state| state == SlotState::Committed) {
                if self.follows(&connection, slot.delivery).await? {
                    self.reveal(&connection, slot).await?;
                }
            }
            let is_open = |state| {
                matches!(
                    state,
                    SlotState::Opened | SlotState::Flagged | SlotState::Unaudited | SlotState::Decided
                )
            };
            for slot in come_to(&update, is_open) {
                if self.follows(&connection, slot.delivery).await? && self.shown.insert(slot) {
                    self.show(&connection, slot).await?;
                }
            }
            if let Some((slot, line)) = paid(&update)
                && self.follows(&connection, slot.delivery).await?
            {
                self.say(&line);
                self.keep(&connection, slot).await?;
                if self.symbol.is_some() && self.is_over(&connection).await? {
                    return Ok(());
                }
            }
        }
    }

    /// Whether a delivery is one that this account holds, in the window that was named.
    async fn follows(&mut self, connection: &Connection, delivery: u32) -> Result<bool, ClientError> {
        if !self.symbols.contains_key(&delivery) {
            let known = connection.deliveries().await?.deliveries;
            let held = known.into_iter().filter(|known| known.role == Role::Holder);
            self.symbols.extend(held.map(|known| (known.delivery, known.symbol)));
        }
        let symbol = self.symbols.get(&delivery);
        Ok(symbol.is_some_and(|symbol| self.symbol.as_ref().is_none_or(|wanted| wanted == symbol)))
    }

    /// Whether every slot of the window that was named is paid.
    async fn is_over(&self, connection: &Connection) -> Result<bool, ClientError> {
        let known = connection.deliveries().await?.deliveries;
        let mut own = known.into_iter().filter(|known| Some(&known.symbol) == self.symbol.as_ref());
        Ok(own.all(|known| known.slots.iter().all(|slot| slot.state == SlotState::Final)))
    }

    async fn reveal(&self, connection: &Connection, slot: SlotName) -> Result<(), ClientError> {
        let symbol = &self.symbols[&slot.delivery];
        let line = match halves::reveal(connection, (self.secret.bytes(), symbol), slot).await {
            Ok(false) => return Ok(()),
            Ok(true) => Line::Revealed { delivery: slot.delivery, slot: slot.slot },
            Err(error) => skipped(slot, error)?,
        };
        self.say(&line);
        Ok(())
    }

    async fn show(&self, connection: &Connection, slot: SlotName) -> Result<(), ClientError> {
        let line = match self.answers(connection, slot).await {
            Ok(Some((checked, answers))) => {
                let symbol = self.symbols[&slot.delivery].clone();
                Line::Answered { delivery: slot.delivery, slot: slot.slot, symbol, checked, answers }
            }
            Ok(None) => return Ok(()),
            Err(error) => skipped(slot, error)?,
        };
        self.say(&line);
        Ok(())
    }

    /// The answers of a slot, and whether all of them are there and are what was committed to. `None` where the account asked for nothing.
    async fn answers(
        &self,
        connection: &Connection,
        slot: SlotName,
    ) -> Result<Option<(bool, Vec<Answer>)>, WorkError> {
        let receipt = match connection.receipt(slot).await {
            // Nothing was committed to.
            Err(ClientError::Refused(error)) if error.code == ErrorCode::UnknownDelivery => return Ok(None),
            told => Receipt::decode(&told?.receipt.0).map_err(strange)?,
        };
        let key = SecretKey::from_bytes(self.secret.bytes());
        if receipt.assign.taker == receipt.assign.exchange {
            // The reference batch: nobody asked for it.
            return Ok(None);
        }
        if receipt.assign.taker != key.public() {
            let why = "another key submitted the job: only that one shows its halves and reads the answers";
            return Err(WorkError::Other(why.to_owned()));
        }
        if receipt.assign.model != self.model.id() {
            return Err(WorkError::Other(format!(
                "it was computed with the model {}: name that one with --model",
                receipt.assign.model
            )));
        }
        let model = self.model.model();
        Ok(Some(match outputs::fetch(connection, slot, (&key, &receipt.leaves)).await? {
            Ok(own) => (true, taken(&receipt, &own, model)),
            // What was opened to auditors is all there is to see.
            Err(_) => (false, answers(&receipt, model)),
        }))
    }

    async fn keep(&self, connection: &Connection, slot: SlotName) -> Result<(), ClientError> {
        let Some(folder) = &self.out else { return Ok(()) };
        let SlotName { delivery, slot: number } = slot;
        let receipt = match connection.receipt(slot).await {
            // Nothing was committed to.
            Err(ClientError::Refused(_)) => return Ok(()),
            told => told?.receipt.0,
        };
        let file = folder.join(format!("{delivery}-{number}.receipt"));
        self.say(&match keep(&file, &receipt) {
            Ok(()) => Line::Kept { delivery, slot: number, file: file.display().to_string() },
            Err(failure) => Line::Skipped { delivery, slot: number, why: failure.to_string() },
        });
        Ok(())
    }

    fn say(&self, line: &Line) {
        // Whoever reads this may have gone; halves are shown all the same.
        let _ = self.screen.clone().show(line, Line::text);
    }
}

fn paid(update: &Update) -> Option<(SlotName, Line)> {
    let Update::Deliveries(Deliveries::Update(update)) = update else { return None };
    let DeliveryEvent::Paid { slot, outcome, received, .. } = &update.data else { return None };
    let (outcome, received) = (word(outcome), received.clone());
    Some((*slot, Line::Paid { delivery: slot.delivery, slot: slot.slot, outcome, received }))
}

/// What a slot of which something failed is shown as; an error where the connection did.
fn skipped(slot: SlotName, error: WorkError) -> Result<Line, ClientError> {
    let SlotName { delivery, slot } = slot;
    Ok(Line::Skipped { delivery, slot, why: error.outlived()? })
}

impl Line {
    fn text(&self) -> String {
        match self {
            Line::Connected { url } => format!("connected to {url}"),
            Line::Revealed { delivery, slot } => {
                format!("delivery {delivery} slot {slot:>2}: committed; the half of its beacon was shown")
            }
            Line::Answered { delivery, slot, symbol, checked, answers } => {
                let said = if *checked { "each as committed to" } else { "those that are open" };
                let mut text = format!("delivery {delivery} slot {slot:>2} of {symbol}: answers, {said}\n");
                answers.iter().for_each(|answer| text += &answer.text());
                text
            }
            Line::Paid { delivery, slot, outcome, received } => {
                format!(
                    "delivery {delivery} slot {slot:>2}: {outcome} and final; {received} CU came back to you"
                )
            }
            Line::Kept { delivery, slot, file } => {
                format!("delivery {delivery} slot {slot:>2}: receipt in {file}")
            }
            Line::Skipped { delivery, slot, why } => {
                format!("delivery {delivery} slot {slot:>2}: not done: {why}")
            }
        }
    }
}
