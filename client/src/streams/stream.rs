//! Stream: how far one stream has come.

use protocol::book::Book;
use protocol::error::ErrorObject;

use crate::book::{Applied, BookFault, VerifiedBook};
use crate::chain::{Chain, Gap};
use crate::error::ClientError;
use crate::link::Link;

/// Faults of one stream without a good message between them, after which the exchange's data itself is wrong.
pub(super) const FAULTS_MAX: u32 = 3;

/// How a stream stands.
#[derive(Default)]
pub(super) struct Stream {
    /// Its last message, but for books, which know theirs.
    pub(super) chain: Option<Chain>,
    book: Option<NamedBook>,
    pub(super) faults: u32,
    /// Why a private stream cannot go on from where it stands.
    pub(super) unreadable: Option<ErrorObject>,
}

/// A book and its market.
struct NamedBook {
    symbol: String,
    book: VerifiedBook,
}

/// What a message was to a book.
pub(super) enum Fed {
    /// It has changed and is proven.
    Changed,
    /// It failed its checks and has to be fetched anew.
    Broken(BookFault),
    /// Nothing has changed.
    Nothing,
}

impl Stream {
    /// The book and its market's symbol.
    pub(super) fn book(&self) -> Option<(&str, &VerifiedBook)> {
        let NamedBook { symbol, book } = self.book.as_ref()?;
        Some((symbol, book))
    }

    /// Takes the next message of a chain. A snapshot begins one.
    pub(super) fn follow(&mut self, link: Link) -> Result<(), Gap> {
        match (&mut self.chain, link.previous) {
            (Some(chain), Some(previous)) => {
                chain.follow(previous, link.seq)?;
                self.faults = 0;
            }
            (chain, _) => *chain = Some(Chain::begin(link.seq)),
        }
        Ok(())
    }

    /// Takes a message of a book.
    ///
    /// # Errors
    /// It failed its checks too often.
    pub(super) fn take_book(&mut self, message: &Book) -> Result<Fed, ClientError> {
        let symbol = match message {
            Book::Snapshot(snapshot) => &snapshot.symbol,
            Book::Update(update) => &update.symbol,
            Book::Checkpoint(checkpoint) => &checkpoint.symbol,
            Book::Unknown => return Ok(Fed::Nothing),
        };
        let named = self
            .book
            .get_or_insert_with(|| NamedBook { symbol: symbol.clone(), book: VerifiedBook::default() });
        match named.book.apply(message) {
            Ok(Applied::Changed) => {
                self.faults = 0;
                Ok(Fed::Changed)
            }
            Ok(Applied::Ignored | Applied::Proven) => Ok(Fed::Nothing),
            Err(fault) => {
                self.faults += 1;
                if FAULTS_MAX <= self.faults {
                    return Err(ClientError::Book { symbol: named.symbol.clone(), fault });
                }
                Ok(Fed::Broken(fault))
            }
        }
    }

    /// What comes next could not be read. After some attempts it is given up.
    pub(super) fn cannot_be_read(&mut self, cause: &ErrorObject) {
        self.faults += 1;
        if FAULTS_MAX <= self.faults {
            self.unreadable = Some(cause.clone());
        }
    }
}
