//! Deliveries: work is asked for, shown, audited and ruled on by whoever it is up to, and by nobody else.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../settlement/tests/fixture/mod.rs"]
mod fixture;
mod harness;
#[path = "deliveries/scene.rs"]
mod scene;

use std::sync::Arc;

use api::clearing::Clearing;
use attestation::assign::Assign;
use attestation::check::without_model;
use attestation::rate::AuditRate;
use attestation::receipt::Receipt;
use attestation::ruling::Ruled;
use attestation::verdict::Stage;
use engine::command::Command;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::slot::SlotNumber;
use engine::ids::{DeliveryId, Digest};
use harness::{PAT, Peer, World};
use protocol::blob::Blob;
use protocol::signature::PublicKey;
use scene::{
    AUDITOR, FIRST_SLOT, HOUR, PROVIDER, SLOT, Scene, TAKER, blobs, bytes, clearing, code, commit, first,
    half, login, part, reveal, sample, verdict, with,
};
use serde_json::{Value, json};
use settlement::case;
use settlement::custody::Loss;
use settlement::office::Assignment;
use settlement::shelf::{MemoryShelf, Place, Shelf};

#[tokio::test]
async fn a_slot_is_asked_for_shown_audited_and_told() {
    let mut scene = Scene::begun().await;
    let stream = scene.eve.subscribe(json!({"channel": "deliveries"})).await["stream"].clone();
    assert_eq!(scene.eve.told(&stream).await["data"], json!({"deliveries": [], "staked": "0.000000"}));
    scene.opened().await;
    assert_eq!(scene.state().await, json!({"state": "opened"}));
    assert_eq!(scene.eve.told(&stream).await["data"], json!({"ev": "audit", "delivery": 0, "slot": 0}));
    let audits = scene.eve.ok("deliveries", json!({})).await;
    assert_eq!(audits["audits"], json!([first()]));

    let told = scene.eve.ok("receipt", first()).await;
    let receipt = Receipt::decode(&bytes(&told["receipt"])).unwrap();
    scene.eve.ok("judge_slot", verdict(&receipt, &fixture::auditor(), 0)).await;
    assert_eq!(scene.state().await, json!({"state": "decided", "outcome": "accepted"}));
    let audits = scene.eve.ok("deliveries", json!({})).await;
    assert_eq!(audits["audits"], json!([]));

    // Both sides see the verdict; the auditor has answered.
    for side in [&mut scene.pat, &mut scene.ann] {
        let told = side.ok("receipt", first()).await;
        assert!(Receipt::decode(&bytes(&told["receipt"])).unwrap().verdict.unwrap().0.is_clean());
    }
    assert_eq!(code(&scene.eve.error("receipt", first()).await), "UNKNOWN_DELIVERY");
    let again = scene.eve.error("judge_slot", verdict(&receipt, &fixture::auditor(), 0)).await;
    assert_eq!(code(&again), "NOT_AUDITOR");
}

#[tokio::test]
async fn evidence_is_asked_for_with_a_key() {
    let mut scene = Scene::begun().await;
    let mut by_name = scene.world.login("pat").await;
    let error = by_name.error("assignment", first()).await;
    assert_eq!(code(&error), "AUTH_REQUIRED", "{error}");
    scene.given().await;
}

#[tokio::test]
async fn what_is_not_ones_own_is_unknown() {
    let mut scene = Scene::begun().await;
    assert_eq!(code(&scene.ann.error("assignment", first()).await), "UNKNOWN_DELIVERY");
    assert_eq!(code(&scene.eve.error("receipt", first()).await), "UNKNOWN_DELIVERY");
    let (given, shown, sample) = scene.committed().await;
    assert_eq!(code(&scene.ann.error("commit_slot", commit(&shown)).await), "UNKNOWN_DELIVERY");
    let openings = json!({"openings": blobs([shown.opening(&given.assign, sample[0]).encode()])});
    assert_eq!(code(&scene.ann.error("open_slot", with(openings)).await), "UNKNOWN_DELIVERY");
    for nowhere in [json!({"delivery": 9, "slot": 0}), json!({"delivery": 0, "slot": 5})] {
        assert_eq!(code(&scene.ann.error("receipt", nowhere).await), "UNKNOWN_DELIVERY");
    }
    let error = scene.pat.error("assignment", json!({"delivery": 0, "slot": 12})).await;
    assert_eq!((code(&error), &error["field"]), ("BAD_VALUE", &json!("slot")));

    // Nothing about a stranger's delivery is shown to who was not drawn; operators see everything.
    scene.operator.ok("open_account", json!({"account": "zoe"})).await;
    let key = PublicKey::of_secret(&[5; 32]).text();
    scene.operator.ok("register_key", json!({"account": "zoe", "key": key, "scopes": ["read"]})).await;
    let mut zoe = login(&scene.world, [5; 32]).await;
    assert_eq!(code(&zoe.error("receipt", first()).await), "UNKNOWN_DELIVERY");
    scene.eve.ok("receipt", first()).await;
    scene.operator.ok("receipt", first()).await;
}

