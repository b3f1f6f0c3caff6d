//! Handshake: who may open a websocket here, and how.

use std::net::SocketAddr;

use protocol::status::{ECHO_PATH, MESSAGE_BYTES_MAX, PATH, SUBPROTOCOL};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::config::{HANDSHAKE_TIMEOUT, READ_BUFFER_BYTES};
use crate::gateway::http::wire::Wire;
use crate::gateway::socket::Socket;

/// What a websocket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The exchange.
    Exchange,
    /// What comes is sent back.
    Echo,
}

/// Makes a websocket of a connection; `None` when the client asks for something else or takes too long. An echo is there on a
/// development server only.
#[allow(clippy::result_large_err, reason = "the callback's type is the websocket library's")]
pub(super) async fn accept(wire: Wire, dev: bool) -> Option<(WebSocketStream<Socket>, Purpose)> {
    let local = wire.stream().local_addr().ok()?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0);
    let mut purpose = Purpose::Exchange;
    let check = |request: &Request, response: Response| {
        if dev && request.uri().path() == ECHO_PATH {
            purpose = Purpose::Echo;
        }
        check(request, response, (local, purpose))
    };
    let handshake = accept_hdr_async_with_config(wire.into_socket(), check, Some(config));
    let frames = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await.ok()?.ok()?;
    Some((frames, purpose))
}

#[allow(clippy::result_large_err, reason = "the callback's type is the websocket library's")]
fn check(
    request: &Request,
    mut response: Response,
    (local, purpose): (SocketAddr, Purpose),
) -> Result<Response, ErrorResponse> {
    if request.uri().path() != PATH && purpose == Purpose::Exchange {
        return Err(refusal(StatusCode::NOT_FOUND, format!("the websocket is at {PATH}")));
    }
    if let Some(origin) = request.headers().get(ORIGIN)
        && !origin.to_str().is_ok_and(|origin| is_own(origin, local))
    {
        let message = "pages of other origins may not connect".to_owned();
        return Err(refusal(StatusCode::FORBIDDEN, message));
    }
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let names = offered.iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    let known = names.map(str::trim).any(|name| name == SUBPROTOCOL);
    match (offered.iter().next(), known) {
        (None, _) => {}
        (Some(_), true) => {
            let name = HeaderValue::from_static(SUBPROTOCOL);
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name);
        }
        (Some(_), false) => {
            return Err(refusal(StatusCode::BAD_REQUEST, format!("the subprotocol here is {SUBPROTOCOL}")));
        }
    }
    Ok(response)
}

/// Whether a page of this origin was served by this very server. Programs send no origin.
pub(super) fn is_own(origin: &str, local: SocketAddr) -> bool {
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some_and(|host| host == local.to_string() || host == format!("localhost:{}", local.port()))
}

fn refusal(status: StatusCode, message: String) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(message));
    *response.status_mut() = status;
    response
}
