//! Document: each example of docs/protocol.md is read by the types that serve it.

use std::fs;
use std::path::Path;

use protocol::call::{Call, SignedParams};
use protocol::error_code::{CODES, ErrorCode};
use protocol::message::Message;
use protocol::request::METHODS;
use protocol::signature::{HttpText, PublicKey, RequestText, RotationText, Signed};
use protocol::time::Time;
use serde_json::Value;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    fs::read_to_string(path).expect("the document stands beside the crates")
}

/// Lines of all blocks marked `json`.
fn examples(document: &str) -> Vec<&str> {
    let blocks = document.split("```json\n").skip(1);
    blocks.flat_map(|block| block.split("```").next().into_iter().flat_map(str::lines)).collect()
}

fn request(line: &str) {
    let call = Call::decode(line);
    let request = call.request.expect(line);
    let text = request.encode(call.req_id.as_ref());
    let again = Call::decode(&text);
    assert_eq!((again.request, again.req_id), (Ok(request), call.req_id), "{line}");
}

/// A reply or an update says exactly what its types say, nothing more.
fn message(line: &str, example: &Value) {
    let text = match Message::decode(line).expect(line) {
        Message::Reply(reply) => reply.encode(),
        Message::Update(update) => update.encode(),
    };
    let again: Value = serde_json::from_str(&text).expect("encoded messages are JSON");
    assert_eq!(&again, example, "{line}");
}

#[test]
fn every_example_is_read() {
    let document = document();
    let lines = examples(&document);
    assert!(50 < lines.len(), "the document has examples");
    for line in lines {
        let example: Value = serde_json::from_str(line).expect(line);
        if example.get("channel").is_some() || example.get("ok").is_some() {
            message(line, &example);
        } else {
            request(line);
        }
    }
}

#[test]
fn every_method_has_a_request_and_a_reply() {
    let document = document();
    for method in METHODS {
        let start = format!("{{\"method\":\"{method}\",");
        let lines: Vec<&str> =
            examples(&document).into_iter().filter(|line| line.starts_with(&start)).collect();
        let replied = lines.iter().any(|line| line.contains("\"ok\":true"));
        let requested = lines.iter().any(|line| !line.contains("\"ok\":"));
        assert!(replied && requested, "{method}");
    }
}

#[test]
fn every_code_of_the_error_table_exists() {
    let document = document();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let names =
        rows.map(|(name, _)| name).filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    let codes: Vec<ErrorCode> =
        names.map(|name| serde_json::from_value(name.into()).expect("any text is a code")).collect();
    for code in &codes {
        assert!(!matches!(code, ErrorCode::Other(_)), "{code}");
    }
    assert!(codes.iter().all(|code| CODES.contains(code)));
    assert_eq!(codes.len(), CODES.len(), "the table has each code once");
}

/// The document's hello and key sign its requests.
#[test]
fn signatures_are_real() {
    let document = document();
    let key = PublicKey::of_secret(&std::array::from_fn(|index| u8::try_from(index).expect("32 is small")));
    let secret: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).expect("32 is small"));
    let mut signed = 0;
    for line in examples(&document).into_iter().filter(|line| line.contains("\"auth\":")) {
        let call = Call::decode(line);
        let SignedParams { proof, params } = call.auth.expect(line);
        let (conn_id, challenge) = ("c-7f3a91", "q0F5yQ3Jb1mX9p2VtYw8Zg");
        let method = call.method.expect(line);
        let text = RequestText { conn_id, challenge, ts: proof.ts, method: &method, params: &params };
        assert_eq!(
            text.verify(&key, &proof.sig),
            Ok(()),
            "the signature of {line} is {}",
            text.sign(&secret)
        );
        signed += 1;
    }
    assert!(2 <= signed);
    let body = r#"{"to":"globex","amount":"25","reference":"rent-november"}"#;
    let (ts, nonce, path) =
        (Time::from_ns(1_795_356_000_130_000_000), "0123456789abcdef", "/rpc/v1/transfer");
    let over_http = HttpText { ts, nonce, verb: "POST", path, body: body.as_bytes() }.sign(&secret);
    for line in [format!("    HB-Sig: {over_http}"), format!("    HB-Ts: {ts}"), format!("    {body}")] {
        assert!(document.lines().any(|known| known == line), "the document has the line {line}");
    }
    let rotation = RotationText { key_id: &key.id() }.sign(&[7; 32]);
    assert!(document.contains(&rotation), "the proof of the example is {rotation}");
}