#[tokio::test]
async fn a_slot_that_waits_asks_for_nothing() {
    let mut scene = Scene::begun().await;
    let error = scene.pat.error("assignment", json!({"delivery": 0, "slot": 1})).await;
    assert_eq!((code(&error), &error["field"]), ("WRONG_STATE", &json!("slot")));
    scene.reach(scene.starts + SLOT).await;
    scene.pat.ok("assignment", json!({"delivery": 0, "slot": 1})).await;
}

#[tokio::test]
async fn an_assignment_is_the_same_every_time() {
    let mut scene = Scene::begun().await;
    let told = scene.pat.ok("assignment", first()).await;
    assert_eq!(scene.pat.ok("assignment", first()).await, told);
    let given = scene.given().await;
    assert_eq!(given.prompts.len(), 8, "two lots of four sequences");
    assert_eq!(given.assign.provider, fixture::provider().public());
}

#[tokio::test]
async fn a_commitment_needs_an_assignment_that_was_asked_for() {
    let mut scene = Scene::begun().await;
    let own = fixture::office(7).assign(&fixture::work());
    let error = scene.pat.error("commit_slot", commit(&fixture::shown(&own, &fixture::provider()))).await;
    assert_eq!(code(&error), "WRONG_STATE", "{error}");
    scene.given().await;
    let error = scene.pat.error("commit_slot", commit(&fixture::shown(&own, &fixture::provider()))).await;
    assert_eq!((code(&error), &error["details"]["check"]), ("EVIDENCE_REFUSED", &json!("assignment")));
}

#[tokio::test]
async fn a_wrong_commitment_is_refused_by_name_and_changes_nothing() {
    let mut scene = Scene::begun().await;
    let given = scene.given().await;
    let mut forged = fixture::shown(&given, &fixture::taker());
    let error = scene.pat.error("commit_slot", commit(&forged)).await;
    assert_eq!((code(&error), &error["details"]["check"]), ("EVIDENCE_REFUSED", &json!("commit-signature")));
    forged = fixture::shown(&given, &fixture::provider());
    forged.leaves.pop();
    let error = scene.pat.error("commit_slot", commit(&forged)).await;
    assert_eq!(error["details"]["check"], "count");
    let none = with(json!({"commit": Blob(vec![1, 2]), "leaves": []}));
    let error = scene.pat.error("commit_slot", none).await;
    assert_eq!((code(&error), &error["field"]), ("EVIDENCE_REFUSED", &json!("commit")));
    assert_eq!(scene.state().await, json!({"state": "assigned"}));
    assert_eq!(scene.shelf.get(FIRST_SLOT).unwrap(), None);
    scene.committed().await;
}

#[tokio::test]
async fn a_slot_is_committed_to_once() {
    let mut scene = Scene::begun().await;
    let given = scene.given().await;
    let shown = fixture::shown(&given, &fixture::provider());
    let mut told = scene.pat.ok("commit_slot", commit(&shown)).await;
    assert_ne!(told["engine_seq"], 0);
    let again = scene.pat.ok("commit_slot", commit(&shown)).await;
    told["engine_seq"] = json!(0);
    assert_eq!(again, told, "the answer was lost perhaps");
    let mut other = shown;
    other.commit.finished_ns += 1;
    other.commit = other.commit.signed(&fixture::provider());
    let error = scene.pat.error("commit_slot", commit(&other)).await;
    assert_eq!(code(&error), "WRONG_STATE");
    let kept = Receipt::decode(&scene.shelf.get(FIRST_SLOT).unwrap().unwrap()).unwrap();
    assert_eq!(kept.commit.finished_ns + 1, other.commit.finished_ns, "the first one is kept");
}

