//! Market data: public streams that go on, whatever happens to the connection.
//!
//! Every book is proven after each message; every other stream's chain is checked. What does not hold is fetched anew.
//! A connection that breaks is opened again, with growing pauses, and every subscription with it: a book goes on from
//! where it stands, so that the exchange tells only what has changed.

use std::collections::HashMap;
use std::time::Duration;

use protocol::book::Book;
use protocol::channel::Channel;
use protocol::subscription::Subscription;
use protocol::update::Update;
use tokio::time::sleep;

use crate::book::{Applied, VerifiedBook};
use crate::chain::Chain;
use crate::connection::Connection;
use crate::error::ClientError;
use crate::link::Link;
use crate::settings::Settings;
use crate::subscription;

/// The pause before the first attempt to connect again; each further one is twice as long, up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Faults of one stream without a good message between them, after which the exchange's data itself is wrong.
const FAULTS_MAX: u32 = 3;

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A book has changed and is proven: [`MarketData::book`] has it.
    Book {
        /// Its stream.
        stream: u64,
    },
    /// A message of another channel, in its turn.
    Update(Update),
    /// A stream broke and is being fetched anew.
    Broken {
        /// The stream.
        stream: u64,
        /// What was wrong.
        cause: String,
    },
    /// The connection is lost; the next call opens another.
    Lost {
        /// Why.
        cause: ClientError,
    },
    /// There is a connection again. Streams have other numbers now: [`MarketData::streams`].
    Back,
}

/// Public streams of one exchange.
pub struct MarketData {
    url: String,
    settings: Settings,
    connection: Option<Connection>,
    /// The history that sequences belong to.
    epoch: String,
    subscriptions: Vec<Subscribed>,
    streams: HashMap<u64, Stream>,
    pause: Duration,
}

/// What was subscribed to, and the number that it has at present.
struct Subscribed {
    item: Subscription,
    stream: Option<u64>,
}

/// How a stream stands.
#[derive(Default)]
struct Stream {
    chain: Option<Chain>,
    book: Option<NamedBook>,
    faults: u32,
}

/// A book and its market.
struct NamedBook {
    symbol: String,
    book: VerifiedBook,
}

impl MarketData {
    /// Connects to an address such as `ws://127.0.0.1:9400/ws/v1`.
    pub async fn open(url: &str) -> Result<MarketData, ClientError> {
        MarketData::open_with(url, Settings::default()).await
    }

    /// The same with other bounds.
    pub async fn open_with(url: &str, settings: Settings) -> Result<MarketData, ClientError> {
        let connection = Connection::open_with(url, settings).await?;
        let epoch = connection.hello().epoch.clone();
        Ok(MarketData {
            url: url.to_owned(),
            settings,
            connection: Some(connection),
            epoch,
            subscriptions: Vec::new(),
            streams: HashMap::new(),
            pause: PAUSE,
        })
    }

    /// Begins a public stream, or all that a pattern matches; see [`crate::subscription`]. It begins again by itself after
    /// the connection was lost.
    ///
    /// # Errors
    /// The exchange refuses it, or the connection is lost at present.
    pub async fn subscribe(&mut self, item: Subscription) -> Result<(), ClientError> {
        let Some(connection) = &self.connection else {
            return Err(ClientError::Lost { cause: "it is being opened again".to_owned() });
        };
        let stream = connection.subscribe_one(item.clone()).await?;
        self.subscriptions.push(Subscribed { item, stream: Some(stream) });
        Ok(())
    }

    /// The book of a stream, and its market's symbol; `None` before its first message.
    pub fn book(&self, stream: u64) -> Option<(&str, &VerifiedBook)> {
        let named = self.streams.get(&stream)?.book.as_ref()?;
        Some((&named.symbol, &named.book))
    }

    /// The numbers of the streams that were subscribed to, in that order; none where the connection is lost.
    pub fn streams(&self) -> impl Iterator<Item = Option<u64>> {
        self.subscriptions.iter().map(|subscribed| subscribed.stream)
    }

    /// What happens next. Connects again when it has to, for as long as it takes. May be dropped while it waits.
    ///
    /// # Errors
    /// The exchange refuses what it accepted before, does not keep to the protocol, or tells a book that never holds.
    pub async fn next(&mut self) -> Result<News, ClientError> {
        loop {
            let Some(connection) = &mut self.connection else {
                return self.reconnect().await;
            };
            match connection.next_update().await {
                Ok(update) => {
                    self.pause = PAUSE;
                    if let Some(news) = self.take(update).await? {
                        return Ok(news);
                    }
                }
                Err(cause @ ClientError::Protocol { .. }) => return Err(cause),
                Err(cause) => return Ok(self.lose(cause)),
            }
        }
    }

