//! Outcome: how a slot of a delivery ended, and whose the money is then.

/// How a slot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The work was done and is proven.
    Accepted = 1,
    /// The buyer made the work impossible.
    BuyerFault = 2,
    /// The arbiter found the work wrong.
    Rejected = 3,
    /// The provider did not commit in time.
    Missed = 4,
    /// The provider did not open what the sample asked for in time.
    Unopened = 5,
    /// The network failed, says the operator.
    Network = 6,
    /// Nobody could decide in time.
    Inconclusive = 7,
    /// The seller of an interruptible window took it back.
    Reclaimed = 8,
}

/// Who gets a slot's escrow, and who the part of the bond that covers a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Award {
    /// The escrow is the provider's; else it returns to the holder.
    pub escrow_to_provider: bool,
    /// The cover is the provider's; else it is the holder's.
    pub cover_to_provider: bool,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 8] = [
        Outcome::Accepted,
        Outcome::BuyerFault,
        Outcome::Rejected,
        Outcome::Missed,
        Outcome::Unopened,
        Outcome::Network,
        Outcome::Inconclusive,
        Outcome::Reclaimed,
    ];

    /// The outcome's number, from 1.
    #[allow(clippy::as_conversions, reason = "the enum's own numbers")]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether it is the provider's fault.
    pub const fn is_providers_fault(self) -> bool {
        matches!(self, Outcome::Rejected | Outcome::Missed | Outcome::Unopened)
    }

    /// Whose the money is.
    pub const fn award(self) -> Award {
        match self {
            Outcome::Accepted | Outcome::BuyerFault => {
                Award { escrow_to_provider: true, cover_to_provider: true }
            }
            Outcome::Rejected | Outcome::Missed | Outcome::Unopened => {
                Award { escrow_to_provider: false, cover_to_provider: false }
            }
            Outcome::Network | Outcome::Inconclusive | Outcome::Reclaimed => {
                Award { escrow_to_provider: false, cover_to_provider: true }
            }
        }
    }
}

/// What the arbiter decides, and the operator about the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ruling {
    /// The work was done.
    Delivered,
    /// The work was not done, or done wrong.
    NotDelivered,
    /// The provider did not open what the arbiter asked for.
    Unopened,
    /// The buyer made it impossible.
    BuyerFault,
    /// The network failed.
    Network,
    /// It can not be known.
    Inconclusive,
}

impl Ruling {
    /// Every ruling.
    pub const ALL: [Ruling; 6] = [
        Ruling::Delivered,
        Ruling::NotDelivered,
        Ruling::Unopened,
        Ruling::BuyerFault,
        Ruling::Network,
        Ruling::Inconclusive,
    ];

    /// The outcome it leads to.
    pub const fn outcome(self) -> Outcome {
        match self {
            Ruling::Delivered => Outcome::Accepted,
            Ruling::NotDelivered => Outcome::Rejected,
            Ruling::Unopened => Outcome::Unopened,
            Ruling::BuyerFault => Outcome::BuyerFault,
            Ruling::Network => Outcome::Network,
            Ruling::Inconclusive => Outcome::Inconclusive,
        }
    }

    /// The ruling's number: that of its outcome.
    pub const fn number(self) -> u8 {
        self.outcome().number()
    }
}
