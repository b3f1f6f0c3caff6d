//! Calibrate: measures how far honest providers are from the reference engine, from the receipts of their work.

use std::fs;
use std::path::{Path, PathBuf};

use attestation::calibration::Spread;
use attestation::check::without_model;
use attestation::finding::Finding;
use attestation::receipt::Receipt;
use clap::Args;
use settlement::measured::Measured;

use crate::auditor::{Auditor, Extent};
use crate::calibration_file::{CalibrationFile, class};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, Table};

const EXAMPLES: &str = "\
Takes receipts of providers whom you trust to compute what they were asked, on the engines and cards that are to deliver, and measures every
open sequence with the reference engine. What they may differ by is written to a file, in millionths, with room for accidents of rounding
(docs/attestation.md). `hourbook serve --calibration FILE` signs it, and judges everyone's answers by it. Read it before: a cheat among the
receipts is allowed to everyone from then on.

Examples:
  hourbook model calibrate receipts/*.receipt --model models/smollm2-135m-instruct.gguf --class f32-tol --out smollm2.toml
  hourbook serve --model models/smollm2-135m-instruct.gguf --calibration smollm2.toml";

/// Measure how far honest providers are from the reference engine, from their receipts
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Calibrate {
    /// Receipts of honest work
    #[arg(required = true, value_name = "RECEIPT")]
    files: Vec<PathBuf>,
    /// The model that they computed with
    #[arg(long, value_name = "FILE", default_value = "tiny")]
    model: PathBuf,
    /// How exactly they compute: exact, f32-tol or bf16-tol
    #[arg(long, value_name = "CLASS", default_value = "f32-tol", value_parser = ["exact", "f32-tol", "bf16-tol"])]
    class: String,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Calibrate {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let model = Auditor::open(&self.model)?;
        let mut findings = Vec::new();
        for (place, path) in self.files.iter().enumerate() {
            screen.remark(&format!("measuring receipt {} of {}", place + 1, self.files.len()));
            let measured = measure(&model, path);
            findings.extend(measured.map_err(|why| Failure::local(format!("{}: {why}", path.display())))?);
        }
        let class = class(&self.class).expect("it was chosen from a list");
        let sequences = u32::try_from(findings.len()).unwrap_or(u32::MAX);
        let measured = Measured { class, sequences, spreads: Spread::of(class, &findings) };
        let file = CalibrationFile::of(model.id(), &measured);
        file.write(&self.out)?;
        screen.show(&file, |file| text(file, sequences) + &format!("written to {}\n", self.out.display()))
    }
}

/// What is open of a receipt, in which nothing is wrong but what the model alone can tell.
fn measure(model: &Auditor, path: &Path) -> Result<Vec<Finding>, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let receipt = Receipt::decode(&bytes).map_err(|malformed| malformed.to_string())?;
    if let Some(failed) = without_model(&receipt).into_iter().find(|checked| checked.is_failed()) {
        return Err(format!("{} fails: `hourbook receipt verify` says why", failed.check.name()));
    }
    if receipt.assign.model != model.id() {
        return Err(format!("it was computed with {}: name that model with --model", receipt.assign.model));
    }
    let findings = model.findings(&receipt, Extent::Open)?;
    match findings.iter().find(|finding| finding.has_wrong_end) {
        _ if findings.is_empty() => Err("nothing of it is open".to_owned()),
        Some(finding) => Err(format!("sequence {} ends where no honest one does", finding.index)),
        None => Ok(findings),
    }
}

fn text(file: &CalibrationFile, sequences: u32) -> String {
    let columns = [
        ("of a sequence, in millionths", Align::Left),
        ("mean", Align::Right),
        ("deviation", Align::Right),
        ("largest", Align::Right),
    ];
    let mut table = Table::new(columns);
    for (statistic, spread) in file.spreads() {
        let numbers = [spread.mean, spread.deviation, spread.most].map(|number| number.to_string());
        let [mean, deviation, most] = numbers;
        table.row([statistic.to_owned(), mean, deviation, most]);
    }
    format!("{table}{sequences} sequences measured, ")
}
