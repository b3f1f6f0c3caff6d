//! Auditor: reads answers with the reference engine, and measures how far they are from what the model would have given.

use std::path::Path;
use std::sync::Arc;

use attestation::assign::Assign;
use attestation::check::{Check, Checked, Consumed, with_model, without_model};
use attestation::digest::Digest;
use attestation::finding::Finding;
use attestation::fingerprint;
use attestation::margin::Margins;
use attestation::model::model_id;
use attestation::receipt::Receipt;
use attestation::transcript::Transcript;
use attestation::verdict::Stage;
use inference::{Engine, Invalid, Model, Place, Terms, Token, read_file};

use crate::failure::Failure;

/// What the model that is built in is called, where a file may be named.
pub(crate) const BUILT_IN: &str = "tiny";
/// Why questions that take a model were not asked.
const NO_MODEL: &str = "no model was given";

/// A model on this machine's processors.
#[derive(Debug)]
pub(crate) struct Auditor {
    file: Option<Arc<[u8]>>,
    model: Arc<Model>,
    engine: Engine,
    id: Digest,
}

/// Which open sequences are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Those that the beacon drew.
    Drawn,
    /// All that are open.
    Open,
}

impl Auditor {
    /// With the model in a file, or the one that is built in: `tiny`.
    pub(crate) fn open(file: &Path) -> Result<Auditor, Failure> {
        let is_built_in = file == Path::new(BUILT_IN);
        let refuse = |invalid: Invalid| {
            let advice = "`tiny` is the model that is built in; `make model` fetches another to models/";
            Failure::local(format!("{}: {invalid}", file.display())).advise(advice)
        };
        let bytes = if is_built_in { None } else { Some(read_file(file).map_err(refuse)?) };
        let id = model_id(bytes.as_deref().unwrap_or(BUILT_IN.as_bytes()));
        let model = bytes.as_deref().map_or_else(|| Ok(Model::tiny()), Model::parse).map_err(refuse)?;
        let model = Arc::new(model);
        let engine = Engine::new(model.clone(), None);
        let engine = engine.map_err(|invalid| Failure::local(invalid.to_string()))?;
        Ok(Auditor { file: bytes.map(Arc::from), model, engine, id })
    }

    /// What computes.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The model's id, as assignments name it.
    pub(crate) fn id(&self) -> Digest {
        self.id
    }

    /// The model.
    pub(crate) fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The model once more, to be altered.
    pub(crate) fn again(&self) -> Model {
        let again = |bytes: &Arc<[u8]>| Model::parse(bytes).expect("it has been read before");
        self.file.as_ref().map_or_else(Model::tiny, again)
    }

    /// Measures one sequence of an assignment. Says why the model cannot have written it, if it cannot even read it.
    pub(crate) fn measure(
        &self,
        assign: &Assign,
        sequence: u32,
        transcript: &Transcript,
    ) -> Result<Finding, String> {
        let (prompt, answer) = (transcript.prompt(), transcript.answer());
        let (last, before) = answer.split_last().expect("an answer has tokens");
        let tokens: Vec<Token> = prompt.iter().chain(before).map(|token| Token(*token)).collect();
        let terms = terms(assign);
        let (mut hidden, mut margins) = (Vec::new(), Margins::default());
        let mut given = answer.iter().zip(0..);
        let read = self.engine.read(&tokens, prompt.len(), &mut |_, state, logits| {
            let (token, position) = given.next().expect("there is one state for each token");
            hidden.extend_from_slice(state);
            margins.add(terms.margin(logits, Place { sequence, position }, Token(*token)));
        });
        read.map_err(|invalid| invalid.to_string())?;
        let model = self.engine.model();
        let distance = fingerprint::distance(transcript.fingerprints(), &hidden, model.shape().width);
        let distance = distance.map_err(|_| "the model computes what is no number".to_owned())?;
        let is_end = |token: &u32| model.tokenizer().is_end(Token(*token));
        let is_full = model.shape().context <= tokens.len();
        let is_longest = transcript.answer_tokens() == assign.sampling.tokens_max || is_full;
        let has_wrong_end = before.iter().any(is_end) || !(is_end(last) || is_longest);
        Ok(Finding { index: sequence, distance, margins, has_wrong_end })
    }

    /// Asks everything that takes the model.
    fn check(&self, receipt: &Receipt, extent: Extent) -> Vec<Checked> {
        let is_model = receipt.assign.model == self.id;
        if !is_model {
            let against = format!("it was assigned {}, this is {}", receipt.assign.model, self.id);
            let mut checked = vec![Checked::unless(Check::Model, Some(against))];
            checked.extend(unasked("the model is another one"));
            return checked;
        }
        let mut checked = vec![Checked::unless(Check::Model, None)];
        match self.findings(receipt, extent) {
            Ok(findings) if findings.is_empty() => checked.extend(unasked("nothing that was drawn is open")),
            Ok(findings) => checked.extend(with_model(receipt, &findings)),
            Err(against) => checked.push(Checked::unless(Check::Tokens, Some(against))),
        }
        checked
    }

    /// What is measured of a receipt's sequences. Says why the model cannot have written one, if it cannot even read it.
    pub(crate) fn findings(&self, receipt: &Receipt, extent: Extent) -> Result<Vec<Finding>, String> {
        let drawn = receipt.audited(Stage::Sample);
        let is_measured = |index: &u32| extent == Extent::Open || drawn.binary_search(index).is_ok();
        let measured = receipt.open.iter().filter(|(index, _)| is_measured(index));
        let measure = |(index, transcript): &(u32, Transcript)| {
            let finding = self.measure(&receipt.assign, *index, transcript);
            finding.map_err(|why| format!("sequence {index}: {why}"))
        };
        measured.map(measure).collect()
    }
}

/// Asks everything that there is to ask about a receipt.
pub(crate) fn check(
    receipt: &Receipt,
    consumed: &mut Consumed,
    auditor: Option<&Auditor>,
    extent: Extent,
) -> Vec<Checked> {
    let mut checked = vec![consumed.check(&receipt.assign.batch)];
    checked.extend(without_model(receipt));
    match auditor {
        Some(auditor) => checked.extend(auditor.check(receipt, extent)),
        None => {
            checked.push(Checked::skipped(Check::Model, NO_MODEL));
            checked.extend(unasked(NO_MODEL));
        }
    }
    checked
}

/// How an assignment has tokens drawn.
pub(crate) fn terms(assign: &Assign) -> Terms {
    let sampling = &assign.sampling;
    Terms { seed: assign.seed, temperature: sampling.temperature_micro, top_k: sampling.top_k }
}

fn unasked(reason: &'static str) -> [Checked; 5] {
    [Check::Length, Check::Tokens, Check::Fingerprints, Check::Batch, Check::Findings]
        .map(|check| Checked::skipped(check, reason))
}
