//! Connection: one websocket to the exchange.
//!
//! A task of its own reads and writes the socket. Calls need only `&self` and may be many at a time; replies find
//! their call by its number. Updates wait in a queue with a bound. When it is full the socket is not read until there is
//! room, so that a program that reads slowly costs no memory here: what it has not read waits at the exchange, which tells it
//! less or ends the connection by its own rules, and a replay goes on as fast as it is read. A program that reads
//! nothing at all is gone for the exchange after a while, so that its orders end that should.

use std::sync::{Arc, OnceLock};

use protocol::request::Request;
use protocol::request_id::RequestId;
use protocol::session::RequestProof;
use protocol::signature::{RequestText, Signed};
use protocol::status::Hello;
use protocol::update::Update;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::call::now;
use crate::error::ClientError;
use crate::in_flight::InFlight;
use crate::secret::Secret;
use crate::settings::{GOODBYE, REQUESTS_MAX, Settings};
use crate::socket::Socket;
use crate::ticket::Ticket;

/// An open connection. Dropping it closes the socket without a word; [`Connection::close`] says goodbye.
pub struct Connection {
    hello: Hello,
    settings: Settings,
    in_flight: Arc<InFlight>,
    /// Signs what moves credit or changes keys, once it has logged in.
    pub(crate) signer: OnceLock<Secret>,
    outgoing: Option<mpsc::Sender<String>>,
    updates: mpsc::Receiver<Update>,
    task: JoinHandle<()>,
}

impl Connection {
    /// Connects to an address such as `ws://127.0.0.1:9400/ws/v1` and waits for the exchange's hello.
    pub async fn open(url: &str) -> Result<Connection, ClientError> {
        Connection::open_with(url, Settings::default()).await
    }

    /// The same with other bounds.
    pub async fn open_with(url: &str, settings: Settings) -> Result<Connection, ClientError> {
        let opening = timeout(settings.timeout, Socket::open(url)).await;
        let (socket, hello) = opening.unwrap_or_else(|_| {
            let cause = format!("no hello within {:?}", settings.timeout);
            Err(ClientError::Connect { url: url.to_owned(), cause })
        })?;
        let in_flight = Arc::new(InFlight::default());
        let (outgoing, to_send) = mpsc::channel(REQUESTS_MAX);
        let (to_read, updates) = mpsc::channel(settings.updates_max);
        let ended = in_flight.clone();
        let task = tokio::spawn(async move {
            let reason = socket.run(to_send, to_read, &ended).await;
            ended.end(reason);
        });
        let (signer, outgoing) = (OnceLock::new(), Some(outgoing));
        Ok(Connection { hello, settings, in_flight, signer, outgoing, updates, task })
    }

    /// What the exchange said of itself.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Sends a request and does not wait: the ticket is for its reply. Requests are sent in the order of these calls.
    pub fn send(&self, request: &Request) -> Result<Ticket, ClientError> {
        let ticket = Ticket::begin(&self.in_flight, request.method(), self.settings.timeout)?;
        let text = self.encode(request, &RequestId::Number(ticket.number()));
        match self.outgoing.as_ref().map(|outgoing| outgoing.try_send(text)) {
            Some(Ok(())) => Ok(ticket),
            Some(Err(mpsc::error::TrySendError::Full(_))) => {
                Err(ClientError::Busy { requests: REQUESTS_MAX })
            }
            Some(Err(mpsc::error::TrySendError::Closed(_))) | None => Err(self.in_flight.reason()),
        }
    }

    /// The text of a request, signed if it has to be and the connection has logged in with a key.
    fn encode(&self, request: &Request, req_id: &RequestId) -> String {
        let Some(secret) = self.signer.get().filter(|_| request.is_signed()) else {
            return request.encode(Some(req_id));
        };
        let (params, ts) = (request.params(), now());
        let Hello { conn_id, challenge, .. } = &self.hello;
        let text = RequestText { conn_id, challenge, ts, method: request.method(), params: &params };
        let proof = RequestProof { ts, sig: text.sign(secret.bytes()) };
        request.encode_signed(Some(req_id), &params, &proof)
    }

    /// The next message of any stream, in the order in which they came. What this client does not know is left out.
    /// After the connection has ended, and all that came before was read, this is the reason. May be dropped while it
    /// waits; nothing is lost.
    pub async fn next_update(&mut self) -> Result<Update, ClientError> {
        self.updates.recv().await.ok_or_else(|| self.in_flight.reason())
    }

    /// Says goodbye and waits a moment for the answer. Requests that have no reply yet may be lost.
    pub async fn close(mut self) {
        self.outgoing = None;
        let _ = timeout(GOODBYE, &mut self.task).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
        self.in_flight.end(ClientError::Lost { cause: "it was closed here".to_owned() });
    }
}
