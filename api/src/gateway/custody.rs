//! Custody of the gateway: how slots go on of which an earlier process has shown or lost something.

use std::sync::Arc;

use engine::command::Command;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Ruling;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::ids::DeliveryId;
use engine::label::Label;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use settlement::custody::Loss;

use crate::clearing::named;
use crate::gateway::Gateway;
use crate::question::Question;

impl Gateway {
    /// Goes on with the slots under way after a start: what was committed to and not drawn is drawn; where what the journal names
    /// is lost, nobody can be asked to show it, so the slot is ruled inconclusive. Returns those, and why.
    pub async fn take_up_slots(self: &Arc<Gateway>) -> Vec<(DeliveryId, SlotNumber, Loss)> {
        let mut lost = Vec::new();
        let Ok(clearing) = self.clearing() else { return lost };
        let Ok(shown) = self.consult(|answer| Question::Shown { answer }).await else { return lost };
        for (delivery, slot, state) in shown {
            let Some(named) = named(state) else { continue };
            let of = (delivery.0, slot.number());
            let _held = clearing.hold(of.0).await;
            match clearing.custody(of, named).await {
                Ok(Ok(receipt)) if state == SlotState::Committed => {
                    self.take_up_draw((delivery, slot), receipt).await;
                }
                Ok(Ok(_)) => {}
                Ok(Err(loss)) => {
                    if self.give_up((delivery, slot)).await.is_ok_and(|ruled| ruled) {
                        lost.push((delivery, slot, loss));
                    }
                }
                // The machine failed: whoever asks for it finds out whether it still does.
                Err(_) => {}
            }
        }
        lost
    }

    /// Rules that a slot cannot be known, whose evidence the exchange has lost. Returns whether it did: one that went on meanwhile
    /// stays as it is.
    pub(super) async fn give_up(
        &self,
        (delivery, slot): (DeliveryId, SlotNumber),
    ) -> Result<bool, ErrorObject> {
        let reason = Label::new("evidence-lost").expect("it is a label");
        let ruling = DeliveryCommand::RuleSlot { delivery, slot, ruling: Ruling::Inconclusive, reason };
        match self.command(Command::Delivery(ruling)).await {
            Ok(_) => Ok(true),
            Err(error) if error.code == ErrorCode::WrongState => Ok(false),
            Err(error) => Err(error),
        }
    }
}
