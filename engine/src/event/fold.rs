//! Fold: an event's way into the outcome hash: every field, in order, behind the number of its kind.

use crate::control::{AccountLimits, KillTarget, MarketLimits, ModeScope};
use crate::delivery::audit::Verdict;
use crate::delivery::outcome::{Outcome, Ruling};
use crate::delivery::run::DeliveryTerms;
use crate::delivery::slot::{Dispute, Evidence, Party, Slot, SlotNumber, SlotState};
use crate::ending::{CancelReason, Ended, FirstOutcome};
use crate::event::{Event, Liquidity, PrivateSequence, ReduceReason};
use crate::ids::{
    AccountId, ClassId, DeliveryId, Digest, GroupId, InstrumentId, MarketId, OrderId, PublicKey, Scopes,
    TradeId,
};
use crate::instrument::Phase;
use crate::key::{KeyBounds, Network};
use crate::label::Label;
use crate::market::{BondRule, MarketSpec, SelfTrade};
use crate::order::{OrderKind, SelfTradePrevention, SessionId, Side, TimeInForce};
use crate::outcome::OutcomeHash;
use crate::provider::{Provider, Score};
use crate::reject::RejectReason;
use crate::stamp::Time;
use crate::symbol::{Name, Tier};
use crate::units::{Amount, Lots, Ppm, Price, Volume};

/// Folds values one after another.
macro_rules! fold {
    ($hash:ident; $($value:expr),+ $(,)?) => {
        { $(Fold::fold(&$value, $hash);)+ }
    };
}
/// A value that has a place in a hash.
pub(crate) trait Fold {
    /// Folds all of it.
    fn fold(&self, hash: &mut OutcomeHash);
}

/// Folds values of any kinds, one after another.
pub(crate) fn fold(hash: &mut OutcomeHash, values: &[&dyn Fold]) {
    values.iter().for_each(|value| value.fold(hash));
}

/// Values that are one word each.
macro_rules! word {
    ($($name:ty: $value:ident => $word:expr,)+) => {
        $(impl Fold for $name {
            #[inline]
            fn fold(&self, hash: &mut OutcomeHash) {
                let $value = *self;
                hash.words([$word]);
            }
        })+
    };
}

word! {
    u8: value => value.into(),
    u32: value => value.into(),
    u64: value => value,
    i64: value => value.cast_unsigned(),
    bool: value => value.into(),
    PrivateSequence: value => value.0,
    AccountId: value => value.0.into(),
    ClassId: value => value.0.into(),
    DeliveryId: value => value.0.into(),
    GroupId: value => value.0.into(),
    InstrumentId: value => value.0.into(),
    MarketId: value => value.0.into(),
    OrderId: value => value.raw(),
    TradeId: value => value.0,
    Scopes: value => value.bits().into(),
    Time: value => value.0,
    Amount: value => value.micro(),
    Lots: value => value.count().into(),
    Volume: value => value.count(),
    Ppm: value => value.parts().into(),
    Price: value => value.ticks().into(),
    Side: value => value.number().into(),
    OrderKind: value => value.number().into(),
    SelfTradePrevention: value => value.number().into(),
    Phase: value => value.number().into(),
    CancelReason: value => value.number().into(),
    Ended: value => value.number().into(),
    SessionId: value => value.0.get().into(),
    RejectReason: value => value.code().into(),
    Liquidity: value => (value == Liquidity::Maker).into(),
    ReduceReason: value => (value == ReduceReason::User).into(),
    SlotNumber: value => value.number().into(),
    Party: value => (value == Party::Provider).into(),
    Dispute: value => value.number().into(),
    Outcome: value => value.number().into(),
    Ruling: value => value.number().into(),
    Verdict: value => value.number().into(),
    Tier: value => (value == Tier::Firm).into(),
    SelfTrade: value => (value == SelfTrade::Prevented).into(),
    BondRule: value => (value == BondRule::Fixed).into(),
    crate::payment::PaymentState: value => value.number().into(),
    crate::control::TradingMode: value => value.number().into(),
    crate::control::BandWidth: value => value.parts().into(),
}

impl<T: Fold> Fold for Option<T> {
    #[inline]
    fn fold(&self, hash: &mut OutcomeHash) {
        match self {
            None => hash.words([0]),
            Some(value) => {
                hash.words([1]);
                value.fold(hash);
            }
        }
    }
}

impl Fold for Label {
    #[inline]
    fn fold(&self, hash: &mut OutcomeHash) {
        let (upper, lower) = self.halves();
        hash.words([upper, lower]);
    }
}

impl Fold for Digest {
    fn fold(&self, hash: &mut OutcomeHash) {
        hash.bytes(&self.0);
    }
}

