//! Wire: every cheat that is a provider's to try, played against a real exchange over its sockets, with an honest auditor, a bribed one and the arbiter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use attestation::assign::Assign;
use attestation::calibration::{NumericClass, Spread};
use attestation::check::Consumed;
use attestation::finding::Finding;
use attestation::fingerprint::Distance;
use attestation::key::SecretKey;
use attestation::leaf::Leaf;
use attestation::margin::Margins;
use attestation::opening::Opening;
use attestation::receipt::Receipt;
use attestation::transcript::Transcript;
use attestation::tree;
use attestation::verdict::Stage;
use client::connection::Connection;
use client::error::ClientError;
use client::secret::Secret;
use client::subscription;
use inference::{Alteration, Token};
use protocol::add_order::AddOrder;
use protocol::blob::Blob;
use protocol::delivery::{Deliveries, DeliveryEvent, SlotName, SlotOutcome, SlotState};
use protocol::error_code::ErrorCode;
use protocol::evidence::{CommitSlot, JudgeSlot, OpenSlot, SetAuditor, SetDeliveryTerms};
use protocol::instrument::{MarketState, Tier};
use protocol::operator::{AddMarket, Deposit, OpenAccount, RegisterKey, SelfTrade};
use protocol::order::Side;
use protocol::session::Scope;
use protocol::terms::Terms;
use protocol::update::Update;
use settlement::measured::Measured;
use tokio::time::{sleep, timeout};

use crate::auditor::{Auditor, BUILT_IN};
use crate::calibration_file::CalibrationFile;
use crate::cheats::cheat::{Batch, CHEATS, Cheat, engine};
use crate::cheats::honest::measure_honest;
use crate::cheats::play::{Play, Size};
use crate::delivering::examiner::Examiner;
use crate::screen::Screen;
use crate::server::{Server, ServerOptions};

/// Secret keys: the provider's, the taker's, two auditors'.
const HELIO: [u8; 32] = [2; 32];
const ANN: [u8; 32] = [3; 32];
const EVE: [u8; 32] = [4; 32];
const JOE: [u8; 32] = [5; 32];
const MARKET: &str = "CPU.US-E.FIRM";
/// CU that the provider has at stake.
const STAKE: &str = "50";
const LOOK: Duration = Duration::from_millis(150);
/// A window, what follows it, and the time until it begins.
const PATIENCE: Duration = Duration::from_secs(300);

/// Who computes the same in another order, which is honest where sums may come in any.
const ANOTHER_KERNEL: &str = "another kernel";

/// What becomes of a provider who cheats so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is taken, audited, flagged and rejected.
    Rejected,
    /// The exchange refuses the commitment, by this check, and the slot is missed.
    Refused(&'static str),
    /// What is asked for is not opened.
    Unopened,
    /// It was honest, shown once or twice: it is paid once.
    PaidOnce,
    /// It is not a provider's to try: what it changes the exchange, the taker or an auditor signs.
    NotTheProviders,
}

fn fate(cheat: &str) -> Fate {
    match cheat {
        "prompts cut, and said so" => Fate::Refused("inputs"),
        "another batch's commitment" => Fate::Refused("assignment"),
        "another batch's leaves" => Fate::Refused("tree"),
        "commitment signed by somebody else" => Fate::Refused("commit-signature"),
        "assignment changed after it was signed" => Fate::Refused("assignment"),
        "more tokens on the bill than in the leaves" => Fate::Refused("totals"),
        "sequences left out" => Fate::Refused("count"),
        "begun before it was assigned" => Fate::Refused("schedule"),
        "drawn sequences kept closed" | "drawn sequences computed anew when they are opened" => {
            Fate::Unopened
        }
        "receipt shown twice" | ANOTHER_KERNEL => Fate::PaidOnce,
        "calibration loosened"
        | "audit rate below the rule"
        | "secrets chosen after the commitment"
        | "a bribed auditor's clean verdict on int4 weights"
        | "a lying auditor's flag on honest work" => Fate::NotTheProviders,
        _ => Fate::Rejected,
    }
}

impl Fate {
    fn outcome(self) -> SlotOutcome {
        match self {
            Fate::Rejected => SlotOutcome::Rejected,
            Fate::Refused(_) => SlotOutcome::Missed,
            Fate::Unopened => SlotOutcome::Unopened,
            Fate::PaidOnce => SlotOutcome::Accepted,
            Fate::NotTheProviders => unreachable!("it is not tried"),
        }
    }
}

/// The cheats, each with a slot of its own.
fn tried() -> Vec<(&'static str, Cheat)> {
    CHEATS.into_iter().filter(|(name, _)| fate(name) != Fate::NotTheProviders).collect()
}

