//! Cheat: every way to compute something else than what was asked.

use attestation::assign::Assign;
use attestation::check::Consumed;
use attestation::fingerprint::chunks;
use attestation::transcript::Transcript;
use inference::{Alteration, Engine, Invalid, Token};

use crate::auditor::terms;
use crate::cheats::Shown;
use crate::cheats::forger as forge;
use crate::cheats::play::Play;
use crate::cheats::provider::{compute_in_window, prefill};
use crate::delivering::computing::{Order, compute, compute_with, numbers, with};

/// Cheats once, in batch `number`. `Consumed` has the batches that were shown before.
pub(super) type Cheat = fn(&Play<'_>, u64, &mut Consumed) -> Result<Shown, Invalid>;

/// How much of the context a window leaves.
const WINDOW: usize = 8;

/// All ways, by what they would save or hide.
pub(super) const CHEATS: [(&str, Cheat); 34] = [
    ("f16 weights", |play, number, _| altered(play, number, Alteration::Half)),
    ("int8 weights", |play, number, _| altered(play, number, Alteration::Whole { bits: 8 })),
    ("int4 weights", |play, number, _| altered(play, number, Alteration::Whole { bits: 4 })),
    ("one layer skipped", |play, number, _| altered(play, number, Alteration::WithoutLayer(1))),
    ("half of the layers: another, smaller model", |play, number, _| smaller(play, number)),
    ("only the last 8 tokens are seen", |play, number, _| windowed(play, number)),
    ("temperature 0.9 instead of 1", |play, number, _| {
        with_terms(play, number, |order| {
            order.terms.temperature = 900_000;
        })
    }),
    ("temperature 0 instead of 1", |play, number, _| {
        with_terms(play, number, |order| {
            order.terms.temperature = 0;
        })
    }),
    ("top 10 instead of top 40", |play, number, _| with_terms(play, number, |order| order.terms.top_k = 10)),
    ("seed ignored", |play, number, _| with_terms(play, number, |order| order.terms.seed = [0; 32])),
    ("old answers replayed", |play, number, _| replayed(play, number)),
    ("int4 tokens, honest prefill afterwards", |play, number, _| dressed(play, number, 4)),
    ("int8 tokens, honest prefill afterwards", |play, number, _| dressed(play, number, 8)),
    ("honest tokens, int4 fingerprints", |play, number, _| undressed(play, number)),
    ("fingerprints of another sequence", |play, number, _| swapped(play, number)),
    ("one token of each answer exchanged", |play, number, _| one_token(play, number)),
    ("answers stopped half-way", |play, number, _| stopped(play, number)),
    ("prompts cut, and said so", |play, number, _| prompts_cut(play, number, false)),
    ("prompts cut in secret", |play, number, _| prompts_cut(play, number, true)),
    ("receipt shown twice", forge::twice),
    ("another batch's commitment", forge::foreign_commitment),
    ("another batch's leaves", forge::foreign_leaves),
    ("commitment signed by somebody else", forge::forged_commitment),
    ("assignment changed after it was signed", forge::changed_assignment),
    ("calibration loosened", forge::loosened_calibration),
    ("audit rate below the rule", forge::lowered_rate),
    ("drawn sequences kept closed", forge::closed),
    ("drawn sequences computed anew when they are opened", forge::recomputed),
    ("secrets chosen after the commitment", forge::chosen_secret),
    ("more tokens on the bill than in the leaves", forge::padded_bill),
    ("sequences left out", forge::left_out),
    ("begun before it was assigned", forge::early),
    ("a bribed auditor's clean verdict on int4 weights", forge::bribed),
    ("a lying auditor's flag on honest work", forge::slandered),
];

/// The batch, and what an honest provider would compute.
pub(super) struct Batch {
    pub(super) prompts: Vec<Vec<Token>>,
    pub(super) assign: Assign,
}

impl Batch {
    pub(super) fn new(play: &Play<'_>, number: u64) -> Result<Batch, Invalid> {
        let prompts = play.prompts()?;
        let assign = play.assign(number, &prompts);
        Ok(Batch { prompts, assign })
    }

    pub(super) fn compute(&self, engine: &Engine) -> Result<Vec<Transcript>, Invalid> {
        compute(engine, &self.assign, &self.prompts, self.prompts.len())
    }

    pub(super) fn show(&self, play: &Play<'_>, transcripts: Vec<Transcript>) -> Shown {
        Shown { receipt: play.receipt(&self.assign, &transcripts), computed: Some(transcripts) }
    }
}

pub(super) fn engine(play: &Play<'_>, alteration: Alteration) -> Result<Engine, Invalid> {
    Ok(play.engine().on(play.auditor.again().altered(alteration)?.into()))
}

fn altered(play: &Play<'_>, number: u64, alteration: Alteration) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let transcripts = batch.compute(&engine(play, alteration)?)?;
    Ok(batch.show(play, transcripts))
}

fn smaller(play: &Play<'_>, number: u64) -> Result<Shown, Invalid> {
    let mut model = play.auditor.again();
    for layer in (1..model.shape().layers).rev().step_by(2) {
        model = model.altered(Alteration::WithoutLayer(layer))?;
    }
    let batch = Batch::new(play, number)?;
    let transcripts = batch.compute(&play.engine().on(model.into()))?;
    Ok(batch.show(play, transcripts))
}

fn windowed(play: &Play<'_>, number: u64) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let transcripts = compute_in_window(play.engine(), &batch.assign, &batch.prompts, WINDOW)?;
    Ok(batch.show(play, transcripts))
}

fn with_terms(play: &Play<'_>, number: u64, change: fn(&mut Order)) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let (terms, tokens_max) = (terms(&batch.assign), batch.assign.sampling.tokens_max);
    let mut order = Order { terms, tokens_max, running_max: batch.prompts.len() };
    change(&mut order);
    let transcripts = compute_with(play.engine(), &order, &batch.prompts)?;
    Ok(batch.show(play, transcripts))
}

/// What was answered to the same prompts under another seed, read again by the honest model.
fn replayed(play: &Play<'_>, number: u64) -> Result<Shown, Invalid> {
    let old = Batch::new(play, number + 500)?.compute(play.engine())?;
    let transcripts = prefill(play.engine(), &old)?;
    Ok(Batch::new(play, number)?.show(play, transcripts))
}

fn dressed(play: &Play<'_>, number: u64, bits: u32) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let cheap = batch.compute(&engine(play, Alteration::Whole { bits })?)?;
    let transcripts = prefill(play.engine(), &cheap)?;
    Ok(batch.show(play, transcripts))
}

fn undressed(play: &Play<'_>, number: u64) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let honest = batch.compute(play.engine())?;
    let transcripts = prefill(&engine(play, Alteration::Whole { bits: 4 })?, &honest)?;
    Ok(batch.show(play, transcripts))
}

/// Each answer has the fingerprints of the next.
fn swapped(play: &Play<'_>, number: u64) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let honest = batch.compute(play.engine())?;
    let next = honest.iter().cycle().skip(1);
    let swap = |(transcript, next): (&Transcript, &Transcript)| {
        let wanted = transcript.fingerprints().len();
        let fingerprints = next.fingerprints().iter().cycle().take(wanted).copied().collect();
        with(transcript.prompt(), transcript.answer(), fingerprints)
    };
    let transcripts = honest.iter().zip(next).map(swap).collect();
    Ok(batch.show(play, transcripts))
}

/// The token in the middle is another; what follows and the fingerprints are honest.
fn one_token(play: &Play<'_>, number: u64) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let exchange = |transcript: Transcript| {
        let mut answer = transcript.answer().to_vec();
        let middle = answer.len() / 2;
        answer[middle] = answer[middle].wrapping_add(1) % 256;
        with(transcript.prompt(), &answer, transcript.fingerprints().to_vec())
    };
    let marked: Vec<Transcript> = batch.compute(play.engine())?.into_iter().map(exchange).collect();
    let transcripts = prefill(play.engine(), &marked)?;
    Ok(batch.show(play, transcripts))
}

