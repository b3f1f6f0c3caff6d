//! Value: a fact about a model: a number, a truth, a text, or a list of one of them.

use std::fmt;

use crate::gguf::cursor::Cursor;
use crate::invalid::Invalid;

/// Entries of all lists of a file, at most. An entry takes 32 bytes of memory, however short it is in the file.
pub(crate) const ENTRIES_MAX: u64 = 1 << 22;
/// How many entries of a list are shown.
const SHOWN_MAX: usize = 4;
/// How many characters of a text are shown.
const SHOWN_CHARACTERS_MAX: usize = 100;

/// A fact's value. Whole numbers of every width are one kind, and so are floats.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Whole(i128),
    Float(f64),
    Truth(bool),
    Text(&'a str),
    List(Vec<Value<'a>>),
}

const TEXT: u32 = 8;
const LIST: u32 = 9;

impl<'a> Value<'a> {
    /// Reads one, if its list has no more entries than are left to the file.
    pub(crate) fn read(
        cursor: &mut Cursor<'a>,
        field: &str,
        entries_left: &mut u64,
    ) -> Result<Value<'a>, Invalid> {
        let kind = cursor.u32(field)?;
        if kind != LIST {
            return Value::read_one(cursor, field, kind);
        }
        let kind = cursor.u32(field)?;
        if kind == LIST {
            return Err(Invalid::new(field, "is a list of lists, must be a list of plain values"));
        }
        let count = cursor.u64(field)?;
        *entries_left = entries_left.checked_sub(count).ok_or_else(|| {
            let rule =
                format!("is {count}, must be at most {entries_left}: lists have {ENTRIES_MAX} together");
            Invalid::new(field, rule)
        })?;
        let count = usize::try_from(count).expect("lengths of lists are bounded");
        let bytes = count * bytes_min(field, kind)?;
        if cursor.left() < bytes {
            let rule = format!(
                "has {count} entries, which need {bytes} bytes or more, and {} are left",
                cursor.left()
            );
            return Err(Invalid::new(field, rule));
        }
        (0..count).map(|_| Value::read_one(cursor, field, kind)).collect::<Result<_, _>>().map(Value::List)
    }

    fn read_one(cursor: &mut Cursor<'a>, field: &str, kind: u32) -> Result<Value<'a>, Invalid> {
        Ok(match kind {
            0 => Value::Whole(u8::from_le_bytes(cursor.array(field)?).into()),
            1 => Value::Whole(i8::from_le_bytes(cursor.array(field)?).into()),
            2 => Value::Whole(u16::from_le_bytes(cursor.array(field)?).into()),
            3 => Value::Whole(i16::from_le_bytes(cursor.array(field)?).into()),
            4 => Value::Whole(u32::from_le_bytes(cursor.array(field)?).into()),
            5 => Value::Whole(i32::from_le_bytes(cursor.array(field)?).into()),
            6 => Value::Float(f32::from_le_bytes(cursor.array(field)?).into()),
            7 => match cursor.array(field)? {
                [0] => Value::Truth(false),
                [1] => Value::Truth(true),
                [other] => return Err(Invalid::new(field, format!("is {other}, must be 0 or 1"))),
            },
            TEXT => Value::Text(cursor.text(field)?),
            10 => Value::Whole(u64::from_le_bytes(cursor.array(field)?).into()),
            11 => Value::Whole(i64::from_le_bytes(cursor.array(field)?).into()),
            12 => Value::Float(f64::from_le_bytes(cursor.array(field)?)),
            _ => return Err(unknown(field, kind)),
        })
    }

    /// A number from 0 to 2^32 - 1.
    pub(crate) fn number(&self, field: &str) -> Result<u32, Invalid> {
        let number = match self {
            Value::Whole(whole) => u32::try_from(*whole).ok(),
            _ => None,
        };
        number.ok_or_else(|| Invalid::new(field, format!("is {self}, must be a whole number below 2^32")))
    }

    pub(crate) fn float(&self, field: &str) -> Result<f64, Invalid> {
        match self {
            Value::Float(float) => Ok(*float),
            _ => Err(Invalid::new(field, format!("is {self}, must be a float"))),
        }
    }

    pub(crate) fn truth(&self, field: &str) -> Result<bool, Invalid> {
        match self {
            Value::Truth(truth) => Ok(*truth),
            _ => Err(Invalid::new(field, format!("is {self}, must be true or false"))),
        }
    }

    pub(crate) fn text(&self, field: &str) -> Result<&'a str, Invalid> {
        match self {
            Value::Text(text) => Ok(text),
            _ => Err(Invalid::new(field, format!("is {self}, must be a text"))),
        }
    }

    pub(crate) fn list(&self, field: &str) -> Result<&[Value<'a>], Invalid> {
        match self {
            Value::List(list) => Ok(list),
            _ => Err(Invalid::new(field, format!("is {self}, must be a list"))),
        }
    }
}

/// Bytes that a value of a kind takes at least.
fn bytes_min(field: &str, kind: u32) -> Result<usize, Invalid> {
    Ok(match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        TEXT | 10..=12 => 8,
        _ => return Err(unknown(field, kind)),
    })
}

fn unknown(field: &str, kind: u32) -> Invalid {
    Invalid::new(field, format!("has the unknown type {kind}"))
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Whole(whole) => write!(f, "{whole}"),
            Value::Float(float) => write!(f, "{float}"),
            Value::Truth(truth) => write!(f, "{truth}"),
            Value::Text(text) => {
                let shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
                let rest = if shown.len() < text.len() { "..." } else { "" };
                let shown = shown.replace('\n', "\\n").replace(char::is_control, "?");
                write!(f, "\"{shown}{rest}\"")
            }
            Value::List(list) => {
                let shown: Vec<String> = list.iter().take(SHOWN_MAX).map(Value::to_string).collect();
                let rest = if SHOWN_MAX < list.len() { ", ..." } else { "" };
                write!(f, "{} entries: {}{rest}", list.len(), shown.join(", "))
            }
        }
    }
}
