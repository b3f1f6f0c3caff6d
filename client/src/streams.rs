//! Streams: public and private streams that go on, whatever happens to the connection.
//!
//! Every book is proven after each message; every other stream's chain is checked. What does not hold is fetched anew.
//! A connection that breaks is opened again, with growing pauses, logged in again, and every subscription begins where it
//! stands: a book with what has changed, a private stream with the message behind the last one that was handed out. So of
//! what happens to the account nothing is lost and nothing told twice; where the exchange cannot tell all of it, that is
//! said as [`News::Missed`].

mod again;
mod stream;

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::time::Duration;

use protocol::book::Book;
use protocol::channel::Channel;
use protocol::close::CloseCode;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::subscription::{Resync, Subscribe, Subscription};
use protocol::update::Update;

use crate::book::VerifiedBook;
use crate::chain::Chain;
use crate::connection::Connection;
use crate::error::ClientError;
use crate::identity::Identity;
use crate::link::Link;
use crate::settings::Settings;
use crate::streams::stream::{FAULTS_MAX, Fed, Stream};

/// The pause before the first attempt to connect again; each further one is twice as long, up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Messages that may come before a reply that is waited for. The exchange lets a few megabytes wait for a client.
const BACKLOG_MAX: usize = 1 << 18;

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A book has changed and is proven: [`Streams::book`] has it.
    Book {
        /// Its stream.
        stream: u64,
    },
    /// A message of another channel, in its turn.
    Update(Update),
    /// A public stream broke and is being fetched anew.
    Broken {
        /// The stream.
        stream: u64,
        /// What was wrong.
        cause: String,
    },
    /// What happened on a private stream behind the message `after` cannot be told any more. A snapshot is next; `fills` has
    /// what was traded meanwhile.
    Missed {
        /// The stream.
        stream: u64,
        /// The `xseq` of the last message that was handed out.
        after: u64,
        /// Why: `SEQ_TOO_OLD`; `EPOCH_MISMATCH`, and then what was told before may not have happened; or that it cannot be read.
        cause: ErrorObject,
    },
    /// The connection is lost; the next call opens another.
    Lost {
        /// Why.
        cause: ClientError,
    },
    /// There is a connection again. Streams have other numbers now: [`Streams::numbers`].
    Back,
}

/// Streams of one exchange.
pub struct Streams {
    url: String,
    identity: Option<Identity>,
    settings: Settings,
    connection: Option<Connection>,
    /// The history that sequences belong to.
    epoch: String,
    subscriptions: Vec<Subscribed>,
    streams: HashMap<u64, Stream>,
    /// Messages that came while a reply was waited for. They are older than those that the connection has.
    backlog: VecDeque<Update>,
    /// What is to be told before any message.
    untold: VecDeque<News>,
    pause: Duration,
}

/// What was subscribed to, and the number that it has at present.
struct Subscribed {
    item: Subscription,
    stream: u64,
}

impl Streams {
    /// Connects to an address such as `ws://127.0.0.1:9400/ws/v1`, for public streams.
    pub async fn open(url: &str) -> Result<Streams, ClientError> {
        Streams::open_with(url, None, Settings::default()).await
    }

    /// Connects and logs in, for private streams and public ones.
    pub async fn open_as(url: &str, identity: Identity) -> Result<Streams, ClientError> {
        Streams::open_with(url, Some(identity), Settings::default()).await
    }

    /// The same with other bounds.
    pub async fn open_with(
        url: &str,
        identity: Option<Identity>,
        settings: Settings,
    ) -> Result<Streams, ClientError> {
        let connection = Connection::open_with(url, settings).await?;
        if let Some(identity) = &identity {
            connection.login(identity).await?;
        }
        let epoch = connection.hello().epoch.clone();
        Ok(Streams {
            url: url.to_owned(),
            identity,
            settings,
            connection: Some(connection),
            epoch,
            subscriptions: Vec::new(),
            streams: HashMap::new(),
            backlog: VecDeque::new(),
            untold: VecDeque::new(),
            pause: PAUSE,
        })
    }

    /// Begins a stream, or all that a pattern matches; see [`crate::subscription`]. It begins again by itself after the
    /// connection was lost.
    ///
    /// # Errors
    /// The exchange refuses it, or the connection is lost at present.
    pub async fn subscribe(&mut self, item: Subscription) -> Result<(), ClientError> {
        let request = Request::Subscribe(Subscribe { subs: vec![item.clone()] });
        let stream = again::numbers(self.ask(&request).await?)?.pop();
        let stream = stream.ok_or_else(|| again::unanswered(1))??;
        self.subscriptions.push(Subscribed { item, stream });
        Ok(())
    }

    /// The connection, to ask something meanwhile; `None` where it is lost. A reply stands behind the messages that came
    /// before it: see [`ClientError::Unread`].
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// The book of a stream, and its market's symbol; `None` before its first message.
    pub fn book(&self, stream: u64) -> Option<(&str, &VerifiedBook)> {
        self.streams.get(&stream)?.book()
    }

