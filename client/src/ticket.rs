//! Ticket: a request that was sent, to be exchanged for its reply.

use std::sync::Arc;
use std::time::Duration;

use protocol::reply::{Answer, Reply};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::error::ClientError;
use crate::in_flight::InFlight;

/// A request that was sent. Dropping it lets its reply go unread.
pub struct Ticket {
    in_flight: Arc<InFlight>,
    number: i64,
    method: &'static str,
    reply: oneshot::Receiver<Reply>,
    patience: Duration,
    sent: Instant,
}

impl Ticket {
    /// Registers a request of this method, from now on.
    pub(crate) fn begin(
        in_flight: &Arc<InFlight>,
        method: &'static str,
        patience: Duration,
    ) -> Result<Ticket, ClientError> {
        let (number, reply) = in_flight.begin()?;
        Ok(Ticket { in_flight: in_flight.clone(), number, method, reply, patience, sent: Instant::now() })
    }

    /// The number that the reply will repeat.
    pub(crate) fn number(&self) -> i64 {
        self.number
    }

    /// Waits for the reply as it came, a refusal too.
    pub async fn reply(mut self) -> Result<Reply, ClientError> {
        let reply = match timeout_at(self.sent + self.patience, &mut self.reply).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => return Err(self.in_flight.reason()),
            Err(_) => {
                let late = ClientError::Timeout { method: self.method, after: self.patience };
                return Err(self.in_flight.unread().map_or(late, |updates| ClientError::Unread { updates }));
            }
        };
        // The method says of which kind the answer is, so another one would be taken for what it is not.
        if reply.outcome.is_ok() && reply.method.as_deref() != Some(self.method) {
            let cause = format!("the reply to {} names the method {:?}", self.method, reply.method);
            return Err(ClientError::Protocol { cause });
        }
        Ok(reply)
    }

    /// Waits for the result; a refusal is an error.
    pub async fn answer(self) -> Result<Answer, ClientError> {
        Ok(self.reply().await?.outcome?)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.in_flight.forget(self.number);
    }
}
