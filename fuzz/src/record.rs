//! Record: bytes as a journal record. Any bytes give commands or the first fault; what is read is written as it was.

use engine::command::Stamped;
use engine::stamp::{Sequence, Stamp};
use journal::chain::Chain;
use journal::record::{FORMAT_VERSION, HEADER_BYTES, LOGIC_VERSION, Record};
use journal::sealed::SealedRecords;

/// Reads the bytes as they are, then behind a header that is right; returns whether they were commands then.
///
/// # Panics
/// When what was read is written otherwise.
pub fn record(data: &[u8]) -> bool {
    read(data);
    read(&headed(data))
}

fn read(bytes: &[u8]) -> bool {
    let Ok(record) = Record::open(bytes) else { return false };
    let mut commands = Vec::new();
    if record.commands(&mut commands).is_err() {
        return false;
    }
    // The first record of a journal begins with the first command.
    let restamped = (1..).zip(&commands).map(|(number, stamped)| {
        let stamp = Stamp { sequence: Sequence(number), time: stamped.stamp.time };
        Stamped { stamp, ..*stamped }
    });
    let restamped: Vec<Stamped> = restamped.collect();
    let mut records = SealedRecords::default();
    Chain::default().seal(&restamped, record.header().outcome, &mut records);
    let again = records.iter().next().expect("one was sealed").bytes;
    assert_eq!(again[HEADER_BYTES..], bytes[HEADER_BYTES..], "a command is written in one way only");
    true
}

/// A record whose header is right: two bytes say how many commands there are, the rest is what they are.
fn headed(data: &[u8]) -> Vec<u8> {
    let (count, body) = data.split_at(data.len().min(2));
    let count = count.iter().rev().fold(0_u32, |count, byte| count << 8 | u32::from(*byte));
    let mut bytes = vec![0; HEADER_BYTES];
    bytes.extend_from_slice(body);
    let length = u32::try_from(bytes.len()).expect("a fuzzer's input is short");
    bytes[0..4].copy_from_slice(b"HBJR");
    bytes[4..6].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[6..8].copy_from_slice(&LOGIC_VERSION.to_le_bytes());
    bytes[8..12].copy_from_slice(&length.to_le_bytes());
    bytes[16..24].copy_from_slice(&1_u64.to_le_bytes());
    bytes[24..28].copy_from_slice(&count.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..]);
    bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    bytes
}
