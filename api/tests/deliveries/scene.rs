//! Scene: a provider who has sold hours, their holder and an auditor, each at a socket of its own, and what they send.

use crate::fixture;
use crate::fixture::Shown;
use crate::harness::{Peer, World};
use api::clearing::Clearing;
use attestation::assign::Assign;
use attestation::beacon::Secret;
use attestation::receipt::Receipt;
use protocol::blob::Blob;
use protocol::signature::{LoginText, PublicKey, Signed};
use protocol::time::Time;
use serde_json::{Value, json};
use settlement::office::Assignment;
use settlement::shelf::{MemoryShelf, Place, Shelf};
use std::sync::Arc;

pub(crate) const HOUR: u64 = 3_600;
pub(crate) const SLOT: u64 = 300;
/// Secret keys of the provider, the taker and the auditor, as the fixture has them.
pub(crate) const PROVIDER: [u8; 32] = [2; 32];
pub(crate) const TAKER: [u8; 32] = [3; 32];
pub(crate) const AUDITOR: [u8; 32] = [4; 32];
pub(crate) const FIRST_SLOT: Place = Place::Receipt { delivery: 0, slot: 0 };

/// A provider, pat, who has sold two lots of the first window to ann, and eve, who audits.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) symbol: String,
    pub(crate) shelf: Arc<MemoryShelf>,
    /// Start of the window, in seconds since 1970.
    pub(crate) starts: u64,
    pub(crate) operator: Peer,
    pub(crate) pat: Peer,
    pub(crate) ann: Peer,
    pub(crate) eve: Peer,
}

pub(crate) fn clearing(shelf: &Arc<MemoryShelf>) -> Clearing {
    let shelf: Arc<dyn Shelf> = shelf.clone();
    Clearing::new(fixture::office(7), shelf)
}

pub(crate) async fn login(world: &World, secret: [u8; 32]) -> Peer {
    let (hello, mut peer) = world.connect_with_hello().await;
    let text = |field: &str| hello["data"][field].as_str().unwrap();
    let ts = Time::from_ns(world.now());
    let sig = LoginText { conn_id: text("conn_id"), challenge: text("challenge"), ts }.sign(&secret);
    peer.ok("login", json!({"key_id": PublicKey::of_secret(&secret).id(), "ts": ts, "sig": sig})).await;
    peer
}

pub(crate) fn blobs(all: impl IntoIterator<Item = Vec<u8>>) -> Value {
    all.into_iter().map(|bytes| json!(Blob(bytes))).collect()
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    serde_json::from_value::<Blob>(value.clone()).unwrap().0
}

/// The first slot of the only delivery.
pub(crate) fn first() -> Value {
    json!({"delivery": 0, "slot": 0})
}

