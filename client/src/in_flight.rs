//! In flight: the requests of a connection that have no reply yet, and why there will be none.
//!
//! Invariant: once the connection has ended, nobody waits.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use protocol::reply::Reply;
use protocol::request_id::RequestId;
use tokio::sync::oneshot;

use crate::error::ClientError;
use crate::settings::REQUESTS_MAX;

/// Shared by the program that asks and the task that reads the socket.
#[derive(Default)]
pub(crate) struct InFlight {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many requests were numbered.
    asked: i64,
    waiting: HashMap<i64, oneshot::Sender<Reply>>,
    end: Option<ClientError>,
    /// Updates that keep replies from being read: none, or all that may wait.
    unread: usize,
}

impl InFlight {
    /// Numbers a request; its reply will come through the receiver.
    pub(crate) fn begin(&self) -> Result<(i64, oneshot::Receiver<Reply>), ClientError> {
        let mut state = self.state();
        if let Some(end) = &state.end {
            return Err(end.clone());
        }
        if REQUESTS_MAX <= state.waiting.len() {
            return Err(ClientError::Busy { requests: state.waiting.len() });
        }
        state.asked += 1;
        let number = state.asked;
        let (sender, receiver) = oneshot::channel();
        state.waiting.insert(number, sender);
        Ok((number, receiver))
    }

    /// Hands a reply to whoever waits for it. One that comes after its time is let go.
    pub(crate) fn answer(&self, reply: Reply) -> Result<(), ClientError> {
        let Some(RequestId::Number(number)) = reply.req_id else {
            let error = reply.outcome.err().map_or_else(String::new, |error| format!(": {error}"));
            return Err(ClientError::Protocol { cause: format!("a reply names no request of ours{error}") });
        };
        let waiting = self.state().waiting.remove(&number);
        if let Some(sender) = waiting {
            // Whoever has stopped waiting in this moment needs no reply.
            let _ = sender.send(reply);
        }
        Ok(())
    }

    /// Stops waiting for a reply.
    pub(crate) fn forget(&self, number: i64) {
        self.state().waiting.remove(&number);
    }

    /// Says why there will be no more replies. The first reason stands.
    pub(crate) fn end(&self, reason: ClientError) {
        let mut state = self.state();
        state.end.get_or_insert(reason);
        state.waiting.clear();
    }

    /// From now on so many updates keep replies from being read.
    pub(crate) fn stand_behind(&self, updates: usize) {
        self.state().unread = updates;
    }

    /// Why no reply came in time, if nothing else is known: how many updates stand before it.
    pub(crate) fn unread(&self) -> Option<usize> {
        Some(self.state().unread).filter(|updates| *updates != 0)
    }

    /// Why the connection has ended.
    pub(crate) fn reason(&self) -> ClientError {
        let end = self.state().end.clone();
        end.unwrap_or_else(|| ClientError::Lost { cause: "it was closed here".to_owned() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}
