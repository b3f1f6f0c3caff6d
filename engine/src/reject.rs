//! Reject reasons: why a command changed nothing.

macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident = $code:literal,)+) => {
        /// Why a command changed nothing. Codes are stable on wire and disk; when several apply, the first in this
        /// list is reported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum RejectReason {
            $($(#[$doc])+ $name = $code,)+
        }

        impl RejectReason {
            /// Every reason, in order of precedence.
            pub const ALL: &[RejectReason] = &[$(RejectReason::$name,)+];

            /// The reason's number.
            pub const fn code(self) -> u16 {
                match self {
                    $(RejectReason::$name => $code,)+
                }
            }

            /// The reason of that number.
            pub const fn from_code(code: u16) -> Option<RejectReason> {
                match code {
                    $($code => Some(RejectReason::$name),)+
                    _ => None,
                }
            }
        }
    };
}

reasons! {
    /// The exchange has not been founded: `Found` comes first.
    NotFounded = 1,
    /// The exchange has been founded already.
    AlreadyFounded = 2,
    /// The client order id was used for something else.
    ClientOrderIdConflict = 9,
    /// No such account.
    AccountUnknown = 10,
    /// An account of that name is open.
    AccountExists = 11,
    /// The key acts for an account already, or another key has the same id.
    KeyExists = 12,
    /// No account has that key.
    KeyUnknown = 13,
    /// The deposit's reference was consumed before, or the payment's for something else.
    ReferenceConsumed = 14,
    /// The deposit is zero, or credit would exceed the most that may be issued.
    SupplyLimit = 15,
    /// There are as many accounts, keys, payments, markets, positions, orders or client order ids as the venue holds.
    VenueFull = 16,
    /// The account is locked.
    AccountLocked = 17,
    /// The payment comes to nothing.
    AmountZero = 18,
    /// Credit is sent to where it is.
    SelfPayment = 19,
    /// The market's settings are out of bounds.
    MarketInvalid = 20,
    /// A market of that class, zone and tier exists.
    MarketExists = 21,
    /// No such instrument.
    InstrumentUnknown = 22,
    /// The instrument is not open yet, or its gate has closed.
    MarketClosed = 23,
    /// The order's deadline, or the date it is good till, has passed.
    DeadlinePassed = 24,
    /// No such market.
    MarketUnknown = 25,
    /// The limits contradict each other.
    LimitsInvalid = 26,
    /// The instrument waits for no draw.
    DrawUnexpected = 27,
    /// Trading is halted: only cancellations are taken.
    MarketHalted = 28,
    /// Only cancellations and reductions are taken.
    CancelOnly = 29,
    /// No open order of the account has that id.
    OrderUnknown = 30,
    /// The order asks for no lots.
    LotsZero = 31,
    /// The order's terms contradict each other.
    OrderTerms = 32,
    /// The reduction leaves nothing: cancel the order.
    ReduceTooLarge = 33,
    /// The account has as many open orders as it may.
    OpenOrderLimit = 34,
    /// Another number of lots is filled than the amendment expects.
    AmendRace = 35,
    /// Nothing waits to be paid out under that reference.
    RedemptionUnknown = 36,
    /// Only a provider may register capacity.
    NotProvider = 40,
    /// Open sells and obligations need more capacity than that.
    CapacityInUse = 41,
    /// A seller who is no provider sells more than it holds claims to.
    InsufficientClaims = 42,
    /// A provider sells more than its claims and registered capacity.
    InsufficientCapacity = 43,
    /// The account has too little credit available for the lot bond.
    InsufficientBond = 44,
    /// The account has too little credit available for the order at its limit, with the higher fee.
    InsufficientCredit = 45,
    /// The order has more lots than the market allows.
    OrderLotsLimit = 46,
    /// The order comes to more at its limit than the market or the account allows.
    OrderNotionalLimit = 47,
    /// With all its open orders filled, the account's position would be larger than the market or the account allows.
    PositionLimit = 48,
    /// The order's limit lies outside the market's price bands.
    PriceBand = 50,
    /// Only orders that rest are taken, and this one would not, or not in whole.
    PostOnlyMode = 51,
    /// The order would take, and says that it must not.
    PostOnlyWouldCross = 52,
    /// The order can not be filled at once in whole.
    FillOrKill = 53,
    /// Fewer lots than the order's minimum can trade at once.
    MinimumNotMet = 54,
    /// The batch has too many changes, or one that depends on what another would trade.
    BatchInvalid = 55,
    /// Another change of the batch was refused.
    BatchRefused = 56,
    /// The delivery terms are out of bounds.
    DeliveryTermsInvalid = 60,
    /// No delivery under way in which the account has this part.
    DeliveryUnknown = 61,
    /// The slot's deadline for this has passed.
    SlotLate = 62,
    /// The delivery, or its slot, does not stand where this can be done.
    SlotUnexpected = 63,
    /// The metered work is less than the slot's quota.
    WorkBelowQuota = 64,
    /// The window is no interruptible one.
    NotInterruptible = 65,
    /// It comes too late to be announced.
    NoticeTooShort = 66,
    /// The account was not drawn to audit the slot, or has answered.
    NotAuditor = 67,
    /// The account has disputed the slot before.
    DisputeRepeated = 68,
    /// The account has too little credit available for the deposit.
    InsufficientDeposit = 69,
    /// A stake is above zero.
    StakeZero = 70,
    /// The stake secures slots that are sold or may be.
    StakeLocked = 71,
    /// The provider has less at stake than that.
    InsufficientStake = 72,
}

checked!(RejectReason as u16, "a reason is one of those there are"; RejectReason::code, RejectReason::from_code);
