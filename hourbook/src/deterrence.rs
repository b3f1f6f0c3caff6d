//! Deterrence: what cheating on k of n sequences is worth, under the rules of audits, stakes and slashes.
//!
//! Against an honest provider, one who cheats saves `gain` on each of k sequences. The first audit flags him when a cheated
//! sequence is drawn and detected: the arbiter rejects the batch, and he loses its price and the compensation out of his bond.
//! Only when the second stage flags as well, on sequences that were not drawn, is his stake slashed. Where everything is
//! drawn, the arbiter's repetition confirms. Nothing is assumed of a second batch: the rate rises fourfold after a flag, which
//! only makes it worse for him.

use attestation::beacon::{Beacon, Secret, Secrets};
use attestation::digest::Digest;
use attestation::rate::AuditRate;
use attestation::sample::{rest, sample};
use attestation::stake::{Exposure, Slash};
use serde::Serialize;

/// The price of a sequence, in micro-CU.
const PRICE: u64 = 10_000;
/// Slots of a delivery, whose price is open until each is final.
const SLOTS: u64 = 12;
/// What the taker gets beyond the price, out of the provider's lot bond: a quarter, when the price is the reference.
const COMPENSATION_PPM: u64 = 250_000;
const MILLION: u32 = 1_000_000;

/// A batch, and what is at stake for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// At which rate it is audited.
    pub(crate) rate: AuditRate,
    /// Its sequences: n.
    pub(crate) sequences: u32,
    /// What cheating saves on a sequence, in parts per million of its price. All of it is the worst.
    pub(crate) gain_ppm: u32,
    /// How likely a cheated sequence is detected when it is looked at, in parts per million.
    pub(crate) detection_ppm: u32,
}

/// One row of the report.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// The rate of audits.
    pub(crate) rate_ppm: u32,
    /// Sequences of the batch.
    pub(crate) sequences: u32,
    /// The number of cheated sequences that is worth most, when each is detected and saves its whole price.
    pub(crate) best_k: u32,
    /// What that is worth, in millionths of a sequence's price; negative: a loss.
    pub(crate) profit_micro: i64,
    /// The same, played this often.
    pub(crate) played_micro: i64,
    /// The least detection at which every k is a loss, when a cheated sequence saves its whole price, in parts per million.
    pub(crate) detection_whole_ppm: u32,
    /// The same when it saves half.
    pub(crate) detection_half_ppm: u32,
    /// The same when it saves a tenth.
    pub(crate) detection_tenth_ppm: u32,
}

/// How likely a cheat is found, and what follows.
#[derive(Clone, Copy, Debug)]
struct Odds {
    /// The first audit flags.
    rejected: f64,
    /// And the second.
    slashed: f64,
}

impl Terms {
    /// What k cheated sequences are worth, in prices of a sequence. Panics unless k is 1 to n.
    pub(crate) fn profit(&self, k: u32) -> f64 {
        let odds = self.odds(k);
        let saved = self.gain() * f64::from(k);
        saved - odds.rejected * self.rejection() - odds.slashed * self.slash()
    }

    /// The k that is worth most, and what it is worth.
    pub(crate) fn best(&self) -> (u32, f64) {
        let worth = (1..=self.sequences).map(|k| (k, self.profit(k)));
        worth.max_by(|left, right| left.1.total_cmp(&right.1)).expect("a batch has sequences")
    }

    /// What `batches` batches with k cheated sequences were worth on average, with samples drawn as in a delivery.
    pub(crate) fn played(&self, k: u32, batches: u32) -> f64 {
        let total: f64 = (0..batches).map(|batch| self.play(k, batch)).sum();
        total / f64::from(batches)
    }

    /// The least detection at which every k is a loss; a million and one if there is none.
    fn detection_min(&self) -> u32 {
        let is_loss = |detection_ppm: u32| Terms { detection_ppm, ..*self }.best().1 < 0.0;
        let (mut low, mut high) = (0, MILLION + 1);
        while 1 < high - low {
            let middle = u32::midpoint(low, high);
            if is_loss(middle) { high = middle } else { low = middle }
        }
        high
    }

