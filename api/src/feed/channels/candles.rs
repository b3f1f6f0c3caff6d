//! Candles: what traded in intervals of time.

use std::sync::Arc;

use engine::stamp;
use protocol::candle::{Candle, CandleData};
use protocol::decimal::{self, Scale};
use protocol::public::Public;
use protocol::speed::Interval;
use protocol::time::Time;
use protocol::update::Update;
use protocol::written::Data;

use crate::convert::order::price_text;
use crate::feed::channels::{Link, Scene, Told, symbol_of};
use crate::feed::image::Image;
use crate::feed::tape::{Bar, Tape};
use crate::feed::topic::{Aspect, Topic};

/// About how many bytes a candle is as text.
const CANDLE_BYTES: usize = 120;

/// Where the last candle begins that the listeners have.
#[derive(Debug)]
pub(in crate::feed) struct CandleState {
    told: stamp::Time,
}

impl CandleState {
    pub(super) fn new(topic: Topic, tape: &Tape) -> CandleState {
        let last = bars(topic, tape).last().map_or(stamp::Time(0), |bar| bar.start);
        CandleState { told: last }
    }

    /// Tells the candles that are new or may have changed.
    pub(super) fn tell(&mut self, link: Link, topic: Topic, scene: Scene<'_>) -> Told {
        let from = self.told;
        let candles: Vec<&Bar> = bars(topic, scene.tape).filter(|bar| from <= bar.start).collect();
        let Some(last) = candles.last() else { return Told::Nothing };
        self.told = last.start;
        let data = data(topic, candles.into_iter());
        let update = link.update(symbol_of(topic, scene.view), data);
        Told::Update(Box::new(Update::Candles(Public::Update(update))))
    }
}

/// The last candles.
pub(super) fn image(topic: Topic, tape: &Tape) -> Arc<Image> {
    let rows: Vec<Bar> = bars(topic, tape).copied().collect();
    Image::new(rows.len() * CANDLE_BYTES, move || Data::of(&data(topic, rows.iter())))
}

/// The last candles, now.
pub(in crate::feed) fn now(topic: Topic, tape: &Tape) -> CandleData {
    data(topic, bars(topic, tape))
}

fn interval(topic: Topic) -> Interval {
    match topic {
        Topic::Of(_, Aspect::Candles(interval, _)) | Topic::Front(_, interval, _) => interval,
        _ => unreachable!("only streams of candles have candles"),
    }
}

fn bars(topic: Topic, tape: &Tape) -> impl Iterator<Item = &Bar> {
    let bars = match topic {
        Topic::Of(instrument, _) => tape.market(instrument).map(|market| &market.bars),
        Topic::Front(class, ..) => tape.front(class),
        _ => None,
    };
    bars.into_iter().flat_map(move |bars| bars.of(interval(topic)))
}

fn data<'a>(topic: Topic, bars: impl Iterator<Item = &'a Bar>) -> CandleData {
    let candle = |bar: &Bar| Candle {
        t: Time::from_ns(bar.start.0),
        o: price_text(bar.open),
        h: price_text(bar.high),
        l: price_text(bar.low),
        c: price_text(bar.close),
        v: decimal::print(bar.volume, Scale::Quantity),
        n: bar.trades,
    };
    CandleData { interval: interval(topic).name().to_owned(), candles: bars.map(candle).collect() }
}
