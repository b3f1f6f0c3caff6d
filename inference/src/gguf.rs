//! GGUF: a model file's facts and tensors, as ggml writes them.
//!
//! Nothing is believed: every count has a bound, every length is checked against what is left of the file before memory
//! is taken for it, and no value may stand twice. What is read borrows from the file's bytes.

mod cursor;
pub(crate) mod value;

use std::collections::BTreeMap;

use crate::gguf::cursor::Cursor;
use crate::gguf::value::{ENTRIES_MAX, Value};
use crate::invalid::Invalid;
use crate::narrow::index;
use crate::quantisation::Quantisation;

/// Bytes of a model file, at most.
pub const FILE_BYTES_MAX: u64 = 16 << 30;
/// Facts about a model, at most.
const FACTS_MAX: u64 = 4096;
/// Tensors of a model, at most.
const TENSORS_MAX: u64 = 16_384;
/// Dimensions of a tensor, at most.
const DIMENSIONS_MAX: u32 = 4;
/// Weights along one dimension, at most.
const DIMENSION_MAX: u64 = 1 << 24;
/// Bytes to which tensors may be aligned, at most.
const ALIGNMENT_MAX: u32 = 65_536;
const ALIGNMENT_DEFAULT: u32 = 32;
const ALIGNMENT_KEY: &str = "general.alignment";
pub(crate) const MAGIC: [u8; 4] = *b"GGUF";

/// What is in a file.
#[derive(Debug)]
pub(crate) struct Gguf<'a> {
    facts: BTreeMap<&'a str, Value<'a>>,
    tensors: BTreeMap<&'a str, Tensor<'a>>,
}

/// A matrix or a vector: weights row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tensor<'a> {
    pub(crate) quantisation: Quantisation,
    pub(crate) columns: usize,
    /// 1 for a vector.
    pub(crate) rows: usize,
    pub(crate) blocks: &'a [u8],
}

/// A tensor before its place in the file is known to be there.
struct Described<'a> {
    name: &'a str,
    quantisation: Quantisation,
    columns: usize,
    rows: usize,
    offset: u64,
}

impl<'a> Gguf<'a> {
    pub(crate) fn parse(file: &'a [u8]) -> Result<Gguf<'a>, Invalid> {
        let mut cursor = Cursor::new(file);
        if cursor.array("magic")? != MAGIC {
            return Err(Invalid::new("magic", "must be `GGUF`: this is no GGUF file"));
        }
        let version = cursor.u32("version")?;
        if !(2..=3).contains(&version) {
            return Err(Invalid::new("version", format!("is {version}, must be 2 or 3")));
        }
        let tensors = cursor.count("tensor_count", TENSORS_MAX)?;
        let facts = cursor.count("metadata_kv_count", FACTS_MAX)?;
        let facts = read_facts(&mut cursor, facts)?;
        let described: Vec<Described<'a>> =
            (0..tensors).map(|_| describe(&mut cursor)).collect::<Result<_, _>>()?;
        let alignment = alignment(&facts)?;
        let data_at = cursor.at().next_multiple_of(alignment);
        let data = file.get(data_at..).unwrap_or_default();
        let mut tensors = BTreeMap::new();
        let mut taken = Vec::new();
        for described in described {
            let tensor = described.locate(data, alignment)?;
            taken.push((described.offset, tensor.blocks.len(), described.name));
            if tensors.insert(described.name, tensor).is_some() {
                return Err(Invalid::new(described.name, "stands twice among the tensors"));
            }
        }
        check_apart(taken)?;
        Ok(Gguf { facts, tensors })
    }

    pub(crate) fn facts(&self) -> impl Iterator<Item = (&'a str, &Value<'a>)> {
        self.facts.iter().map(|(key, value)| (*key, value))
    }

    pub(crate) fn fact(&self, key: &str) -> Option<&Value<'a>> {
        self.facts.get(key)
    }

    pub(crate) fn tensors(&self) -> impl Iterator<Item = (&'a str, &Tensor<'a>)> {
        self.tensors.iter().map(|(name, tensor)| (*name, tensor))
    }

    /// Takes a tensor out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Tensor<'a>> {
        self.tensors.remove(name)
    }
}

