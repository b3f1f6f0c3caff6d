//! Origin: who waits for the outcome of a command or a question.

use std::sync::Arc;

use engine::stamp::Sequence;
use node::clock::{Clock, SystemClock};
use protocol::error::ErrorObject;
use protocol::reply::{Answer, Reply};
use protocol::request_id::RequestId;
use protocol::time::Time;
use protocol::venue::RateLeft;
use tokio::sync::oneshot;

use crate::group::{Part, Whole};
use crate::metrics::Metrics;
use crate::outbox::Waiting;

/// A request that has to be answered.
#[derive(Debug)]
pub struct Pending {
    /// The connection's number.
    pub session: u64,
    /// Where the reply goes.
    pub waiting: Waiting,
    /// The request's method, if it could be read.
    pub method: Option<Box<str>>,
    /// The client's name for the request.
    pub req_id: Option<RequestId>,
    /// When it was received.
    pub t_in: Time,
    /// What the reply tells of the account's budgets.
    pub rl: Option<RateLeft>,
    /// Where the reply goes if the request came over HTTP.
    pub http: Option<oneshot::Sender<Reply>>,
    /// Counts what is refused.
    pub metrics: Arc<Metrics>,
}

impl Pending {
    /// Answers the request.
    pub fn answer(self, outcome: Result<Answer, ErrorObject>) {
        let Pending { waiting, method, req_id, t_in, rl, http, metrics, .. } = self;
        if let Err(error) = &outcome {
            metrics.refused(&error.code);
        }
        let t_out = now();
        metrics.answered(t_out.ns().saturating_sub(t_in.ns()));
        let reply = Reply { method, req_id, outcome, t_in, t_out, rl };
        match http {
            // Whoever asked may have gone.
            Some(http) => drop(http.send(reply)),
            None => waiting.outbox().push_text(&reply.encode()),
        }
    }
}

impl Pending {
    /// Answers the request with something large of about so many bytes, which is written when its turn has come.
    pub fn answer_later(self, bytes: usize, answer: impl FnOnce() -> Answer + Send + 'static) {
        if self.http.is_some() {
            return self.answer(Ok(answer()));
        }
        let Pending { waiting, method, req_id, t_in, rl, metrics, .. } = self;
        metrics.answered(now().ns().saturating_sub(t_in.ns()));
        waiting.outbox().push_later(bytes, move || {
            Reply { method, req_id, outcome: Ok(answer()), t_in, t_out: now(), rl }.encode()
        });
    }
}

/// Who waits for the outcome of a command.
#[derive(Debug)]
pub enum Origin {
    /// A client's request.
    Reply(Box<Pending>),
    /// One change of a batch.
    Part(Part),
    /// The changes of an atomic batch.
    Whole(Box<Whole>),
    /// A task of this process.
    Inform(oneshot::Sender<Result<Sequence, ErrorObject>>),
}

/// The server's time.
pub(crate) fn now() -> Time {
    Time::from_ns(SystemClock.now().0)
}
