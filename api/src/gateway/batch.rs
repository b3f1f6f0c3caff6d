//! Batches of a session: several changes of orders in one request.

use std::sync::Arc;

use engine::command::Command;
use engine::exchange::batch::BATCH_OPS_MAX;
use node::inlet::Inbound;
use protocol::batch::Batch;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::request::Request;

use crate::gateway::session::Session;
use crate::group::{Group, Whole};
use crate::origin::{Origin, Pending};

impl Session {
    /// Carries out a batch: each change alone, or all of them or none.
    pub(super) async fn batch(&mut self, pending: Box<Pending>, batch: Batch) {
        let Batch { atomic, ordered, ops } = batch;
        let names = ops.iter().map(|op| op.as_ref().ok().map(|request| request.method().to_owned()));
        let group = Group::new(pending, names);
        let mut order: Vec<usize> = (0..ops.len()).collect();
        if !ordered {
            order.sort_by_key(|place| !matches!(ops[*place], Ok(Request::CancelOrder(_))));
        }
        let mut commands = Vec::with_capacity(ops.len());
        for place in order {
            let converted = match &ops[place] {
                Ok(request) => self.convert_op(request).await,
                Err(error) => Err(error.clone()),
            };
            commands.push((place, converted.map_err(|error| inside(place, error))));
        }
        if atomic {
            return self.submit_whole(&group, commands);
        }
        for (place, converted) in commands {
            match converted {
                Ok(command) => self.submit_part(&group, place, command),
                Err(error) => group.tell(place, Err(error)),
            }
        }
    }

    async fn convert_op(&mut self, request: &Request) -> Result<Command, ErrorObject> {
        self.check_op(request)?;
        self.convert(request).await
    }

    /// Hands over all changes as one, if all of them could be read.
    fn submit_whole(&mut self, group: &Arc<Group>, commands: Vec<(usize, Result<Command, ErrorObject>)>) {
        let mut changes = Vec::with_capacity(commands.len());
        let mut wrong = None;
        for (place, converted) in commands {
            match converted.and_then(|command| atomic(command).map_err(|error| inside(place, error))) {
                Ok(command) => changes.push((place, command)),
                Err(error) => drop(wrong.get_or_insert((place, error))),
            }
        }
        if wrong.is_none() && usize::from(BATCH_OPS_MAX) < changes.len() {
            let message = format!("an atomic batch has at most {BATCH_OPS_MAX} ops: send several");
            wrong = Some((0, ErrorObject::new(ErrorCode::BatchInvalid, message).with_field("ops")));
        }
        if let Some((place, error)) = wrong {
            return group.refuse(place, error);
        }
        changes.iter().for_each(|(_, command)| self.note_session(command));
        let list = changes.iter().map(|(_, command)| *command).collect();
        let whole = Whole { group: Arc::clone(group), changes };
        let inbound = Inbound::batch(Origin::Whole(Box::new(whole)), self.account_id(), list);
        if let Err((error, Origin::Whole(whole))) = self.gateway.submit(inbound) {
            whole.group.tell_all(&error);
        }
    }

    fn submit_part(&mut self, group: &Arc<Group>, place: usize, command: Command) {
        self.note_session(&command);
        let inbound = Inbound::one(Origin::Part(group.part(place)), command);
        if let Err((error, Origin::Part(part))) = self.gateway.submit(inbound) {
            part.tell(Err(error));
        }
    }
}

/// A change that may be in an atomic batch.
fn atomic(command: Command) -> Result<Command, ErrorObject> {
    match command {
        Command::PlaceOrder(_) | Command::CancelOrder { .. } => Ok(command),
        _ => {
            let message =
                "an atomic batch takes add_order and cancel_order; an amendment is atomic by itself";
            Err(ErrorObject::new(ErrorCode::BatchInvalid, message).with_field("op"))
        }
    }
}

/// The error at its place in the batch.
pub(super) fn inside(place: usize, error: ErrorObject) -> ErrorObject {
    match error.field.as_deref() {
        Some(field) if !field.starts_with("ops[") => {
            let field = format!("ops[{place}].{field}");
            error.with_field(field)
        }
        _ => error,
    }
}
