//! Record: one write group as it stands on disk. The layout is described in `docs/journal.md`.

use std::fmt;

use engine::command::Stamped;
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp, Time};

use crate::decode;
use crate::decode::value;
use crate::fault::{RecordFault, Rule};
use crate::reader::Reader;

/// The version of the layout.
pub const FORMAT_VERSION: u16 = 1;
/// The version of the rules by which commands become events. Replaying under other rules may give other events.
pub const LOGIC_VERSION: u16 = 6;
/// The most commands in a record.
pub const COMMANDS_MAX: u32 = 1_024;
/// Where the commands begin.
pub const HEADER_BYTES: usize = 76;

const MAGIC: [u8; 4] = *b"HBJR";
/// Where the checksum stands: it is that of the bytes before and after it.
const CHECKSUM: std::ops::Range<usize> = 12..16;
/// A command is at least a time and a kind.
const COMMAND_BYTES_MIN: usize = 9;

/// The BLAKE3 hash of a record's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordHash(pub [u8; 32]);

impl RecordHash {
    /// What the first record names as the one before it.
    pub fn genesis() -> RecordHash {
        RecordHash::of(b"hourbook journal genesis 1")
    }

    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> RecordHash {
        RecordHash(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for RecordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a record says about itself and its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The logic version that made the outcome.
    pub logic: u16,
    /// The first command's sequence.
    pub first: Sequence,
    /// How many commands there are.
    pub count: u32,
    /// The hash of the record before it.
    pub previous: RecordHash,
    /// The rolling outcome hash after the last command.
    pub outcome: OutcomeHash,
}

impl Header {
    /// The last command's sequence.
    pub fn last(&self) -> Sequence {
        Sequence(self.first.0 + u64::from(self.count) - 1)
    }

    /// Completes the record that `bytes` are, whose commands are written and whose header is still blank.
    pub(crate) fn complete(&self, bytes: &mut [u8]) {
        let Header { logic, first, count, previous, outcome } = *self;
        let length = u32::try_from(bytes.len()).expect("a record is far below 4 GiB");
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[6..8].copy_from_slice(&logic.to_le_bytes());
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes[16..24].copy_from_slice(&first.0.to_le_bytes());
        bytes[24..28].copy_from_slice(&count.to_le_bytes());
        bytes[28..60].copy_from_slice(&previous.0);
        bytes[60..76].copy_from_slice(&outcome.value().to_le_bytes());
        let checksum = checksum(bytes);
        bytes[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// A record whose checksum is right and whose header makes sense.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    header: Header,
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads everything but the commands.
    ///
    /// # Errors
    /// The first rule that `bytes` break.
    pub fn open(bytes: &'a [u8]) -> Result<Record<'a>, RecordFault> {
        let mut from = Reader::at(bytes, 0);
        from.checked(Rule::Magic, |from| Ok((from.array()? == MAGIC).then_some(())))?;
        from.checked(Rule::Format, |from| Ok((from.half()? == FORMAT_VERSION).then_some(())))?;
        let logic = from.half()?;
        from.checked(Rule::Length, |from| {
            Ok((usize::try_from(from.word()?) == Ok(bytes.len())).then_some(()))
        })?;
        if bytes.len() < HEADER_BYTES {
            return Err(from.fault(Rule::End));
        }
        from.checked(Rule::Checksum, |from| Ok((from.word()? == checksum(bytes)).then_some(())))?;
        let broken = from.fault(Rule::Sequence);
        let first = from.long()?;
        let count = from.checked(Rule::Count, |from| {
            Ok(Some(from.word()?).filter(|count| (1..=COMMANDS_MAX).contains(count)))
        })?;
        // One more than the last sequence fits too, so that `Sequence::next` cannot overflow.
        if first < 1 || first.checked_add(count.into()).is_none() {
            return Err(broken);
        }
        let previous = RecordHash(from.array()?);
        let outcome = OutcomeHash::from_value(from.wide()?);
        Ok(Record { header: Header { logic, first: Sequence(first), count, previous, outcome }, bytes })
    }

    /// What the record says about itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// All its bytes.
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The hash that the next record names.
    pub fn hash(&self) -> RecordHash {
        RecordHash::of(self.bytes)
    }

    /// Replaces what is in `commands` by the record's commands.
    ///
    /// # Errors
    /// The first rule that the bytes break; `commands` then holds those before it.
    pub fn commands(&self, commands: &mut Vec<Stamped>) -> Result<(), RecordFault> {
        commands.clear();
        let mut from = Reader::at(self.bytes, HEADER_BYTES);
        let count = engine::ids::index(self.header.count);
        if from.left() < count * COMMAND_BYTES_MIN {
            return Err(from.fault(Rule::End));
        }
        commands.reserve(count);
        let mut stamp = Stamp { sequence: self.header.first, time: Time::default() };
        for _ in 0..count {
            let earlier = stamp.time;
            stamp.time = from
                .checked(Rule::Time, |from| Ok(Some(value::time(from)?).filter(|time| earlier <= *time)))?;
            commands.push(Stamped { stamp, command: decode::command(&mut from)? });
            stamp.sequence = stamp.sequence.next();
        }
        if 0 < from.left() { Err(from.fault(Rule::Rest)) } else { Ok(()) }
    }
}

/// The checksum of all bytes but its own. There are at least as many bytes as a header has.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..CHECKSUM.start]), &bytes[CHECKSUM.end..])
}
