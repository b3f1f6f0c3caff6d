//! Inference bench: how fast a model reads and writes, what the proof costs, and whether it is the same however it is computed.

mod identity;
mod limits;
mod run;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use inference::{Alteration, Engine, Invalid};
use serde::Serialize;

use crate::command::bench::inference::limits::Limits;
use crate::command::bench::inference::run::{STEPS, prefill, prompts, write};
use crate::command::model::open;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

/// How often everything is measured; the best counts, since others use the machine too.
const RUNS: usize = 3;
/// How often answers are written, with the proof and without it.
const PROOF_RUNS: usize = 5;

const EXAMPLES: &str = "\
Reads a prompt of 512 tokens at once, and answers 16 prompts at once, with and without the proof: tokens drawn by the seed against
the highest logit, and a fingerprint of every 32 tokens, a step of the one and a step of the other in turn. Answers do not end before
they are as long as the others, so that all steps have as many sequences. Then answers them again with other threads, other company, plain instructions, and
by reading prompt and answer at once: `identical` says whether all came to the same tokens and the same hidden states, bit for bit.
Without --model the model that is built in is measured, which says little about speed.

Examples:
  hourbook bench inference --model models/smollm2-135m-instruct.gguf
  hourbook bench inference --model models/smollm2-135m-instruct.gguf --json";

/// Measure how fast a model is computed, and what proof costs
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Inference {
    /// A model file; without it the model that is built in
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Threads that compute; without it one for each processor
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Sequences at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=128))]
    sequences: u32,
}

/// What was measured.
#[derive(Serialize)]
struct Line {
    model: String,
    instructions: String,
    threads: usize,
    sequences: u32,
    load_ms: u128,
    prefill_tokens_per_s: u64,
    decode_tokens_per_s: u64,
    /// What drawing by the seed and fingerprints add to decoding.
    proof_overhead_pct: f64,
    identical: bool,
    #[serde(flatten)]
    limits: Limits,
}

impl Inference {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let started = Instant::now();
        let model = open(self.model.as_deref())?;
        let load = started.elapsed();
        let model = Arc::new(model.altered(Alteration::Endless).map_err(failed)?);
        let engine = Engine::new(model.clone(), self.threads.map(NonZeroUsize::get)).map_err(failed)?;
        screen.remark("reading ...");
        let prompts = prompts(&model, self.sequences).map_err(failed)?;
        let read = best(RUNS, || prefill(&engine, &prompts[0]))?;
        screen.remark("writing, with and without proof ...");
        let mut steps = Steps::default();
        for _ in 0..PROOF_RUNS {
            steps.add(write(&engine, &prompts).map_err(failed)?);
        }
        let written = Rate { tokens: self.sequences * STEPS, taken: steps.best_run };
        screen.remark("the machine's own limits ...");
        let limits = Limits::measure(&engine, [read.tokens_per_s(), written.tokens_per_s()], self.sequences);
        screen.remark("the same in other ways ...");
        let identical = identity::is_identical(&model, &prompts).map_err(failed)?;
        let line = Line {
            model: model.name().to_owned(),
            instructions: engine.instructions().to_string(),
            threads: engine.threads(),
            sequences: self.sequences,
            load_ms: load.as_millis(),
            prefill_tokens_per_s: read.tokens_per_s(),
            decode_tokens_per_s: written.tokens_per_s(),
            proof_overhead_pct: steps.overhead_pct(),
            identical,
            limits,
        };
        screen.show(&line, Line::text)?;
        let unequal = || Failure::local("the engine computes differently in other ways".to_owned());
        if identical { Ok(()) } else { Err(unequal()) }
    }
}

impl Line {
    fn text(&self) -> String {
        let Limits { multiply_gflops, memory_gb_per_s, .. } = self.limits;
        facts(
            Align::Left,
            [
                ("model", self.model.clone()),
                ("computed by", format!("{} threads, {}", self.threads, self.instructions)),
                ("loaded in", format!("{} ms", self.load_ms)),
                ("reads", format!("{} tokens/s", self.prefill_tokens_per_s)),
                (
                    "writes",
                    format!("{} tokens/s, {} sequences at once", self.decode_tokens_per_s, self.sequences),
                ),
                ("proof adds", format!("{:.2}%", self.proof_overhead_pct)),
                ("identical", if self.identical { "yes" } else { "no" }.to_owned()),
                (
                    "machine",
                    format!("{multiply_gflops} GFLOPS multiplying, {memory_gb_per_s} GB/s from memory"),
                ),
                ("reading uses", format!("{}% of the multiplying", self.limits.prefill_of_multiply_pct)),
                ("writing uses", format!("{}% of the multiplying", self.limits.decode_of_multiply_pct)),
                ("", format!("{}% of the memory", self.limits.decode_of_memory_pct)),
            ],
        )
    }
}

/// Tokens, and the time they took.
#[derive(Clone, Copy, Default)]
pub(super) struct Rate {
    pub(super) tokens: u32,
    pub(super) taken: Duration,
}

impl Rate {
    fn tokens_per_s(self) -> u64 {
        let tokens = u128::from(self.tokens) * 1_000_000_000;
        u64::try_from(tokens / self.taken.as_nanos().max(1)).unwrap_or(u64::MAX)
    }

    /// Keeps the faster of both.
    fn better(&mut self, other: Rate) {
        if self.tokens_per_s() < other.tokens_per_s() {
            *self = other;
        }
    }
}

/// How long the steps of answers took, without the proof and with it.
#[derive(Default)]
struct Steps {
    /// The best of each step over all runs. What disturbs a step meets it in one run, what it costs is there in all.
    best: [Vec<Duration>; 2],
    /// The fastest run with the proof.
    best_run: Duration,
}

impl Steps {
    fn add(&mut self, run: [Vec<Duration>; 2]) {
        let taken = run[1].iter().sum();
        self.best_run = if self.best_run.is_zero() { taken } else { self.best_run.min(taken) };
        for (best, run) in self.best.iter_mut().zip(run) {
            best.resize(run.len(), Duration::MAX);
            best.iter_mut().zip(run).for_each(|(best, taken)| *best = taken.min(*best));
        }
    }

    /// How much longer the steps take with the proof.
    fn overhead_pct(&self) -> f64 {
        let [plain, proven] = [0, 1].map(|at| self.best[at].iter().sum::<Duration>().as_secs_f64());
        (proven / plain - 1.0) * 100.0
    }
}

fn best(runs: usize, measure: impl Fn() -> Result<Rate, Invalid>) -> Result<Rate, Failure> {
    let mut best = Rate::default();
    for _ in 0..runs {
        best.better(measure().map_err(failed)?);
    }
    Ok(best)
}

fn failed(invalid: Invalid) -> Failure {
    Failure::local(invalid.to_string())
}
