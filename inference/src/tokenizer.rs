//! Tokenizer: from text to tokens and back, by merging neighbouring bytes in the order of the model's list (byte-level BPE).

pub(crate) mod byte_text;
mod merging;
mod splitting;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::invalid::Invalid;
use crate::narrow::{index, number};
use crate::token::Token;
use crate::tokenizer::merging::Merges;
use crate::tokenizer::splitting::Splitting;

/// Bytes of a text, at most.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// Bytes of one token, at most.
const TOKEN_BYTES_MAX: usize = 1024;

/// A vocabulary, with the rules for splitting and merging.
#[derive(Debug)]
pub struct Tokenizer {
    /// What each token stands for.
    bytes: Vec<Box<[u8]>>,
    /// The token of each single byte. Some vocabularies have none for bytes that no text has, and for some control characters.
    singles: [Option<u32>; 256],
    merges: Merges,
    splitting: Splitting,
    /// Tokens that steer the model, by their text.
    controls: HashMap<Box<str>, Token>,
    /// What every prompt begins with, if anything.
    start: Option<Token>,
    /// Any of these ends an answer.
    ends: Vec<Token>,
}

/// What a vocabulary is made of.
pub(crate) struct Vocabulary<'a> {
    /// Each token's text, in which every byte is one printable character; a control token's is its own.
    pub(crate) tokens: &'a [&'a str],
    /// Which of them are control tokens.
    pub(crate) is_control: &'a dyn Fn(usize) -> bool,
    /// Pairs of tokens' texts, a space between them, the first merged first.
    pub(crate) merges: &'a [&'a str],
    /// The name of the rule by which texts are split before they are merged.
    pub(crate) splitting: &'a str,
    pub(crate) start: Option<Token>,
    pub(crate) ends: Vec<Token>,
}

impl Tokenizer {
    pub(crate) fn new(vocabulary: &Vocabulary<'_>) -> Result<Tokenizer, Invalid> {
        let mut ids = HashMap::with_capacity(vocabulary.tokens.len());
        let mut bytes = Vec::with_capacity(vocabulary.tokens.len());
        let mut controls = HashMap::new();
        for (at, text) in vocabulary.tokens.iter().enumerate() {
            let field = || format!("tokenizer.ggml.tokens[{at}]");
            if text.is_empty() || TOKEN_BYTES_MAX < text.len() {
                let rule = format!("has {} bytes, must have 1 to {TOKEN_BYTES_MAX}", text.len());
                return Err(Invalid::new(field(), rule));
            }
            match ids.entry(*text) {
                Entry::Occupied(_) => return Err(Invalid::new(field(), "has the text of an earlier token")),
                Entry::Vacant(place) => place.insert(number(at)),
            };
            if (vocabulary.is_control)(at) {
                controls.insert(Box::from(*text), Token(number(at)));
                bytes.push(Box::default());
            } else {
                let text = byte_text::bytes(text);
                bytes.push(
                    text.ok_or_else(|| Invalid::new(field(), "has a character that stands for no byte"))?,
                );
            }
        }
        let single = |byte: usize| {
            let byte = u8::try_from(byte).ok()?;
            ids.get(byte_text::character(byte).to_string().as_str()).copied()
        };
        Ok(Tokenizer {
            merges: merges(vocabulary.merges, &ids)?,
            bytes,
            singles: std::array::from_fn(single),
            splitting: Splitting::named(vocabulary.splitting)?,
            controls,
            start: vocabulary.start,
            ends: vocabulary.ends.clone(),
        })
    }

    /// Whether a token ends an answer.
    pub fn is_end(&self, token: Token) -> bool {
        self.ends.contains(&token)
    }

    /// From now on no token ends an answer.
    pub(crate) fn never_end(&mut self) {
        self.ends.clear();
    }

    /// The bytes that a token stands for; none for one that steers the model, and for one that is not there.
    pub fn bytes(&self, token: Token) -> &[u8] {
        self.bytes.get(index(token.0)).map_or(&[], |bytes| bytes)
    }

    /// The token that steers the model by this name.
    pub(crate) fn control(&self, name: &str) -> Option<Token> {
        self.controls.get(name).copied()
    }

    /// What every text begins with, if anything.
    pub(crate) fn start(&self) -> Option<Token> {
        self.start
    }

    /// The tokens of a text. Nothing in it steers the model.
    pub fn encode(&self, text: &str) -> Result<Vec<Token>, Invalid> {
        if TEXT_BYTES_MAX < text.len() {
            let rule = format!("has {} bytes, must have at most {TEXT_BYTES_MAX}", text.len());
            return Err(Invalid::new("text", rule));
        }
        let single = |byte: u8| self.singles[usize::from(byte)];
        if let Some(byte) = text.bytes().find(|byte| single(*byte).is_none()) {
            let rule = format!("has the byte {byte}, for which this model has no token: leave it out");
            return Err(Invalid::new("text", rule));
        }
        let mut tokens = Vec::new();
        self.splitting.split(text, &mut |piece| {
            merging::merge(piece.bytes().filter_map(single), &self.merges, &mut tokens);
        });
        Ok(tokens)
    }
}

fn merges(list: &[&str], ids: &HashMap<&str, u32>) -> Result<Merges, Invalid> {
    let mut merges = HashMap::with_capacity(list.len());
    for (turn, merge) in list.iter().enumerate() {
        let invalid = |rule: &'static str| Invalid::new(format!("tokenizer.ggml.merges[{turn}]"), rule);
        let (left, right) =
            merge.split_once(' ').ok_or_else(|| invalid("has no space between two tokens"))?;
        let id =
            |text: &str| ids.get(text).copied().ok_or_else(|| invalid("names a token that is not there"));
        let becomes = id(&format!("{left}{right}"))?;
        // A pair that is named twice keeps its first turn.
        merges.entry((id(left)?, id(right)?)).or_insert((number(turn), becomes));
    }
    Ok(merges)
}