#[tokio::test]
async fn only_the_sample_is_opened_in_parts_as_it_was_committed_to() {
    let mut scene = Scene::begun().await;
    let nothing = scene.pat.error("open_slot", with(json!({"openings": []}))).await;
    assert_eq!(code(&nothing), "WRONG_STATE", "nothing was drawn yet");
    let (given, shown, sample) = scene.committed().await;
    assert!(1 < sample.len(), "four times a quarter is everything");
    let opening = |index| shown.opening(&given.assign, index);
    let open = |openings: Vec<Vec<u8>>| with(json!({"openings": blobs(openings)}));

    let mut not_drawn = opening(0);
    not_drawn.leaf.index = given.assign.count;
    let error = scene.pat.error("open_slot", open(vec![not_drawn.encode()])).await;
    assert_eq!(code(&error), "EVIDENCE_REFUSED");
    assert!(error["message"].as_str().unwrap().contains("sequence 8 is not asked for"), "{error}");
    let mut foreign = opening(sample[0]);
    foreign.leaf.finished_ns += 1;
    let error = scene.pat.error("open_slot", open(vec![foreign.encode()])).await;
    assert!(error["message"].as_str().unwrap().contains("not the one that was committed to"), "{error}");

    for (place, index) in sample.iter().enumerate() {
        let told = scene.pat.ok("open_slot", open(vec![opening(*index).encode()])).await;
        let closed = sample.len() - 1 - place;
        assert_eq!(told["closed"], closed);
        assert_eq!(told.get("engine_seq").is_some(), closed == 0, "{told}");
        let expected = if closed == 0 { "opened" } else { "committed" };
        assert_eq!(scene.state().await, json!({"state": expected}));
    }
    let again = scene.pat.ok("open_slot", open(vec![opening(sample[0]).encode()])).await;
    assert_eq!(again, json!({"closed": 0}), "the answer was lost perhaps");
}

#[tokio::test]
async fn a_verdict_is_for_whoever_was_drawn_and_once_all_is_open() {
    let mut scene = Scene::begun().await;
    let (given, shown, sample) = scene.committed().await;
    let early = Receipt::decode(&bytes(&scene.eve.ok("receipt", first()).await["receipt"])).unwrap();
    let openings: Vec<Vec<u8>> =
        sample.iter().map(|index| shown.opening(&given.assign, *index).encode()).collect();
    let whole = case::opened(early, Stage::Sample, &openings).unwrap();
    let error = scene.eve.error("judge_slot", verdict(&whole, &fixture::auditor(), 0)).await;
    assert_eq!(code(&error), "WRONG_STATE", "{error}");
    scene.pat.ok("open_slot", with(json!({"openings": blobs(openings)}))).await;

    let error = scene.ann.error("judge_slot", verdict(&whole, &fixture::taker(), 0)).await;
    assert_eq!(code(&error), "NOT_AUDITOR");
    let error = scene.eve.error("judge_slot", verdict(&whole, &fixture::taker(), 0)).await;
    assert_eq!(code(&error), "EVIDENCE_REFUSED", "signed by another key");
    scene.eve.ok("judge_slot", verdict(&whole, &fixture::auditor(), 1_000)).await;
    assert_eq!(scene.state().await, json!({"state": "flagged"}));

    // What was found wrong is the arbiter's.
    let cases = scene.operator.ok("cases", json!({})).await;
    assert_eq!(cases["cases"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&cases["cases"][0]["provider"], &cases["cases"][0]["state"]),
        (&json!("pat"), &json!("flagged"))
    );
    let ruling = |outcome: &str| with(json!({"outcome": outcome, "reason": "measured-again"}));
    assert_eq!(code(&scene.operator.error("rule_slot", ruling("missed")).await), "BAD_VALUE");
    scene.operator.ok("rule_slot", ruling("rejected")).await;
    assert_eq!(scene.state().await["outcome"], "rejected");
    assert_eq!(scene.operator.ok("cases", json!({})).await["cases"], json!([]));
}

