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
use protocol::delivery::{Role, SlotName, SlotState};
use protocol::error_code::ErrorCode;

use crate::auditor::Auditor;
use crate::delivering::answer::{Answer, keep, open, taken};
use crate::delivering::entry::{Entry, Part};
use crate::delivering::line::Line;
use crate::delivering::log::Log;
use crate::delivering::outputs::Fetched;
use crate::delivering::stop::Stop;
use crate::delivering::worker::{WorkError, strange};
use crate::delivering::{come_to, halves, keep_on, outputs};
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::options::Options;
use crate::screen::Screen;

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

/// A taker who follows its deliveries.
struct Follower {
    model: Auditor,
    secret: Secret,
    symbol: Option<String>,
    out: Option<PathBuf>,
    log: Log,
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
            log: Log::on(screen),
            symbols: BTreeMap::new(),
            shown: BTreeSet::new(),
        };
        if let Some(folder) = &follower.out {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::local(format!("{}: {error}", folder.display())))?;
        }
        let url = options.address();
        let mut interrupts = Interrupts::expect()?.with_parent(self.with_parent);
        let log = follower.log.clone();
        keep_on(&mut interrupts, &log, async || follower.follow(&url).await).await.map(|_| ())
    }
}

impl Follower {
    /// Follows over one connection, until it breaks or the window that was named is paid.
    async fn follow(&mut self, url: &str) -> Result<(), Stop> {
        let entry = Entry { url, secret: &self.secret, part: Part::Follower, model: &self.model };
        let mut connection = entry.open().await?;
        connection.subscribe_one(subscription::deliveries()).await?;
        self.log.say(&Line::Connected { url: url.to_owned() });
        if let Some(symbol) = &self.symbol
            && !connection.instruments().await?.instruments.iter().any(|listed| listed.symbol == *symbol)
        {
            self.log.remark(&format!(
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
            if let Some((slot, line)) = Line::paid(&update, Role::Holder)
                && self.follows(&connection, slot.delivery).await?
            {
                self.log.say(&line);
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
            Ok(true) => Line::Revealed { slot },
            Err(error) => Line::skipped(slot, error)?,
        };
        self.log.say(&line);
        Ok(())
    }

    async fn show(&self, connection: &Connection, slot: SlotName) -> Result<(), ClientError> {
        let line = match self.answers(connection, slot).await {
            Ok(Some((checked, answers))) => {
                let symbol = self.symbols[&slot.delivery].clone();
                Line::Answered { slot, symbol, checked, answers }
            }
            Ok(None) => return Ok(()),
            Err(error) => Line::skipped(slot, error)?,
        };
        self.log.say(&line);
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
        let Fetched { answers, prompts } = outputs::fetch(connection, slot, (&key, &receipt.leaves)).await?;
        Ok(Some(match answers {
            Ok(own) => (true, taken(&receipt, (&own, &prompts), model)),
            // What was opened to auditors is all there is to see.
            Err(_) => (false, open(&receipt, model)),
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
        self.log.say(&match keep(&file, &receipt) {
            Ok(()) => Line::Kept { slot, file: file.display().to_string() },
            Err(failure) => Line::Skipped { slot, why: failure.to_string() },
        });
        Ok(())
    }
}
