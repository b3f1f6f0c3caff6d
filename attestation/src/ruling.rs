//! Ruling: how the exchange's arbiter decided a batch that no auditor's verdict decides.

use crate::digest::Digest;
use crate::domain::Domain;
use crate::key::{PublicKey, Signature};
use crate::layout::{Reader, Writer};
use crate::malformed::Malformed;

/// What the arbiter decided of one batch: of one that was flagged, disputed, or that nobody audited. Signed by the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Who signs.
    pub exchange: PublicKey,
    /// The id of the [`Commit`](crate::commit::Commit).
    pub commit: Digest,
    /// How the batch ends.
    pub ruled: Ruled,
    /// The exchange's.
    pub signature: Signature,
}

/// How a batch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruled {
    /// It was delivered.
    Accepted,
    /// The work was wrong, or not done.
    Rejected,
    /// What the arbiter asked for was not opened.
    Unopened,
    /// The network failed.
    Network,
    /// The taker's fault.
    Buyer,
    /// Nobody could tell.
    Inconclusive,
}

signed!(Ruling by exchange, "the exchange signs what its arbiter decided");

impl Ruling {
    /// How many bytes a ruling takes.
    pub const LEN: usize = 156;

    /// Reads the bytes of one, and nothing else. Whether its signature is right is asked of it.
    pub fn decode(bytes: &[u8]) -> Result<Ruling, Malformed> {
        let mut reader = Reader::new("ruling", Domain::RULING, bytes)?;
        let ruling = Ruling {
            exchange: reader.key("exchange")?,
            commit: reader.digest("commit")?,
            ruled: Ruled::read(&mut reader)?,
            signature: reader.signature()?,
        };
        reader.end()?;
        Ok(ruling)
    }

    fn body(&self) -> Vec<u8> {
        let writer = Writer::new(Domain::RULING).key(&self.exchange).digest(self.commit);
        writer.u32(self.ruled.number()).done()
    }
}

impl Ruled {
    const ALL: [Ruled; 6] = [
        Ruled::Accepted,
        Ruled::Rejected,
        Ruled::Unopened,
        Ruled::Network,
        Ruled::Buyer,
        Ruled::Inconclusive,
    ];

    /// Its name, as the protocol has it.
    pub fn name(self) -> &'static str {
        match self {
            Ruled::Accepted => "accepted",
            Ruled::Rejected => "rejected",
            Ruled::Unopened => "unopened",
            Ruled::Network => "network",
            Ruled::Buyer => "buyer",
            Ruled::Inconclusive => "inconclusive",
        }
    }

    fn number(self) -> u32 {
        (0..).zip(Ruled::ALL).find(|(_, ruled)| *ruled == self).expect("all are listed").0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Ruled, Malformed> {
        let number = reader.u32("outcome")?;
        let found = (0..).zip(Ruled::ALL).find(|(place, _)| *place == number);
        let rule = "0 accepted, 1 rejected, 2 unopened, 3 network, 4 buyer, 5 inconclusive";
        found.map_or_else(|| reader.refuse("outcome", rule), |(_, ruled)| Ok(ruled))
    }
}
