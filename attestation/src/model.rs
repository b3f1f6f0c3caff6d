//! Model: the id by which assignments and calibrations name one.

use crate::digest::Digest;
use crate::domain::Domain;

/// The id of the model in this file: weights, vocabulary and all. Of one that is built in, its name stands for the file.
pub fn model_id(file: &[u8]) -> Digest {
    Digest::of(Domain::MODEL, &[file])
}
