//! Controls of a session: modes, limits, locks and the kill switch, as operators ask for them.

use engine::command::Command;
use engine::control::{self, ModeScope};
use engine::ids::MarketId;
use engine::symbol::Symbol;
use protocol::control::{
    Halt, KillSwitch, KillTarget, LockAccount, SetAccountLimits, SetMarketLimits, SetMode, TradingMode,
};
use protocol::error::ErrorObject;

use crate::convert::control::{account_limits, market_limits, mode};
use crate::convert::entry::label;
use crate::gateway::session::Session;
use crate::question::Question;

/// The scope that is the whole venue.
const VENUE: &str = "venue";

impl Session {
    pub(super) async fn set_mode(&mut self, params: &SetMode) -> Result<Command, ErrorObject> {
        let (mode, reason) = (mode(params.mode)?, label(&params.reason, "reason")?);
        let text = params.scope.as_str();
        let scope = if text == VENUE {
            Ok(ModeScope::Venue)
        } else if Symbol::parse(text).is_some() {
            self.instrument(text).await.map(ModeScope::Instrument)
        } else {
            self.market(text).await.map(ModeScope::Market)
        };
        Ok(Command::SetMode { scope: scope.map_err(|error| error.with_field("scope"))?, mode, reason })
    }

    /// `halt` and `resume`.
    pub(super) async fn halt(&mut self, params: &Halt, mode: TradingMode) -> Result<Command, ErrorObject> {
        let scope = params.scope.clone().unwrap_or_else(|| VENUE.to_owned());
        self.set_mode(&SetMode { scope, mode, reason: params.reason.clone() }).await
    }

    pub(super) async fn market_limits(&self, params: &SetMarketLimits) -> Result<Command, ErrorObject> {
        let (limits, reason) = (market_limits(&params.limits)?, label(&params.reason, "reason")?);
        let market = self.market(&params.market).await.map_err(|error| error.with_field("market"))?;
        Ok(Command::SetMarketLimits { market, limits, reason })
    }

    pub(super) async fn account_limits(&self, params: &SetAccountLimits) -> Result<Command, ErrorObject> {
        let (limits, reason) = (account_limits(params)?, label(&params.reason, "reason")?);
        let account = self.account(&params.account, "account").await?;
        Ok(Command::SetAccountLimits { account, limits, reason })
    }

    pub(super) async fn lock(&self, params: &LockAccount) -> Result<Command, ErrorObject> {
        let reason = label(&params.reason, "reason")?;
        let account = self.account(&params.account, "account").await?;
        Ok(Command::SetLock { account, locked: params.locked, reason })
    }

    pub(super) async fn kill(&self, params: &KillSwitch) -> Result<Command, ErrorObject> {
        let reason = label(&params.reason, "reason")?;
        let target = match &params.target {
            KillTarget::Venue => control::KillTarget::Venue,
            KillTarget::Account(name) => control::KillTarget::Account(self.account(name, "account").await?),
        };
        Ok(Command::Kill { target, reason })
    }

    async fn market(&self, name: &str) -> Result<MarketId, ErrorObject> {
        let name: Box<str> = name.into();
        self.gateway.consult(|answer| Question::Market { name, answer }).await?
    }
}
