//! Reference rate: for any trades it is what the contract says, lot for lot, and cases worked by hand come out.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use engine::ids::GroupId;
use engine::reference_rate::{PARTITIONS, Rate, SAMPLES_MAX, Sample, Samples};
use engine::units::{Lots, Price};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A trade in plain numbers.
#[derive(Clone, Copy, Debug)]
struct Trade {
    partition: usize,
    price: u64,
    lots: u64,
    buyer: u32,
    seller: u32,
}

/// A rate in plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    price: Option<u128>,
    partitions: usize,
    groups: usize,
    lots: usize,
}

fn trade(partition: usize, price: u64, lots: u64, pair: u32) -> Trade {
    // Pair 0 is groups 0 and 1, pair 1 is groups 2 and 3, and so on.
    Trade { partition, price, lots, buyer: 2 * pair, seller: 2 * pair + 1 }
}

fn sample(trade: &Trade) -> Sample {
    Sample {
        price: Price::new(trade.price).unwrap(),
        lots: Lots::new(trade.lots).unwrap(),
        buyer: GroupId(trade.buyer),
        seller: GroupId(trade.seller),
    }
}

fn samples(trades: &[Trade]) -> Samples {
    let mut samples = Samples::new();
    trades.iter().for_each(|trade| samples.record(trade.partition, sample(trade)));
    samples
}

fn told(rate: Rate) -> Told {
    Told {
        price: rate.price.map(|price| price.ticks().into()),
        partitions: rate.partitions.into(),
        groups: usize::try_from(rate.groups).unwrap(),
        lots: usize::try_from(rate.lots.count()).unwrap(),
    }
}

fn rate(trades: &[Trade]) -> Told {
    told(samples(trades).rate())
}

/// The oracle: the contract's text on single lots, in 128 bits, without a thought for speed.
mod oracle {
    use super::*;

    #[derive(Clone, Copy)]
    struct Lot {
        partition: usize,
        price: u128,
        groups: [u32; 2],
    }

    /// The lowest value such that twice as many values as do not exceed it are at least all.
    fn lower_median(values: &[u128]) -> u128 {
        let is_reached =
            |value: u128| values.len() <= 2 * values.iter().filter(|other| **other <= value).count();
        values.iter().copied().filter(|value| is_reached(*value)).min().unwrap()
    }

    fn near(lots: &[Lot]) -> Vec<Lot> {
        let prices: Vec<u128> = lots.iter().map(|lot| lot.price).collect();
        let median = lower_median(&prices);
        let deviations: Vec<u128> = prices.iter().map(|price| price.abs_diff(median)).collect();
        let mad_ppm = lower_median(&deviations) * 1_000_000 / median;
        let far = if 1_000 < mad_ppm { 5 * mad_ppm } else { 5_000 };
        let is_dropped = |lot: &Lot| lot.price.abs_diff(median) * 1_000_000 > median * far;
        lots.iter().copied().filter(|lot| !is_dropped(lot)).collect()
    }

    /// A lot that would take either group above 35% is cut.
    fn cut(lots: &[Lot]) -> (Vec<Lot>, usize) {
        let mut used: BTreeMap<u32, usize> = BTreeMap::new();
        let mut kept = Vec::new();
        for lot in lots {
            let with = |group: &u32| used.get(group).copied().unwrap_or(0) + 1;
            if lot.groups.iter().all(|group| with(group) * 100 <= 35 * lots.len()) {
                lot.groups.iter().for_each(|group| *used.entry(*group).or_default() += 1);
                kept.push(*lot);
            }
        }
        (kept, used.len())
    }

