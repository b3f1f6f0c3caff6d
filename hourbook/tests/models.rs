//! Models: what the program says of questions, of model files that are sound, and of hostile ones, within bounded memory.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../client/tests/canned/mod.rs"]
mod canned;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../../inference/tests/file/mod.rs"]
mod file;
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use file::{F32, Fact, File};
use program::{Ran, run, run_within};
use serde_json::Value;

/// Address space that a command may take with a file that is no good: the program itself takes most of it.
const MEMORY_BYTES: u64 = 1 << 30;

fn sound() -> File {
    File::model(|_, weights| (F32, vec![0; weights * 4]))
}

fn keep(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// A file of this length that begins with these bytes and is zero behind them, without taking so much disk.
fn long(folder: &tempfile::TempDir, name: &str, bytes: &[u8], length: u64) -> PathBuf {
    let path = keep(folder, name, bytes);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
    path
}

/// The lines in which a model can be named.
fn lines(model: &str) -> [Vec<&str>; 5] {
    [
        vec!["model", "chat", "Hello", "--model", model],
        vec!["model", "show", model],
        vec!["bench", "inference", "--model", model],
        vec!["bench", "cheats", "--model", model],
        // The model is read first.
        vec!["receipt", "verify", "none.receipt", "--model", model],
    ]
}

/// Every command refuses this file, by these words, in one sentence and a word of advice.
fn refused(file: &Path, words: &str) {
    for line in lines(file.to_str().unwrap()) {
        let Ran { code, stdout, stderr } = run_within(MEMORY_BYTES, &line);
        assert_eq!(code, 5, "{line:?}: {stderr}");
        // What is not built for measuring says so first.
        let said: Vec<&str> = stderr.lines().filter(|line| !line.starts_with("this is no release")).collect();
        assert!(said.len() == 2 && said[0].starts_with("error: "), "{line:?}: {stderr}");
        assert!(stderr.contains(words), "{line:?}: expected `{words}`, got {stderr}");
        assert!(stdout.is_empty() || line[1] == "show", "{line:?}: {stdout}");
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn same_question_has_the_same_answer() {
    let seed = "07".repeat(32);
    let line = ["model", "chat", "What is a bid?", "--tokens", "12", "--seed", &seed];
    let told = run(&line);
    assert_eq!(told.code, 0, "{told:?}");
    for threads in ["1", "2", "5"] {
        let ran = run(&[&line[..], &["--threads", threads, "--json"]].concat());
        let answer = json(&ran);
        assert_eq!(answer["answer"], told.stdout.trim_end_matches('\n'), "with {threads} threads");
        assert_eq!((&answer["prompt_tokens"], &answer["seed"]), (&24.into(), &seed.as_str().into()));
        let tokens = answer["tokens"].as_u64().unwrap();
        assert!((1..=12).contains(&tokens) && (answer["end"] == "stop" || tokens == 12), "{answer}");
    }
    let other = run(&["model", "chat", "What is a bid?", "--tokens", "12", "--seed", &"08".repeat(32)]);
    assert_ne!(other.stdout, told.stdout);
}

#[test]
fn cut_answer_says_how_to_get_the_rest() {
    let ran = run(&["model", "chat", "What is a bid?", "--tokens", "1", "--temperature", "0"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "cut after 1 tokens: --tokens allows for more\n"));
}

#[test]
fn wrong_questions_are_refused() {
    let long = "why? ".repeat(4_000);
    for (words, said) in [
        (&["--tokens", "0"][..], "--tokens"),
        (&["--tokens", "100001"], "--tokens"),
        (&["--temperature", "10.5"], "--temperature"),
        (&["--temperature", "NaN"], "--temperature"),
        (&["--seed", "07"], "--seed"),
        (&["--top-k", "0"], "--top-k"),
        (&["--threads", "257"], "threads is 257, must be at most 256"),
    ] {
        let ran = run(&[&["model", "chat", "Why?"], words].concat());
        assert!(ran.code == 2 && ran.stderr.contains(said), "{words:?}: {ran:?}");
        assert_eq!(ran.stdout, "");
    }
    let ran = run_within(MEMORY_BYTES, &["model", "chat", &long]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("tokens, must have at most 2048"), "{ran:?}");
}

#[test]
fn sound_file_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = keep(&folder, "sound.gguf", &sound().bytes());
    let ran = run_within(MEMORY_BYTES, &["model", "show", path.to_str().unwrap(), "--json"]);
    let shown = json(&ran);
    assert_eq!((ran.code, shown["tensors"].as_array().unwrap().len()), (0, 20), "{ran:?}");
    assert_eq!((&shown["weights"], &shown["memory_bytes"]), (&1_246_208.into(), &5_013_504.into()));
    let ran = run(&["model", "show", path.to_str().unwrap()]);
    assert!(ran.stdout.contains("general.architecture"), "{ran:?}");
}

#[test]
fn hostile_files_are_refused_within_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = sound().bytes();
    refused(&keep(&folder, "empty", b""), "has the wrong magic, must begin with `GGUF`");
    refused(&keep(&folder, "text", b"Dear model,"), "has the wrong magic, must begin with `GGUF`");
    refused(&keep(&folder, "short", &bytes[..6]), "version needs 4 bytes at 4, and the file ends after 2");
    refused(&keep(&folder, "cut", &bytes[..bytes.len() / 2]), "lies outside the file: it was cut short");
    let counts = [&bytes[..8], &u64::MAX.to_le_bytes(), &bytes[16..]].concat();
    refused(&keep(&folder, "counts", &counts), "tensor_count is 18446744073709551615, must be at most 16384");
    let mut other = sound();
    other.set("general.architecture", Fact::Text("gpt2".to_owned()));
    refused(&keep(&folder, "gpt2", &other.bytes()), "general.architecture is `gpt2`, must be `llama`");
    refused(folder.path(), "cannot be read");
    refused(&folder.path().join("none"), "cannot be read");
}

#[test]
fn oversized_files_are_refused_before_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    refused(&long(&folder, "zeros", b"", 12 << 30), "has the wrong magic");
    refused(
        &long(&folder, "large", b"GGUF", 12 << 30),
        "has 12884901888 bytes, more than there is memory for",
    );
    refused(
        &long(&folder, "huge", b"GGUF", 17 << 30),
        "has 18253611008 bytes, must have at most 17179869184",
    );
    if cfg!(unix) {
        refused(Path::new("/dev/zero"), "has the wrong magic");
    }
}

