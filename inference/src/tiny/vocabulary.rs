//! Vocabulary: the tiny model's 512 tokens: 256 bytes, three that steer it, and words of a market with their parts.

use crate::token::Token;
use crate::tokenizer::{Tokenizer, Vocabulary, byte_text};

/// What merges words of a market, each with the space before it, into one token each.
const MERGES: &str = include_str!("merges.txt");
/// They come after the bytes.
const CONTROLS: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const BYTES: usize = 256;

/// Which tokens the model is to say: whole words, a stop, a comma, and the end.
pub(super) fn said() -> Vec<bool> {
    let merges: Vec<(&str, &str)> = MERGES.lines().filter_map(|merge| merge.split_once(' ')).collect();
    let is_word = |(left, right): &(&str, &str)| {
        let text = format!("{left}{right}");
        merges.iter().all(|(a, b)| *a != text && *b != text)
    };
    let bytes = (0..=u8::MAX).map(|byte| b".,".contains(&byte));
    bytes.chain([false, false, true]).chain(merges.iter().map(is_word)).collect()
}

impl Tokenizer {
    /// The tiny model's.
    pub(crate) fn tiny() -> Tokenizer {
        let merges: Vec<&str> = MERGES.lines().collect();
        let bytes = (0..=u8::MAX).map(|byte| byte_text::character(byte).to_string());
        let merged = merges.iter().map(|merge| merge.replace(' ', ""));
        let tokens: Vec<String> = bytes.chain(CONTROLS.map(str::to_owned)).chain(merged).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let vocabulary = Vocabulary {
            tokens: &tokens,
            is_control: &|at| (BYTES..BYTES + CONTROLS.len()).contains(&at),
            merges: &merges,
            splitting: "smollm",
            start: None,
            ends: vec![Token(256), Token(258)],
        };
        Tokenizer::new(&vocabulary).expect("the tiny vocabulary is a vocabulary")
    }
}