    pub(super) fn rate(trades: &[Trade]) -> Told {
        if trades.is_empty() {
            return Told { price: None, partitions: 0, groups: 0, lots: 0 };
        }
        let mut lots = Vec::new();
        for trade in trades {
            let groups = [trade.buyer, trade.seller];
            (0..trade.lots).for_each(|_| {
                lots.push(Lot { partition: trade.partition, price: trade.price.into(), groups })
            });
        }
        let (kept, groups) = cut(&near(&lots));
        let mut prices = Vec::new();
        for partition in 0..12 {
            let here: Vec<u128> =
                kept.iter().filter(|lot| lot.partition == partition).map(|lot| lot.price).collect();
            if !here.is_empty() {
                prices.push(lower_median(&here));
            }
        }
        let partitions = prices.len();
        let is_told = partitions >= 6 && groups >= 5;
        let price = is_told.then(|| prices.iter().sum::<u128>() / u128::try_from(partitions).unwrap());
        Told { price, partitions, groups, lots: kept.len() }
    }
}

/// Trades in journal order: in which partitions they are, what they cost, how large they are, of how many groups.
fn trades(
    partitions: std::ops::Range<usize>,
    prices: impl Strategy<Value = u64>,
    lots: impl Strategy<Value = u64>,
    groups: std::ops::Range<u32>,
) -> impl Strategy<Value = Vec<Trade>> {
    let one = (partitions, prices, lots, any::<[u32; 2]>());
    (groups, prop::collection::vec(one, 0..60)).prop_map(|(groups, list)| {
        let trade = |(partition, price, lots, [some, step]): (usize, u64, u64, [u32; 2])| {
            let (buyer, step) = (some % groups, step % (groups - 1) + 1);
            Trade { partition, price, lots, buyer, seller: (buyer + step) % groups }
        };
        let mut trades: Vec<Trade> = list.into_iter().map(trade).collect();
        trades.sort_by_key(|trade| trade.partition);
        trades
    })
}

/// Prices of which the median is most often 1000, on both sides of where 5,000 ppm and 5 `MADppm` end.
fn edges() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => Just(1_000),
        4 => prop::sample::select(vec![998, 999, 1_001, 1_002]),
        4 => prop::sample::select(vec![989, 990, 994, 995, 1_005, 1_006, 1_010, 1_011]),
    ]
}

/// The same cases in every run; `PROPTEST_RNG_SEED` tries others. A failing case is shortened for half a minute at most.
fn cases(count: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    let (cases, rng_seed) = match config.rng_seed {
        RngSeed::Random => (count, RngSeed::Fixed(1)),
        fixed => (config.cases, fixed),
    };
    ProptestConfig { cases, rng_seed, max_shrink_time: 30_000, failure_persistence: None, ..config }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn at_few_prices_the_rate_is_the_oracles(trades in trades(0..12, 1_000..1_008_u64, 1..9_u64, 2..12)) {
        prop_assert_eq!(rate(&trades), oracle::rate(&trades));
    }

    #[test]
    fn at_low_prices_the_rate_is_the_oracles(trades in trades(0..12, 1..9_u64, 1..9_u64, 4..12)) {
        prop_assert_eq!(rate(&trades), oracle::rate(&trades));
    }

    #[test]
    fn among_outliers_the_rate_is_the_oracles(
        trades in trades(0..12, prop_oneof![5 => 99_900..100_100_u64, 1 => 1..=1_000_000_000_u64], 1..9_u64, 4..20),
    ) {
        prop_assert_eq!(rate(&trades), oracle::rate(&trades));
    }

    #[test]
    fn at_any_prices_the_rate_is_the_oracles(trades in trades(0..12, 1..=1_000_000_000_u64, 1..9_u64, 4..20)) {
        prop_assert_eq!(rate(&trades), oracle::rate(&trades));
    }

    #[test]
    fn at_the_edges_the_rate_is_the_oracles(trades in trades(0..12, edges(), 1..4_u64, 4..12)) {
        prop_assert_eq!(rate(&trades), oracle::rate(&trades));
    }

    #[test]
    fn when_one_group_dominates_the_rate_is_the_oracles(
        trades in trades(0..12, edges(), prop_oneof![4 => 1..4_u64, 1 => 20..40_u64], 5..9),
        group in 0..5_u32,
        which in prop::collection::vec(0..4_u32, 60),
    ) {
        let mut trades = trades;
        for (trade, which) in trades.iter_mut().zip(which) {
            match which {
                0 if trade.seller != group => trade.buyer = group,
                1 if trade.buyer != group => trade.seller = group,
                _ => {}
            }
        }
        prop_assert_eq!(rate(&trades), oracle::rate(&trades));
    }

    #[test]
    fn in_few_partitions_the_rate_is_the_oracles(trades in trades(3..10, edges(), 1..4_u64, 4..7)) {
        prop_assert_eq!(rate(&trades), oracle::rate(&trades));
    }

    /// Volumes of multiples of 20 lots have caps without a remainder, so only their shares matter. This reaches lots
    /// that the oracle cannot count one by one.
    #[test]
    fn more_lots_in_equal_shares_make_the_same_rate(
        trades in trades(0..12, edges(), (1..=5_u64).prop_map(|score| 20 * score), 4..12),
        times in 1..=100_000_u64,
    ) {
        let larger: Vec<Trade> =
            trades.iter().map(|trade| Trade { lots: trade.lots * times, ..*trade }).collect();
        let small = rate(&trades);
        let lots = small.lots * usize::try_from(times).unwrap();
        prop_assert_eq!(rate(&larger), Told { lots, ..small });
    }
}