fn read_facts<'a>(cursor: &mut Cursor<'a>, count: u64) -> Result<BTreeMap<&'a str, Value<'a>>, Invalid> {
    let mut facts = BTreeMap::new();
    let mut entries_left = ENTRIES_MAX;
    for _ in 0..count {
        let key = cursor.text("key")?;
        let value = Value::read(cursor, key, &mut entries_left)?;
        if facts.insert(key, value).is_some() {
            return Err(Invalid::new(key, "stands twice"));
        }
    }
    Ok(facts)
}

fn alignment(facts: &BTreeMap<&str, Value<'_>>) -> Result<usize, Invalid> {
    let alignment = match facts.get(ALIGNMENT_KEY) {
        None => ALIGNMENT_DEFAULT,
        Some(value) => value.number(ALIGNMENT_KEY)?,
    };
    if alignment.is_power_of_two() && alignment <= ALIGNMENT_MAX {
        return Ok(index(alignment));
    }
    Err(Invalid::new(ALIGNMENT_KEY, format!("is {alignment}, must be a power of two up to {ALIGNMENT_MAX}")))
}

fn describe<'a>(cursor: &mut Cursor<'a>) -> Result<Described<'a>, Invalid> {
    let name = cursor.text("tensor name")?;
    let dimensions = cursor.u32(name)?;
    if dimensions == 0 || DIMENSIONS_MAX < dimensions {
        return Err(Invalid::new(
            name,
            format!("has {dimensions} dimensions, must have 1 to {DIMENSIONS_MAX}"),
        ));
    }
    let mut sizes = [1; 4];
    for size in sizes.iter_mut().take(index(dimensions)) {
        *size = cursor.u64(name)?;
        if *size == 0 || DIMENSION_MAX < *size {
            return Err(Invalid::new(
                name,
                format!("has a dimension of {size}, must be 1 to {DIMENSION_MAX}"),
            ));
        }
    }
    if sizes[2..] != [1, 1] {
        return Err(Invalid::new(name, "has more than two dimensions, must be a vector or a matrix"));
    }
    let format = cursor.u32(name)?;
    let quantisation = Quantisation::from_number(format).ok_or_else(|| {
        let rule = format!("has format {format}, must be F32, F16, BF16, Q4_0, Q4_1, Q8_0, Q4_K or Q6_K");
        Invalid::new(name, rule)
    })?;
    let [columns, rows, ..] = sizes.map(|size| usize::try_from(size).expect("dimensions are bounded"));
    if !columns.is_multiple_of(quantisation.block_values()) {
        let block = quantisation.block_values();
        return Err(Invalid::new(
            name,
            format!("has rows of {columns} weights, must be whole blocks of {block}"),
        ));
    }
    Ok(Described { name, quantisation, columns, rows, offset: cursor.u64(name)? })
}

/// No byte of the file is two tensors': otherwise a small file would fill any memory. Tensors are told by offset, length and name.
fn check_apart(mut taken: Vec<(u64, usize, &str)>) -> Result<(), Invalid> {
    taken.sort_unstable();
    for pair in taken.windows(2) {
        let [(first, length, name), (second, _, other)] = [pair[0], pair[1]];
        if usize::try_from(second - first).is_ok_and(|distance| distance < length) {
            return Err(Invalid::new(other, format!("lies over another tensor, `{name}`")));
        }
    }
    Ok(())
}

impl Described<'_> {
    fn locate<'a>(&self, data: &'a [u8], alignment: usize) -> Result<Tensor<'a>, Invalid> {
        let Described { quantisation, columns, rows, .. } = *self;
        let outside =
            || Invalid::new(self.name, "lies outside the file: it was cut short, or its offset is wrong");
        let offset = usize::try_from(self.offset).map_err(|_| outside())?;
        if !offset.is_multiple_of(alignment) {
            return Err(Invalid::new(
                self.name,
                format!("lies at {offset}, must be a multiple of {alignment}"),
            ));
        }
        // At most 2^24 columns and rows of at most 4 bytes: no overflow in 64 bits.
        let row_bytes = columns / quantisation.block_values() * quantisation.block_bytes();
        let length = row_bytes.checked_mul(rows).ok_or_else(outside)?;
        let end = offset.checked_add(length).ok_or_else(outside)?;
        let blocks = data.get(offset..end).ok_or_else(outside)?;
        Ok(Tensor { quantisation, columns, rows, blocks })
    }
}
