//! Event: what has happened. Recomputed from commands, never stored as truth.

use crate::ids::{AccountId, GroupId, InstrumentId, MarketId, OrderId, PublicKey, Scopes, TradeId};
use crate::label::Label;
use crate::market::MarketSpec;
use crate::order::{Side, TimeInForce};
use crate::outcome::OutcomeHash;
use crate::reject::RejectReason;
use crate::stamp::Time;
use crate::units::{Amount, Lots, Price};

/// Number of a private event within its account's stream, from 1, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrivateSequence(pub u64);

/// Whether an order rested before the trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Liquidity {
    /// It rested: its price ruled.
    Maker,
    /// It came in and took.
    Taker,
}

/// Why an order ended without being filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// Its owner asked.
    User,
    /// Its owner cancelled all.
    All,
    /// It was immediate-or-cancel.
    Immediate,
    /// It would have met an order of its own group.
    SelfTrade,
    /// The gate closed.
    Gate,
}

/// Something that happened. Private events carry the account's `xseq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named after their types' documentation")]
pub enum Event {
    /// The command changed nothing.
    Rejected { reason: RejectReason },
    /// The exchange began.
    Founded { epoch: u64, seed: u64, operator: PublicKey },
    /// An account was opened.
    AccountOpened { account: AccountId, group: GroupId, provider: bool, name: Label },
    /// A key may act for an account.
    KeyRegistered { account: AccountId, key: PublicKey, scopes: Scopes },
    /// A key may not any more.
    KeyRevoked { account: AccountId, key: PublicKey },
    /// Credit was minted against a deposit.
    Deposited { account: AccountId, amount: Amount, reference: Label },
    /// A market was added.
    MarketAdded { market: MarketId, spec: MarketSpec },
    /// A delivery window opened for trading.
    InstrumentListed { instrument: InstrumentId, market: MarketId, start: Time },
    /// The gate closed.
    InstrumentClosed { instrument: InstrumentId },
    /// A provider's capacity changed.
    CapacitySet { account: AccountId, instrument: InstrumentId, lots: Lots },
    /// An order was taken, with all its lots still open.
    OrderAccepted {
        account: AccountId,
        xseq: PrivateSequence,
        order: OrderId,
        instrument: InstrumentId,
        side: Side,
        time_in_force: TimeInForce,
        limit: Price,
        lots: Lots,
        client: Option<Label>,
    },
    /// Two orders traded, at the maker's limit.
    Traded {
        instrument: InstrumentId,
        trade: TradeId,
        price: Price,
        lots: Lots,
        maker: OrderId,
        taker: OrderId,
        taker_side: Side,
    },
    /// One order's part in a trade. `fee` is what was paid now: obligations pay theirs when escrow is released.
    OrderExecuted {
        account: AccountId,
        xseq: PrivateSequence,
        order: OrderId,
        instrument: InstrumentId,
        trade: TradeId,
        liquidity: Liquidity,
        price: Price,
        lots: Lots,
        leaves: Lots,
        fee: Amount,
    },
    /// What was left of an accepted order joined the book at its limit.
    OrderRested { order: OrderId, leaves: Lots },
    /// An order got smaller and kept its place.
    OrderReduced { account: AccountId, xseq: PrivateSequence, order: OrderId, by: Lots, leaves: Lots },
    /// An order ended with lots unfilled.
    OrderCanceled {
        account: AccountId,
        xseq: PrivateSequence,
        order: OrderId,
        leaves: Lots,
        reason: CancelReason,
    },
    /// An account's position after the command: claims above zero, obligations below.
    PositionChanged {
        account: AccountId,
        xseq: PrivateSequence,
        instrument: InstrumentId,
        position: i64,
        escrow: Amount,
        bonded: Amount,
    },
    /// An account's balances after the command.
    BalanceChanged {
        account: AccountId,
        xseq: PrivateSequence,
        available: Amount,
        held: Amount,
        bonded: Amount,
    },
    /// Fees the exchange holds after the command.
    FeesChanged { fees: Amount },
}

const _: () = assert!(size_of::<Event>() <= 64);

impl Event {
    /// Folds the event into `hash`: every field, in order.
    pub fn fold(&self, hash: &mut OutcomeHash) {
        match *self {
            Event::Rejected { reason } => hash.words([1, reason.code().into()]),
            Event::Founded { epoch, seed, operator } => {
                hash.words([2, epoch, seed]);
                hash.bytes(&operator.0);
            }
            Event::AccountOpened { account, group, provider, name } => {
                let (upper, lower) = name.halves();
                hash.words([3, account.0.into(), group.0.into(), provider.into(), upper, lower]);
            }
            Event::KeyRegistered { account, key, scopes } => {
                hash.words([4, account.0.into(), scopes.bits().into()]);
                hash.bytes(&key.0);
            }
            Event::KeyRevoked { account, key } => {
                hash.words([5, account.0.into()]);
                hash.bytes(&key.0);
            }
            Event::Deposited { account, amount, reference } => {
                let (upper, lower) = reference.halves();
                hash.words([6, account.0.into(), amount.micro(), upper, lower]);
            }
            Event::MarketAdded { market, spec } => fold_market(hash, market, &spec),
            Event::InstrumentListed { instrument, market, start } => {
                hash.words([8, instrument.0.into(), market.0.into(), start.0]);
            }
            Event::InstrumentClosed { instrument } => hash.words([9, instrument.0.into()]),
            Event::CapacitySet { account, instrument, lots } => {
                hash.words([10, account.0.into(), instrument.0.into(), lots.count().into()]);
            }
            _ => self.fold_trading(hash),
        }
    }

