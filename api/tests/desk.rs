//! Desk: batches, dry runs, and what an account asks of its orders and fills; operators behind a door of their own.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use harness::{Peer, World};
use serde_json::{Value, json};

fn limit(symbol: &str, side: &str, (qty, price): (&str, &str), more: Value) -> Value {
    let mut params = json!({"symbol": symbol, "side": side, "type": "limit", "price": price, "qty": qty});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

fn op(op: &str, params: &Value) -> Value {
    json!({"op": op, "params": params})
}

async fn symbols(peer: &mut Peer) -> Vec<String> {
    let listed = peer.ok("instruments", json!({})).await;
    let listed = listed["instruments"].as_array().unwrap();
    listed.iter().map(|row| row["symbol"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_batch_answers_each_change_alone_and_cancels_come_first() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    ann.ok("add_order", limit(&symbol, "buy", ("900", "1"), json!({"cl_ord_id": "old"}))).await;
    let ops = json!([
        op("add_order", &limit(&symbol, "buy", ("900", "1.0500"), json!({"cl_ord_id": "new"}))),
        op("add_order", &limit(&symbol, "buy", ("1", "x"), json!({}))),
        op("add_ordr", &json!({})),
        op("cancel_order", &json!({"cl_ord_id": "old"})),
        op("add_order", &limit(&symbol, "buy", ("900", "1"), json!({}))),
        op("amend_order", &json!({"cl_ord_id": "new", "qty": "800"})),
        op("reduce_order", &json!({"cl_ord_id": "new", "by_qty": "1"})),
        json!({"op": "cancel_order"}),
        json!(5),
    ]);
    let result = ann.ok("batch", json!({"ops": ops})).await;
    let results = result["results"].as_array().unwrap();
    let said: Vec<Value> = results
        .iter()
        .map(|row| match row["ok"].as_bool().unwrap() {
            true => row["result"]["leaves_qty"].clone(),
            false => json!([row["error"]["code"], row["error"]["field"]]),
        })
        .collect();
    let expected = json!([
        "900",
        ["BAD_DECIMAL", "ops[1].price"],
        ["BAD_VALUE", "ops[2].op"],
        "0",
        ["INSUFFICIENT_CREDIT", "qty"],
        "800",
        "799",
        ["MISSING_FIELD", "ops[7].params"],
        ["BAD_TYPE", "ops[8]"]
    ]);
    assert_eq!(Value::Array(said), expected, "{result}");
    assert_eq!(results[2]["error"]["suggestion"], "did you mean add_order?");
    // In the order given, the cancel comes too late.
    let ops = json!([
        op("add_order", &limit(&symbol, "buy", ("500", "1"), json!({}))),
        op("cancel_order", &json!({"cl_ord_id": "new"})),
    ]);
    let result = ann.ok("batch", json!({"ops": ops, "ordered": true})).await;
    assert_eq!(result["results"][0]["error"]["code"], "INSUFFICIENT_CREDIT", "{result}");
    assert_eq!(result["results"][1]["ok"], true);
    for (ops, field) in [(json!([]), "ops"), (json!(vec![json!(1); 101]), "ops"), (json!("x"), "ops")] {
        assert_eq!(ann.error("batch", json!({"ops": ops})).await["field"], field);
    }
    assert_eq!(ann.error("batch", json!({"atomic": 5, "ops": [1]})).await["field"], "atomic");
    assert_eq!(ann.error("batch", json!({"opps": [1]})).await["suggestion"], "did you mean ops?");
    let mut nobody = world.connect().await;
    assert_eq!(nobody.error("batch", json!({"ops": [1]})).await["code"], "AUTH_REQUIRED");
    world.stop().await;
}

#[tokio::test]
async fn an_atomic_batch_buys_hours_in_a_row_or_none() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let hours = symbols(&mut pat).await;
    for hour in &hours {
        pat.ok("set_capacity", json!({"symbol": hour, "gpus": 50})).await;
    }
    for hour in &hours[..2] {
        pat.order(hour, "sell", ("8", "1.0000")).await;
    }
    ann.ok("subscribe", json!({"subs": [{"channel": "executions"}, {"channel": "trades"}]})).await;
    ann.update("executions").await;
    let block = |hours: &[String], id: &str| {
        let ops = hours.iter().enumerate().map(|(n, hour)| {
            op(
                "add_order",
                &limit(hour, "buy", ("8", "1"), json!({"tif": "fok", "cl_ord_id": format!("{id}-{n}")})),
            )
        });
        json!({"atomic": true, "ops": ops.collect::<Vec<_>>()})
    };
    let none = ann.ok("batch", block(&hours, "a")).await;
    let codes: Vec<&Value> =
        none["results"].as_array().unwrap().iter().map(|row| &row["error"]["code"]).collect();
    assert_eq!(codes, ["BATCH_REFUSED", "BATCH_REFUSED", "FOK_NOT_FILLABLE"]);
    let again = ann.ok("batch", block(&hours, "a")).await;
    let codes: Vec<&Value> =
        again["results"].as_array().unwrap().iter().map(|row| &row["error"]["code"]).collect();
    assert_eq!(codes, ["BATCH_REFUSED", "BATCH_REFUSED", "FOK_NOT_FILLABLE"]);
    assert_eq!(ann.ok("positions", json!({})).await["positions"], json!([]));

    let all = ann.ok("batch", block(&hours[..2], "b")).await;
    let statuses: Vec<&Value> =
        all["results"].as_array().unwrap().iter().map(|row| &row["result"]["status"]).collect();
    assert_eq!(statuses, ["filled", "filled"], "{all}");
    assert_eq!(all["results"][0]["result"]["engine_seq"], all["results"][1]["result"]["engine_seq"]);
    let repeated = ann.ok("batch", block(&hours[..2], "b")).await;
    assert!(repeated["results"].as_array().unwrap().iter().all(|row| row["result"]["duplicate"] == true));
    let positions = ann.ok("positions", json!({})).await;
    assert_eq!(positions["positions"].as_array().unwrap().len(), 2);
    // Each window's trade is told as its own.
    for hour in &hours[..2] {
        let trade = ann.update("trades").await;
        assert_eq!((&trade["symbol"], trade["data"].as_array().unwrap().len()), (&json!(hour), 1), "{trade}");
    }
    let events: Vec<Value> = vec![ann.update("executions").await, ann.update("executions").await];
    assert_eq!((&events[0]["data"]["ev"], &events[1]["data"]["ev"]), (&json!("new"), &json!("trade")));

    let reduce =
        json!({"atomic": true, "ops": [op("reduce_order", &json!({"order_id": "o_1", "by_qty": "1"}))]});
    assert_eq!(ann.ok("batch", reduce).await["results"][0]["error"]["code"], "BATCH_INVALID");
    let plain = limit(&symbol, "buy", ("1", "0.5"), json!({}));
    let large = json!({"atomic": true, "ops": vec![op("add_order", &plain); 33]});
    assert_eq!(ann.ok("batch", large).await["results"][0]["error"]["field"], "ops");
    world.stop().await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_nothing_does() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    pat.order(&symbol, "sell", ("5", "1.0000")).await;
    pat.order(&symbol, "sell", ("5", "1.1000")).await;
    let before = ann.ok("status", json!({})).await["as_of_seq"].clone();
    let dry = |side: &str, what: (&str, &str), more: Value| {
        let mut params = limit(&symbol, side, what, more);
        params["dry_run"] = json!(true);
        params
    };
    let expected = ann.ok("add_order", dry("buy", ("8", "1.2"), json!({}))).await;
    assert_eq!(expected["fills"], json!([{"price": "1.0000", "qty": "5"}, {"price": "1.1000", "qty": "3"}]));
    assert_eq!(
        json!([
            expected["cum_qty"],
            expected["leaves_qty"],
            expected["avg_price"],
            expected["needed"],
            expected["fee"]
        ]),
        json!(["8", "0", "1.0375", "9.604800", "0.004150"])
    );
    let rest = ann.ok("add_order", dry("buy", ("12", "1"), json!({}))).await;
    assert_eq!((&rest["cum_qty"], &rest["leaves_qty"]), (&json!("5"), &json!("7")));
    let sale = pat.ok("add_order", dry("sell", ("4", "2"), json!({}))).await;
    assert_eq!((&sale["needed"], &sale["leaves_qty"]), (&json!("2.000000"), &json!("4")));
    let refusals = [
        (dry("buy", ("2000", "1"), json!({})), "INSUFFICIENT_CREDIT"),
        (dry("buy", ("11", "1.2"), json!({"tif": "fok"})), "FOK_NOT_FILLABLE"),
        (dry("sell", ("1", "1"), json!({})), "INSUFFICIENT_CLAIMS"),
        (dry("buy", ("1", "0"), json!({})), "BAD_TICK"),
    ];
    for (params, code) in refusals {
        assert_eq!(ann.error("add_order", params).await["code"], code);
    }
    // What it says comes true.
    assert_eq!(ann.ok("status", json!({})).await["as_of_seq"], before, "nothing has happened");
    let real = ann.ok("add_order", limit(&symbol, "buy", ("8", "1.2"), json!({}))).await;
    assert_eq!((&real["cum_qty"], &real["avg_price"]), (&expected["cum_qty"], &expected["avg_price"]));
    let fills = ann.ok("fills", json!({})).await;
    let fees: f64 = fills["fills"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fill| fill["fee"].as_str().unwrap().parse::<f64>().unwrap())
        .sum();
    assert_eq!(format!("{fees:.6}"), expected["fee"].as_str().unwrap());
    world.stop().await;
}

#[tokio::test]
async fn what_became_of_an_order_is_told_while_it_is_remembered() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let status = |id: &str| json!({"cl_ord_id": id});
    let never = ann.ok("order_status", status("x")).await;
    assert_eq!(never, json!({"status": "never_seen", "as_of_xseq": 1}));
    pat.order(&symbol, "sell", ("5", "1.0000")).await;
    let filled = ann.ok("add_order", limit(&symbol, "buy", ("5", "1"), json!({"cl_ord_id": "filled"}))).await;
    ann.ok("add_order", limit(&symbol, "buy", ("5", "1"), json!({"cl_ord_id": "open"}))).await;
    ann.ok("add_order", limit(&symbol, "buy", ("5", "1"), json!({"cl_ord_id": "ioc", "tif": "ioc"}))).await;
    let told = ann.ok("order_status", status("filled")).await;
    assert_eq!((&told["status"], &told["order"]["avg_price"]), (&json!("filled"), &json!("1.0000")));
    let told = ann.ok("order_status", json!({"order_id": filled["order_id"]})).await;
    assert_eq!(told["order"]["cl_ord_id"], "filled");
    assert_eq!(ann.ok("order_status", status("open")).await["status"], "open");
    let told = ann.ok("order_status", status("ioc")).await;
    assert_eq!((&told["status"], &told["reason"]), (&json!("canceled"), &json!("ioc")));
    // Nobody sees another's.
    let told = pat.ok("order_status", json!({"order_id": filled["order_id"]})).await;
    assert_eq!(told["status"], "never_seen");
    for _ in 0..engine::view::accounts::ENDED_KEPT_MAX {
        ann.send("add_order", limit(&symbol, "buy", ("1", "0.5"), json!({"tif": "ioc"}))).await;
    }
    ann.ok("ping", json!({})).await;
    loop {
        let told = ann.ok("order_status", status("filled")).await;
        if told["status"] == "forgotten" {
            break;
        }
    }
    assert_eq!(ann.ok("order_status", status("open")).await["status"], "open");
    world.stop().await;
}

#[tokio::test]
async fn lists_are_read_some_at_a_time() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    for price in ["0.1", "0.2", "0.3", "0.4", "0.5"] {
        ann.order(&symbol, "buy", ("1", price)).await;
    }
    let mut prices = Vec::new();
    let mut params = json!({"limit": 2});
    loop {
        let page = ann.ok("open_orders", params.clone()).await;
        let rows = page["orders"].as_array().unwrap();
        assert!(rows.len() <= 2);
        prices.extend(rows.iter().map(|row| row["price"].as_str().unwrap().to_owned()));
        let Some(next) = page.get("next") else { break };
        params["cursor"] = next.clone();
    }
    assert_eq!(prices, ["0.1000", "0.2000", "0.3000", "0.4000", "0.5000"]);
    pat.order(&symbol, "sell", ("5", "1.0000")).await;
    for _ in 0..5 {
        ann.order(&symbol, "buy", ("1", "1.0000")).await;
    }
    let mut seen = Vec::new();
    let mut params = json!({"limit": 2});
    loop {
        let page = ann.ok("fills", params.clone()).await;
        seen.extend(page["fills"].as_array().unwrap().iter().map(|fill| fill["xseq"].as_u64().unwrap()));
        let Some(next) = page.get("next") else { break };
        params["cursor"] = next.clone();
    }
    assert!(seen.len() == 5 && seen.is_sorted_by(|newer, older| newer > older), "{seen:?}");
    let since = ann.ok("fills", json!({"since_xseq": seen[2]})).await;
    assert_eq!(since["fills"].as_array().unwrap().len(), 2);
    for (method, params) in [
        ("fills", json!({"cursor": "x"})),
        ("fills", json!({"limit": 0})),
        ("open_orders", json!({"cursor": ""})),
        ("open_orders", json!({"limit": 0})),
    ] {
        assert_eq!(ann.error(method, params).await["code"], "BAD_VALUE", "{method}");
    }
    let fees = world.connect().await.ok("fees.get", json!({})).await;
    let row =
        json!({"market": "H100SXM.US-E.FIRM", "tier": "firm", "maker_fee_ppm": 200, "taker_fee_ppm": 500});
    assert_eq!(fees["fees"], json!([row]));
    world.stop().await;
}