    /// Draws are independent; when none is drawn, one of all is.
    fn odds(&self, k: u32) -> Odds {
        assert!((1..=self.sequences).contains(&k), "1 to n sequences are cheated");
        let part = |ppm: u32| f64::from(ppm) / f64::from(MILLION);
        let (rate, detection) = (part(self.rate.ppm()), part(self.detection_ppm));
        let none_of = |chance: f64, count: u32| (1.0 - chance).powf(f64::from(count));
        let nothing_drawn = none_of(rate, self.sequences);
        let is_the_one = f64::from(k) / f64::from(self.sequences) * detection;
        let rejected = 1.0 - none_of(rate * detection, k) + nothing_drawn * is_the_one;
        // Somebody flagged among the drawn, and somebody among the others: by inclusion and exclusion.
        let both =
            1.0 - none_of(rate * detection, k) - none_of((1.0 - rate) * detection, k) + none_of(detection, k);
        let alone = nothing_drawn * is_the_one * (1.0 - none_of(detection, k - 1));
        // Where everything was drawn there are no others: the arbiter repeats, and the same flags.
        let all_drawn = none_of(1.0 - rate, self.sequences);
        let repeated = if self.sequences == 1 { rejected } else { all_drawn * (1.0 - none_of(detection, k)) };
        let slashed = if self.sequences == 1 { repeated } else { both + alone + repeated };
        Odds { rejected, slashed }
    }

    /// One batch, in prices of a sequence. The first k sequences are cheated: the beacon knows nothing of them.
    fn play(&self, k: u32, batch: u32) -> f64 {
        let numbers = [batch, k, self.sequences, self.rate.ppm()].map(u32::to_le_bytes).concat();
        let seed = Digest(numbers.repeat(2).try_into().expect("eight numbers are 32 bytes"));
        let secret = |node: u8| Some(Secret::of_exchange(&[node; 32], seed));
        let secrets = Secrets { exchange: secret(1), taker: secret(2) };
        let drawn = sample(&Beacon::of(&secrets, seed, seed), self.rate, self.sequences);
        let detected = |index: &u32| *index < k && self.is_detected(seed, *index);
        let saved = self.gain() * f64::from(k);
        if !drawn.iter().any(detected) {
            return saved;
        }
        let is_slashed = rest(&drawn, self.sequences).iter().any(detected);
        saved - self.rejection() - if is_slashed { self.slash() } else { 0.0 }
    }

    fn is_detected(&self, seed: Digest, index: u32) -> bool {
        let noise = Secret::of_exchange(&[index.to_le_bytes()[0]; 32], seed).0;
        let noise = Secret::of_exchange(&noise, Digest([index.to_le_bytes()[1]; 32])).0;
        let [a, b, c, d, ..] = noise;
        u64::from(u32::from_le_bytes([a, b, c, d])) * u64::from(MILLION) < u64::from(self.detection_ppm) << 32
    }

    fn gain(&self) -> f64 {
        f64::from(self.gain_ppm) / f64::from(MILLION)
    }

    /// The batch's price and the compensation, in prices of a sequence.
    fn rejection(&self) -> f64 {
        let price = u64::from(self.sequences) * PRICE;
        in_prices(price + price * COMPENSATION_PPM / u64::from(MILLION))
    }

    /// What is slashed of the least stake with which he may sell one delivery.
    fn slash(&self) -> f64 {
        let price = u64::from(self.sequences) * PRICE;
        let found = u64::from(self.rate.ppm()) * u64::from(self.detection_ppm) / u64::from(MILLION);
        let exposure = Exposure {
            minimum: 0,
            open_value: SLOTS * price,
            gain: PRICE * u64::from(self.gain_ppm) / u64::from(MILLION),
            found_ppm: u32::try_from(found.max(1)).expect("a part of a million fits"),
        };
        in_prices(Slash::of(exposure.stake(), price, 0, 0).total())
    }
}

