//! Gateway: accepts connections and runs a session on each.

mod abuse;
mod admission;
mod batch;
mod beacon;
mod connection;
mod controls;
mod custody;
mod deliveries;
pub mod door;
mod drain;
mod evidence;
mod handshake;
mod http;
mod keys;
mod login;
mod orders;
mod payments;
mod registry;
mod session;
mod snapshots;
mod socket;
mod venue;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use engine::command::Command;
use engine::stamp::Sequence;
use node::inlet::{Inbound, Inlet, Refused};
use node::ring::Ring;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::status::Condition;
use protocol::time::Time;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::clearing::Clearing;
use crate::config::{CONNECTIONS_MAX, RETRY_AFTER_MS, RETRY_WHEN_FULL_MS};
use crate::gateway::door::Door;
use crate::gateway::http::nonces::Nonces;
use crate::gateway::registry::Registry;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::origin::{Origin, now};
use crate::question::Question;
use crate::snapshots::SnapshotDesk;

/// The server's name and version.
const SERVER: &str = concat!("hourbook ", env!("CARGO_PKG_VERSION"));
/// How long to wait after a connection could not be accepted, so that a lack of file handles does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What every connection is to know.
#[derive(Clone, Debug, Default)]
struct Notice {
    /// How the exchange is, once there is something to tell.
    condition: Option<Condition>,
    /// All connections end.
    closing: bool,
}

/// What an address hears that has as many connections as it may.
const CROWDED: &str = "HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
    TOO_MANY_CONNECTIONS: your address has as many connections as it may: close some first\n";

/// How a gateway serves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether tokens are believed on this machine.
    pub dev: bool,
    /// How often clients may ask.
    pub limits: Limits,
    /// What assigns work; without it nothing can be delivered.
    pub clearing: Option<Arc<Clearing>>,
    /// Where operators ask for a snapshot; without it none can be made.
    pub snapshots: Option<Arc<SnapshotDesk>>,
    /// How often the server pings. A client from which nothing came in twice that time is gone.
    pub ping: Duration,
}

/// What every session shares.
#[derive(Debug)]
pub struct Gateway {
    inlet: Inlet<Origin>,
    questions: Arc<Ring<Question>>,
    /// Names this history, in hexadecimal.
    epoch: String,
    settings: Settings,
    registry: Registry,
    metrics: Arc<Metrics>,
    /// When the exchange stops, once that was announced.
    stops: watch::Sender<Option<Time>>,
    /// Requests over HTTP that were taken.
    nonces: Nonces,
    sessions: AtomicU64,
    connections: AtomicUsize,
    notice: watch::Sender<Notice>,
}

impl Gateway {
    /// A gateway to a running node.
    pub fn new(
        inlet: Inlet<Origin>,
        questions: Arc<Ring<Question>>,
        epoch: u64,
        settings: Settings,
    ) -> Arc<Gateway> {
        Arc::new(Gateway {
            inlet,
            questions,
            epoch: format!("{epoch:016x}"),
            settings,
            registry: Registry::default(),
            metrics: Arc::default(),
            stops: watch::channel(None).0,
            nonces: Nonces::new(now()),
            sessions: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            notice: watch::channel(Notice::default()).0,
        })
    }

    /// Accepts connections until [`Gateway::close`].
    pub async fn serve(self: Arc<Gateway>, listener: TcpListener, door: Door) {
        let mut notice = self.notice.subscribe();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = notice.wait_for(|notice| notice.closing) => return,
            };
            match accepted {
                Ok((stream, peer)) => self.welcome(stream, peer, door),
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    fn welcome(self: &Arc<Gateway>, stream: TcpStream, peer: SocketAddr, door: Door) {
        if CONNECTIONS_MAX <= self.connections.fetch_add(1, Ordering::SeqCst) {
            self.connections.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        let limits = &self.settings.limits;
        let most = limits.address_connections.filter(|_| limits.hold_for(peer.ip()));
        let Some(counted) = self.registry.address(peer.ip(), most, now().ns()) else {
            self.connections.fetch_sub(1, Ordering::SeqCst);
            self.metrics.refused(&ErrorCode::TooManyConnections);
            // A courtesy: what does not fit into the socket's buffer now is not worth waiting for.
            let _ = stream.try_write(CROWDED.as_bytes());
            return;
        };
        let gateway = Arc::clone(self);
        tokio::spawn(async move {
            connection::run(&gateway, stream, ((peer, door), counted)).await;
            gateway.connections.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Whether all connections end.
    fn is_closing(&self) -> bool {
        self.notice.borrow().closing
    }

    /// Tells every client how the exchange is from now on.
    pub fn announce(&self, condition: Condition) {
        self.notice.send_modify(|notice| notice.condition = Some(condition));
    }

    /// Ends every connection with "restart", after what waits for it has been written.
    pub async fn close(&self, patience: Duration) {
        self.notice.send_modify(|notice| notice.closing = true);
        let deadline = tokio::time::Instant::now() + patience;
        while 0 < self.connections.load(Ordering::SeqCst) && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Gives a command of this process to the exchange and waits until it is durable.
    ///
    /// # Errors
    /// Why it was rejected, or that the exchange is full or stopping.
    pub async fn command(&self, command: Command) -> Result<Sequence, ErrorObject> {
        let (answer, outcome) = oneshot::channel();
        self.submit(Inbound::one(Origin::Inform(answer), command)).map_err(|(error, _)| error)?;
        outcome.await.unwrap_or_else(|_| Err(draining()))
    }

    /// Hands a command over, or says why not and gives its origin back.
    fn submit(&self, inbound: Inbound<Origin>) -> Result<(), (ErrorObject, Origin)> {
        self.inlet.submit(inbound).map_err(|(refused, inbound)| match refused {
            Refused::Busy => (overloaded(), inbound.origin),
            Refused::Full => (disk_full(), inbound.origin),
            Refused::Stopping => (draining(), inbound.origin),
        })
    }

    /// Asks the publisher, or gives the question back when too many wait.
    fn ask(&self, question: Question) -> Result<(), Question> {
        self.questions.push(question)
    }

    /// Asks the publisher and waits for the answer.
    async fn consult<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Question,
    ) -> Result<T, ErrorObject> {
        let (answer, outcome) = oneshot::channel();
        self.ask(question(answer)).map_err(|_| overloaded())?;
        outcome.await.map_err(|_| draining())
    }
}

fn overloaded() -> ErrorObject {
    let message = "more requests wait than the exchange takes: nothing happened, try again";
    ErrorObject::new(ErrorCode::Overloaded, message).with_retry_after_ms(RETRY_AFTER_MS)
}

fn disk_full() -> ErrorObject {
    let message = "the exchange's disk is nearly full, and only cancellations and operators' controls are taken: nothing \
                   happened, try again when there is room";
    ErrorObject::new(ErrorCode::Overloaded, message).with_retry_after_ms(RETRY_WHEN_FULL_MS)
}

fn draining() -> ErrorObject {
    ErrorObject::new(ErrorCode::Draining, "the exchange is stopping: connect again when it is back")
}
