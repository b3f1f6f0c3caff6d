//! Deliveries of a session: what the engine decides alone about them.

use engine::command::Command;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::run::DeliveryTerms;
use engine::ids::DeliveryId;
use protocol::error::ErrorObject;
use protocol::request::Request;

use crate::convert::delivery::{self, slot_of};
use crate::convert::entry::{amount, label};
use crate::gateway::session::Session;

impl Session {
    /// What the engine decides alone.
    pub(super) async fn delivery_command(&mut self, request: &Request) -> Result<Command, ErrorObject> {
        let account = self.account_id();
        Ok(Command::Delivery(match request {
            Request::AcknowledgeDelivery(params) => {
                DeliveryCommand::AcknowledgeDelivery { account, delivery: DeliveryId(params.delivery) }
            }
            Request::AnnounceMaintenance(params) => {
                let instrument = self.instrument(&params.symbol).await?;
                DeliveryCommand::AnnounceMaintenance { account, instrument }
            }
            Request::ReclaimSlots(params) => DeliveryCommand::ReclaimSlots {
                account,
                delivery: DeliveryId(params.delivery),
                from: delivery::slot(params.from_slot, "from_slot")?,
            },
            Request::AddStake(params) => {
                DeliveryCommand::AddStake { account, amount: amount(&params.amount, "amount")? }
            }
            Request::WithdrawStake(params) => {
                DeliveryCommand::WithdrawStake { account, amount: amount(&params.amount, "amount")? }
            }
            Request::DisputeSlot(name) => {
                let (delivery, slot) = slot_of((name.delivery, name.slot))?;
                self.check_dispute((delivery, slot)).await?;
                DeliveryCommand::DisputeSlot { account, delivery, slot }
            }
            Request::SetAuditor(params) => DeliveryCommand::SetAuditor {
                account: self.account(&params.account, "account").await?,
                auditor: params.auditor,
                reason: label(&params.reason, "reason")?,
            },
            Request::SetDeliveryTerms(params) => {
                let market = self.market(&params.market).await.map_err(|error| error.with_field("market"))?;
                let deposit = amount(&params.deposit, "deposit")?;
                let (dispute_slots, ruling_slots, auditors) =
                    (params.dispute_slots, params.ruling_slots, params.auditors);
                let (stake, bounty) = (amount(&params.stake, "stake")?, amount(&params.bounty, "bounty")?);
                let terms = DeliveryTerms { dispute_slots, ruling_slots, auditors, deposit, stake, bounty };
                DeliveryCommand::SetDeliveryTerms { market, terms, reason: label(&params.reason, "reason")? }
            }
            _ => unreachable!("asked for what the engine decides alone"),
        }))
    }
}
