//! Gateway: accepts connections and runs a session on each.

mod connection;
mod controls;
mod handshake;
mod login;
mod orders;
mod session;
mod socket;

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
use protocol::status::{Condition, Maintenance, Stage, System};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::config::{CONNECTIONS_MAX, RETRY_AFTER_MS};
use crate::origin::{Origin, now};
use crate::question::Question;

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

/// What every session shares.
#[derive(Debug)]
pub struct Gateway {
    inlet: Inlet<Origin>,
    questions: Arc<Ring<Question>>,
    /// Names this history, in hexadecimal.
    epoch: String,
    /// Whether tokens are believed on this machine.
    dev: bool,
    sessions: AtomicU64,
    connections: AtomicUsize,
    notice: watch::Sender<Notice>,
}

impl Gateway {
    /// A gateway to a running node.
    pub fn new(inlet: Inlet<Origin>, questions: Arc<Ring<Question>>, epoch: u64, dev: bool) -> Arc<Gateway> {
        Arc::new(Gateway {
            inlet,
            questions,
            epoch: format!("{epoch:016x}"),
            dev,
            sessions: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            notice: watch::channel(Notice::default()).0,
        })
    }

    /// Accepts connections until [`Gateway::close`].
    pub async fn serve(self: Arc<Gateway>, listener: TcpListener) {
        let mut notice = self.notice.subscribe();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = notice.wait_for(|notice| notice.closing) => return,
            };
            match accepted {
                Ok((stream, peer)) => self.welcome(stream, peer),
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    fn welcome(self: &Arc<Gateway>, stream: TcpStream, peer: SocketAddr) {
        if CONNECTIONS_MAX <= self.connections.fetch_add(1, Ordering::SeqCst) {
            self.connections.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        let gateway = Arc::clone(self);
        tokio::spawn(async move {
            connection::run(&gateway, stream, peer).await;
            gateway.connections.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Tells every client how the exchange is from now on.
    pub fn announce(&self, condition: Condition) {
        self.notice.send_modify(|notice| notice.condition = Some(condition));
    }

    /// Tells every client that the exchange is about to stop, for a restart of unknown length.
    pub fn drain(&self) {
        let works = Maintenance {
            id: "restart".to_owned(),
            stage: Stage::Started,
            from: now(),
            to: None,
            affects: vec!["trading".to_owned(), "data".to_owned()],
            action: "connect_again".to_owned(),
        };
        let (system, maintenance) = (System::Draining, vec![works]);
        self.announce(Condition { system, maintenance, notices: Vec::new() });
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
        self.submit(Inbound { origin: Origin::Inform(answer), command }).map_err(|(error, _)| error)?;
        outcome.await.unwrap_or_else(|_| Err(draining()))
    }

    /// Hands a command over, or says why not and gives its origin back.
    fn submit(&self, inbound: Inbound<Origin>) -> Result<(), (ErrorObject, Origin)> {
        self.inlet.submit(inbound).map_err(|(refused, inbound)| match refused {
            Refused::Busy => (overloaded(), inbound.origin),
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

fn draining() -> ErrorObject {
    ErrorObject::new(ErrorCode::Draining, "the exchange is stopping: connect again when it is back")
}
