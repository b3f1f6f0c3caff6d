//! Quote: places an order that rests, shows the book with it, and cancels it.
//!
//! Runs against a development server:
//! `cargo run -p client --example quote -- ws://127.0.0.1:9400/ws/v1 ann H100SXM.US-E.FIRM.2026-11-23T14Z`

use std::env;
use std::error::Error;

use client::book_feed::BookFeed;
use client::connection::Connection;
use protocol::add_order::AddOrder;
use protocol::order::{OrderName, Side};
use protocol::terms::Terms;

/// The lowest price there is, so that the order rests.
const PRICE: &str = "0.0001";

/// Levels of each side that are shown.
const LEVELS: usize = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, account, symbol] = arguments.as_slice() else {
        return Err("name the exchange's address, an account and a market".into());
    };
    let mut connection = Connection::open(url).await?;
    connection.login_dev(account).await?;
    let mut feed = BookFeed::open(&connection, symbol).await?;
    feed.changed(&mut connection).await?;

    let order = AddOrder::new(symbol, Side::Buy, "1", Terms::limit(PRICE));
    let placed = connection.add_order(order).await?;
    println!("{} is {:?}, durable as command {}", placed.order_id, placed.status, placed.engine_seq);

    // The reply and the feed come each in its own time; the sequence says when the book has the order.
    while feed.book().seq() < Some(placed.engine_seq) {
        feed.changed(&mut connection).await?;
    }
    show(&feed);

    let canceled = connection.cancel_order(OrderName::OrderId(placed.order_id)).await?;
    println!("{} is {:?}", canceled.order_id, canceled.status);
    connection.close().await;
    Ok(())
}

fn show(feed: &BookFeed) {
    println!("{} at sequence {}:", feed.symbol(), feed.book().seq().unwrap_or_default());
    let asks: Vec<_> = feed.book().asks().take(LEVELS).collect();
    for level in asks.into_iter().rev() {
        println!("  ask {:>10} {:>6}", level.price(), level.qty());
    }
    for level in feed.book().bids().take(LEVELS) {
        println!("  bid {:>10} {:>6}", level.price(), level.qty());
    }
}
