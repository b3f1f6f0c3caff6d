//! Order filter: which of an account's open orders are meant.

use crate::ids::InstrumentId;
use crate::label::Label;
use crate::order::{SessionId, Side};
use crate::stamp::Time;
use crate::symbol::{ClassName, Tier, ZoneName};

/// Orders that satisfy everything that is said; without a word, all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// In this instrument.
    pub instrument: Option<InstrumentId>,
    /// In this class of GPU.
    pub class: Option<ClassName>,
    /// In this zone.
    pub zone: Option<ZoneName>,
    /// Of this tier.
    pub tier: Option<Tier>,
    /// For the window that starts then.
    pub start: Option<Time>,
    /// On this side.
    pub side: Option<Side>,
    /// With this label.
    pub label: Option<Label>,
    /// Of this session.
    pub session: Option<SessionId>,
}

impl OrderFilter {
    /// Orders in one instrument.
    pub fn in_instrument(instrument: InstrumentId) -> OrderFilter {
        OrderFilter { instrument: Some(instrument), ..OrderFilter::default() }
    }
}
