//! Property: no text breaks the reader, and decimals survive the way there and back.

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::call::Call;
use protocol::decimal::{Scale, parse, print};
use protocol::message::Message;
use protocol::request::METHODS;
use protocol::signature::{LoginText, PublicKey, Signed};
use protocol::time::Time;
use protocol::{name, suggest};

fn scales() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Price), Just(Scale::Quantity), Just(Scale::Amount)]
}

/// Tokens that nearly make requests.
fn token() -> impl Strategy<Value = String> {
    let fixed = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"method\"",
        "\"params\"",
        "\"req_id\"",
        "\"symbol\"",
        "\"side\"",
        "\"buy\"",
        "\"type\"",
        "\"limit\"",
        "\"subs\"",
        "\"channel\"",
        "\"ok\"",
        "\"result\"",
        "\"data\"",
        "\"ev\"",
        "null",
        "1",
        "-1",
        "1e400",
        "\"\\ud800\"",
        "true",
    ];
    prop_oneof![
        proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        proptest::sample::select(METHODS.to_vec()).prop_map(|method| format!("\"{method}\"")),
    ]
}

fn read_all(text: &str) {
    let call = Call::decode(text);
    if let Ok(request) = &call.request {
        let again = Call::decode(&request.encode(call.req_id.as_ref()));
        assert_eq!(again.request, call.request);
    }
    drop(Message::decode(text));
    drop(name::check(text, "field"));
    drop(PublicKey::parse(text, "field"));
    suggest::nearest(text, METHODS);
    for scale in [Scale::Price, Scale::Quantity, Scale::Amount] {
        drop(parse(text, scale, "field"));
    }
    let key = PublicKey::of_secret(&[1; 32]);
    let login = LoginText { conn_id: text, challenge: text, ts: Time::from_ns(0) };
    assert!(login.verify(&key, text).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn near_requests_are_read_without_panic(tokens in vec(token(), 0..24)) {
        read_all(&tokens.concat());
    }

    #[test]
    fn any_params_are_read_without_panic(
        method in proptest::sample::select(METHODS.to_vec()),
        keys in vec((token(), token()), 0..6),
    ) {
        let entries: Vec<String> = keys.iter().map(|(key, value)| format!("{key}:{value}")).collect();
        read_all(&format!("{{\"method\":\"{method}\",\"params\":{{{}}}}}", entries.join(",")));
    }

    #[test]
    fn decimal_of_any_units_is_read_back(units in any::<u64>(), scale in scales()) {
        prop_assert_eq!(parse(&print(units, scale), scale, "field"), Ok(units));
    }

    #[test]
    fn decimal_printed_again_does_not_change(text in "[0-9]{1,16}(\\.[0-9]{1,7})?", scale in scales()) {
        if let Ok(units) = parse(&text, scale, "field") {
            let printed = print(units, scale);
            let again = parse(&printed, scale, "field").expect("printed decimals are decimals");
            prop_assert_eq!(print(again, scale), printed);
        }
    }

    #[test]
    fn time_of_any_nanoseconds_is_read_back(ns in any::<u64>()) {
        prop_assert_eq!(Time::parse(&Time::from_ns(ns).to_string()), Some(Time::from_ns(ns)));
    }

    #[test]
    fn login_signed_is_verified(secret in any::<[u8; 32]>(), text in "[ -~]{0,40}", ns in any::<u64>()) {
        let key = PublicKey::of_secret(&secret);
        let login = LoginText { conn_id: &text, challenge: "c", ts: Time::from_ns(ns) };
        prop_assert_eq!(login.verify(&key, &login.sign(&secret)), Ok(()));
    }
}
