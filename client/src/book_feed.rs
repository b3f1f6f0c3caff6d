//! Book feed: a verified book that fetches itself anew when its checks fail.

use protocol::book::Book;
use protocol::speed::Speed;
use protocol::subscription::Subscription;
use protocol::update::Update;

use crate::book::{Applied, BookFault, VerifiedBook};
use crate::connection::Connection;
use crate::error::ClientError;
use crate::subscription;

/// Faults without a good update between them, after which the feed gives up: the exchange's book itself is wrong then.
const FAULTS_MAX: u32 = 3;

/// The book of one market on one connection.
#[derive(Debug)]
pub struct BookFeed {
    symbol: String,
    stream: u64,
    book: VerifiedBook,
    faults: u64,
    faults_in_a_row: u32,
}

/// What an update was to the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fed {
    /// The book has changed and is proven.
    Changed,
    /// The book failed its checks and is being fetched anew; it is empty until it has come.
    Refetched(BookFault),
    /// The message was not for this book, or not for now.
    Other,
}

impl BookFeed {
    /// Subscribes to the book of `symbol`, all levels at every change. It is empty until the first update.
    pub async fn open(connection: &Connection, symbol: &str) -> Result<BookFeed, ClientError> {
        BookFeed::subscribe(connection, symbol, subscription::book(symbol)).await
    }

    /// The same with so many levels of each side, told so often; depth 0 is all levels.
    pub async fn open_to(
        connection: &Connection,
        symbol: &str,
        (depth, speed): (u32, Speed),
    ) -> Result<BookFeed, ClientError> {
        BookFeed::subscribe(connection, symbol, subscription::book_to(symbol, depth, speed)).await
    }

    async fn subscribe(
        connection: &Connection,
        symbol: &str,
        item: Subscription,
    ) -> Result<BookFeed, ClientError> {
        let stream = connection.subscribe_one(item).await?;
        let (symbol, book) = (symbol.to_owned(), VerifiedBook::default());
        Ok(BookFeed { symbol, stream, book, faults: 0, faults_in_a_row: 0 })
    }

    /// Waits until the book has changed. Updates of other streams are read and dropped: with several streams on one
    /// connection, give each update to [`BookFeed::apply`] instead.
    pub async fn changed(&mut self, connection: &mut Connection) -> Result<&VerifiedBook, ClientError> {
        loop {
            let update = connection.next_update().await?;
            if self.apply(connection, &update).await? == Fed::Changed {
                return Ok(&self.book);
            }
        }
    }

    /// Takes an update of the connection. When it breaks the book, asks for a snapshot.
    pub async fn apply(&mut self, connection: &Connection, update: &Update) -> Result<Fed, ClientError> {
        let message = match update {
            Update::Book(message) if message.stream() == Some(self.stream) => message,
            _ => return Ok(Fed::Other),
        };
        match self.book.apply(message) {
            Ok(Applied::Ignored | Applied::Proven) => Ok(Fed::Other),
            Ok(Applied::Changed) => {
                if matches!(message, Book::Update(_)) {
                    self.faults_in_a_row = 0;
                }
                Ok(Fed::Changed)
            }
            Err(fault) => {
                self.refetch(connection, &fault).await?;
                Ok(Fed::Refetched(fault))
            }
        }
    }

    /// The book as it is; empty while it is being fetched.
    pub fn book(&self) -> &VerifiedBook {
        &self.book
    }

    /// The market.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// How often the book has failed its checks.
    pub fn faults(&self) -> u64 {
        self.faults
    }

    async fn refetch(&mut self, connection: &Connection, fault: &BookFault) -> Result<(), ClientError> {
        self.faults += 1;
        self.faults_in_a_row += 1;
        if FAULTS_MAX <= self.faults_in_a_row {
            return Err(ClientError::Book { symbol: self.symbol.clone(), fault: fault.clone() });
        }
        connection.resync(self.stream).await
    }
}