#[tokio::test]
async fn work_after_its_deadline_is_too_late() {
    let mut scene = Scene::begun().await;
    let given = scene.given().await;
    scene.reach(scene.starts + 2 * SLOT).await;
    assert_eq!(scene.state().await, json!({"state": "decided", "outcome": "missed"}));
    let shown = fixture::shown(&given, &fixture::provider());
    assert_eq!(code(&scene.pat.error("commit_slot", commit(&shown)).await), "WRONG_STATE");
    scene.reach(scene.starts + 3 * SLOT).await;
    let never_asked = scene.pat.error("assignment", json!({"delivery": 0, "slot": 1})).await;
    assert_eq!(code(&never_asked), "WRONG_STATE", "{never_asked}");
}

#[tokio::test]
async fn a_job_is_within_bounds_before_the_gate_and_done_first() {
    let mut scene = Scene::start().await;
    let symbol = scene.symbol.clone();
    let job = |prompts: Value, tokens_max: u32| json!({"symbol": symbol, "prompts": prompts, "tokens_max": tokens_max});
    let refused = [
        (job(json!([]), 4), "prompts"),
        (job(json!([[]]), 4), "prompts"),
        (job(json!([[1], [512]]), 4), "prompts"),
        (job(json!([vec![1; 125]]), 4), "prompts"),
        (job(json!([[1]]), 0), "tokens_max"),
        (job(json!([[1]]), 65), "tokens_max"),
    ];
    for (params, field) in refused {
        let error = scene.ann.error("submit_job", params).await;
        assert_eq!((code(&error), &error["field"]), ("JOB_TOO_LARGE", &json!(field)), "{error}");
    }
    let told = scene.ann.ok("submit_job", job(json!([[1]]), 4)).await;
    assert_eq!(told, json!({"prompts": 1, "per_lot": 4}));
    let prompts: Vec<[u32; 2]> = (0..10).map(|token| [token, 7]).collect();
    scene.ann.ok("submit_job", job(json!(prompts), 4)).await;
    let mut by_name = scene.world.login("ann").await;
    assert_eq!(code(&by_name.error("submit_job", job(json!([[1]]), 4)).await), "AUTH_REQUIRED");

    scene.reach(scene.starts - 600).await;
    let error = scene.ann.error("submit_job", job(json!([[1]]), 4)).await;
    assert_eq!((code(&error), &error["field"]), ("MARKET_CLOSED", &json!("symbol")));
    scene.reach(scene.starts).await;
    let given = scene.given().await;
    assert_eq!(json!(given.prompts), json!(prompts[..8]));
    assert_eq!(given.assign.taker, fixture::taker().public());
    scene.reach(scene.starts + SLOT).await;
    let told = scene.pat.ok("assignment", json!({"delivery": 0, "slot": 1})).await;
    assert_eq!(told["prompts"], json!(prompts[8..]), "the next slot goes on");
}

#[tokio::test]
async fn answers_are_kept_whole_before_a_slot_is_opened_and_for_the_taker_alone() {
    let mut scene = Scene::start().await;
    let job = json!({"symbol": scene.symbol, "prompts": [[1, 2]], "tokens_max": 4});
    scene.ann.ok("submit_job", job).await;
    scene.reach(scene.starts - 600).await;
    scene.reach(scene.starts).await;
    let (given, shown, sample) = scene.committed().await;
    let openings = sample.iter().map(|index| shown.opening(&given.assign, *index).encode());
    let open = with(json!({"openings": blobs(openings)}));
    assert_eq!(code(&scene.pat.error("open_slot", open.clone()).await), "WRONG_STATE");
    for (at, parts) in [(0, 0), (2, 2), (0, 65)] {
        let error = scene.pat.error("store_outputs", part(at, parts)).await;
        assert_eq!((code(&error), &error["field"]), ("BAD_VALUE", &json!("part")));
    }
    assert_eq!(code(&scene.ann.error("store_outputs", part(0, 1)).await), "UNKNOWN_DELIVERY");
    scene.pat.ok("store_outputs", part(0, 2)).await;
    let error = scene.pat.error("open_slot", open.clone()).await;
    assert_eq!(code(&error), "WRONG_STATE", "one part is missing: {error}");
    scene.pat.ok("store_outputs", part(1, 2)).await;
    scene.pat.ok("open_slot", open).await;
    assert_eq!(code(&scene.pat.error("store_outputs", part(0, 1)).await), "WRONG_STATE");

    let asked = |part: u8| with(json!({"part": part}));
    for at in [0, 1] {
        let mut expected = json!({"parts": 2, "data": Blob(vec![at; 5])});
        if at == 0 {
            expected["prompts"] = json!([[1, 2]]);
        }
        assert_eq!(scene.ann.ok("outputs", asked(at)).await, expected);
    }
    assert_eq!(code(&scene.ann.error("outputs", asked(2)).await), "UNKNOWN_DELIVERY");
    for other in [&mut scene.pat, &mut scene.eve] {
        assert_eq!(code(&other.error("outputs", asked(0)).await), "UNKNOWN_DELIVERY");
    }
}

