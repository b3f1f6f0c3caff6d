//! Venue of a session: what the exchange says of itself, and of what the account may do.

use engine::control::{AccountLimits, OPEN_ORDERS_MAX};
use engine::units::Lots;
use protocol::error::ErrorObject;
use protocol::reply::Answer;
use protocol::status::Condition;
use protocol::venue::{DeliveryBasis, LimitsResult, VenueStatus};

use crate::clearing::Clearing;
use crate::convert::account::amount;
use crate::convert::control::mode_told;
use crate::convert::key;
use crate::convert::order::quantity;
use crate::gateway::SERVER;
use crate::gateway::session::Session;
use crate::origin::now;
use crate::question::{AccountBounds, Modes, Question};

impl Session {
    /// Answers `status`.
    pub(super) async fn status(&self) -> Result<Answer, ErrorObject> {
        let Modes { venue, markets, seq } = self.gateway.consult(|answer| Question::Modes { answer }).await?;
        let Condition { system, maintenance, notices } = self.gateway.condition();
        Ok(Answer::Status(Box::new(VenueStatus {
            system,
            epoch: self.gateway.epoch.clone(),
            server: SERVER.to_owned(),
            time: now(),
            mode: mode_told(venue),
            markets,
            maintenance,
            notices,
            deliveries: self.gateway.settings.clearing.as_deref().map(basis),
            as_of_seq: seq,
        })))
    }

    /// Answers `limits.get`.
    pub(super) async fn limits(&self) -> Result<Answer, ErrorObject> {
        let actor = self.actor.as_ref().expect("scopes are checked before requests are answered");
        let account = actor.account;
        let known = self.gateway.consult(|answer| Question::Limits { account, answer }).await?;
        let AccountBounds { locked, provider, auditor, limits, open_orders, xseq } = known;
        let none = AccountLimits::NONE;
        let lots = |lots: Lots| (lots < none.position_lots).then(|| quantity(lots));
        Ok(Answer::Limits(Box::new(LimitsResult {
            locked,
            provider,
            auditor,
            open_orders,
            open_orders_max: limits.open_orders.min(OPEN_ORDERS_MAX),
            position_qty: lots(limits.position_lots),
            order_notional: (limits.order_notional < none.order_notional)
                .then(|| amount(limits.order_notional)),
            rates: actor.rates.told(),
            key: key::bounds(&actor.bounds),
            as_of_xseq: xseq,
        })))
    }
}

fn basis(clearing: &Clearing) -> DeliveryBasis {
    let office = clearing.office();
    DeliveryBasis {
        exchange: office.calibration().exchange.to_string(),
        model: office.model().name.clone(),
        model_id: office.model().id.to_string(),
    }
}
