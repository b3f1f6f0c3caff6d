//! Show: what is in a model file.

use std::path::PathBuf;

use clap::Args;
use inference::{Fact, Model, describe};
use serde::Serialize;

use crate::command::model::{bytes, in_file};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, Table};

const EXAMPLES: &str = "\
Shows every fact in the file and how its tensors are stored, and says whether the engine can compute it. Exits with 5
and says which field breaks which rule when it cannot.

Examples:
  hourbook model show models/smollm2-135m-instruct.gguf
  hourbook model show models/smollm2-135m-instruct.gguf --json";

/// Show what is in a model file
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The model file
    file: PathBuf,
}

/// What is in a file.
#[derive(Serialize)]
struct Contents {
    facts: Vec<FactText>,
    tensors: Vec<FactText>,
    /// Weights of linear layers and the embedding; absent when the engine cannot compute the model.
    weights: Option<usize>,
    /// Bytes of memory that they take.
    memory_bytes: Option<usize>,
}

#[derive(Serialize)]
struct FactText {
    name: String,
    value: String,
}

impl Show {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let bytes = bytes(&self.file)?;
        let (facts, tensors) = describe(&bytes).map_err(|invalid| in_file(&self.file, &invalid))?;
        let model = Model::parse(&bytes);
        let sizes = model.as_ref().ok().map(|model| (model.weights(), model.bytes()));
        let texts = |facts: Vec<Fact>| facts.into_iter().map(FactText::from).collect();
        let contents = Contents {
            facts: texts(facts),
            tensors: texts(tensors),
            weights: sizes.map(|(weights, _)| weights),
            memory_bytes: sizes.map(|(_, bytes)| bytes),
        };
        screen.show(&contents, Contents::text)?;
        model.map(|_| ()).map_err(|invalid| in_file(&self.file, &invalid))
    }
}

impl From<Fact> for FactText {
    fn from(fact: Fact) -> FactText {
        FactText { name: fact.name, value: fact.value }
    }
}

impl Contents {
    fn text(&self) -> String {
        let mut table = Table::new([("fact", Align::Left), ("value", Align::Left)]);
        let mut row = |name: &str, value: &str| table.row([name.to_owned(), value.to_owned()]);
        self.facts.iter().for_each(|fact| row(&fact.name, &fact.value));
        row("", "");
        row("tensor", "format, rows x columns");
        self.tensors.iter().for_each(|tensor| row(&tensor.name, &tensor.value));
        if let (Some(weights), Some(bytes)) = (self.weights, self.memory_bytes) {
            row("", "");
            row("weights", &weights.to_string());
            row("memory", &format!("{bytes} bytes"));
        }
        table.to_string()
    }
}