/// Five hundred layers whose matrices are all the same bytes of a small file: more than a gigabyte, if it were believed.
#[test]
fn small_file_stays_small_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = sound();
    let layers = 500;
    file.set("llama.block_count", Fact::Number(layers));
    for name in file.tensors.iter().map(|tensor| tensor.name.clone()).collect::<Vec<String>>() {
        let Some(part) = name.strip_prefix("blk.1.") else { continue };
        let at = file.tensors.iter().position(|tensor| tensor.name == name).unwrap();
        let tensor = file.tensors[at].clone();
        let more = (2..layers).map(|layer| {
            // What has no bytes of its own lies where the next one lies.
            let blocks = if tensor.rows == 1 { tensor.blocks.clone() } else { Vec::new() };
            file::Tensor { name: format!("blk.{layer}.{part}"), blocks, ..tensor.clone() }
        });
        let more: Vec<file::Tensor> = more.collect();
        file.tensors.splice(at..at, more);
    }
    refused(&keep(&folder, "shared", &file.bytes()), "lies over another tensor");
}

#[test]
fn small_model_is_measured() {
    let line = ["bench", "inference", "--sequences", "2", "--threads", "2", "--json"];
    let ran = run(&line);
    let measured = json(&ran);
    assert_eq!(
        (ran.code, &measured["identical"], &measured["sequences"]),
        (0, &true.into(), &2.into()),
        "{ran:?}"
    );
    for rate in ["prefill_tokens_per_s", "decode_tokens_per_s", "multiply_gflops", "memory_gb_per_s"] {
        assert!(0 < measured[rate].as_u64().unwrap(), "{rate}: {measured}");
    }
    assert!(measured["proof_overhead_pct"].is_f64(), "{measured}");
    let ran = run(&["bench", "inference", "--sequences", "129"]);
    assert!(ran.code == 2 && ran.stderr.contains("1..=128"), "{ran:?}");
}

/// The file that a test writes has room for 64 positions.
#[test]
fn context_too_short_to_measure_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = keep(&folder, "short.gguf", &sound().bytes());
    let ran = run(&["bench", "inference", "--model", path.to_str().unwrap()]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("sequence has 512 tokens, must have at most 64"), "{ran:?}");
}