/// All rates of the rule, and batches of several sizes.
pub(crate) fn report(batches: u32, tell: &mut dyn FnMut(&str)) -> Vec<Row> {
    let rates = [0, 500, 1_000, 1_500, 2_000, 2_500].map(AuditRate::of_clean);
    let sizes = [1, 4, 16, 64, 256, 1_024];
    let all = rates.into_iter().flat_map(|rate| sizes.map(|sequences| (rate, sequences)));
    all.map(|(rate, sequences)| {
        tell(&format!("{sequences} sequences at {} ppm", rate.ppm()));
        row(rate, sequences, batches)
    })
    .collect()
}

fn row(rate: AuditRate, sequences: u32, batches: u32) -> Row {
    let terms = Terms { rate, sequences, gain_ppm: MILLION, detection_ppm: MILLION };
    let (best_k, profit) = terms.best();
    let least = |gain_ppm| Terms { gain_ppm, ..terms }.detection_min();
    Row {
        rate_ppm: rate.ppm(),
        sequences,
        best_k,
        profit_micro: micro(profit),
        played_micro: micro(terms.played(best_k, batches)),
        detection_whole_ppm: least(MILLION),
        detection_half_ppm: least(MILLION / 2),
        detection_tenth_ppm: least(MILLION / 10),
    }
}

/// Micro-CU in prices of a sequence. Amounts are far below 2^53.
#[allow(clippy::as_conversions, reason = "exact below 2^53")]
fn in_prices(amount: u64) -> f64 {
    amount as f64 / PRICE as f64
}

#[allow(clippy::as_conversions, reason = "saturates; what is told is small")]
fn micro(prices: f64) -> i64 {
    (prices * 1e6).round() as i64
}

#[cfg(test)]
mod tests {
    use attestation::rate::AuditRate;

    use super::{MILLION, Terms, report};

    fn terms(ppm: u32, sequences: u32, detection_ppm: u32) -> Terms {
        Terms { rate: AuditRate::new(ppm).unwrap(), sequences, gain_ppm: MILLION, detection_ppm }
    }

    #[test]
    fn formula_agrees_with_what_is_played() {
        for (ppm, sequences, detection_ppm, k) in [
            (10_000, 16, MILLION, 1),
            (10_000, 16, 600_000, 5),
            (250_000, 4, 900_000, 2),
            (250_000, 1, 700_000, 1),
            (62_500, 64, 800_000, 3),
            (1_000_000, 8, 500_000, 4),
        ] {
            let terms = terms(ppm, sequences, detection_ppm);
            let (computed, played) = (terms.profit(k), terms.played(k, 20_000));
            // The outcomes of a batch spread over at most this range, so four deviations of the mean are below it over 35.
            let range = terms.rejection() + terms.slash();
            assert!((computed - played).abs() < range / 35.0, "{terms:?} {k}: {computed} {played}");
        }
    }

    #[test]
    fn cheating_on_any_number_of_sequences_is_a_loss() {
        for row in report(100, &mut |_| ()) {
            assert!(row.profit_micro < 0, "{row:?}");
            assert!(row.detection_tenth_ppm <= row.detection_half_ppm, "{row:?}");
            assert!(
                row.detection_half_ppm <= row.detection_whole_ppm && row.detection_whole_ppm <= MILLION,
                "{row:?}"
            );
        }
    }

    #[test]
    fn detection_below_the_least_leaves_a_profit() {
        let terms = terms(10_000, 64, MILLION);
        let least = terms.detection_min();
        assert!(Terms { detection_ppm: least, ..terms }.best().1 < 0.0);
        assert!(0.0 <= Terms { detection_ppm: least - 1, ..terms }.best().1);
    }
}
