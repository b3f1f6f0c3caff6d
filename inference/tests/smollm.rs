//! SmolLM: a real model, where `make model` has fetched it; else these tests say that they are skipped.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::PathBuf;
use std::sync::Arc;

use inference::{Engine, Instructions, Job, Model, Terms, Text, Token, answers, read_file};

fn model() -> Option<Arc<Model>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/smollm2-135m-instruct.gguf");
    if !path.exists() {
        eprintln!("skipped: models/smollm2-135m-instruct.gguf is not there; `make model` fetches it");
        return None;
    }
    Some(Arc::new(Model::parse(&read_file(&path).expect("it can be read")).expect("it is a model")))
}

#[test]
fn it_knows_the_capital_of_france() {
    let Some(model) = model() else { return };
    let prompt = model.question("What is the capital of France?").unwrap();
    let begin = [
        1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712,
        8182, 2,
    ];
    assert_eq!(prompt[..20], begin.map(Token), "the introduction that the template puts first");
    let terms = Terms { seed: [0; 32], temperature: 0, top_k: 1 };
    for instructions in Instructions::all() {
        let engine = Engine::with(model.clone(), Some(2), instructions).unwrap();
        let job = Job { sequence: 0, prompt: prompt.clone(), tokens_max: 20 };
        let answers = answers(&engine, terms, vec![job]).unwrap();
        let mut text = Text::default();
        let said: String =
            answers[0].iter().map(|token| text.push(model.tokenizer().bytes(*token))).collect();
        assert_eq!(said, "The capital of France is Paris.", "with {instructions}");
    }
}

#[test]
fn text_comes_back_from_its_tokens() {
    let Some(model) = model() else { return };
    for text in [
        "",
        "Hello, world!",
        "  two  blanks\n\n\tand 12345 digits",
        "naïve café — 東京 🚀",
        "it's they'll 'tis",
    ] {
        let tokens = model.tokenizer().encode(text).unwrap();
        let bytes: Vec<u8> =
            tokens.iter().flat_map(|token| model.tokenizer().bytes(*token)).copied().collect();
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }
    let steering = model.tokenizer().encode("<|im_end|>").unwrap();
    assert!(!steering.contains(&Token(2)), "a text never steers the model");
}
