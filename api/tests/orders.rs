//! Orders: every kind of order, amendment and cancellation over a real socket.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use harness::{Peer, World, now};
use serde_json::{Value, json};

/// A limit order with more fields.
fn order(symbol: &str, side: &str, (qty, price): (&str, &str), more: Value) -> Value {
    let mut params = json!({"symbol": symbol, "side": side, "type": "limit", "price": price, "qty": qty});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

/// The book's levels as a new client is told of them.
async fn book(world: &World, symbol: &str) -> Value {
    let mut peer = world.connect().await;
    peer.ok("subscribe", json!({"subs": [{"channel": "book", "symbol": symbol}]})).await;
    let data = peer.update("book").await["data"].clone();
    json!([data["bids"], data["asks"]])
}

/// The next event of the account's orders: what happened, why, and the order's state.
async fn event(peer: &mut Peer) -> Value {
    let data = peer.update("executions").await["data"].clone();
    json!([data["ev"], data["reason"], data["cum_qty"], data["leaves_qty"], data["status"]])
}

#[tokio::test]
async fn orders_that_never_take_are_refused_or_slide() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    pat.order(&symbol, "sell", ("8", "1.0000")).await;
    let crossing = order(&symbol, "buy", ("5", "1.0100"), json!({"post_only": true}));
    let error = ann.error("add_order", crossing).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("POST_ONLY_WOULD_CROSS"), &json!("price")));
    assert_eq!(error["details"], json!({"best_ask": "1.0000"}));
    assert!(error["message"].as_str().unwrap().contains("the best ask is 1.0000"), "{error}");
    ann.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    let sliding = order(&symbol, "buy", ("5", "1.0100"), json!({"post_only": "slide"}));
    assert_eq!(ann.ok("add_order", sliding).await["status"], "open");
    let open = ann.ok("open_orders", json!({})).await["orders"][0].clone();
    assert_eq!((&open["price"], &open["post_only"]), (&json!("0.9999"), &json!("slide")));
    assert_eq!(book(&world, &symbol).await, json!([[["0.9999", "5"]], [["1.0000", "8"]]]));
    let resting = order(&symbol, "buy", ("1", "0.9000"), json!({"post_only": true}));
    ann.ok("add_order", resting).await;
    assert_eq!(ann.ok("open_orders", json!({})).await["orders"][1]["post_only"], true);
    world.stop().await;
}

#[tokio::test]
async fn orders_that_need_a_quantity_at_once_are_refused_without_it() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    pat.order(&symbol, "sell", ("8", "1.0000")).await;
    let fok = |qty| order(&symbol, "buy", (qty, "1.0000"), json!({"tif": "fok"}));
    let error = ann.error("add_order", fok("9")).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("FOK_NOT_FILLABLE"), &json!("qty")));
    assert_eq!(ann.ok("add_order", fok("2")).await["status"], "filled");
    let minimum = |min| order(&symbol, "buy", ("10", "1.0000"), json!({"min_qty": min}));
    let error = ann.error("add_order", minimum("7")).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("MIN_QTY"), &json!("min_qty")));
    let error = ann.error("add_order", minimum("11")).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("BAD_VALUE"), &json!("min_qty")));
    let placed = ann.ok("add_order", minimum("6")).await;
    assert_eq!((&placed["status"], &placed["cum_qty"]), (&json!("partially_filled"), &json!("6")));
    ann.ok("cancel_all", json!({})).await;
    let fok = json!({"symbol": symbol, "side": "buy", "type": "market", "limit_price": "2", "qty": "1", "tif": "fok"});
    assert_eq!(ann.error("add_order", fok).await["code"], "FOK_NOT_FILLABLE");
    let ioc = json!({"symbol": symbol, "side": "buy", "type": "market", "limit_price": "2", "qty": "1"});
    let canceled = ann.ok("add_order", ioc).await;
    assert_eq!((&canceled["status"], &canceled["reason"]), (&json!("canceled"), &json!("ioc")));
    world.stop().await;
}

