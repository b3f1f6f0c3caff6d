//! Resume: what has changed in a book since a client last saw it.

use std::collections::BTreeMap;

use engine::ids::InstrumentId;
use engine::order::Side;
use engine::units::Price;
use engine::view::View;
use protocol::subscription::Resume;
use protocol::update::Update;

use crate::convert::symbol;
use crate::feed::channels::{Link, book};
use crate::feed::history::{History, Levels};
use crate::feed::stream::Stream;
use crate::feed::window::{Row, difference};

/// The one message that leads from what the client has to what the others have; `None` when it needs a snapshot.
/// `patience` is how many changes may still be looked at.
pub(super) fn delta(
    (stream, levels): (&Stream, Option<u16>),
    instrument: InstrumentId,
    (resume, history, patience): (&Resume, &History, &mut usize),
    view: &View,
) -> Option<Update> {
    let epoch = view.founding().map(|founding| format!("{:016x}", founding.epoch));
    if epoch.as_deref() != Some(&*resume.epoch) || stream.last < resume.seq || stream.untold.is_some() {
        return None;
    }
    let then = history.since(instrument, resume.seq, patience)?;
    let depth = view.depth(instrument)?;
    let [asks, bids] = [Side::Ask, Side::Bid].map(|side| match levels {
        None => then
            .iter()
            .filter(|((of, _), _)| *of == side)
            .map(|((_, price), before)| (*price, *before, depth.at(side, *price)))
            .filter(|(_, before, now)| before != now)
            .map(|(price, _, now)| (price, now))
            .collect(),
        Some(levels) => {
            let now: Vec<Row> = depth.levels(side).take(levels.into()).collect();
            difference(side, &best_then(side, levels, &then, depth), &now)
        }
    });
    let link = Link {
        stream: stream.number,
        seq: stream.last,
        prev_seq: resume.seq,
        ts: protocol::time::Time::from_ns(stream.ts.0),
        conflated: None,
    };
    let data = book::data(&asks, &bids, book::crc(depth, levels));
    Some(book::update(link, symbol::text(view, instrument), data))
}

/// The best levels as they were then. Those that have not changed are among the best now, but for as many as have.
fn best_then(side: Side, levels: u16, then: &Levels, depth: &engine::view::depth::Depth) -> Vec<Row> {
    let unchanged = depth.levels(side).take(usize::from(levels) + then.len());
    let mut rows: BTreeMap<Price, engine::units::Volume> = unchanged.collect();
    for ((_, price), before) in then.iter().filter(|((of, _), _)| *of == side) {
        if before.is_zero() {
            rows.remove(price);
        } else {
            rows.insert(*price, *before);
        }
    }
    match side {
        Side::Bid => rows.into_iter().rev().take(levels.into()).collect(),
        Side::Ask => rows.into_iter().take(levels.into()).collect(),
    }
}