#[test]
fn no_trades_make_no_rate() {
    assert!(Samples::new().is_empty());
    assert_eq!(told(Samples::default().rate()), Told { price: None, partitions: 0, groups: 0, lots: 0 });
}

#[test]
fn an_outlier_is_dropped() {
    // Ten lots in each partition, by four pairs in turn; in the last one also twenty lots by a fifth pair.
    let calm = (0..12).zip((0..4).cycle()).map(|(partition, pair)| trade(partition, 1_000_000, 10, pair));
    let with = |price| calm.clone().chain([trade(11, price, 20, 4)]).collect::<Vec<_>>();
    // m = 1,000,000 with 120 of 140 lots, MAD = 0, so what is more than 5,000 ppm = 5,000 ticks off is dropped.
    // At 5,000 above, the last partition has 10 lots at m and 20 at 1,005,000: 10 doubled is 20 < 30, so the upper
    // price is its median. Mean: (11 x 1,000,000 + 1,005,000) / 12 = 12,005,000 / 12 = 1,000,416.67.
    let kept = Told { price: Some(1_000_416), partitions: 12, groups: 10, lots: 140 };
    assert_eq!(rate(&with(1_005_000)), kept);
    // At 5,000 below: 20 doubled is 40, so the lower price is. 11,995,000 / 12 = 999,583.33.
    assert_eq!(rate(&with(995_000)), Told { price: Some(999_583), ..kept });
    // One tick further off the twenty lots and their two groups are gone.
    let dropped = Told { price: Some(1_000_000), partitions: 12, groups: 8, lots: 120 };
    assert_eq!(rate(&with(1_005_001)), dropped);
    assert_eq!(rate(&with(994_999)), dropped);
}

/// One lot a partition, by six pairs in turn.
fn single_lots(prices: [u64; 12]) -> Vec<Trade> {
    let list = (0..).zip(prices).zip((0..6).cycle());
    list.map(|((partition, price), pair)| trade(partition, price, 1, pair)).collect()
}

#[test]
fn scattered_prices_are_kept_within_five_deviations() {
    // m: 3 lots at 998, 7 up to 1000, doubled 14 reaches 12: 1000.
    // |p - m|: 0 x 4, 2 x 6, 10, 11; 4 doubled is 8 < 12, 10 doubled is 20: MAD = 2, 2,000 ppm, times five 10,000.
    // So 1010 is just kept and 1011 dropped. The cap is floor(11 x 35%) = 3 lots; each pair has at most 2.
    let list = single_lots([998, 998, 998, 1_000, 1_000, 1_000, 1_000, 1_002, 1_002, 1_002, 1_010, 1_011]);
    // (3 x 998 + 4 x 1000 + 3 x 1002 + 1010) / 11 = 11,010 / 11 = 1,000.91.
    assert_eq!(rate(&list), Told { price: Some(1_000), partitions: 11, groups: 12, lots: 11 });
}