#[tokio::test]
async fn operators_have_a_door_of_their_own() {
    let (world, symbol) = World::trading().await;
    let mut outside = world.connect().await;
    outside.ok("login", json!({"token": "dev:operator"})).await;
    let error = outside.error("halt", json!({"reason": "why"})).await;
    assert_eq!(error["code"], "ADMIN_LISTENER", "{error}");
    let mut ann = world.connect_admin().await;
    ann.ok("login", json!({"token": "dev:ann"})).await;
    ann.order(&symbol, "buy", ("1", "1")).await;

    let mut operator = world.login("operator").await;
    assert_eq!(operator.error("halt", json!({})).await["field"], "reason");
    operator.ok("halt", json!({"reason": "why"})).await;
    let status = outside.ok("status", json!({})).await;
    assert_eq!((&status["mode"], &status["markets"][0]["mode"]), (&json!("halted"), &json!("halted")));
    let order = limit(&symbol, "buy", ("1", "1"), json!({}));
    assert_eq!(ann.error("add_order", order.clone()).await["code"], "MARKET_HALTED");
    // Cancels are taken all the same.
    assert_eq!(ann.ok("cancel_all", json!({})).await["canceled"].as_array().unwrap().len(), 1);
    operator.ok("resume", json!({"reason": "why"})).await;
    operator.ok("halt", json!({"scope": "H100SXM.US-E.FIRM", "reason": "why"})).await;
    let status = outside.ok("status", json!({})).await;
    assert_eq!((status.get("mode"), &status["markets"][0]["market"]), (None, &json!("H100SXM.US-E.FIRM")));
    operator.ok("resume", json!({"scope": "H100SXM.US-E.FIRM", "reason": "why"})).await;
    ann.ok("add_order", order).await;
    world.stop().await;
}

