//! Error code: what a program routes on when a request failed.
//!
//! Codes are wire-stable. Category and retryability follow from the code.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason of a failure, `SCREAMING_SNAKE_CASE` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The text is not JSON.
    BadJson,
    /// The JSON is not an object with a `method`.
    BadEnvelope,
    /// No such method.
    UnknownMethod,
    /// A field that the method does not have.
    UnknownField,
    /// A field that the method needs is absent or null.
    MissingField,
    /// A field holds another JSON type.
    BadType,
    /// A field breaks the rules of decimals.
    BadDecimal,
    /// A field breaks the rules of names.
    BadName,
    /// A field of the right type holds a value that cannot be.
    BadValue,
    /// The message is longer than the limit.
    TooLarge,
    /// The method needs a login first.
    AuthRequired,
    /// The signature or token does not prove the key.
    BadSignature,
    /// The signed time is too far from the server's.
    ClockSkew,
    /// The signed request was taken before.
    NonceUsed,
    /// No such key, or it was revoked.
    KeyUnknown,
    /// The key's time is over.
    KeyExpired,
    /// The key may not act from this address.
    IpNotAllowed,
    /// The key lacks the scope that the method needs.
    ScopeMissing,
    /// The method is answered on the operators' own listener only.
    AdminListener,
    /// The connection has an account already.
    AlreadyLoggedIn,
    /// No instrument has this symbol.
    NoMatch,
    /// No such channel.
    BadChannel,
    /// No such depth.
    BadDepth,
    /// No such speed.
    BadSpeed,
    /// More subscriptions than a connection may have.
    TooManySubs,
    /// The connection does not have this stream.
    NotSubscribed,
    /// What came after that sequence is not kept any more.
    SeqTooOld,
    /// Sequences of that epoch do not continue here.
    EpochMismatch,
    /// No such market.
    UnknownSymbol,
    /// The market is not open yet, or its gate has closed.
    MarketClosed,
    /// Trading is halted: only cancellations are taken.
    MarketHalted,
    /// Only cancellations and reductions are taken.
    CancelOnly,
    /// Only orders that rest are taken.
    PostOnlyMode,
    /// The price is no multiple of the tick or out of bounds.
    BadTick,
    /// The quantity is no multiple of the lot or zero.
    BadLot,
    /// The quantity is above the limit.
    MaxQty,
    /// The order's terms contradict each other.
    BadTerms,
    /// The price lies outside the market's bands.
    PriceBand,
    /// The order would trade at once, and says that it must not.
    PostOnlyWouldCross,
    /// The order cannot be filled at once in whole.
    FokNotFillable,
    /// Fewer lots than the order's minimum can trade at once.
    MinQty,
    /// The order reached the engine after its deadline, or after the time it is good till.
    DeadlinePassed,
    /// No such open order of this account.
    UnknownOrder,
    /// The reduction leaves nothing: cancel instead.
    ReduceTooLarge,
    /// More or less has traded than the change expects.
    AmendRace,
    /// The client's order id was used for something else.
    ClOrdIdConflict,
    /// The changes of an atomic batch depend on each other in a way that cannot be checked before.
    BatchInvalid,
    /// Another change of an atomic batch was refused, so this one was not made.
    BatchRefused,
    /// The account has too few credits available.
    InsufficientCredit,
    /// The account has too few credits for the bond.
    InsufficientBond,
    /// The provider registered too little capacity.
    InsufficientCapacity,
    /// The account has too few claims to sell.
    InsufficientClaims,
    /// The account has as many open orders as it may.
    OpenOrderLimit,
    /// The order comes to more CU than one order may.
    NotionalLimit,
    /// The position would be larger than it may.
    PositionLimit,
    /// The capacity is sold or offered already.
    CapacityInUse,
    /// No such account.
    AccountUnknown,
    /// The account exists already.
    AccountExists,
    /// The account is locked: it may only cancel.
    AccountLocked,
    /// The key is registered already.
    KeyExists,
    /// The deposit's reference was used before.
    ReferenceConsumed,
    /// Nothing waits to be paid out under this reference.
    RedemptionUnknown,
    /// The payment is zero, or goes to where it comes from.
    PaymentInvalid,
    /// The deposit would exceed the largest supply.
    SupplyLimit,
    /// The market exists already.
    MarketExists,
    /// The market's settings contradict each other.
    MarketInvalid,
    /// No market has this name.
    UnknownMarket,
    /// The limits contradict each other.
    LimitsInvalid,
    /// The account is no provider.
    NotProvider,
    /// No delivery of this number is under way in which the account has this part.
    UnknownDelivery,
    /// The slot or delivery does not stand where this can be done.
    WrongState,
    /// The slot's deadline for this has passed.
    TooLate,
    /// It was not said early enough.
    NoticeTooShort,
    /// Only slots of interruptible windows are taken back.
    NotInterruptible,
    /// The account was not drawn to audit the slot, or has answered.
    NotAuditor,
    /// What was shown does not fit: the message names the question that it fails.
    EvidenceRefused,
    /// The job is beyond what the window or the model takes.
    JobTooLarge,
    /// The account has disputed the slot before.
    DisputeRepeated,
    /// What deliveries are to go by is out of bounds.
    TermsInvalid,
    /// This exchange does not assign work.
    NoDeliveries,
    /// The stake secures what is sold, or may be.
    StakeLocked,
    /// The provider has less at stake than that.
    InsufficientStake,
    /// The client asks more often than it may.
    RateLimited,
    /// The key or the address has as many connections as it may.
    TooManyConnections,
    /// The client reads too slowly.
    SlowConsumer,
    /// The exchange has no room for the command now.
    Overloaded,
    /// The exchange is about to restart.
    Draining,
    /// A snapshot is being made.
    SnapshotRunning,
    /// No snapshot could be made.
    SnapshotFailed,
    /// The exchange is at fault.
    Internal,
    /// A code that is newer than this client.
    #[serde(untagged)]
    Other(Box<str>),
}

