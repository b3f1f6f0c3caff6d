//! Examiner: measures what was opened of a slot with the reference engine, and says what it found, as an auditor or as the arbiter.

use std::sync::Arc;

use attestation::calibration::NumericClass;
use attestation::finding::Finding;
use attestation::fingerprint::Distance;
use attestation::judgement::Judgement;
use attestation::key::SecretKey;
use attestation::margin::Margins;
use attestation::receipt::Receipt;
use attestation::verdict::Stage;
use client::connection::Connection;
use client::error::ClientError;
use protocol::blob::Blob;
use protocol::delivery::{SlotName, SlotOutcome, SlotState};
use protocol::error_code::ErrorCode;
use protocol::evidence::{Case, JudgeSlot, RuleSlot};
use settlement::case::closed;
use tokio::task::spawn_blocking;

use crate::auditor::Auditor;
use crate::delivering::worker::{WorkError, now_ns, strange};

/// An auditor's model and key.
pub(crate) struct Examiner {
    pub(crate) model: Arc<Auditor>,
    pub(crate) key: SecretKey,
}

/// What was measured of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Sequences read.
    pub(crate) sequences: usize,
    /// Whether all of them are what the model computes.
    pub(crate) is_clean: bool,
}

/// What the arbiter decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ruled {
    pub(crate) outcome: SlotOutcome,
    /// Sequences read.
    pub(crate) sequences: usize,
}

impl Examiner {
    /// Audits a slot. `None` while it is not opened yet.
    pub(crate) async fn audit(
        &self,
        connection: &Connection,
        slot: SlotName,
    ) -> Result<Option<Measured>, WorkError> {
        let told = connection.receipt(slot).await?;
        match told.status.map(|status| status.state) {
            Some(SlotState::Opened) => {}
            Some(SlotState::Committed) => return Ok(None),
            _ => return Err(WorkError::Other("it went on without this audit".to_owned())),
        }
        let receipt = Receipt::decode(&told.receipt.0).map_err(strange)?;
        let (findings, receipt) = self.measure(receipt).await?;
        let verdict = receipt.verdict_on(Stage::Sample, &findings, self.key.public()).signed(&self.key);
        let measured = Measured { sequences: findings.len(), is_clean: verdict.is_clean() };
        connection
            .judge_slot(JudgeSlot {
                delivery: slot.delivery,
                slot: slot.slot,
                verdict: Blob(verdict.encode()),
                findings: findings.iter().map(|finding| Blob(finding.encode())).collect(),
            })
            .await?;
        Ok(Some(measured))
    }

    /// Decides a slot as the arbiter. What was flagged is looked at whole: its provider is to open the rest, for which this waits until
    /// the slot could be final; `None` while it does. Of what was not flagged, all that is open is measured again; of what nobody
    /// committed to nothing is.
    pub(crate) async fn rule(
        &self,
        connection: &Connection,
        case: &Case,
    ) -> Result<Option<Ruled>, WorkError> {
        let receipt = match connection.receipt(case.slot).await {
            Ok(told) => Some(Receipt::decode(&told.receipt.0).map_err(strange)?),
            // Nobody committed to it, or it is lost.
            Err(ClientError::Refused(error)) if error.code == ErrorCode::UnknownDelivery => None,
            Err(error) => return Err(error.into()),
        };
        let (outcome, sequences, reason) = match receipt {
            Some(receipt) if is_open(&receipt) => {
                let is_flagged = case.status.state == SlotState::Flagged;
                let is_whole = receipt.open.len() == receipt.leaves.len();
                if is_flagged && !is_whole && now_ns() < receipt.assign.schedule.final_ns {
                    return Ok(None);
                }
                let (findings, receipt) = self.measure(receipt).await?;
                let (outcome, reason) = match is_flagged {
                    true if is_wrong(&findings, &receipt) => (SlotOutcome::Rejected, "wrong"),
                    true if !is_whole => (SlotOutcome::Unopened, "rest-was-not-opened"),
                    false if !Judgement::of(&findings, &receipt.calibration).is_clean() => {
                        (SlotOutcome::Rejected, "wrong")
                    }
                    _ => (SlotOutcome::Accepted, "measured-again"),
                };
                (outcome, findings.len(), reason)
            }
            receipt if is_to_blame(case.status.outcome, receipt.as_ref()) => {
                (SlotOutcome::Rejected, 0, "nothing-was-opened")
            }
            // Nobody was drawn to see it, or the exchange has lost what was shown.
            _ => (SlotOutcome::Inconclusive, 0, "evidence-missing"),
        };
        let SlotName { delivery, slot } = case.slot;
        let ruling = RuleSlot { delivery, slot, outcome, reason: reason.to_owned() };
        connection.rule_slot(ruling).await?;
        Ok(Some(Ruled { outcome, sequences }))
    }

    async fn measure(&self, receipt: Receipt) -> Result<(Vec<Finding>, Receipt), WorkError> {
        if receipt.assign.model != self.model.id() {
            let message =
                format!("it was computed with the model {}, and this is another one", receipt.assign.model);
            return Err(WorkError::Other(message));
        }
        let model = Arc::clone(&self.model);
        let measured = spawn_blocking(move || {
            let findings = receipt.open.iter().map(|(index, transcript)| {
                // What the model cannot even read is not what it wrote.
                model.measure(&receipt.assign, *index, transcript).unwrap_or_else(|_| unreadable(*index))
            });
            (findings.collect(), receipt)
        });
        measured.await.map_err(strange)
    }
}

/// Whether what was flagged is wrong: by the sequences that no auditor had drawn; where computing is exact, by any.
fn is_wrong(findings: &[Finding], receipt: &Receipt) -> bool {
    let rest = receipt.audited(Stage::Rest);
    let is_exact = receipt.calibration.class == NumericClass::Exact;
    let counts = |finding: &&Finding| is_exact || rest.binary_search(&finding.index).is_ok();
    let counted: Vec<Finding> = findings.iter().filter(counts).copied().collect();
    !Judgement::of(&counted, &receipt.calibration).is_clean()
}

/// Whether all that was drawn is open.
fn is_open(receipt: &Receipt) -> bool {
    receipt.secrets.exchange.is_some() && closed(receipt, Stage::Sample) == 0
}

/// Whether the provider is to blame for what is not open: of a slot that was opened, or that nobody was drawn for, it is not.
fn is_to_blame(outcome: Option<SlotOutcome>, receipt: Option<&Receipt>) -> bool {
    match outcome {
        Some(SlotOutcome::Missed) => true,
        Some(SlotOutcome::Unopened) => receipt.is_some(),
        _ => false,
    }
}

/// What is found of a sequence that the model cannot have written.
fn unreadable(index: u32) -> Finding {
    Finding {
        index,
        distance: Distance { activations: 0, mismatches: 0, ulps: 0 },
        margins: Margins::default(),
        has_wrong_end: true,
    }
}