#[tokio::test]
async fn without_a_model_nothing_is_assigned() {
    let (world, symbol) = World::trading().await;
    let mut operator = world.login("operator").await;
    for (account, secret) in [("pat", PROVIDER), ("ann", TAKER)] {
        let key = PublicKey::of_secret(&secret).text();
        operator
            .ok("register_key", json!({"account": account, "key": key, "scopes": ["trade", "provide"]}))
            .await;
    }
    let (mut pat, mut ann) = (login(&world, PROVIDER).await, login(&world, TAKER).await);
    assert_eq!(code(&pat.error("assignment", first()).await), "NO_DELIVERIES");
    let job = json!({"symbol": symbol, "prompts": [[1]], "tokens_max": 4});
    assert_eq!(code(&ann.error("submit_job", job).await), "NO_DELIVERIES");
}

#[tokio::test]
async fn what_was_flagged_is_opened_whole_for_the_arbiter() {
    let mut scene = Scene::asked().await;
    let (given, shown) = scene.committed_and_waiting().await;
    scene.ann.ok("reveal_secret", reveal(half())).await;
    let drawn = sample(&scene.pat.ok("commit_slot", commit(&shown)).await);
    let open = |index: &u32| shown.opening(&given.assign, *index).encode();
    let openings = blobs(drawn.iter().map(open));
    scene.pat.ok("open_slot", with(json!({"openings": openings}))).await;
    let rest: Vec<u32> = (0..8).filter(|index| !drawn.contains(index)).collect();
    let early = scene.pat.ok("open_slot", with(json!({"openings": blobs(rest.iter().map(open))}))).await;
    assert_eq!(early, json!({"closed": 0}), "nobody asked for the rest: it is not kept");
    let told = scene.eve.ok("receipt", first()).await;
    let receipt = Receipt::decode(&bytes(&told["receipt"])).unwrap();
    assert_eq!(receipt.open.len(), drawn.len());
    scene.eve.ok("judge_slot", verdict(&receipt, &fixture::auditor(), 1_000)).await;
    assert_eq!(scene.state().await["state"], "flagged");

    let error = scene.pat.error("open_slot", with(json!({"openings": blobs(drawn.iter().map(open))}))).await;
    assert_eq!(code(&error), "EVIDENCE_REFUSED", "these are open: {error}");
    let told = scene.pat.ok("open_slot", with(json!({"openings": blobs(rest[1..].iter().map(open))}))).await;
    assert_eq!(told, json!({"closed": 1}));
    let told = scene.pat.ok("open_slot", with(json!({"openings": blobs(rest[..1].iter().map(open))}))).await;
    assert_eq!(told, json!({"closed": 0}));
    let told = scene.operator.ok("receipt", first()).await;
    assert_eq!(Receipt::decode(&bytes(&told["receipt"])).unwrap().open.len(), 8);
    let ruling = with(json!({"outcome": "unopened", "reason": "rest-was-not-opened"}));
    scene.operator.ok("rule_slot", ruling.clone()).await;
    assert_eq!(scene.state().await, json!({"state": "decided", "outcome": "unopened"}));
    // It stands in the receipt, signed; a ruling that is refused does not.
    let other = with(json!({"outcome": "accepted", "reason": "again"}));
    assert_eq!(code(&scene.operator.error("rule_slot", other).await), "WRONG_STATE");
    let told = scene.ann.ok("receipt", first()).await;
    let receipt = Receipt::decode(&bytes(&told["receipt"])).unwrap();
    assert_eq!(receipt.ruling.as_ref().map(|ruling| ruling.ruled), Some(Ruled::Unopened));
    assert!(without_model(&receipt).iter().all(|checked| !checked.is_failed()));
    assert!(receipt.verdict.is_some(), "what the auditor found stands beside it");
}

