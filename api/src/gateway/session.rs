//! Session: one connection's requests, from text to command or question.
//!
//! What the session does not know it asks the publisher; what it sends to the inlet names an account that exists, has
//! the scope, and holds numbers in bounds.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, PublicKey, Scopes};
use engine::key::KeyBounds;
use engine::order::SessionId;
use node::inlet::Inbound;
use protocol::call::Call;
use protocol::close::CloseCode;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::reply::{Answer, Reply};
use protocol::request::Request;
use protocol::status::{API, Hello, Limits, MESSAGE_BYTES_MAX, Mode, Status};
use protocol::time::Time;
use protocol::update::Update;
use tokio::sync::oneshot;

use crate::budget::Budget;
use crate::config::{FAULTS_MAX, OUTBOX_BYTES_MAX, STREAMS_MAX};
use crate::gateway::abuse::Abuse;
use crate::gateway::door::Door;
use crate::gateway::handshake::Purpose;
use crate::gateway::registry::{AccountBudgets, AddressUse, Counted, KeyUse};
use crate::gateway::{Gateway, SERVER, overloaded};
use crate::limits::AccountRates;
use crate::metrics::count;
use crate::origin::{Origin, Pending, now};
use crate::outbox::{Ending, Outbox, Waiting};
use crate::question::{Question, Reader};

/// How long a connection that is gone waits before it tries again to say so.
const LEAVE_PAUSE: Duration = Duration::from_millis(20);

/// For whom a connection acts.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) account: AccountId,
    pub(super) scopes: Scopes,
    /// With which key; none where a name was enough.
    pub(super) key: Option<PublicKey>,
    pub(super) bounds: KeyBounds,
    pub(super) rates: AccountRates,
    pub(super) budgets: Arc<AccountBudgets>,
    /// Whether every reply tells what is left of the budgets.
    pub(super) tells_left: bool,
    /// Counts among the key's connections.
    pub(super) _counted: Option<Counted<KeyUse>>,
}

