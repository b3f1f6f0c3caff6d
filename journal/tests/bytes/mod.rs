//! Bytes: records as whoever damages or forges them sees them.

/// Makes length and checksum right again, so that the rules behind them are reached.
pub(crate) fn mend(bytes: &mut [u8]) {
    let length = u32::try_from(bytes.len()).expect("records are short");
    bytes[8..12].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..]);
    bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
}
