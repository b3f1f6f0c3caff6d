//! Vocabulary: a model file's vocabulary in Hugging Face's tokenizer, set up as the model's makers set it up.

use std::path::Path;

use ahash::AHashMap;
use candle_core::quantized::gguf_file::{Content, Value};
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{PreTokenizerWrapper, Result, Tokenizer};

/// The tokenizer of a model file that splits texts as SmolLM does.
pub fn tokenizer(path: &Path) -> Result<Tokenizer> {
    let content = Content::read(&mut std::fs::File::open(path)?)?;
    let texts = |key: &str| -> Result<Vec<String>> {
        let list = content.metadata.get(key).map(Value::to_vec).ok_or("a list is missing")??;
        Ok(list.iter().map(|text| text.to_string().cloned()).collect::<std::result::Result<_, _>>()?)
    };
    let pair = |merge: String| {
        let (left, right) = merge.split_once(' ').unwrap_or_default();
        (left.to_owned(), right.to_owned())
    };
    let vocabulary: AHashMap<String, u32> = texts("tokenizer.ggml.tokens")?.into_iter().zip(0..).collect();
    let merges = texts("tokenizer.ggml.merges")?.into_iter().map(pair).collect();
    let model = BPE::builder().vocab_and_merges(vocabulary, merges).build()?;
    let mut tokenizer = Tokenizer::new(model);
    let steps = vec![
        PreTokenizerWrapper::Digits(Digits::new(true)),
        PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, true)),
    ];
    tokenizer.with_pre_tokenizer(Some(Sequence::new(steps)));
    Ok(tokenizer)
}
