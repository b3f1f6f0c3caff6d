//! Curve: keeps the books of all windows of a market and prints their best prices, whatever happens to the connection.
//!
//! Needs no login: `cargo run -p client --example curve -- ws://127.0.0.1:9400/ws/v1 'H100SXM.US-E.*'`

use std::env;
use std::error::Error;

use client::streams::{News, Streams};
use client::subscription;
use protocol::speed::Speed;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, pattern] = arguments.as_slice() else {
        return Err("name the exchange's address and a pattern of markets".into());
    };
    let mut streams = Streams::open(url).await?;
    streams.subscribe(subscription::book_to(pattern, 10, Speed::Ms100)).await?;
    streams.subscribe(subscription::trades(None)).await?;
    loop {
        match streams.next().await? {
            News::Book { stream } => {
                let Some((symbol, book)) = streams.book(stream) else { continue };
                let price =
                    |level: Option<client::level::Level>| level.map_or("-".to_owned(), |level| level.price());
                println!("{symbol}  bid {}  ask {}", price(book.bids().next()), price(book.asks().next()));
            }
            News::Update(update) => println!("{}", update.encode()),
            News::Broken { stream, cause } => println!("stream {stream} is fetched anew: {cause}"),
            News::Missed { .. } => unreachable!("no private stream was subscribed to"),
            News::Lost { cause } => println!("connecting again: {cause}"),
            News::Back => println!("connected again"),
        }
    }
}