/// A provider is audited at the rate that the engine counts: everything for five hundred sequences after a flag.
#[tokio::test]
async fn assignments_name_the_rate_that_the_engine_counts() {
    let mut scene = Scene::begun().await;
    assert_eq!(scene.given().await.assign.rate, AuditRate::START);
    scene.opened().await;
    let told = scene.eve.ok("receipt", first()).await;
    let receipt = Receipt::decode(&bytes(&told["receipt"])).unwrap();
    scene.eve.ok("judge_slot", verdict(&receipt, &fixture::auditor(), 1_000)).await;
    scene.reach(scene.starts + SLOT).await;
    let told = scene.pat.ok("assignment", json!({"delivery": 0, "slot": 1})).await;
    assert_eq!(Assign::decode(&bytes(&told["assign"])).unwrap().rate, AuditRate::ALL);
}

/// The process ended when the commitment was journaled and nothing was drawn.
#[tokio::test]
async fn what_was_committed_before_a_restart_is_drawn_after_it() {
    let mut scene = Scene::begun().await;
    let given = scene.given().await;
    let shown = fixture::shown(&given, &fixture::provider());
    let from = (given.assign.clone(), fixture::office(7).calibration().clone());
    let receipt = case::committed(from, &shown.commit.encode(), &shown.leaf_bytes()).unwrap();
    scene.shelf.put(FIRST_SLOT, &receipt.encode()).unwrap();
    let command = DeliveryCommand::CommitSlot {
        account: PAT,
        delivery: DeliveryId(0),
        slot: SlotNumber::FIRST,
        commitment: Digest(receipt.commit.id().0),
        work: 2 * SLOT * 1_000_000_000,
    };
    scene.world.gateway.command(Command::Delivery(command)).await.unwrap();
    let audits = scene.eve.ok("deliveries", json!({})).await;
    assert_eq!(audits["audits"], json!([]), "nobody is drawn yet");

    let Scene { world, shelf, .. } = scene;
    let later_by = world.later_by();
    let stopped = world.stop().await;
    let world = World::delivering_again(stopped.log, later_by, clearing(&shelf)).await;
    assert_eq!(world.gateway.take_up_slots().await, []);
    let mut eve = login(&world, AUDITOR).await;
    assert_eq!(eve.ok("deliveries", json!({})).await["audits"], json!([first()]));
    let kept = Receipt::decode(&shelf.get(FIRST_SLOT).unwrap().unwrap()).unwrap();
    assert!(kept.secrets.exchange.is_some());
    // The provider asks again, and opens what was drawn.
    let mut pat = login(&world, PROVIDER).await;
    let told = pat.ok("commit_slot", commit(&shown)).await;
    let openings = sample(&told);
    let openings = openings.iter().map(|index| shown.opening(&given.assign, *index).encode());
    let told = pat.ok("open_slot", with(json!({"openings": blobs(openings)}))).await;
    assert_eq!(told["closed"], 0);
}

/// The exchange of a scene, stopped and started again, with a shelf and an epoch.
async fn again(scene: Scene, shelf: &Arc<MemoryShelf>, epoch: u64) -> World {
    let later_by = scene.world.later_by();
    let stopped = scene.world.stop().await;
    let shelf: Arc<dyn Shelf> = shelf.clone();
    World::delivering_again(stopped.log, later_by, Clearing::new(fixture::office(epoch), shelf)).await
}

async fn state(peer: &mut Peer) -> Value {
    peer.ok("deliveries", json!({})).await["deliveries"][0]["slots"][0].clone()
}

