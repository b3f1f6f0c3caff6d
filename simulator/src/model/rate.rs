//! Rate of the model: the reference rate of a period, word for word as the contract has it.

use std::collections::{BTreeMap, BTreeSet};

use engine::event::Event;
use engine::ids::ClassId;
use engine::stamp::Time;
use engine::units::{Lots, Volume};

use crate::model::{Model, lots, price};

/// A trade that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Counted {
    /// Which twelfth of the period.
    pub(super) twelfth: u64,
    /// In ticks.
    pub(super) price: u64,
    pub(super) lots: u64,
    pub(super) buyer: u32,
    pub(super) seller: u32,
}

/// The lowest value whose cumulative volume doubled reaches the total.
fn lower_median(values: &[(u64, u64)]) -> u64 {
    let total: u64 = values.iter().map(|(_, lots)| lots).sum();
    let up_to = |value: u64| values.iter().filter(move |(other, _)| *other <= value).map(|(_, lots)| lots);
    let reached = values.iter().filter(|(value, _)| total <= 2 * up_to(*value).sum::<u64>());
    reached.map(|(value, _)| *value).min().expect("there is volume")
}

/// Drops prices that are too far from the median.
fn without_outliers(trades: &[Counted]) -> Vec<Counted> {
    if trades.is_empty() {
        return Vec::new();
    }
    let prices: Vec<(u64, u64)> = trades.iter().map(|trade| (trade.price, trade.lots)).collect();
    let median = lower_median(&prices);
    let deviations: Vec<(u64, u64)> =
        prices.iter().map(|(price, lots)| (price.abs_diff(median), *lots)).collect();
    let deviation_ppm = lower_median(&deviations) * 1_000_000 / median;
    let far = median * (5 * deviation_ppm).max(5_000);
    trades.iter().filter(|trade| trade.price.abs_diff(median) * 1_000_000 <= far).copied().collect()
}

/// Cuts, in journal order, what takes a group above 35% of the volume, bought or sold.
fn without_excess(trades: &[Counted]) -> Vec<Counted> {
    let most = trades.iter().map(|trade| trade.lots).sum::<u64>() * 35 / 100;
    let mut used: BTreeMap<u32, u64> = BTreeMap::new();
    let mut kept = Vec::new();
    for trade in trades {
        let [bought, sold] =
            [trade.buyer, trade.seller].map(|group| used.get(&group).copied().unwrap_or_default());
        let lots = trade.lots.min(most - bought).min(most - sold);
        if 0 < lots {
            *used.entry(trade.buyer).or_default() += lots;
            *used.entry(trade.seller).or_default() += lots;
            kept.push(Counted { lots, ..*trade });
        }
    }
    kept
}

impl Model {
    /// Tells the rate of the period that has ended. It is never carried forward: where whole periods have passed since,
    /// the last of them has none.
    pub(super) fn publish(&mut self, number: usize) {
        let class = &mut self.classes[number];
        let kept = without_excess(&without_outliers(&std::mem::take(&mut class.trades)));
        let twelfths: BTreeSet<u64> = kept.iter().map(|trade| trade.twelfth).collect();
        let groups: BTreeSet<u32> = kept.iter().flat_map(|trade| [trade.buyer, trade.seller]).collect();
        let medians = twelfths.iter().map(|twelfth| {
            let of_twelfth = kept.iter().filter(|trade| trade.twelfth == *twelfth);
            lower_median(&of_twelfth.map(|trade| (trade.price, trade.lots)).collect::<Vec<_>>())
        });
        let count = u64::try_from(twelfths.len()).expect("there are twelve");
        let told = 6 <= count && 5 <= groups.len();
        let rate = told.then(|| medians.sum::<u64>() / count);
        let end = class.period + class.length;
        let now = self.now - self.now % class.length;
        (class.period, class.end) = (now, Some(now));
        class.reference = rate.filter(|_| now == end);
        let class = ClassId(u32::try_from(number).expect("few classes"));
        let volume = kept.iter().fold(Volume::ZERO, |sum, trade| sum.plus(lots(trade.lots)));
        self.tell(Event::ReferencePublished {
            class,
            end: Time(end),
            rate: rate.map(price),
            partitions: u8::try_from(count).expect("there are twelve"),
            groups: u32::try_from(groups.len()).expect("few groups"),
            lots: volume,
        });
        if end < now {
            let (end, rate, partitions, groups, lots) =
                (Time(now), None, 0, 0, Volume::ZERO.plus(Lots::ZERO));
            self.tell(Event::ReferencePublished { class, end, rate, partitions, groups, lots });
        }
    }
}