#[test]
fn the_deviation_is_floored_to_parts_per_million() {
    // m: 3 lots at 2, 8 up to 3, doubled 16 reaches 12: 3.
    // |p - m|: 0 x 5, 1 x 6, 5; 5 doubled is 10 < 12: MAD = 1, floor(10^6 / 3) = 333,333 ppm, times five 1,666,665.
    // 8 is 5 off: 5 x 10^6 > 3 x 1,666,665 = 4,999,995, so it is dropped although it is just five MAD off.
    let list = single_lots([2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 8]);
    // (3 x 2 + 5 x 3 + 3 x 4) / 11 = 33 / 11 = 3.
    let told = Told { price: Some(3), partitions: 11, groups: 12, lots: 11 };
    assert_eq!(rate(&list), told);
    // It is floored before it is taken five times. m = 10^8, MAD = 200,050: floor(2,000.5) = 2,000 ppm, times five
    // 10,000 ppm = 10^6 ticks. 1,000,001 off is dropped, although five MAD are 1,000,250 or 10,002 ppm.
    const M: u64 = 100_000_000;
    let (low, high) = (M - 200_050, M + 200_050);
    let list = |last| single_lots([low, low, low, M, M, M, M, M, high, high, high, last]);
    assert_eq!(rate(&list(M + 1_000_001)), Told { price: Some(M.into()), ..told });
    // 1,000,000 off is kept: (11 x 10^8 + 10^8 + 10^6) / 12 = 10^8 + 83,333.33.
    assert_eq!(
        rate(&list(M + 1_000_000)),
        Told { price: Some(100_083_333), partitions: 12, groups: 12, lots: 12 }
    );
}

#[test]
fn a_wash_pair_is_cut_at_a_share() {
    // In each partition 5 lots at 100,000 by one of three pairs, then 40 lots at 100,400 by a fourth.
    let list = (0..12).zip((0..3).cycle());
    let list = list.flat_map(|(at, pair)| [trade(at, 100_000, 5, pair), trade(at, 100_400, 40, 3)]);
    // m = 100,400 with 480 of 540 lots; 100,000 is 400 off, within 5,000 ppm = 502 ticks: all are kept by (a).
    // Cap: floor(540 x 35%) = 189. The pair keeps 40, 40, 40, 40 and 29 lots, then nothing; the others have 20 each.
    // Partitions 0 to 4 cost 100,400, partitions 5 to 11 cost 100,000:
    // (5 x 100,400 + 7 x 100,000) / 12 = 1,202,000 / 12 = 100,166.67. Lots: 60 + 189.
    let told = Told { price: Some(100_166), partitions: 12, groups: 8, lots: 249 };
    assert_eq!(rate(&list.collect::<Vec<_>>()), told);
}

#[test]
fn both_groups_of_a_trade_use_their_share() {
    // Group 9 buys 30 lots of each of two sellers, in a volume of 20 + 20 + 30 + 30 = 100: cap 35. It keeps 30 and 5.
    let quiet = [trade(0, 1_000, 20, 0), trade(0, 1_000, 20, 1)];
    let wide = [5, 6].map(|seller| Trade { partition: 0, price: 1_000, lots: 30, buyer: 9, seller });
    let told = Told { price: None, partitions: 1, groups: 7, lots: 75 };
    assert_eq!(rate(&[quiet, wide].concat()), told);
    // The same where it sells.
    let sold = wide.map(|trade| Trade { buyer: trade.seller, seller: trade.buyer, ..trade });
    assert_eq!(rate(&[quiet, sold].concat()), told);
}

#[test]
fn five_partitions_are_too_few() {
    // 10 lots a partition, each by a pair of its own: at most a fifth of the volume, below the cap.
    let list: Vec<Trade> =
        (0..6).zip(0..).map(|(partition, pair)| trade(partition, 1_000, 10, pair)).collect();
    assert_eq!(rate(&list[..5]), Told { price: None, partitions: 5, groups: 10, lots: 50 });
    assert_eq!(rate(&list), Told { price: Some(1_000), partitions: 6, groups: 12, lots: 60 });
}