/// The exchange has lost what was shown: no auditor can look, and nobody is to blame.
#[tokio::test]
async fn a_slot_whose_evidence_is_lost_is_inconclusive() {
    let inconclusive = json!({"state": "decided", "outcome": "inconclusive", "ruled": true});
    for opened in [false, true] {
        let mut scene = Scene::begun().await;
        match opened {
            false => drop(scene.committed().await),
            true => scene.opened().await,
        }
        let kept = scene.shelf.get(FIRST_SLOT).unwrap().unwrap();
        let whole = Arc::new(MemoryShelf::default());
        whole.put(FIRST_SLOT, &kept).unwrap();
        let world = again(scene, &whole, 7).await;
        assert_eq!(world.gateway.take_up_slots().await, [], "nothing is lost");

        let lost = world.later_by();
        let stopped = world.stop().await;
        let world = World::delivering_again(stopped.log, lost, clearing(&Arc::default())).await;
        let told = world.gateway.take_up_slots().await;
        assert_eq!(told, [(DeliveryId(0), SlotNumber::FIRST, Loss::Absent)]);
        let mut pat = login(&world, PROVIDER).await;
        let now = state(&mut pat).await;
        assert_eq!((&now["state"], &now["outcome"]), (&inconclusive["state"], &inconclusive["outcome"]));
        assert_eq!(world.gateway.take_up_slots().await, [], "once");
    }
}

/// A commitment that is damaged while the exchange runs is found out by who opens it.
#[tokio::test]
async fn a_commitment_that_is_lost_under_way_is_given_up_when_it_is_opened() {
    let mut scene = Scene::begun().await;
    let (given, shown, sample) = scene.committed().await;
    scene.shelf.put(FIRST_SLOT, b"damaged").unwrap();
    let openings = sample.iter().map(|index| shown.opening(&given.assign, *index).encode());
    let error = scene.pat.error("open_slot", with(json!({"openings": blobs(openings)}))).await;
    assert_eq!(code(&error), "WRONG_STATE");
    assert!(error["message"].as_str().unwrap().contains("has lost"), "{error}");
    assert_eq!(scene.state().await["outcome"], "inconclusive");
}

/// A provider who opens nothing is to blame, unless it is the exchange that has lost the commitment.
#[tokio::test]
async fn a_slot_that_was_not_opened_is_given_up_only_if_the_commitment_is_lost() {
    for lost in [false, true] {
        let mut scene = Scene::begun().await;
        scene.committed().await;
        scene.reach(scene.starts + 3 * SLOT).await;
        assert_eq!(scene.state().await["outcome"], "unopened");
        if lost {
            scene.shelf.put(FIRST_SLOT, b"damaged").unwrap();
        }
        assert_eq!(scene.world.gateway.take_up_slots().await.len(), usize::from(lost));
        assert_eq!(scene.state().await["outcome"], if lost { "inconclusive" } else { "unopened" });
    }
}

/// An assignment that is lost or damaged is made again, as it was: it follows from the exchange's secret.
#[tokio::test]
async fn an_assignment_that_is_lost_is_made_again() {
    let mut scene = Scene::begun().await;
    let told = scene.pat.ok("assignment", first()).await;
    scene.shelf.put(Place::Assignment { delivery: 0, slot: 0 }, b"damaged").unwrap();
    assert_eq!(scene.pat.ok("assignment", first()).await, told);
    scene.committed().await;
}

/// After the journal lost its end, what was assigned before may have been drawn already: its secret is known.
#[tokio::test]
async fn what_was_assigned_before_the_journal_was_cut_is_assigned_anew() {
    let mut scene = Scene::begun().await;
    let before = scene.given().await;
    let shown = fixture::shown(&before, &fixture::provider());
    let shelf = Arc::clone(&scene.shelf);
    let world = again(scene, &shelf, 8).await;
    let mut pat = login(&world, PROVIDER).await;
    let error = pat.error("commit_slot", commit(&shown)).await;
    assert_eq!(code(&error), "WRONG_STATE", "{error}");
    let told = pat.ok("assignment", first()).await;
    let now = Assign::decode(&bytes(&told["assign"])).unwrap();
    assert_eq!((before.assign.batch.epoch, now.batch.epoch), (7, 8));
    assert_ne!(now.exchange_secret, before.assign.exchange_secret);
    let error = pat.error("commit_slot", commit(&shown)).await;
    assert_eq!((code(&error), &error["details"]["check"]), ("EVIDENCE_REFUSED", &json!("assignment")));
    let given = Assignment { assign: now, prompts: serde_json::from_value(told["prompts"].clone()).unwrap() };
    let shown = fixture::shown(&given, &fixture::provider());
    pat.ok("commit_slot", commit(&shown)).await;

    // What was committed to goes on under its own name.
    let later_by = world.later_by();
    let stopped = world.stop().await;
    let kept: Arc<dyn Shelf> = shelf.clone();
    let later = Clearing::new(fixture::office(9), kept);
    let world = World::delivering_again(stopped.log, later_by, later).await;
    let mut pat = login(&world, PROVIDER).await;
    let told = pat.ok("assignment", first()).await;
    assert_eq!(bytes(&told["assign"]), given.assign.encode());
    assert_eq!(told["prompts"], json!(given.prompts));
    let told = pat.ok("commit_slot", commit(&shown)).await;
    let openings = sample(&told);
    let openings = openings.iter().map(|index| shown.opening(&given.assign, *index).encode());
    assert_eq!(pat.ok("open_slot", with(json!({"openings": blobs(openings)}))).await["closed"], 0);
}

