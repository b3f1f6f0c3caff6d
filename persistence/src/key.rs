//! Key: under which a record stands in the database: its first sequence, so that keys ascend as records do.

use engine::stamp::Sequence;

pub(crate) fn key(first: Sequence) -> [u8; 8] {
    first.0.to_be_bytes()
}
