//! Assigned: what a slot asks for as it is kept, with the calibration by which it is judged: the exchange's when it was assigned.

use attestation::assign::Assign;
use attestation::calibration::Calibration;
use attestation::malformed::Malformed;

/// An assignment and its calibration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// What was assigned.
    pub assign: Assign,
    /// By what it is judged.
    pub calibration: Calibration,
}

impl Assigned {
    /// Its bytes: those of the one, then of the other.
    pub fn encode(&self) -> Vec<u8> {
        [self.assign.encode(), self.calibration.encode()].concat()
    }

    /// Reads what [`Assigned::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Assigned, Malformed> {
        let (assign, calibration) = bytes.split_at_checked(Assign::LEN).unwrap_or((bytes, &[]));
        Ok(Assigned { assign: Assign::decode(assign)?, calibration: Calibration::decode(calibration)? })
    }
}
