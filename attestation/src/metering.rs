//! Metering: what work counts for, in whole nanoseconds of one GPU of a class.
//!
//! A table per model and class says what a token counts for. It is fixed when a batch is assigned, so a faster card earns by
//! serving more lots, and nobody is paid for being slow.

use crate::layout::{Reader, Writer};
use crate::malformed::Malformed;

/// One GPU-hour.
pub const GPU_HOUR_NS: u64 = 3_600_000_000_000;

const RULE: &str = "1 to 1,000,000,000,000,000";

/// What a token of one model counts for on one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    prompt_ns: u64,
    answer_ns: u64,
}

impl Meter {
    /// The most that a token counts for: what all the machines of a slot do in it, where a taker asks for a word. Some 10^6 seconds.
    pub const TOKEN_NS_MAX: u64 = 1_000_000_000_000_000;

    /// Nanoseconds per token of a prompt and of an answer; `None` unless each is 1 to 10^15.
    pub fn new(prompt_ns: u64, answer_ns: u64) -> Option<Meter> {
        let counted = 1..=Meter::TOKEN_NS_MAX;
        (counted.contains(&prompt_ns) && counted.contains(&answer_ns))
            .then_some(Meter { prompt_ns, answer_ns })
    }

    /// What so many tokens count for; `None` beyond 64 bits.
    pub fn work_ns(&self, prompt_tokens: u64, answer_tokens: u64) -> Option<u64> {
        let prompts = self.prompt_ns.checked_mul(prompt_tokens)?;
        prompts.checked_add(self.answer_ns.checked_mul(answer_tokens)?)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Meter, Malformed> {
        let prompt_ns = reader.u64("meter_prompt_ns")?;
        let answer_ns = reader.u64("meter_answer_ns")?;
        reader.demand((1..=Meter::TOKEN_NS_MAX).contains(&prompt_ns), "meter_prompt_ns", RULE)?;
        reader.demand((1..=Meter::TOKEN_NS_MAX).contains(&answer_ns), "meter_answer_ns", RULE)?;
        Ok(Meter { prompt_ns, answer_ns })
    }

    pub(crate) fn write(&self, writer: Writer) -> Writer {
        writer.u64(self.prompt_ns).u64(self.answer_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::{GPU_HOUR_NS, Meter};

    #[test]
    fn work_adds_up() {
        let meter = Meter::new(20_000, 400_000).unwrap();
        assert_eq!(meter.work_ns(1_000, 100), Some(60_000_000));
        assert_eq!(meter.work_ns(0, 9_000_000), Some(GPU_HOUR_NS));
        assert_eq!(meter.work_ns(u64::MAX, 1), None);
        assert_eq!(meter.work_ns(1, u64::MAX), None);
    }

    #[test]
    fn token_counts_for_something_and_within_bounds() {
        for (prompt_ns, answer_ns) in [(0, 1), (1, 0), (1_000_000_000_000_001, 1), (1, 1_000_000_000_000_001)]
        {
            assert_eq!(Meter::new(prompt_ns, answer_ns), None);
        }
    }
}
