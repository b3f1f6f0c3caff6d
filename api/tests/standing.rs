//! Standing: how slots end is told to everyone, and to a provider what it has at stake and owes.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../settlement/tests/fixture/mod.rs"]
mod fixture;
mod harness;
#[path = "deliveries/scene.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod scene;

use attestation::receipt::Receipt;
use harness::Peer;
use scene::{HOUR, SLOT, Scene, bytes, first, verdict, with};
use serde_json::{Value, json};

/// Nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

/// A second as the wire has it.
fn at(second: u64) -> Value {
    json!((second * NANOS).to_string())
}

/// What the next message of a channel says, once it follows the one before.
async fn next(peer: &mut Peer, channel: &str, last: &mut Value) -> Value {
    let told = peer.update(channel).await;
    assert_eq!(told["type"], "update", "{told}");
    assert_eq!(told["prev_seq"], *last, "{told}");
    *last = told["seq"].clone();
    told["data"].clone()
}

/// Follows a channel; its snapshot's data, and its number.
async fn follow(peer: &mut Peer, item: Value) -> (Value, Value) {
    let channel = item["channel"].as_str().unwrap().to_owned();
    peer.subscribe(item).await;
    let told = peer.update(&channel).await;
    assert_eq!(told["type"], "snapshot", "{told}");
    (told["data"].clone(), told["seq"].clone())
}

/// The window's settlement so far, and that which its only slot's end adds.
fn window(symbol: &str, slots: &[(u8, &str)], settled: bool) -> Value {
    let slots = slots.iter().map(|(slot, outcome)| json!({"slot": slot, "outcome": outcome, "qty": "2"}));
    json!({"symbol": symbol, "slots": slots.collect::<Vec<_>>(), "settled": settled})
}

#[tokio::test]
async fn a_provider_is_told_what_it_has_at_stake_and_owes() {
    let mut scene = Scene::start().await;
    let (told, mut last) = follow(&mut scene.pat, json!({"channel": "provider"})).await;
    let windows: Vec<Value> = told["windows"].as_array().unwrap().clone();
    assert!(
        windows.contains(&json!({"symbol": scene.symbol, "capacity": "50", "maintenance": false})),
        "{told}"
    );
    let score = json!({"delivered": 0, "failed": 0});
    let whole = json!({"staked": "0.000000", "audit_rate_ppm": 250_000, "score": score, "windows": windows});
    assert_eq!(told, whole);

    scene.pat.ok("add_stake", json!({"amount": "7"})).await;
    assert_eq!(next(&mut scene.pat, "provider", &mut last).await, json!({"staked": "7.000000"}));
    scene.pat.ok("set_capacity", json!({"symbol": scene.symbol, "gpus": 60})).await;
    let changed = json!({"symbol": scene.symbol, "capacity": "60", "maintenance": false});
    assert_eq!(next(&mut scene.pat, "provider", &mut last).await, json!({"windows": [changed]}));

    let starts = scene.starts;
    scene.reach(starts - 600).await;
    scene.reach(starts).await;
    let due = |step: &str, slots: u64| json!({"delivery": 0, "slot": 0, "step": step, "by": at(starts + slots * SLOT)});
    let told = next(&mut scene.pat, "provider", &mut last).await;
    assert_eq!(told, json!({"due": [due("commit", 2)]}));
    scene.opened().await;
    assert_eq!(next(&mut scene.pat, "provider", &mut last).await, json!({"due": [due("open", 3)]}));
    assert_eq!(next(&mut scene.pat, "provider", &mut last).await, json!({"done": [first()]}));
    let receipt = Receipt::decode(&bytes(&scene.eve.ok("receipt", first()).await["receipt"])).unwrap();
    scene.eve.ok("judge_slot", verdict(&receipt, &fixture::auditor(), 1_000)).await;
    let flagged = json!({"audit_rate_ppm": 1_000_000, "due": [due("open_rest", 17)]});
    assert_eq!(next(&mut scene.pat, "provider", &mut last).await, flagged);
    let ruling = with(json!({"outcome": "accepted", "reason": "auditor-erred"}));
    scene.operator.ok("rule_slot", ruling).await;
    assert_eq!(next(&mut scene.pat, "provider", &mut last).await, json!({"done": [first()]}));
    assert_eq!(scene.state().await, json!({"state": "decided", "outcome": "accepted"}));
    scene.world.stop().await;
}