/// Every code, in the order of their declaration.
pub const CODES: &[ErrorCode] = &[
    ErrorCode::BadJson,
    ErrorCode::BadEnvelope,
    ErrorCode::UnknownMethod,
    ErrorCode::UnknownField,
    ErrorCode::MissingField,
    ErrorCode::BadType,
    ErrorCode::BadDecimal,
    ErrorCode::BadName,
    ErrorCode::BadValue,
    ErrorCode::TooLarge,
    ErrorCode::AuthRequired,
    ErrorCode::BadSignature,
    ErrorCode::ClockSkew,
    ErrorCode::NonceUsed,
    ErrorCode::KeyUnknown,
    ErrorCode::KeyExpired,
    ErrorCode::IpNotAllowed,
    ErrorCode::ScopeMissing,
    ErrorCode::AdminListener,
    ErrorCode::AlreadyLoggedIn,
    ErrorCode::NoMatch,
    ErrorCode::BadChannel,
    ErrorCode::BadDepth,
    ErrorCode::BadSpeed,
    ErrorCode::TooManySubs,
    ErrorCode::NotSubscribed,
    ErrorCode::SeqTooOld,
    ErrorCode::EpochMismatch,
    ErrorCode::UnknownSymbol,
    ErrorCode::MarketClosed,
    ErrorCode::MarketHalted,
    ErrorCode::CancelOnly,
    ErrorCode::PostOnlyMode,
    ErrorCode::BadTick,
    ErrorCode::BadLot,
    ErrorCode::MaxQty,
    ErrorCode::BadTerms,
    ErrorCode::PriceBand,
    ErrorCode::PostOnlyWouldCross,
    ErrorCode::FokNotFillable,
    ErrorCode::MinQty,
    ErrorCode::DeadlinePassed,
    ErrorCode::UnknownOrder,
    ErrorCode::ReduceTooLarge,
    ErrorCode::AmendRace,
    ErrorCode::ClOrdIdConflict,
    ErrorCode::BatchInvalid,
    ErrorCode::BatchRefused,
    ErrorCode::InsufficientCredit,
    ErrorCode::InsufficientBond,
    ErrorCode::InsufficientCapacity,
    ErrorCode::InsufficientClaims,
    ErrorCode::OpenOrderLimit,
    ErrorCode::NotionalLimit,
    ErrorCode::PositionLimit,
    ErrorCode::CapacityInUse,
    ErrorCode::AccountUnknown,
    ErrorCode::AccountExists,
    ErrorCode::AccountLocked,
    ErrorCode::KeyExists,
    ErrorCode::ReferenceConsumed,
    ErrorCode::RedemptionUnknown,
    ErrorCode::PaymentInvalid,
    ErrorCode::SupplyLimit,
    ErrorCode::MarketExists,
    ErrorCode::MarketInvalid,
    ErrorCode::UnknownMarket,
    ErrorCode::LimitsInvalid,
    ErrorCode::NotProvider,
    ErrorCode::UnknownDelivery,
    ErrorCode::WrongState,
    ErrorCode::TooLate,
    ErrorCode::NoticeTooShort,
    ErrorCode::NotInterruptible,
    ErrorCode::NotAuditor,
    ErrorCode::EvidenceRefused,
    ErrorCode::JobTooLarge,
    ErrorCode::DisputeRepeated,
    ErrorCode::TermsInvalid,
    ErrorCode::NoDeliveries,
    ErrorCode::StakeLocked,
    ErrorCode::InsufficientStake,
    ErrorCode::RateLimited,
    ErrorCode::TooManyConnections,
    ErrorCode::SlowConsumer,
    ErrorCode::Overloaded,
    ErrorCode::Draining,
    ErrorCode::SnapshotRunning,
    ErrorCode::SnapshotFailed,
    ErrorCode::Internal,
];

