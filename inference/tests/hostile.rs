//! Hostile: files that are cut, bent or boundless are refused by field and rule, and prompts too. Nothing panics.

#![allow(clippy::unwrap_used, reason = "a test")]

mod file;

use std::sync::Arc;

use inference::{Decoder, Engine, Job, Model, TEXT_BYTES_MAX, Terms, Token, describe};

use crate::file::{F32, Fact, File, put_text};

const TERMS: Terms = Terms { seed: [1; 32], temperature: 0, top_k: 1 };

fn sound() -> File {
    File::model(|name, weights| {
        let weight = |at: usize| f32::from(blake3::hash(name.as_bytes()).as_bytes()[at % 32]) / 4096.0 - 0.03;
        (F32, (0..weights).flat_map(|at| weight(at).to_le_bytes()).collect())
    })
}

/// Refused, and by this field and rule.
fn check(file: &[u8], message: &str) {
    let error = Model::parse(file).expect_err(message).to_string();
    assert!(error.contains(message), "expected `{message}`, got `{error}`");
}

#[test]
fn sound_file_is_taken() {
    let model = Model::parse(&sound().bytes()).unwrap();
    assert_eq!((model.name(), model.shape().layers), ("written by a test", 2));
    let (facts, tensors) = describe(&sound().bytes()).unwrap();
    assert_eq!((facts.len(), tensors.len()), (17, 20));
}

#[test]
fn cut_files_are_refused_wherever_they_are_cut() {
    let bytes = sound().bytes();
    let head = bytes.len() - sound().tensors.iter().map(|tensor| tensor.blocks.len()).sum::<usize>();
    // Every byte of the beginning, where facts and tensors are told, then steps through the weights.
    for length in (0..head.min(6000)).chain((head..bytes.len()).step_by(4099)) {
        let error = Model::parse(&bytes[..length]).expect_err("a cut file is no model");
        assert!(!error.field.is_empty(), "cut after {length}");
    }
    check(&bytes[..bytes.len() - 1], "output_norm.weight lies outside the file");
}

#[test]
fn bent_bytes_never_panic() {
    let mut bytes = sound().bytes();
    for at in 0..2500 {
        for bent in [0, 0x7F, 0x80, 0xFF] {
            let kept = std::mem::replace(&mut bytes[at], bent);
            // Some bytes do not matter, so either answer will do.
            let _ = describe(&bytes);
            if at % 16 == 0 {
                let _ = Model::parse(&bytes);
            }
            bytes[at] = kept;
        }
    }
}