#[test]
fn four_groups_are_too_few() {
    // 10 lots a partition, by two pairs in turn. Cap: floor(120 x 35%) = 42. Each pair keeps 10, 10, 10, 10 and 2
    // lots and nothing of its last trade, so the last two partitions are without.
    let mut list: Vec<Trade> =
        (0..12).zip((0..2).cycle()).map(|(at, pair)| trade(at, 1_000, 10, pair)).collect();
    assert_eq!(rate(&list), Told { price: None, partitions: 10, groups: 4, lots: 84 });
    // With a fifth group as the first buyer all is the same: the first seller is still the one who is cut.
    list[0].buyer = 4;
    assert_eq!(rate(&list), Told { price: Some(1_000), partitions: 10, groups: 5, lots: 84 });
}

#[test]
fn a_group_whose_trades_are_cut_to_nothing_does_not_count() {
    // Volume 120, cap 42, as above; the buyer of the last trade is a fifth group, whose seller has no share left.
    let mut list: Vec<Trade> =
        (0..12).zip((0..2).cycle()).map(|(at, pair)| trade(at, 1_000, 10, pair)).collect();
    list[11].buyer = 4;
    assert_eq!(rate(&list), Told { price: None, partitions: 10, groups: 4, lots: 84 });
}

#[test]
fn the_mean_is_floored() {
    // (5 x 1000 + 1005) / 6 = 6,005 / 6 = 1,000.83; the volumes do not weigh.
    let list = (0..6).zip(0..).map(|(at, pair)| trade(at, if at == 3 { 1_005 } else { 1_000 }, 10, pair));
    let told = Told { price: Some(1_000), partitions: 6, groups: 12, lots: 60 };
    assert_eq!(rate(&list.clone().collect::<Vec<_>>()), told);
    // With 14 lots at 1005: 64 lots, cap floor(22.4), nothing is cut, and the mean stays.
    let larger = list.map(|trade| Trade { lots: if trade.partition == 3 { 14 } else { 10 }, ..trade });
    assert_eq!(rate(&larger.collect::<Vec<_>>()), Told { lots: 64, ..told });
}

#[test]
fn on_an_even_split_the_median_is_the_lower_price() {
    // Each partition has 10 lots at 1000 by one pair, and as many at 1004 by another: 10 doubled reaches 20.
    let both = |partition: usize, upper: u64| {
        let pair = u32::try_from(partition).unwrap() * 2;
        [trade(partition, 1_000, 10, pair), trade(partition, 1_004, upper, pair + 1)]
    };
    let told = Told { price: Some(1_000), partitions: 6, groups: 24, lots: 120 };
    assert_eq!(rate(&(0..6).flat_map(|at| both(at, 10)).collect::<Vec<_>>()), told);
    // One lot more at 1004, and 10 doubled is less than 21.
    let more = rate(&(0..6).flat_map(|at| both(at, 11)).collect::<Vec<_>>());
    assert_eq!(more, Told { price: Some(1_004), lots: 126, ..told });
}

#[test]
fn of_two_halves_the_lower_is_near() {
    // 6 lots at 1000 and 6 at 1006: m = 1000, deviations 0 x 6 and 6 x 6: MAD = 0. 6 ticks are 6,000 ppm: dropped.
    let list = (0..12).zip(0..).map(|(at, pair)| trade(at, 1_000 + u64::from(pair % 2) * 6, 1, pair));
    // 6 lots are left, the cap is floor(2.1) = 2.
    let told = Told { price: Some(1_000), partitions: 6, groups: 12, lots: 6 };
    assert_eq!(rate(&list.collect::<Vec<_>>()), told);
}