    fn fold_trading(&self, hash: &mut OutcomeHash) {
        match *self {
            Event::OrderAccepted {
                account,
                xseq,
                order,
                instrument,
                side,
                time_in_force,
                limit,
                lots,
                client,
            } => {
                let waits = u64::from(time_in_force == TimeInForce::GoodTillGate);
                let (upper, lower) = client.map_or((0, 0), Label::halves);
                let what = [instrument.0.into(), side.number().into(), waits, limit.ticks().into()];
                hash.words([11, account.0.into(), xseq.0, order.raw()]);
                hash.words(what);
                hash.words([lots.count().into(), upper, lower]);
            }
            Event::Traded { instrument, trade, price, lots, maker, taker, taker_side } => {
                hash.words([12, instrument.0.into(), trade.0, price.ticks().into(), lots.count().into()]);
                hash.words([maker.raw(), taker.raw(), taker_side.number().into()]);
            }
            Event::OrderExecuted { .. } => self.fold_executed(hash),
            Event::OrderRested { order, leaves } => hash.words([14, order.raw(), leaves.count().into()]),
            Event::OrderReduced { account, xseq, order, by, leaves } => {
                hash.words([
                    15,
                    account.0.into(),
                    xseq.0,
                    order.raw(),
                    by.count().into(),
                    leaves.count().into(),
                ]);
            }
            Event::OrderCanceled { account, xseq, order, leaves, reason } => {
                let reason = reason.number().into();
                hash.words([16, account.0.into(), xseq.0, order.raw(), leaves.count().into(), reason]);
            }
            Event::PositionChanged { account, xseq, instrument, position, escrow, bonded } => {
                hash.words([17, account.0.into(), xseq.0, instrument.0.into()]);
                hash.words([position.cast_unsigned(), escrow.micro(), bonded.micro()]);
            }
            Event::BalanceChanged { account, xseq, available, held, bonded } => {
                hash.words([18, account.0.into(), xseq.0, available.micro(), held.micro(), bonded.micro()]);
            }
            Event::FeesChanged { fees } => hash.words([19, fees.micro()]),
            Event::Rejected { .. }
            | Event::Founded { .. }
            | Event::AccountOpened { .. }
            | Event::KeyRegistered { .. }
            | Event::KeyRevoked { .. }
            | Event::Deposited { .. }
            | Event::MarketAdded { .. }
            | Event::InstrumentListed { .. }
            | Event::InstrumentClosed { .. }
            | Event::CapacitySet { .. } => unreachable!("folded by the caller"),
        }
    }

    fn fold_executed(&self, hash: &mut OutcomeHash) {
        let Event::OrderExecuted {
            account,
            xseq,
            order,
            instrument,
            trade,
            liquidity,
            price,
            lots,
            leaves,
            fee,
        } = *self
        else {
            unreachable!("asked for executions only");
        };
        hash.words([13, account.0.into(), xseq.0, order.raw(), instrument.0.into(), trade.0]);
        hash.words([(liquidity == Liquidity::Maker).into(), price.ticks().into(), lots.count().into()]);
        hash.words([leaves.count().into(), fee.micro()]);
    }
}

impl CancelReason {
    /// The reason's number in the outcome hash.
    const fn number(self) -> u8 {
        match self {
            CancelReason::User => 1,
            CancelReason::All => 2,
            CancelReason::Immediate => 3,
            CancelReason::SelfTrade => 4,
            CancelReason::Gate => 5,
        }
    }
}

fn fold_market(hash: &mut OutcomeHash, market: MarketId, spec: &MarketSpec) {
    hash.words([7, market.0.into(), spec.bond.micro(), spec.window_seconds.into(), spec.windows.into()]);
    hash.words([spec.gate_seconds.into(), spec.maker_fee.parts().into(), spec.taker_fee.parts().into()]);
    let firm = spec.tier == crate::symbol::Tier::Firm;
    let prevented = spec.self_trade == crate::market::SelfTrade::Prevented;
    hash.words([firm.into(), prevented.into()]);
    hash.bytes(spec.class.bytes());
    hash.bytes(spec.zone.bytes());
}