pub(crate) fn with(more: Value) -> Value {
    let mut params = first();
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

pub(crate) fn commit(shown: &Shown) -> Value {
    with(json!({"commit": Blob(shown.commit.encode()), "leaves": blobs(shown.leaf_bytes())}))
}

impl Scene {
    pub(crate) async fn start() -> Scene {
        let shelf = Arc::new(MemoryShelf::default());
        let (world, symbol) = World::delivering(clearing(&shelf)).await;
        let mut operator = world.login("operator").await;
        operator.ok("open_account", json!({"account": "eve"})).await;
        operator.ok("set_auditor", json!({"account": "eve", "auditor": true, "reason": "known"})).await;
        for (account, secret) in [("pat", PROVIDER), ("ann", TAKER), ("eve", AUDITOR)] {
            let key = PublicKey::of_secret(&secret).text();
            let scopes = ["read", "trade", "cancel", "provide"];
            operator.ok("register_key", json!({"account": account, "key": key, "scopes": scopes})).await;
        }
        let (mut pat, mut ann) = (login(&world, PROVIDER).await, login(&world, TAKER).await);
        let eve = login(&world, AUDITOR).await;
        pat.order(&symbol, "sell", ("2", "1")).await;
        ann.order(&symbol, "buy", ("2", "1")).await;
        let listed = operator.ok("instruments", json!({})).await;
        let starts: u64 = listed["instruments"][0]["window"][0].as_str().unwrap().parse().unwrap();
        let starts = starts / 1_000_000_000;
        Scene { world, symbol, shelf, starts, operator, pat, ann, eve }
    }

    /// The same when the first slot has begun.
    pub(crate) async fn begun() -> Scene {
        let mut scene = Scene::start().await;
        scene.reach(scene.starts - 600).await;
        scene.reach(scene.starts).await;
        scene
    }

    /// The same when ann has asked for something, and has a half of the first slot's beacon.
    pub(crate) async fn asked() -> Scene {
        let mut scene = Scene::start().await;
        let prompts: Vec<[u32; 2]> = (0..8).map(|token| [token, 7]).collect();
        let hashes = blobs([half().hash().0.0.to_vec()]);
        let job =
            json!({"symbol": scene.symbol, "prompts": prompts, "tokens_max": 4, "secret_hashes": hashes});
        scene.ann.ok("submit_job", job).await;
        scene.reach(scene.starts - 600).await;
        scene.reach(scene.starts).await;
        scene
    }

    /// Commits to the first slot, whose sample waits for its taker.
    pub(crate) async fn committed_and_waiting(&mut self) -> (Assignment, Shown) {
        let given = self.given().await;
        let shown = fixture::shown(&given, &fixture::provider());
        let told = self.pat.ok("commit_slot", commit(&shown)).await;
        assert!(told.get("drawn").is_none(), "{told}");
        self.pat.ok("store_outputs", part(0, 1)).await;
        (given, shown)
    }

    /// Time goes on to a second after this one; what falls due happens.
    pub(crate) async fn reach(&mut self, second: u64) {
        let here = self.world.now() / 1_000_000_000;
        self.world.pass((second + 1).saturating_sub(here));
        let deposit = json!({"account": "ann", "amount": "1", "reference": format!("at-{second}")});
        self.operator.ok("deposit", deposit).await;
    }

    /// What the first slot asks for.
    pub(crate) async fn given(&mut self) -> Assignment {
        let told = self.pat.ok("assignment", first()).await;
        let assign = Assign::decode(&bytes(&told["assign"])).unwrap();
        assert_eq!(told["status"]["state"], "assigned");
        Assignment { assign, prompts: serde_json::from_value(told["prompts"].clone()).unwrap() }
    }

    /// Commits to the first slot as an honest provider; what was shown, and its sample.
    pub(crate) async fn committed(&mut self) -> (Assignment, Shown, Vec<u32>) {
        let given = self.given().await;
        let shown = fixture::shown(&given, &fixture::provider());
        let told = self.pat.ok("commit_slot", commit(&shown)).await;
        (given, shown, sample(&told))
    }

    /// The same with the whole sample open.
    pub(crate) async fn opened(&mut self) {
        let (given, shown, sample) = self.committed().await;
        if given.assign.taker != given.assign.exchange {
            self.pat.ok("store_outputs", part(0, 1)).await;
        }
        let openings = sample.iter().map(|index| shown.opening(&given.assign, *index).encode());
        let told = self.pat.ok("open_slot", with(json!({"openings": blobs(openings)}))).await;
        assert_eq!(told["closed"], 0);
    }

    /// Where the first slot stands, as the provider is told.
    pub(crate) async fn state(&mut self) -> Value {
        let told = self.pat.ok("deliveries", json!({})).await;
        told["deliveries"][0]["slots"][0].clone()
    }
}

/// A part of the answers to the first slot: bytes, for nobody here looks into them.
pub(crate) fn part(part: u8, parts: u8) -> Value {
    with(json!({"part": part, "parts": parts, "data": Blob(vec![part; 5])}))
}

/// What was drawn, as the provider is told.
pub(crate) fn sample(told: &Value) -> Vec<u32> {
    serde_json::from_value(told["drawn"]["sample"].clone()).unwrap()
}

/// The taker's half of the first slot's beacon.
pub(crate) fn half() -> Secret {
    Secret::of_taker(&TAKER, "first", 0)
}

/// Params of `reveal_secret`.
pub(crate) fn reveal(secret: Secret) -> Value {
    with(json!({"secret": Blob(secret.0.to_vec())}))
}

/// A refusal's code.
pub(crate) fn code(error: &Value) -> &str {
    error["code"].as_str().unwrap()
}

/// A verdict on a receipt as it is on the wire.
pub(crate) fn verdict(receipt: &Receipt, key: &attestation::key::SecretKey, ulps: u64) -> Value {
    let (said, findings) = fixture::verdict(receipt, key, ulps);
    let findings = blobs(findings.iter().map(|finding| finding.encode()));
    with(json!({"verdict": Blob(said.encode()), "findings": findings}))
}
