//! Answers: shows what a provider answered in a slot, and keeps its receipt.

use std::path::{Path, PathBuf};

use attestation::key::SecretKey;
use attestation::receipt::Receipt;
use clap::Args;
use client::key_file;
use inference::{Model, Text, Token};
use protocol::delivery::SlotName;
use serde::Serialize;

use crate::auditor::{Auditor, BUILT_IN};
use crate::delivering::outputs;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Shows the answers to the key that asked for them, after each was held against what the provider committed to; to others what was
opened. With --out the receipt is kept: `hourbook receipt verify` checks it offline.

Examples:
  hourbook --key ann.key job answers 12 3
  hourbook --key ann.key job answers 12 3 --out slot.receipt";

/// Show the answers of a slot, and keep its receipt
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Answers {
    /// The delivery's number; `hourbook provider status` lists them
    delivery: u32,
    /// The slot, 0 to 11
    slot: u8,
    /// The model that the exchange delivers with
    #[arg(long, value_name = "FILE", default_value = "tiny")]
    model: PathBuf,
    /// Keep the receipt in this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Answered {
    delivery: u32,
    slot: u8,
    sequences: u32,
    /// Whether these are all answers, and each is the one that was committed to.
    checked: bool,
    answers: Vec<Answer>,
}

/// One sequence, as text.
#[derive(Serialize)]
pub(crate) struct Answer {
    pub(crate) index: u32,
    /// Absent where it is not open; the asker knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    pub(crate) answer: String,
}

impl Answers {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        let slot = SlotName { delivery: self.delivery, slot: self.slot };
        let told = connection.receipt(slot).await?;
        let receipt = Receipt::decode(&told.receipt.0);
        let receipt = receipt.map_err(|error| Failure::connection(error.to_string()))?;
        let key = SecretKey::from_bytes(key_file::read(&options.key_path()?)?.bytes());
        let own = match receipt.assign.taker == key.public() {
            true => Some(outputs::fetch(&connection, slot, (&key, &receipt.leaves)).await?),
            // The reference batch: what is open is all there is to see.
            false => None,
        };
        connection.close().await;
        let own = own.transpose().map_err(Failure::connection)?;
        if let Some(path) = &self.out {
            keep(path, &told.receipt.0)?;
        }
        let model = Auditor::open(&self.model)?;
        if model.id() != receipt.assign.model {
            let message =
                format!("it was computed with the model {}, and this is another one", receipt.assign.model);
            return Err(
                Failure::local(message).advise(format!("name it with --model; {BUILT_IN} is built in"))
            );
        }
        let answered = Answered {
            delivery: self.delivery,
            slot: self.slot,
            sequences: receipt.assign.count,
            checked: own.is_some(),
            answers: match own {
                Some(own) => taken(&receipt, &own, model.model()),
                None => answers(&receipt, model.model()),
            },
        };
        screen.show(&answered, |answered| answered.answers.iter().map(Answer::text).collect())
    }
}

impl Answer {
    /// Two lines for people.
    pub(crate) fn text(&self) -> String {
        let Answer { index, prompt, answer } = self;
        let prompt = prompt.as_deref().unwrap_or("(not open)");
        format!("{index:>3}  {prompt}\n     -> {answer}\n")
    }
}

/// Keeps a receipt in a file.
pub(crate) fn keep(path: &Path, receipt: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, receipt).map_err(|error| Failure::local(format!("{}: {error}", path.display())))
}

/// What is open of a slot, as text.
pub(crate) fn answers(receipt: &Receipt, model: &Model) -> Vec<Answer> {
    let open = receipt.open.iter().map(|(index, transcript)| Answer {
        index: *index,
        prompt: Some(text(transcript.prompt(), model)),
        answer: text(transcript.answer(), model),
    });
    open.collect()
}

/// All answers of a slot, as text. Their prompts are known where they are open.
pub(crate) fn taken(receipt: &Receipt, answers: &[Vec<u32>], model: &Model) -> Vec<Answer> {
    let prompt = |index| receipt.transcript(index).map(|transcript| text(transcript.prompt(), model));
    let answer = |(index, answer): (u32, &Vec<u32>)| Answer {
        index,
        prompt: prompt(index),
        answer: text(answer, model),
    };
    (0..).zip(answers).map(answer).collect()
}

fn text(tokens: &[u32], model: &Model) -> String {
    let mut text = Text::default();
    let bytes = tokens.iter().map(|token| model.tokenizer().bytes(Token(*token)));
    let shown = bytes.map(|bytes| text.push(bytes)).collect::<String>();
    (shown + &text.finish()).trim().replace('\n', " ")
}
