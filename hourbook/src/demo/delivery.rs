//! Delivery in the demo: windows of a minute that are sold, computed, audited and paid while one watches.
//!
//! A provider, an auditor, the arbiter and a taker's follower run in processes of their own. The taker buys an hour of one processor in every
//! window and asks it some questions; once the first slot's money has moved, the whole story is printed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use client::connection::Connection;
use client::error::ClientError;
use client::key_file;
use client::secret::Secret;
use protocol::add_order::AddOrder;
use protocol::delivery::SlotName;
use protocol::evidence::{SetAuditor, SetDeliveryTerms, SubmitJob};
use protocol::instrument::MarketState;
use protocol::operator::{AddMarket, Deposit, OpenAccount, RegisterKey};
use protocol::order::Side;
use protocol::session::Scope;
use protocol::terms::{Terms, TimeInForce};
use serde::Serialize;
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::auditor::{Auditor, BUILT_IN};
use crate::delivering::halves;
use crate::demo::children::{Children, Said};
use crate::demo::setup::{self, SetupError, made};
use crate::demo::stopped;
use crate::failure::Failure;

/// Who delivers, asks and audits.
const PROVIDER: &str = "cpu-helio";
const TAKER: &str = "asker-lab";
const AUDITOR: &str = "auditor-eve";
/// What is delivered.
const CLASS: &str = "CPU";
const MARKET: &str = "CPU.US-E.FIRM";
const WINDOW_SECONDS: u32 = 60;
const GATE_SECONDS: u32 = 5;
/// CU of an hour.
const PRICE: &str = "0.1200";
/// CU that the provider puts at stake.
const STAKE: &str = "10";
/// How often the taker looks for a window to buy in.
const LOOK: Duration = Duration::from_millis(500);
/// Tokens of an answer.
const ANSWER_TOKENS: u32 = 24;
/// What is asked, some of it in each window.
const QUESTIONS: [&str; 6] = [
    "The capital of France is",
    "A market needs buyers, sellers and",
    "The best time to buy compute is",
    "An exchange keeps a journal because",
    "Water boils when",
    "The provider was paid after",
];
const QUESTIONS_EACH: usize = 2;

/// What the demo delivers with.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// Where keys and configurations are.
    folder: PathBuf,
    model: PathBuf,
    url: String,
    admin_url: String,
}

/// A story as JSON.
#[derive(Serialize)]
struct Story<'a> {
    delivery: u32,
    slot: u8,
    symbol: &'a str,
    buyer: &'a str,
    provider: &'a str,
    price: &'a str,
    asked: Vec<&'a str>,
    answered: Vec<String>,
    audited_by: &'a str,
    audited: usize,
    clean: bool,
    outcome: &'a str,
    received: &'a str,
}

impl Setting {
    /// In a folder of the demo's data, with a model file or the one that is built in.
    pub(crate) fn new(data: &Path, model: &Path, (url, admin_url): (String, String)) -> Setting {
        let model = if model == Path::new(BUILT_IN) {
            model.to_owned()
        } else {
            fs::canonicalize(model).unwrap_or_else(|_| model.to_owned())
        };
        Setting { folder: data.join("participants"), model, url, admin_url }
    }

