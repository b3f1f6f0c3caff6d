//! Delivering: hours that were sold are computed, audited and paid by processes of their own; killed at any moment, every slot has one
//! outcome and no money is lost. A provider who makes its answers up is not paid.
#![allow(clippy::explicit_write, reason = "a long run says how far it is")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "delivering/forger.rs"]
mod forger;
#[path = "delivering/liar.rs"]
mod liar;
#[path = "process/mod.rs"]
mod process;
#[path = "delivering/pulse.rs"]
mod pulse;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use attestation::beacon::Secret;
use attestation::check::without_model;
use attestation::receipt::Receipt;
use client::connection::Connection;
use client::key_file;
use client::secret::Secret as KeySecret;
use engine::delivery::audit::Verdict;
use engine::delivery::outcome::{Outcome, Ruling};
use engine::event::Event;
use engine::exchange::Exchange;
use engine::units::Amount;
use journal::recovery::recover;
use persistence::store::RocksLog;
use process::{HOURBOOK, Ports, Serving};
use protocol::add_order::AddOrder;
use protocol::blob::Blob;
use protocol::evidence::{SetAuditor, SetDeliveryTerms, SubmitJob};
use protocol::instrument::MarketState;
use protocol::operator::{AddMarket, Deposit, OpenAccount, RegisterKey};
use protocol::order::Side;
use protocol::session::Scope;
use protocol::terms::{PostOnly, Terms, TimeInForce};
use pulse::Pulse;
use tokio::time::sleep;

/// How often something is killed, unless the environment says otherwise.
const KILLS: u64 = 10;
const MARKET: &str = "CPU.US-E.FIRM";
const WINDOW_SECONDS: u32 = 60;
const RESERVE: [&str; 2] = ["--reserve-mib", "1"];
/// Windows that are played for one in which the machine does not stand still.
const TRIES: usize = 4;
/// A window's last slot is paid so long after its end at the latest: 5 slots, then one to dispute and two to rule.
const SETTLING: Duration = Duration::from_secs(45);

/// A market with participants, in a folder.
struct World {
    folder: tempfile::TempDir,
    serving: Option<Serving>,
    ports: Ports,
    url: String,
    admin_url: String,
    children: BTreeMap<&'static str, Child>,
}

impl World {
    async fn begin() -> World {
        let folder = tempfile::tempdir().unwrap();
        let ports = Ports::reserve();
        let serving = Serving::start_at(&ports.address(), &folder.path().join("data"), &RESERVE);
        let (url, admin_url) = (serving.url.clone(), serving.admin_url.clone());
        let world =
            World { folder, serving: Some(serving), ports, url, admin_url, children: BTreeMap::new() };
        world.found().await;
        world
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    async fn found(&self) {
        let operator = Connection::open(&self.admin_url).await.unwrap();
        operator.login_dev("operator").await.unwrap();
        let market = AddMarket {
            class: "CPU".to_owned(),
            window_s: WINDOW_SECONDS,
            gate_s: 1,
            bond: "0.05".to_owned(),
            ..process::days()
        };
        operator.add_market(market).await.unwrap();
        for (name, provider, scopes) in [
            ("helio", true, vec![Scope::Read, Scope::Trade, Scope::Provide]),
            ("ann", false, vec![Scope::Read, Scope::Trade]),
            ("eve", false, vec![Scope::Read, Scope::Provide]),
            ("joe", false, vec![Scope::Read, Scope::Provide]),
        ] {
            let account = OpenAccount { account: name.to_owned(), provider: Some(provider), group: None };
            operator.open_account(account).await.unwrap();
            let (account, reference) = (name.to_owned(), format!("for-{name}"));
            let deposit = Deposit { account: account.clone(), amount: "1000".to_owned(), reference };
            operator.deposit(deposit).await.unwrap();
            let secret = KeySecret::random().unwrap();
            key_file::create(&self.path(&format!("{name}.key")), &secret).unwrap();
            let key = secret.public().text();
            let (expires, addresses, order_notional) = (None, None, None);
            let key = RegisterKey { account, key, scopes, expires, addresses, order_notional };
            let signed = Connection::open(&self.admin_url).await.unwrap();
            signed.login_key(&key_file::read(&self.path("data/operator.key")).unwrap()).await.unwrap();
            signed.register_key(key).await.unwrap();
        }
        let reason = || "test".to_owned();
        for account in ["eve", "joe"].map(str::to_owned) {
            operator.set_auditor(SetAuditor { account, auditor: true, reason: reason() }).await.unwrap();
        }
        let terms = SetDeliveryTerms {
            market: MARKET.to_owned(),
            dispute_slots: 1,
            ruling_slots: 2,
            auditors: 2,
            deposit: "0.1".to_owned(),
            stake: "50".to_owned(),
            bounty: "0.2".to_owned(),
            reason: reason(),
        };
        operator.set_delivery_terms(terms).await.unwrap();
        let config = format!(
            "key = \"helio.key\"\nstake = \"50\"\n\n[[offer]]\nmarket = \"{MARKET}\"\ngpus = 2\nprice = \"0.10\"\nstep = \"0.01\"\n"
        );
        std::fs::write(self.path("helio.toml"), config).unwrap();
    }

    fn start(&mut self, name: &'static str) {
        let operator = self.path("data/operator.key").display().to_string();
        let (url, admin) = (self.url.clone(), self.admin_url.clone());
        let arguments: Vec<&str> = match name {
            "exchange" => {
                let data = self.path("data");
                self.serving = Some(Serving::start_at(&self.ports.address(), &data, &RESERVE));
                return;
            }
            "helio" => vec!["--url", &url, "provider", "run", "--config", "helio.toml"],
            "arbiter" => vec!["--admin-url", &admin, "--key", &operator, "audit", "run", "--arbiter"],
            "eve" => vec!["--url", &url, "--key", "eve.key", "audit", "run"],
            "ann" => vec!["--url", &url, "--key", "ann.key", "job", "follow", "--out", "receipts"],
            _ => vec!["--url", &url, "--key", "joe.key", "audit", "run"],
        };
        let log = std::fs::File::options().create(true).append(true).open(self.path(&format!("{name}.log")));
        let child = Command::new(HOURBOOK)
            .args(arguments)
            .arg("--with-parent")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.unwrap())
            .stderr(Stdio::null())
            .spawn();
        self.children.insert(name, child.unwrap());
    }