#[test]
fn only_the_first_trades_of_a_partition_are_recorded() {
    let calm = |partition: usize| (0..4).map(move |pair| trade(partition, 1_000, 2_048, pair));
    let crowd = (0..4).cycle().take(SAMPLES_MAX).map(|pair| trade(0, 1_000, 1, pair));
    let full: Vec<Trade> = crowd.collect();
    // 8,192 lots a partition, of which each pair has a quarter.
    let rest: Vec<Trade> = (1..6).flat_map(calm).collect();
    // Were they counted, the lots at 1004 would be 20,000 of 28,192 in their partition.
    let late = [4, 5].map(|pair| trade(0, 1_004, 10_000, pair));
    let told = Told { price: Some(1_000), partitions: 6, groups: 8, lots: 6 * 8_192 };
    assert_eq!(rate(&[full.clone(), rest.clone()].concat()), told);
    let with_late = samples(&[full.clone(), late.to_vec(), rest.clone()].concat());
    assert_eq!(with_late, samples(&[full.clone(), rest.clone()].concat()));
    assert_eq!(with_late.iter().filter(|(partition, _)| *partition == 0).count(), 8_192);
    // One place earlier the first of them still counts: 8,191 + 10,000 lots, of which those at 1004 are above half.
    // Volume 6 x 8,192 - 1 + 10,000 = 59,151, cap 20,702: nobody is cut. (1004 + 5 x 1000) / 6 = 1,000.67.
    let earlier = rate(&[full[1..].to_vec(), late.to_vec(), rest].concat());
    assert_eq!(earlier, Told { groups: 10, lots: 59_151, ..told });
}

#[test]
fn the_largest_period_fits() {
    let mut samples = Samples::new();
    for partition in 0..PARTITIONS {
        for pair in (0..4).cycle().take(SAMPLES_MAX) {
            let pair = u32::MAX / 2 - pair;
            samples.record(partition, sample(&trade(partition, 1_000_000_000, 10_000_000, pair)));
        }
    }
    let lots = 12 * 8_192 * 10_000_000;
    let told_most = Told { price: Some(1_000_000_000), partitions: 12, groups: 8, lots };
    assert_eq!(told(samples.rate()), told_most);
    // The widest deviations: half at the lowest price, half at the highest. The lower half stays.
    let list: Vec<Trade> = (0..12)
        .zip(0..)
        .map(|(at, pair)| trade(at, if at < 6 { 1 } else { 1_000_000_000 }, 10_000_000, pair))
        .collect();
    assert_eq!(rate(&list), Told { price: Some(1), partitions: 6, groups: 12, lots: 60_000_000 });
}

#[test]
fn samples_come_back_in_journal_order() {
    let list =
        [trade(0, 9, 1, 0), trade(0, 3, 2, 5), trade(4, 7, 1, 1), trade(4, 7, 1, 0), trade(11, 1, 1, 2)];
    let samples = samples(&list);
    assert!(!samples.is_empty());
    let recorded: Vec<(usize, Sample)> =
        samples.iter().map(|(partition, sample)| (partition, *sample)).collect();
    assert_eq!(recorded, list.map(|trade| (trade.partition, sample(&trade))));
}

#[test]
fn nothing_is_carried_forward() {
    let list: Vec<Trade> = (0..12).zip(0..).map(|(at, pair)| trade(at, 1_000, 1, pair)).collect();
    let mut samples = samples(&list);
    assert_eq!(told(samples.rate()).price, Some(1_000));
    let place = |samples: &Samples| samples.iter().next().map(|(_, sample)| std::ptr::from_ref(sample));
    let before = place(&samples);
    samples.clear();
    assert!(samples.is_empty() && samples == Samples::new());
    assert_eq!(told(samples.rate()), Told { price: None, partitions: 0, groups: 0, lots: 0 });
    samples.record(0, sample(&list[0]));
    assert_eq!(place(&samples), before, "the room of the last period is used again");
}

#[test]
fn what_is_no_trade_of_the_period_is_refused() {
    let good = trade(3, 1_000, 1, 0);
    let refused = [
        trade(12, 1_000, 1, 0),
        trade(2, 1_000, 1, 0),
        trade(3, 1_000, 0, 0),
        Trade { buyer: 1, seller: 1, ..good },
    ];
    assert_eq!(samples(&[good, good]).iter().count(), 2);
    for bad in refused {
        assert!(catch_unwind(|| samples(&[good, bad])).is_err(), "{bad:?} is no trade of the period");
    }
}
