//! Again: another connection in the place of one that was lost, with all its subscriptions.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use protocol::channel::Channel;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::subscription::{Subscribe, Subscription};
use protocol::update::Update;
use tokio::time::sleep;

use crate::connection::Connection;
use crate::error::ClientError;
use crate::settings::{ITEMS_MAX, PATTERNS_MAX};
use crate::streams::{News, PAUSE_MAX, Streams, Subscribed, ask, is_numbered_by_account};
use crate::subscription::{replayed, resumed};

/// How often the items of one connection may be put off by a busy exchange, before it is left alone for longer.
const PUT_OFF_MAX: u32 = 64;

/// A subscription on its way: its place, how it is asked for, and what was missed if it begins anew.
struct Begun {
    place: usize,
    item: Subscription,
    missed: Option<ErrorObject>,
}

impl Streams {
    /// Waits, connects and subscribes to everything again.
    pub(super) async fn reconnect(&mut self) -> Result<(), ClientError> {
        loop {
            sleep(self.pause).await;
            self.pause = (self.pause * 2).min(PAUSE_MAX);
            let Ok(connection) = Connection::open_with(&self.url, self.settings).await else { continue };
            match self.begin_again(connection).await {
                Ok(()) => return Ok(()),
                Err(ClientError::Refused(error)) if error.retryable => {
                    self.pause = self.pause.max(pause_of(&error));
                }
                Err(refused @ (ClientError::Refused(_) | ClientError::Protocol { .. })) => {
                    return Err(refused);
                }
                Err(_) => {}
            }
        }
    }

    /// Changes nothing before all of it has succeeded, so that it may be dropped while it waits.
    async fn begin_again(&mut self, mut connection: Connection) -> Result<(), ClientError> {
        if let Some(identity) = &self.identity {
            connection.login(identity).await?;
        }
        let epoch = connection.hello().epoch.clone();
        let mut backlog = VecDeque::new();
        let begun = self.subscriptions.iter().enumerate();
        let begun = begun.map(|(place, subscribed)| self.standing(place, subscribed, &epoch));
        let begun = subscribe(&mut connection, &mut backlog, begun.collect()).await?;
        let mut streams = HashMap::new();
        for (Begun { place, item, missed }, number) in begun {
            let subscribed = &mut self.subscriptions[place];
            let stood = self.streams.remove(&subscribed.stream);
            subscribed.stream = number;
            match (missed, stood) {
                (Some(cause), Some(stood)) => {
                    let after = stood.chain.map_or(0, |chain| chain.last());
                    self.untold.push_back(News::Missed { stream: number, after, cause });
                }
                (None, Some(stood)) if item.resume.is_some() => {
                    streams.insert(number, stood);
                }
                _ => {}
            }
        }
        (self.epoch, self.streams, self.backlog) = (epoch, streams, backlog);
        self.connection = Some(connection);
        Ok(())
    }

    /// How a subscription is asked for again.
    fn standing(&self, place: usize, subscribed: &Subscribed, epoch: &str) -> Begun {
        let item = subscribed.item.clone();
        let Some(stream) = self.streams.get(&subscribed.stream) else {
            return Begun { place, item, missed: None };
        };
        if let Some(cause) = &stream.unreadable {
            return Begun { place, item, missed: Some(cause.clone()) };
        }
        let item = if is_numbered_by_account(&item) {
            // In another epoch the exchange refuses that, and says why.
            stream.chain.map_or(item.clone(), |chain| replayed(item, &self.epoch, chain.last()))
        } else if item.channel == Channel::Book.name() && epoch == self.epoch {
            let seq = stream.book().and_then(|(_, book)| book.seq());
            seq.map_or(item.clone(), |seq| resumed(item, epoch, seq))
        } else {
            item
        };
        Begun { place, item, missed: None }
    }
}

/// Begins all of them and says their numbers. What cannot be resumed begins anew; what a busy exchange puts off is asked for again.
async fn subscribe(
    connection: &mut Connection,
    backlog: &mut VecDeque<Update>,
    mut waiting: VecDeque<Begun>,
) -> Result<Vec<(Begun, u64)>, ClientError> {
    let mut begun = Vec::with_capacity(waiting.len());
    let mut put_off = 0;
    while !waiting.is_empty() {
        let portion = portion(&mut waiting);
        let subs = portion.iter().map(|begun| begun.item.clone()).collect();
        let answer = ask(connection, backlog, &Request::Subscribe(Subscribe { subs })).await?;
        let answers = numbers(answer)?;
        if answers.len() != portion.len() {
            return Err(unanswered(portion.len()));
        }
        let mut pause = None;
        for (wanted, answer) in portion.into_iter().zip(answers) {
            match answer {
                Ok(number) => begun.push((wanted, number)),
                Err(error) if wanted.item.resume.is_some() && is_missed(&error) => {
                    let item = Subscription { resume: None, ..wanted.item };
                    waiting.push_back(Begun { item, missed: Some(error), ..wanted });
                }
                Err(error) if error.retryable && put_off < PUT_OFF_MAX => {
                    put_off += 1;
                    pause = pause.max(Some(pause_of(&error)));
                    waiting.push_back(wanted);
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(pause) = pause {
            sleep(pause).await;
        }
    }
    Ok(begun)
}

/// As many as one request may have.
fn portion(waiting: &mut VecDeque<Begun>) -> Vec<Begun> {
    let mut portion = Vec::new();
    let mut patterns = 0;
    while portion.len() < ITEMS_MAX
        && let Some(next) = waiting.front()
    {
        let is_pattern = next.item.symbol.as_ref().is_some_and(|symbol| symbol.contains('*'));
        patterns += usize::from(is_pattern);
        if PATTERNS_MAX < patterns {
            break;
        }
        portion.extend(waiting.pop_front());
    }
    portion
}

/// The numbers of the streams that an answer to `subscribe` begins, or why one does not.
pub(super) fn numbers(answer: Answer) -> Result<Vec<Result<u64, ErrorObject>>, ClientError> {
    let Answer::Subscribe(result) = answer else { unreachable!("the answer is of the method's kind") };
    let outcomes = result.subs.into_iter().map(|answer| answer.outcome.map(|joined| joined.stream));
    Ok(outcomes.collect())
}

pub(super) fn unanswered(items: usize) -> ClientError {
    ClientError::Protocol { cause: format!("it does not answer each of the {items} items of a subscribe") }
}

/// Whether the exchange has not everything any more that came after what a private stream has.
fn is_missed(error: &ErrorObject) -> bool {
    matches!(error.code, ErrorCode::SeqTooOld | ErrorCode::EpochMismatch)
}

fn pause_of(error: &ErrorObject) -> Duration {
    Duration::from_millis(error.retry_after_ms.unwrap_or(100).into())
}
