//! Snapshot: an exchange as it was after a record of the journal, so that recovery need not begin at the first. The layout
//! is described in `docs/journal.md`.
//!
//! A header of fixed length says which record it was, and carries a hash over the body; the body is the image of the
//! exchange and what only events have told of its view. Both go block by block, so nobody needs room for the bytes of it
//! all. Nothing in here does I/O.

pub mod fault;
pub mod header;

use engine::exchange::Exchange;
use engine::image::reader::ImageReader;
use engine::image::writer::ImageWriter;
use engine::outcome::OutcomeHash;
use engine::view::View;

use crate::chain::Chain;
use crate::record::LOGIC_VERSION;
use crate::recovery::Recovered;
use crate::snapshot::fault::SnapshotFault;
use crate::snapshot::header::{HEADER_BYTES, SnapshotHeader};

/// An exchange between two records, with all that goes on from there.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The exchange.
    pub exchange: Exchange,
    /// What its events have told.
    pub view: View,
    /// The chain, to which the next record is joined.
    pub chain: Chain,
    /// The rolling outcome hash, to be folded on.
    pub outcome: OutcomeHash,
}

impl Snapshot {
    /// Hands the body to `sink`, block by block; returns the header, which stands before it.
    ///
    /// # Panics
    /// Unless the exchange is founded, and at the end of the chain.
    pub fn write(&self, sink: &mut dyn FnMut(&[u8])) -> [u8; HEADER_BYTES] {
        let Snapshot { exchange, view, chain, outcome } = self;
        let last = chain.last();
        assert!(exchange.last() == last && view.stamp() == last, "a snapshot is of one moment");
        let founding = exchange.founding().expect("only what was founded is kept");
        let mut hasher = blake3::Hasher::new();
        let mut hashed = |block: &[u8]| {
            hasher.update(block);
            sink(block);
        };
        let mut to = ImageWriter::new(&mut hashed);
        exchange.put_image(&mut to);
        view.put_image(&mut to);
        let bytes = to.finish();
        let header = SnapshotHeader {
            logic: LOGIC_VERSION,
            bytes,
            epoch: founding.epoch,
            last,
            record: chain.hash(),
            outcome: *outcome,
            state: exchange.state_hash(),
            body: *hasher.finalize().as_bytes(),
        };
        header.encode()
    }

    /// The snapshot of this header, whose body comes from `source`: it appends the next bytes to the list it is given, none
    /// when there are no more.
    ///
    /// # Errors
    /// When it is of another logic version, or anything in it is not what was written.
    pub fn read(
        header: &SnapshotHeader,
        source: &mut dyn FnMut(&mut Vec<u8>),
    ) -> Result<Snapshot, SnapshotFault> {
        if header.logic != LOGIC_VERSION {
            return Err(SnapshotFault::Logic { expected: LOGIC_VERSION, found: header.logic });
        }
        let mut hasher = blake3::Hasher::new();
        let mut hashed = |block: &mut Vec<u8>| {
            let had = block.len();
            source(block);
            hasher.update(&block[had..]);
        };
        let mut from = ImageReader::new(header.bytes, &mut hashed);
        let exchange = Exchange::take_image(&mut from).map_err(SnapshotFault::Body)?;
        let view = View::take_image(&exchange, &mut from).map_err(SnapshotFault::Body)?;
        from.finish().map_err(SnapshotFault::Body)?;
        let same = *hasher.finalize().as_bytes() == header.body;
        let epoch = exchange.founding().map(|founding| founding.epoch);
        let meant = exchange.last() == header.last && epoch == Some(header.epoch);
        // Costs a look at all of the state, and shows that what was read is what was written, whatever the bytes.
        if !same || !meant || exchange.state_hash() != header.state {
            return Err(SnapshotFault::Mixed);
        }
        let chain = Chain::at(header.record, header.last);
        Ok(Snapshot { exchange, view, chain, outcome: header.outcome })
    }

    /// What the journal amounts to up to here, with its view.
    pub fn recovered(self) -> (Recovered, View) {
        let Snapshot { exchange, view, chain, outcome } = self;
        let (last, commands, records) = (chain.last(), 0, 0);
        (Recovered { exchange, last, chain, outcome, commands, records }, view)
    }
}