async fn login(url: &str, secret: [u8; 32]) -> Connection {
    let connection = Connection::open(url).await.unwrap();
    connection.login_key(&Secret::from_bytes(secret)).await.unwrap();
    connection
}

/// An exchange with a market whose windows last a minute, and everybody's accounts, keys and credit.
async fn found(data: &Path, calibration: Option<PathBuf>) -> (Server, Connection) {
    let screen = Screen::open(true);
    let trial = ServerOptions::trial(data.to_owned(), ([127, 0, 0, 1], 0).into());
    let options = ServerOptions { calibration, ..trial };
    let server = Server::start(&options, &mut |_| {}, &screen).await.unwrap();
    let operator = Connection::open(&server.admin_url()).await.unwrap();
    operator.login_dev("operator").await.unwrap();
    let market = AddMarket {
        class: "CPU".to_owned(),
        zone: "US-E".to_owned(),
        tier: Tier::Firm,
        window_s: 60,
        windows: 3,
        windows_ahead: None,
        gate_s: 1,
        bond: "0.05".to_owned(),
        bond_rule: None,
        maker_fee_ppm: 0,
        taker_fee_ppm: 0,
        self_trade: SelfTrade::Prevent,
    };
    operator.add_market(market).await.unwrap();
    let signed = Connection::open(&server.admin_url()).await.unwrap();
    let own = client::key_file::read(&data.join("operator.key")).unwrap();
    signed.login_key(&own).await.unwrap();
    for (name, secret) in [("helio", HELIO), ("ann", ANN), ("eve", EVE), ("joe", JOE)] {
        let provider = Some(name == "helio");
        let account = OpenAccount { account: name.to_owned(), provider, group: None };
        operator.open_account(account).await.unwrap();
        let (amount, reference) = ("1000".to_owned(), name.to_owned());
        operator.deposit(Deposit { account: name.to_owned(), amount, reference }).await.unwrap();
        let key = RegisterKey {
            account: name.to_owned(),
            key: Secret::from_bytes(secret).public().text(),
            scopes: vec![Scope::Read, Scope::Trade, Scope::Provide],
            expires: None,
            addresses: None,
            order_notional: None,
        };
        signed.register_key(key).await.unwrap();
    }
    for account in ["eve", "joe"].map(str::to_owned) {
        let reason = "test".to_owned();
        operator.set_auditor(SetAuditor { account, auditor: true, reason }).await.unwrap();
    }
    let terms = SetDeliveryTerms {
        market: MARKET.to_owned(),
        dispute_slots: 1,
        ruling_slots: 2,
        auditors: 2,
        deposit: "0.1".to_owned(),
        stake: STAKE.to_owned(),
        bounty: "0.2".to_owned(),
        reason: "test".to_owned(),
    };
    operator.set_delivery_terms(terms).await.unwrap();
    (server, operator)
}

/// An honest auditor.
async fn honest(connection: Connection, examiner: Examiner) {
    loop {
        for slot in connection.deliveries().await.unwrap().audits {
            // One that is not open yet comes again.
            let _ = examiner.audit(&connection, slot).await;
        }
        sleep(LOOK).await;
    }
}

/// One who finds everything clean, unread.
async fn bribed(connection: Connection, key: SecretKey) {
    loop {
        for slot in connection.deliveries().await.unwrap().audits {
            let told = connection.receipt(slot).await.unwrap();
            if told.status.is_none_or(|status| status.state != SlotState::Opened) {
                continue;
            }
            let receipt = Receipt::decode(&told.receipt.0).unwrap();
            let clean = |index: u32| {
                let tokens = receipt.transcript(index).unwrap().answer_tokens();
                Finding {
                    index,
                    distance: Distance { activations: 128, mismatches: 0, ulps: 0 },
                    margins: Margins { tokens, equal: tokens, ..Margins::default() },
                    has_wrong_end: false,
                }
            };
            let findings: Vec<Finding> = receipt.audited(Stage::Sample).into_iter().map(clean).collect();
            let verdict = receipt.verdict_on(Stage::Sample, &findings, key.public()).signed(&key);
            let SlotName { delivery, slot } = slot;
            let findings = findings.iter().map(|finding| Blob(finding.encode())).collect();
            let judged = JudgeSlot { delivery, slot, verdict: Blob(verdict.encode()), findings };
            connection.judge_slot(judged).await.unwrap();
        }
        sleep(LOOK).await;
    }
}

async fn arbiter(connection: Connection, examiner: Examiner) {
    loop {
        for case in connection.cases().await.unwrap().cases {
            // What waits for the rest comes again.
            let _ = examiner.rule(&connection, &case).await;
        }
        sleep(LOOK).await;
    }
}

