//! Bbo: the best prices of one market, or of all windows of a market.

use std::sync::Arc;

use engine::ids::{InstrumentId, MarketId};
use engine::instrument::Phase;
use engine::order::Side;
use engine::view::View;
use protocol::public::Public;
use protocol::quote::Quote;
use protocol::update::Update;
use protocol::written::Data;

use crate::convert::symbol;
use crate::feed::channels::book::level;
use crate::feed::channels::{Link, Told, depth};
use crate::feed::image::Image;
use crate::feed::window::Row;

/// About how many bytes a quote is as text.
const QUOTE_BYTES: usize = 90;

/// The best prices that the listeners have.
#[derive(Debug)]
pub(in crate::feed) struct BboState {
    told: Best,
}

/// The best bid and the best ask.
type Best = [Option<Row>; 2];

impl BboState {
    pub(super) fn new(instrument: InstrumentId, view: &View) -> BboState {
        BboState { told: best(instrument, view) }
    }

    /// Tells the best prices, if they are others.
    pub(super) fn tell(&mut self, link: Link, instrument: InstrumentId, view: &View) -> Told {
        let now = best(instrument, view);
        if std::mem::replace(&mut self.told, now) == now {
            return Told::Nothing;
        }
        let data = vec![quote(symbol::text(view, instrument), now)];
        Told::Update(Box::new(Update::Bbo(Public::Update(link.update(None, data)))))
    }
}

pub(super) fn image(instrument: InstrumentId, view: &View) -> Arc<Image> {
    let (name, best) = (symbol::text(view, instrument), best(instrument, view));
    Image::new(QUOTE_BYTES, move || Data::of(&[quote(name.clone(), best)]))
}

/// The best prices of every open window of a market, the earliest first.
pub(super) fn strip(market: MarketId, view: &View) -> Arc<Image> {
    let listed = view.current_instruments();
    let open = listed.filter(|(_, listed)| listed.market == market && listed.phase == Phase::Open);
    let mut rows: Vec<_> =
        open.map(|(instrument, listed)| (listed.start, listed.symbol, best(instrument, view))).collect();
    rows.sort_by_key(|(start, ..)| *start);
    Image::new(rows.len() * QUOTE_BYTES, move || {
        let quotes = rows.iter().map(|(_, symbol, best)| quote(symbol.to_string(), *best));
        Data::of(&quotes.collect::<Vec<Quote>>())
    })
}

fn best(instrument: InstrumentId, view: &View) -> Best {
    [Side::Bid, Side::Ask].map(|side| depth(view, instrument).levels(side).next())
}

fn quote(symbol: String, [bid, ask]: Best) -> Quote {
    Quote { symbol, bid: bid.as_ref().map(level), ask: ask.as_ref().map(level) }
}
