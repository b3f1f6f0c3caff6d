//! Watching: streams as lines, until Ctrl-C or until nobody reads.

#[path = "../../client/tests/canned/mod.rs"]
mod canned;
mod program;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use canned::{HELLO, serve};
use program::{Ran, SYMBOL, program, ran, run};
use serde_json::{Value, json};

const SNAPSHOT: &str = r#"{"channel":"book","type":"snapshot","stream":11,"symbol":"S","seq":90210,"ts":"1795356000200100000","data":{"asks":[["1.0000","8"],["1.0024","16"]],"bids":[["0.9988","24"],["0.9960","8"]],"crc":3109968985}}"#;
const BID_ADDED: &str = r#"{"channel":"book","type":"update","stream":11,"symbol":"S","seq":90214,"prev_seq":90210,"ts":"1795356000317220000","data":{"bids":[["0.9994","8"]],"crc":234089859}}"#;
const ASK_TAKEN: &str = r#"{"channel":"book","type":"update","stream":11,"symbol":"S","seq":90215,"prev_seq":90214,"ts":"1795356000317900000","data":{"asks":[["1.0000","0"]],"crc":2348126232}}"#;
const TRADES: &str = r#"{"channel":"trades","type":"update","stream":11,"symbol":"S","seq":90215,"prev_seq":0,"data":[{"id":31,"price":"1.0000","qty":"8","taker_side":"buy","ts":"1795356000317900000"},{"id":32,"price":"12.0000","qty":"128","taker_side":"sell","ts":"1795356000317900000"}]}"#;
const ORDERS: &str = r#"{"channel":"executions","type":"snapshot","stream":11,"xseq":41,"ts":"1795356000200100000","data":{"orders":[]}}"#;

/// A private event; `ev` is what happened and its fields.
fn execution(prev_xseq: u64, xseq: u64, ev: &str) -> String {
    let order = r#""order_id":"o_4f91c3","symbol":"S","side":"buy","price":"1.0100","qty":"8","cum_qty":"8","leaves_qty":"0","status":"filled","engine_seq":90215"#;
    format!(
        r#"{{"channel":"executions","type":"update","stream":11,"xseq":{xseq},"prev_xseq":{prev_xseq},"ts":"1795356000317900000","data":{{{ev},{order}}}}}"#
    )
}

fn trade(prev_xseq: u64, xseq: u64) -> String {
    let ev = r#""ev":"trade","last_price":"1.0000","last_qty":"8","trade_id":31,"liquidity":"taker","fee":"0.004000","fee_unit":"CU""#;
    execution(prev_xseq, xseq, ev)
}

/// An exchange that tells `messages` to whoever subscribes or asks for them again, with the market's symbol in the place of `S`, and that
/// answers everything else.
fn telling(messages: Vec<String>) -> String {
    serve(move |mut peer| {
        peer.say(HELLO);
        while let Some(request) = peer.hear() {
            let method = request["method"].as_str().expect("a request has a method");
            match method {
                "subscribe" => {
                    peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": true, "stream": 11 }] })));
                }
                "resync" => peer.answer(&request, Ok(request["params"].clone())),
                _ => {
                    peer.answer(&request, program::answer(method, &request["params"]));
                    continue;
                }
            }
            for message in &messages {
                peer.say(message.replace("\"S\"", &format!("\"{SYMBOL}\"")));
            }
        }
    })
}

fn texts(messages: &[&str]) -> Vec<String> {
    messages.iter().map(|message| (*message).to_owned()).collect()
}

