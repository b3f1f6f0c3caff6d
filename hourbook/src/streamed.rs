//! Streamed: what a subscription tells, once or until Ctrl-C.

use std::time::Duration;

use client::connection::Connection;
use client::streams::News;
use protocol::subscription::Subscription;
use protocol::update::Update;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::watch::Watch;

/// How long what was subscribed to may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shows each message of a subscription: the first of every stream, and with `goes_on` all that follow until Ctrl-C, on another
/// connection when one breaks.
/// `show` says whether the message was one.
pub(crate) async fn show_each(
    options: &Options,
    screen: &mut Screen,
    (subscription, goes_on): (Subscription, bool),
    mut show: impl FnMut(&Update, &mut Screen) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    if goes_on {
        let mut watch = Watch::begin(options.streams().await?, subscription).await?;
        while let Some(news) = watch.next(screen).await? {
            if let News::Update(update) = news {
                show(&update, screen)?;
            }
        }
        return Ok(());
    }
    let mut connection = options.connect().await?;
    let expected = begin(&connection, subscription).await?;
    let mut shown = 0;
    while shown < expected {
        shown += u32::from(show(&soon(&mut connection).await?, screen)?);
    }
    connection.close().await;
    Ok(())
}

/// Subscribes to one stream; what `pick` finds in the first of its messages in which it finds something.
pub(crate) async fn first<T>(
    connection: &mut Connection,
    subscription: Subscription,
    pick: impl Fn(Update) -> Option<T>,
) -> Result<T, Failure> {
    connection.subscribe_one(subscription).await?;
    loop {
        if let Some(found) = pick(soon(connection).await?) {
            return Ok(found);
        }
    }
}

/// The next message, which is soon to come.
async fn soon(connection: &mut Connection) -> Result<Update, Failure> {
    let update = timeout(PATIENCE, connection.next_update()).await;
    Ok(update.map_err(|_| Failure::connection(format!("nothing came within {PATIENCE:?}")))??)
}

/// Subscribes; how many streams begin.
async fn begin(connection: &Connection, subscription: Subscription) -> Result<u32, Failure> {
    let answers = connection.subscribe(vec![subscription]).await?.subs;
    let mut streams = 0;
    for answer in answers {
        let joined = answer.outcome.map_err(client::error::ClientError::from)?;
        streams += joined.matched.unwrap_or(1);
    }
    Ok(streams)
}
