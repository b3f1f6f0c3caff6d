//! Submit: says what is to be done in a window that the account holds.

use std::path::PathBuf;

use clap::Args;
use client::key_file;
use protocol::evidence::SubmitJob;
use protocol::status::MESSAGE_BYTES_MAX;
use serde::Serialize;

use crate::argument;
use crate::auditor::Auditor;
use crate::delivering::answer::prompts;
use crate::delivering::entry::check_model;
use crate::delivering::halves;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Bytes of a request around its params.
const ENVELOPE_BYTES: usize = 64;

const EXAMPLES: &str = "\
One prompt on each line of the file, cut into tokens of the model that the exchange delivers with. They are handed out to the slots of
the window's deliveries in order; slots beyond them run the reference batch. Sent again before the gate, a job takes the
earlier one's place. Needs a key with the scope trade.

With the job goes what commits to your halves of the beacons that draw what is audited: `hourbook job follow` shows them when the provider
has committed. Where nobody does, four times as much is audited and you may not dispute; --alone leaves the drawing to the exchange.

Examples:
  hourbook --key ann.key job submit --symbol CPU.US-E.FIRM.2026-11-23T1405Z --prompts prompts.txt
  hourbook --key ann.key job submit --symbol CPU.US-E.FIRM.2026-11-23T1405Z --prompts prompts.txt --tokens 64 --temperature 0";

/// Say what is to be done in a window
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
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
    /// Have no half of the beacons
    #[arg(long)]
    alone: bool,
}

#[derive(Serialize)]
struct Submitted {
    symbol: String,
    prompts: u32,
    per_lot: u32,
}

impl Submit {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let model = Auditor::open(&self.model)?;
        let prompts = prompts(&self.prompts, model.model())?;
        let connection = options.login().await?;
        // The tokens of another model are other words.
        check_model(&connection.status().await?, (&model, "with --model FILE"))?;
        let mut job = SubmitJob {
            symbol: self.symbol.clone(),
            prompts,
            tokens_max: self.tokens,
            temperature_micro: Some(self.temperature),
            top_k: None,
            secret_hashes: Vec::new(),
        };
        check_size(&job)?;
        let mut taken = connection.submit_job(job.clone()).await?;
        if !self.alone {
            // How many slots there are to commit for is known from how many prompts each takes.
            let key = key_file::read(&options.key_path()?)?;
            job.secret_hashes =
                halves::hashes((key.bytes(), &self.symbol), taken.prompts.div_ceil(taken.per_lot));
            check_size(&job)?;
            taken = connection.submit_job(job).await?;
        }
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

/// A job is one message.
fn check_size(job: &SubmitJob) -> Result<(), Failure> {
    let bytes = serde_json::to_string(job).expect("a job is numbers and text").len() + ENVELOPE_BYTES;
    if bytes <= MESSAGE_BYTES_MAX {
        return Ok(());
    }
    let fit = job.prompts.len() * MESSAGE_BYTES_MAX / bytes;
    let message = format!("the job takes {bytes} bytes, and one message has at most {MESSAGE_BYTES_MAX}");
    Err(Failure::local(message).advise(format!("about {fit} such prompts fit into a job")))
}