/// Sells three hours of one window to ann, each as a delivery of its own.
async fn sell(helio: &Connection, ann: &Connection) {
    helio.add_stake(STAKE).await.unwrap();
    let listed = ann.instruments().await.unwrap().instruments;
    let mut open: Vec<String> = listed
        .into_iter()
        .filter(|listed| listed.state == MarketState::Open)
        .map(|listed| listed.symbol)
        .collect();
    open.sort_unstable();
    // The one that closes next may close while it is sold.
    let symbol = &open[1];
    helio.set_capacity(symbol, 3).await.unwrap();
    for _ in 0..3 {
        helio.add_order(AddOrder::new(symbol, Side::Sell, "1", Terms::limit("0.10"))).await.unwrap();
        let bought = ann.add_order(AddOrder::new(symbol, Side::Buy, "1", Terms::limit("0.10"))).await;
        assert_eq!(bought.unwrap().cum_qty, "1");
    }
}

/// A provider who cheats.
struct Cheater {
    connection: Connection,
    auditor: Auditor,
}

impl Cheater {
    /// Cheats in a slot, and checks that the exchange says what it should.
    async fn cheat(&self, slot: SlotName, (name, cheat): (&str, Cheat)) {
        let given = self.connection.assignment(slot).await.unwrap();
        let assign = Assign::decode(&given.assign.0).unwrap();
        let prompts: Vec<Vec<Token>> =
            given.prompts.into_iter().map(|prompt| prompt.into_iter().map(Token).collect()).collect();
        let play = Play::given(&self.auditor, (assign, prompts), SecretKey::from_bytes(&HELIO));
        let shown = cheat(&play, 0, &mut Consumed::default()).unwrap();
        let Receipt { assign, commit, leaves, open, .. } = shown.receipt;
        let SlotName { delivery, slot: number } = slot;
        let blobs = leaves.iter().map(|leaf| Blob(leaf.encode())).collect();
        let commit_to = CommitSlot { delivery, slot: number, commit: Blob(commit.encode()), leaves: blobs };
        let told = self.connection.commit_slot(commit_to.clone()).await;
        let fate = fate(name);
        if let Fate::Refused(check) = fate {
            let Err(ClientError::Refused(error)) = told else { panic!("{name} was taken") };
            let details = error.details.unwrap();
            assert_eq!(
                (error.code, &details["check"]),
                (ErrorCode::EvidenceRefused, &check.into()),
                "{name}"
            );
            return;
        }
        let sample = told.unwrap_or_else(|error| panic!("{name}: {error}")).drawn.unwrap().sample;
        assert_eq!(sample.len(), leaves.len(), "nobody else draws: everything is audited");
        let hashes = Leaf::hashes(&leaves, &assign.batch);
        let opening = |(index, transcript): (u32, &Transcript)| {
            let at = usize::try_from(index).unwrap();
            let (leaf, transcript) = (leaves[at], transcript.clone());
            Blob(Opening { commit: commit.id(), leaf, transcript, path: tree::path(&hashes, at) }.encode())
        };
        let all = match &shown.computed {
            Some(computed) => (0..).zip(computed).map(opening).collect(),
            None if fate == Fate::PaidOnce => {
                let honest = Batch::new(&play, 0).unwrap().compute(self.auditor.engine()).unwrap();
                (0..).zip(&honest).map(opening).collect()
            }
            None => open.iter().map(|(index, transcript)| opening((*index, transcript))).collect(),
        };
        let open = OpenSlot { delivery, slot: number, openings: all };
        let opened = self.connection.open_slot(open.clone()).await;
        match fate {
            Fate::Unopened if name.contains("anew") => {
                let Err(ClientError::Refused(error)) = opened else { panic!("{name} was taken") };
                assert_eq!(error.code, ErrorCode::EvidenceRefused, "{name}");
            }
            Fate::Unopened => assert_ne!(opened.unwrap().closed, 0, "{name}"),
            _ => assert_eq!(opened.unwrap().closed, 0, "{name}"),
        }
        if fate == Fate::PaidOnce {
            self.connection.commit_slot(commit_to).await.unwrap();
            self.connection.open_slot(open).await.unwrap();
        }
    }
}

#[test]
fn every_cheat_of_the_table_has_a_fate() {
    assert_eq!(tried().len(), 29);
    assert_eq!(tried().iter().filter(|(name, _)| fate(name) == Fate::Rejected).count(), 18);
}

