//! Decoder: several sequences at once, each at its own length, a token a step; others take the place of those that end.
//!
//! What a sequence comes to does not depend on its company.

use std::collections::VecDeque;

use rayon::prelude::*;

use crate::cache::Cache;
use crate::engine::{Engine, States, TOKENS_MAX};
use crate::forward::Work;
use crate::invalid::Invalid;
use crate::sampler::{Place, Terms};
use crate::token::Token;

/// Sequences that wait, at most.
const WAITING_MAX: usize = 65_536;

/// A prompt to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The sequence's index in its attested batch.
    pub sequence: u32,
    /// At least one token.
    pub prompt: Vec<Token>,
    /// Tokens of the answer at most, at least one.
    pub tokens_max: u32,
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model said so, with this last token.
    Stop,
    /// It has as many tokens as were asked for at most.
    Length,
    /// The model's context is full.
    Context,
}

/// A token of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    /// Where it stands.
    pub place: Place,
    /// The token.
    pub token: Token,
    /// The hidden state it was drawn from, after the last norm: as many values as the model is wide.
    pub hidden: &'a [f32],
    /// Whether it is the last, and why.
    pub end: Option<End>,
}

/// Answers prompts.
#[derive(Debug)]
pub struct Decoder<'a> {
    engine: &'a Engine,
    terms: Terms,
    running_max: usize,
    waiting: VecDeque<Job>,
    running: Vec<Running>,
}

/// A sequence that is being computed.
#[derive(Debug)]
struct Running {
    job: Job,
    cache: Cache,
    /// Tokens that are known and not yet computed: the rest of the prompt, or the token drawn last.
    ahead: VecDeque<Token>,
    drawn: u32,
}

impl<'a> Decoder<'a> {
    /// For at most `running_max` sequences at once, 1 to 128.
    pub fn new(engine: &'a Engine, terms: Terms, running_max: usize) -> Result<Self, Invalid> {
        if running_max == 0 || TOKENS_MAX < running_max {
            let rule = format!("is {running_max}, must be 1 to {TOKENS_MAX}");
            return Err(Invalid::new("sequences at once", rule));
        }
        Ok(Decoder { engine, terms, running_max, waiting: VecDeque::new(), running: Vec::new() })
    }

    /// Takes a prompt. It is answered when there is room.
    pub fn push(&mut self, job: Job) -> Result<(), Invalid> {
        if job.prompt.is_empty() {
            return Err(Invalid::new("prompt", "is empty, must have at least one token"));
        }
        if job.tokens_max == 0 {
            return Err(Invalid::new("tokens_max", "is 0, must be at least 1"));
        }
        if WAITING_MAX <= self.waiting.len() {
            return Err(Invalid::new("waiting", format!("has {WAITING_MAX} prompts, no more are taken")));
        }
        self.engine.model().check(&job.prompt)?;
        self.waiting.push_back(job);
        Ok(())
    }

    /// Whether every prompt has its answer.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Answers all that was taken; see `step`.
    pub fn run(&mut self, told: &mut dyn FnMut(Drawn<'_>)) -> Result<(), Invalid> {
        while !self.is_idle() {
            self.step(told)?;
        }
        Ok(())
    }

    /// Computes one step, and tells the tokens that it came to. Prompts are read up to 128 tokens a step.
    pub fn step(&mut self, told: &mut dyn FnMut(Drawn<'_>)) -> Result<(), Invalid> {
        while self.running.len() < self.running_max
            && let Some(job) = self.waiting.pop_front()
        {
            let ahead = job.prompt.iter().copied().collect();
            self.running.push(Running {
                job,
                cache: Cache::new(self.engine.model().shape()),
                ahead,
                drawn: 0,
            });
        }
        if self.running.is_empty() {
            return Ok(());
        }
        let portions = self.portions();
        let states = self.compute(&portions);
        let drawing: Vec<usize> = (0..self.running.len())
            .filter(|at| self.running[*at].ahead.is_empty() && portions[*at] != 0)
            .collect();
        let rows = self.draw(&states, &drawing);
        for (at, (token, hidden)) in drawing.into_iter().zip(rows) {
            if !hidden.iter().all(|value| value.is_finite()) {
                return Err(Invalid::new("hidden state", "is not finite: the model's weights are no good"));
            }
            let place = self.running[at].place();
            let end = self.running[at].take(token, self.engine.model().tokenizer().is_end(token));
            told(Drawn { place, token, hidden: &hidden, end });
        }
        self.running.retain(|running| !running.ahead.is_empty());
        Ok(())
    }

    /// How many tokens each sequence computes: one for each that draws, prompts share the rest in turn.
    fn portions(&self) -> Vec<usize> {
        let mut room = TOKENS_MAX - self.running.len();
        let portion = |running: &Running| {
            let more = room.min(running.ahead.len() - 1);
            room -= more;
            more + 1
        };
        self.running.iter().map(portion).collect()
    }

    fn compute(&mut self, portions: &[usize]) -> States {
        let tokens: Vec<Vec<Token>> = self
            .running
            .iter_mut()
            .zip(portions)
            .map(|(running, count)| running.ahead.drain(..*count).collect())
            .collect();
        let work = self.running.iter_mut().zip(&tokens).map(|(running, tokens)| {
            // Only the last token of a prompt is followed by one that is drawn.
            let wanted_from = if running.ahead.is_empty() { tokens.len() - 1 } else { tokens.len() };
            Work { cache: &mut running.cache, tokens, wanted_from }
        });
        let work = work.collect();
        self.engine.compute(work)
    }

    fn draw(&self, states: &States, drawing: &[usize]) -> Vec<(Token, Vec<f32>)> {
        let draw = |(row, at): (usize, &usize)| {
            let token = self.terms.draw(&states.logits(row), self.running[*at].place());
            (token, states.hidden(row))
        };
        self.engine.install(|| drawing.par_iter().enumerate().map(draw).collect())
    }
}

impl Running {
    fn place(&self) -> Place {
        Place { sequence: self.job.sequence, position: self.drawn }
    }

    /// Takes the token that was drawn. It is computed next, unless the answer ends with it.
    fn take(&mut self, token: Token, is_end: bool) -> Option<End> {
        self.drawn += 1;
        if is_end {
            Some(End::Stop)
        } else if self.job.tokens_max <= self.drawn {
            Some(End::Length)
        } else if self.cache.room() == 0 {
            Some(End::Context)
        } else {
            self.ahead.push_back(token);
            None
        }
    }
}

/// The tokens of each job's answer, in the order of the jobs.
pub fn answers(engine: &Engine, terms: Terms, jobs: Vec<Job>) -> Result<Vec<Vec<Token>>, Invalid> {
    let sequences: Vec<u32> = jobs.iter().map(|job| job.sequence).collect();
    let mut decoder = Decoder::new(engine, terms, sequences.len().clamp(1, TOKENS_MAX))?;
    jobs.into_iter().try_for_each(|job| decoder.push(job))?;
    let mut answers = vec![Vec::new(); sequences.len()];
    decoder.run(&mut |drawn| {
        let at = sequences.iter().position(|sequence| *sequence == drawn.place.sequence);
        answers[at.expect("only what was pushed is answered")].push(drawn.token);
    })?;
    Ok(answers)
}
