//! Config: what a provider sells and delivers with, as a TOML file says it.

use std::path::{Path, PathBuf};

use attestation::commit::Device;
use serde::Deserialize;

use crate::auditor::BUILT_IN;
use crate::delivering::offers::Offer;
use crate::failure::Failure;

/// A provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Its key file.
    pub(super) key: PathBuf,
    /// The model file, or `tiny`.
    #[serde(default = "built_in")]
    pub(super) model: PathBuf,
    /// What it says it computes on: 1 to 32 printable characters.
    #[serde(default = "processor")]
    device: String,
    /// CU that it has at stake, topped up when it is less.
    pub(super) stake: Option<String>,
    /// Address of the exchange; else as every command finds it.
    pub(super) url: Option<String>,
    /// What it sells; without any it only delivers.
    #[serde(default)]
    pub(super) offer: Vec<Offer>,
}

impl Config {
    /// Reads a file. Paths in it count from its folder.
    pub(super) fn read(path: &Path) -> Result<Config, Failure> {
        let failed = |cause: String| {
            Failure::local(format!("{}: {cause}", path.display()))
                .advise("`hourbook provider run --help` shows such a file")
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let mut config: Config = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.key = folder.join(&config.key);
        if config.model != built_in() {
            config.model = folder.join(&config.model);
        }
        Ok(config)
    }

    /// What it says it computes on.
    pub(super) fn device(&self) -> Result<Device, Failure> {
        Device::new(&self.device)
            .ok_or_else(|| Failure::local("device: 1 to 32 printable characters".to_owned()))
    }
}

fn built_in() -> PathBuf {
    PathBuf::from(BUILT_IN)
}

fn processor() -> String {
    "processor".to_owned()
}
