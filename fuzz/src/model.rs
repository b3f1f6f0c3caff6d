//! Model: bytes are a model file, or a text for a vocabulary.

use inference::{Model, Text, describe};

/// The first byte says which. Panics when a file is taken that cannot be described, or a text does not come back from its tokens.
pub fn model(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    if kind.is_multiple_of(2) {
        file(data);
    } else {
        text(&String::from_utf8_lossy(data));
    }
}

fn file(data: &[u8]) {
    let described = describe(data);
    match Model::parse(data) {
        Ok(model) => {
            assert!(described.is_ok(), "a model's file can be described");
            // What was taken can be asked; whether it has tokens for these bytes is its own affair.
            model.question("An hour?").ok();
        }
        Err(invalid) => assert!(!invalid.to_string().is_empty(), "a refusal says why"),
    }
}

fn text(text: &str) {
    let model = Model::tiny();
    let tokenizer = model.tokenizer();
    let tokens = tokenizer.encode(text).expect("the tiny vocabulary has a token for every byte");
    let mut back = Text::default();
    let mut whole: String = tokens.iter().map(|token| back.push(tokenizer.bytes(*token))).collect();
    whole += &back.finish();
    assert_eq!(whole, text, "a text comes back from its tokens");
}