/// The part of the exchange that a code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The message itself.
    Protocol,
    /// Who is asking.
    Auth,
    /// What is subscribed to.
    Subscription,
    /// The order.
    Order,
    /// What the account may owe.
    Risk,
    /// Accounts, keys, deposits and markets.
    Account,
    /// Deliveries, their work and its proof.
    Delivery,
    /// How often the client asks.
    Rate,
    /// The server.
    Server,
    /// A category that is newer than this client.
    #[serde(other)]
    Unknown,
}

impl ErrorCode {
    /// The part of the exchange that this code comes from.
    pub fn category(&self) -> Category {
        use ErrorCode as E;
        match self {
            E::BadJson | E::BadEnvelope | E::UnknownMethod | E::UnknownField | E::MissingField => {
                Category::Protocol
            }
            E::BadType | E::BadDecimal | E::BadName | E::BadValue | E::TooLarge => Category::Protocol,
            E::AuthRequired | E::BadSignature | E::ClockSkew | E::NonceUsed => Category::Auth,
            E::KeyUnknown | E::ScopeMissing | E::AlreadyLoggedIn => Category::Auth,
            E::KeyExpired | E::IpNotAllowed | E::AdminListener => Category::Auth,
            E::NoMatch | E::BadChannel | E::BadDepth => Category::Subscription,
            E::BadSpeed | E::TooManySubs | E::NotSubscribed => Category::Subscription,
            E::SeqTooOld | E::EpochMismatch => Category::Subscription,
            E::UnknownSymbol | E::MarketClosed | E::BadTick | E::BadLot | E::MaxQty => Category::Order,
            E::MarketHalted | E::CancelOnly | E::PostOnlyMode | E::BadTerms => Category::Order,
            E::PriceBand | E::PostOnlyWouldCross | E::FokNotFillable | E::MinQty => Category::Order,
            E::DeadlinePassed | E::UnknownOrder | E::ReduceTooLarge | E::AmendRace => Category::Order,
            E::ClOrdIdConflict | E::BatchInvalid | E::BatchRefused => Category::Order,
            E::InsufficientCredit | E::InsufficientBond | E::InsufficientCapacity => Category::Risk,
            E::InsufficientClaims | E::OpenOrderLimit | E::CapacityInUse => Category::Risk,
            E::NotionalLimit | E::PositionLimit => Category::Risk,
            E::AccountUnknown | E::AccountExists | E::KeyExists | E::ReferenceConsumed => Category::Account,
            E::SupplyLimit | E::MarketExists | E::MarketInvalid | E::NotProvider => Category::Account,
            E::AccountLocked | E::UnknownMarket | E::LimitsInvalid => Category::Account,
            E::RedemptionUnknown | E::PaymentInvalid => Category::Account,
            E::UnknownDelivery | E::WrongState | E::TooLate | E::NoticeTooShort => Category::Delivery,
            E::NotInterruptible | E::NotAuditor | E::EvidenceRefused | E::JobTooLarge => Category::Delivery,
            E::DisputeRepeated | E::TermsInvalid | E::NoDeliveries => Category::Delivery,
            E::StakeLocked | E::InsufficientStake => Category::Delivery,
            E::RateLimited | E::TooManyConnections => Category::Rate,
            E::SlowConsumer | E::Overloaded | E::Draining | E::Internal => Category::Server,
            E::SnapshotRunning | E::SnapshotFailed => Category::Server,
            E::Other(_) => Category::Unknown,
        }
    }

    /// Whether the same request, unchanged, may succeed later.
    pub fn retryable(&self) -> bool {
        use ErrorCode as E;
        matches!(self, E::SlowConsumer | E::Overloaded | E::Draining | E::RateLimited | E::TooManyConnections)
            || matches!(self, E::SnapshotRunning)
    }
}

impl fmt::Display for ErrorCode {
    /// The text on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Category, ErrorCode};

    #[test]
    fn code_has_its_wire_text() {
        assert_eq!(ErrorCode::ClOrdIdConflict.to_string(), "CL_ORD_ID_CONFLICT");
        assert_eq!(serde_json::to_string(&ErrorCode::BadJson).unwrap(), "\"BAD_JSON\"");
        let code: ErrorCode = serde_json::from_str("\"MAX_QTY\"").unwrap();
        assert_eq!((code.category(), code.retryable()), (Category::Order, false));
    }

    #[test]
    fn newer_code_is_kept_as_text() {
        let code: ErrorCode = serde_json::from_str("\"SOLAR_FLARE\"").unwrap();
        assert_eq!(code, ErrorCode::Other("SOLAR_FLARE".into()));
        assert_eq!(code.to_string(), "SOLAR_FLARE");
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"SOLAR_FLARE\"");
    }
}
