//! Http: the methods of the protocol over HTTP, one request at a time, each with its answer; and pages for whoever watches
//! the exchange.
//!
//! ```text
//!   bytes -> head (bounded) -> a websocket's: handshake
//!                           -> where to: a method by POST, a method that only reads by GET, or a page
//!                           -> body (bounded) -> who asks -> as over a websocket -> one answer
//! ```
//!
//! There is nothing that lasts: no login, no streams, no orders that end with the connection. Every request that needs an
//! account is signed by itself.

pub(super) mod head;
pub(super) mod nonces;
mod page;
mod proof;
mod reply;
mod route;
pub(super) mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use protocol::call::Call;
use protocol::error_code::ErrorCode;
use tokio::sync::oneshot;

use crate::config::HTTP_IDLE;
use crate::gateway::door::Door;
use crate::gateway::http::head::{Head, Refusal, Verb};
use crate::gateway::http::reply::Answered;
use crate::gateway::http::route::{Asked, Wrong, route};
use crate::gateway::http::wire::{Come, Wire};
use crate::gateway::registry::{AddressUse, Counted};
use crate::gateway::session::Session;
use crate::gateway::{Gateway, draining};
use crate::metrics::count;

/// Answers requests until the client has no more, asks something that cannot be read, or the exchange stops.
pub(super) async fn serve(
    gateway: &Arc<Gateway>,
    (mut wire, mut head): (Wire, Head),
    (from, counted): ((SocketAddr, Door), Arc<Counted<AddressUse>>),
) {
    let local = wire.stream().local_addr().ok();
    let mut session = Session::over_http(Arc::clone(gateway), (from, local), counted);
    let mut notice = gateway.notice.subscribe();
    loop {
        let next = match answer(&mut session, &mut wire, &head).await {
            Next::Request => tokio::select! {
                next = wire.head(HTTP_IDLE) => next,
                _ = notice.wait_for(|notice| notice.closing) => Ok(Come::End),
            },
            Next::End => return wire.end().await,
        };
        head = match next {
            // A websocket is begun on a connection of its own.
            Ok(Come::Head(head)) => head,
            Ok(Come::End) => return,
            Err(refusal) => return refuse(gateway, wire, refusal).await,
        };
    }
}

/// Answers what cannot be read, and ends.
pub(super) async fn refuse(gateway: &Gateway, mut wire: Wire, refusal: Refusal) {
    count(&gateway.metrics.http);
    gateway.metrics.refused(&refusal.error.code);
    if wire.write(&Answered::refusal(refusal).bytes(false, false)).await.is_ok() {
        wire.end().await;
    }
}

/// What comes after an answer.
enum Next {
    Request,
    End,
}

async fn answer(session: &mut Session, wire: &mut Wire, head: &Head) -> Next {
    count(&session.gateway.metrics.http);
    let (answered, goes_on) = match wire.body(head).await {
        Ok(body) => {
            let answered = session.respond(head, &body).await;
            (answered, head.goes_on && session.outbox.ending().is_none() && !session.gateway.is_closing())
        }
        Err(refusal) => (Answered::refusal(refusal), false),
    };
    let bytes = answered.bytes(goes_on, head.verb == Verb::Head);
    match wire.write(&bytes).await {
        Ok(()) if goes_on => Next::Request,
        _ => Next::End,
    }
}

impl Session {
    async fn respond(&mut self, head: &Head, body: &[u8]) -> Answered {
        let refused = |session: &Session, refusal: Refusal| {
            session.gateway.metrics.refused(&refusal.error.code);
            Answered::refusal(refusal)
        };
        match route(head, body, self.local) {
            Ok(Asked::Page(page)) => match self.spend(None, self.gateway.settings.now()) {
                Ok(()) => self.page(page).await,
                Err(error) => refused(self, Refusal { status: reply::status(&error.code), error }),
            },
            Ok(Asked::Method(method, params)) => match self.identify(head, body).await {
                Ok(()) => self.call(&method, &params).await,
                Err(error) => {
                    // Whoever tries signatures pays for each.
                    let error = self.spend(None, self.gateway.settings.now()).err().unwrap_or(error);
                    refused(self, Refusal { status: reply::status(&error.code), error })
                }
            },
            Err(Wrong::Verb(allow)) => Answered::not_allowed(allow),
            Err(Wrong::Request(refusal)) => refused(self, *refusal),
        }
    }

    /// Does what a method asks, and waits for the outcome.
    async fn call(&mut self, method: &str, params: &str) -> Answered {
        let t_in = self.gateway.settings.now();
        let (sender, outcome) = oneshot::channel();
        let waiting = self.outbox.admit().await;
        self.serve(Call::of(method, params), (waiting, Some(sender)), t_in).await;
        match outcome.await {
            Ok(reply) => Answered::reply(&reply),
            // The exchange stopped before it was done.
            Err(_) => {
                Answered::refusal(Refusal { status: reply::status(&ErrorCode::Draining), error: draining() })
            }
        }
    }
}
