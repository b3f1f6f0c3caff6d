//! Fault: what is wrong with the bytes of a record, and where.

use std::fmt;

/// The first rule that a record's bytes break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordFault {
    /// Where in the record, in bytes from its start.
    pub offset: usize,
    /// What should hold there.
    pub rule: Rule,
}

/// What must hold in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The record begins with its magic bytes.
    Magic,
    /// The format version is one this program knows.
    Format,
    /// The length says how many bytes there are.
    Length,
    /// The checksum is that of all other bytes.
    Checksum,
    /// Sequences begin at 1 and fit in 64 bits.
    Sequence,
    /// A record holds 1 to 1,024 commands.
    Count,
    /// A value ends before the record does.
    End,
    /// Nothing follows the last command.
    Rest,
    /// Time never goes back.
    Time,
    /// A command has a known kind.
    Kind,
    /// A choice is one of those there are; a presence byte is 0 or 1.
    Choice,
    /// A label is 1 to 20 known characters, packed.
    Label,
    /// A class or zone is 1 or more known characters, padded with zeros.
    Name,
    /// Scopes are known flags.
    Scopes,
    /// A price is 1 to 10^9 ticks.
    Price,
    /// Lots are at most 10^7.
    Lots,
    /// A fee is at most a tenth.
    Fee,
    /// A price band is 1 to 1,000,000 parts per million.
    Band,
    /// A session is a number from 1.
    Session,
    /// A key has at most 4 networks, each once, in order, with no bit set behind its own.
    Networks,
    /// A slot is a number below twelve.
    Slot,
    /// Items of one command that follow each other stand in one run, as many as it can count.
    Run,
}

impl Rule {
    const fn text(self) -> &'static str {
        match self {
            Rule::Magic => "a record begins with its magic bytes",
            Rule::Format => "the format version is one this program knows",
            Rule::Length => "the length says how many bytes there are",
            Rule::Checksum => "the checksum is that of all other bytes",
            Rule::Sequence => "sequences begin at 1 and fit in 64 bits",
            Rule::Count => "a record holds 1 to 1,024 commands",
            Rule::End => "a value ends before the record does",
            Rule::Rest => "nothing follows the last command",
            Rule::Time => "time never goes back",
            Rule::Kind => "a command has a known kind",
            Rule::Choice => "a choice is one of those there are, and a presence byte is 0 or 1",
            Rule::Label => "a label is 1 to 20 known characters, packed",
            Rule::Name => "a class or zone is 1 or more known characters, padded with zeros",
            Rule::Scopes => "scopes are known flags",
            Rule::Price => "a price is 1 to 10^9 ticks",
            Rule::Lots => "lots are at most 10^7",
            Rule::Fee => "a fee is at most a tenth",
            Rule::Band => "a price band is 1 to 1,000,000 parts per million",
            Rule::Session => "a session is a number from 1",
            Rule::Networks => {
                "a key has at most 4 networks, each once, in order, with no bit set behind its own"
            }
            Rule::Slot => "a slot is a number below twelve",
            Rule::Run => {
                "items of one command that follow each other stand in one run, as many as it can count"
            }
        }
    }
}

impl fmt::Display for RecordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {} breaks the rule: {}", self.offset, self.rule.text())
    }
}

impl std::error::Error for RecordFault {}
