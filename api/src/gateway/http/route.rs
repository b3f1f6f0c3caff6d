//! Route: what a path asks for.

use std::net::SocketAddr;

use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::request::METHODS;
use protocol::status::PATH;
use protocol::suggest::did_you_mean;
use serde_json::{Map, Value};

use crate::gateway::handshake::is_own;
use crate::gateway::http::head::{Head, Refusal, Verb, broken};

/// Where methods are asked for.
const METHODS_AT: &str = "/rpc/v1/";
/// Where what only reads is asked for.
const ALIASES_AT: &str = "/v1/";
const JSON: &str = "application/json";
/// Fields of aliases that are numbers.
const NUMBERS: [&str; 3] = ["depth", "limit", "since_id"];

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A method with its params, as text.
    Method(String, String),
    Page(Page),
}

/// What whoever watches looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// Whether the process lives.
    Health,
    /// Whether it takes orders.
    Ready,
    /// What it has counted.
    Metrics,
}

/// Why a request is none of these.
#[derive(Debug)]
pub(super) enum Wrong {
    /// The path takes only this.
    Verb(&'static str),
    Request(Box<Refusal>),
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Wrong {
        Wrong::Request(Box::new(refusal))
    }
}

/// What a request asks for. `local` is the address that it came to.
pub(super) fn route(head: &Head, body: &[u8], local: Option<SocketAddr>) -> Result<Asked, Wrong> {
    if let Some(origin) = head.header("origin")?
        && !local.is_some_and(|local| is_own(origin, local))
    {
        let message = "pages of other origins may not ask here";
        return Err(Refusal::new(403, ErrorCode::BadEnvelope, message).into());
    }
    let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
    let page = match path {
        "/healthz" => Some(Page::Health),
        "/readyz" => Some(Page::Ready),
        "/metrics" => Some(Page::Metrics),
        _ => None,
    };
    if let Some(method) = path.strip_prefix(METHODS_AT) {
        return by_post((head, body), (method, query));
    }
    let alias = path.strip_prefix(ALIASES_AT).and_then(alias);
    match (page, alias, head.verb) {
        (None, None, _) if path == PATH => {
            let message = format!("{PATH} is a websocket: connect with ws:// or wss://");
            Err(Refusal::new(426, ErrorCode::BadEnvelope, message).into())
        }
        (None, None, _) => Err(nothing_here(path).into()),
        (_, _, Verb::Post | Verb::Other) => Err(Wrong::Verb("GET, HEAD")),
        (Some(page), ..) => Ok(Asked::Page(page)),
        (None, Some((method, symbol)), _) => {
            let params = params(symbol, query)?;
            Ok(Asked::Method(method.to_owned(), Value::Object(params).to_string()))
        }
    }
}

fn by_post((head, body): (&Head, &[u8]), (method, query): (&str, &str)) -> Result<Asked, Wrong> {
    if head.verb != Verb::Post {
        return Err(Wrong::Verb("POST"));
    }
    if !query.is_empty() {
        return Err(
            broken("params are the body, a JSON object: leave out what follows the question mark").into()
        );
    }
    let body = std::str::from_utf8(body).map_err(|_| broken("a body is UTF-8"))?;
    let content_type = head.header("content-type")?.unwrap_or_default();
    let media = content_type.split(';').next().unwrap_or_default().trim();
    // A form on a page of another origin can send anything but this.
    let is_nothing = body.is_empty() && content_type.is_empty();
    if !is_nothing && !media.eq_ignore_ascii_case(JSON) {
        let message = format!("params are JSON: send content-type: {JSON}");
        return Err(Refusal::new(415, ErrorCode::BadEnvelope, message).into());
    }
    let params = if body.trim().is_empty() { "{}" } else { body };
    Ok(Asked::Method(method.to_owned(), params.to_owned()))
}

/// The method behind a path, and the symbol that the path names.
fn alias(path: &str) -> Option<(&'static str, Option<&str>)> {
    let whole = match path {
        "time" => "ping",
        "status" => "status",
        "instruments" => "instruments",
        "fees" => "fees.get",
        _ => {
            let (first, symbol) = path.split_once('/')?;
            let method =
                ["book", "trades", "ticker", "candles"].into_iter().find(|method| *method == first)?;
            return (!symbol.is_empty()).then_some((method, Some(symbol)));
        }
    };
    Some((whole, None))
}

/// The params that a path and what follows its question mark say.
fn params(symbol: Option<&str>, query: &str) -> Result<Map<String, Value>, Refusal> {
    let mut params = Map::new();
    if let Some(symbol) = symbol {
        params.insert("symbol".to_owned(), Value::String(decoded(symbol)?));
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        let number = value.parse::<u64>().ok().filter(|_| NUMBERS.contains(&name.as_str()));
        let value = number.map_or(Value::String(value), Value::from);
        if params.insert(name.clone(), value).is_some() {
            let error = ErrorObject::new(ErrorCode::BadEnvelope, "a field is given once").with_field(name);
            return Err(Refusal { status: 400, error });
        }
    }
    Ok(params)
}

/// Text in which `%` and two digits stand for a byte.
fn decoded(text: &str) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    let digit = |byte: Option<u8>| {
        byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
    };
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(broken("a percent sign in a path is followed by two hexadecimal digits"));
        };
        bytes.push(high << 4 | low);
    }
    String::from_utf8(bytes).map_err(|_| broken("a path is UTF-8"))
}

