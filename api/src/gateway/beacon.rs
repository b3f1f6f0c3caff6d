//! Beacon: when the halves of a slot's beacon are shown, and what it draws.
//!
//! The exchange shows its half when the taker has shown its own, which is awaited until the commitment is due; where the taker has
//! none, as soon as the provider has committed. Nobody can choose the sample: whoever shows a half has committed to it before, and the
//! commitment of the provider is in the beacon too.

use std::sync::Arc;
use std::time::Duration;

use attestation::beacon::{Secret, Secrets};
use attestation::receipt::Receipt;
use attestation::verdict::Stage;
use engine::command::Command;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::ids::DeliveryId;
use protocol::blob::Blob;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::evidence::{Drawn, RevealSecret, SampleResult};
use protocol::operator::Accepted;
use settlement::case;

use crate::clearing::{Clearing, refused};
use crate::convert::delivery::slot_of;
use crate::gateway::Gateway;
use crate::gateway::evidence::{unknown, wrong_state};
use crate::gateway::session::Session;
use crate::origin::now;

/// How often it is looked whether a taker's time is over, once it should be.
const PAUSE: Duration = Duration::from_secs(1);

type SlotOf = (DeliveryId, SlotNumber);

impl Session {
    /// The taker shows its half: the sample is drawn.
    pub(super) async fn reveal_secret(&self, params: RevealSecret) -> Result<Accepted, ErrorObject> {
        let RevealSecret { delivery, slot, secret } = params;
        let (of, clearing) = (slot_of((delivery, slot))?, self.gateway.clearing()?);
        let secret = <[u8; 32]>::try_from(secret.0).map(Secret).map_err(|_| {
            ErrorObject::new(ErrorCode::BadValue, "a secret has 32 bytes").with_field("secret")
        })?;
        let taker = self.own_key()?;
        let _held = clearing.hold(delivery).await;
        let assigned = clearing.assigned(delivery, slot).await?;
        assigned.filter(|assigned| assigned.assign.taker == taker).ok_or_else(unknown)?;
        let Some(receipt) = clearing.receipt(delivery, slot).await? else {
            return Err(wrong_state("nothing was committed to yet: keep the secret until then"));
        };
        case::check_taker_secret(&receipt, secret).map_err(refused)?;
        if receipt.secrets.taker == Some(secret) {
            // The same once more: perhaps the answer was lost.
            return Ok(Accepted { engine_seq: 0 });
        }
        if !case::awaits_taker(&receipt) {
            return Err(wrong_state("the sample was drawn without your half, which came too late"));
        }
        let (_, engine_seq) = self.gateway.draw(clearing, (of, receipt), Some(secret)).await?;
        Ok(Accepted { engine_seq })
    }

    /// Whether this account may dispute a slot: a taker who kept its half of the beacon back may not.
    pub(super) async fn check_dispute(&self, of: SlotOf) -> Result<(), ErrorObject> {
        let Ok(clearing) = self.gateway.clearing() else { return Ok(()) };
        let holder = self.gateway.facts(of.0).await?.map(|facts| facts.holder);
        if holder != Some(self.account_id()) {
            return Ok(());
        }
        match clearing.receipt(of.0.0, of.1.number()).await? {
            Some(receipt) if case::drawn_without_taker(&receipt) => Err(wrong_state(
                "you did not show your half of the beacon in time: the sample was drawn four times as large, and stands",
            )),
            _ => Ok(()),
        }
    }
}

