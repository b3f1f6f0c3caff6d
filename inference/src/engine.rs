//! Engine: a model with the threads and instructions that compute it. These change how fast, never what.

use std::sync::Arc;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::cache::Cache;
use crate::forward::{Work, forward, logits};
use crate::instructions::Instructions;
use crate::invalid::Invalid;
use crate::lanes::Activations;
use crate::model::Model;
use crate::narrow::index;
use crate::sampler::Logits;
use crate::token::Token;

/// Tokens of one computation, at most. Longer prompts take several.
pub const TOKENS_MAX: usize = 128;
/// Tokens for which it is worth that a thread computes them alone.
const GROUP_TOKENS_MIN: usize = 8;
/// Threads, at most.
const THREADS_MAX: usize = 256;

/// A model, and what computes it.
#[derive(Clone, Debug)]
pub struct Engine {
    model: Arc<Model>,
    pool: Arc<ThreadPool>,
    instructions: Instructions,
}

/// Hidden states after the last norm, and the logits of each.
#[derive(Debug)]
pub(crate) struct States {
    parts: Vec<Part>,
    vocabulary: usize,
}

/// What one group of sequences came to.
#[derive(Debug)]
struct Part {
    hidden: Activations,
    logits: Activations,
}

impl Engine {
    /// So many threads, or one for each processor, with the widest instructions of this machine.
    pub fn new(model: Arc<Model>, threads: Option<usize>) -> Result<Engine, Invalid> {
        Engine::with(model, threads, Instructions::widest())
    }

    /// The same with instructions of one's own choice.
    pub fn with(
        model: Arc<Model>,
        threads: Option<usize>,
        instructions: Instructions,
    ) -> Result<Engine, Invalid> {
        let threads = threads.unwrap_or(0);
        if THREADS_MAX < threads {
            return Err(Invalid::new("threads", format!("is {threads}, must be at most {THREADS_MAX}")));
        }
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Invalid::new("threads", format!("cannot be started: {error}")))?;
        Ok(Engine { model, pool: Arc::new(pool), instructions })
    }

    /// Another model on the same threads.
    pub fn on(&self, model: Arc<Model>) -> Engine {
        Engine { model, ..self.clone() }
    }

    /// The model that is computed.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How many threads compute.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// With which instructions.
    pub fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// Computes one step of several sequences.
    ///
    /// Where there are enough of them each thread takes some and computes them whole: threads that wait for each other after every
    /// product lose more than they save by reading the weights together.
    pub(crate) fn compute(&self, work: Vec<Work<'_>>) -> States {
        let tokens: usize = work.iter().map(|work| work.tokens.len()).sum();
        let groups = groups(work, self.groups_of(tokens));
        let compute = |mut work: Vec<Work<'_>>| {
            let hidden = forward(&self.model, &mut work, self.instructions);
            let logits = logits(&self.model, &hidden, self.instructions);
            Part { hidden, logits }
        };
        let parts = self.pool.install(|| groups.into_par_iter().map(compute).collect());
        States { parts, vocabulary: self.model.shape.vocabulary }
    }

    /// Into how many groups a step of so many sequences falls, each of which reads all weights by itself.
    pub fn groups(&self, sequences: u32) -> usize {
        self.groups_of(index(sequences))
    }

    fn groups_of(&self, tokens: usize) -> usize {
        self.threads().min(tokens / GROUP_TOKENS_MIN).max(1)
    }

    /// Does the same on every thread.
    pub(crate) fn broadcast<T: Send>(&self, work: &(dyn Fn() -> T + Sync)) -> Vec<T> {
        self.pool.broadcast(|_| work())
    }

    /// Does something on the engine's threads.
    pub(crate) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// The states from which tokens `from..` of a sequence were, or would be, drawn: state i follows `tokens[from + i - 1]`.
    ///
    /// `from` is at least 1. This is how an auditor reads an answer: prompt and answer at once. `take` gets each with its
    /// index, in order.
    pub fn read(
        &self,
        tokens: &[Token],
        from: usize,
        take: &mut dyn FnMut(usize, &[f32], &Logits<'_>),
    ) -> Result<(), Invalid> {
        if from == 0 || tokens.len() < from {
            return Err(Invalid::new("from", format!("is {from}, must be 1 to {}", tokens.len())));
        }
        self.model.check(tokens)?;
        let mut cache = Cache::new(&self.model.shape);
        let mut done = 0;
        for tokens in tokens.chunks(TOKENS_MAX) {
            let wanted_from = (from - 1).saturating_sub(done).min(tokens.len());
            let states = self.compute(vec![Work { cache: &mut cache, tokens, wanted_from }]);
            for row in 0..states.len() {
                let state = done + wanted_from + row + 1 - from;
                take(state, &states.hidden(row), &states.logits(row));
            }
            done += tokens.len();
        }
        Ok(())
    }
}

impl States {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.hidden.tokens()).sum()
    }

    /// One hidden state.
    pub(crate) fn hidden(&self, row: usize) -> Vec<f32> {
        let (part, row) = self.place(row);
        part.hidden.row(row).flatten().copied().collect()
    }

    /// Its logits.
    pub(crate) fn logits(&self, row: usize) -> Logits<'_> {
        let (part, row) = self.place(row);
        Logits::new(&part.logits, row, self.vocabulary)
    }

    fn place(&self, row: usize) -> (&Part, usize) {
        let mut row = row;
        for part in &self.parts {
            if row < part.hidden.tokens() {
                return (part, row);
            }
            row -= part.hidden.tokens();
        }
        unreachable!("only a state that is there is asked for");
    }
}

/// Neighbouring sequences together, so that every group has about as many tokens.
fn groups(work: Vec<Work<'_>>, count: usize) -> Vec<Vec<Work<'_>>> {
    let tokens: usize = work.iter().map(|work| work.tokens.len()).sum();
    let mut groups = vec![Vec::new()];
    let mut taken = 0;
    for work in work {
        if tokens * groups.len() <= taken * count {
            groups.push(Vec::new());
        }
        taken += work.tokens.len();
        groups.last_mut().expect("there is a group").push(work);
    }
    groups
}

impl Model {
    /// Whether the model can read these tokens.
    pub(crate) fn check(&self, tokens: &[Token]) -> Result<(), Invalid> {
        let vocabulary = self.shape.vocabulary;
        if let Some(unknown) = tokens.iter().find(|token| vocabulary <= index(token.0)) {
            return Err(Invalid::new("token", format!("is {}, must be below {vocabulary}", unknown.0)));
        }
        if self.shape.context < tokens.len() {
            let rule = format!("has {} tokens, must have at most {}", tokens.len(), self.shape.context);
            return Err(Invalid::new("sequence", rule));
        }
        Ok(())
    }
}
