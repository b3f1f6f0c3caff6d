//! Calibration: how far honest computations of a model are from each other, measured and signed.

use crate::digest::Digest;
use crate::domain::Domain;
use crate::finding::Finding;
use crate::key::{PublicKey, Signature};
use crate::layout::{Reader, Writer};
use crate::malformed::Malformed;
use crate::statistic::{PerStatistic, Statistic, VALUE_MAX};

/// What honest providers of one model and numeric class may look like. Signed by the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// Who signs.
    pub exchange: PublicKey,
    /// Hash of the model's manifest.
    pub model: Digest,
    /// How exactly the class computes.
    pub class: NumericClass,
    /// How many sequences were measured: at least 1.
    pub sequences: u32,
    /// How each statistic is spread among them.
    pub spreads: PerStatistic<Spread>,
    /// The exchange's.
    pub signature: Signature,
}

/// How exactly a provider's engine computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumericClass {
    /// Bit for bit as the arbiter: CPU providers and tests.
    Exact,
    /// In 32-bit floats, in any order.
    F32,
    /// In bf16, in any order.
    Bf16,
}

/// How one statistic is spread among honest sequences, in its millionths: each at most 127,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// The mean, rounded up.
    pub mean: u64,
    /// The standard deviation, rounded up.
    pub deviation: u64,
    /// The largest; at least the mean.
    pub most: u64,
}

signed!(Calibration by exchange, "the exchange signs what it calibrates");

impl Calibration {
    /// How many bytes a calibration takes.
    pub const LEN: usize = 256;

    /// Reads the bytes of one, and nothing else. Whether its signature is right is asked of it.
    pub fn decode(bytes: &[u8]) -> Result<Calibration, Malformed> {
        let mut reader = Reader::new("calibration", Domain::CALIBRATION, bytes)?;
        let calibration = Calibration {
            exchange: reader.key("exchange")?,
            model: reader.digest("model")?,
            class: NumericClass::read(&mut reader)?,
            sequences: reader.u32("sequences")?,
            spreads: [
                Spread::read(&mut reader, "mismatches")?,
                Spread::read(&mut reader, "ulps")?,
                Spread::read(&mut reader, "margin")?,
                Spread::read(&mut reader, "unequal")?,
            ],
            signature: reader.signature()?,
        };
        reader.demand(calibration.sequences != 0, "sequences", "at least 1")?;
        reader.end()?;
        Ok(calibration)
    }

    fn body(&self) -> Vec<u8> {
        let writer = Writer::new(Domain::CALIBRATION).key(&self.exchange).digest(self.model);
        let writer = writer.u32(self.class.number()).u32(self.sequences);
        let write =
            |writer: Writer, spread: &Spread| writer.u64(spread.mean).u64(spread.deviation).u64(spread.most);
        self.spreads.iter().fold(writer, write).done()
    }
}

impl NumericClass {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            NumericClass::Exact => "exact",
            NumericClass::F32 => "f32-tol",
            NumericClass::Bf16 => "bf16-tol",
        }
    }

    fn number(self) -> u32 {
        match self {
            NumericClass::Exact => 0,
            NumericClass::F32 => 1,
            NumericClass::Bf16 => 2,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<NumericClass, Malformed> {
        let number = reader.u32("class")?;
        let all = [NumericClass::Exact, NumericClass::F32, NumericClass::Bf16];
        let found = all.into_iter().find(|class| class.number() == number);
        found.map_or_else(|| reader.refuse("class", "0 exact, 1 f32-tol, 2 bf16-tol"), Ok)
    }
}

impl Spread {
    /// The spreads of honest findings of a class. Panics without any.
    ///
    /// What computes in any order is allowed three accidents of rounding in a sequence and three times the root of m in m of
    /// them, however few were met while it was measured: 1.5 times a largest of two, 9 times a deviation of a third.
    pub fn of(class: NumericClass, findings: &[Finding]) -> PerStatistic<Spread> {
        assert!(!findings.is_empty(), "a calibration measures something");
        Statistic::ALL.map(|statistic| {
            let values: Vec<u64> = findings.iter().map(|finding| statistic.of(finding)).collect();
            let measured = Spread::of_values(&values);
            match class {
                NumericClass::Exact => measured,
                NumericClass::F32 | NumericClass::Bf16 => measured.with_accidents(statistic),
            }
        })
    }

    fn with_accidents(self, statistic: Statistic) -> Spread {
        let accident = statistic.accident();
        Spread {
            mean: self.mean,
            deviation: self.deviation.max(accident.div_ceil(3)),
            most: self.most.max(2 * accident),
        }
    }

    fn of_values(values: &[u64]) -> Spread {
        let count = u128::try_from(values.len()).expect("a count fits");
        let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
        let squares: u128 = values.iter().map(|value| u128::from(*value) * u128::from(*value)).sum();
        // n times the variance is the sum of squares less the square of the sum over n: never negative.
        let variance = (squares * count - sum * sum).div_ceil(count * count);
        let root = variance.isqrt();
        let deviation = if root * root < variance { root + 1 } else { root };
        let narrow = |number: u128| u64::try_from(number).expect("means of 64-bit numbers fit");
        Spread {
            mean: narrow(sum.div_ceil(count)),
            deviation: narrow(deviation),
            most: values.iter().copied().max().unwrap_or_default(),
        }
    }

    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Spread, Malformed> {
        let spread =
            Spread { mean: reader.u64(field)?, deviation: reader.u64(field)?, most: reader.u64(field)? };
        let is_bounded = spread.deviation <= VALUE_MAX && spread.most <= VALUE_MAX;
        reader.demand(is_bounded, field, "deviation and largest at most 127,000,000")?;
        reader.demand(spread.mean <= spread.most, field, "the mean is at most the largest")?;
        Ok(spread)
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn spreads_are_rounded_against_the_cheat_last() {
        assert_eq!(Spread::of_values(&[0, 0, 0]), Spread::default());
        assert_eq!(Spread::of_values(&[5]), Spread { mean: 5, deviation: 0, most: 5 });
        assert_eq!(Spread::of_values(&[2, 4, 4, 4, 5, 5, 7, 9]), Spread { mean: 5, deviation: 2, most: 9 });
        assert_eq!(Spread::of_values(&[0, 1]), Spread { mean: 1, deviation: 1, most: 1 });
    }
}
