//! Answers: shows what a provider answered in a slot, and keeps its receipt.

use std::path::PathBuf;

use attestation::key::SecretKey;
use attestation::receipt::Receipt;
use clap::Args;
use client::key_file;
use protocol::delivery::SlotName;
use serde::Serialize;

use crate::auditor::{Auditor, BUILT_IN};
use crate::delivering::answer::{Answer, keep, open, prompts, taken};
use crate::delivering::outputs::{self, Fetched};
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Shows the answers to the key that asked for them, after each was held against what the provider committed to; to others what was
opened. Of prompts that are not open the receipt has a hash: --prompts shows those of your file that have it. With --out the receipt is kept: `hourbook receipt verify` checks it offline.

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
    /// What was asked, a prompt on each line; the exchange knows it until the window is settled
    #[arg(long, value_name = "FILE")]
    prompts: Option<PathBuf>,
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
        let own = own.map(|Fetched { answers, prompts }| answers.map(|answers| (answers, prompts)));
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
                Some((own, mut asked)) => {
                    if let Some(path) = &self.prompts {
                        asked.extend(prompts(path, model.model())?);
                    }
                    taken(&receipt, (&own, &asked), model.model())
                }
                None => open(&receipt, model.model()),
            },
        };
        screen.show(&answered, |answered| answered.answers.iter().map(Answer::text).collect())
    }
}
