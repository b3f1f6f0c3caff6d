//! Hostile: whatever a client sends, the error names the fault and the field.

use protocol::call::Call;
use protocol::error::ErrorObject;
use protocol::request_id::RequestId;

/// The refusal of `text`.
fn refusal(text: &str) -> ErrorObject {
    let call = Call::decode(text);
    call.request.expect_err(text)
}

/// Checks code, field and suggestion.
fn check(text: &str, expected: (&str, Option<&str>, Option<&str>)) {
    let error = refusal(text);
    let found = (error.code.to_string(), error.field.as_deref(), error.suggestion.as_deref());
    let (code, field, suggestion) = expected;
    assert_eq!(found, (code.to_owned(), field, suggestion), "{text}: {}", error.message);
}

fn add_order(params: &str) -> String {
    format!(r#"{{"method":"add_order","req_id":7,"params":{params}}}"#)
}

#[test]
fn text_that_is_no_json_has_a_position() {
    let cases =
        [("", 1, 0), ("hello", 1, 1), ("{\"method\":\n  tru}", 2, 6), ("{} x", 1, 4), ("{\"method\"", 1, 9)];
    for (text, line, column) in cases {
        check(text, ("BAD_JSON", None, None));
        let position = serde_json::json!({ "line": line, "column": column });
        assert_eq!(refusal(text).details.as_deref(), Some(&position), "{text}");
    }
}

#[test]
fn envelope_is_an_object_with_a_method() {
    for text in ["[]", "5", "\"ping\"", "null", "true"] {
        check(text, ("BAD_ENVELOPE", None, None));
    }
    for text in ["{}", r#"{"method":5}"#, r#"{"method":null}"#, r#"{"params":{}}"#, r#"{"method":"\ud800"}"#]
    {
        check(text, ("BAD_ENVELOPE", Some("method"), None));
    }
}

#[test]
fn envelope_has_no_other_fields() {
    let meant = Some("did you mean req_id?");
    check(r#"{"method":"ping","reqid":5}"#, ("UNKNOWN_FIELD", Some("reqid"), meant));
    check(r#"{"method":"ping","jsonrpc":"2.0"}"#, ("UNKNOWN_FIELD", Some("jsonrpc"), None));
    check(r#"{"method":"ping","method":"logout"}"#, ("BAD_VALUE", Some("method"), None));
    check(r#"{"method":"ping","params":[]}"#, ("BAD_TYPE", Some("params"), None));
    check(r#"{"method":"ping","params":"x"}"#, ("BAD_TYPE", Some("params"), None));
}

#[test]
fn request_id_is_an_integer_or_short_text() {
    let long = format!(r#"{{"method":"ping","req_id":"{}"}}"#, "x".repeat(37));
    check(&long, ("BAD_VALUE", Some("req_id"), None));
    check(r#"{"method":"ping","req_id":{}}"#, ("BAD_TYPE", Some("req_id"), None));
    check(r#"{"method":"ping","req_id":1.5}"#, ("BAD_TYPE", Some("req_id"), None));
    check(r#"{"method":"ping","req_id":9223372036854775808}"#, ("BAD_VALUE", Some("req_id"), None));
    for good in ["1", "-1", "\"a\"", "null", "9223372036854775807"] {
        let call = Call::decode(&format!(r#"{{"method":"ping","req_id":{good}}}"#));
        assert!(call.request.is_ok(), "{good}");
    }
    let longest = format!(r#"{{"method":"ping","req_id":"{}"}}"#, "\u{e9}".repeat(36));
    assert!(Call::decode(&longest).request.is_ok());
}

#[test]
fn refusal_repeats_method_and_request_id() {
    let cases = [
        (r#"{"method":"add_ordr","req_id":7}"#, "add_ordr"),
        (r#"{"extra":1,"method":"ping","req_id":7}"#, "ping"),
        (r#"{"params":{"echo":5},"req_id":7,"method":"ping"}"#, "ping"),
    ];
    for (text, method) in cases {
        let call = Call::decode(text);
        assert!(call.request.is_err());
        assert_eq!(call.method.as_deref(), Some(method));
        assert_eq!(call.req_id, Some(RequestId::Number(7)));
    }
    assert_eq!(Call::decode(r#"{"req_id":7}"#).req_id, Some(RequestId::Number(7)));
}

#[test]
fn unknown_method_is_suggested() {
    let meant = Some("did you mean add_order?");
    check(r#"{"method":"addorder"}"#, ("UNKNOWN_METHOD", Some("method"), meant));
    check(r#"{"method":"ADD_ORDER"}"#, ("UNKNOWN_METHOD", Some("method"), meant));
    check(r#"{"method":"withdraw"}"#, ("UNKNOWN_METHOD", Some("method"), None));
    let endless = format!(r#"{{"method":"{}"}}"#, "x".repeat(60_000));
    check(&endless, ("UNKNOWN_METHOD", Some("method"), None));
    let call = Call::decode(&endless);
    assert!(call.method.is_some_and(|method| method.len() < 60), "a reply does not repeat endless text");
}

#[test]
fn unknown_field_is_suggested() {
    let order = r#"{"symbol":"s","side":"buy","type":"limit","price":"1","qty":"1","#;
    check(
        &add_order(&format!(r#"{order}"limitprice":"1"}}"#)),
        ("UNKNOWN_FIELD", Some("limitprice"), Some("did you mean limit_price?")),
    );
    let meant = Some("did you mean post_only?");
    check(&add_order(&format!(r#"{order}"postonly":true}}"#)), ("UNKNOWN_FIELD", Some("postonly"), meant));
    check(&add_order(&format!(r#"{order}"postonly":null}}"#)), ("UNKNOWN_FIELD", Some("postonly"), meant));
    check(&add_order(&format!(r#"{order}"iceberg":"1"}}"#)), ("UNKNOWN_FIELD", Some("iceberg"), None));
    check(r#"{"method":"logout","params":{"x":1}}"#, ("UNKNOWN_FIELD", Some("x"), None));
    check(
        r#"{"method":"subscribe","params":{"subs":[{"channel":"book"},{"chanel":"book"}]}}"#,
        ("UNKNOWN_FIELD", Some("subs[1].chanel"), Some("did you mean channel?")),
    );
    check(
        r#"{"method":"ping","params":{"ecko":"x"}}"#,
        ("UNKNOWN_FIELD", Some("ecko"), Some("did you mean echo?")),
    );
}

#[test]
fn missing_field_is_named() {
    let cases = [
        (add_order("{}"), "symbol"),
        (r#"{"method":"add_order"}"#.to_owned(), "symbol"),
        (r#"{"method":"add_order","params":null}"#.to_owned(), "symbol"),
        (add_order(r#"{"symbol":null,"side":"buy","type":"limit","price":"1","qty":"1"}"#), "symbol"),
        (add_order(r#"{"symbol":"s","side":null,"type":"limit","price":"1","qty":"1"}"#), "side"),
        (add_order(r#"{"symbol":"s","side":"buy","type":"limit","qty":"1"}"#), "price"),
        (add_order(r#"{"symbol":"s","side":"buy","type":"market","qty":"1"}"#), "limit_price"),
        (r#"{"method":"cancel_order","params":{}}"#.to_owned(), "order_id"),
        (r#"{"method":"reduce_order","params":{"order_id":"o_1"}}"#.to_owned(), "by_qty"),
        (r#"{"method":"subscribe","params":{"subs":[{}]}}"#.to_owned(), "subs[0].channel"),
        (r#"{"method":"login"}"#.to_owned(), "key_id"),
        (r#"{"method":"login","params":{"key_id":"k","sig":"s"}}"#.to_owned(), "ts"),
        (r#"{"method":"login","params":{"key_id":"k","ts":"1795356000123456789"}}"#.to_owned(), "sig"),
        (r#"{"method":"add_market","params":{"class":"H100SXM"}}"#.to_owned(), "zone"),
    ];
    for (text, field) in cases {
        check(&text, ("MISSING_FIELD", Some(field), None));
    }
}

#[test]
fn wrong_type_is_named() {
    let cases = [
        (add_order(r#"{"symbol":5}"#), "symbol"),
        (add_order(r#"{"symbol":"s","side":{}}"#), "side"),
        (add_order(r#"{"symbol":"s","side":"buy","type":"limit","price":1.05}"#), "price"),
        (add_order(r#"{"deadline":1795356000123456789}"#), "deadline"),
        (add_order(r#"["s","buy","limit","1",null,"1"]"#), "params"),
        (r#"{"method":"subscribe","params":{"subs":{}}}"#.to_owned(), "subs"),
        (r#"{"method":"subscribe","params":{"subs":["book"]}}"#.to_owned(), "subs[0]"),
        (
            r#"{"method":"subscribe","params":{"subs":[{"channel":"book","depth":"10"}]}}"#.to_owned(),
            "subs[0].depth",
        ),
        (r#"{"method":"unsubscribe","params":{"streams":[1,1.5]}}"#.to_owned(), "streams[1]"),
        (r#"{"method":"unsubscribe","params":{"streams":[1e999]}}"#.to_owned(), "streams[0]"),
        (r#"{"method":"open_account","params":{"account":"a","provider":"yes"}}"#.to_owned(), "provider"),
        (r#"{"method":"fills","params":{"limit":true}}"#.to_owned(), "limit"),
    ];
    for (text, field) in cases {
        check(&text, ("BAD_TYPE", Some(field), None));
    }
}

#[test]
fn wrong_value_is_named() {
    let side = add_order(r#"{"symbol":"s","side":"Buy","type":"limit","price":"1","qty":"1"}"#);
    check(&side, ("BAD_VALUE", Some("side"), Some("did you mean buy?")));
    let bid = add_order(r#"{"symbol":"s","side":"bid","type":"limit","price":"1","qty":"1"}"#);
    check(&bid, ("BAD_VALUE", Some("side"), None));
    let key = r#"{"method":"register_key","params":{"account":"a","key":"","scopes":["read","unknown"]}}"#;
    check(key, ("BAD_VALUE", Some("scopes[1]"), None));
    let day = r#"{"symbol":"s","side":"buy","type":"limit","price":"1","qty":"1","tif":"day"}"#;
    check(&add_order(day), ("BAD_VALUE", Some("tif"), None));
    let cases = [
        (add_order(r#"{"deadline":"1795356000"}"#), "deadline"),
        (add_order(r#"{"symbol":"s","symbol":"s"}"#), "symbol"),
        (
            add_order(
                r#"{"symbol":"s","side":"buy","type":"limit","price":"1","limit_price":"1","qty":"1"}"#,
            ),
            "limit_price",
        ),
        (
            add_order(
                r#"{"symbol":"s","side":"buy","type":"market","price":"1","limit_price":"1","qty":"1"}"#,
            ),
            "price",
        ),
        (
            add_order(
                r#"{"symbol":"s","side":"buy","type":"market","limit_price":"1","qty":"1","tif":"gtc"}"#,
            ),
            "tif",
        ),
        (r#"{"method":"cancel_order","params":{"order_id":"o_1","cl_ord_id":"a"}}"#.to_owned(), "cl_ord_id"),
        (r#"{"method":"login","params":{"token":"dev:a","key_id":"k"}}"#.to_owned(), "token"),
        (r#"{"method":"fills","params":{"limit":-1}}"#.to_owned(), "limit"),
        (r#"{"method":"fills","params":{"limit":4294967296}}"#.to_owned(), "limit"),
    ];
    for (text, field) in cases {
        check(&text, ("BAD_VALUE", Some(field), None));
    }
}

#[test]
fn terms_that_contradict_each_other_are_named() {
    let limit = r#""symbol":"s","side":"buy","type":"limit","price":"1","qty":"1""#;
    let market = r#""symbol":"s","side":"buy","type":"market","limit_price":"1","qty":"1""#;
    let expires = r#""expires":"1795356000123456789""#;
    let gtd = Some("set tif to gtd, or leave expires out");
    let cases = [
        (limit, r#""tif":"gtd""#.to_owned(), ("MISSING_FIELD", "expires", None)),
        (limit, expires.to_owned(), ("BAD_VALUE", "expires", gtd)),
        (limit, format!(r#""tif":"ioc",{expires}"#), ("BAD_VALUE", "expires", gtd)),
        (limit, r#""tif":"unknown""#.to_owned(), ("BAD_VALUE", "tif", None)),
        (limit, r#""post_only":true,"tif":"ioc""#.to_owned(), ("BAD_VALUE", "post_only", None)),
        (limit, r#""post_only":"slide","tif":"fok""#.to_owned(), ("BAD_VALUE", "post_only", None)),
        (limit, r#""post_only":true,"min_qty":"1""#.to_owned(), ("BAD_VALUE", "min_qty", None)),
        (limit, r#""post_only":"move""#.to_owned(), ("BAD_VALUE", "post_only", None)),
        (limit, r#""post_only":1"#.to_owned(), ("BAD_TYPE", "post_only", None)),
        (limit, r#""display_qty":"1","tif":"ioc""#.to_owned(), ("BAD_VALUE", "display_qty", None)),
        (limit, r#""stp":"none""#.to_owned(), ("BAD_VALUE", "stp", None)),
        (limit, r#""cod":"true""#.to_owned(), ("BAD_TYPE", "cod", None)),
        (market, r#""tif":"gtd""#.to_owned(), ("BAD_VALUE", "tif", None)),
        (market, expires.to_owned(), ("BAD_VALUE", "expires", None)),
        (market, r#""post_only":"slide""#.to_owned(), ("BAD_VALUE", "post_only", None)),
        (market, r#""display_qty":"1""#.to_owned(), ("BAD_VALUE", "display_qty", None)),
    ];
    for (order, extra, (code, field, suggestion)) in cases {
        check(&add_order(&format!("{{{order},{extra}}}")), (code, Some(field), suggestion));
    }
    let post = refusal(&add_order(&format!(r#"{{{limit},"post_only":"move"}}"#)));
    assert_eq!(&*post.message, "expected true, false or \"slide\", not \"move\"");
}

#[test]
fn changes_and_controls_say_what_they_need() {
    let cases = [
        (r#"{"method":"amend_order","params":{"order_id":"o_1"}}"#, "MISSING_FIELD", "price"),
        (r#"{"method":"amend_order","params":{"qty":"1"}}"#, "MISSING_FIELD", "order_id"),
        (
            r#"{"method":"amend_order","params":{"order_id":"o_1","cl_ord_id":"a","qty":"1"}}"#,
            "BAD_VALUE",
            "cl_ord_id",
        ),
        (r#"{"method":"cancel_all","params":{"side":"bid"}}"#, "BAD_VALUE", "side"),
        (r#"{"method":"cancel_all_after"}"#, "MISSING_FIELD", "timeout_ms"),
        (r#"{"method":"cancel_all_after","params":{"timeout_ms":-1}}"#, "BAD_VALUE", "timeout_ms"),
        (r#"{"method":"set_mode","params":{"scope":"venue","mode":"open"}}"#, "MISSING_FIELD", "reason"),
        (
            r#"{"method":"set_mode","params":{"scope":"venue","mode":"unknown","reason":"a"}}"#,
            "BAD_VALUE",
            "mode",
        ),
        (r#"{"method":"set_market_limits","params":{"reason":"a"}}"#, "MISSING_FIELD", "market"),
        (
            r#"{"method":"set_market_limits","params":{"market":"m","band":1,"reason":"a"}}"#,
            "UNKNOWN_FIELD",
            "band",
        ),
        (r#"{"method":"set_account_limits","params":{"account":"a"}}"#, "MISSING_FIELD", "reason"),
        (r#"{"method":"lock_account","params":{"account":"a","reason":"a"}}"#, "MISSING_FIELD", "locked"),
        (r#"{"method":"kill_switch","params":{"reason":"a"}}"#, "MISSING_FIELD", "account"),
        (r#"{"method":"kill_switch","params":{"venue":false,"reason":"a"}}"#, "MISSING_FIELD", "account"),
        (
            r#"{"method":"kill_switch","params":{"account":"a","venue":true,"reason":"a"}}"#,
            "BAD_VALUE",
            "venue",
        ),
        (r#"{"method":"kill_switch","params":{"venue":true}}"#, "MISSING_FIELD", "reason"),
    ];
    for (text, code, field) in cases {
        let error = refusal(text);
        assert_eq!((error.code.to_string().as_str(), error.field.as_deref()), (code, Some(field)), "{text}");
    }
}

#[test]
fn text_with_half_a_character_is_refused() {
    check(&add_order(r#"{"symbol":"\ud800"}"#), ("BAD_JSON", Some("symbol"), None));
}

#[test]
fn message_is_in_words_of_json() {
    let cases = [
        (add_order(r#"{"symbol":5}"#), "expected a string, not 5"),
        (add_order("[]"), "expected an object, not a list"),
        (
            r#"{"method":"fills","params":{"limit":-1}}"#.to_owned(),
            "expected an integer from 0 to 4294967295, not -1",
        ),
        (r#"{"method":"subscribe","params":{"subs":{}}}"#.to_owned(), "expected a list, not an object"),
        (add_order(r#"{"symbol":"s","side":7}"#), "expected a string, not a number"),
        (add_order(r#"{"symbol":"s","side":"bid"}"#), "\"bid\" is none of buy, sell"),
        (
            r#"{"method":"set_capacity","params":{"symbol":"s","gpus":8.5}}"#.to_owned(),
            "expected an integer of 64 bits, not negative, not a number that is no integer of 64 bits",
        ),
        (r#"{"method":"ping","params":{"ecko":1}}"#.to_owned(), "no such field; known are echo"),
    ];
    for (text, message) in cases {
        assert_eq!(&*refusal(&text).message, message, "{text}");
    }
}
