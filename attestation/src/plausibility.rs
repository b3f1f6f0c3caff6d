//! Plausibility: whether a class could have done the work in the time, and whether an ask pays for its power.

/// Arithmetic of a model and peak of the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peak {
    /// Operations for one token of the model: about twice its parameters.
    pub flops_per_token: u64,
    /// Operations that one GPU of the class does in a second at the most.
    pub flops_per_second: u64,
}

/// What an implied utilisation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plausibility {
    /// It may well be.
    Plausible,
    /// Better than three quarters of the peak: an alert. A real optimisation passes.
    Alert,
    /// Faster than the hardware: hold, and audit in full.
    Impossible,
}

/// Above this an alert, in parts per million of the peak.
pub const ALERT_PPM: u128 = 750_000;
/// Above this impossible.
pub const IMPOSSIBLE_PPM: u128 = 1_000_000;

impl Peak {
    /// Which part of the peak of `gpus` it takes to do `tokens` in `time_ns`, in parts per million. Without time it is beyond bounds.
    pub fn utilisation_ppm(&self, tokens: u64, time_ns: u64, gpus: u32) -> u128 {
        let done = u128::from(self.flops_per_token) * u128::from(tokens);
        let could = u128::from(self.flops_per_second) * u128::from(gpus);
        // In an order that neither overflows nor loses much: could in operations per time, done in ppm and nanoseconds.
        let could = could.saturating_mul(u128::from(time_ns));
        done.saturating_mul(1_000_000_000_000_000).checked_div(could).unwrap_or(u128::MAX)
    }

    /// What that says.
    pub fn judge(&self, tokens: u64, time_ns: u64, gpus: u32) -> Plausibility {
        let utilisation_ppm = self.utilisation_ppm(tokens, time_ns, gpus);
        if IMPOSSIBLE_PPM < utilisation_ppm {
            Plausibility::Impossible
        } else if ALERT_PPM < utilisation_ppm {
            Plausibility::Alert
        } else {
            Plausibility::Plausible
        }
    }
}

/// Whether an ask, in micro-CU per GPU-hour, is below what the power for it costs: an alert.
pub fn is_below_power_cost(ask: u64, watts: u32, micro_cu_per_kwh: u64) -> bool {
    u128::from(ask) * 1_000 < u128::from(watts) * u128::from(micro_cu_per_kwh)
}

#[cfg(test)]
mod tests {
    use super::{Peak, Plausibility, is_below_power_cost};

    /// A model of 70 billion parameters on a card of 10^15 operations per second.
    const PEAK: Peak = Peak { flops_per_token: 140_000_000_000, flops_per_second: 1_000_000_000_000_000 };

    #[test]
    fn faster_than_the_hardware_is_impossible() {
        let second = 1_000_000_000;
        assert_eq!(PEAK.utilisation_ppm(7_142, second, 1), 999_880);
        for (tokens, gpus, judged) in [
            (5_357, 1, Plausibility::Plausible),
            (5_358, 1, Plausibility::Alert),
            (7_142, 1, Plausibility::Alert),
            (7_143, 1, Plausibility::Impossible),
            (7_143, 2, Plausibility::Plausible),
        ] {
            assert_eq!(PEAK.judge(tokens, second, gpus), judged, "{tokens} tokens on {gpus}");
        }
        assert_eq!(PEAK.judge(1, 0, 1), Plausibility::Impossible);
        assert_eq!(PEAK.judge(u64::MAX, 1, 1), Plausibility::Impossible);
        assert_eq!(PEAK.judge(1, u64::MAX, u32::MAX), Plausibility::Plausible);
    }

    #[test]
    fn ask_below_the_power_it_takes_is_seen() {
        // 700 watts at 0.05 CU per kWh are 0.035 CU an hour.
        assert!(is_below_power_cost(34_999, 700, 50_000));
        assert!(!is_below_power_cost(35_000, 700, 50_000));
    }
}
