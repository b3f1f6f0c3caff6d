//! Event: what has happened. Recomputed from commands, never stored as truth.

pub(crate) mod fold;

use crate::control::{AccountLimits, KillTarget, MarketLimits, ModeScope, TradingMode};
use crate::delivery::audit::Verdict;
use crate::delivery::outcome::{Outcome, Ruling};
use crate::delivery::run::DeliveryTerms;
use crate::delivery::slot::{Party, SlotNumber, SlotState};
use crate::ending::{CancelReason, FirstOutcome};
use crate::ids::{
    AccountId, ClassId, DeliveryId, Digest, GroupId, InstrumentId, MarketId, OrderId, PublicKey, Scopes,
    TradeId,
};
use crate::key::Network;
use crate::label::Label;
use crate::market::MarketSpec;
use crate::order::{OrderKind, SessionId, Side, TimeInForce};
use crate::payment::PaymentState;
use crate::reject::RejectReason;
use crate::stamp::Time;
use crate::units::{Amount, Lots, Price, Volume};

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

/// How much an order got smaller for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceReason {
    /// Its owner asked.
    User,
    /// It met an order of its own group.
    SelfTrade,
}

/// Something that happened. Private events carry the account's `xseq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named after their types' documentation")]
pub enum Event {
    /// The command changed nothing, but that a client order id it carried is used now.
    Rejected { reason: RejectReason },
    /// The exchange began.
    Founded { epoch: u64, seed: u64, operator: PublicKey },
    /// An account was opened.
    AccountOpened { account: AccountId, group: GroupId, provider: bool, name: Label },
    /// A key may act for an account. Where it is bound to networks, they follow.
    KeyRegistered {
        account: AccountId,
        key: PublicKey,
        scopes: Scopes,
        expires: Time,
        order_notional: Amount,
    },
    /// The key just registered may act from this network.
    KeyConfined { key: PublicKey, network: Network },
    /// A key may not any more.
    KeyRevoked { account: AccountId, key: PublicKey },
    /// Credit was minted against a deposit.
    Deposited { account: AccountId, amount: Amount, reference: Label },
    /// Credit went from one account to another.
    Transferred { account: AccountId, to: AccountId, amount: Amount, reference: Label },
    /// Credit was set aside, to be paid out.
    RedemptionBegun { account: AccountId, xseq: PrivateSequence, amount: Amount, reference: Label },
    /// Credit that was set aside was paid out and burned, or returned.
    RedemptionEnded {
        account: AccountId,
        xseq: PrivateSequence,
        amount: Amount,
        reference: Label,
        paid: bool,
    },
    /// A reference was used again for the same: nothing happened. `state` says what became of the first.
    PaymentRepeated { account: AccountId, reference: Label, state: PaymentState },
    /// A market was added.
    MarketAdded { market: MarketId, spec: MarketSpec },
    /// A delivery window was listed; it does not trade yet.
    InstrumentListed { instrument: InstrumentId, market: MarketId, start: Time },
    /// A delivery window opened for trading, at this bond per lot.
    InstrumentOpened { instrument: InstrumentId, bond: Amount },
    /// The gate closed.
    InstrumentClosed { instrument: InstrumentId },
    /// Deliveries are drawn with this seed.
    DrawBegun { instrument: InstrumentId, seed: u64 },
    /// Lots of one obligation are owed to one holder. `own`: both are of one group.
    DeliveryDrawn {
        delivery: DeliveryId,
        instrument: InstrumentId,
        provider: AccountId,
        holder: AccountId,
        price: Price,
        lots: Lots,
        own: bool,
    },
    /// All deliveries are drawn.
    InstrumentDelivering { instrument: InstrumentId, deliveries: u32 },
    /// The window is over and nothing of it is left.
    InstrumentSettled { instrument: InstrumentId },
    /// A class's reference rate for the period that ended at `end`; none when too few traded.
    ReferencePublished {
        class: ClassId,
        end: Time,
        rate: Option<Price>,
        partitions: u8,
        groups: u32,
        lots: Volume,
    },
    /// A provider's capacity changed.
    CapacitySet { account: AccountId, instrument: InstrumentId, lots: Lots },
    /// What may be done changed.
    ModeSet { scope: ModeScope, mode: TradingMode, reason: Label },
    /// A market's bands and limits changed.
    MarketLimitsSet { market: MarketId, limits: MarketLimits, reason: Label },
    /// An account's limits changed.
    AccountLimitsSet { account: AccountId, limits: AccountLimits, reason: Label },
    /// An account was locked or unlocked.
    LockSet { account: AccountId, locked: bool, reason: Label },
    /// The kill switch was pulled.
    Killed { target: KillTarget, reason: Label },
    /// The dead man's timer was set or withdrawn.
    CancelAfterSet { account: AccountId, xseq: PrivateSequence, due: Option<Time> },
    /// The dead man's timer fired.
    CancelAfterFired { account: AccountId, xseq: PrivateSequence },
    /// An order was taken, with all its lots still open. `limit` is where it stands: a slid one differs from the ask.
    OrderAccepted {
        account: AccountId,
        xseq: PrivateSequence,
        order: OrderId,
        instrument: InstrumentId,
        side: Side,
        immediate: bool,
        limit: Price,
        lots: Lots,
        client: Option<Label>,
    },
    /// What else the order just accepted said, when it said more than the usual.
    OrderTerms {
        order: OrderId,
        kind: OrderKind,
        time_in_force: TimeInForce,
        minimum: Lots,
        shown: Option<Lots>,
        label: Option<Label>,
        session: Option<SessionId>,
    },
    /// A client order id was used again for the same: here is what became of the first.
    OrderRepeated {
        account: AccountId,
        order: Option<OrderId>,
        client: Label,
        outcome: FirstOutcome,
        filled: Lots,
        leaves: Lots,
    },
    /// What follows, up to the next of these, came of this change of the batch, counted from 0.
    BatchStep { op: u8 },
    /// Nothing of the batch happened, because of this change of it. Client order ids that it brought are used now, unless
    /// that was the reason.
    BatchRefused { op: u8, reason: RejectReason },
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
    /// What is left of an order joined the end of the queue at its limit, and shows so much.
    OrderRested { order: OrderId, leaves: Lots, shown: Lots },
    /// An order got smaller and kept its place.
    OrderReduced {
        account: AccountId,
        xseq: PrivateSequence,
        order: OrderId,
        by: Lots,
        leaves: Lots,
        shown: Lots,
        reason: ReduceReason,
    },
    /// An order was changed. When it did not keep its place it left the book; what follows says where it went.
    OrderAmended {
        account: AccountId,
        xseq: PrivateSequence,
        order: OrderId,
        limit: Price,
        lots: Lots,
        leaves: Lots,
        shown: Lots,
        kept: bool,
        client: Option<Label>,
    },
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
    /// What a market's deliveries go by changed.
    DeliveryTermsSet { market: MarketId, terms: DeliveryTerms, reason: Label },
    /// An account may be drawn to audit, or no longer.
    AuditorSet { account: AccountId, auditor: bool, reason: Label },
    /// A provider announced maintenance in time.
    MaintenanceAnnounced { account: AccountId, xseq: PrivateSequence, instrument: InstrumentId },
    /// An account has a part in a delivery that was drawn.
    DeliveryTold { account: AccountId, xseq: PrivateSequence, delivery: DeliveryId },
    /// The provider knows of a delivery. Told to both sides.
    DeliveryAcknowledged { account: AccountId, xseq: PrivateSequence, delivery: DeliveryId },
    /// A slot's work stands elsewhere now. Told to both sides of the delivery.
    SlotChanged {
        account: AccountId,
        xseq: PrivateSequence,
        delivery: DeliveryId,
        slot: SlotNumber,
        state: SlotState,
    },
    /// What was committed for a slot.
    SlotCommitted { delivery: DeliveryId, slot: SlotNumber, commitment: Digest, work: u64 },
    /// Auditors of a slot were drawn, and so many of a million sequences are audited.
    AuditorsDrawn { delivery: DeliveryId, slot: SlotNumber, beacon: u64, auditors: u8, rate_ppm: u32 },
    /// An account is drawn to audit a slot.
    AuditorDrawn { account: AccountId, xseq: PrivateSequence, delivery: DeliveryId, slot: SlotNumber },
    /// What was opened of a slot.
    SlotOpened { delivery: DeliveryId, slot: SlotNumber, opening: Digest },
    /// What an auditor found.
    SlotJudged {
        auditor: AccountId,
        delivery: DeliveryId,
        slot: SlotNumber,
        verdict: Verdict,
        sequences: u32,
        evidence: Digest,
    },
    /// A party disputes a slot, and its deposit is held. Told to both sides.
    SlotDisputed {
        account: AccountId,
        xseq: PrivateSequence,
        delivery: DeliveryId,
        slot: SlotNumber,
        by: Party,
    },
    /// A dispute is over. `lost`: its deposit is burned. Told to whose it was.
    DisputeClosed {
        account: AccountId,
        xseq: PrivateSequence,
        delivery: DeliveryId,
        slot: SlotNumber,
        by: Party,
        deposit: Amount,
        lost: bool,
    },
    /// The arbiter or the operator has decided.
    SlotRuled { delivery: DeliveryId, slot: SlotNumber, ruling: Ruling, reason: Label },
    /// A slot's money has moved: what of it this side received, after the fee it paid. Told to both sides.
    SlotPaid {
        account: AccountId,
        xseq: PrivateSequence,
        delivery: DeliveryId,
        slot: SlotNumber,
        outcome: Outcome,
        received: Amount,
        fee: Amount,
    },
    /// From now on so many of a million of a provider's sequences are audited, where it is assigned work.
    AuditRateChanged { account: AccountId, rate_ppm: u32 },
    /// What a provider has at stake after this.
    StakeChanged { account: AccountId, xseq: PrivateSequence, staked: Amount },
    /// A provider lost a part of its stake: to the holder, to the auditor who flagged it, and burned.
    Slashed {
        account: AccountId,
        xseq: PrivateSequence,
        delivery: DeliveryId,
        slot: SlotNumber,
        finder: Option<AccountId>,
        holder: Amount,
        auditor: Amount,
        burned: Amount,
    },
}

const _: () = assert!(size_of::<Event>() <= 64);

wraps!(PrivateSequence);
choices!(Liquidity { 0 => Maker, 1 => Taker });
