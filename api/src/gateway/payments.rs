//! Payments of a session: credit sent to others, and paid out.

use engine::command::Command;
use protocol::error::ErrorObject;
use protocol::request::Request;

use crate::convert::entry::{amount, label};
use crate::gateway::session::Session;

impl Session {
    pub(super) async fn payment(&self, request: &Request) -> Result<Command, ErrorObject> {
        let account = self.account_id();
        Ok(match request {
            Request::Transfer(params) => {
                let to = self.account(&params.to, "to").await?;
                let (amount, reference) =
                    (amount(&params.amount, "amount")?, label(&params.reference, "reference")?);
                Command::Transfer { account, to, amount, reference }
            }
            Request::Redeem(params) => {
                let (amount, reference) =
                    (amount(&params.amount, "amount")?, label(&params.reference, "reference")?);
                Command::Redeem { account, amount, reference }
            }
            Request::EndRedemption(params) => {
                let account = self.account(&params.account, "account").await?;
                let reference = label(&params.reference, "reference")?;
                Command::EndRedemption { account, reference, paid: params.paid }
            }
            _ => unreachable!("asked for payments only"),
        })
    }
}