/// Who delivers and to whom ends with the window; what was shown stays, for the keys that it names.
#[tokio::test]
async fn receipts_outlast_their_window_for_the_keys_that_they_name() {
    let mut scene = Scene::start().await;
    let job = json!({"symbol": scene.symbol, "prompts": [[1, 2]], "tokens_max": 4});
    scene.ann.ok("submit_job", job).await;
    scene.reach(scene.starts - 600).await;
    scene.reach(scene.starts).await;
    scene.opened().await;
    for hour in 1..8 {
        scene.reach(scene.starts + hour * HOUR).await;
    }
    let settled = scene.pat.ok("deliveries", json!({})).await;
    assert_eq!(settled["deliveries"], json!([]));
    for side in [&mut scene.pat, &mut scene.ann] {
        let told = side.ok("receipt", first()).await;
        assert!(told.get("status").is_none(), "{told}");
    }
    assert_eq!(code(&scene.eve.error("receipt", first()).await), "UNKNOWN_DELIVERY");
}

#[tokio::test]
async fn what_is_delivered_with_and_who_may_is_told() {
    let mut scene = Scene::start().await;
    let basis = scene.ann.ok("status", json!({})).await["deliveries"].clone();
    let given = {
        scene.reach(scene.starts - 600).await;
        scene.reach(scene.starts).await;
        scene.given().await.assign
    };
    let expected = [given.exchange.to_string(), given.model.to_string()];
    assert_eq!(
        [&basis["exchange"], &basis["model_id"]],
        [&json!(expected[0]), &json!(expected[1])],
        "{basis}"
    );
    for (peer, provider, auditor) in
        [(&mut scene.pat, true, false), (&mut scene.ann, false, false), (&mut scene.eve, false, true)]
    {
        let told = peer.ok("limits.get", json!({})).await;
        let may = |field| told.get(field).is_some_and(|may| *may == json!(true));
        assert_eq!((may("provider"), may("auditor")), (provider, auditor), "{told}");
    }
}

#[tokio::test]
async fn what_only_providers_do_says_what_is_missing() {
    let mut scene = Scene::start().await;
    let listed = scene.pat.ok("instruments", json!({})).await["instruments"].clone();
    let other = listed.as_array().unwrap().iter().find(|row| row["symbol"] != json!(scene.symbol)).unwrap();
    let asked = json!({"symbol": other["symbol"]});
    let error = scene.pat.error("announce_maintenance", asked.clone()).await;
    assert_eq!((code(&error), &error["field"]), ("INSUFFICIENT_CAPACITY", &json!("symbol")), "{error}");
    assert_eq!(error["category"], "risk");
    assert!(error["message"].as_str().unwrap().contains("set_capacity"), "{error}");
    let error = scene.ann.error("add_stake", json!({"amount": "1"})).await;
    assert_eq!(code(&error), "NOT_PROVIDER");
    assert!(error["message"].as_str().unwrap().contains("at stake"), "{error}");
    let capacity = json!({"symbol": scene.symbol, "gpus": 1});
    let error = scene.eve.error("set_capacity", capacity).await;
    assert_eq!(code(&error), "NOT_PROVIDER");
    assert!(error["message"].as_str().unwrap().contains("capacity"), "{error}");
}
