//! Beacons: each side has a half, neither chooses what is audited, and who keeps its half back is not waited for.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../settlement/tests/fixture/mod.rs"]
mod fixture;
mod harness;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "deliveries/scene.rs"]
mod scene;

use attestation::beacon::Secret;
use attestation::receipt::Receipt;
use attestation::verdict::Stage;
use harness::PATIENCE;
use protocol::blob::Blob;
use scene::{
    AUDITOR, FIRST_SLOT, SLOT, Scene, blobs, bytes, code, commit, first, half, login, reveal, sample,
    verdict, with,
};
use serde_json::{Value, json};
use settlement::shelf::Shelf;
use tokio::time::{Instant, sleep};

#[tokio::test]
async fn both_halves_draw_the_sample_when_the_taker_shows_its_own() {
    let mut scene = Scene::asked().await;
    let error = scene.ann.error("reveal_secret", reveal(half())).await;
    assert_eq!(code(&error), "UNKNOWN_DELIVERY", "nothing was asked of the provider yet: {error}");
    scene.given().await;
    let error = scene.ann.error("reveal_secret", reveal(half())).await;
    assert_eq!(code(&error), "WRONG_STATE", "the provider would know what is audited: {error}");

    let (given, shown) = scene.committed_and_waiting().await;
    assert_eq!(given.assign.taker_secret, half().hash());
    let nothing = scene.pat.error("open_slot", with(json!({"openings": []}))).await;
    assert_eq!(code(&nothing), "WRONG_STATE", "nothing was drawn yet");
    let short = scene.ann.error("reveal_secret", with(json!({"secret": Blob(vec![1; 31])}))).await;
    assert_eq!((code(&short), &short["field"]), ("BAD_VALUE", &json!("secret")));
    let wrong = scene.ann.error("reveal_secret", reveal(Secret([9; 32]))).await;
    assert_eq!((code(&wrong), &wrong["details"]["check"]), ("EVIDENCE_REFUSED", &json!("secrets")));
    assert_eq!(code(&scene.eve.error("reveal_secret", reveal(half())).await), "UNKNOWN_DELIVERY");
    assert_eq!(scene.eve.ok("deliveries", json!({})).await["audits"], json!([]), "nobody is drawn yet");

    let told = scene.ann.ok("reveal_secret", reveal(half())).await;
    assert_ne!(told["engine_seq"], 0);
    let again = scene.ann.ok("reveal_secret", reveal(half())).await;
    assert_eq!(again["engine_seq"], 0, "the answer was lost perhaps");
    assert_eq!(scene.eve.ok("deliveries", json!({})).await["audits"], json!([first()]));
    let told = scene.pat.ok("commit_slot", commit(&shown)).await;
    assert_eq!(told["drawn"]["taker_secret"], json!(Blob(half().0.to_vec())));
    let receipt = Receipt::decode(&bytes(&scene.ann.ok("receipt", first()).await["receipt"])).unwrap();
    assert_eq!(sample(&told), receipt.audited(Stage::Sample));
    assert!(sample(&told).len() < 8, "one in four: {told}");
    let openings = sample(&told);
    let openings = openings.iter().map(|index| shown.opening(&given.assign, *index).encode());
    assert_eq!(scene.pat.ok("open_slot", with(json!({"openings": blobs(openings)}))).await["closed"], 0);
    scene.reach(scene.starts + 3 * SLOT).await;
    assert_eq!(scene.state().await["state"], "opened");
}

