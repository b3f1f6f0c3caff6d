//! Transcript: one sequence in the open: what was asked, what was answered, and the fingerprints of the way there.

use crate::digest::Digest;
use crate::domain::Domain;
use crate::fingerprint::{Fingerprint, chunks};
use crate::layout::{Bound, Reader, TOKENS, Writer};
use crate::malformed::Malformed;

/// Fingerprints of the longest answer.
const FINGERPRINTS: Bound = Bound { most: 4_096, rule: "at most 4,096" };

/// Prompt, answer and fingerprints of one sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    prompt: Vec<u32>,
    answer: Vec<u32>,
    fingerprints: Vec<Fingerprint>,
}

impl Transcript {
    /// Refuses by field: prompt and answer have 1 to 131,072 tokens, and there is one fingerprint per 32 tokens of the
    /// answer, begun ones included.
    pub fn new(
        prompt: Vec<u32>,
        answer: Vec<u32>,
        fingerprints: Vec<Fingerprint>,
    ) -> Result<Transcript, Malformed> {
        let transcript = Transcript { prompt, answer, fingerprints };
        let refuse = |field, rule| Err(Malformed { object: "transcript", field, rule });
        let is_counted = |tokens: &[u32]| {
            u32::try_from(tokens.len()).is_ok_and(|count| (1..=TOKENS.most).contains(&count))
        };
        if !is_counted(&transcript.prompt) {
            return refuse("prompt", "1 to 131,072 tokens");
        }
        if !is_counted(&transcript.answer) {
            return refuse("answer", "1 to 131,072 tokens");
        }
        if transcript.fingerprints.len() != chunks(transcript.answer.len()) {
            return refuse("fingerprints", "one per 32 tokens of the answer, begun ones included");
        }
        Ok(transcript)
    }

    /// Reads the bytes of one, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Transcript, Malformed> {
        let mut reader = Reader::new("transcript", Domain::TRANSCRIPT, bytes)?;
        let transcript = Transcript::read(&mut reader)?;
        reader.end()?;
        Ok(transcript)
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        self.write(Writer::new(Domain::TRANSCRIPT)).done()
    }

    /// Tokens of the prompt.
    pub fn prompt(&self) -> &[u32] {
        &self.prompt
    }

    /// Tokens of the answer, the one that ends it included.
    pub fn answer(&self) -> &[u32] {
        &self.answer
    }

    /// One per 32 tokens of the answer.
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// How many tokens the prompt has.
    pub fn prompt_tokens(&self) -> u32 {
        count(&self.prompt)
    }

    /// How many tokens the answer has.
    pub fn answer_tokens(&self) -> u32 {
        count(&self.answer)
    }

    /// Hash of the prompt.
    pub fn prompt_hash(&self) -> Digest {
        prompt_hash(&self.prompt)
    }

    /// Hash of the answer.
    pub fn answer_hash(&self) -> Digest {
        answer_hash(&self.answer)
    }

    /// Hash of the fingerprints, one after the other.
    pub fn fingerprints_hash(&self) -> Digest {
        let parts: Vec<&[u8]> = self.fingerprints.iter().map(Fingerprint::as_slice).collect();
        Digest::of(Domain::FINGERPRINTS, &parts)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Transcript, Malformed> {
        let prompt = read_tokens(reader, "prompt")?;
        let answer = read_tokens(reader, "answer")?;
        let fingerprints = reader.list("fingerprints", Fingerprint::LEN, FINGERPRINTS)?;
        let fingerprints = fingerprints.map(Fingerprint::decode).collect::<Result<_, _>>()?;
        Transcript::new(prompt, answer, fingerprints)
    }

    pub(crate) fn write(&self, writer: Writer) -> Writer {
        let writer = writer.count(self.prompt.len()).bytes(&token_bytes(&self.prompt));
        let writer = writer.count(self.answer.len()).bytes(&token_bytes(&self.answer));
        let writer = writer.count(self.fingerprints.len());
        self.fingerprints.iter().fold(writer, |writer, fingerprint| writer.bytes(fingerprint.as_slice()))
    }
}

/// Hash of a prompt: a leaf of the tree of inputs, of which an assignment has the root.
pub fn prompt_hash(prompt: &[u32]) -> Digest {
    Digest::of(Domain::PROMPT, &[&token_bytes(prompt)])
}

/// Hash of an answer, as its leaf has it.
pub fn answer_hash(answer: &[u32]) -> Digest {
    Digest::of(Domain::ANSWER, &[&token_bytes(answer)])
}

fn read_tokens(reader: &mut Reader<'_>, field: &'static str) -> Result<Vec<u32>, Malformed> {
    let tokens = reader.list(field, 4, TOKENS)?;
    Ok(tokens.map(|bytes| u32::from_le_bytes(bytes.try_into().expect("4 bytes are a token"))).collect())
}

fn token_bytes(tokens: &[u32]) -> Vec<u8> {
    tokens.iter().flat_map(|token| token.to_le_bytes()).collect()
}

fn count(tokens: &[u32]) -> u32 {
    u32::try_from(tokens.len()).expect("a transcript is bounded")
}