    fn key_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.key"))
    }

    /// The key of a participant, made when there is none.
    fn key(&self, name: &str) -> Result<Secret, SetupError> {
        let path = self.key_file(name);
        if path.exists() {
            return key_file::read(&path).map_err(SetupError::Key);
        }
        let secret = Secret::random().map_err(|error| SetupError::Machine(error.to_string()))?;
        key_file::create(&path, &secret).map_err(SetupError::Key)?;
        Ok(secret)
    }

    /// Makes what is missing of the market, its participants and their keys, as the operator.
    pub(crate) async fn open(&self, operator: &Connection) -> Result<(), SetupError> {
        let failed = |error: io::Error| SetupError::Machine(error.to_string());
        fs::create_dir_all(&self.folder).map_err(failed)?;
        made(operator.add_market(market()).await)?;
        for (name, provider, scopes) in [
            (PROVIDER, true, vec![Scope::Read, Scope::Trade, Scope::Provide]),
            (TAKER, false, vec![Scope::Read, Scope::Trade]),
            (AUDITOR, false, vec![Scope::Read, Scope::Provide]),
        ] {
            let account = OpenAccount { account: name.to_owned(), provider: Some(provider), group: None };
            made(operator.open_account(account).await)?;
            let (amount, reference) = ("1000".to_owned(), format!("demo-{name}"));
            made(operator.deposit(Deposit { account: name.to_owned(), amount, reference }).await)?;
            let key = self.key(name)?.public().text();
            let (expires, addresses, order_notional) = (None, None, None);
            let account = name.to_owned();
            let key = RegisterKey { account, key, scopes, expires, addresses, order_notional };
            made(operator.register_key(key).await)?;
        }
        let reason = "demo".to_owned();
        let auditor = SetAuditor { account: AUDITOR.to_owned(), auditor: true, reason: reason.clone() };
        made(operator.set_auditor(auditor).await)?;
        let (market, deposit) = (MARKET.to_owned(), "0.1".to_owned());
        let terms = SetDeliveryTerms {
            market,
            dispute_slots: 1,
            ruling_slots: 2,
            auditors: 1,
            deposit,
            stake: STAKE.to_owned(),
            bounty: "0.1".to_owned(),
            reason,
        };
        made(operator.set_delivery_terms(terms).await)?;
        let config = format!(
            "key = \"{PROVIDER}.key\"\nstake = \"{STAKE}\"\nmodel = {:?}\n\n[[offer]]\nmarket = \"{MARKET}\"\ngpus = 2\nprice = \"{PRICE}\"\n",
            self.model.display().to_string()
        );
        fs::write(self.folder.join("provider.toml"), config).map_err(failed)
    }

    /// Starts the provider, the auditor, the arbiter and who follows the taker's jobs.
    pub(super) fn start(&self) -> Result<(Children, Receiver<Said>), Failure> {
        let (mut children, said) = Children::none();
        let operator = self.folder.join("../operator.key");
        let operator = fs::canonicalize(&operator).unwrap_or(operator).display().to_string();
        let model = self.model.display().to_string();
        let (url, admin) = (self.url.as_str(), self.admin_url.as_str());
        children.start(
            PROVIDER,
            &self.folder,
            &["--url", url, "provider", "run", "--config", "provider.toml"],
        )?;
        let key = format!("{AUDITOR}.key");
        let audit = ["--url", url, "--key", &key, "audit", "run", "--model", &model];
        children.start(AUDITOR, &self.folder, &audit)?;
        let key = format!("{TAKER}.key");
        let follow = ["--url", url, "--key", &key, "job", "follow", "--model", &model];
        children.start(TAKER, &self.folder, &follow)?;
        let rule = [
            "--url",
            url,
            "--admin-url",
            admin,
            "--key",
            &operator,
            "audit",
            "run",
            "--arbiter",
            "--model",
            &model,
        ];
        children.start("arbiter", &self.folder, &rule)?;
        Ok((children, said))
    }
}

fn market() -> AddMarket {
    AddMarket {
        window_s: WINDOW_SECONDS,
        windows: 2,
        gate_s: GATE_SECONDS,
        bond: "0.02".to_owned(),
        ..setup::market(CLASS)
    }
}

