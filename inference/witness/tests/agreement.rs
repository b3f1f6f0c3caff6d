//! Agreement: two engines and two tokenizers on one model, and how far they are apart.
//!
//! Runs where `make model` has fetched the model; else says that it is skipped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use attestation::fingerprint::{Distance, distance, fingerprints};
use attestation::margin::Margins;
use inference::{Decoder, Engine, Job, Model, Place, Terms, Token, read_file};
use witness::{Llama, tokenizer};

/// Answers that are compared, and tokens of each.
const ANSWERS: u32 = 16;
const TOKENS: u32 = 96;
const TERMS: Terms = Terms { seed: *b"two engines are asked for one an", temperature: 1_000_000, top_k: 50 };

const QUESTIONS: [&str; 4] = [
    "What is the capital of France?",
    "Write a short story about an exchange where hours of machines are traded.",
    "Explain in simple words why the sky is blue.",
    "List five things to pack for a week in the mountains.",
];

fn path() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/smollm2-135m-instruct.gguf");
    if !path.exists() {
        eprintln!("skipped: models/smollm2-135m-instruct.gguf is not there; `make model` fetches it");
        return None;
    }
    Some(path)
}

fn ours(path: &Path) -> Engine {
    let model = Model::parse(&read_file(path).expect("it can be read")).expect("it is a model");
    Engine::new(Arc::new(model), None).expect("threads can be started")
}

/// An answer of our engine: its prompt, its tokens, and their hidden states row by row.
struct Answer {
    prompt: Vec<Token>,
    tokens: Vec<Token>,
    hidden: Vec<f32>,
}

fn answers(engine: &Engine) -> Vec<Answer> {
    let mut decoder = Decoder::new(engine, TERMS, 16).expect("16 are few enough");
    let prompt = |sequence: u32| {
        let question = QUESTIONS[usize::try_from(sequence).expect("it is small") % QUESTIONS.len()];
        engine.model().question(question).expect("it is a question")
    };
    let mut answers: Vec<Answer> = (0..ANSWERS)
        .map(|sequence| Answer { prompt: prompt(sequence), tokens: Vec::new(), hidden: Vec::new() })
        .collect();
    for (sequence, answer) in (0..).zip(&answers) {
        decoder
            .push(Job { sequence, prompt: answer.prompt.clone(), tokens_max: TOKENS })
            .expect("it is a prompt");
    }
    let mut take = |drawn: inference::Drawn<'_>| {
        let answer = &mut answers[usize::try_from(drawn.place.sequence).expect("it is small")];
        answer.tokens.push(drawn.token);
        answer.hidden.extend(drawn.hidden);
    };
    decoder.run(&mut take).expect("the model is sound");
    answers
}

#[test]
fn another_engine_agrees_within_the_tolerance() {
    let Some(path) = path() else { return };
    let engine = ours(&path);
    let other = Llama::read(&path).expect("Candle reads the file");
    let width = engine.model().shape().width;
    let (mut total, mut margins, mut widest) = (Distance::default(), Margins::default(), 0.0_f32);
    for (sequence, answer) in (0..).zip(answers(&engine)) {
        let all: Vec<u32> = answer.prompt.iter().chain(&answer.tokens).map(|token| token.0).collect();
        let (hidden, logits) = other.read_tokens(&all).expect("Candle computes");
        let from = answer.prompt.len() - 1;
        let rows = |tensor: &candle_core::Tensor| -> Vec<Vec<f32>> {
            tensor
                .narrow(0, from, answer.tokens.len())
                .and_then(|rows| rows.to_vec2())
                .expect("they are rows")
        };
        let (hidden, logits) = (rows(&hidden).concat(), rows(&logits));
        let far = hidden.iter().zip(&answer.hidden).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        widest = widest.max(far);
        // The other engine is the provider: its states become fingerprints, and ours checks them.
        let given = fingerprints(&hidden, width).expect("states are finite");
        let apart = distance(&given, &answer.hidden, width).expect("states are finite");
        total.activations += apart.activations;
        total.mismatches += apart.mismatches;
        total.ulps += apart.ulps;
        for (position, (token, logits)) in (0..).zip(answer.tokens.iter().zip(&logits)) {
            margins.add(TERMS.margin_of_values(logits, Place { sequence, position }, *token));
        }
    }
    let mean = f64::from(u32::try_from(total.ulps).expect("it is small")) / f64::from(total.activations);
    println!("{} answers, {} tokens", ANSWERS, margins.tokens);
    println!("hidden states differ by {widest:e} at most");
    println!(
        "fingerprints: {} activations, {} mismatches, {mean:.6} units of the last place on average",
        total.activations, total.mismatches
    );
    println!(
        "tokens: {} of {} equal, widest margin {} micro-nats",
        margins.equal, margins.tokens, margins.widest_micronats
    );
    assert!(500 < margins.tokens, "the answers are long enough to say something");
    assert!(widest < 1e-3, "hidden states are the same but for rounding");
    assert_eq!(total.mismatches, 0, "no activation is of another sign or size");
    assert!(mean < 0.01, "values are the same but for the last places");
    assert!(margins.widest_micronats < 1_000, "a token differs only where two scores are as good as equal");
}

#[test]
fn another_tokenizer_agrees() {
    let Some(path) = path() else { return };
    let engine = ours(&path);
    let other = tokenizer(&path).expect("it is a vocabulary");
    let documents = [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "docs/protocol.md",
        "docs/GLOSSARY.md",
        "engine/src/order.rs",
    ];
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts: Vec<String> =
        documents.iter().map(|name| std::fs::read_to_string(root.join(name)).expect("it is there")).collect();
    texts.extend(HARD.map(str::to_owned));
    for text in &texts {
        let ours: Vec<u32> = match engine.model().tokenizer().encode(text) {
            Ok(tokens) => tokens.iter().map(|token| token.0).collect(),
            Err(refused) => panic!("{refused}: {text:.80}"),
        };
        let theirs = other.encode_fast(text.as_str(), false).expect("it is a text");
        assert_eq!(ours, theirs.get_ids(), "of {text:.80}");
    }
}

const HARD: [&str; 12] = [
    "  two  blanks   before\n\n\n and\t\ttabs \r\n",
    "it's we'll they've I'm 'S 'LL '' ''s",
    "1234567890 ½ ² Ⅷ ١٢٣ 3.14159,26",
    "naïve café Ünïcödé ÀÉÎ",
    "東京は日本の首都です。",
    "काफ़ी हिन्दी में",
    "العربية والعبرية עברית",
    "🚀👩‍👩‍👧‍👦🇫🇷 e\u{301} a\u{300}",
    "\u{a0}\u{3000}\u{2003}x\u{200b}y\u{feff}",
    "<|im_start|>user<|im_end|>",
    "snake_case camelCase kebab-case::path()->[x]{y};",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];