impl Actor {
    /// What it may read.
    pub(super) fn reader(&self) -> Option<Reader> {
        let others = self.scopes.contains(Scopes::AUDIT) || self.scopes.contains(Scopes::ADMIN);
        let reader = Reader { account: self.account, others };
        self.scopes.contains(Scopes::READ).then_some(reader)
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) gateway: Arc<Gateway>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) address: IpAddr,
    /// The server's own address on this connection.
    pub(super) local: Option<SocketAddr>,
    pub(super) door: Door,
    /// Whether it is requests over HTTP, each signed, and no websocket.
    pub(super) is_http: bool,
    /// Whether what comes is sent back, and nothing else.
    pub(super) is_echo: bool,
    /// Counts among the address's connections.
    pub(super) connections: Arc<Counted<AddressUse>>,
    /// What may be asked for on this connection.
    pub(super) requests: Budget,
    pub(super) abuse: Abuse,
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
    /// Opens a session, and says hello where it is the exchange that is talked to.
    pub(super) fn open(
        gateway: Arc<Gateway>,
        (from, counted): ((SocketAddr, Door), Counted<AddressUse>),
        purpose: Purpose,
    ) -> Session {
        count(&gateway.metrics.opened);
        let is_echo = purpose == Purpose::Echo;
        let session = Session { is_echo, ..Session::silent(gateway, (from, Arc::new(counted))) };
        if !is_echo {
            session.greet();
        }
        session
    }

    /// The session of a connection over HTTP.
    pub(super) fn over_http(
        gateway: Arc<Gateway>,
        (from, local): ((SocketAddr, Door), Option<SocketAddr>),
        counted: Arc<Counted<AddressUse>>,
    ) -> Session {
        Session { is_http: true, local, ..Session::silent(gateway, (from, counted)) }
    }

    /// A session that does not say hello.
    fn silent(
        gateway: Arc<Gateway>,
        ((peer, door), connections): ((SocketAddr, Door), Arc<Counted<AddressUse>>),
    ) -> Session {
        let number = gateway.sessions.fetch_add(1, Ordering::SeqCst);
        Session {
            outbox: Arc::default(),
            address: peer.ip(),
            local: None,
            door,
            is_http: false,
            is_echo: false,
            connections,
            requests: Budget::default(),
            abuse: Abuse::default(),
            conn_id: format!("c-{}", random_hex::<8>()),
            challenge: random_hex::<16>(),
            actor: None,
            symbols: HashMap::new(),
            has_orders: false,
            number,
            faults: 0,
            gateway,
        }
    }

    fn greet(&self) {
        let wide = |bound: usize| u64::try_from(bound).expect("bounds are small");
        let data = Hello {
            conn_id: self.conn_id.clone(),
            epoch: self.gateway.epoch.clone(),
            server: SERVER.to_owned(),
            api: API.to_owned(),
            mode: if self.gateway.settings.dev { Mode::Dev } else { Mode::Live },
            system: self.gateway.condition().system,
            time: now(),
            challenge: self.challenge.clone(),
            limits: Limits {
                max_message: wide(MESSAGE_BYTES_MAX),
                max_subs: wide(STREAMS_MAX),
                queue_bytes: wide(OUTBOX_BYTES_MAX),
                rates: self.gateway.settings.limits.told(),
            },
            ping_ms: u32::try_from(self.gateway.settings.ping.as_millis()).expect("a ping interval is short"),
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
        if let Some(account) = self.actor.as_ref().map(|actor| actor.account).filter(|_| self.has_orders) {
            let command = Command::EndSession { account, session: self.session_id() };
            // Nobody waits for the outcome.
            let inbound = || Inbound::one(Origin::Inform(oneshot::channel().0), command);
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
        if self.is_echo {
            return self.outbox.push_text(text);
        }
        let t_in = now();
        let call = Call::decode(text);
        let waiting = self.outbox.admit().await;
        self.serve(call, (waiting, None), t_in).await;
    }

    /// Does what a call asks; the answer goes over HTTP where there is somewhere to send it.
    pub(super) async fn serve(
        &mut self,
        call: Call,
        (waiting, http): (Waiting, Option<oneshot::Sender<Reply>>),
        t_in: Time,
    ) {
        count(&self.gateway.metrics.requests);
        let Call { method, req_id, request, auth } = call;
        let spent = self.spend(request.as_ref().ok(), t_in);
        let (session, rl, metrics) = (self.number, self.left(t_in), Arc::clone(&self.gateway.metrics));
        let pending = Box::new(Pending { session, waiting, method, req_id, t_in, rl, http, metrics });
        if let Err(error) = spent {
            pending.answer(Err(error));
            return self.count_abuse(t_in);
        }
        match request {
            Ok(request) => {
                self.faults = 0;
                let allowed = self.check_allowed(&request, t_in);
                match allowed.and_then(|()| self.check_signed(&request, auth.as_ref(), t_in)) {
                    Ok(()) => self.handle(pending, request).await,
                    Err(error) => self.refuse(*pending, error),
                }
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

    /// Refuses a request; a connection whose key has ended goes with it.
    fn refuse(&self, pending: Pending, error: ErrorObject) {
        let ended = (error.code == ErrorCode::KeyExpired).then(|| error.message.to_string());
        pending.answer(Err(error));
        if let Some(message) = ended {
            self.end(CloseCode::POLICY, ErrorCode::KeyExpired, message);
        }
    }

    async fn handle(&mut self, pending: Box<Pending>, request: Request) {
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
            | Request::OrderStatus(_)
            | Request::OpenOrders(_)
            | Request::Fills(_)
            | Request::Balances(_)
            | Request::Positions(_)
            | Request::Fees
            | Request::Deliveries(_)
            | Request::Cases
            | Request::ListKeys(_)
            | Request::Redemptions
            | Request::Book(_)
            | Request::Trades(_)
            | Request::Ticker(_)
            | Request::Candles(_)
            | Request::Instruments => self.ask(pending, request),
            Request::AddOrder(ref order) if order.dry_run => self.try_order(pending, order).await,
            Request::SubmitJob(_)
            | Request::Assignment(_)
            | Request::CommitSlot(_)
            | Request::RevealSecret(_)
            | Request::StoreOutputs(_)
            | Request::Outputs(_)
            | Request::OpenSlot(_)
            | Request::Receipt(_)
            | Request::JudgeSlot(_)
            | Request::RuleSlot(_) => {
                let outcome = self.evidence(request).await;
                pending.answer(outcome);
            }
            Request::Batch(batch) => self.batch(pending, batch).await,
            Request::Limits => {
                let outcome = self.limits().await;
                pending.answer(outcome);
            }
            Request::Status => {
                let outcome = self.status().await;
                pending.answer(outcome);
            }
            Request::Snapshot(ref params) => self.gateway.snapshot(pending, params),
            Request::Drain(ref params) => pending.answer(self.gateway.schedule(params).map(Answer::Drain)),
            _ => self.command(pending, &request).await,
        }
    }

    fn ask(&self, pending: Box<Pending>, request: Request) {
        let reader = self.actor.as_ref().and_then(Actor::reader);
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
