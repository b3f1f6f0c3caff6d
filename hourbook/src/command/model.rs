//! Model: asks a model, shows what is in a model file, and measures how far honest computations of it are.

mod calibrate;
mod chat;
mod show;

use std::path::Path;

use clap::Subcommand;
use inference::{Invalid, Model, read_file};

use crate::failure::Failure;
use crate::screen::Screen;

/// Ask a model, show what is in a model file, or measure how far honest computations of it are
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    Chat(chat::Chat),
    Show(show::Show),
    Calibrate(calibrate::Calibrate),
}

impl ModelCommand {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            ModelCommand::Chat(command) => command.run(screen),
            ModelCommand::Show(command) => command.run(screen),
            ModelCommand::Calibrate(command) => command.run(screen),
        }
    }
}

/// The model in a file, or the one that is built in.
pub(crate) fn open(file: Option<&Path>) -> Result<Model, Failure> {
    let Some(path) = file else { return Ok(Model::tiny()) };
    Model::parse(&bytes(path)?).map_err(|invalid| in_file(path, &invalid))
}

/// The bytes of a model file.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let advice = "`make model` fetches one to models/; it is a file in the GGUF format";
    read_file(path).map_err(|invalid| Failure::local(invalid.to_string()).advise(advice))
}

fn in_file(path: &Path, invalid: &Invalid) -> Failure {
    Failure::local(format!("{}: {invalid}", path.display()))
        .advise("the file is damaged, or holds a model that the engine does not know: docs/inference.md says which it does")
}