#[tokio::test]
async fn a_taker_who_keeps_its_half_back_is_not_waited_for_and_may_not_dispute() {
    let mut scene = Scene::asked().await;
    let (given, shown) = scene.committed_and_waiting().await;
    let again = scene.pat.ok("commit_slot", commit(&shown)).await;
    assert_eq!(again, json!({"engine_seq": 0}), "it is waited for until the commitment is due");
    scene.reach(scene.starts + 2 * SLOT).await;
    let told = scene.pat.ok("commit_slot", commit(&shown)).await;
    assert_eq!(sample(&told), (0..8).collect::<Vec<u32>>(), "four times a quarter is everything");
    assert!(told["drawn"].get("taker_secret").is_none(), "{told}");
    let late = scene.ann.error("reveal_secret", reveal(half())).await;
    assert_eq!(code(&late), "WRONG_STATE", "{late}");
    let openings = (0..8).map(|index| shown.opening(&given.assign, index).encode());
    scene.pat.ok("open_slot", with(json!({"openings": blobs(openings)}))).await;
    let told = scene.eve.ok("receipt", first()).await;
    let receipt = Receipt::decode(&bytes(&told["receipt"])).unwrap();
    scene.eve.ok("judge_slot", verdict(&receipt, &fixture::auditor(), 0)).await;
    assert_eq!(scene.state().await["state"], "decided");
    let refused = scene.ann.error("dispute_slot", first()).await;
    assert_eq!((code(&refused), &refused["field"]), ("WRONG_STATE", &json!("slot")), "{refused}");
    scene.pat.ok("dispute_slot", first()).await;
}

#[tokio::test]
async fn who_shows_its_half_may_dispute() {
    let mut scene = Scene::asked().await;
    let (given, shown) = scene.committed_and_waiting().await;
    scene.ann.ok("reveal_secret", reveal(half())).await;
    let drawn = sample(&scene.pat.ok("commit_slot", commit(&shown)).await);
    let openings = drawn.iter().map(|index| shown.opening(&given.assign, *index).encode());
    scene.pat.ok("open_slot", with(json!({"openings": blobs(openings)}))).await;
    let told = scene.eve.ok("receipt", first()).await;
    let receipt = Receipt::decode(&bytes(&told["receipt"])).unwrap();
    scene.eve.ok("judge_slot", verdict(&receipt, &fixture::auditor(), 0)).await;
    scene.ann.ok("dispute_slot", first()).await;
}

#[tokio::test]
async fn halves_are_committed_to_in_due_form() {
    let mut scene = Scene::start().await;
    let symbol = scene.symbol.clone();
    let job = |hashes: Value| json!({"symbol": symbol, "prompts": [[1], [2]], "tokens_max": 4, "secret_hashes": hashes});
    for hashes in [blobs([vec![1; 31]]), blobs([vec![0; 32]])] {
        let error = scene.ann.error("submit_job", job(hashes)).await;
        assert_eq!((code(&error), &error["field"]), ("BAD_VALUE", &json!("secret_hashes")), "{error}");
    }
    let error = scene.ann.error("submit_job", job(blobs([vec![1; 32], vec![2; 32]]))).await;
    assert_eq!((code(&error), &error["field"]), ("JOB_TOO_LARGE", &json!("secret_hashes")), "{error}");
    scene.ann.ok("submit_job", job(blobs([vec![1; 32]]))).await;
}

/// Whoever committed has gone, and the taker never comes.
#[tokio::test]
async fn when_a_takers_time_is_over_the_exchange_draws_by_itself() {
    let mut scene = Scene::asked().await;
    scene.given().await;
    // A little before the commitment is due.
    scene.reach(scene.starts + 2 * SLOT - 5).await;
    scene.committed_and_waiting().await;
    let Scene { world, shelf, pat, ann, .. } = scene;
    drop((pat, ann));
    let kept = || Receipt::decode(&shelf.get(FIRST_SLOT).unwrap().unwrap()).unwrap();
    assert!(kept().secrets.exchange.is_none(), "it waits for the taker");
    let begun = Instant::now();
    while kept().secrets.exchange.is_none() {
        assert!(begun.elapsed() < PATIENCE, "nothing was drawn");
        sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(kept().secrets.taker.is_none());
    let mut eve = login(&world, AUDITOR).await;
    while eve.ok("deliveries", json!({})).await["audits"] != json!([first()]) {
        assert!(begun.elapsed() < PATIENCE, "nobody was drawn to audit");
    }
}