    /// The numbers of the streams that were subscribed to, in that order: those of the last connection.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.subscriptions.iter().map(|subscribed| subscribed.stream)
    }

    /// What happens next. Connects again when it has to, for as long as it takes. May be dropped while it waits; nothing
    /// is lost.
    ///
    /// # Errors
    /// The exchange refuses what it accepted before, does not keep to the protocol, or tells a book that never holds.
    pub async fn next(&mut self) -> Result<News, ClientError> {
        loop {
            if let Some(news) = self.untold.pop_front() {
                return Ok(news);
            }
            let next = match (self.backlog.pop_front(), &mut self.connection) {
                (Some(update), _) => Ok(update),
                (None, Some(connection)) => connection.next_update().await,
                (None, None) => {
                    self.reconnect().await?;
                    return Ok(News::Back);
                }
            };
            match next {
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
        if let ClientError::Closed { close: CloseCode::CONTINUITY_LOST, code: Some(code), reason } = &cause
            && *code != ErrorCode::SeqTooOld
        {
            // The exchange cannot read what it should tell. That may pass.
            let error = ErrorObject::new(code.clone(), reason.as_str());
            for subscribed in
                self.subscriptions.iter().filter(|subscribed| is_numbered_by_account(&subscribed.item))
            {
                if let Some(stream) = self.streams.get_mut(&subscribed.stream) {
                    stream.cannot_be_read(&error);
                }
            }
        }
        News::Lost { cause }
    }

    /// Takes a message; `None` when there is nothing to tell of it.
    async fn take(&mut self, update: Update) -> Result<Option<News>, ClientError> {
        if let Update::Book(message) = &update {
            return self.take_book(message).await;
        }
        if let Some(link) = Link::of_private(&update) {
            return self.take_private(link, update).map(Some);
        }
        let Some(link) = Link::of(&update) else { return Ok(Some(News::Update(update))) };
        let stream = self.streams.entry(link.stream).or_default();
        match stream.follow(link) {
            Ok(()) => Ok(Some(News::Update(update))),
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

    /// Hands out a private message that follows the one before. One that does not is asked for again, by another connection.
    fn take_private(&mut self, link: Link, update: Update) -> Result<News, ClientError> {
        let stream = self.streams.entry(link.stream).or_default();
        if stream.chain.is_none() && link.previous.is_some() {
            let cause = "a private stream begins without a snapshot".to_owned();
            return Err(ClientError::Protocol { cause });
        }
        let Err(gap) = stream.follow(link) else { return Ok(News::Update(update)) };
        stream.faults += 1;
        let cause = ClientError::Protocol { cause: format!("private events are missing: {gap}") };
        if FAULTS_MAX <= stream.faults {
            return Err(cause);
        }
        self.backlog.clear();
        Ok(self.lose(cause))
    }

    async fn take_book(&mut self, message: &Book) -> Result<Option<News>, ClientError> {
        let Some(number) = message.stream() else { return Ok(None) };
        match self.streams.entry(number).or_default().take_book(message)? {
            Fed::Changed => Ok(Some(News::Book { stream: number })),
            Fed::Nothing => Ok(None),
            Fed::Broken(fault) => self.renew(number, fault.to_string()).await.map(Some),
        }
    }

    /// Fetches a public stream anew.
    async fn renew(&mut self, stream: u64, cause: String) -> Result<News, ClientError> {
        match self.ask(&Request::Resync(Resync { stream })).await {
            Ok(_) => Ok(News::Broken { stream, cause }),
            Err(refused @ (ClientError::Refused(_) | ClientError::Protocol { .. })) => Err(refused),
            Err(lost) => Ok(self.lose(lost)),
        }
    }

    /// Asks something on the present connection.
    async fn ask(&mut self, request: &Request) -> Result<Answer, ClientError> {
        let Some(connection) = &mut self.connection else {
            return Err(ClientError::Lost { cause: "it is being opened again".to_owned() });
        };
        ask(connection, &mut self.backlog, request).await
    }
}

/// Waits for a reply, and keeps what comes before it: otherwise a full queue would keep the reply away.
async fn ask(
    connection: &mut Connection,
    backlog: &mut VecDeque<Update>,
    request: &Request,
) -> Result<Answer, ClientError> {
    let mut answer = pin!(connection.send(request)?.answer());
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            update = connection.next_update() => match update {
                Ok(_) if backlog.len() == BACKLOG_MAX => {
                    return Err(ClientError::Unread { updates: BACKLOG_MAX });
                }
                Ok(update) => backlog.push_back(update),
                Err(_) => return answer.await,
            },
        }
    }
}

/// Whether its messages are numbered by the account's own sequence, and are told again one by one.
fn is_numbered_by_account(item: &Subscription) -> bool {
    Channel::parse(&item.channel).is_ok_and(Channel::is_numbered_by_account)
}