impl Fold for SlotState {
    fn fold(&self, hash: &mut OutcomeHash) {
        let (state, outcome) = self.numbers();
        hash.words([state.into(), outcome.into()]);
    }
}

impl Fold for PublicKey {
    fn fold(&self, hash: &mut OutcomeHash) {
        hash.bytes(&self.0);
    }
}

impl Fold for Network {
    fn fold(&self, hash: &mut OutcomeHash) {
        hash.bytes(&self.address());
        hash.words([self.bits().into()]);
    }
}

impl<const N: usize> Fold for Name<N> {
    fn fold(&self, hash: &mut OutcomeHash) {
        hash.bytes(self.bytes());
    }
}

impl Fold for TimeInForce {
    fn fold(&self, hash: &mut OutcomeHash) {
        hash.words([self.number().into(), self.expires().map_or(0, |expires| expires.0)]);
    }
}

impl Fold for ModeScope {
    fn fold(&self, hash: &mut OutcomeHash) {
        hash.words(match *self {
            ModeScope::Venue => [1, 0],
            ModeScope::Market(market) => [2, market.0.into()],
            ModeScope::Instrument(instrument) => [3, instrument.0.into()],
        });
    }
}

impl Fold for KillTarget {
    fn fold(&self, hash: &mut OutcomeHash) {
        hash.words(match *self {
            KillTarget::Venue => [1, 0],
            KillTarget::Account(account) => [2, account.0.into()],
        });
    }
}

impl Fold for FirstOutcome {
    fn fold(&self, hash: &mut OutcomeHash) {
        match self {
            FirstOutcome::Rejected(reason) => hash.words([1, reason.code().into()]),
            FirstOutcome::Open => hash.words([2]),
            FirstOutcome::Ended(ended) => hash.words([3, ended.number().into()]),
        }
    }
}

// Everything is taken apart by name, so that a new field does not compile until it is folded.

impl Fold for MarketSpec {
    fn fold(&self, hash: &mut OutcomeHash) {
        #[rustfmt::skip]
        let MarketSpec {
            bond, class, zone, tier, self_trade, bond_rule,
            window_seconds, windows, windows_ahead, gate_seconds, maker_fee, taker_fee,
        } = *self;
        fold!(hash; bond, class, zone, tier, self_trade, bond_rule);
        fold!(hash; window_seconds, windows, windows_ahead, gate_seconds, maker_fee, taker_fee);
    }
}

impl Fold for DeliveryTerms {
    fn fold(&self, hash: &mut OutcomeHash) {
        let DeliveryTerms { dispute_slots, ruling_slots, auditors, deposit, stake, bounty } = *self;
        fold!(hash; dispute_slots, ruling_slots, auditors, deposit, stake, bounty);
    }
}

impl Fold for Evidence {
    fn fold(&self, hash: &mut OutcomeHash) {
        let Evidence { opened, sequences, flagged_by, confirmed } = *self;
        fold!(hash; opened, sequences, flagged_by, confirmed);
    }
}

impl Fold for Provider {
    fn fold(&self, hash: &mut OutcomeHash) {
        let Provider { staked, locked, clean, raised, unopened, score, capacity } = *self;
        let Score { delivered, failed } = score;
        fold!(hash; staked, locked, clean, raised);
        hash.bytes(&unopened.to_le_bytes());
        hash.bytes(&capacity.to_le_bytes());
        fold!(hash; delivered, failed);
    }
}

impl Fold for Slot {
    fn fold(&self, hash: &mut OutcomeHash) {
        let Slot { state, ruled, disputes: [provider, holder] } = *self;
        fold!(hash; state, ruled, provider, holder);
    }
}

impl Fold for MarketLimits {
    fn fold(&self, hash: &mut OutcomeHash) {
        let MarketLimits { price_min, price_max, band, order_lots, position_lots, order_notional } = *self;
        fold!(hash; price_min, price_max, band, order_lots, position_lots, order_notional);
    }
}

impl Fold for AccountLimits {
    fn fold(&self, hash: &mut OutcomeHash) {
        let AccountLimits { open_orders, position_lots, order_notional } = *self;
        fold!(hash; open_orders, position_lots, order_notional);
    }
}

impl Fold for KeyBounds {
    fn fold(&self, hash: &mut OutcomeHash) {
        let KeyBounds { expires, order_notional, networks } = *self;
        fold!(hash; expires, order_notional);
        networks.iter().for_each(|network| network.fold(hash));
    }
}

/// The number of an event's kind, then its fields.
macro_rules! events {
    ($event:expr, $hash:ident; $($number:literal $name:ident { $($field:ident),+ $(,)? },)+) => {
        match *$event {
            $(Event::$name { $($field),+ } => {
                $hash.words([$number]);
                fold!($hash; $($field),+);
            })+
        }
    };
}