/// Plays these, a slot each, three at a time: the first slot of each of three deliveries, then the second, and so on; slots that are left over
/// nobody works on. Checks that each came to its fate, and says which were slashed.
async fn play_out(calibration: Option<PathBuf>, cheats: &[(&str, Cheat)]) -> Vec<usize> {
    let folder = tempfile::tempdir().unwrap();
    let (server, operator) = found(folder.path(), calibration).await;
    let url = server.url();
    let (mut helio, ann) = (login(&url, HELIO).await, login(&url, ANN).await);
    let (eve, joe) = (login(&url, EVE).await, login(&url, JOE).await);
    let model = || Arc::new(Auditor::open(Path::new(BUILT_IN)).unwrap());
    let examiner = |secret| Examiner { model: model(), key: SecretKey::from_bytes(&secret) };
    let tasks = [
        tokio::spawn(honest(eve, examiner(EVE))),
        tokio::spawn(bribed(joe, SecretKey::from_bytes(&JOE))),
        tokio::spawn(arbiter(operator, examiner([9; 32]))),
    ];
    helio.subscribe_one(subscription::deliveries()).await.unwrap();
    sell(&helio, &ann).await;
    let auditor = Auditor::open(Path::new(BUILT_IN)).unwrap();
    let cheater = Cheater { connection: login(&url, HELIO).await, auditor };
    let place = |slot: SlotName| usize::from(slot.slot) * 3 + usize::try_from(slot.delivery).unwrap();
    let (mut outcomes, mut slashed) = (BTreeMap::new(), Vec::new());
    while outcomes.len() < 36 {
        let update = timeout(PATIENCE, helio.next_update()).await.expect("slots come to an end").unwrap();
        let Update::Deliveries(Deliveries::Update(update)) = update else { continue };
        match update.data {
            DeliveryEvent::Slot { slot, status } if status.state == SlotState::Assigned => {
                if let Some(cheat) = cheats.get(place(slot)) {
                    cheater.cheat(slot, *cheat).await;
                }
            }
            DeliveryEvent::Paid { slot, outcome, received, .. } => {
                outcomes.insert(place(slot), (outcome, received));
            }
            DeliveryEvent::Slashed { slot, .. } => slashed.push(place(slot)),
            _ => {}
        }
    }
    tasks.iter().for_each(|task| task.abort());
    drop(server.stop().await);
    for (place, (name, _)) in cheats.iter().enumerate() {
        let (outcome, received) = &outcomes[&place];
        assert_eq!(*outcome, fate(name).outcome(), "{name}");
        // The bond's rest comes back from every slot; the twelfth in escrow is a hundredth and more.
        let is_paid = 0.01 < received.parse::<f64>().unwrap();
        assert_eq!(is_paid, fate(name) == Fate::PaidOnce, "{name} got {received}");
    }
    slashed.sort_unstable();
    slashed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cheats_over_the_wire_is_not_paid_and_slashed_by_the_rules() {
    let cheats = tried();
    let slashed = play_out(None, &cheats).await;
    let of = |name: &str| cheats.iter().position(|(other, _)| *other == name).unwrap();
    // What the arbiter confirmed is slashed, and the second sample that was not opened.
    let mut expected: Vec<usize> = cheats
        .iter()
        .filter(|(name, _)| fate(name) == Fate::Rejected)
        .map(|(name, _)| of(name))
        .chain([of("drawn sequences computed anew when they are opened")])
        .collect();
    expected.sort_unstable();
    assert_eq!(slashed, expected);
}

/// With room for accidents of rounding an honest kernel of another order passes, and the subtlest cheat does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_kernel_is_honest_where_the_calibration_says_so() {
    let auditor = Auditor::open(Path::new(BUILT_IN)).unwrap();
    let play = Play::new(&auditor, Size { sequences: 16, tokens_max: 96 });
    let findings = measure_honest(&play, &engine(&play, Alteration::Reordered).unwrap(), 8).unwrap();
    assert!(findings.iter().any(|finding| 0 < finding.distance.ulps), "it is another kernel");
    let (class, sequences) = (NumericClass::F32, u32::try_from(findings.len()).unwrap());
    let measured = Measured { class, sequences, spreads: Spread::of(class, &findings) };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.toml");
    CalibrationFile::of(auditor.id(), &measured).write(&path).unwrap();
    let another: Cheat = |play, number, _| {
        let batch = Batch::new(play, number)?;
        let transcripts = batch.compute(&engine(play, Alteration::Reordered)?)?;
        Ok(batch.show(play, transcripts))
    };
    let halved = CHEATS[0];
    assert_eq!(halved.0, "f16 weights");
    let mut cheats = vec![(ANOTHER_KERNEL, another); 29];
    cheats.push(halved);
    let slashed = play_out(Some(path), &cheats).await;
    assert_eq!(slashed, [29]);
}