/// Starts a watch and reads so many lines of it.
fn watch(words: &[&str], lines: usize) -> (Child, Vec<String>) {
    let mut child =
        program(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut reader = BufReader::new(child.stdout.as_mut().expect("its output is a pipe"));
    let read = (0..lines).map(|_| {
        let mut line = String::new();
        reader.read_line(&mut line).expect("the program writes UTF-8");
        line.trim_end_matches('\n').to_owned()
    });
    let read = read.collect();
    (child, read)
}

/// The lines of a watch that Ctrl-C then ends, without a word and with success.
fn watched(words: &[&str], lines: usize) -> Vec<String> {
    let (child, read) = watch(words, lines);
    let killed =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
    let Ran { code, stderr, .. } = ran(child.wait_with_output().expect("the program ends"));
    assert_eq!((code, stderr.as_str()), (0, ""), "{words:?} after Ctrl-C");
    read
}

#[test]
fn book_is_a_ladder() {
    let url = telling(texts(&[SNAPSHOT]));
    let Ran { code, stdout, stderr } = run(&["--url", &url, "book", SYMBOL]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let expected = "\
H100SXM.US-E.FIRM.2026-11-23T14Z  sequence 90210  2026-11-22 14:00:00.200

     price  qty
ask 1.0024   16  ██████████████████████████
ask 1.0000    8  █████████████
--- spread 0.0012
bid 0.9988   24  ████████████████████████████████████████
bid 0.9960    8  █████████████
";
    assert_eq!(stdout, expected);
    let Ran { stdout, .. } = run(&["--url", &url, "book", SYMBOL, "--levels", "1", "--json"]);
    let expected = r#"{"symbol":"H100SXM.US-E.FIRM.2026-11-23T14Z","seq":90210,"ts":"1795356000200100000","asks":[["1.0000","8"]],"bids":[["0.9988","24"]],"crc":3109968985}"#;
    assert_eq!(stdout, format!("{expected}\n"));
}

#[test]
fn book_is_watched_in_lines() {
    let url = telling(texts(&[SNAPSHOT, BID_ADDED, ASK_TAKEN]));
    let lines = watched(&["--url", &url, "book", SYMBOL, "--watch"], 3);
    let expected = [
        "2026-11-22 14:00:00.200  S  90210  bid 0.9988 x 24  ask 1.0000 x 8",
        "2026-11-22 14:00:00.317  S  90214  bid 0.9994 x 8  ask 1.0000 x 8",
        "2026-11-22 14:00:00.317  S  90215  bid 0.9994 x 8  ask 1.0024 x 16",
    ];
    assert_eq!(lines, expected.map(|line| line.replace('S', SYMBOL)));
    let lines = watched(&["--url", &url, "book", SYMBOL, "--watch", "--json"], 3);
    let last = r#"{"symbol":"S","seq":90215,"ts":"1795356000317900000","asks":[["1.0024","16"]],"bids":[["0.9994","8"],["0.9988","24"],["0.9960","8"]],"crc":2348126232}"#;
    assert_eq!(lines[2], last.replace("\"S\"", &format!("\"{SYMBOL}\"")));
}

#[test]
fn book_that_never_holds_is_3() {
    let url = telling(texts(&[&SNAPSHOT.replace("3109968985", "3109968986")]));
    let Ran { code, stdout, stderr } = run(&["--url", &url, "book", SYMBOL, "--watch"]);
    assert_eq!((code, stdout.as_str()), (3, ""), "{stderr}");
    assert!(stderr.contains("a stream is fetched anew: the exchange's checksum is 3109968986"), "{stderr}");
    assert!(stderr.contains(&format!("error: the book of {SYMBOL} cannot be trusted")), "{stderr}");
}

#[test]
fn trades_are_watched() {
    let url = telling(texts(&[TRADES]));
    let lines = watched(&["--url", &url, "trades", "--watch"], 2);
    let expected = [
        "2026-11-22 14:00:00.317  S  buy       8 @    1.0000  #31",
        "2026-11-22 14:00:00.317  S  sell    128 @   12.0000  #32",
    ];
    assert_eq!(lines, expected.map(|line| line.replace('S', SYMBOL)));
    let lines = watched(&["--url", &url, "trades", SYMBOL, "--watch", "--json"], 2);
    let first = r#"{"symbol":"S","seq":90215,"id":31,"price":"1.0000","qty":"8","taker_side":"buy","ts":"1795356000317900000"}"#;
    assert_eq!(lines[0], first.replace("\"S\"", &format!("\"{SYMBOL}\"")));
}

#[test]
fn fills_are_watched_none_twice() {
    // The list reaches to 47, so the trade at 45 is in it and the one at 49 is new.
    let messages = [
        ORDERS.to_owned(),
        execution(41, 44, r#""ev":"new""#),
        trade(44, 45),
        execution(45, 48, r#""ev":"canceled","reason":"user""#),
        trade(48, 49),
    ];
    let url = telling(messages.to_vec());
    let watch = ["--url", &url, "--as", "ann", "fills", "--watch"];
    let lines = watched(&[&watch[..], &["--limit", "10"]].concat(), 2);
    let line = "2026-11-22 14:00:00.317  S  buy       8 @    1.0000  taker  fee 0.004000 CU  o_4f91c3";
    assert_eq!(lines, [line, line].map(|line| line.replace('S', SYMBOL)));
    let lines = watched(&[&watch[..], &["--limit", "10", "--json"]].concat(), 2);
    let fills: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut later = program::fill();
    later["xseq"] = json!(49);
    assert_eq!(fills, [program::fill(), later]);
    // Without a limit only what happens from now on is shown, which here is both.
    let lines = watched(&[&watch[..], &["--json"]].concat(), 2);
    assert!(lines[0].contains(r#""xseq":45"#) && lines[1].contains(r#""xseq":49"#), "{lines:?}");
}

#[test]
fn gap_in_a_private_stream_is_3() {
    let url = telling(vec![ORDERS.to_owned(), trade(44, 45)]);
    let Ran { code, stdout, stderr } = run(&["--url", &url, "--as", "ann", "fills", "--watch"]);
    assert_eq!((code, stdout.as_str()), (3, ""));
    // It is asked for again before that.
    let said = "private events are missing: a message follows number 44, but the last one here was 41";
    assert!(stderr.contains("connected again\n") && stderr.contains(&format!("v1: {said}\n")), "{stderr}");
}

#[test]
fn watch_ends_with_its_reader() {
    let url = telling(vec![TRADES.to_owned(); 2_000]);
    let (mut child, lines) = watch(&["--url", &url, "trades", "--watch"], 1);
    assert_eq!(lines.len(), 1);
    drop(child.stdout.take());
    let Ran { code, stderr, .. } = ran(child.wait_with_output().unwrap());
    assert_eq!((code, stderr.as_str()), (0, ""), "nobody reads: no word about it");
}

/// An exchange that tells each connection something else, and ends all but the last after that.
fn breaking(told: Vec<Vec<String>>) -> String {
    breaking_with(33, told)
}

/// The same, where the trade `kept` is the oldest that it can tell afterwards.
fn breaking_with(kept: u64, told: Vec<Vec<String>>) -> String {
    let count = AtomicUsize::new(0);
    serve(move |mut peer| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        peer.say(HELLO);
        while let Some(request) = peer.hear() {
            let method = request["method"].as_str().expect("a request has a method").to_owned();
            match method.as_str() {
                "subscribe" => {
                    peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": true, "stream": 11 }] })));
                    for message in told.get(number).into_iter().flatten() {
                        peer.say(message.replace("\"S\"", &format!("\"{SYMBOL}\"")));
                    }
                    if number + 1 < told.len() {
                        return;
                    }
                }
                "trades" => {
                    let trade = r#"{"id":33,"price":"1.0000","qty":"8","taker_side":"buy","ts":"1795356000317900000"}"#;
                    let mut trade: Value = serde_json::from_str(trade).expect("it is JSON");
                    trade["id"] = json!(kept);
                    assert_eq!(request["params"], json!({"symbol": SYMBOL, "since_id": 32}));
                    let look = json!({"symbol": SYMBOL, "epoch": "a41c09d2e7b85f10", "trades": [trade], "as_of_seq": 90_300});
                    peer.answer(&request, Ok(look));
                }
                method => peer.answer(&request, program::answer(method, &request["params"])),
            }
        }
    })
}

/// The lines of a watch and what is said of its connection.
fn said(words: &[&str], lines: usize) -> (Vec<String>, String) {
    let (child, read) = watch(words, lines);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let Ran { code, stderr, .. } = ran(child.wait_with_output().expect("the program ends"));
    assert_eq!(code, 0, "{stderr}");
    (read, stderr)
}

const AGAIN: &str = "; connecting again\nconnected again\n";

#[test]
fn trades_go_on_when_the_connection_breaks_with_what_was_missed() {
    let later = TRADES.replace("\"id\":31", "\"id\":34").replace("\"id\":32", "\"id\":35");
    let url = breaking(vec![texts(&[TRADES]), texts(&[&later])]);
    let (lines, stderr) = said(&["--url", &url, "trades", "--watch"], 5);
    let ids = ["#31", "#32", "#33", "#34", "#35"];
    assert!(lines.iter().zip(ids).all(|(line, id)| line.ends_with(id)), "{lines:?}");
    assert!(stderr.starts_with("the connection broke: ") && stderr.ends_with(AGAIN), "{stderr}");
    // What is not kept any more is said.
    let later = later.replace("\"id\":34", "\"id\":37");
    let url = breaking_with(36, vec![texts(&[TRADES]), vec![later.replace("\"id\":35", "\"id\":38")]]);
    let (lines, stderr) = said(&["--url", &url, "trades", "--watch", "--json"], 5);
    assert!(lines[2].contains("\"id\":36") && !lines[2].contains("seq"), "{lines:?}");
    assert_eq!(stderr, format!("hourbook: trades 33 to 35 of {SYMBOL} are not known any more\n"));
}

#[test]
fn fills_go_on_when_the_connection_breaks_each_once() {
    let first = vec![ORDERS.to_owned(), trade(41, 45)];
    let url = breaking(vec![first.clone(), vec![trade(45, 49)]]);
    let (lines, stderr) = said(&["--url", &url, "--as", "ann", "fills", "--watch", "--json"], 2);
    assert!(lines[0].contains(r#""xseq":45"#) && lines[1].contains(r#""xseq":49"#), "{lines:?}");
    assert_eq!(stderr, "");
    let url = breaking(vec![first, vec![trade(45, 49)]]);
    let (_, stderr) = said(&["--url", &url, "--as", "ann", "fills", "--watch"], 2);
    assert!(stderr.ends_with(AGAIN), "{stderr}");
}

/// What the stream does not tell any more is asked for.
#[test]
fn fills_that_are_not_told_any_more_are_listed() {
    let count = AtomicUsize::new(0);
    let url = serve(move |mut peer| {
        let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
        peer.say(HELLO);
        while let Some(request) = peer.hear() {
            let method = request["method"].as_str().expect("a request has a method");
            let resume = &request["params"]["subs"][0]["resume"];
            if method == "subscribe" && !resume.is_null() {
                let error = canned::error("SEQ_TOO_OLD", "subscription", "not kept");
                peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": false, "error": error }] })));
            } else if method == "subscribe" {
                peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": true, "stream": 11 }] })));
                peer.say(ORDERS.replace("41", if is_first { "41" } else { "47" }));
                if is_first {
                    return;
                }
                peer.say(trade(47, 49));
            } else {
                if method == "fills" {
                    assert_eq!(request["params"], json!({"limit": 1_000, "since_xseq": 41}));
                }
                peer.answer(&request, program::answer(method, &request["params"]));
            }
        }
    });
    let (lines, _) = said(&["--url", &url, "--as", "ann", "fills", "--watch", "--json"], 2);
    assert!(lines[0].contains(r#""xseq":45"#) && lines[1].contains(r#""xseq":49"#), "{lines:?}");
}

#[test]
fn tickers_and_books_go_on_when_the_connection_breaks() {
    let later = TICKER.replace("\"380\"", "\"381\"");
    let url = breaking(vec![texts(&[TICKER]), vec![later]]);
    let (lines, stderr) = said(&["--url", &url, "ticker", SYMBOL, "--watch"], 2);
    assert!(lines[0].ends_with("open interest 380") && lines[1].ends_with("open interest 381"), "{lines:?}");
    assert!(stderr.starts_with("the connection broke: ") && stderr.ends_with(AGAIN), "{stderr}");
    let url = breaking(vec![texts(&[SNAPSHOT]), texts(&[BID_ADDED])]);
    let (lines, stderr) = said(&["--url", &url, "book", SYMBOL, "--watch"], 2);
    assert!(lines[1].contains("bid 0.9994"), "{lines:?}");
    assert!(stderr.starts_with("the connection broke: ") && stderr.ends_with(AGAIN), "{stderr}");
}

const TICKER: &str = r#"{"channel":"ticker","type":"snapshot","stream":11,"symbol":"S","seq":90215,"ts":"1795356000317900000","data":{"last":{"id":31,"price":"1.0000","qty":"8","ts":"1795356000317900000"},"day":{"from":"1795273200000000000","open":"0.9900","high":"1.0100","low":"0.9850","volume":"412","trades":31},"open_interest":"380"}}"#;
const CANDLES: &str = r#"{"channel":"candles","type":"snapshot","stream":11,"symbol":"S","seq":90215,"ts":"1795356000317900000","data":{"interval":"1h","candles":[{"t":"1795356000000000000","o":"0.9990","h":"1.0000","l":"0.9990","c":"1.0000","v":"12","n":2}]}}"#;
const FIXINGS: &str = r#"{"channel":"fixings","type":"snapshot","stream":11,"seq":90301,"ts":"1795359600000000000","data":[{"class":"H100SXM","end":"1795359600000000000","rate":"0.9975","withheld":false,"partitions":11,"groups":9,"qty":"1840"},{"class":"B200","end":"1795359600000000000","withheld":true,"partitions":2,"groups":3,"qty":"16"}]}"#;
const SETTLEMENTS: &str = r#"{"channel":"settlements","type":"snapshot","stream":11,"seq":90301,"ts":"1795359600000000000","data":[{"symbol":"S","slots":[{"slot":0,"outcome":"accepted","qty":"38"},{"slot":0,"outcome":"missed","qty":"2"},{"slot":1,"outcome":"accepted","qty":"39"},{"slot":1,"outcome":"network","qty":"1"}],"settled":false}]}"#;
const STRIP: &str = r#"{"channel":"bbo","type":"snapshot","stream":11,"symbol":"H100SXM.US-E.FIRM","seq":90215,"ts":"1795356000317900000","data":[{"s":"S","b":["0.9994","8"],"a":["1.0024","16"]},{"s":"H100SXM.US-E.FIRM.2026-11-23T15Z"}]}"#;

#[test]
fn what_there_is_is_shown_once() {
    let shown = |message: &str, words: &[&str]| {
        let url = telling(texts(&[message]));
        let mut line = vec!["--url", &url];
        line.extend(words);
        let Ran { code, stdout, stderr } = run(&line);
        assert_eq!((code, stderr.as_str()), (0, ""), "{words:?}");
        stdout
    };
    let ticker = shown(TICKER, &["ticker", SYMBOL]);
    let expected = "last 1.0000 x 8  day 0.9900 1.0100 0.9850 volume 412  open interest 380";
    assert_eq!(ticker, format!("{SYMBOL}  {expected}\n"));
    let json: Value = serde_json::from_str(&shown(TICKER, &["ticker", SYMBOL, "--json"])).unwrap();
    assert_eq!(
        (&json["symbol"], &json["seq"], &json["open_interest"]),
        (&json!(SYMBOL), &json!(90_215), &json!("380"))
    );
    let candles = shown(CANDLES, &["candles", SYMBOL, "--interval", "1h"]);
    assert!(candles.contains("open    0.9990  high    1.0000") && candles.contains("trades 2"), "{candles}");
    let json: Value = serde_json::from_str(&shown(CANDLES, &["candles", SYMBOL, "--json"])).unwrap();
    assert_eq!((&json["interval"], &json["v"]), (&json!("1h"), &json!("12")));
    let fixings = shown(FIXINGS, &["fixings"]);
    assert!(
        fixings.lines().count() == 2 && fixings.contains("0.9975") && fixings.contains("withheld"),
        "{fixings}"
    );
    let settlements = shown(SETTLEMENTS, &["settlements"]);
    let expected = "slots 0-1   delivered 77  not delivered 2  returned 1";
    assert_eq!(settlements, format!("{SYMBOL}  {expected}\n"));
    let json: Value = serde_json::from_str(&shown(SETTLEMENTS, &["settlements", "--json"])).unwrap();
    assert_eq!(json["slots"][3], json!({"slot": 1, "outcome": "network", "qty": "1"}));
    let curve = shown(STRIP, &["curve", "H100SXM.US-E.FIRM"]);
    assert!(curve.contains("0.9994") && curve.contains("2026-11-23T15Z"), "{curve}");
}

#[test]
fn any_channel_is_watched_message_by_message() {
    let url = telling(texts(&[TICKER]));
    let lines = watched(&["--url", &url, "watch", "ticker", SYMBOL], 1);
    let told: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&told["channel"], &told["type"]), (&json!("ticker"), &json!("snapshot")));
    // Books are kept and printed whole.
    let url = telling(texts(&[SNAPSHOT, BID_ADDED, ASK_TAKEN]));
    let lines = watched(&["--url", &url, "watch", "book", SYMBOL], 3);
    let book: Value = serde_json::from_str(&lines[2]).unwrap();
    assert_eq!(
        (&book["symbol"], &book["seq"], &book["asks"]),
        (&json!(SYMBOL), &json!(90_215), &json!([["1.0024", "16"]]))
    );
}
