//! Reference rate: what a GPU class cost in the last period, computed from its trades, or withheld.
//!
//! The source is the contract, `docs/contract.md`. A period has 12 partitions, and its trades are taken in journal
//! order. All numbers are whole, and every division rounds down.
//!
//! - The *lower median* of values with volumes is the lowest value whose cumulative volume doubled reaches the total.
//! - (a) *Outliers are dropped.* `m` is the lower median of the prices `p`, `MAD` that of `|p - m|`, and `MADppm` is
//!   `floor(MAD x 10^6 / m)`. A price with `|p - m| x 10^6 > m x max(5 MADppm, 5000)` does not count.
//! - (b) *Groups are cut.* The cap is `floor(35%)` of the volume that (a) left. Trade by trade, in journal order, as
//!   many lots are kept as take neither the buyer's group nor the seller's above the cap.
//! - (c) *Each partition has a price:* the lower median of what was kept in it.
//! - (d) *The rate is the mean of these prices,* unweighted and floored to the tick. With fewer than 6 partitions or
//!   5 groups in what was kept it is withheld, and no earlier rate stands in for it.
//!
//! At most [`SAMPLES_MAX`] trades of a partition are recorded: where there are more, the rate is that of the first
//! 8,192 trades of each twelfth.

use crate::ids::GroupId;
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::units::{Lots, Price, Volume};

/// Parts into which a period is divided.
pub const PARTITIONS: usize = 12;

/// The most trades that are recorded in one partition.
pub const SAMPLES_MAX: usize = 8_192;

/// The fewest partitions that make a rate.
const PARTITIONS_MIN: u8 = 6;

/// The fewest groups that make a rate.
const GROUPS_MIN: u32 = 5;

/// The most of the volume that one group may take part in, in percent.
const GROUP_PERCENT_MAX: u64 = 35;

/// How many `MADppm` a price may be off the median.
const DEVIATIONS_MAX: u64 = 5;

/// How far a price may be off the median in any case, in parts per million of the median.
const NEAR_PPM: u64 = 5_000;

// Everything fits in 64 bits: deviations, since `MADppm x m` is at most `MAD x 10^6`, and shares of volumes.
const _: () = {
    assert!(size_of::<Sample>() == 16);
    assert!(Price::MAX.ticks() == 1_000_000_000 && NEAR_PPM < DEVIATIONS_MAX * 1_000_000);
    assert!(1_000_000_000 < u64::MAX / 1_000_000 / DEVIATIONS_MAX);
    assert!(Lots::MAX.count() == 10_000_000 && PARTITIONS * SAMPLES_MAX < 1_000_000);
    assert!(10_000_000 * 1_000_000 < u64::MAX / GROUP_PERCENT_MAX);
};

/// One trade that may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The price of the trade.
    pub price: Price,
    /// Its size, at least one lot.
    pub lots: Lots,
    /// The group that bought.
    pub buyer: GroupId,
    /// The group that sold, never the buyer's.
    pub seller: GroupId,
}

/// The trades of the present period, by partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    partitions: [Vec<Sample>; PARTITIONS],
}

/// What a period came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The rate, or `None` when it is withheld.
    pub price: Option<Price>,
    /// Partitions with volume that counted.
    pub partitions: u8,
    /// Groups with volume that counted.
    pub groups: u32,
    /// The volume that counted, each trade once.
    pub lots: Volume,
}

impl Samples {
    /// A period without trades.
    pub const fn new() -> Samples {
        Samples { partitions: [const { Vec::new() }; PARTITIONS] }
    }

    /// Records the next trade of the journal in its partition, numbered from 0. A partition that has [`SAMPLES_MAX`]
    /// trades stays as it is. Panics unless the partition is one of the 12 with no trade in a later one, and the trade
    /// has lots and two groups.
    pub fn record(&mut self, partition: usize, sample: Sample) {
        assert!(partition < PARTITIONS, "a period has 12 partitions");
        assert!(self.partitions[partition + 1..].iter().all(Vec::is_empty), "trades come in journal order");
        assert!(!sample.lots.is_zero(), "a trade has lots");
        assert!(sample.buyer != sample.seller, "a trade that counts is between two groups");
        let samples = &mut self.partitions[partition];
        if samples.len() < SAMPLES_MAX {
            samples.push(sample);
        }
    }

    /// Begins the next period. The room that the last one took is used again.
    pub fn clear(&mut self) {
        self.partitions.iter_mut().for_each(Vec::clear);
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.partitions.iter().all(Vec::is_empty)
    }