impl Gateway {
    /// The sample of a commitment, drawn now unless the taker's half is still awaited.
    pub(super) async fn sample(
        &self,
        of: SlotOf,
        receipt: Receipt,
        (engine_seq, now): (u64, u64),
    ) -> Result<SampleResult, ErrorObject> {
        let due = receipt.assign.schedule.commit_by_ns;
        if case::awaits_taker(&receipt) && now < due {
            return Ok(SampleResult { drawn: None, engine_seq });
        }
        let (receipt, _) = self.draw(self.clearing()?, (of, receipt), None).await?;
        let secret = receipt.secrets.exchange.expect("it is drawn");
        let taker_secret = receipt.secrets.taker.map(|secret| Blob(secret.0.to_vec()));
        let sample = receipt.audited(Stage::Sample);
        let drawn = Drawn { exchange_secret: Blob(secret.0.to_vec()), taker_secret, sample };
        Ok(SampleResult { drawn: Some(drawn), engine_seq })
    }

    /// Shows the exchange's secret, which draws the sample and the auditors. Drawn once, however often it is asked. Also says at which place of the
    /// journal, 0 when that was before.
    async fn draw(
        &self,
        clearing: &Clearing,
        (of, receipt): (SlotOf, Receipt),
        taker: Option<Secret>,
    ) -> Result<(Receipt, u64), ErrorObject> {
        let (delivery, slot) = of;
        let receipt = match receipt.secrets.exchange {
            Some(_) => receipt,
            None => {
                let exchange = Some(clearing.office().secret(&receipt.assign.batch));
                let receipt = case::drawn(receipt, Secrets { exchange, taker });
                clearing.keep_receipt((delivery.0, slot.number()), &receipt).await?;
                receipt
            }
        };
        let first = receipt.beacon().digest().0;
        let beacon = u64::from_le_bytes(*first.first_chunk().expect("32 bytes begin with 8"));
        let command = Command::Delivery(DeliveryCommand::DrawAuditors { delivery, slot, beacon });
        match self.command(command).await {
            Ok(sequence) => Ok((receipt, sequence.0)),
            // Drawn before, or long gone on.
            Err(error) if error.code == ErrorCode::WrongState => Ok((receipt, 0)),
            Err(error) => Err(error),
        }
    }

    /// Sees to it that a commitment whose taker is awaited is drawn without it once its time is over. Said before the commitment is journaled, so that
    /// it is drawn even if whoever committed is gone by then. `engine_ns` is the engine's time, which never goes back.
    pub(super) fn draw_later(self: &Arc<Gateway>, of: SlotOf, (receipt, engine_ns): (&Receipt, u64)) {
        if !case::awaits_taker(receipt) {
            return;
        }
        let wait_ns = receipt.assign.schedule.commit_by_ns.saturating_sub(engine_ns.max(now().ns()));
        let gateway = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_nanos(wait_ns)).await;
            while !gateway.draw_due(of).await {
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    /// Draws a commitment whose taker's time is over. Whether there is nothing more to wait for.
    async fn draw_due(&self, of: SlotOf) -> bool {
        let Ok(clearing) = self.clearing() else { return true };
        let (delivery, slot) = (of.0.0, of.1.number());
        let _held = clearing.hold(delivery).await;
        let facts = match self.facts(of.0).await {
            Ok(Some(facts)) if facts.state(of.1) == SlotState::Committed => facts,
            Ok(_) => return true,
            Err(_) => return false,
        };
        match clearing.receipt(delivery, slot).await {
            // Whatever is wrong, the arbiter looks at slots that nobody was drawn for.
            Ok(Some(receipt)) => match self.sample(of, receipt, (0, facts.now)).await {
                Ok(SampleResult { drawn, .. }) => drawn.is_some(),
                Err(_) => false,
            },
            _ => true,
        }
    }

    /// Goes on with what was committed to before an earlier process ended: draws it, now or when its taker's time is over.
    pub(super) async fn take_up_draw(self: &Arc<Gateway>, of: SlotOf, receipt: Receipt) {
        let Ok(Some(facts)) = self.facts(of.0).await else { return };
        self.draw_later(of, (&receipt, facts.now));
        // Whatever is wrong, the arbiter looks at slots that nobody was drawn for.
        let _ = self.sample(of, receipt, (0, facts.now)).await;
    }
}
