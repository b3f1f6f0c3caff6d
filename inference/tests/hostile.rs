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
    let listed = |lists: &[(u32, u64, usize)]| {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(0_u64.to_le_bytes());
        bytes.extend(u64::try_from(lists.len()).unwrap().to_le_bytes());
        for (at, (kind, count, zeros)) in lists.iter().enumerate() {
            put_text(&mut bytes, &format!("list {at}"));
            bytes.extend(9_u32.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.resize(bytes.len() + zeros, 0);
        }
        bytes
    };
    check(&listed(&[(8, 1 << 60, 0)]), "list 0 is 1152921504606846976, must be at most 4194304");
    check(
        &listed(&[(8, 1 << 22, 0)]),
        "list 0 has 4194304 entries, which need 33554432 bytes or more, and 0 are left",
    );
    // Many lists take no more memory than one.
    check(
        &listed(&[(0, 1 << 22, 1 << 22), (0, 1, 1)]),
        "list 1 is 1, must be at most 0: lists have 4194304 together",
    );
    check(&listed(&[(9, 1, 0)]), "list 0 is a list of lists");
    check(&listed(&[(77, 1, 0)]), "list 0 has the unknown type 77");
}

/// Where the second tensor of the same sizes begins, the first does: none is read twice.
#[test]
fn tensors_that_share_bytes_are_refused() {
    let file = sound();
    let bytes = file.bytes();
    let sizes = file.tensors.iter().map(|tensor| tensor.blocks.len());
    let head = bytes.len() - sizes.sum::<usize>();
    let offset_of = |name: &str| {
        let name_at = bytes[..head].windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
        // Behind the name: two dimensions and their number, and the format.
        name_at + name.len() + 4 + 16 + 4
    };
    let [up, gate] = ["blk.1.ffn_up.weight", "blk.1.ffn_gate.weight"].map(offset_of);
    for less in [0, 32] {
        let mut bent = bytes.clone();
        let at = u64::from_le_bytes(bytes[gate..gate + 8].try_into().unwrap()) - less;
        bent[up..up + 8].copy_from_slice(&at.to_le_bytes());
        check(&bent, "lies over another tensor, `blk.1.");
    }
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
    let long = (0..260).map(|at| if at == 7 { "x".repeat(1025) } else { format!("t{at}") }).collect();
    with("tokenizer.ggml.tokens", Fact::Texts(long), "tokens[7] has 1025 bytes, must have 1 to 1024");
    let mut twice = sound();
    twice.facts.push(("general.name".to_owned(), text("again")));
    check(&twice.bytes(), "general.name stands twice");
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
    let infinite = f32::INFINITY.to_le_bytes();
    let norm = |file: &mut File| file.tensor("output_norm.weight").blocks[..4].copy_from_slice(&infinite);
    with(&norm, "output_norm.weight has a weight that is not finite");
    // An infinite scale, then an infinite offset, of a block of Q4_1.
    for at in [0, 2] {
        let scale = |file: &mut File| {
            let tensor = file.tensor(name);
            (tensor.format, tensor.blocks) = (3, vec![0; 512 * 256 / 32 * 20]);
            tensor.blocks[at..at + 2].copy_from_slice(&[0, 0x7C]);
        };
        with(&scale, "blk.1.ffn_up.weight has a weight that is not finite");
    }
    let factors = |file: &mut File| {
        let blocks = vec![0; 32 * 4];
        let name = "rope_freqs.weight".to_owned();
        file.tensors.push(file::Tensor { name, columns: 32, rows: 1, format: F32, blocks });
    };
    with(&factors, "rope_freqs.weight has a factor that is not above zero");
}

/// A file without facts, with one tensor that is told by these numbers.
fn described(version: u32, dimensions: &[u64], format: u32, offset: u64) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend([1_u64, 0].map(u64::to_le_bytes).concat());
    put_text(&mut bytes, "it");
    bytes.extend(u32::try_from(dimensions.len()).unwrap().to_le_bytes());
    dimensions.iter().for_each(|size| bytes.extend(size.to_le_bytes()));
    bytes.extend(format.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.resize(4096, 0);
    bytes
}

#[test]
fn wrong_descriptions_are_named() {
    check(&described(3, &[32, 2], 0, 0), "general.architecture is missing");
    for version in [1, 4] {
        let message = format!("version is {version}, must be 2 or 3");
        check(&described(version, &[32, 2], 0, 0), &message);
    }
    check(&described(3, &[], 0, 0), "it has 0 dimensions, must have 1 to 4");
    check(&described(3, &[1; 5], 0, 0), "it has 5 dimensions, must have 1 to 4");
    check(&described(3, &[32, 2, 2], 0, 0), "it has more than two dimensions");
    check(&described(3, &[31, 2], 2, 0), "it has rows of 31 weights, must be whole blocks of 32");
    check(&described(3, &[32, 2], 0, 33), "it lies at 33, must be a multiple of 32");
    check(&described(3, &[32, 2], 0, u64::MAX - 31), "it lies outside the file");
}

/// Finite weights whose products are not: nothing is drawn from what is no number.
#[test]
fn state_that_is_no_number_ends_the_computation() {
    let weight = |name: &str| if name.starts_with("token") { 0.5_f32 } else { 1e30 };
    let file = File::model(|name, weights| (F32, [weight(name).to_le_bytes()].repeat(weights).concat()));
    let engine = Engine::new(Arc::new(Model::parse(&file.bytes()).unwrap()), Some(1)).unwrap();
    let mut decoder = Decoder::new(&engine, TERMS, 1).unwrap();
    decoder.push(Job { sequence: 0, prompt: vec![Token(97)], tokens_max: 2 }).unwrap();
    let error = decoder.run(&mut |_| panic!("nothing is told")).unwrap_err().to_string();
    assert_eq!(error, "hidden state is not finite: the model's weights are no good");
}

#[test]
fn prompts_that_wait_are_bounded() {
    let engine = Engine::new(Arc::new(Model::tiny()), Some(1)).unwrap();
    let mut decoder = Decoder::new(&engine, TERMS, 1).unwrap();
    let job = |sequence| Job { sequence, prompt: vec![Token(97)], tokens_max: 1 };
    (0..65_536).for_each(|sequence| decoder.push(job(sequence)).unwrap());
    let error = decoder.push(job(65_536)).unwrap_err().to_string();
    assert_eq!(error, "waiting has 65536 prompts, no more are taken");
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