fn stopped(play: &Play<'_>, number: u64) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let stop = |transcript: Transcript| {
        let half = transcript.answer().len().div_ceil(2);
        let fingerprints = transcript.fingerprints()[..chunks(half)].to_vec();
        with(transcript.prompt(), &transcript.answer()[..half], fingerprints)
    };
    let halves: Vec<Transcript> = batch.compute(play.engine())?.into_iter().map(stop).collect();
    let transcripts = prefill(play.engine(), &halves)?;
    Ok(batch.show(play, transcripts))
}

/// Only the last half of each prompt is read; in secret, the whole one is shown.
fn prompts_cut(play: &Play<'_>, number: u64, is_secret: bool) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let halves: Vec<Vec<Token>> =
        batch.prompts.iter().map(|prompt| prompt[prompt.len() / 2..].to_vec()).collect();
    let transcripts = compute(play.engine(), &batch.assign, &halves, halves.len())?;
    if !is_secret {
        return Ok(batch.show(play, transcripts));
    }
    let dress = |(transcript, prompt): (&Transcript, &Vec<Token>)| {
        with(&numbers(prompt), transcript.answer(), transcript.fingerprints().to_vec())
    };
    let transcripts = transcripts.iter().zip(&batch.prompts).map(dress).collect();
    Ok(batch.show(play, transcripts))
}
