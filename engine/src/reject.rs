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
        }
    };
}

reasons! {
    /// The exchange has not been founded: `Found` comes first.
    NotFounded = 1,
    /// The exchange has been founded already.
    AlreadyFounded = 2,
    /// No such account.
    AccountUnknown = 10,
    /// An account of that name is open.
    AccountExists = 11,
    /// The key acts for an account already, or another key has the same id.
    KeyExists = 12,
    /// No account has that key.
    KeyUnknown = 13,
    /// The deposit's reference was consumed before.
    ReferenceConsumed = 14,
    /// The deposit is zero, or credit would exceed the most that may be issued.
    SupplyLimit = 15,
    /// There are as many accounts, keys, markets or orders as the venue holds.
    VenueFull = 16,
    /// The market's settings are out of bounds.
    MarketInvalid = 20,
    /// A market of that class, zone and tier exists.
    MarketExists = 21,
    /// No such instrument.
    InstrumentUnknown = 22,
    /// The instrument's gate has closed.
    MarketClosed = 23,
    /// The order's deadline has passed.
    DeadlinePassed = 24,
    /// No open order of the account has that id.
    OrderUnknown = 30,
    /// The order asks for no lots.
    LotsZero = 31,
    /// An open order of the account has that client order id.
    ClientOrderIdTaken = 32,
    /// The reduction leaves nothing: cancel the order.
    ReduceTooLarge = 33,
    /// The account has as many open orders as it may.
    OpenOrderLimit = 34,
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
}