#[test]
fn boundless_counts_are_refused_before_memory_is_taken() {
    let count_at = |at: usize, message: &str| {
        let mut bytes = sound().bytes();
        bytes[at..at + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        check(&bytes, message);
    };
    count_at(8, "tensor_count is 18446744073709551615, must be at most 16384");
    count_at(16, "metadata_kv_count is 18446744073709551615, must be at most 4096");
    count_at(24, "key is 18446744073709551615, must be at most 1048576");
    let listed = |kind: u32, count: u64| {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(0_u64.to_le_bytes());
        bytes.extend(1_u64.to_le_bytes());
        put_text(&mut bytes, "list");
        bytes.extend(9_u32.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes
    };
    check(&listed(8, 1 << 60), "list is 1152921504606846976, must be at most 4194304");
    check(&listed(8, 1 << 22), "list has 4194304 entries, which need 33554432 bytes or more, and 0 are left");
    check(&listed(9, 1), "list is a list of lists");
    check(&listed(77, 1), "list has the unknown type 77");
}

#[test]
fn wrong_facts_are_named() {
    let with = |key: &str, fact: Fact, message: &str| {
        let mut file = sound();
        file.set(key, fact);
        check(&file.bytes(), message);
    };
    let text = |text: &str| Fact::Text(text.to_owned());
    with("general.architecture", text("gpt2"), "general.architecture is `gpt2`, must be `llama`");
    with("general.alignment", Fact::Number(3), "general.alignment is 3, must be a power of two");
    with("llama.block_count", Fact::Number(0), "block_count is 0, must be 1 to 512");
    with("llama.block_count", Fact::Number(3), "blk.2.attn_norm.weight is missing");
    with("llama.block_count", Fact::Number(1), "blk.1.attn_k.weight is no tensor of a plain llama");
    with("llama.block_count", text("two"), "llama.block_count is \"two\", must be a whole number");
    with("llama.embedding_length", Fact::Number(250), "embedding_length is 250, must be a multiple of 32");
    with("llama.attention.head_count", Fact::Number(0), "attention.head_count is 0, must be 1 to 1024");
    with(
        "llama.attention.head_count_kv",
        Fact::Number(3),
        "head_count_kv is 3, must divide the 4 query heads",
    );
    with("llama.rope.freq_base", Fact::Float(f32::NAN), "rope.freq_base is NaN, must be above zero");
    with("llama.rope.dimension_count", Fact::Number(32), "llama.rope.dimension_count is 32, must be 64");
    with("llama.rope.scaling.type", text("yarn"), "llama.rope.scaling.type is \"yarn\", must be \"none\"");
    with("tokenizer.ggml.model", text("llama"), "tokenizer.ggml.model is `llama`, must be `gpt2`");
    with("tokenizer.ggml.pre", text("qwen2"), "tokenizer.ggml.pre must be `smollm`, `gpt-2` or `default`");
    with(
        "tokenizer.ggml.eos_token_id",
        Fact::Number(260),
        "tokenizer.ggml names token 260, must be below 260",
    );
    with("tokenizer.ggml.merges", Fact::Texts(vec!["th".to_owned()]), "merges[0] has no space");
    with(
        "tokenizer.ggml.merges",
        Fact::Texts(vec!["t q".to_owned()]),
        "merges[0] names a token that is not there",
    );
    with(
        "tokenizer.ggml.tokens",
        Fact::Texts(vec!["a".to_owned(); 260]),
        "tokens[1] has the text of an earlier token",
    );
    let many = (0..260).map(|at| if at == 7 { "\u{3000}".to_owned() } else { format!("t{at}") }).collect();
    with("tokenizer.ggml.tokens", Fact::Texts(many), "tokens[7] has a character that stands for no byte");
}

#[test]
fn wrong_tensors_are_named() {
    let with = |change: &dyn Fn(&mut File), message: &str| {
        let mut file = sound();
        change(&mut file);
        check(&file.bytes(), message);
    };
    let name = "blk.1.ffn_up.weight";
    with(&|file| file.tensor(name).format = 99, "blk.1.ffn_up.weight has format 99, must be F32, F16");
    with(&|file| file.tensor(name).rows = 0, "blk.1.ffn_up.weight has a dimension of 0");
    with(&|file| file.tensor(name).rows = 511, "blk.1.ffn_up.weight is 511 x 256, must be 512 x 256");
    with(&|file| file.tensor(name).rows = 1 << 24, "blk.1.ffn_up.weight lies outside the file");
    with(
        &|file| file.tensor(name).columns = u64::MAX,
        "blk.1.ffn_up.weight has a dimension of 18446744073709551615",
    );
    with(
        &|file| file.tensor(name).name = "blk.0.ffn_up.weight".to_owned(),
        "blk.0.ffn_up.weight stands twice",
    );
    with(&|file| file.tensor(name).name = "blk.1.attn_q.bias".to_owned(), "blk.1.ffn_up.weight is missing");
    let nan = |file: &mut File| file.tensor(name).blocks[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    with(&nan, "blk.1.ffn_up.weight has a weight that is not finite");
}

#[test]
fn unreadable_prompts_are_refused() {
    let model = Arc::new(Model::tiny());
    let engine = Engine::new(model.clone(), Some(1)).unwrap();
    let long = "a".repeat(TEXT_BYTES_MAX + 1);
    assert!(model.tokenizer().encode(&long).unwrap_err().to_string().contains("must have at most 1048576"));
    assert!(model.question(&long).is_err());
    let mut decoder = Decoder::new(&engine, TERMS, 1).unwrap();
    let mut refused = |prompt: Vec<Token>, tokens_max: u32, message: &str| {
        let error = decoder.push(Job { sequence: 0, prompt, tokens_max }).unwrap_err().to_string();
        assert!(error.contains(message), "expected `{message}`, got `{error}`");
    };
    refused(vec![], 1, "prompt is empty");
    refused(vec![Token(0)], 0, "tokens_max is 0");
    refused(vec![Token(512)], 1, "token is 512, must be below 512");
    refused(vec![Token(0); 2049], 1, "sequence has 2049 tokens, must have at most 2048");
    assert!(Decoder::new(&engine, TERMS, 0).is_err() && Decoder::new(&engine, TERMS, 129).is_err());
    assert!(Engine::new(model, Some(257)).is_err());
}

#[test]
fn long_word_is_merged_in_bounded_time() {
    let model = Model::tiny();
    let text = "the".repeat(TEXT_BYTES_MAX / 3);
    let tokens = model.tokenizer().encode(&text).unwrap();
    let bytes: usize = tokens.iter().map(|token| model.tokenizer().bytes(*token).len()).sum();
    assert_eq!(bytes, text.len());
}

#[test]
fn full_context_ends_an_answer() {
    let engine = Engine::new(Arc::new(Model::parse(&sound().bytes()).unwrap()), Some(1)).unwrap();
    let mut decoder = Decoder::new(&engine, TERMS, 1).unwrap();
    decoder.push(Job { sequence: 0, prompt: vec![Token(97); 60], tokens_max: 100 }).unwrap();
    let (mut count, mut end) = (0, None);
    decoder
        .run(&mut |drawn| {
            count += 1;
            end = drawn.end;
        })
        .unwrap();
    assert_eq!(
        (count, end),
        (5, Some(inference::End::Context)),
        "a token follows each of the positions 60 to 64"
    );
}