impl Event {
    /// Folds the event into `hash`: every field, in order.
    #[rustfmt::skip]
    pub fn fold(&self, hash: &mut OutcomeHash) {
        events! { self, hash;
            1 Rejected { reason },
            2 Founded { epoch, seed, operator },
            3 AccountOpened { account, group, provider, name },
            4 KeyRegistered { account, key, scopes, expires, order_notional },
            5 KeyRevoked { account, key },
            6 Deposited { account, amount, reference },
            7 MarketAdded { market, spec },
            8 InstrumentListed { instrument, market, start },
            9 InstrumentClosed { instrument },
            10 CapacitySet { account, instrument, lots },
            11 OrderAccepted { account, xseq, order, instrument, side, immediate, limit, lots, client },
            12 Traded { instrument, trade, price, lots, maker, taker, taker_side },
            13 OrderExecuted { account, xseq, order, instrument, trade, liquidity, price, lots, leaves, fee },
            14 OrderRested { order, leaves, shown },
            15 OrderReduced { account, xseq, order, by, leaves, shown, reason },
            16 OrderCanceled { account, xseq, order, leaves, reason },
            17 PositionChanged { account, xseq, instrument, position, escrow, bonded },
            18 BalanceChanged { account, xseq, available, held, bonded },
            19 FeesChanged { fees },
            20 InstrumentOpened { instrument, bond },
            21 DrawBegun { instrument, seed },
            22 DeliveryDrawn { delivery, instrument, provider, holder, price, lots, own },
            23 InstrumentDelivering { instrument, deliveries },
            24 InstrumentSettled { instrument },
            25 ReferencePublished { class, end, rate, partitions, groups, lots },
            26 ModeSet { scope, mode, reason },
            27 MarketLimitsSet { market, limits, reason },
            28 AccountLimitsSet { account, limits, reason },
            29 LockSet { account, locked, reason },
            30 Killed { target, reason },
            31 CancelAfterSet { account, xseq, due },
            32 CancelAfterFired { account, xseq },
            33 OrderTerms { order, kind, time_in_force, minimum, shown, label, session },
            34 OrderRepeated { account, order, client, outcome, filled, leaves },
            35 OrderAmended { account, xseq, order, limit, lots, leaves, shown, kept, client },
            36 KeyConfined { key, network },
            37 Transferred { account, to, amount, reference },
            38 RedemptionBegun { account, xseq, amount, reference },
            39 RedemptionEnded { account, xseq, amount, reference, paid },
            40 PaymentRepeated { account, reference, state },
            41 BatchStep { op },
            42 BatchRefused { op, reason },
            50 DeliveryTermsSet { market, terms, reason },
            51 AuditorSet { account, auditor, reason },
            52 MaintenanceAnnounced { account, xseq, instrument },
            53 DeliveryTold { account, xseq, delivery },
            54 DeliveryAcknowledged { account, xseq, delivery },
            55 SlotChanged { account, xseq, delivery, slot, state },
            56 SlotCommitted { delivery, slot, commitment, work },
            57 AuditorsDrawn { delivery, slot, beacon, auditors, rate_ppm },
            58 AuditorDrawn { account, xseq, delivery, slot },
            59 SlotOpened { delivery, slot, opening },
            60 SlotJudged { auditor, delivery, slot, verdict, sequences, evidence },
            61 SlotDisputed { account, xseq, delivery, slot, by },
            62 DisputeClosed { account, xseq, delivery, slot, by, deposit, lost },
            63 SlotRuled { delivery, slot, ruling, reason },
            64 SlotPaid { account, xseq, delivery, slot, outcome, received, fee },
            65 StakeChanged { account, xseq, staked },
            66 Slashed { account, xseq, delivery, slot, finder, holder, auditor, burned },
            67 AuditRateChanged { account, rate_ppm },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(event: Event) -> OutcomeHash {
        let mut hash = OutcomeHash::default();
        event.fold(&mut hash);
        hash
    }

    #[test]
    fn kinds_differ_where_fields_do_not() {
        let (instrument, order) = (InstrumentId(3), OrderId::new(3, 0));
        let closed = hash(Event::InstrumentClosed { instrument });
        assert_ne!(closed, hash(Event::InstrumentSettled { instrument }));
        let lots = |count| Lots::new(count).unwrap();
        let rested =
            |leaves, shown| hash(Event::OrderRested { order, leaves: lots(leaves), shown: lots(shown) });
        assert_ne!(rested(2, 1), rested(1, 2));
    }
}
