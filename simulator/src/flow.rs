//! Flow: an order flow in the reference format, to measure a book with.
//!
//! A record has 32 bytes, little-endian: `u8 kind | u8 side | u16 account | u32 zero | u64 order id | u64 price in
//! ticks | u64 lots`. Kind 0 is a limit order, 1 a cancellation, 2 an immediate-or-cancel order, 3 a reduction by
//! `lots`; side 0 buys, 1 sells. Ids are opaque. What a correct book answers stands beside the flow, in `FLOW.json`.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use engine::order::Side;
use engine::units::{Lots, Price};
use serde::Deserialize;

/// Bytes of a record.
const RECORD_BYTES: usize = 32;

/// An order that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) limit: Price,
    pub(crate) lots: Lots,
    pub(crate) side: Side,
    /// Whose, from 0.
    pub(crate) account: u16,
    /// What is left of it is cancelled.
    pub(crate) immediate: bool,
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Place(Order),
    Cancel { id: u64, account: u16 },
    Reduce { id: u64, by: Lots, account: u16 },
}

// Five million of them stream through the processor's caches while the book is measured.
const _: () = assert!(size_of::<Step>() == 24);

/// What the maker of a flow says that it trades.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Reference {
    pub(crate) tape_hash: String,
    pub(crate) trades: u64,
}

/// An order flow, with the answer that belongs to it if there is one.
#[derive(Clone, Debug)]
pub struct Flow {
    pub(crate) steps: Vec<Step>,
    pub(crate) reference: Option<Reference>,
}

impl Flow {
    /// Reads the flow at `path`, and `path` with `.json` appended when that is there.
    ///
    /// # Errors
    /// When a file cannot be read, is cut short, or holds a record that says nothing the book understands.
    pub fn read(path: &Path) -> Result<Flow, FlowError> {
        let unreadable = |source| FlowError::Unreadable { path: path.to_path_buf(), source };
        let file = File::open(path).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        let records =
            usize::try_from(bytes).ok().filter(|bytes| 0 < *bytes && bytes.is_multiple_of(RECORD_BYTES));
        let records =
            records.ok_or_else(|| FlowError::Size { path: path.to_path_buf(), bytes })? / RECORD_BYTES;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut steps = Vec::with_capacity(records);
        for record in 0..records {
            let mut bytes = [0; RECORD_BYTES];
            reader.read_exact(&mut bytes).map_err(unreadable)?;
            let step = step(&bytes).map_err(|fault| FlowError::Record {
                path: path.to_path_buf(),
                record,
                fault,
            })?;
            steps.push(step);
        }
        Ok(Flow { steps, reference: reference(path)? })
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.steps.len()
    }
}

/// Reads what a correct book answers, if somebody says.
fn reference(flow: &Path) -> Result<Option<Reference>, FlowError> {
    let mut name = OsString::from(flow);
    name.push(".json");
    let path = PathBuf::from(name);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(FlowError::Unreadable { path, source }),
    };
    serde_json::from_slice(&text).map(Some).map_err(|source| FlowError::Reference { path, source })
}

/// What is wrong with a field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Which field.
    pub field: &'static str,
    /// What should stand there.
    pub expected: &'static str,
    /// What stands there.
    pub found: u64,
}

fn step(bytes: &[u8; RECORD_BYTES]) -> Result<Step, FieldFault> {
    let [kind, side, a0, a1, z0, z1, z2, z3, words @ ..] = *bytes;
    let word = |place: usize| {
        let bytes = words.as_chunks().0[place];
        u64::from_le_bytes(bytes)
    };
    let account = u16::from_le_bytes([a0, a1]);
    let (id, ticks, count) = (word(0), word(1), word(2));
    let fault = |field, expected, found| FieldFault { field, expected, found };
    let zero = u32::from_le_bytes([z0, z1, z2, z3]);
    if zero != 0 {
        return Err(fault("bytes 4 to 7", "0", zero.into()));
    }
    let side = match side {
        0 => Side::Bid,
        1 => Side::Ask,
        _ => return Err(fault("side", "0 (buy) or 1 (sell)", side.into())),
    };
    let lots = || {
        let lots = Lots::new(count).filter(|lots| !lots.is_zero());
        lots.ok_or(fault("quantity", "1 to 10,000,000", count))
    };
    let order = |immediate| {
        let limit = Price::new(ticks).ok_or(fault("price", "1 to 1,000,000,000", ticks))?;
        Ok(Step::Place(Order { id, limit, lots: lots()?, side, account, immediate }))
    };
    match kind {
        0 => order(false),
        1 => Ok(Step::Cancel { id, account }),
        2 => order(true),
        3 => Ok(Step::Reduce { id, by: lots()?, account }),
        _ => Err(fault("kind", "0 (limit), 1 (cancel), 2 (immediate or cancel) or 3 (reduce)", kind.into())),
    }
}

/// Why a flow cannot be read.
#[derive(Debug)]
pub enum FlowError {
    /// A file cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no whole number of records, or none.
    Size {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A record says nothing that the book understands.
    Record {
        /// The file.
        path: PathBuf,
        /// Which record, from 0.
        record: usize,
        /// What is wrong with it.
        fault: FieldFault,
    },
    /// The answer beside the flow is none.
    Reference {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlowError::Unreadable { path, source } => {
                write!(f, "{}: {source}: name a flow file that can be read", path.display())
            }
            FlowError::Size { path, bytes } => write!(
                f,
                "{}: {bytes} bytes: a flow is one record of {RECORD_BYTES} bytes after another; this file is cut \
                 short or no flow",
                path.display()
            ),
            FlowError::Record { path, record, fault } => write!(
                f,
                "{}: record {record} (counted from 0): {}: expected {}, found {}",
                path.display(),
                fault.field,
                fault.expected,
                fault.found
            ),
            FlowError::Reference { path, source } => write!(
                f,
                "{}: {source}: it should say tape_hash and trades; mend or remove it",
                path.display()
            ),
        }
    }
}

impl std::error::Error for FlowError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FlowError::Unreadable { source, .. } => Some(source),
            FlowError::Reference { source, .. } => Some(source),
            FlowError::Size { .. } | FlowError::Record { .. } => None,
        }
    }
}