    /// Kills one, as a power cut would, and starts it again.
    fn kill(&mut self, name: &'static str) {
        if name == "exchange" {
            self.serving.take().unwrap().kill();
        } else {
            let mut child = self.children.remove(name).unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
        }
        self.start(name);
    }

    async fn taker(&self) -> Connection {
        let connection = Connection::open(&self.url).await.unwrap();
        connection.login_key(&key_file::read(&self.path("ann.key")).unwrap()).await.unwrap();
        connection
    }

    /// Shows every event of the journal; the exchange at its end, which is sound.
    fn replay(&self, mut see: impl FnMut(&Event)) -> Exchange {
        let log = RocksLog::open_read_only(&self.path("data/journal")).unwrap();
        let recovered = recover(&log, &mut |_, events| events.iter().for_each(&mut see));
        let exchange = recovered.expect("the journal is sound after every crash").exchange;
        exchange.assert_sound();
        exchange
    }

    /// How many audits flagged a slot of a delivery, and how many rulings said that it was delivered.
    fn flagged_and_upheld(&self, of: u32) -> (usize, usize) {
        let (mut flagged, mut upheld) = (0, 0);
        self.replay(|event| match event {
            Event::SlotJudged { verdict: Verdict::Flagged, delivery, .. } if delivery.0 == of => flagged += 1,
            Event::SlotRuled { ruling: Ruling::Delivered, delivery, .. } if delivery.0 == of => upheld += 1,
            _ => {}
        });
        (flagged, upheld)
    }

    /// What each slot of a delivery came to.
    fn outcomes(&self, of: u32) -> Vec<Outcome> {
        let paid = self.paid().into_iter().filter(|((delivery, _), _)| *delivery == of);
        paid.map(|(_, outcomes)| outcomes[0]).collect()
    }

    /// Millionths of a CU that were taken of stakes.
    fn slashed(&self) -> u64 {
        let mut slashed = 0;
        self.replay(|event| {
            if let Event::Slashed { holder, auditor, burned, .. } = event {
                slashed += holder.plus(*auditor).plus(*burned).micro();
            }
        });
        slashed
    }

