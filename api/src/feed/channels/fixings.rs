//! Fixings: reference rates and what they were computed from.

use std::sync::Arc;

use engine::ids::{ClassId, index};
use engine::view::View;
use protocol::decimal::{self, Scale};
use protocol::fixing::Fixing;
use protocol::public::Public;
use protocol::time::Time;
use protocol::update::Update;
use protocol::written::Data;

use crate::convert::order::price_text;
use crate::feed::channels::{Link, Scene};
use crate::feed::image::Image;
use crate::feed::tape::Fix;

/// About how many bytes a fixing is as text.
const FIXING_BYTES: usize = 150;

/// A message of the rates that one command has published.
pub(in crate::feed) fn update(link: Link, fixes: &[Fix], view: &View) -> Update {
    let data = fixes.iter().map(|fix| fixing(fix, view)).collect();
    Update::Fixings(Public::Update(link.update(None, data)))
}

/// The last rate of one class, or of each.
pub(super) fn image(only: Option<ClassId>, scene: Scene<'_>) -> Arc<Image> {
    let classes = (0..).zip(scene.view.classes()).map(|(number, _)| ClassId(number));
    let wanted = classes.filter(|class| only.is_none_or(|only| only == *class));
    let fixes = wanted.filter_map(|class| scene.tape.fix(class));
    let fixings: Vec<Fixing> = fixes.map(|fix| fixing(fix, scene.view)).collect();
    Image::new(fixings.len() * FIXING_BYTES, move || Data::of(&fixings))
}

fn fixing(fix: &Fix, view: &View) -> Fixing {
    Fixing {
        class: view.classes()[index(fix.class.0)].name.to_string(),
        end: Time::from_ns(fix.end.0),
        rate: fix.rate.map(price_text),
        withheld: fix.rate.is_none(),
        partitions: fix.partitions.into(),
        groups: fix.groups,
        qty: decimal::print(fix.lots.count(), Scale::Quantity),
    }
}