    fn lose(&mut self, cause: ClientError) -> News {
        self.connection = None;
        News::Lost { cause }
    }

    /// Takes a message; `None` when there is nothing to tell of it.
    async fn take(&mut self, update: Update) -> Result<Option<News>, ClientError> {
        if let Update::Book(message) = &update {
            return self.take_book(message).await;
        }
        let Some(link) = Link::of(&update) else { return Ok(Some(News::Update(update))) };
        let stream = self.streams.entry(link.stream).or_default();
        let linked = match (&mut stream.chain, link.previous) {
            (Some(chain), Some(previous)) => chain.follow(previous, link.seq),
            (chain, _) => {
                *chain = Some(Chain::begin(link.seq));
                Ok(())
            }
        };
        match linked {
            Ok(()) => {
                stream.faults = 0;
                Ok(Some(News::Update(update)))
            }
            // Nothing brings trades back, but their ids say which are missing.
            Err(_) if matches!(update, Update::Trades(_)) => {
                stream.chain = Some(Chain::begin(link.seq));
                Ok(Some(News::Update(update)))
            }
            Err(gap) => {
                stream.chain = None;
                self.renew(link.stream, gap.to_string()).await.map(Some)
            }
        }
    }

    async fn take_book(&mut self, message: &Book) -> Result<Option<News>, ClientError> {
        let Some(number) = message.stream() else { return Ok(None) };
        let stream = self.streams.entry(number).or_default();
        let symbol = match message {
            Book::Snapshot(snapshot) => &snapshot.symbol,
            Book::Update(update) => &update.symbol,
            Book::Checkpoint(checkpoint) => &checkpoint.symbol,
            Book::Unknown => return Ok(None),
        };
        let named = stream
            .book
            .get_or_insert_with(|| NamedBook { symbol: symbol.clone(), book: VerifiedBook::default() });
        match named.book.apply(message) {
            Ok(Applied::Changed) => {
                stream.faults = 0;
                Ok(Some(News::Book { stream: number }))
            }
            Ok(Applied::Ignored | Applied::Proven) => Ok(None),
            Err(fault) => {
                stream.faults += 1;
                if FAULTS_MAX <= stream.faults {
                    return Err(ClientError::Book { symbol: named.symbol.clone(), fault });
                }
                self.renew(number, fault.to_string()).await.map(Some)
            }
        }
    }

    /// Fetches a stream anew.
    async fn renew(&mut self, stream: u64, cause: String) -> Result<News, ClientError> {
        let Some(connection) = &self.connection else { return Ok(News::Broken { stream, cause }) };
        match connection.resync(stream).await {
            Ok(()) => Ok(News::Broken { stream, cause }),
            Err(refused @ (ClientError::Refused(_) | ClientError::Protocol { .. })) => Err(refused),
            Err(lost) => Ok(self.lose(lost)),
        }
    }

    /// Waits, connects and subscribes to everything again.
    async fn reconnect(&mut self) -> Result<News, ClientError> {
        loop {
            sleep(self.pause).await;
            self.pause = (self.pause * 2).min(PAUSE_MAX);
            let Ok(connection) = Connection::open_with(&self.url, self.settings).await else { continue };
            match self.begin_again(connection).await {
                Ok(()) => return Ok(News::Back),
                Err(refused @ (ClientError::Refused(_) | ClientError::Protocol { .. })) => {
                    return Err(refused);
                }
                Err(_) => {}
            }
        }
    }

    async fn begin_again(&mut self, connection: Connection) -> Result<(), ClientError> {
        let epoch = connection.hello().epoch.clone();
        let same = epoch == self.epoch;
        let mut streams = HashMap::new();
        let mut numbers = Vec::with_capacity(self.subscriptions.len());
        for subscribed in &self.subscriptions {
            let stands = subscribed.stream.and_then(|stream| self.streams.get(&stream)?.book.as_ref());
            let stands = stands.filter(|_| same && subscribed.item.channel == Channel::Book.name());
            let item = match stands.and_then(|named| named.book.seq()) {
                Some(seq) => subscription::resumed(subscribed.item.clone(), &epoch, seq),
                None => subscribed.item.clone(),
            };
            let number = connection.subscribe_one(item).await?;
            if let Some(NamedBook { symbol, book }) = stands {
                let book = NamedBook { symbol: symbol.clone(), book: book.clone() };
                streams.insert(number, Stream { book: Some(book), ..Stream::default() });
            }
            numbers.push(number);
        }
        for (subscribed, number) in self.subscriptions.iter_mut().zip(numbers) {
            subscribed.stream = Some(number);
        }
        (self.epoch, self.streams, self.connection) = (epoch, streams, Some(connection));
        Ok(())
    }
}
