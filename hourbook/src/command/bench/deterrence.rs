//! Deterrence: shows what cheating is worth under the rules of audits, stakes and slashes.

use clap::Args;
use serde::Serialize;

use crate::deterrence::{Row, report};
use crate::failure::Failure;
use crate::screen::Screen;

const EXAMPLES: &str = "\
For every rate of audits that the rule gives and batches of several sizes: which number of cheated sequences is worth
most, and how much, in prices of a sequence, when cheating saves a sequence's whole price; the same as played with
samples drawn as in a delivery; and how likely a cheated sequence must be detected, for every number of them to be a loss,
when cheating saves the whole price, half of it, or a tenth. `bench cheats` measures detection. Exits with 5 when cheating
pays. Nothing is timed.

Examples:
  hourbook bench deterrence
  hourbook bench deterrence --batches 20000 --json";

/// Compute and play what cheating on any number of sequences is worth
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Deterrence {
    /// Batches that are played for each row
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batches: u32,
}

/// All rows.
#[derive(Serialize)]
struct Deterred {
    /// Whether every number of cheated sequences is a loss in every row.
    negative: bool,
    rows: Vec<Row>,
}

impl Deterrence {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let rows = report(self.batches, &mut |what| screen.remark(what));
        let deterred = Deterred { negative: rows.iter().all(|row| row.profit_micro < 0), rows };
        screen.show(&deterred, |deterred| markdown(&deterred.rows))?;
        if deterred.negative { Ok(()) } else { Err(Failure::local("cheating pays".to_owned())) }
    }
}

/// The table as the page has it.
fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| rate | sequences | best k | worth | played | detection, whole price | half | a tenth |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        text += &format!(
            "| {}% | {} | {} | {} | {} | {}% | {}% | {}% |\n",
            tenths(row.rate_ppm),
            row.sequences,
            row.best_k,
            hundredths(row.profit_micro),
            hundredths(row.played_micro),
            tenths(row.detection_whole_ppm),
            tenths(row.detection_half_ppm),
            tenths(row.detection_tenth_ppm),
        );
    }
    text
}

/// A part per million as a percentage with one decimal, rounded up.
fn tenths(ppm: u32) -> String {
    let tenths = ppm.div_ceil(1_000);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Millionths with two decimals, rounded to nearest.
fn hundredths(micro: i64) -> String {
    let rounded = (micro.unsigned_abs() + 5_000) / 10_000;
    let sign = if micro < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", rounded / 100, rounded % 100)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Deterrence, markdown};
    use crate::deterrence::report;

    const PAGE: &str = include_str!("../../../../docs/attestation.md");

    /// The command, without its screen.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        deterrence: Deterrence,
    }

    #[test]
    fn page_has_what_the_command_prints() {
        let Line { deterrence } = Line::parse_from(["deterrence"]);
        let table = markdown(&report(deterrence.batches, &mut |_| ()));
        assert!(PAGE.contains(&table), "docs/attestation.md has this:\n{table}");
    }
}