#[tokio::test]
async fn an_iceberg_shows_a_part_and_its_owner_is_told_of_all_terms() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    pat.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    let expires = (now() + 3_600_000_000_000).to_string();
    let more = json!({"display_qty": "3", "tif": "gtd", "expires": expires, "label": "mm-1", "cod": true,
        "cl_ord_id": "ice"});
    pat.ok("add_order", order(&symbol, "sell", ("8", "1.0000"), more)).await;
    assert_eq!(pat.update("executions").await["type"], "snapshot");
    let told = pat.update("executions").await["data"].clone();
    let open = pat.ok("open_orders", json!({})).await["orders"][0].clone();
    for told in [&told, &open] {
        assert_eq!(
            (&told["display_qty"], &told["tif"], &told["expires"], &told["label"], &told["cod"]),
            (&json!("3"), &json!("gtd"), &json!(expires), &json!("mm-1"), &json!(true)),
            "{told}"
        );
        assert_eq!((&told["qty"], &told["leaves_qty"]), (&json!("8"), &json!("8")));
    }
    assert_eq!(told["ev"], "new");
    assert_eq!(book(&world, &symbol).await, json!([null, [["1.0000", "3"]]]));
    ann.order(&symbol, "buy", ("4", "1.0000")).await;
    assert_eq!(book(&world, &symbol).await, json!([null, [["1.0000", "2"]]]));
    assert_eq!(event(&mut pat).await, json!(["trade", null, "3", "5", "partially_filled"]));
    assert_eq!(event(&mut pat).await, json!(["trade", null, "4", "4", "partially_filled"]));
    let error = pat.error("add_order", order(&symbol, "sell", ("2", "2"), json!({"display_qty": "3"}))).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("BAD_VALUE"), &json!("display_qty")));
    world.stop().await;
}

#[tokio::test]
async fn a_plain_order_that_trades_at_once_is_told_as_new_first() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    pat.order(&symbol, "sell", ("3", "1.0000")).await;
    ann.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    ann.update("executions").await;
    for more in [json!({}), json!({"label": "mine", "tif": "ioc"})] {
        ann.ok("add_order", order(&symbol, "buy", ("1", "1.0000"), more.clone())).await;
        let told = ann.update("executions").await["data"].clone();
        assert_eq!(
            (&told["ev"], &told["cum_qty"], &told["status"]),
            (&json!("new"), &json!("0"), &json!("open"))
        );
        assert_eq!((&told["label"], &told["tif"]), (&more["label"], &more["tif"]));
        assert_eq!(event(&mut ann).await, json!(["trade", null, "1", "0", "filled"]));
    }
    world.stop().await;
}

#[tokio::test]
async fn an_order_good_till_a_date_ends_then() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let gtd = |expires: u64| {
        order(&symbol, "buy", ("1", "0.5"), json!({"tif": "gtd", "expires": expires.to_string()}))
    };
    let error = ann.error("add_order", gtd(now() - 1)).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("DEADLINE_PASSED"), &json!("expires")));
    let late = order(&symbol, "buy", ("1", "0.5"), json!({"deadline": (now() - 1).to_string()}));
    assert_eq!(ann.error("add_order", late).await["field"], "deadline");
    ann.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    ann.update("executions").await;
    ann.ok("add_order", gtd(now() + 1_000_000_000)).await;
    assert_eq!(event(&mut ann).await, json!(["new", null, "0", "1", "open"]));
    assert_eq!(event(&mut ann).await, json!(["canceled", "expired", "0", "0", "canceled"]));
    world.stop().await;
}

