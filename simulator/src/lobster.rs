//! Lobster: a recorded stretch of NASDAQ trading, as LOBSTER writes it.
//!
//! A folder holds `*_message_N.csv`, one line for each event within the best N levels, and `*_orderbook_*.csv`, the
//! book after each of them. Two order-book files may lie side by side when one is long and the other is wide; row by
//! row the wider one counts.

mod line;
pub(crate) mod message;
pub(crate) mod snapshot;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::lobster::line::lines;
use crate::lobster::message::Message;
use crate::lobster::snapshot::Snapshot;

/// The most levels LOBSTER records.
const LEVELS_MAX: usize = 200;

/// A recorded stretch: messages, and the exchange's own book after each.
#[derive(Clone, Debug)]
pub struct Sample {
    /// How many levels of each side were recorded: what happens beyond them is not in the file.
    pub(crate) levels: usize,
    /// What happened, in order of time. There is at least one.
    pub(crate) messages: Vec<Message>,
    /// The book after each message, as many levels of it as a file gives.
    pub(crate) books: Vec<Snapshot>,
}

impl Sample {
    /// Reads the sample in `folder`.
    ///
    /// # Errors
    /// When a file is missing or cannot be read, when a line is malformed, or when the files do not fit together.
    pub fn read(folder: &Path) -> Result<Sample, SampleError> {
        let message_file = only(folder, "_message_", &files(folder, "_message_")?)?;
        let levels = levels_of(&message_file)?;
        let messages = messages(&message_file)?;
        let mut books: Vec<Snapshot> = Vec::new();
        let book_files = files(folder, "_orderbook_")?;
        for file in &book_files {
            let rows = snapshots(file)?;
            if messages.len() < rows.len() {
                return Err(SampleError::Rows {
                    file: file.clone(),
                    rows: rows.len(),
                    messages: messages.len(),
                });
            }
            merge(&mut books, rows);
        }
        let longest = book_files.last().ok_or_else(|| SampleError::Files {
            folder: folder.to_path_buf(),
            part: "_orderbook_",
            found: 0,
        })?;
        if books.len() != messages.len() {
            let (file, rows) = (longest.clone(), books.len());
            return Err(SampleError::Rows { file, rows, messages: messages.len() });
        }
        Ok(Sample { levels, messages, books })
    }

    /// How many messages there are.
    pub fn messages(&self) -> usize {
        self.messages.len()
    }
}

/// The CSV files of a folder whose name contains `part`, by name.
fn files(folder: &Path, part: &str) -> Result<Vec<PathBuf>, SampleError> {
    let unreadable = |source| SampleError::Unreadable { path: folder.to_path_buf(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = name_of(&path);
        if name.contains(part) && name.ends_with(".csv") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn only(folder: &Path, part: &'static str, files: &[PathBuf]) -> Result<PathBuf, SampleError> {
    match files {
        [file] => Ok(file.clone()),
        _ => Err(SampleError::Files { folder: folder.to_path_buf(), part, found: files.len() }),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The number of levels that closes the message file's name.
fn levels_of(file: &Path) -> Result<usize, SampleError> {
    let name = name_of(file);
    let number = name.trim_end_matches(".csv").rsplit('_').next().unwrap_or_default();
    let levels = number.parse().ok().filter(|levels| (1..=LEVELS_MAX).contains(levels));
    levels.ok_or_else(|| SampleError::Levels { file: file.to_path_buf() })
}

fn messages(file: &Path) -> Result<Vec<Message>, SampleError> {
    let text = text(file)?;
    let mut messages: Vec<Message> = Vec::new();
    for line in lines(file, &text) {
        let message = Message::read(&line)?;
        if messages.last().is_some_and(|last| message.time < last.time) {
            return Err(line.wrong(0, "time", "a time not before the line above"));
        }
        messages.push(message);
    }
    if messages.is_empty() {
        return Err(SampleError::Empty { file: file.to_path_buf() });
    }
    Ok(messages)
}

fn snapshots(file: &Path) -> Result<Vec<Snapshot>, SampleError> {
    let text = text(file)?;
    lines(file, &text).map(|line| Snapshot::read(&line)).collect()
}

fn text(file: &Path) -> Result<String, SampleError> {
    let unreadable = |source| SampleError::Unreadable { path: file.to_path_buf(), source };
    let bytes = std::fs::read(file).map_err(unreadable)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Puts `rows` into `books`, row by row, where they are wider.
fn merge(books: &mut Vec<Snapshot>, rows: Vec<Snapshot>) {
    for (number, row) in rows.into_iter().enumerate() {
        match books.get_mut(number) {
            None => books.push(row),
            Some(book) if book.levels < row.levels => *book = row,
            Some(_) => {}
        }
    }
}

/// Why a sample cannot be read.
#[derive(Debug)]
pub enum SampleError {
    /// The folder or a file cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder does not hold the files it should.
    Files {
        /// Which folder.
        folder: PathBuf,
        /// Part of the name that was looked for.
        part: &'static str,
        /// How many such files there are.
        found: usize,
    },
    /// The message file's name does not say how many levels were recorded.
    Levels {
        /// The file.
        file: PathBuf,
    },
    /// A file without lines.
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// A line that does not say what it should.
    Line {
        /// The file.
        file: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Which field.
        field: String,
        /// What should stand there.
        expected: &'static str,
        /// What stands there, at most its first forty characters.
        found: String,
    },
    /// The book has not as many rows as there are messages.
    Rows {
        /// The order-book file.
        file: PathBuf,
        /// Rows of the book.
        rows: usize,
        /// Messages.
        messages: usize,
    },
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SampleError::Unreadable { path, source } => {
                write!(f, "{}: {source}: name a folder of LOBSTER files that can be read", path.display())
            }
            SampleError::Files { folder, part, found } => write!(
                f,
                "{}: {found} files named *{part}*.csv: one message file and its order-book file are needed, \
                 both from one download",
                folder.display()
            ),
            SampleError::Levels { file } => write!(
                f,
                "{}: the name should end in the number of levels, from 1 to {LEVELS_MAX}, such as \
                 _message_50.csv: rename it",
                file.display()
            ),
            SampleError::Empty { file } => {
                write!(f, "{}: no line in it: download it again", file.display())
            }
            SampleError::Line { file, line, field, expected, found } => {
                write!(f, "{}:{line}: {field}: expected {expected}, found {found:?}", file.display())
            }
            SampleError::Rows { file, rows, messages } => write!(
                f,
                "{}: {rows} rows for {messages} messages: take both files from one download",
                file.display()
            ),
        }
    }
}

impl std::error::Error for SampleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SampleError::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}
