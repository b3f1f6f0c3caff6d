//! Executions: prints what happens to an account's orders, and misses nothing when the connection breaks.
//!
//! Runs against a development server; stop the server and start it again to see:
//! `cargo run -p client --example executions -- ws://127.0.0.1:9400/ws/v1 ann`

use std::env;
use std::error::Error;
use std::time::Duration;

use client::chain::Chain;
use client::connection::Connection;
use client::error::ClientError;
use client::subscription;
use protocol::error_code::ErrorCode;
use protocol::execution::Executions;
use protocol::update::Update;

/// How long to wait before the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the stream stands: its history, and the last message.
struct Place {
    epoch: String,
    chain: Chain,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, account] = arguments.as_slice() else {
        return Err("name the exchange's address and an account".into());
    };
    let mut place = None;
    loop {
        match follow(url, account, &mut place).await {
            Err(ClientError::Refused(error))
                if matches!(error.code, ErrorCode::SeqTooOld | ErrorCode::EpochMismatch) =>
            {
                println!("away for too long ({}): ask for fills, and begin anew", error.message);
                place = None;
            }
            Err(error @ ClientError::Refused(_)) => return Err(error.into()),
            Err(error) => println!("{error}"),
            Ok(never) => match never {},
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Prints events until the connection ends.
async fn follow(
    url: &str,
    account: &str,
    place: &mut Option<Place>,
) -> Result<std::convert::Infallible, ClientError> {
    let mut connection = Connection::open(url).await?;
    connection.login_dev(account).await?;
    let item = match &*place {
        None => subscription::executions(),
        Some(Place { epoch, chain }) => {
            subscription::replayed(subscription::executions(), epoch, chain.last())
        }
    };
    connection.subscribe_one(item).await?;
    let epoch = connection.hello().epoch.clone();
    loop {
        let Update::Executions(message) = connection.next_update().await? else { continue };
        match (message, &mut *place) {
            (Executions::Snapshot(snapshot), place) => {
                println!("{} orders are open", snapshot.data.orders.len());
                *place = Some(Place { epoch: epoch.clone(), chain: Chain::begin(snapshot.xseq) });
            }
            (Executions::Update(update), Some(Place { chain, .. })) => {
                chain.follow(update.prev_xseq, update.xseq).expect("no event is missing");
                println!("{} {:?}: {:?}", update.xseq, update.data.event, update.data.order);
            }
            (Executions::Resumed(resumed), Some(Place { chain, .. })) => {
                chain.follow(resumed.prev_xseq, resumed.xseq).expect("no event is missing");
                println!("that was all that happened meanwhile");
            }
            _ => {}
        }
    }
}
