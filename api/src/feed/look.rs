//! Look: answers what a market is now, from what streams about it would tell.

use engine::ids::InstrumentId;
use engine::view::View;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::look::{LastTrades, Look, LookAtBook, LookAtCandles, LookAtTrades, TRADES_MAX};
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::speed::{self, Speed};
use protocol::subscription::Subscription;

use crate::convert::symbol;
use crate::feed::channels::{Scene, book, candles, ticker, trades};
use crate::feed::tape::Tape;
use crate::feed::topic;
use crate::origin::Pending;

/// Answers a look.
pub(super) fn answer(pending: Pending, request: &Request, scene: Scene<'_>) {
    let Scene { view, tape, .. } = scene;
    match request {
        Request::Book(params) => match book_now(view, params) {
            Ok((bytes, write)) => pending.answer_later(bytes, write),
            Err(error) => pending.answer(Err(error)),
        },
        Request::Trades(params) => pending.answer(trades_now((view, tape), params)),
        Request::Ticker(params) => {
            let found = named(view, &params.symbol).map(|instrument| {
                let data = ticker::data(instrument, scene);
                Answer::Ticker(Box::new(look(view, symbol::text(view, instrument), data)))
            });
            pending.answer(found);
        }
        Request::Candles(params) => pending.answer(candles_now((view, tape), params)),
        _ => unreachable!("other requests are answered elsewhere"),
    }
}

fn look<D>(view: &View, symbol: String, data: D) -> Look<D> {
    let epoch = view.founding().map_or_else(String::new, |founding| format!("{:016x}", founding.epoch));
    Look { symbol, epoch, data, as_of_seq: view.stamp().sequence.0 }
}

fn named(view: &View, text: &str) -> Result<InstrumentId, ErrorObject> {
    symbol::instrument(view, text, ErrorCode::UnknownSymbol)
}

/// A book, which may be large: about how many bytes, and what writes it.
fn book_now(
    view: &View,
    params: &LookAtBook,
) -> Result<(usize, impl FnOnce() -> Answer + Send + use<>), ErrorObject> {
    let levels = speed::depth(params.depth.unwrap_or(0))?;
    let instrument = named(view, &params.symbol)?;
    let depth = view.depth(instrument).expect("every listed instrument has a book");
    let ([asks, bids], crc) = (book::rows(levels, depth), book::crc(depth, levels));
    let bytes = book::LEVEL_BYTES * (asks.len() + bids.len() + 1);
    let empty = look(view, symbol::text(view, instrument), ());
    let write = move || {
        let Look { symbol, epoch, as_of_seq, .. } = empty;
        Answer::Book(Box::new(Look { symbol, epoch, data: book::data(&asks, &bids, crc), as_of_seq }))
    };
    Ok((bytes, write))
}

fn trades_now((view, tape): (&View, &Tape), params: &LookAtTrades) -> Result<Answer, ErrorObject> {
    let limit = params.limit.unwrap_or(TRADES_MAX);
    if !(1..=TRADES_MAX).contains(&limit) {
        let message = format!("a limit is from 1 to {TRADES_MAX}, as many trades as are kept of a market");
        return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("limit"));
    }
    let instrument = named(view, &params.symbol)?;
    let since = params.since_id.unwrap_or(0);
    let prints = tape.market(instrument).map(|market| &market.prints).into_iter().flatten();
    let wanted: Vec<_> = prints.filter(|print| since < print.trade.0).collect();
    let first = wanted.len().saturating_sub(engine::ids::index(limit));
    let trades = wanted.into_iter().skip(first).map(trades::printed).collect();
    Ok(Answer::Trades(Box::new(look(view, symbol::text(view, instrument), LastTrades { trades }))))
}

fn candles_now((view, tape): (&View, &Tape), params: &LookAtCandles) -> Result<Answer, ErrorObject> {
    let LookAtCandles { symbol, interval } = params.clone();
    let item = Subscription { symbol: Some(symbol.clone()), interval, ..Subscription::default() };
    let topic = topic::candles(&item, Speed::S1, view)?;
    Ok(Answer::Candles(Box::new(look(view, symbol, candles::now(topic, tape)))))
}
