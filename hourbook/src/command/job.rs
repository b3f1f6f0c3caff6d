//! Job: says what is to be done in a window that the account holds, and shows the answers.

use std::path::{Path, PathBuf};

use attestation::key::SecretKey;
use attestation::receipt::Receipt;
use clap::{Args, Subcommand};
use client::key_file;
use inference::{Model, Text, Token};
use protocol::delivery::SlotName;
use protocol::evidence::SubmitJob;
use serde::Serialize;

use crate::argument;
use crate::auditor::{Auditor, BUILT_IN};
use crate::delivering::outputs;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES_SUBMIT: &str = "\
One prompt on each line of the file, cut into tokens of the model that the exchange delivers with. They are handed out to the slots of
the window's deliveries in order; slots beyond them run the reference batch. Sent again before the gate, a job takes the
earlier one's place. Needs a key with the scope trade.

Examples:
  hourbook --key ann.key job submit --symbol CPU.US-E.FIRM.2026-11-23T1405Z --prompts prompts.txt
  hourbook --key ann.key job submit --symbol CPU.US-E.FIRM.2026-11-23T1405Z --prompts prompts.txt --tokens 64 --temperature 0";

const EXAMPLES_ANSWERS: &str = "\
Shows the answers to the key that asked for them, after each was held against what the provider committed to; to others what was
opened. With --out the receipt is kept: `hourbook receipt verify` checks it offline.

Examples:
  hourbook --key ann.key job answers 12 3
  hourbook --key ann.key job answers 12 3 --out slot.receipt";

/// Say what is to be done in hours that are held, and see the answers
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// Say what is to be done in a window
    #[command(after_help = EXAMPLES_SUBMIT)]
    Submit(Submit),
    /// Show the answers of a slot, and keep its receipt
    #[command(after_help = EXAMPLES_ANSWERS)]
    Answers(Answers),
}

/// Say what is to be done in a window.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The window
    #[arg(long)]
    symbol: String,
    /// A prompt on each line
    #[arg(long, value_name = "FILE")]
    prompts: PathBuf,
    /// The model that the exchange delivers with
    #[arg(long, value_name = "FILE", default_value = "tiny")]
    model: PathBuf,
    /// Tokens of an answer, at most
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=512))]
    tokens: u32,
    /// How free the choice of tokens is, from 0 (always the likeliest) to 10
    #[arg(long, value_name = "T", default_value = "1", value_parser = argument::temperature)]
    temperature: u32,
}

/// Show the answers of a slot.
#[derive(Debug, Args)]
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
struct Submitted {
    symbol: String,
    prompts: u32,
    per_lot: u32,
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

impl JobCommand {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            JobCommand::Submit(command) => command.run(options, screen).await,
            JobCommand::Answers(command) => command.run(options, screen).await,
        }
    }
}

impl Submit {
    async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let prompts = prompts(&self.prompts, Auditor::open(&self.model)?.model())?;
        let connection = options.login().await?;
        let job = SubmitJob {
            symbol: self.symbol.clone(),
            prompts,
            tokens_max: self.tokens,
            temperature_micro: Some(self.temperature),
            top_k: None,
        };
        let taken = connection.submit_job(job).await?;
        connection.close().await;
        let submitted = Submitted { symbol: self.symbol, prompts: taken.prompts, per_lot: taken.per_lot };
        screen.show(&submitted, |submitted| {
            format!(
                "{} prompts for {}; one lot computes {} of them in a slot",
                submitted.prompts, submitted.symbol, submitted.per_lot
            )
        })
    }
}

/// The prompts of a file, in tokens.
fn prompts(path: &Path, model: &Model) -> Result<Vec<Vec<u32>>, Failure> {
    let failed = |cause: String| Failure::local(format!("{}: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let encode = |line: &str| {
        let tokens = model.tokenizer().encode(line).map_err(|invalid| failed(invalid.to_string()))?;
        Ok(tokens.into_iter().map(|token| token.0).collect())
    };
    lines.map(encode).collect()
}

impl Answers {
    async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
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
            std::fs::write(path, &told.receipt.0)
                .map_err(|error| Failure::local(format!("{}: {error}", path.display())))?;
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
        screen.show(&answered, |answered| {
            let lines = answered.answers.iter().map(|Answer { index, prompt, answer }| {
                let prompt = prompt.as_deref().unwrap_or("(not open)");
                format!("{index:>3}  {prompt}\n     -> {answer}\n")
            });
            lines.collect()
        })
    }
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
fn taken(receipt: &Receipt, answers: &[Vec<u32>], model: &Model) -> Vec<Answer> {
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