    /// The taker kept receipts, in which nothing is wrong, and among them one whose sample both sides drew.
    fn check_receipts(&self) {
        let kept = std::fs::read_dir(self.path("receipts")).unwrap().map(|file| file.unwrap().path());
        let receipts: Vec<Receipt> =
            kept.map(|path| Receipt::decode(&std::fs::read(path).unwrap()).unwrap()).collect();
        for receipt in &receipts {
            let failed: Vec<_> =
                without_model(receipt).into_iter().filter(|checked| checked.is_failed()).collect();
            assert!(failed.is_empty(), "{failed:?}");
        }
        let both = |receipt: &&Receipt| receipt.secrets.taker.is_some();
        assert!(
            receipts.iter().any(|receipt| both(&receipt)),
            "of {} none was drawn by both",
            receipts.len()
        );
    }

    /// What each slot came to, and how often it was paid, by delivery and slot.
    fn paid(&self) -> BTreeMap<(u32, u8), Vec<Outcome>> {
        let mut paid: BTreeMap<(u32, u8), Vec<Outcome>> = BTreeMap::new();
        let mut deposited = Amount::ZERO;
        let exchange = self.replay(|event| match *event {
            Event::Deposited { amount, .. } => deposited = deposited.plus(amount),
            // Told to both sides; the provider's is the first.
            Event::SlotPaid { delivery, slot, outcome, .. } => {
                paid.entry((delivery.0, slot.number())).or_default().push(outcome);
            }
            Event::Slashed { burned, .. } => deposited = deposited.less(burned),
            _ => {}
        });
        assert_eq!(exchange.ledger().supply, deposited, "no money came or went but what burned");
        paid
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for child in self.children.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Buys an hour in the window that closes next, with enough time left, and says what is to be done in it. Returns its symbol.
async fn buy(world: &World, taker: &Connection) -> String {
    let secret = key_file::read(&world.path("ann.key")).unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(90) {
        let listed = taker.instruments().await.unwrap().instruments;
        let open = listed.into_iter().filter(|listed| listed.state == MarketState::Open);
        let mut open: Vec<String> = open.map(|listed| listed.symbol).collect();
        open.sort_unstable();
        for symbol in open {
            // What does not trade at once is not to trade in another window as well.
            let terms = Terms::Limit {
                price: "0.50".to_owned(),
                tif: TimeInForce::Ioc,
                post_only: PostOnly::No,
                display_qty: None,
            };
            let order = AddOrder::new(&symbol, Side::Buy, "1", terms);
            // Something to do in each slot, and a half of its beacon: whoever is killed in one slot is there in another.
            let half = |place| Secret::of_taker(secret.bytes(), &symbol, place);
            let job = SubmitJob {
                secret_hashes: (0..12).map(|place| Blob(half(place).hash().0.0.to_vec())).collect(),
                symbol: symbol.clone(),
                prompts: (0..12 * 8).map(|token| vec![40, 41, token]).collect(),
                tokens_max: 12,
                temperature_micro: None,
                top_k: None,
            };
            if taker.submit_job(job).await.is_err() {
                continue;
            }
            let outcome = taker.add_order(order).await;
            if outcome.is_ok_and(|outcome| outcome.cum_qty == "1") {
                return symbol;
            }
        }
        sleep(Duration::from_millis(200)).await;
    }
    panic!("nobody sold an hour");
}

/// Waits until something was drawn to be delivered; its number, and until when it is settled.
async fn drawn(world: &World) -> (u32, Instant) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(130) {
        let taker = world.taker().await;
        let deliveries = taker.deliveries().await.unwrap().deliveries;
        taker.close().await;
        if let Some(first) = deliveries.first() {
            let until = Instant::now() + Duration::from_secs(WINDOW_SECONDS.into()) + SETTLING;
            return (first.delivery, until);
        }
        sleep(Duration::from_millis(300)).await;
    }
    panic!("nothing was drawn");
}

async fn settled(world: &World, until: Instant) {
    while Instant::now() < until + Duration::from_secs(30) {
        let taker = world.taker().await;
        if taker.deliveries().await.unwrap().deliveries.is_empty() {
            return;
        }
        sleep(Duration::from_millis(500)).await;
    }
    panic!("the window is not settled");
}

/// Plays windows until the machine does not stand still in one; its delivery.
async fn played(world: &World, taker: &Connection) -> u32 {
    let pulse = Pulse::start();
    for _ in 0..TRIES {
        pulse.stood_still();
        buy(world, taker).await;
        let (delivery, until) = drawn(world).await;
        settled(world, until).await;
        if !pulse.stood_still() {
            return delivery;
        }
    }
    panic!("the machine stood still in every window");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_every_slot_has_one_outcome() {
    let kills = std::env::var("DELIVERY_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut world = World::begin().await;
    for name in ["helio", "eve", "joe", "arbiter", "ann"] {
        world.start(name);
    }
    let (pulse, wanted) = (Pulse::start(), usize::try_from(kills.div_ceil(KILLS)).unwrap());
    let (mut killed, mut random, mut windows, mut whole) = (0, 7_u64, 0, BTreeSet::new());
    while whole.len() < wanted {
        assert!(windows < TRIES * wanted, "the machine stands still again and again");
        pulse.stood_still();
        let taker = world.taker().await;
        buy(&world, &taker).await;
        taker.close().await;
        let (delivery, until) = drawn(&world).await;
        windows += 1;
        // Ten in each window and what follows it.
        for _ in 0..kills.min(KILLS) {
            random = engine::index::mix64(random, killed);
            sleep(Duration::from_millis(3_000 + random % 4_000)).await;
            let name = ["exchange", "helio", "eve", "ann"][usize::try_from(killed % 4).unwrap()];
            world.kill(name);
            killed += 1;
        }
        if KILLS < kills {
            writeln!(std::io::stderr(), "killed {killed} of {kills} times").unwrap();
        }
        settled(&world, until).await;
        if !pulse.stood_still() {
            whole.insert(delivery);
        }
    }
    world.serving.take().unwrap().kill();
    let paid = world.paid();
    assert_eq!(paid.len(), windows * 12, "every slot of each window was paid");
    for (slot, outcomes) in &paid {
        assert_eq!(outcomes.len(), 2, "{slot:?} was paid once, and both sides were told");
        assert_eq!(outcomes[0], outcomes[1], "{slot:?} has one outcome");
    }
    let mut in_time = paid.iter().filter(|((delivery, _), _)| whole.contains(delivery));
    let all_accepted = in_time.all(|(_, outcomes)| outcomes[0] == Outcome::Accepted);
    assert!(all_accepted, "whoever comes back in time has lost nothing: {paid:?}");
    world.check_receipts();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_answers_are_not_paid() {
    let mut world = World::begin().await;
    for name in ["eve", "joe", "arbiter", "ann"] {
        world.start(name);
    }
    let secret = key_file::read(&world.path("helio.key")).unwrap();
    let forger = tokio::spawn(forger::run(world.url.clone(), secret));
    let taker = world.taker().await;
    let delivery = played(&world, &taker).await;
    forger.abort();
    let held = taker.balances().await.unwrap();
    taker.close().await;
    world.serving.take().unwrap().kill();
    assert_eq!(world.outcomes(delivery), [Outcome::Rejected; 12]);
    // What it paid came back, and the bond's cover with it.
    let total: f64 = held.balances[0].total.parse().unwrap();
    assert!(1_000.0 < total, "the taker has {total}");
    assert!(0 < world.slashed(), "the stake is smaller for it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_who_lies_is_overruled() {
    let mut world = World::begin().await;
    for name in ["helio", "eve", "arbiter", "ann"] {
        world.start(name);
    }
    let secret = key_file::read(&world.path("joe.key")).unwrap();
    let liar = tokio::spawn(liar::run(world.url.clone(), secret));
    let taker = world.taker().await;
    let delivery = played(&world, &taker).await;
    liar.abort();
    taker.close().await;
    world.serving.take().unwrap().kill();
    assert_eq!(world.outcomes(delivery), [Outcome::Accepted; 12]);
    assert_eq!(
        world.flagged_and_upheld(delivery),
        (12, 12),
        "every lie is in the journal, and what the arbiter found"
    );
}

#[test]
fn a_configuration_that_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    let refused = |text: &str| {
        std::fs::write(&file, text).unwrap();
        process::failure(&["provider", "run", "--config", file.to_str().unwrap()])
    };
    for (text, word) in [
        ("", "missing field `key`"),
        ("key = \"k\"\nprice = 3", "unknown field `price`"),
        ("key = \"none.key\"", "none.key"),
        ("key = 7", "invalid type"),
    ] {
        let (exit, said) = refused(text);
        assert_eq!(exit, 5, "{said}");
        assert!(said.contains(word), "{said}");
    }
    assert!(Path::new(HOURBOOK).exists());
}
