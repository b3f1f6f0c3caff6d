//! Instruments: every market and its changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::ids::{InstrumentId, MarketId, index};
use engine::view::{InstrumentView, View};
use protocol::instrument::Instrument;
use protocol::written::Data;

use crate::convert::instrument::{Surroundings, wire};
use crate::feed::image::Image;

/// About how many bytes a market is as text.
const INSTRUMENT_BYTES: usize = 400;

/// Every instrument whose gate has not closed.
pub(in crate::feed) fn image(view: &View) -> Arc<Image> {
    let (bytes, write) = listed(view);
    Image::new(bytes, move || Data::of(&write()))
}

/// Those of these numbers, whole.
pub(in crate::feed) fn changed(changed: &BTreeSet<InstrumentId>, view: &View) -> Arc<Image> {
    of(changed.iter().filter_map(|changed| view.instrument(*changed)).copied().collect(), view)
}

/// Every instrument whose gate has not closed, and about how many bytes they are as text.
pub(in crate::feed) fn listed(view: &View) -> (usize, impl Fn() -> Vec<Instrument> + Send + Sync + 'static) {
    rows(view.current_instruments().map(|(_, listed)| *listed).collect(), view)
}

fn of(listed: Vec<InstrumentView>, view: &View) -> Arc<Image> {
    let (bytes, write) = rows(listed, view);
    Image::new(bytes, move || Data::of(&write()))
}

fn rows(
    listed: Vec<InstrumentView>,
    view: &View,
) -> (usize, impl Fn() -> Vec<Instrument> + Send + Sync + 'static) {
    let numbers = (0..).zip(view.markets()).map(|(number, _)| MarketId(number));
    let markets: Vec<Surroundings> = numbers.map(|market| Surroundings::of(view, market)).collect();
    let bytes = listed.len() * INSTRUMENT_BYTES;
    let write = move || {
        let wired = listed.iter().map(|listed| wire(&markets[index(listed.market.0)], listed));
        wired.collect()
    };
    (bytes, write)
}
