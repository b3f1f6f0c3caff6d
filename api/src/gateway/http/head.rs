//! Head: what stands before the body of a request over HTTP, read from bytes that may be anything.

use httparse::{EMPTY_HEADER, Error, Status};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::status::MESSAGE_BYTES_MAX;

/// Bytes of a head.
pub(in crate::gateway) const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Headers of a head.
const HEADERS_MAX: usize = 64;

/// What is done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Verb {
    Get,
    /// As `Get`, without the body of the answer.
    Head,
    Post,
    /// Another.
    Other,
}

/// A head.
#[derive(Debug)]
pub(in crate::gateway) struct Head {
    pub(in crate::gateway) verb: Verb,
    /// The path with what follows a question mark, as it was sent.
    pub(in crate::gateway) target: String,
    /// How many bytes the head is.
    pub(in crate::gateway) bytes: usize,
    /// How many the body is.
    pub(in crate::gateway) body_bytes: usize,
    /// Whether the client means to ask more on this connection.
    pub(in crate::gateway) goes_on: bool,
    /// Names in lower case.
    headers: Vec<(String, String)>,
}

/// Why a request is not answered as it was meant.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Refusal {
    /// The status of the answer.
    pub(in crate::gateway) status: u16,
    pub(in crate::gateway) error: ErrorObject,
}

impl Refusal {
    pub(in crate::gateway) fn new(status: u16, code: ErrorCode, message: impl Into<String>) -> Refusal {
        Refusal { status, error: ErrorObject::new(code, message.into()) }
    }
}

impl Head {
    /// The head that begins with these bytes; `None` while it is not whole.
    ///
    /// # Errors
    /// What is wrong with it. Where the next request begins is not known then.
    pub(in crate::gateway) fn read(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes) {
            Ok(Status::Complete(length)) if length <= HEAD_BYTES_MAX => length,
            Ok(Status::Partial) if bytes.len() < HEAD_BYTES_MAX => return Ok(None),
            Ok(_) | Err(Error::TooManyHeaders) => return Err(too_long()),
            Err(error) => return Err(broken(format!("this is no request of HTTP/1.1: {error}"))),
        };
        let mut named = Vec::with_capacity(request.headers.len());
        for header in request.headers.iter() {
            let value = std::str::from_utf8(header.value)
                .map_err(|_| broken(format!("the header {} is no UTF-8", header.name)))?;
            named.push((header.name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let verb = match request.method {
            Some("GET") => Verb::Get,
            Some("HEAD") => Verb::Head,
            Some("POST") => Verb::Post,
            _ => Verb::Other,
        };
        let target = request.path.unwrap_or_default().to_owned();
        let newest = request.version == Some(1);
        let mut head = Head { verb, target, bytes: length, body_bytes: 0, goes_on: newest, headers: named };
        head.body_bytes = head.length_of_body()?;
        head.goes_on = match head.header("connection")?.map(str::to_ascii_lowercase) {
            Some(text) if text.split(',').any(|word| word.trim() == "close") => false,
            Some(text) if text.split(',').any(|word| word.trim() == "keep-alive") => true,
            _ => newest,
        };
        Ok(Some(head))
    }

    /// The value of a header, if there is one of this name, in lower case.
    ///
    /// # Errors
    /// There are several: which one counts is anyone's guess.
    pub(in crate::gateway) fn header(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values =
            self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(broken(format!("the header {name} is given more than once")));
        }
        Ok(first)
    }

    /// Whether the client asks for a websocket. Whether it may have one is decided in the handshake.
    pub(in crate::gateway) fn upgrades(&self) -> bool {
        let mut upgrades = self.headers.iter().filter(|(name, _)| name == "upgrade");
        upgrades.any(|(_, value)| value.eq_ignore_ascii_case("websocket"))
    }

    /// Whether the client sends the body only when it is told to.
    pub(in crate::gateway) fn waits(&self) -> bool {
        self.headers
            .iter()
            .any(|(name, value)| name == "expect" && value.eq_ignore_ascii_case("100-continue"))
    }

    fn length_of_body(&self) -> Result<usize, Refusal> {
        if self.headers.iter().any(|(name, _)| name == "transfer-encoding") {
            let message = "a body is sent whole, with content-length: no transfer-encoding is taken";
            return Err(Refusal::new(411, ErrorCode::BadEnvelope, message));
        }
        let Some(text) = self.header("content-length")? else { return Ok(0) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length = text.parse().ok().filter(|_| digits && text.len() <= 20);
        match length {
            Some(length) if length <= MESSAGE_BYTES_MAX => Ok(length),
            None if !digits => Err(broken("content-length is a number of bytes")),
            _ => {
                let message = format!("a body has at most {MESSAGE_BYTES_MAX} bytes: send less at a time");
                Err(Refusal::new(413, ErrorCode::TooLarge, message))
            }
        }
    }
}

pub(in crate::gateway) fn broken(message: impl Into<String>) -> Refusal {
    Refusal::new(400, ErrorCode::BadEnvelope, message)
}

fn too_long() -> Refusal {
    let message = format!(
        "the lines before a body have at most {HEAD_BYTES_MAX} bytes, {HEADERS_MAX} headers among them"
    );
    Refusal::new(431, ErrorCode::TooLarge, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Head {
        Head::read(text.as_bytes()).expect("it is a head").expect("it is whole")
    }

    fn refused(text: &str) -> u16 {
        Head::read(text.as_bytes()).expect_err("it is no good head").status
    }

    #[test]
    fn a_head_is_whole_or_waited_for() {
        let text = "POST /rpc/v1/ping HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
        for end in 0..text.len() - 2 {
            assert!(Head::read(&text.as_bytes()[..end]).expect("so far it is good").is_none(), "{end}");
        }
        let head = read(text);
        assert_eq!((head.verb, head.target.as_str()), (Verb::Post, "/rpc/v1/ping"));
        assert_eq!((head.bytes, head.body_bytes, head.goes_on), (text.len() - 2, 2, true));
        assert_eq!(head.header("host").ok().flatten(), Some("a"));
    }

    #[test]
    fn who_goes_on_and_who_upgrades_says_so() {
        assert!(!read("GET / HTTP/1.0\r\n\r\n").goes_on);
        assert!(read("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").goes_on);
        assert!(!read("GET / HTTP/1.1\r\nconnection: close\r\n\r\n").goes_on);
        assert!(read("GET /ws/v1 HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n").upgrades());
        assert!(!read("GET /ws/v1 HTTP/1.1\r\n\r\n").upgrades());
        assert!(read("POST / HTTP/1.1\r\nExpect: 100-Continue\r\n\r\n").waits());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        assert_eq!(refused("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400);
        assert_eq!(refused("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n"), 400);
        assert_eq!(refused("POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n"), 400);
        assert_eq!(refused("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
        assert_eq!(refused("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n"), 413);
        assert_eq!(refused("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"), 413);
        assert_eq!(refused("GET / HTTP/1.1\r\nA : b\r\n\r\n"), 400);
        assert_eq!(refused("\u{1}\u{2}\u{3}\u{4}"), 400);
        let headers = "a: b\r\n".repeat(HEADERS_MAX + 1);
        assert_eq!(refused(&format!("GET / HTTP/1.1\r\n{headers}\r\n")), 431);
        assert_eq!(refused(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(HEAD_BYTES_MAX))), 431);
    }
}
