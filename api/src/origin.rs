//! Origin: who waits for the outcome of a command or a question.

use engine::stamp::Sequence;
use node::clock::{Clock, SystemClock};
use protocol::error::ErrorObject;
use protocol::reply::{Answer, Reply};
use protocol::request_id::RequestId;
use protocol::time::Time;
use tokio::sync::oneshot;

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
}

impl Pending {
    /// Answers the request.
    pub fn answer(self, outcome: Result<Answer, ErrorObject>) {
        let Pending { waiting, method, req_id, t_in, .. } = self;
        let reply = Reply { method, req_id, outcome, t_in, t_out: now() };
        waiting.outbox().push_text(&reply.encode());
    }
}

impl Pending {
    /// Answers the request with something large of about so many bytes, which is written when its turn has come.
    pub fn answer_later(self, bytes: usize, answer: impl FnOnce() -> Answer + Send + 'static) {
        let Pending { waiting, method, req_id, t_in, .. } = self;
        waiting.outbox().push_later(bytes, move || {
            Reply { method, req_id, outcome: Ok(answer()), t_in, t_out: now() }.encode()
        });
    }
}

/// Who waits for the outcome of a command.
#[derive(Debug)]
pub enum Origin {
    /// A client's request.
    Reply(Box<Pending>),
    /// A task of this process.
    Inform(oneshot::Sender<Result<Sequence, ErrorObject>>),
}

/// The server's time.
pub(crate) fn now() -> Time {
    Time::from_ns(SystemClock.now().0)
}