    /// What was recorded, with its partition, in journal order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Sample)> {
        let partitions = self.partitions.iter().enumerate();
        partitions.flat_map(|(partition, samples)| samples.iter().map(move |sample| (partition, sample)))
    }

    /// The rate of the period, by the method above. A full period of 98,304 trades takes 4 to 7 ms with up to 1,000
    /// groups, and 15 ms where each has two of its own, on a virtual core at 2.3 GHz; most of it finds the groups.
    pub fn rate(&self) -> Rate {
        let mut counted = self.clone();
        counted.drop_outliers();
        let groups = counted.cut_groups();
        let prices = counted.partitions.iter().filter_map(|samples| lower_median(samples.iter().map(price)));
        let (partitions, sum) =
            prices.fold((0, 0), |(count, sum), price| (count + 1, sum + u64::from(price.ticks())));
        let is_told = PARTITIONS_MIN <= partitions && GROUPS_MIN <= groups;
        let mean = || Price::new(sum / u64::from(partitions)).expect("a mean of prices is a price");
        Rate { price: is_told.then(mean), partitions, groups, lots: counted.volume() }
    }

    /// Step (a): drops the trades whose price is too far from the median.
    fn drop_outliers(&mut self) {
        let all = self.partitions.iter().flatten();
        let Some(median) = lower_median(all.clone().map(price)) else { return };
        let deviation = |sample: &Sample| sample.price.ticks().abs_diff(median.ticks());
        let mad = lower_median(all.map(|sample| (deviation(sample), sample.lots)));
        let mad = mad.expect("what has a median has deviations from it");
        let median = u64::from(median.ticks());
        let far_ppm = NEAR_PPM.max(DEVIATIONS_MAX * (u64::from(mad) * 1_000_000 / median));
        let is_near = |sample: &Sample| u64::from(deviation(sample)) * 1_000_000 <= median * far_ppm;
        self.partitions.iter_mut().for_each(|samples| samples.retain(is_near));
    }

    /// Step (b): keeps of each trade what takes no group above the cap, which may be nothing. Returns how many groups
    /// kept something.
    fn cut_groups(&mut self) -> u32 {
        let cap = self.volume().count() * GROUP_PERCENT_MAX / 100;
        let both = |sample: &Sample| [sample.buyer, sample.seller];
        let mut groups: Vec<GroupId> = self.partitions.iter().flatten().flat_map(both).collect();
        groups.sort_unstable();
        groups.dedup();
        let place = |group| groups.binary_search(&group).expect("every group of a trade is listed");
        let mut used = vec![0; groups.len()];
        for sample in self.partitions.iter_mut().flatten() {
            let (buyer, seller) = (place(sample.buyer), place(sample.seller));
            let room = cap - used[buyer].max(used[seller]);
            let kept = room.min(u64::from(sample.lots.count()));
            used[buyer] += kept;
            used[seller] += kept;
            sample.lots = Lots::new(kept).expect("a part of a trade is no larger than the trade");
        }
        let counted = used.iter().filter(|lots| **lots != 0).count();
        u32::try_from(counted).expect("a period has fewer than 2^32 groups")
    }

    fn volume(&self) -> Volume {
        self.iter().fold(Volume::ZERO, |sum, (_, sample)| sum.plus(sample.lots))
    }
}

fn price(sample: &Sample) -> (Price, Lots) {
    (sample.price, sample.lots)
}

/// The lowest value whose cumulative volume doubled reaches the total; `None` without volume.
///
/// Sorts only as far as it must: each round halves the range that the median is in, which is linear time in all.
fn lower_median<T: Copy + Ord>(values: impl Iterator<Item = (T, Lots)>) -> Option<T> {
    let mut values: Vec<(T, Lots)> = values.collect();
    let sum = |from: Volume, of: &[(T, Lots)]| of.iter().fold(from, |sum, (_, lots)| sum.plus(*lots));
    let total = sum(Volume::ZERO, &values);
    let reaches_half = |cumulative: Volume| total.count() <= 2 * cumulative.count();
    let mut range = values.as_mut_slice();
    let mut below = Volume::ZERO;
    while !range.is_empty() {
        let (low, middle, high) = range.select_nth_unstable_by_key(range.len() / 2, |(value, _)| *value);
        let before = sum(below, low);
        let through = before.plus(middle.1);
        if reaches_half(before) {
            range = low;
        } else if reaches_half(through) {
            return Some(middle.0);
        } else {
            (range, below) = (high, through);
        }
    }
    None
}

fields!(Sample { price, lots, buyer, seller });

impl Image for Samples {
    fn put(&self, to: &mut ImageWriter<'_>) {
        let Samples { partitions } = self;
        partitions.iter().for_each(|samples| samples.put(to));
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Samples> {
        let mut samples = Samples::new();
        for partition in &mut samples.partitions {
            *partition = Vec::take(from)?;
            from.check(partition.len() <= SAMPLES_MAX, "a partition has at most 8,192 trades")?;
        }
        Ok(samples)
    }
}
