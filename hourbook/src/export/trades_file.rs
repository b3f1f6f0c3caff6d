//! Trades file: trades as Parquet, in row groups that fit in memory.

use std::fs::File;
use std::sync::Arc;

use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

/// Trades that are written together.
const ROWS_MAX: usize = 1 << 16;

/// Columns, in this order.
const SCHEMA: &str = "
message trades {
  REQUIRED BYTE_ARRAY symbol (STRING);
  REQUIRED INT64 trade_id;
  REQUIRED INT64 sequence;
  REQUIRED INT64 time (TIMESTAMP(NANOS,true));
  REQUIRED INT64 price (DECIMAL(10,4));
  REQUIRED INT64 qty;
  REQUIRED BYTE_ARRAY taker_side (STRING);
  REQUIRED BYTE_ARRAY maker_order (STRING);
  REQUIRED BYTE_ARRAY taker_order (STRING);
  REQUIRED BYTE_ARRAY maker (STRING);
  REQUIRED BYTE_ARRAY taker (STRING);
}";

/// A trade, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) symbol: String,
    pub(crate) trade_id: u64,
    pub(crate) sequence: u64,
    /// Nanoseconds since 1970 UTC.
    pub(crate) time: u64,
    /// In ticks of 0.0001 CU.
    pub(crate) price: u32,
    pub(crate) qty: u32,
    pub(crate) taker_side: &'static str,
    pub(crate) maker_order: String,
    pub(crate) taker_order: String,
    /// Names of accounts.
    pub(crate) maker: String,
    pub(crate) taker: String,
}

/// A file to which trades are written.
pub(crate) struct TradesFile {
    writer: SerializedFileWriter<File>,
    rows: Vec<Row>,
}

impl TradesFile {
    /// Begins an empty file.
    pub(crate) fn begin(file: File) -> Result<TradesFile> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let writer = SerializedFileWriter::new(file, schema, Arc::default())?;
        Ok(TradesFile { writer, rows: Vec::new() })
    }

    /// Adds a trade.
    pub(crate) fn add(&mut self, row: Row) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() < ROWS_MAX { Ok(()) } else { self.write() }
    }

    /// Writes what is left, and makes the file durable.
    pub(crate) fn finish(mut self) -> Result<()> {
        if !self.rows.is_empty() {
            self.write()?;
        }
        let file = self.writer.into_inner()?;
        file.sync_all().map_err(|error| ParquetError::External(Box::new(error)))
    }

    fn write(&mut self) -> Result<()> {
        let rows = &self.rows;
        let mut group = self.writer.next_row_group()?;
        texts(&mut group, rows.iter().map(|row| row.symbol.as_str()))?;
        numbers(&mut group, rows.iter().map(|row| row.trade_id))?;
        numbers(&mut group, rows.iter().map(|row| row.sequence))?;
        numbers(&mut group, rows.iter().map(|row| row.time))?;
        numbers(&mut group, rows.iter().map(|row| row.price.into()))?;
        numbers(&mut group, rows.iter().map(|row| row.qty.into()))?;
        texts(&mut group, rows.iter().map(|row| row.taker_side))?;
        texts(&mut group, rows.iter().map(|row| row.maker_order.as_str()))?;
        texts(&mut group, rows.iter().map(|row| row.taker_order.as_str()))?;
        texts(&mut group, rows.iter().map(|row| row.maker.as_str()))?;
        texts(&mut group, rows.iter().map(|row| row.taker.as_str()))?;
        group.close()?;
        self.rows.clear();
        Ok(())
    }
}

type Group<'a> = SerializedRowGroupWriter<'a, File>;

fn column<'a>(group: &'a mut Group<'_>) -> Result<SerializedColumnWriter<'a>> {
    group
        .next_column()?
        .ok_or_else(|| ParquetError::General("there are more columns than the schema has".to_owned()))
}

fn numbers(group: &mut Group<'_>, values: impl Iterator<Item = u64>) -> Result<()> {
    let mut column = column(group)?;
    let too_large = |_| ParquetError::General("a number does not fit in 63 bits".to_owned());
    let values: Vec<i64> =
        values.map(|value| i64::try_from(value).map_err(too_large)).collect::<Result<_>>()?;
    match column.untyped() {
        ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&values, None, None)?,
        _ => unreachable!("numbers have 64 bits in the schema"),
    };
    column.close()
}

fn texts<'a>(group: &mut Group<'_>, values: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut column = column(group)?;
    let values: Vec<ByteArray> = values.map(ByteArray::from).collect();
    match column.untyped() {
        ColumnWriter::ByteArrayColumnWriter(writer) => writer.write_batch(&values, None, None)?,
        _ => unreachable!("texts are bytes in the schema"),
    };
    column.close()
}
