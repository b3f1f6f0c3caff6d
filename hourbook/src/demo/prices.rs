//! Prices: what a GPU-hour of each class costs, from listed prices, in ticks of the exchange's unit.
//!
//! One CU is set near the price of an H100-SXM hour, so a class's price is its listed price over that of H100SXM.

/// Listed prices by class: see the file's own first lines.
const LISTED: &str = include_str!("gpu_prices.csv");
/// The class that sets the unit.
const UNIT_CLASS: &str = "H100SXM";
/// Ticks in one CU.
const TICKS: u64 = 10_000;

/// What is listed of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// The class.
    pub(super) class: &'static str,
    /// The lower quartile, in ticks.
    pub(super) low: u64,
    /// The median, in ticks.
    pub(super) middle: u64,
    /// The upper quartile, in ticks.
    pub(super) high: u64,
}

/// Every class with its prices.
pub(super) fn listed() -> Vec<Listed> {
    let rows = || LISTED.lines().filter(|line| !line.starts_with('#')).skip(1).map(row);
    let unit = rows().find(|(class, _)| *class == UNIT_CLASS).expect("the unit's class is listed").1[1];
    let ticks = |price: u64| (price * TICKS + unit / 2) / unit;
    let relative = |(class, [low, middle, high]): (&'static str, [u64; 3])| Listed {
        class,
        low: ticks(low),
        middle: ticks(middle),
        high: ticks(high),
    };
    rows().map(relative).collect()
}

/// Class and prices in hundredths of a cent.
fn row(line: &'static str) -> (&'static str, [u64; 3]) {
    let mut fields = line.split(',');
    let class = fields.next().expect("a row has a class");
    let mut price = || {
        let text = fields.next().expect("a row has three prices");
        text.replace('.', "").parse().expect("a price has four decimals")
    };
    (class, [price(), price(), price()])
}

/// The price that participants have in mind for a class at a time: the median, swinging between the quartiles by at
/// most 2% within minutes.
pub(super) fn fair(listed: &Listed, seconds: u64) -> u64 {
    const PERIOD: u64 = 240;
    let phase = seconds % PERIOD;
    let rising = phase.min(PERIOD - phase);
    let swing = listed.middle / 50;
    let fair = listed.middle - swing / 2 + swing * rising / (PERIOD / 2);
    fair.clamp(listed.low.min(listed.middle), listed.high.max(listed.middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_an_h100_hour() {
        let listed = listed();
        let unit = listed.iter().find(|row| row.class == UNIT_CLASS).unwrap();
        assert_eq!(unit.middle, TICKS);
        assert!(listed.iter().all(|row| row.low <= row.middle && row.middle <= row.high));
        let b200 = listed.iter().find(|row| row.class == "B200SXM").unwrap();
        assert!(2 * TICKS < b200.middle && b200.middle < 3 * TICKS);
    }

    #[test]
    fn fair_prices_stay_near_the_median() {
        for row in listed() {
            for seconds in 0..500 {
                let fair = fair(&row, seconds);
                assert!(row.middle * 98 / 100 <= fair && fair <= row.middle * 102 / 100);
            }
        }
    }
}
