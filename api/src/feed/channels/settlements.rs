//! Settlements: how slots of windows ended, without their parties.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::delivery::slot::SlotNumber;
use engine::event::Event;
use engine::ids::{ClassId, InstrumentId};
use engine::view::View;
use engine::view::slot_ends::WindowEnds;
use protocol::decimal::{self, Scale};
use protocol::public::Public;
use protocol::settlement::{SlotLots, WindowSettlement};
use protocol::update::Update;
use protocol::written::Data;

use crate::convert::{delivery, symbol};
use crate::feed::channels::Link;
use crate::feed::image::Image;
use crate::feed::tape::class_of;

/// About how many bytes the twelve slots of a window are as text, where each ended in one way.
const WINDOW_BYTES: usize = 700;

/// Windows of which slots ended with a command, or that are settled with it.
#[derive(Debug, Default)]
pub(in crate::feed) struct Ended(BTreeMap<InstrumentId, (WindowEnds, bool)>);

impl Ended {
    /// What the last command ended.
    pub(in crate::feed) fn of(events: &[Event], view: &View) -> Ended {
        let mut ended = Ended::default();
        for end in view.slot_ends() {
            ended.0.entry(end.instrument).or_default().0.count(end);
        }
        for event in events {
            if let Event::InstrumentSettled { instrument } = event {
                ended.0.entry(*instrument).or_default().1 = true;
            }
        }
        ended
    }

    /// The classes of those windows.
    pub(in crate::feed) fn classes(&self, view: &View) -> Vec<ClassId> {
        let mut classes: Vec<ClassId> = self.0.keys().map(|instrument| class_of(view, *instrument)).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// A message of them, or of those of one class.
    pub(in crate::feed) fn update(&self, link: Link, only: Option<ClassId>, view: &View) -> Update {
        let wanted = self.0.iter().filter(|(instrument, _)| is_of(only, **instrument, view));
        let data = wanted.map(|(instrument, (ends, settled))| wire(view, (*instrument, ends), *settled));
        let data = data.collect();
        Update::Settlements(Public::Update(link.update(None, data)))
    }
}

/// How slots ended of windows that are not settled, of one class or of all.
pub(super) fn image(only: Option<ClassId>, view: &View) -> Arc<Image> {
    let wanted = view.window_ends().filter(|(instrument, _)| is_of(only, *instrument, view));
    let windows: Vec<WindowSettlement> = wanted.map(|window| wire(view, window, false)).collect();
    Image::new(windows.len() * WINDOW_BYTES, move || Data::of(&windows))
}

fn is_of(only: Option<ClassId>, instrument: InstrumentId, view: &View) -> bool {
    only.is_none_or(|only| only == class_of(view, instrument))
}

fn wire(view: &View, (instrument, ends): (InstrumentId, &WindowEnds), settled: bool) -> WindowSettlement {
    let lots = |(slot, outcome, lots): (SlotNumber, _, u64)| SlotLots {
        slot: slot.number(),
        outcome: delivery::outcome(outcome),
        qty: decimal::print(lots, Scale::Quantity),
    };
    WindowSettlement {
        symbol: symbol::text(view, instrument),
        slots: ends.lots().map(lots).collect(),
        settled,
    }
}