#[tokio::test]
async fn what_happens_when_an_order_meets_its_owner_is_the_incoming_orders_choice() {
    let (world, symbol) = World::trading().await;
    let mut pat = world.login("pat").await;
    pat.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    pat.update("executions").await;
    let buy = |qty, stp: &str| order(&symbol, "buy", (qty, "1.0000"), json!({"stp": stp}));
    let canceled = || json!(["canceled", "stp", "0", "0", "canceled"]);
    let reduced = || json!(["reduced", "stp", "0", "2", "open"]);
    // How many lots come in, what is told after that, and the lots of what is open then.
    let cases = [
        ("cancel_newest", "3", vec![canceled()], json!(["5"])),
        ("cancel_oldest", "3", vec![canceled()], json!(["3"])),
        ("cancel_both", "3", vec![canceled(), canceled()], json!([])),
        ("decrement", "3", vec![reduced(), canceled()], json!(["2"])),
        ("decrement", "7", vec![canceled(), reduced()], json!(["2"])),
    ];
    for (stp, qty, events, left) in cases {
        pat.order(&symbol, "sell", ("5", "1.0000")).await;
        assert_eq!(event(&mut pat).await[0], "new");
        pat.ok("add_order", buy(qty, stp)).await;
        assert_eq!(event(&mut pat).await[0], "new", "{stp}");
        for expected in events {
            assert_eq!(event(&mut pat).await, expected, "{stp}");
        }
        let open = pat.ok("open_orders", json!({})).await["orders"].clone();
        let lots: Vec<Value> =
            open.as_array().unwrap().iter().map(|open| open["leaves_qty"].clone()).collect();
        assert_eq!(json!(lots), left, "{stp}");
        pat.ok("cancel_all", json!({})).await;
        for _ in lots {
            event(&mut pat).await;
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn an_id_has_one_outcome() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let with = |more: Value| {
        let mut all = json!({"cl_ord_id": "once"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order(&symbol, "buy", ("5", "1.0000"), all)
    };
    let first = ann.ok("add_order", with(json!({}))).await;
    assert_eq!(first.get("duplicate"), None);
    let deadline = (now() + 60_000_000_000).to_string();
    let again = ann.ok("add_order", with(json!({"deadline": deadline, "cod": true}))).await;
    assert_eq!(
        (&again["duplicate"], &again["order_id"], &again["cl_ord_id"], &again["status"]),
        (&json!(true), &first["order_id"], &json!("once"), &json!("open"))
    );
    assert!(first["engine_seq"].as_u64() < again["engine_seq"].as_u64());
    for other in [json!({"label": "x"}), json!({"qty": "6"}), json!({"tif": "ioc"}), json!({"side": "sell"})]
    {
        let error = ann.error("add_order", with(other.clone())).await;
        let found = (&error["code"], &error["field"]);
        assert_eq!(found, (&json!("CL_ORD_ID_CONFLICT"), &json!("cl_ord_id")), "{other}");
    }
    pat.order(&symbol, "sell", ("2", "1.0000")).await;
    let again = ann.ok("add_order", with(json!({}))).await;
    let state = (&again["status"], &again["cum_qty"], &again["leaves_qty"]);
    assert_eq!(state, (&json!("partially_filled"), &json!("2"), &json!("3")));
    let balances = ann.ok("balances", json!({})).await;
    assert_eq!(again["xseq"], balances["as_of_xseq"], "the reply is exact up to there");
    pat.order(&symbol, "sell", ("3", "1.0000")).await;
    let again = ann.ok("add_order", with(json!({}))).await;
    let state = (&again["status"], &again["cum_qty"], &again["leaves_qty"], &again["order_id"]);
    assert_eq!(state, (&json!("filled"), &json!("5"), &json!("0"), &first["order_id"]));
    assert_eq!(ann.ok("open_orders", json!({})).await["orders"], json!([]), "nothing was entered twice");

    let canceled = order(&symbol, "buy", ("1", "0.5"), json!({"cl_ord_id": "gone"}));
    ann.ok("add_order", canceled.clone()).await;
    ann.ok("cancel_order", json!({"cl_ord_id": "gone"})).await;
    let again = ann.ok("add_order", canceled).await;
    let state = (&again["status"], &again["reason"], &again["duplicate"]);
    assert_eq!(state, (&json!("canceled"), &json!("user"), &json!(true)));
    world.stop().await;
}

#[tokio::test]
async fn a_refusal_is_an_outcome_too() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut operator) = (world.login("ann").await, world.login("operator").await);
    let large = order(&symbol, "buy", ("2000", "1.0000"), json!({"cl_ord_id": "large"}));
    let first = ann.error("add_order", large.clone()).await;
    assert_eq!(first["details"], json!({"needed": "2001.000000", "available": "1000.000000"}));
    operator.ok("deposit", json!({"account": "ann", "amount": "5000", "reference": "more"})).await;
    let again = ann.error("add_order", large.clone()).await;
    assert_eq!((&again["code"], &again["field"]), (&first["code"], &first["field"]));
    assert_eq!((&again["retryable"], &again["details"]), (&json!(false), &json!({"duplicate": true})));
    assert!(again["suggestion"].as_str().unwrap().contains("take another"), "{again}");
    let mut other = large;
    other["cl_ord_id"] = json!("large-2");
    assert_eq!(ann.ok("add_order", other).await["status"], "open");
    world.stop().await;
}

#[tokio::test]
async fn amendments_keep_or_lose_their_place() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    ann.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    ann.update("executions").await;
    ann.ok("add_order", order(&symbol, "buy", ("5", "1.0000"), json!({"cl_ord_id": "a", "label": "l"})))
        .await;
    assert_eq!(event(&mut ann).await[0], "new");
    let kept = ann.ok("amend_order", json!({"cl_ord_id": "a", "qty": "4"})).await;
    assert_eq!(
        (&kept["priority_kept"], &kept["leaves_qty"], &kept["cl_ord_id"]),
        (&json!(true), &json!("4"), &json!("a"))
    );
    let told = ann.update("executions").await;
    assert_eq!((&told["data"]["ev"], &told["xseq"]), (&json!("amended"), &kept["xseq"]));
    assert_eq!((&told["data"]["priority_kept"], &told["data"]["label"]), (&json!(true), &json!("l")));
    let lost =
        json!({"cl_ord_id": "a", "price": "1.0100", "qty": "6", "new_cl_ord_id": "b", "expect_cum_qty": "0"});
    let amended = ann.ok("amend_order", lost.clone()).await;
    let state = (&amended["priority_kept"], &amended["leaves_qty"], &amended["cl_ord_id"]);
    assert_eq!(state, (&json!(false), &json!("6"), &json!("b")));
    let told = ann.update("executions").await["data"].clone();
    let state = (&told["ev"], &told["priority_kept"], &told["price"], &told["qty"], &told["cl_ord_id"]);
    assert_eq!(state, (&json!("amended"), &json!(false), &json!("1.0100"), &json!("6"), &json!("b")));
    assert_eq!(book(&world, &symbol).await, json!([[["1.0100", "6"]], null]));

    // Sent again, it happens once; the old id says what became of it.
    let again = ann.ok("amend_order", lost).await;
    assert_eq!((&again["duplicate"], &again["status"]), (&json!(true), &json!("open")));
    assert_eq!(again.get("priority_kept"), None);
    let first = order(&symbol, "buy", ("5", "1.0000"), json!({"cl_ord_id": "a", "label": "l"}));
    let renamed = ann.ok("add_order", first).await;
    assert_eq!((&renamed["status"], &renamed["order_id"]), (&json!("renamed"), &amended["order_id"]));

    pat.order(&symbol, "sell", ("2", "1.0000")).await;
    assert_eq!(event(&mut ann).await, json!(["trade", null, "2", "4", "partially_filled"]));
    let race = ann.error("amend_order", json!({"cl_ord_id": "b", "qty": "9", "expect_cum_qty": "0"})).await;
    assert_eq!((&race["code"], &race["details"]), (&json!("AMEND_RACE"), &json!({"cum_qty": "2"})));
    let late = json!({"cl_ord_id": "b", "qty": "9", "deadline": (now() - 1).to_string()});
    let late = ann.error("amend_order", late).await;
    assert_eq!((&late["code"], &late["field"]), (&json!("DEADLINE_PASSED"), &json!("deadline")));
    let small = ann.error("amend_order", json!({"cl_ord_id": "b", "qty": "2"})).await;
    assert_eq!((&small["code"], &small["field"]), (&json!("REDUCE_TOO_LARGE"), &json!("qty")));
    // Of 998 CU that its trade left, the order itself holds some: those are freed for what it would become.
    let large = ann.error("amend_order", json!({"cl_ord_id": "b", "qty": "1002", "price": "1.0000"})).await;
    assert_eq!(large["details"], json!({"needed": "1000.500000", "available": "997.979596"}));
    let unknown = ann.error("amend_order", json!({"cl_ord_id": "z", "qty": "1", "new_cl_ord_id": "y"})).await;
    assert_eq!(unknown["code"], "UNKNOWN_ORDER");
    let used = ann.error("amend_order", json!({"cl_ord_id": "b", "qty": "3", "new_cl_ord_id": "a"})).await;
    let found = (&used["code"], &used["field"]);
    assert_eq!(found, (&json!("CL_ORD_ID_CONFLICT"), &json!("new_cl_ord_id")));

    // A change that crosses trades.
    pat.order(&symbol, "sell", ("3", "1.0500")).await;
    let crossed = ann.ok("amend_order", json!({"cl_ord_id": "b", "price": "1.0500"})).await;
    let state = (&crossed["status"], &crossed["cum_qty"], &crossed["leaves_qty"]);
    assert_eq!(state, (&json!("partially_filled"), &json!("5"), &json!("1")));
    assert_eq!(event(&mut ann).await, json!(["amended", null, "2", "4", "partially_filled"]));
    assert_eq!(event(&mut ann).await, json!(["trade", null, "5", "1", "partially_filled"]));
    world.stop().await;
}

#[tokio::test]
async fn many_orders_are_canceled_by_pattern_side_and_label() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let listed = ann.ok("instruments", json!({})).await;
    let second = listed["instruments"][1]["symbol"].as_str().unwrap().to_owned();
    let window = second.rsplit_once('.').unwrap().1;
    pat.order(&symbol, "sell", ("5", "2")).await;
    let mut names = Vec::new();
    for (symbol, label) in [(&symbol, "x"), (&symbol, "y"), (&second, "x")] {
        let placed = ann.ok("add_order", order(symbol, "buy", ("1", "0.5"), json!({"label": label}))).await;
        names.push(placed["order_id"].clone());
    }
    let [first, labelled, later] = &names[..] else { panic!("three orders") };
    let none = json!([]);
    let cases = [
        (json!({"side": "sell"}), none.clone()),
        (json!({"label": "z"}), none.clone()),
        (json!({"symbol": "*.*.INT.*"}), Value::Null),
        (json!({"symbol": "H200.*.*.*"}), Value::Null),
        (json!({"symbol": "*.EU-W.*.*"}), Value::Null),
        (json!({"symbol": format!("*.*.*.{window}"), "label": "y"}), none),
        (json!({"symbol": format!("H100SXM.*.FIRM.{window}")}), json!([later])),
        (json!({"symbol": symbol, "side": "buy", "label": "y"}), json!([labelled])),
        (json!({"symbol": "*.US-E.*.*", "side": "buy"}), json!([first])),
    ];
    for (params, canceled) in cases {
        if canceled.is_null() {
            let error = ann.error("cancel_all", params).await;
            assert_eq!((&error["code"], &error["field"]), (&json!("UNKNOWN_SYMBOL"), &json!("symbol")));
        } else {
            assert_eq!(ann.ok("cancel_all", params.clone()).await["canceled"], canceled, "{params}");
        }
    }
    for wrong in ["H100*.*.*.*", "*", "*.*.*", "*.*.*.2026"] {
        let error = ann.error("cancel_all", json!({"symbol": wrong})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("BAD_VALUE"), &json!("symbol")), "{wrong}");
    }
    assert_eq!(pat.ok("cancel_all", json!({"side": "sell"})).await["canceled"].as_array().unwrap().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_dead_mans_timer_cancels_unless_it_is_renewed() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let long = ann.error("cancel_all_after", json!({"timeout_ms": 86_400_001})).await;
    assert_eq!((&long["code"], &long["field"]), (&json!("BAD_VALUE"), &json!("timeout_ms")));
    ann.ok("cancel_all_after", json!({"timeout_ms": 86_400_000})).await;
    ann.ok("subscribe", json!({"subs": [{"channel": "account"}, {"channel": "executions"}]})).await;
    let snapshot = ann.update("account").await;
    assert_eq!(snapshot["data"]["cancel_all_after"]["state"], "set");
    let off = ann.ok("cancel_all_after", json!({"timeout_ms": 0})).await;
    assert_eq!(off.get("due"), None);
    let told = ann.update("account").await;
    assert_eq!(
        (&told["data"], &told["xseq"]),
        (&json!({"cancel_all_after": {"state": "off"}}), &off["xseq"])
    );

    ann.order(&symbol, "buy", ("1", "0.5")).await;
    let set = ann.ok("cancel_all_after", json!({"timeout_ms": 250})).await;
    let due = set["due"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(due < now() + 250_000_000, "{set}");
    let timer = loop {
        let told = ann.receive().await;
        if told["channel"] == "account" && told["data"].get("cancel_all_after").is_some() {
            break told["data"]["cancel_all_after"].clone();
        }
    };
    assert_eq!(timer, json!({"state": "set", "due": set["due"]}));
    let mut ended = Vec::new();
    while ended.len() < 2 {
        let told = ann.receive().await;
        match told["channel"].as_str() {
            Some("account") if told["data"].get("cancel_all_after").is_some() => {
                ended.push(told["data"]["cancel_all_after"].clone());
            }
            Some("executions") => ended.push(told["data"]["reason"].clone()),
            _ => {}
        }
    }
    assert_eq!(ended, [json!({"state": "fired"}), json!("cancel_all_after")]);
    assert!(due <= now());
    world.stop().await;
}
