//! Results: what each command prints, for people and as JSON, exactly.

#[path = "../../client/tests/canned/mod.rs"]
mod canned;
mod program;

use program::{Ran, exchange, run};
use serde_json::{Value, json};

/// Runs the command both ways against the exchange; `S` is the market's symbol.
fn both(url: &str, line: &str) -> [String; 2] {
    let words: Vec<&str> =
        line.split_whitespace().map(|word| if word == "S" { program::SYMBOL } else { word }).collect();
    [&[][..], &["--json"]].map(|form| {
        let Ran { code, stdout, stderr } = run(&[&["--url", url], form, &words].concat());
        assert_eq!((code, stderr.as_str()), (0, ""), "{line}");
        stdout
    })
}

/// Text and JSON are these; both end with their last line.
fn check(line: &str, text: &str, json: &str) {
    let [found_text, found_json] = both(&exchange(), line);
    assert_eq!(found_text, format!("{text}\n"), "{line}");
    assert_eq!(found_json, format!("{json}\n"), "{line} --json");
}

#[test]
fn instruments_are_a_table() {
    check(
        "instruments",
        "\
symbol                            state  gate                 minutes      bond  maker ppm  taker ppm
H100SXM.US-E.FIRM.2026-11-23T14Z  open   2026-11-23 13:50:00       60  0.250000        200        500
H100SXM.EU-W.FIRM.2026-11-23T14Z  open   2026-11-23 13:50:00       60  0.250000        200        500",
        &format!(r#"{{"instruments":[{},{}],"as_of_seq":90210}}"#, instrument("US-E"), instrument("EU-W")),
    );
    check(
        "instruments --class H100SXM --zone EU-W",
        "\
symbol                            state  gate                 minutes      bond  maker ppm  taker ppm
H100SXM.EU-W.FIRM.2026-11-23T14Z  open   2026-11-23 13:50:00       60  0.250000        200        500",
        &format!(r#"{{"instruments":[{}],"as_of_seq":90210}}"#, instrument("EU-W")),
    );
    check("instruments --class H200", "no market", r#"{"instruments":[],"as_of_seq":90210}"#);
}

fn instrument(zone: &str) -> String {
    let text = r#"{"symbol":"H100SXM.ZONE.FIRM.2026-11-23T14Z","class":"H100SXM","zone":"ZONE","tier":"firm","window":["1795442400000000000","1795446000000000000"],"gate":"1795441800000000000","tick":"0.0001","lot":"1","state":"open","bond":"0.250000","maker_fee_ppm":200,"taker_fee_ppm":500}"#;
    text.replace("ZONE", zone)
}

#[test]
fn orders_are_told_in_one_line() {
    check(
        "--as ann buy S 8 --price 0.9994 --id mm1-000123",
        "o_4f91c2  open: nothing traded, 8 rest",
        r#"{"order_id":"o_4f91c2","cl_ord_id":"mm1-000123","status":"open","cum_qty":"0","leaves_qty":"8","engine_seq":90214,"xseq":42}"#,
    );
    check(
        "--as ann sell S 8 --market --limit-price 1.01 --deadline 5s",
        "o_4f91c3  filled: 8 traded at 1.0000",
        r#"{"order_id":"o_4f91c3","status":"filled","cum_qty":"8","leaves_qty":"0","avg_price":"1.0000","engine_seq":90215,"xseq":44}"#,
    );
    check(
        "--as ann cancel o_4f91c2",
        "o_4f91c2  canceled: 0 traded, 0 rest",
        r#"{"order_id":"o_4f91c2","status":"canceled","cum_qty":"0","leaves_qty":"0","engine_seq":90233,"xseq":50}"#,
    );
    check(
        "--as ann reduce --id mm1-000123 --by 3",
        "o_4f91c2  open: 0 traded, 5 rest",
        r#"{"order_id":"o_4f91c2","status":"open","cum_qty":"0","leaves_qty":"5","engine_seq":90233,"xseq":50}"#,
    );
    check(
        "--as ann cancel --all",
        "o_4f91d0  canceled\no_4f91d7  canceled",
        r#"{"canceled":["o_4f91d0","o_4f91d7"],"engine_seq":90240,"xseq":61}"#,
    );
    check("--as ann cancel --all --symbol S", "no open order", r#"{"canceled":[],"engine_seq":90241}"#);
    check(
        "--as ann amend o_4f91c2 --qty 5 --new-id mm1-000124",
        "o_4f91c2  open: nothing traded, 5 rest, in its place",
        r#"{"order_id":"o_4f91c2","cl_ord_id":"mm1-000124","status":"open","cum_qty":"0","leaves_qty":"5","priority_kept":true,"engine_seq":90219,"xseq":48}"#,
    );
    check(
        "--as ann amend --id mm1-000123 --price 1.0002 --qty 9",
        "o_4f91c2  open: nothing traded, 9 rest, at the end of the queue",
        r#"{"order_id":"o_4f91c2","status":"open","cum_qty":"0","leaves_qty":"9","priority_kept":false,"engine_seq":90219,"xseq":48}"#,
    );
    check(
        "--as ann cancel --all --after 30s",
        "all orders are canceled at 2026-11-22 14:00:30.720 unless you say so again",
        r#"{"due":"1795356030720220000","engine_seq":90242,"xseq":62}"#,
    );
    check("--as ann cancel --all --after 0s", "the timer is off", r#"{"engine_seq":90242,"xseq":62}"#);
}

#[test]
fn what_is_typed_is_what_is_sent() {
    let sent = std::sync::Arc::new(std::sync::Mutex::new(Value::Null));
    let heard = sent.clone();
    let url = canned::answering(move |method, params| {
        *heard.lock().unwrap() = json!({ "method": method, "params": params });
        program::answer(method, params)
    });
    let cases = [
        (
            "buy S 8 --price 1 --post-only --show 2 --stp cancel-oldest --label mm-1 --id a",
            json!({"symbol": program::SYMBOL, "side": "buy", "type": "limit", "price": "1", "qty": "8", "tif": "gtc",
                "post_only": true, "display_qty": "2", "stp": "cancel_oldest", "label": "mm-1", "cl_ord_id": "a"}),
        ),
        (
            "sell S 8 --price 1 --slide",
            json!({"symbol": program::SYMBOL, "side": "sell", "type": "limit", "price": "1", "qty": "8", "tif": "gtc",
                "post_only": "slide"}),
        ),
        (
            "sell S 8 --price 1 --fok --min 3 --stp decrement",
            json!({"symbol": program::SYMBOL, "side": "sell", "type": "limit", "price": "1", "qty": "8", "tif": "fok",
                "min_qty": "3", "stp": "decrement"}),
        ),
        (
            "buy S 8 --market --limit-price 2 --fok",
            json!({"symbol": program::SYMBOL, "side": "buy", "type": "market", "limit_price": "2", "qty": "8",
                "tif": "fok"}),
        ),
        (
            "amend --id a --price 2 --qty 9 --new-id b --expect-traded 0",
            json!({"cl_ord_id": "a", "price": "2", "qty": "9", "new_cl_ord_id": "b", "expect_cum_qty": "0"}),
        ),
        (
            "cancel --all --symbol H100SXM.*.FIRM.* --side sell --label mm-1",
            json!({"symbol": "H100SXM.*.FIRM.*", "side": "sell", "label": "mm-1"}),
        ),
        (
            "admin mode H100SXM.US-E.FIRM cancel-only --reason r",
            json!({"scope": "H100SXM.US-E.FIRM", "mode": "cancel_only", "reason": "r"}),
        ),
        (
            "admin limits market m --price-min 0.5 --band-ppm 7 --order-qty 8 --position-qty 9 --reason r",
            json!({"market": "m", "price_min": "0.5", "band_ppm": 7, "order_qty": "8", "position_qty": "9",
                "reason": "r"}),
        ),
        (
            "admin limits market m --price-max 2 --order-notional 3 --reason r",
            json!({"market": "m", "price_max": "2", "order_notional": "3", "reason": "r"}),
        ),
        (
            "admin limits account a --open-orders 1 --position-qty 2 --order-notional 3 --reason r",
            json!({"account": "a", "open_orders": 1, "position_qty": "2", "order_notional": "3", "reason": "r"}),
        ),
        ("admin lock a --reason r", json!({"account": "a", "locked": true, "reason": "r"})),
        ("admin lock a --off --reason r", json!({"account": "a", "locked": false, "reason": "r"})),
        ("admin kill a --reason r", json!({"account": "a", "reason": "r"})),
        ("admin kill --venue --reason r", json!({"venue": true, "reason": "r"})),
        (
            "market add H200 US-E int --ahead 3 --bond-rule reference",
            json!({"class": "H200", "zone": "US-E", "tier": "int", "window_s": 3600, "windows": 24, "windows_ahead": 3,
                "gate_s": 600, "bond": "0.5", "bond_rule": "reference", "maker_fee_ppm": 200, "taker_fee_ppm": 500,
                "self_trade": "prevent"}),
        ),
    ];
    for (line, params) in cases {
        both(&url, &format!("--as ann {line}"));
        assert_eq!(sent.lock().unwrap()["params"], params, "{line}");
    }
}

#[test]
fn an_order_that_is_good_for_some_time_expires_then() {
    let url = canned::answering(|method, params| {
        if method == "add_order" {
            let expires = params["expires"].as_str().unwrap().parse::<u128>().unwrap();
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
            let left = (expires - now) / 1_000_000_000;
            assert_eq!((&params["tif"], (5_300..=5_400).contains(&left)), (&json!("gtd"), true), "{params}");
        }
        program::answer(method, params)
    });
    both(&url, "--as ann buy S 8 --price 1 --good-for 90m");
}

#[test]
fn open_orders_are_a_table() {
    let order = |name: &str, side: &str, label: &str| {
        format!(
            r#"{{"order_id":"o_4f91c2",{name}"symbol":"H100SXM.US-E.FIRM.2026-11-23T14Z","side":"{side}","price":"0.9994","qty":"128","cum_qty":"0","leaves_qty":"128","status":"open"{label}}}"#
        )
    };
    check(
        "--as ann orders",
        "\
order     symbol                            side   price  qty  traded  rest  your id     label
o_4f91c2  H100SXM.US-E.FIRM.2026-11-23T14Z  buy   0.9994  128       0   128  mm1-000123  mm-1
o_4f91c2  H100SXM.US-E.FIRM.2026-11-23T14Z  sell  0.9994  128       0   128",
        &format!(
            r#"{{"orders":[{},{}],"as_of_xseq":47}}"#,
            order(r#""cl_ord_id":"mm1-000123","#, "buy", r#","label":"mm-1""#),
            order("", "sell", "")
        ),
    );
    check("--as ann orders --symbol none", "no open order", r#"{"orders":[],"as_of_xseq":47}"#);
}

#[test]
fn fills_are_a_table() {
    check(
        "--as ann fills",
        "\
time                     symbol                            side  qty   price  part        fee  order     your id
2026-11-22 14:00:00.317  H100SXM.US-E.FIRM.2026-11-23T14Z  buy     8  1.0000  taker  0.004000  o_4f91c3",
        r#"{"fills":[{"trade_id":31,"order_id":"o_4f91c3","symbol":"H100SXM.US-E.FIRM.2026-11-23T14Z","side":"buy","price":"1.0000","qty":"8","liquidity":"taker","fee":"0.004000","fee_unit":"CU","ts":"1795356000317900000","engine_seq":90215,"xseq":45}],"as_of_xseq":47}"#,
    );
    check("--as ann fills --limit 1", "no fill", r#"{"fills":[],"as_of_xseq":47}"#);
}

#[test]
fn balances_are_two_tables() {
    check(
        "--as ann balance",
        "\
unit       total   available      held    bonded
CU    241.996000  233.996803  7.999197  0.000000

symbol                            position    escrow    bonded
H100SXM.US-E.FIRM.2026-11-23T14Z        -8  8.000000  4.000000",
        r#"{"balances":[{"unit":"CU","total":"241.996000","available":"233.996803","held":"7.999197","bonded":"0.000000"}],"positions":[{"symbol":"H100SXM.US-E.FIRM.2026-11-23T14Z","position":"-8","escrow":"8.000000","bonded":"4.000000"}],"as_of_xseq":47}"#,
    );
}

#[test]
fn operators_are_told_what_they_did() {
    check(
        "--as operator account open helio --provider --group acme",
        "helio is open",
        r#"{"account":"helio","provider":true,"engine_seq":90300}"#,
    );
    check(
        "--as operator keys register helio A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg= --scopes read,provide",
        "k_03a107bff3ce10be acts for helio: read, provide",
        r#"{"account":"helio","key_id":"k_03a107bff3ce10be","scopes":["read","provide"],"engine_seq":90300}"#,
    );
    check(
        "--as operator keys revoke k_03a107bff3ce10be",
        "k_03a107bff3ce10be is revoked",
        r#"{"key_id":"k_03a107bff3ce10be","engine_seq":90300}"#,
    );
    check(
        "--as operator deposit acme 250.5 --reference wire-1",
        "250.5 CU credited to acme, reference wire-1",
        r#"{"account":"acme","amount":"250.5","reference":"wire-1","engine_seq":90300}"#,
    );
    check(
        "--as operator market add H100SXM US-E firm",
        "H100SXM in US-E, firm, is listed",
        r#"{"class":"H100SXM","zone":"US-E","tier":"firm","engine_seq":90300}"#,
    );
    check(
        "--as operator admin mode venue cancel-only --reason why",
        "venue is cancel-only",
        r#"{"scope":"venue","mode":"cancel_only","engine_seq":90310}"#,
    );
    check(
        "--as operator admin limits market H100SXM.US-E.FIRM --price-max 2 --reason why",
        "the limits of H100SXM.US-E.FIRM are set",
        r#"{"market":"H100SXM.US-E.FIRM","limits":{"price_max":"2"},"engine_seq":90310}"#,
    );
    check(
        "--as operator admin limits account ann --reason why",
        "the limits of ann are set",
        r#"{"account":"ann","engine_seq":90310}"#,
    );
    check(
        "--as operator admin lock ann --reason why",
        "ann is locked",
        r#"{"account":"ann","locked":true,"engine_seq":90310}"#,
    );
    check(
        "--as operator admin lock ann --off --reason why",
        "ann is unlocked",
        r#"{"account":"ann","locked":false,"engine_seq":90310}"#,
    );
    check(
        "--as operator admin kill ann --reason why",
        "all orders of ann are canceled, and it is locked",
        r#"{"account":"ann","venue":false,"engine_seq":90310}"#,
    );
    check(
        "--as operator admin kill --venue --reason why",
        "all orders are being canceled, and the venue is halted",
        r#"{"venue":true,"engine_seq":90310}"#,
    );
    check(
        "--as helio capacity S 64",
        "64 GPUs for H100SXM.US-E.FIRM.2026-11-23T14Z",
        r#"{"symbol":"H100SXM.US-E.FIRM.2026-11-23T14Z","gpus":64,"engine_seq":90300}"#,
    );
}

#[test]
fn deposit_makes_its_own_reference() {
    let url = exchange();
    let reference = || {
        let [text, json] = both(&url, "--as operator deposit acme 250");
        let json: Value = serde_json::from_str(&json).expect("JSON");
        assert!(text.starts_with("250 CU credited to acme, reference cli-"), "{text}");
        json["reference"].as_str().map(str::to_owned)
    };
    assert_ne!(reference(), reference());
}

#[test]
fn ping_says_who_answers() {
    let url = exchange();
    let [text, json] = both(&url, "ping");
    assert!(text.starts_with(&format!("hourbook 0.1.0 at {url} answers in ")), "{text}");
    assert!(text.ends_with(" us: online, mode dev\n"), "{text}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["epoch", "mode", "rtt_us", "server", "system", "url"]);
}

#[test]
fn wire_bench_has_its_keys() {
    let Ran { code, stdout, .. } =
        run(&["--url", &exchange(), "--as", "ann", "bench", "wire", "--orders", "20", "--json"]);
    assert_eq!(code, 0);
    let json: Value = serde_json::from_str(&stdout).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["orders", "p50_us", "p999_us", "p99_us"]);
    assert_eq!(json["orders"], 20);
}
