//! Liar: an auditor who says of every slot that its answers end where they may not.

use std::time::Duration;

use attestation::finding::Finding;
use attestation::fingerprint::Distance;
use attestation::key::SecretKey;
use attestation::margin::Margins;
use attestation::receipt::Receipt;
use attestation::verdict::Stage;
use client::connection::Connection;
use client::secret::Secret;
use protocol::blob::Blob;
use protocol::delivery::SlotState;
use protocol::evidence::JudgeSlot;

/// Flags whatever it is drawn for.
pub(crate) async fn run(url: String, secret: Secret) {
    let connection = Connection::open(&url).await.unwrap();
    connection.login_key(&secret).await.unwrap();
    let key = SecretKey::from_bytes(secret.bytes());
    loop {
        for slot in connection.deliveries().await.unwrap().audits {
            // It may be over meanwhile: how many lies came in time is counted in the end.
            let Ok(told) = connection.receipt(slot).await else { continue };
            if told.status.is_none_or(|status| status.state != SlotState::Opened) {
                continue;
            }
            let receipt = Receipt::decode(&told.receipt.0).unwrap();
            let lie = |index: u32| Finding {
                index,
                distance: Distance { activations: 0, mismatches: 0, ulps: 0 },
                margins: Margins::default(),
                has_wrong_end: true,
            };
            let findings: Vec<Finding> = receipt.audited(Stage::Sample).into_iter().map(lie).collect();
            let verdict = receipt.verdict_on(Stage::Sample, &findings, key.public()).signed(&key);
            let findings = findings.iter().map(|finding| Blob(finding.encode())).collect();
            let verdict = Blob(verdict.encode());
            let judged = JudgeSlot { delivery: slot.delivery, slot: slot.slot, verdict, findings };
            let _ = connection.judge_slot(judged).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
