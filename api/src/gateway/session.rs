//! Session: one connection's requests, from text to command or question.
//!
//! What the session does not know it asks the publisher; what it sends to the inlet names an account that exists, has
//! the scope, and holds numbers in bounds.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, Scopes};
use engine::order::SessionId;
use node::inlet::Inbound;
use protocol::call::Call;
use protocol::close::CloseCode;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::status::{API, Hello, Limits, MESSAGE_BYTES_MAX, Mode, Status, System};
use protocol::update::Update;
use tokio::sync::oneshot;

use crate::config::{FAULTS_MAX, OUTBOX_BYTES_MAX, PING_INTERVAL, STREAMS_MAX};
use crate::convert::account::scope_set;
use crate::gateway::{Gateway, overloaded};
use crate::origin::{Origin, Pending, now};
use crate::outbox::{Ending, Outbox};
use crate::question::Question;

/// How long a connection that is gone waits before it tries again to say so.
const LEAVE_PAUSE: Duration = Duration::from_millis(20);

/// For whom a connection acts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Actor {
    pub(super) account: AccountId,
    pub(super) scopes: Scopes,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) gateway: Arc<Gateway>,
    pub(super) outbox: Arc<Outbox>,
    /// Whether the client is on this machine.
    pub(super) loopback: bool,
    pub(super) conn_id: String,
    pub(super) challenge: String,
    pub(super) actor: Option<Actor>,
    /// Instruments of symbols that were asked for.
    pub(super) symbols: HashMap<Box<str>, InstrumentId>,
    /// Whether an order was sent that ends with this connection.
    pub(super) has_orders: bool,
    number: u64,
    /// Malformed requests since the last good one.
    faults: u32,
}

impl Session {
    /// Opens a session and says hello.
    pub(super) fn open(gateway: Arc<Gateway>, peer: SocketAddr) -> Session {
        let number = gateway.sessions.fetch_add(1, Ordering::SeqCst);
        let session = Session {
            outbox: Arc::default(),
            loopback: peer.ip().is_loopback(),
            conn_id: format!("c-{}", random_hex::<8>()),
            challenge: random_hex::<16>(),
            actor: None,
            symbols: HashMap::new(),
            has_orders: false,
            number,
            faults: 0,
            gateway,
        };
        session.greet();
        session
    }

    fn greet(&self) {
        let count = |bound: usize| u64::try_from(bound).expect("bounds are small");
        let data = Hello {
            conn_id: self.conn_id.clone(),
            epoch: self.gateway.epoch.clone(),
            server: concat!("hourbook ", env!("CARGO_PKG_VERSION")).to_owned(),
            api: API.to_owned(),
            mode: if self.gateway.dev { Mode::Dev } else { Mode::Live },
            system: if self.gateway.inlet.is_stopping() { System::Draining } else { System::Online },
            time: now(),
            challenge: self.challenge.clone(),
            limits: Limits {
                max_message: count(MESSAGE_BYTES_MAX),
                max_subs: count(STREAMS_MAX),
                queue_bytes: count(OUTBOX_BYTES_MAX),
            },
            ping_ms: u32::try_from(PING_INTERVAL.as_millis()).expect("a ping interval is short"),
        };
        self.outbox.push_text(&Update::Status(Box::new(Status::Hello { data })).encode());
    }

