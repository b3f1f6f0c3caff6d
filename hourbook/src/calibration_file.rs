//! Calibration file: how honest computations of a model are spread, in a form that an operator reads before the exchange signs it.

use std::path::Path;

use attestation::calibration::{Calibration, NumericClass, Spread};
use attestation::digest::Digest;
use attestation::key::{SecretKey, Signature};
use serde::{Deserialize, Serialize};
use settlement::measured::Measured;

use crate::failure::Failure;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalibrationFile {
    /// The model's id, in hexadecimal.
    model: String,
    /// `exact`, `f32-tol` or `bf16-tol`.
    class: String,
    /// How many sequences were measured.
    sequences: u32,
    mismatches: SpreadText,
    ulps: SpreadText,
    margin: SpreadText,
    unequal: SpreadText,
}

/// How one statistic is spread, in its millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpreadText {
    pub(crate) mean: u64,
    pub(crate) deviation: u64,
    pub(crate) most: u64,
}

impl CalibrationFile {
    /// What was measured of a model.
    pub(crate) fn of(model: Digest, measured: &Measured) -> CalibrationFile {
        let [mismatches, ulps, margin, unequal] =
            measured.spreads.map(|Spread { mean, deviation, most }| SpreadText { mean, deviation, most });
        let class = measured.class.name().to_owned();
        let sequences = measured.sequences;
        CalibrationFile { model: model.to_string(), class, sequences, mismatches, ulps, margin, unequal }
    }

    /// Each statistic and how it is spread.
    pub(crate) fn spreads(&self) -> [(&'static str, SpreadText); 4] {
        [
            ("mismatches", self.mismatches),
            ("ulps", self.ulps),
            ("margin", self.margin),
            ("unequal", self.unequal),
        ]
    }

    /// Writes it to a file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        std::fs::write(path, self.text()).map_err(|error| failed(path, &error))
    }

    fn text(&self) -> String {
        let CalibrationFile { model, class, sequences, .. } = self;
        let head = format!(
            "# How far honest sequences of a model are from the reference engine, in millionths.\nmodel = \"{model}\"\nclass = \"{class}\"\nsequences = {sequences}\n"
        );
        let spreads = self.spreads().map(|(statistic, SpreadText { mean, deviation, most })| {
            format!("\n[{statistic}]\nmean = {mean}\ndeviation = {deviation}\nmost = {most}\n")
        });
        head + &spreads.concat()
    }

    /// Reads one that is about this model.
    pub(crate) fn read(path: &Path, model: Digest) -> Result<Measured, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| failed(path, &error))?;
        let file: CalibrationFile = toml::from_str(&text).map_err(|error| failed(path, &error))?;
        if file.model != model.to_string() {
            let message = format!("model: it was measured with {}, and this is {model}", file.model);
            return Err(failed(path, &message));
        }
        file.measured(model).map_err(|why| failed(path, &why))
    }

    fn measured(&self, model: Digest) -> Result<Measured, String> {
        let class = class(&self.class).ok_or("class: is exact, f32-tol or bf16-tol")?;
        let spread = |(_, SpreadText { mean, deviation, most })| Spread { mean, deviation, most };
        let measured = Measured { class, sequences: self.sequences, spreads: self.spreads().map(spread) };
        // Its bounds are those of what is signed.
        let key = SecretKey::from_bytes(&[1; 32]);
        let calibration = Calibration {
            exchange: key.public(),
            model,
            class,
            sequences: measured.sequences,
            spreads: measured.spreads,
            signature: Signature::NONE,
        };
        Calibration::decode(&calibration.signed(&key).encode()).map_err(|malformed| malformed.to_string())?;
        Ok(measured)
    }
}

/// A class by its name.
pub(crate) fn class(name: &str) -> Option<NumericClass> {
    let all = [NumericClass::Exact, NumericClass::F32, NumericClass::Bf16];
    all.into_iter().find(|class| class.name() == name)
}

fn failed(path: &Path, cause: &impl ToString) -> Failure {
    Failure::local(format!("{}: {}", path.display(), cause.to_string()))
        .advise("`hourbook model calibrate` writes such a file")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: Digest = Digest([7; 32]);

    #[test]
    fn a_file_says_what_was_measured() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        let spread = Spread { mean: 1, deviation: 2, most: 3 };
        let measured = Measured { class: NumericClass::F32, sequences: 9, spreads: [spread; 4] };
        CalibrationFile::of(MODEL, &measured).write(&path).unwrap();
        assert_eq!(CalibrationFile::read(&path, MODEL).unwrap(), measured);
        let other = CalibrationFile::read(&path, Digest([8; 32])).unwrap_err().to_string();
        assert!(other.contains("model: it was measured with 0707"), "{other}");

        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, word) in [
            ("f32-tol", "fast", "class: is exact"),
            ("most = 3", "most = 0", "the mean is at most the largest"),
            ("most = 3", "most = 200000000", "at most 127,000,000"),
            ("sequences = 9", "sequences = 0", "at least 1"),
            ("sequences = 9", "batches = 9", "unknown field `batches`"),
        ] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let refused = CalibrationFile::read(&path, MODEL).unwrap_err().to_string();
            assert!(refused.contains(word), "{refused}");
        }
    }
}
