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
/// Control tokens of a vocabulary, at most.
const CONTROLS_MAX: usize = 4096;
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
    /// Tokens that steer the model, by their text's first byte, longer texts first.
    controls: HashMap<u8, Vec<Control>>,
    /// Put before every text, if any.
    start: Option<Token>,
    /// Any of these ends an answer.
    ends: Vec<Token>,
}

/// A token that steers the model.
#[derive(Debug)]
struct Control {
    text: Box<[u8]>,
    token: Token,
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
        let mut controls: HashMap<u8, Vec<Control>> = HashMap::new();
        let mut controls_count = 0;
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
                controls_count += 1;
                let control = Control { text: text.as_bytes().into(), token: Token(number(at)) };
                controls.entry(control.text[0]).or_default().push(control);
                bytes.push(text.as_bytes().into());
            } else {
                let text = byte_text::bytes(text);
                bytes.push(
                    text.ok_or_else(|| Invalid::new(field(), "has a character that stands for no byte"))?,
                );
            }
        }
        if CONTROLS_MAX < controls_count {
            let rule = format!("has {controls_count} control tokens, must have at most {CONTROLS_MAX}");
            return Err(Invalid::new("tokenizer.ggml.token_type", rule));
        }
        controls
            .values_mut()
            .for_each(|all| all.sort_by_key(|control| std::cmp::Reverse(control.text.len())));
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

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none, which no model has.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether a token ends an answer.
    pub fn is_end(&self, token: Token) -> bool {
        self.ends.contains(&token)
    }

    /// The bytes that a token stands for; none for one that steers the model, and for one that is not there.
    pub fn bytes(&self, token: Token) -> &[u8] {
        let bytes = self.bytes.get(index(token.0)).map_or(&[][..], |bytes| bytes);
        let is_control = bytes.first().and_then(|first| self.controls.get(first));
        let is_control = is_control.is_some_and(|all| all.iter().any(|control| control.token == token));
        if is_control { &[] } else { bytes }
    }

    /// The tokens of a text, in which nothing steers the model.
    pub fn encode(&self, text: &str) -> Result<Vec<Token>, Invalid> {
        check(text)?;
        let mut tokens: Vec<Token> = self.start.into_iter().collect();
        self.encode_plain(text, &mut tokens)?;
        Ok(tokens)
    }

    /// The tokens of a text in which the names of control tokens are those tokens.
    pub fn encode_with_controls(&self, text: &str) -> Result<Vec<Token>, Invalid> {
        check(text)?;
        let mut tokens: Vec<Token> = self.start.into_iter().collect();
        let (mut from, mut at) = (0, 0);
        while at < text.len() {
            let Some(control) = self.control_at(text.as_bytes(), at) else {
                at += 1;
                continue;
            };
            self.encode_plain(&text[from..at], &mut tokens)?;
            tokens.push(control.token);
            at += control.text.len();
            from = at;
        }
        self.encode_plain(&text[from..], &mut tokens)?;
        Ok(tokens)
    }

    /// The first name of a control token in a text.
    pub(crate) fn control_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        (0..text.len()).find_map(|at| {
            let control = self.control_at(text.as_bytes(), at)?;
            text.get(at..at + control.text.len())
        })
    }

    fn control_at(&self, text: &[u8], at: usize) -> Option<&Control> {
        let candidates = self.controls.get(text.get(at)?)?;
        candidates.iter().find(|control| text[at..].starts_with(&control.text))
    }

    fn encode_plain(&self, text: &str, tokens: &mut Vec<Token>) -> Result<(), Invalid> {
        let single = |byte: u8| self.singles[usize::from(byte)];
        if let Some(byte) = text.bytes().find(|byte| single(*byte).is_none()) {
            let rule = format!("has the byte {byte}, for which this model has no token: leave it out");
            return Err(Invalid::new("text", rule));
        }
        self.splitting
            .split(text, &mut |piece| merging::merge(piece.bytes().filter_map(single), &self.merges, tokens));
        Ok(())
    }
}

fn check(text: &str) -> Result<(), Invalid> {
    if TEXT_BYTES_MAX < text.len() {
        let rule = format!("has {} bytes, must have at most {TEXT_BYTES_MAX}", text.len());
        return Err(Invalid::new("text", rule));
    }
    Ok(())
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
