//! Settlement: what is asked of a provider in a slot, and whether what it shows fits.
//!
//! The exchange's side of attested inference, beside the engine: the engine knows where each slot stands and moves the money; here
//! are the objects that its commands name by hash. An [`office::Office`] signs what a slot asks for; a [`case`] grows from the
//! provider's commitment over the openings to the auditor's verdict, and is a whole [`attestation::receipt::Receipt`] at each step. A
//! [`shelf::Shelf`] keeps both, and [`custody`] says whether it still has what the journal names. No clock, socket or random number, and nothing is computed with a model.

pub mod assigned;
pub mod case;
pub mod custody;
pub mod job;
pub mod measured;
pub mod office;
pub mod refusal;
pub mod shelf;