#[tokio::test]
async fn how_slots_end_is_told_to_everyone() {
    let mut scene = Scene::begun().await;
    let (symbol, starts) = (scene.symbol.clone(), scene.starts);
    let mut watcher = scene.world.connect().await;
    let (told, mut last) = follow(&mut watcher, json!({"channel": "settlements"})).await;
    assert_eq!(told, json!([]));
    scene.opened().await;
    let receipt = Receipt::decode(&bytes(&scene.eve.ok("receipt", first()).await["receipt"])).unwrap();
    scene.eve.ok("judge_slot", verdict(&receipt, &fixture::auditor(), 0)).await;
    let (_, mut owed) = follow(&mut scene.pat, json!({"channel": "provider"})).await;

    // Slot 0 was delivered; of slot 1 nothing was shown.
    scene.reach(starts + 17 * SLOT).await;
    let told = next(&mut watcher, "settlements", &mut last).await;
    assert_eq!(told, json!([window(&symbol, &[(0, "accepted")], false)]));
    scene.reach(starts + 18 * SLOT).await;
    let told = next(&mut watcher, "settlements", &mut last).await;
    assert_eq!(told, json!([window(&symbol, &[(1, "missed")], false)]));
    let mut score = Value::Null;
    while score != json!({"delivered": 2, "failed": 2}) {
        let told = next(&mut scene.pat, "provider", &mut owed).await;
        score = told.get("score").cloned().unwrap_or(score);
    }

    // Who comes later is told the same at once, by class too.
    let mut late = scene.world.connect().await;
    let so_far = json!([window(&symbol, &[(0, "accepted"), (1, "missed")], false)]);
    for item in [json!({"channel": "settlements"}), json!({"channel": "settlements", "symbol": "H100SXM"})] {
        assert_eq!(follow(&mut late, item).await.0, so_far);
    }
    scene.reach(starts + HOUR + 30 * SLOT).await;
    let mut rest = Vec::new();
    loop {
        let told = next(&mut watcher, "settlements", &mut last).await;
        rest.push(told[0].clone());
        if told[0]["settled"] == true {
            break;
        }
    }
    let slots = rest.iter().flat_map(|told| told["slots"].as_array().unwrap());
    assert_eq!(slots.count(), 10, "{rest:?}");
    let mut after = scene.world.connect().await;
    assert_eq!(follow(&mut after, json!({"channel": "settlements"})).await.0, json!([]));
    let mut settled = Value::Null;
    while settled != json!([symbol]) {
        let told = next(&mut scene.pat, "provider", &mut owed).await;
        settled = told.get("settled").cloned().unwrap_or_default();
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn deliveries_within_one_group_are_not_counted() {
    let mut scene = Scene::start().await;
    let mut watcher = scene.world.connect().await;
    let (_, mut last) = follow(&mut watcher, json!({"channel": "settlements"})).await;
    // What pat sold comes back to its group by way of ann.
    let open = json!({"account": "pats-other", "group": "pat"});
    scene.operator.ok("open_account", open).await;
    let deposit = json!({"account": "pats-other", "amount": "100", "reference": "first"});
    scene.operator.ok("deposit", deposit).await;
    let mut other = scene.world.login("pats-other").await;
    scene.pat.order(&scene.symbol, "sell", ("3", "1.1")).await;
    scene.ann.order(&scene.symbol, "buy", ("3", "1.1")).await;
    scene.ann.order(&scene.symbol, "sell", ("3", "1.2")).await;
    other.order(&scene.symbol, "buy", ("3", "1.2")).await;
    let starts = scene.starts;
    scene.reach(starts - 600).await;
    let drawn = scene.pat.ok("deliveries", json!({})).await["deliveries"].clone();
    let lots = |own: bool| -> u64 {
        let of = drawn.as_array().unwrap().iter().filter(|delivery| delivery["own"] == own);
        of.map(|delivery| delivery["qty"].as_str().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!((lots(false), lots(true)), (2, 3));
    scene.reach(starts + 17 * SLOT).await;
    let told = next(&mut watcher, "settlements", &mut last).await;
    assert_eq!(told, json!([window(&scene.symbol, &[(0, "missed")], false)]), "the two lots of ann");
    scene.world.stop().await;
}

#[tokio::test]
async fn only_a_provider_hears_of_its_own_standing_and_it_is_not_resumed() {
    let mut scene = Scene::start().await;
    let mut stranger = scene.world.connect().await;
    let result = stranger.ok("subscribe", json!({"subs": [{"channel": "provider"}]})).await;
    assert_eq!(result["subs"][0]["error"]["code"], "AUTH_REQUIRED", "{result}");
    let resume = json!({"epoch": "1", "xseq": 1});
    for more in [json!({"symbol": "H100SXM"}), json!({"resume": resume})] {
        let mut item = more.as_object().unwrap().clone();
        item.insert("channel".to_owned(), json!("provider"));
        let result = scene.pat.ok("subscribe", json!({"subs": [item]})).await;
        assert_eq!(result["subs"][0]["error"]["code"], "UNKNOWN_FIELD", "{result}");
    }
    follow(&mut scene.ann, json!({"channel": "provider"})).await;
    scene.pat.ok("add_stake", json!({"amount": "7"})).await;
    assert!(scene.ann.is_silent("provider").await);
    scene.world.stop().await;
}

#[tokio::test]
async fn windows_under_way_keep_the_deadlines_that_they_began_with() {
    let mut scene = Scene::begun().await;
    let terms = json!({"market": "H100SXM.US-E.FIRM", "dispute_slots": 2, "ruling_slots": 1, "auditors": 1,
        "deposit": "1", "stake": "0", "bounty": "1", "reason": "faster"});
    scene.operator.ok("set_delivery_terms", terms).await;
    let given = scene.given().await;
    let schedule = given.assign.schedule;
    assert_eq!(schedule.final_ns, (scene.starts + 17 * SLOT) * NANOS);
    scene.world.stop().await;
}