/// Buys in every window, asks, and prints what came of it until told to stop; `count` says how many slots were told.
pub(super) async fn ask(
    setting: Setting,
    json: bool,
    said: Receiver<Said>,
    (count, stop): (watch::Sender<u64>, watch::Receiver<bool>),
) -> Result<(), ClientError> {
    let model = Auditor::open(&setting.model).map_err(strange)?;
    let secret = key_file::read(&setting.key_file(TAKER)).map_err(strange)?;
    let connection = Connection::open(&setting.url).await?;
    connection.login_key(&secret).await?;
    // An earlier run of the demo may have bought already.
    let held = connection.positions().await?.positions;
    let held = held.into_iter().filter(|row| row.position != "0");
    let bought = held.map(|row| (row.symbol, PRICE.to_owned())).collect();
    let (asked, audits, answers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    Taker { connection, secret, model, json, bought, asked, audits, answers }.run(said, (count, stop)).await
}

fn strange(error: impl ToString) -> ClientError {
    ClientError::Protocol { cause: error.to_string() }
}

struct Taker {
    connection: Connection,
    secret: Secret,
    model: Auditor,
    json: bool,
    /// Windows in which it has bought, and at what price.
    bought: BTreeMap<String, String>,
    /// What was asked in them.
    asked: BTreeMap<String, Vec<&'static str>>,
    /// What was answered in slots, each held against what was committed to.
    answers: BTreeMap<(u64, u64), Vec<String>>,
    /// What the auditor said: answers read, and whether they are clean.
    audits: BTreeMap<(u64, u64), (usize, bool)>,
}

impl Taker {
    async fn run(
        mut self,
        mut said: Receiver<Said>,
        (count, mut stop): (watch::Sender<u64>, watch::Receiver<bool>),
    ) -> Result<(), ClientError> {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopped(&mut stop) => return Ok(()),
                _ = look.tick() => self.buy().await?,
                Some(said) = said.recv() => {
                    if self.hear(&said).await? {
                        count.send_modify(|count| *count += 1);
                    }
                }
            }
        }
    }

    /// Buys an hour in windows where it has none, and says what is to be done in it.
    async fn buy(&mut self) -> Result<(), ClientError> {
        let listed = self.connection.instruments().await?.instruments;
        let open = listed.into_iter().filter(|listed| listed.state == MarketState::Open);
        let open: Vec<String> = open.map(|listed| listed.symbol).collect();
        for symbol in open.into_iter().filter(|symbol| symbol.starts_with(MARKET)) {
            if self.bought.contains_key(&symbol) {
                continue;
            }
            let terms = Terms::Limit {
                price: PRICE.to_owned(),
                tif: TimeInForce::Ioc,
                post_only: Default::default(),
                display_qty: None,
            };
            let order = AddOrder::new(&symbol, Side::Buy, "1", terms);
            let outcome = match self.connection.add_order(order).await {
                Err(ClientError::Refused(_)) => continue,
                outcome => outcome?,
            };
            if outcome.cum_qty == "0" {
                continue;
            }
            let job = self.job(&symbol);
            match self.connection.submit_job(job).await {
                Ok(_) | Err(ClientError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
            let price = outcome.avg_price.unwrap_or_else(|| PRICE.to_owned());
            self.bought.insert(symbol, price);
        }
        Ok(())
    }

    fn job(&mut self, symbol: &str) -> SubmitJob {
        let asked = self.asked.len() * QUESTIONS_EACH;
        let questions = QUESTIONS.iter().cycle().skip(asked).take(QUESTIONS_EACH);
        let questions: Vec<&'static str> = questions.copied().collect();
        let tokens = |question: &&str| {
            let tokens = self.model.model().tokenizer().encode(question).expect("a question is text");
            tokens.into_iter().map(|token| token.0).collect()
        };
        let prompts = questions.iter().map(tokens).collect();
        self.asked.insert(symbol.to_owned(), questions);
        SubmitJob {
            symbol: symbol.to_owned(),
            prompts,
            tokens_max: ANSWER_TOKENS,
            temperature_micro: Some(700_000),
            top_k: None,
            // All of them are asked in the first slot.
            secret_hashes: halves::hashes((self.secret.bytes(), symbol), 1),
        }
    }

    /// Takes in what a child said. Returns whether a slot's story was told.
    async fn hear(&mut self, said: &Said) -> Result<bool, ClientError> {
        let what = &said.what;
        let (Some(delivery), Some(slot)) = (what["delivery"].as_u64(), what["slot"].as_u64()) else {
            return Ok(false);
        };
        match (said.who, what["did"].as_str()) {
            (AUDITOR, Some("audited")) => {
                let read = what["sequences"].as_u64().and_then(|read| usize::try_from(read).ok());
                let clean = what["clean"].as_bool().unwrap_or(false);
                self.audits.insert((delivery, slot), (read.unwrap_or_default(), clean));
                Ok(false)
            }
            (TAKER, Some("answered")) if slot == 0 => {
                let answers = what["answers"].as_array().into_iter().flatten();
                let text =
                    |answer: &serde_json::Value| answer["answer"].as_str().unwrap_or_default().to_owned();
                self.answers.insert((delivery, slot), answers.map(text).collect());
                Ok(false)
            }
            // The first slot has the questions; the others run the reference batch.
            (PROVIDER, Some("paid")) if slot == 0 => {
                let words = ["outcome", "received"].map(|field| what[field].as_str().unwrap_or_default());
                self.tell((delivery, slot), words).await
            }
            _ => Ok(false),
        }
    }

    async fn tell(
        &mut self,
        (delivery, slot): (u64, u64),
        [outcome, received]: [&str; 2],
    ) -> Result<bool, ClientError> {
        let name = SlotName {
            delivery: u32::try_from(delivery).map_err(strange)?,
            slot: u8::try_from(slot).map_err(strange)?,
        };
        let known = self.connection.deliveries().await?.deliveries;
        let symbol =
            known.into_iter().find(|known| known.delivery == name.delivery).map(|known| known.symbol);
        let symbol = symbol.unwrap_or_else(|| MARKET.to_owned());
        let answered = self.answers.remove(&(delivery, slot)).unwrap_or_default();
        let asked = self.asked.get(&symbol).cloned().unwrap_or_default();
        let (audited, clean) = self.audits.remove(&(delivery, slot)).unwrap_or_default();
        let story = Story {
            delivery: name.delivery,
            slot: name.slot,
            symbol: &symbol,
            buyer: TAKER,
            provider: PROVIDER,
            price: self.bought.get(&symbol).map_or(PRICE, String::as_str),
            asked,
            answered,
            audited_by: AUDITOR,
            audited,
            clean,
            outcome,
            received,
        };
        let text = if self.json { serde_json::to_string(&story).map_err(strange)? } else { story.text() };
        // Whoever read it has gone: the demo goes on until it is stopped.
        let _ = writeln!(io::stdout().lock(), "{text}");
        Ok(true)
    }
}

impl Story<'_> {
    fn text(&self) -> String {
        let Story { delivery, slot, symbol, buyer, provider, price, audited_by, audited, .. } = self;
        let mut text = format!(
            "\n  Delivery {delivery} of {symbol}, slot {slot}: {buyer} bought 1 lot of {provider} at {price} CU\n"
        );
        for (asked, answered) in self.asked.iter().zip(&self.answered) {
            text += &format!("    asked     {asked}\n    answered  {answered}\n");
        }
        let found = if self.clean { "clean" } else { "not clean" };
        let answers = if *audited == 1 { "answer" } else { "answers" };
        text += &format!("    audited   {audited} {answers} read again by {audited_by}: {found}\n");
        text + &format!(
            "    paid      {}: {provider} got {} CU, a twelfth of the price and of its bond\n",
            self.outcome, self.received
        )
    }
}
