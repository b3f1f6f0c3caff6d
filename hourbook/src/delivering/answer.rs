//! Answer: one sequence of a slot as text, for whoever asked for it or may see it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use attestation::digest::Digest;
use attestation::receipt::Receipt;
use attestation::transcript::prompt_hash;
use inference::{Model, Text, Token};
use serde::Serialize;

use crate::failure::Failure;

/// One sequence, as text.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    pub(crate) index: u32,
    /// Absent where only its hash is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    pub(crate) answer: String,
}

impl Answer {
    /// Two lines for people.
    pub(crate) fn text(&self) -> String {
        let Answer { index, prompt, answer } = self;
        let prompt = prompt.as_deref().unwrap_or("(your prompt: name its file with `job answers --prompts`)");
        format!("{index:>3}  {prompt}\n     -> {answer}\n")
    }
}

/// Keeps a receipt in a file.
pub(crate) fn keep(path: &Path, receipt: &[u8]) -> Result<(), Failure> {
    fs::write(path, receipt).map_err(|error| Failure::local(format!("{}: {error}", path.display())))
}

/// What is open of a slot.
pub(crate) fn open(receipt: &Receipt, model: &Model) -> Vec<Answer> {
    let open = receipt.open.iter().map(|(index, transcript)| Answer {
        index: *index,
        prompt: Some(text(transcript.prompt(), model)),
        answer: text(transcript.answer(), model),
    });
    open.collect()
}

/// All answers of a slot. Their prompts are those that are open, and of these the ones that were committed to.
pub(crate) fn taken(
    receipt: &Receipt,
    (answers, prompts): (&[Vec<u32>], &[Vec<u32>]),
    model: &Model,
) -> Vec<Answer> {
    let own: HashMap<Digest, &[u32]> =
        prompts.iter().map(|prompt| (prompt_hash(prompt), prompt.as_slice())).collect();
    let all = receipt.leaves.iter().zip(answers);
    let answer = all.map(|(leaf, answer)| {
        let open = receipt.transcript(leaf.index).map(|transcript| transcript.prompt());
        let prompt = open.or_else(|| own.get(&leaf.prompt).copied());
        Answer {
            index: leaf.index,
            prompt: prompt.map(|prompt| text(prompt, model)),
            answer: text(answer, model),
        }
    });
    answer.collect()
}

/// The prompts of a file, one on each line, in tokens.
pub(crate) fn prompts(path: &Path, model: &Model) -> Result<Vec<Vec<u32>>, Failure> {
    let failed = |cause: String| Failure::local(format!("{}: {cause}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let encode = |line: &str| {
        let tokens = model.tokenizer().encode(line).map_err(|invalid| failed(invalid.to_string()))?;
        Ok(tokens.into_iter().map(|token| token.0).collect())
    };
    lines.map(encode).collect()
}

fn text(tokens: &[u32], model: &Model) -> String {
    let mut text = Text::default();
    let bytes = tokens.iter().map(|token| model.tokenizer().bytes(Token(*token)));
    let shown = bytes.map(|bytes| text.push(bytes)).collect::<String>();
    (shown + &text.finish()).trim().replace('\n', " ")
}
