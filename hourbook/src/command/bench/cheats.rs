//! Cheats: plays providers who cheat, and honest ones, and says which the checks caught.

use std::path::PathBuf;

use clap::Args;

use crate::auditor::Auditor;
use crate::cheats::{Numbers, Report, Row, Scope, play};
use crate::failure::Failure;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Batches are assigned, computed, committed, drawn, opened and checked as `receipt verify` checks them. The table says by
which check each cheat was caught, and what was measured of it over all its sequences: activations that do not match,
mean distance of the others in units of the last place, mean margin in nats, tokens that are equal, sequences that flag
by themselves. A provider cheats in one batch after the other, in eight at the most. Honest batches are computed on other
threads, in other company, half of them on another kernel. Exits with 5 when a cheat was not caught or an honest batch
was flagged. Nothing is timed.

Examples:
  hourbook bench cheats
  hourbook bench cheats --json
  hourbook bench cheats --model models/smollm2-135m-instruct.gguf --sequences 4 --tokens 48 --honest 20";

/// Play every way to cheat, and honest batches, before an auditor
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cheats {
    /// The model file, or `tiny` for the model that is built in
    #[arg(long, value_name = "FILE", default_value = "tiny")]
    model: PathBuf,
    /// Sequences of a batch
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u8).range(2..=16))]
    sequences: u8,
    /// Tokens of an answer
    #[arg(long, value_name = "N", default_value_t = 96, value_parser = clap::value_parser!(u32).range(2..=1_024))]
    tokens: u32,
    /// Honest batches from which noise is measured
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    calibrating: u32,
    /// Play honest batches only: `--honest 0` plays cheats only
    #[arg(long)]
    honest_only: bool,
    /// Honest batches that are judged
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    honest: u32,
}

impl Cheats {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let auditor = Auditor::open(&self.model)?;
        let report = play(&auditor, &self.scope(), &mut |what| screen.remark(what));
        let report = report.map_err(|invalid| Failure::local(invalid.to_string()))?;
        screen.show(&report, text)?;
        if report.caught < report.cheats {
            return Err(Failure::local(format!("{} cheats were not caught", report.cheats - report.caught)));
        }
        if report.flagged != 0 {
            return Err(Failure::local(format!("{} honest batches were flagged", report.flagged)));
        }
        Ok(())
    }

    fn scope(&self) -> Scope {
        Scope {
            sequences: usize::from(self.sequences),
            tokens_max: self.tokens,
            calibrating: self.calibrating,
            honest: self.honest,
            with_cheats: !self.honest_only,
        }
    }
}

/// Tables and a sentence, as the page has them.
fn text(report: &Report) -> String {
    let mut text = if report.table.is_empty() { String::new() } else { markdown(&report.table) + "\n" };
    text += "| calibrated | mean | deviation | largest |\n|---|---|---|---|\n";
    for measured in &report.calibration {
        let [mean, deviation, most] = [measured.mean, measured.deviation, measured.most].map(millionths);
        text += &format!("| {} | {mean} | {deviation} | {most} |\n", measured.statistic);
    }
    let Report { cheats, caught, honest, flagged, .. } = report;
    text + &format!(
        "\n{caught} of {cheats} cheats were caught, {flagged} of {honest} honest batches flagged.\n"
    )
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| provider | mismatches | ulps | margin (nats) | equal | sequences flagged | caught by | in batch |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let caught_by = row.caught_by.unwrap_or("-");
        let measured = row.measured.as_ref().map_or_else(Default::default, cells).join(" | ");
        text += &format!("| {} | {measured} | {caught_by} | {} |\n", row.cheat, row.batches);
    }
    text
}

/// What was measured, cell by cell.
fn cells(numbers: &Numbers) -> [String; 5] {
    [
        format!("{}%", percent(numbers.mismatches_ppm)),
        millionths(numbers.ulps_micro),
        millionths(numbers.margin_micronats),
        format!("{}%", percent(numbers.equal_ppm)),
        format!("{} of {}", numbers.flagged, numbers.sequences),
    ]
}

/// With four decimals.
fn millionths(number: u64) -> String {
    let rounded = (number + 50) / 100;
    format!("{}.{:04}", rounded / 10_000, rounded % 10_000)
}

/// With one decimal.
fn percent(ppm: u64) -> String {
    let rounded = (ppm + 500) / 1_000;
    format!("{}.{}", rounded / 10, rounded % 10)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Cheats, text};
    use crate::auditor::Auditor;
    use crate::cheats::{Report, play};

    const PAGE: &str = include_str!("../../../../docs/attestation.md");

    /// The command, without its screen.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        cheats: Cheats,
    }

    fn report(words: &[&str]) -> Report {
        let Line { cheats } = Line::parse_from(["cheats"].iter().chain(words));
        play(&Auditor::open(&cheats.model).unwrap(), &cheats.scope(), &mut |_| ()).unwrap()
    }

    #[test]
    fn page_has_what_the_command_prints() {
        let report = report(&[]);
        assert_eq!((report.caught, report.flagged), (report.cheats, 0));
        let text = text(&report);
        assert!(PAGE.contains(&text), "docs/attestation.md has this:\n{text}");
    }
}
