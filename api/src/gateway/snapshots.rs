//! Snapshots: an operator has one made, and is told when it is done.

use std::sync::Arc;

use protocol::control::Snapshot;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::reply::Answer;

use crate::convert::entry::label;
use crate::gateway::{Gateway, draining};
use crate::origin::Pending;

impl Gateway {
    /// Has a snapshot made. It takes as long as it takes; meanwhile the connection goes on.
    pub(super) fn snapshot(self: &Arc<Gateway>, pending: Box<Pending>, params: &Snapshot) {
        let asked = label(&params.reason, "reason").and_then(|reason| {
            let none =
                || ErrorObject::new(ErrorCode::SnapshotFailed, "this exchange keeps nothing on a disk");
            self.settings.snapshots.as_ref().ok_or_else(none)?.ask(reason.to_string())
        });
        match asked {
            Ok(outcome) => {
                tokio::spawn(async move {
                    // Whoever makes them has stopped.
                    let outcome = outcome.await.unwrap_or_else(|_| Err(draining()));
                    pending.answer(outcome.map(Answer::Snapshot));
                });
            }
            Err(error) => pending.answer(Err(error)),
        }
    }
}
