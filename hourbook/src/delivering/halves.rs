//! Halves: a taker's halves of the beacons that draw what is audited of its job. They follow from its key, so nothing is kept.

use attestation::beacon::Secret;
use attestation::key::SecretKey;
use attestation::receipt::Receipt;
use client::connection::Connection;
use client::error::ClientError;
use protocol::blob::Blob;
use protocol::delivery::SlotName;
use protocol::evidence::RevealSecret;
use settlement::job::PROMPTS_MAX;

use crate::delivering::worker::{WorkError, strange};

/// What commits to the halves of the first so many slots that work on the job of a window.
pub(crate) fn hashes((secret, symbol): (&[u8; 32], &str), slots: u32) -> Vec<Blob> {
    (0..slots).map(|part| Blob(Secret::of_taker(secret, symbol, part).hash().0.0.to_vec())).collect()
}

/// Shows the half of a slot that its provider has committed to. Whether there was one to show.
pub(crate) async fn reveal(
    connection: &Connection,
    (secret, symbol): (&[u8; 32], &str),
    name: SlotName,
) -> Result<bool, WorkError> {
    let receipt = connection.receipt(name).await?.receipt;
    let receipt = Receipt::decode(&receipt.0).map_err(strange)?;
    let is_drawn = receipt.secrets.exchange.is_some();
    if is_drawn || receipt.assign.taker != SecretKey::from_bytes(secret).public() {
        return Ok(false);
    }
    // A job has no more parts than prompts.
    let mut halves = (0..).take(PROMPTS_MAX).map(|part| Secret::of_taker(secret, symbol, part));
    let Some(half) = halves.find(|half| half.hash() == receipt.assign.taker_secret) else {
        return Ok(false);
    };
    let SlotName { delivery, slot } = name;
    let reveal = RevealSecret { delivery, slot, secret: Blob(half.0.to_vec()) };
    match connection.reveal_secret(reveal).await {
        Ok(_) => Ok(true),
        // It was drawn without this half, or its window is over.
        Err(ClientError::Refused(error)) if !error.retryable => Ok(false),
        Err(error) => Err(error.into()),
    }
}