#[tokio::test]
async fn a_restart_is_announced_before_it_comes() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut operator) = (world.login("ann").await, world.login("operator").await);
    let gateway = std::sync::Arc::clone(&world.gateway);
    let drained = tokio::spawn(async move { gateway.drained().await });
    for (params, field) in
        [(json!({"notice_s": 86_401, "reason": "why"}), "notice_s"), (json!({"notice_s": 1}), "reason")]
    {
        assert_eq!(operator.error("drain", params).await["field"], field);
    }
    let far = operator.ok("drain", json!({"notice_s": 3_600, "reason": "upgrade"})).await;
    let told = ann.update("status").await;
    assert_eq!((&told["type"], &told["data"]["maintenance"][0]["from"]), (&json!("update"), &far["from"]));
    assert_eq!(told["data"]["notices"][0]["text"], "upgrade");
    ann.order(&symbol, "buy", ("1", "1")).await;
    assert!(!drained.is_finished());
    operator.ok("drain", json!({"notice_s": 0, "reason": "upgrade"})).await;
    drained.await.unwrap();
    let late = world.connect_with_hello().await.0;
    assert_eq!(late["data"]["system"], "online");
    let stopping = tokio::spawn(world.stop());
    let mut told = ann.update("status").await;
    while told["type"] == "update" {
        told = ann.update("status").await;
    }
    assert_eq!(told["data"]["close"], 1001);
    assert_eq!(ann.receive().await, json!({"closed": 1001}));
    stopping.await.unwrap();
}
