//! Executions: prints what happens to an account's orders, and misses nothing when the connection breaks.
//!
//! Runs against a development server; stop the server and start it again to see:
//! `cargo run -p client --example executions -- ws://127.0.0.1:9400/ws/v1 ann`

use std::env;
use std::error::Error;

use client::identity::Identity;
use client::streams::{News, Streams};
use client::subscription;
use protocol::execution::Executions;
use protocol::update::Update;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, account] = arguments.as_slice() else {
        return Err("name the exchange's address and an account".into());
    };
    let mut streams = Streams::open_as(url, Identity::Dev(account.clone())).await?;
    streams.subscribe(subscription::executions()).await?;
    loop {
        match streams.next().await? {
            News::Update(Update::Executions(Executions::Snapshot(snapshot))) => {
                println!("{} orders are open", snapshot.data.orders.len());
            }
            News::Update(Update::Executions(Executions::Update(update))) => {
                println!("{} {:?}: {:?}", update.xseq, update.data.event, update.data.order);
            }
            News::Update(Update::Executions(Executions::Resumed(_))) => {
                println!("that was all that happened meanwhile");
            }
            News::Missed { after, cause, .. } => {
                println!("what happened behind {after} is not told ({}): ask for fills", cause.message);
            }
            News::Lost { cause } => println!("connecting again: {cause}"),
            News::Back => println!("connected again"),
            News::Update(_) | News::Book { .. } | News::Broken { .. } => {}
        }
    }
}
