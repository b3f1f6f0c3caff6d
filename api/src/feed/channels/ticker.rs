//! Ticker: what a market has come to.

use std::sync::Arc;

use engine::ids::{InstrumentId, index};
use engine::stamp;
use protocol::decimal::{self, Scale};
use protocol::public::Public;
use protocol::ticker::{Day, LastTrade, TickerData};
use protocol::time::Time;
use protocol::update::Update;
use protocol::written::Data;

use crate::convert::order::{price_text, quantity};
use crate::convert::symbol;
use crate::feed::channels::{Link, Scene, Told};
use crate::feed::image::Image;
use crate::feed::tape::{Bar, class_of, day};

/// About how many bytes a ticker is as text.
const TICKER_BYTES: usize = 400;

/// Tells all of it.
pub(super) fn tell(link: Link, instrument: InstrumentId, scene: Scene<'_>) -> Told {
    let data = data(instrument, scene);
    let update = link.update(Some(symbol::text(scene.view, instrument)), data);
    Told::Update(Box::new(Update::Ticker(Box::new(Public::Update(update)))))
}

/// All of it.
pub(super) fn image(instrument: InstrumentId, scene: Scene<'_>) -> Arc<Image> {
    let data = data(instrument, scene);
    Image::new(TICKER_BYTES, move || Data::of(&data))
}

/// What a market has come to now.
pub(in crate::feed) fn data(instrument: InstrumentId, scene: Scene<'_>) -> TickerData {
    let market = scene.tape.market(instrument);
    let class = &scene.view.classes()[index(class_of(scene.view, instrument).0)];
    TickerData {
        last: market.map(|market| LastTrade {
            id: market.last.trade.0,
            price: price_text(market.last.price),
            qty: quantity(market.last.lots),
            ts: Time::from_ns(market.last.time.0),
        }),
        day: market.and_then(|market| {
            let (from, bars) = day(&market.bars, scene.now);
            summary(from, bars)
        }),
        open_interest: decimal::print(scene.view.open_interest(instrument), Scale::Quantity),
        fixing: class.reference.map(price_text),
    }
}

fn summary<'a>(from: stamp::Time, bars: impl Iterator<Item = &'a Bar>) -> Option<Day> {
    let whole = bars.copied().reduce(|whole, bar| Bar {
        high: whole.high.max(bar.high),
        low: whole.low.min(bar.low),
        close: bar.close,
        volume: whole.volume + bar.volume,
        trades: whole.trades + bar.trades,
        ..whole
    })?;
    Some(Day {
        from: Time::from_ns(from.0),
        open: price_text(whole.open),
        high: price_text(whole.high),
        low: price_text(whole.low),
        volume: decimal::print(whole.volume, Scale::Quantity),
        trades: whole.trades,
    })
}