fn nothing_here(path: &str) -> Refusal {
    let places = "a method by POST to /rpc/v1/<method>, or GET /v1/status, /healthz, /readyz, /metrics";
    let mut refusal =
        Refusal::new(404, ErrorCode::UnknownMethod, format!("there is nothing at this path: {places}"));
    let last = path.rsplit('/').next().unwrap_or_default();
    if let Some(method) = did_you_mean(last, METHODS) {
        refusal.error = refusal.error.with_suggestion(format!("POST {METHODS_AT}{method}"));
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str, body: &str) -> Result<Asked, u16> {
        let head =
            Head::read(text.replace('|', "\r\n").as_bytes()).expect("it is good").expect("it is whole");
        route(&head, body.as_bytes(), "127.0.0.1:9400".parse().ok()).map_err(|wrong| match wrong {
            Wrong::Verb(_) => 405,
            Wrong::Request(refusal) => refusal.status,
        })
    }

    fn method(name: &str, params: &str) -> Result<Asked, u16> {
        Ok(Asked::Method(name.to_owned(), params.to_owned()))
    }

    #[test]
    fn a_path_is_a_method_or_a_page() {
        let json = "|content-type: application/json; charset=utf-8||";
        assert_eq!(asked(&format!("POST /rpc/v1/add_order HTTP/1.1{json}"), "{}"), method("add_order", "{}"));
        assert_eq!(asked("POST /rpc/v1/fees.get HTTP/1.1||", ""), method("fees.get", "{}"));
        assert_eq!(asked("GET /metrics HTTP/1.1||", ""), Ok(Asked::Page(Page::Metrics)));
        assert_eq!(asked("HEAD /healthz HTTP/1.1||", ""), Ok(Asked::Page(Page::Health)));
        assert_eq!(asked("GET /v1/status HTTP/1.1||", ""), method("status", "{}"));
        let book = method("book", r#"{"depth":10,"symbol":"A.B.FIRM"}"#);
        assert_eq!(asked("GET /v1/book/A%2eB.FIRM?depth=10 HTTP/1.1||", ""), book);
        let odd = method("book", r#"{"depht":"10","symbol":"A"}"#);
        assert_eq!(asked("GET /v1/book/A?depht=10 HTTP/1.1||", ""), odd);
    }

    #[test]
    fn what_is_not_meant_is_refused() {
        for (text, body, status) in [
            ("GET /rpc/v1/ping HTTP/1.1||", "", 405),
            ("POST /v1/status HTTP/1.1||", "", 405),
            ("DELETE /metrics HTTP/1.1||", "", 405),
            ("GET /ws/v1 HTTP/1.1||", "", 426),
            ("GET / HTTP/1.1||", "", 404),
            ("GET /v1/book/ HTTP/1.1||", "", 404),
            ("GET /v1/book/A%2 HTTP/1.1||", "", 400),
            ("GET /v1/book/A%ff HTTP/1.1||", "", 400),
            ("GET /v1/book/A?depth=1&depth=2 HTTP/1.1||", "", 400),
            ("POST /rpc/v1/ping?a=b HTTP/1.1||", "", 400),
            ("POST /rpc/v1/ping HTTP/1.1||", "{}", 415),
            ("POST /rpc/v1/ping HTTP/1.1|content-type: text/plain||", "{}", 415),
            ("POST /rpc/v1/ping HTTP/1.1|origin: http://evil.example||", "", 403),
        ] {
            assert_eq!(asked(text, body), Err(status), "{text}");
        }
        assert!(asked("GET /v1/status HTTP/1.1|origin: http://127.0.0.1:9400||", "").is_ok());
    }
}
