//! Chat: asks a model a question, and shows the answer as it is written.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use inference::{Decoder, End, Engine, Invalid, Job, Terms, Text};
use serde::Serialize;

use crate::argument;
use crate::command::model::open;
use crate::failure::Failure;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Without --model the model that is built in answers. It has learnt nothing: its answers are words of a market without sense. `make model`
fetches one that has learnt.
The same model, question, seed, temperature and choice give the same answer on every machine.

Examples:
  hourbook model chat \"What is a bid?\"
  hourbook model chat \"What is the capital of France?\" --model models/smollm2-135m-instruct.gguf --temperature 0
  hourbook model chat \"Tell me a story.\" --model models/smollm2-135m-instruct.gguf --tokens 300 --json";

/// Ask a model a question
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Chat {
    /// The question
    question: String,
    /// A model file; without it the model that is built in, which answers without sense
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Tokens of the answer, at most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tokens: u32,
    /// How free the choice of tokens is, from 0 (always the likeliest) to 10
    #[arg(long, value_name = "T", default_value = "0.7", value_parser = argument::temperature)]
    temperature: u32,
    /// How many of the likeliest tokens there is a choice of
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    top_k: u32,
    /// What tokens are drawn with, in 64 hexadecimal digits; without it a fresh one
    #[arg(long, value_name = "HEX", value_parser = argument::seed)]
    seed: Option<[u8; 32]>,
    /// Threads that compute; without it one for each processor
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// An answer as JSON.
#[derive(Serialize)]
struct Answer {
    model: String,
    answer: String,
    prompt_tokens: usize,
    tokens: usize,
    end: &'static str,
    seed: String,
    seconds: f64,
}

impl Chat {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let model = Arc::new(open(self.model.as_deref())?);
        let prompt = model.question(&self.question).map_err(|invalid| Failure::usage(invalid.to_string()))?;
        let engine = Engine::new(model, self.threads.map(NonZeroUsize::get));
        let engine = engine.map_err(|invalid| Failure::usage(invalid.to_string()))?;
        let seed = self.seed.map_or_else(fresh_seed, Ok)?;
        let terms = Terms { seed, temperature: self.temperature, top_k: self.top_k };
        let prompt_tokens = prompt.len();
        let started = Instant::now();
        let written = write(&engine, terms, Job { sequence: 0, prompt, tokens_max: self.tokens }, screen)?;
        let answer = Answer {
            model: engine.model().name().to_owned(),
            prompt_tokens,
            seed: seed.iter().map(|byte| format!("{byte:02x}")).collect(),
            seconds: started.elapsed().as_secs_f64(),
            ..written
        };
        screen.finish(&answer)?;
        if answer.end == "length" {
            screen.remark(&format!("cut after {} tokens: --tokens allows for more", answer.tokens));
        }
        Ok(())
    }
}

/// Writes the answer on the screen while it is drawn.
fn write(engine: &Engine, terms: Terms, job: Job, screen: &mut Screen) -> Result<Answer, Failure> {
    let invalid = |invalid: Invalid| Failure::usage(invalid.to_string());
    let mut decoder = Decoder::new(engine, terms, 1).map_err(invalid)?;
    decoder.push(job).map_err(invalid)?;
    let (mut text, mut answer, mut tokens, mut end) = (Text::default(), String::new(), 0, None);
    while !decoder.is_idle() {
        let mut fresh = String::new();
        let told = decoder.step(&mut |drawn| {
            fresh += &text.push(engine.model().tokenizer().bytes(drawn.token));
            tokens += 1;
            end = drawn.end;
        });
        told.map_err(|invalid| Failure::local(invalid.to_string()))?;
        screen.stream(&fresh)?;
        answer += &fresh;
    }
    let rest = text.finish();
    screen.stream(&rest)?;
    answer += &rest;
    let end = match end.expect("an answer has an end") {
        End::Stop => "stop",
        End::Length => "length",
        End::Context => "context",
    };
    let (model, seed) = (String::new(), String::new());
    Ok(Answer { model, answer, prompt_tokens: 0, tokens, end, seed, seconds: 0.0 })
}

fn fresh_seed() -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    let filled = getrandom::fill(&mut seed);
    filled.map_err(|error| Failure::local(format!("no random numbers: {error}")))?;
    Ok(seed)
}