    /// Where text for this connection goes.
    pub(super) fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }

    /// The connection's number.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// How orders name this connection. Numbers come again only after four billion connections; those of an earlier
    /// process have ended before the first command of this one.
    pub(super) fn session_id(&self) -> SessionId {
        let number = u32::try_from(self.number % u64::from(u32::MAX)).expect("a remainder is small");
        SessionId(NonZeroU32::MIN.saturating_add(number))
    }

    /// Ends what ends with the connection: the orders that asked for it, and the streams.
    pub(super) async fn leave(self) {
        if let Some(Actor { account, .. }) = self.actor.filter(|_| self.has_orders) {
            let command = Command::EndSession { account, session: self.session_id() };
            // Nobody waits for the outcome.
            let inbound = || Inbound { origin: Origin::Inform(oneshot::channel().0), command };
            // An exchange that stops ends the session when it starts again.
            while !self.gateway.inlet.is_stopping() && self.gateway.submit(inbound()).is_err() {
                tokio::time::sleep(LEAVE_PAUSE).await;
            }
        }
        let leave = || Question::Leave { session: self.number };
        while self.gateway.ask(leave()).is_err() && !self.gateway.inlet.is_stopping() {
            tokio::time::sleep(LEAVE_PAUSE).await;
        }
    }

    /// Ends the connection for a reason that the client is told.
    pub(super) fn end(&self, close: CloseCode, code: ErrorCode, message: String) {
        self.outbox.end(Ending { close, error: Some((code, message)) });
    }

    /// Does what the text of one frame asks; nothing once the connection is ending.
    pub(super) async fn receive(&mut self, text: &str) {
        if self.outbox.ending().is_some() {
            return;
        }
        let t_in = now();
        let Call { method, req_id, request } = Call::decode(text);
        let waiting = self.outbox.admit().await;
        let pending = Box::new(Pending { session: self.number, waiting, method, req_id, t_in });
        match request {
            Ok(request) => {
                self.faults = 0;
                self.handle(pending, request).await;
            }
            Err(error) => {
                pending.answer(Err(error));
                self.faults += 1;
                if self.faults == FAULTS_MAX {
                    let message =
                        format!("{FAULTS_MAX} malformed requests in a row: see the errors of the replies");
                    self.end(CloseCode::PROTOCOL_ERRORS, ErrorCode::BadEnvelope, message);
                }
            }
        }
    }

    async fn handle(&mut self, pending: Box<Pending>, request: Request) {
        if let Err(error) = self.check_scope(&request) {
            return pending.answer(Err(error));
        }
        match request {
            Request::Ping(ping) => pending.answer(Ok(Answer::Ping(ping))),
            Request::Login(login) => {
                let outcome = self.login(&login).await;
                pending.answer(outcome.map(Answer::Login));
            }
            Request::Logout => {
                // A client that says goodbye leaves its orders on purpose.
                self.has_orders = false;
                pending.answer(Ok(Answer::Logout {}));
                self.outbox.end(Ending { close: CloseCode::NORMAL, error: None });
            }
            Request::Subscribe(_)
            | Request::Unsubscribe(_)
            | Request::Resync(_)
            | Request::OpenOrders(_)
            | Request::Fills(_)
            | Request::Balances
            | Request::Instruments => self.ask(pending, request),
            _ => self.command(pending, &request).await,
        }
    }

    fn check_scope(&self, request: &Request) -> Result<(), ErrorObject> {
        let Some(scope) = request.scope() else { return Ok(()) };
        let Some(actor) = self.actor else {
            let message = format!("{} needs a login", request.method());
            return Err(ErrorObject::new(ErrorCode::AuthRequired, message));
        };
        if actor.scopes.contains(scope_set(scope)) {
            return Ok(());
        }
        let scope = format!("{scope:?}").to_lowercase();
        let message = format!("{} needs a key with the scope {scope}", request.method());
        Err(ErrorObject::new(ErrorCode::ScopeMissing, message))
    }

    fn ask(&self, pending: Box<Pending>, request: Request) {
        let reader =
            self.actor.filter(|actor| actor.scopes.contains(Scopes::READ)).map(|actor| actor.account);
        if let Err(Question::Request { pending, .. }) =
            self.gateway.ask(Question::Request { pending, reader, request: Box::new(request) })
        {
            pending.answer(Err(overloaded()));
        }
    }
}

/// So many random bytes in hexadecimal.
fn random_hex<const N: usize>() -> String {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the machine has random numbers");
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
