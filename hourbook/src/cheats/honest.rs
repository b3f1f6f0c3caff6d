//! Honest: providers who compute what they were asked, on any threads, in any company, with any instructions.

use std::sync::Arc;

use attestation::check::Consumed;
use attestation::finding::Finding;
use attestation::receipt::Receipt;
use inference::{Engine, Instructions, Invalid, Model};

use crate::auditor::{Extent, check};
use crate::cheats::failed;
use crate::cheats::play::Play;
use crate::delivering::computing::compute;

/// How a batch is computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    number: u32,
    threads: usize,
    instructions: Instructions,
    running_max: usize,
    sequences: usize,
}

impl Shape {
    /// One after the other, all combinations of threads, instructions, company and number of sequences.
    pub(super) fn of(number: u32) -> Shape {
        const THREADS: [usize; 4] = [1, 2, 3, 5];
        const RUNNING_MAX: [usize; 5] = [1, 2, 3, 5, 16];
        let instructions = Instructions::all();
        let mut rest = usize::try_from(number / 2).expect("it is an index");
        let mut pick = |choices: usize| {
            let picked = rest % choices;
            rest /= choices;
            picked
        };
        Shape {
            number,
            threads: THREADS[pick(THREADS.len())],
            running_max: RUNNING_MAX[pick(RUNNING_MAX.len())],
            instructions: instructions[pick(instructions.len())],
            sequences: 16 - pick(4),
        }
    }
}

/// Honest batches on another kernel, every sequence measured.
pub(super) fn measure_honest(
    play: &Play<'_>,
    engine: &Engine,
    batches: u32,
) -> Result<Vec<Finding>, Invalid> {
    let prompts = play.prompts()?;
    let mut findings = Vec::new();
    for number in 0..batches {
        // Far from the numbers of batches that are judged: no seed is used twice.
        let assign = play.assign(u64::from(number) + 1_000_000, &prompts);
        let transcripts = compute(engine, &assign, &prompts, play.size.sequences)?;
        let measured = (0..).zip(&transcripts).map(|(index, transcript)| {
            play.auditor.measure(&assign, index, transcript).expect("an honest answer can be read")
        });
        findings.extend(measured);
    }
    Ok(findings)
}

/// Whether an honest batch passes every check, its auditor's verdict included.
pub(super) fn judge(play: &Play<'_>, model: &Arc<Model>, shape: Shape) -> Result<bool, Invalid> {
    let engine = Engine::with(model.clone(), Some(shape.threads), shape.instructions)?;
    let mut prompts = play.prompts()?;
    prompts.truncate(shape.sequences);
    let assign = play.assign(u64::from(shape.number), &prompts);
    let transcripts = compute(&engine, &assign, &prompts, shape.running_max)?;
    let receipt = play.receipt(&assign, &transcripts);
    let measure = |(index, transcript): &(u32, _)| {
        play.auditor.measure(&assign, *index, transcript).expect("an honest answer can be read")
    };
    let findings = receipt.open.iter().map(measure).collect();
    let receipt =
        Receipt::decode(&play.judged(receipt, findings).encode()).expect("what is written can be read");
    let checked = check(&receipt, &mut Consumed::default(), Some(play.auditor), Extent::Drawn);
    Ok(failed(&checked).is_empty())
}
