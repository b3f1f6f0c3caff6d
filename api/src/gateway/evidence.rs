//! Evidence of a session: work that is asked for, shown and audited.
//!
//! It is checked and kept here; the engine is told its hash and moves slots and money. What is kept comes first, so that whatever
//! is journaled can be shown; the same message again, after a crash too, is answered as the first time.

use attestation::assign::{Assign, Sampling, Schedule};
use attestation::beacon::SecretHash;
use attestation::digest::Digest;
use attestation::domain::Domain;
use attestation::key::PublicKey;
use attestation::rate::AuditRate;
use attestation::receipt::Receipt;
use attestation::transcript::prompt_hash;
use attestation::tree;
use attestation::verdict::Stage;
use engine::command::Command;
use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::run::Deadline;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::ids::{self, DeliveryId, Scopes};
use engine::reject::RejectReason;
use protocol::blob::Blob;
use protocol::delivery::SlotName;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::evidence::{
    AskOutputs, AssignmentResult, CommitSlot, JobResult, JudgeSlot, OpenSlot, OpeningResult, OutputsResult,
    ReceiptResult, RuleSlot, SampleResult, StoreOutputs, SubmitJob,
};
use protocol::operator::Accepted;
use protocol::reply::Answer;
use protocol::request::Request;
use settlement::assigned::Assigned;
use settlement::case;
use settlement::custody::Named;
use settlement::job::Job;
use settlement::office::Work;
use settlement::shelf::Place;

use crate::clearing::{Clearing, blocking, refused};
use crate::convert::delivery::{self, slot_of};
use crate::convert::entry::label;
use crate::convert::reject;
use crate::gateway::session::Session;
use crate::gateway::{Gateway, disk_full};
use crate::question::{Facts, Question};

/// What `submit_job` draws with unless it says so.
const TEMPERATURE_MICRO: u32 = 1_000_000;
const TOP_K: u32 = 40;
/// Parts of a slot's answers.
const OUTPUT_PARTS_MAX: u8 = 64;

impl Session {
    /// What takes evidence, or gives it.
    pub(super) async fn evidence(&mut self, request: Request) -> Result<Answer, ErrorObject> {
        if self.gateway.inlet.is_low() && takes_room(&request) {
            return Err(disk_full());
        }
        match request {
            Request::SubmitJob(params) => self.submit_job(params).await.map(Answer::Job),
            Request::Assignment(name) => {
                self.assignment(name).await.map(|result| Answer::Assignment(Box::new(result)))
            }
            Request::CommitSlot(params) => self.commit_slot(params).await.map(Answer::Sample),
            Request::RevealSecret(params) => self.reveal_secret(params).await.map(Answer::Accepted),
            Request::StoreOutputs(params) => self.store_outputs(params).await.map(Answer::Accepted),
            Request::Outputs(params) => self.outputs(params).await.map(Answer::Outputs),
            Request::OpenSlot(params) => self.open_slot(params).await.map(Answer::Opening),
            Request::Receipt(name) => {
                self.receipt(name).await.map(|result| Answer::Receipt(Box::new(result)))
            }
            Request::JudgeSlot(params) => self.judge_slot(params).await.map(Answer::Accepted),
            Request::RuleSlot(params) => self.rule_slot(params).await.map(Answer::Accepted),
            _ => unreachable!("asked for evidence only"),
        }
    }

    async fn submit_job(&mut self, params: SubmitJob) -> Result<JobResult, ErrorObject> {
        let taker = self.own_key()?;
        let instrument = self.instrument(&params.symbol).await?;
        let open = self.gateway.consult(|answer| Question::GateAhead { instrument, answer }).await?;
        if !open {
            let message = "the gate of this window has closed: what is delivered in it is settled";
            return Err(ErrorObject::new(ErrorCode::MarketClosed, message).with_field("symbol"));
        }
        let clearing = self.gateway.clearing()?;
        let job = Job {
            taker,
            sampling: Sampling {
                temperature_micro: params.temperature_micro.unwrap_or(TEMPERATURE_MICRO),
                top_k: params.top_k.unwrap_or(TOP_K),
                tokens_max: params.tokens_max,
            },
            prompts: params.prompts,
            secret_hashes: secret_hashes(&params.secret_hashes)?,
        };
        let model = clearing.office().model();
        job.check((model.vocabulary, model.context), model.sequences).map_err(refused)?;
        let place = Place::Job { account: self.account_id().0, instrument: instrument.0 };
        clearing.keep(place, job.encode()).await?;
        let prompts = u32::try_from(job.prompts.len()).expect("a job is bounded");
        Ok(JobResult { prompts, per_lot: model.sequences })
    }

    async fn assignment(&self, name: SlotName) -> Result<AssignmentResult, ErrorObject> {
        let (of, clearing) = (slot_of((name.delivery, name.slot))?, self.gateway.clearing()?);
        let _held = clearing.hold(name.delivery).await;
        let facts = self.provided(of).await?;
        let state = facts.state(of.1);
        if state == SlotState::Waiting {
            return Err(wrong_state("the slot has not begun: wait until it is assigned"));
        }
        let job = clearing.job(facts.holder.0, facts.instrument.0).await?;
        // What was asked for before the journal lost its end is asked for anew: its secret may have been shown.
        let stands =
            |assign: &Assign| state != SlotState::Assigned || assign.batch.epoch == clearing.office().epoch();
        let known = clearing.assigned(name.delivery, name.slot).await?;
        let known = known.filter(|known| stands(&known.assign));
        let provider = match &known {
            Some(known) => known.assign.provider,
            None => self.own_key()?,
        };
        let office = clearing.office();
        let work = self.work(of, (&facts, job.as_ref()), provider).await?;
        let (Assigned { assign, calibration }, prompts) = match known {
            Some(known) => {
                let prompts = office.prompts(&work, &known.assign.batch);
                (known, prompts)
            }
            None if state == SlotState::Assigned => {
                let given = office.assign(&work);
                let assigned = Assigned { assign: given.assign, calibration: office.calibration().clone() };
                clearing.keep_assigned((name.delivery, name.slot), &assigned).await?;
                (assigned, given.prompts)
            }
            None => return Err(wrong_state("nobody asked for this slot's work while it could be done")),
        };
        if root(&prompts) != assign.inputs {
            return Err(wrong_state("the exchange delivers with another model since this was assigned"));
        }
        Ok(AssignmentResult {
            assign: Blob(assign.encode()),
            calibration: Blob(calibration.encode()),
            model: office.model().name.clone(),
            prompts,
            status: delivery::status(state),
        })
    }

    async fn commit_slot(&self, params: CommitSlot) -> Result<SampleResult, ErrorObject> {
        let CommitSlot { delivery, slot, commit, leaves } = params;
        let (of, clearing) = (slot_of((delivery, slot))?, self.gateway.clearing()?);
        let _held = clearing.hold(delivery).await;
        let facts = self.provided(of).await?;
        if facts.state(of.1) != SlotState::Assigned {
            let known = self.shown(clearing, of, facts.state(of.1)).await?;
            // The same once more: perhaps the answer was lost.
            return match known.filter(|receipt| receipt.commit.encode() == commit.0) {
                Some(receipt) => self.gateway.sample(of, receipt, (0, facts.now)).await,
                None => Err(wrong_state("the slot is not assigned, or something else was committed to")),
            };
        }
        let assigned = clearing.assigned(delivery, slot).await?;
        let assigned = assigned.filter(|kept| kept.assign.batch.epoch == clearing.office().epoch());
        let Assigned { assign, calibration } =
            assigned.ok_or_else(|| wrong_state("ask for the slot's assignment first"))?;
        let receipt = blocking(move || case::committed((assign, calibration), &commit.0, &leaves)).await?;
        let receipt = receipt.map_err(refused)?;
        clearing.keep_receipt((delivery, slot), &receipt).await?;
        self.gateway.draw_later(of, (&receipt, facts.now));
        let sequence = self
            .gateway
            .command(Command::Delivery(DeliveryCommand::CommitSlot {
                account: self.account_id(),
                delivery: of.0,
                slot: of.1,
                commitment: ids::Digest(receipt.commit.id().0),
                // A commitment is to the whole batch, which was made to be worth the slot.
                work: facts.slot_nanos.saturating_mul(facts.lots),
            }))
            .await?;
        self.gateway.sample(of, receipt, (sequence.0, facts.now)).await
    }

    /// Keeps a part of the answers for whoever asked. Only who has the taker's key can read them.
    async fn store_outputs(&self, params: StoreOutputs) -> Result<Accepted, ErrorObject> {
        let StoreOutputs { delivery, slot, part, parts, data } = params;
        let (of, clearing) = (slot_of((delivery, slot))?, self.gateway.clearing()?);
        if !(1..=OUTPUT_PARTS_MAX).contains(&parts) || parts <= part {
            let message = "answers come in 1 to 64 parts, numbered from 0";
            return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("part"));
        }
        let _held = clearing.hold(delivery).await;
        let facts = self.provided(of).await?;
        if !matches!(facts.state(of.1), SlotState::Assigned | SlotState::Committed) {
            return Err(wrong_state("answers are kept until the slot is opened"));
        }
        let bytes = [&[parts], data.0.as_slice()].concat();
        clearing.keep(Place::Outputs { delivery, slot, part }, bytes).await?;
        // Nothing is journaled: the leaves that were committed to say whether the answers are right.
        Ok(Accepted { engine_seq: 0 })
    }

    async fn outputs(&self, params: AskOutputs) -> Result<OutputsResult, ErrorObject> {
        let AskOutputs { delivery, slot, part } = params;
        let (of, clearing) = (slot_of((delivery, slot))?, self.gateway.clearing()?);
        let assign = clearing.assigned(delivery, slot).await?.ok_or_else(unknown)?.assign;
        let is_taker = self.own_key()? == assign.taker;
        let found = clearing.outputs((delivery, slot, part)).await?.filter(|_| is_taker);
        let (parts, data) = found.ok_or_else(unknown)?;
        let prompts = if part == 0 { self.asked(of, &assign).await? } else { Vec::new() };
        Ok(OutputsResult { parts, data: Blob(data), prompts })
    }

    /// The prompts of a slot that works on this account's job, until its window is settled.
    async fn asked(
        &self,
        of: (DeliveryId, SlotNumber),
        assign: &Assign,
    ) -> Result<Vec<Vec<u32>>, ErrorObject> {
        let Some(facts) = self.facts(of.0).await? else { return Ok(Vec::new()) };
        let clearing = self.gateway.clearing()?;
        let job = clearing.job(facts.holder.0, facts.instrument.0).await?;
        // Settled in this moment.
        let Ok(work) = self.work(of, (&facts, job.as_ref()), assign.provider).await else {
            return Ok(Vec::new());
        };
        let prompts = clearing.office().prompts(&work, &assign.batch);
        // Those of another model, or of a job that the exchange has lost, are not what was asked.
        Ok(if root(&prompts) == assign.inputs { prompts } else { Vec::new() })
    }

    /// What a slot is, when this provider works on it.
    async fn work<'a>(
        &self,
        of: (DeliveryId, SlotNumber),
        (facts, job): (&Facts, Option<&'a Job>),
        provider: PublicKey,
    ) -> Result<Work<'a>, ErrorObject> {
        let earlier = match job {
            Some(_) => self.earlier(of.0).await?,
            None => Vec::new(),
        };
        let part = self.gateway.clearing()?.office().part(&earlier, (facts.lots, of.1.number()));
        Ok(Work {
            delivery: of.0.0,
            slot: of.1.number(),
            provider,
            lots: facts.lots,
            slot_nanos: facts.slot_nanos,
            schedule: facts.schedule(of.1),
            job: job.map(|job| (job, part)),
            rate: AuditRate::new(facts.rate_ppm).expect("the engine's rates are those of the rule"),
        })
    }

    async fn open_slot(&self, params: OpenSlot) -> Result<OpeningResult, ErrorObject> {
        let OpenSlot { delivery, slot, openings } = params;
        let (of, clearing) = (slot_of((delivery, slot))?, self.gateway.clearing()?);
        let _held = clearing.hold(delivery).await;
        let facts = self.provided(of).await?;
        let receipt = self.shown(clearing, of, facts.state(of.1)).await?;
        let Some(receipt) = receipt.filter(|receipt| receipt.secrets.exchange.is_some()) else {
            return Err(wrong_state("nothing was drawn of this slot: commit to it first"));
        };
        let stage = match facts.state(of.1) {
            SlotState::Committed => Stage::Sample,
            // The arbiter looks at the others.
            SlotState::Flagged => Stage::Rest,
            _ if case::closed(&receipt, Stage::Sample) == 0 => {
                return Ok(OpeningResult { closed: 0, engine_seq: None });
            }
            _ => return Err(wrong_state("the slot's sample is not to be opened now")),
        };
        let is_asked = receipt.assign.taker != receipt.assign.exchange;
        if is_asked && !clearing.has_outputs(delivery, slot).await? {
            return Err(wrong_state("the taker's answers are missing: store_outputs comes before open_slot"));
        }
        let receipt = blocking(move || case::opened(receipt, stage, &openings)).await?.map_err(refused)?;
        clearing.keep_receipt((delivery, slot), &receipt).await?;
        let closed = case::closed(&receipt, stage);
        // Of the rest nothing is journaled: the arbiter says what it found.
        if closed != 0 || stage == Stage::Rest {
            let closed = u32::try_from(closed).expect("a sample is bounded");
            return Ok(OpeningResult { closed, engine_seq: None });
        }
        let parts: Vec<Vec<u8>> = receipt.open.iter().map(|(_, transcript)| transcript.encode()).collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let opening = ids::Digest(Digest::of(Domain::OPENING, &parts).0);
        let (account, (delivery, slot)) = (self.account_id(), of);
        let command = DeliveryCommand::OpenSlot { account, delivery, slot, opening };
        let sequence = self.gateway.command(Command::Delivery(command)).await?;
        Ok(OpeningResult { closed: 0, engine_seq: Some(sequence.0) })
    }

    /// Both sides, whoever is drawn to audit it, and whoever reads others' affairs may see what was shown; once the window is
    /// settled, those whose keys it names.
    async fn receipt(&self, name: SlotName) -> Result<ReceiptResult, ErrorObject> {
        let (of, clearing) = (slot_of((name.delivery, name.slot))?, self.gateway.clearing()?);
        let facts = self.facts(of.0).await?;
        let receipt = clearing.receipt(name.delivery, name.slot).await?.ok_or_else(unknown)?;
        let is_named =
            self.own_key().is_ok_and(|key| [receipt.assign.taker, receipt.assign.provider].contains(&key));
        let may = match &facts {
            _ if is_named || self.reads_others() => true,
            Some(facts) => self.may_see(facts, of).await?,
            None => false,
        };
        if !may {
            return Err(unknown());
        }
        let status = facts.map(|facts| delivery::status(facts.state(of.1)));
        Ok(ReceiptResult { receipt: Blob(receipt.encode()), status })
    }

    fn reads_others(&self) -> bool {
        let scopes = self.actor.as_ref().map(|actor| actor.scopes);
        scopes.is_some_and(|scopes| scopes.contains(Scopes::AUDIT) || scopes.contains(Scopes::ADMIN))
    }

    async fn may_see(&self, facts: &Facts, of: (DeliveryId, SlotNumber)) -> Result<bool, ErrorObject> {
        let account = self.account_id();
        if account == facts.provider || account == facts.holder {
            return Ok(true);
        }
        self.gateway.consult(|answer| Question::Seat { account, of, answer }).await
    }

    async fn judge_slot(&self, params: JudgeSlot) -> Result<Accepted, ErrorObject> {
        let JudgeSlot { delivery, slot, verdict, findings } = params;
        let (of, clearing) = (slot_of((delivery, slot))?, self.gateway.clearing()?);
        let (auditor, account) = (self.own_key()?, self.account_id());
        let _held = clearing.hold(delivery).await;
        if !self.gateway.consult(|answer| Question::Seat { account, of, answer }).await? {
            return Err(reject::plain(RejectReason::NotAuditor));
        }
        let kept = clearing.receipt(delivery, slot).await?.ok_or_else(unknown)?;
        if case::closed(&kept, Stage::Sample) != 0 {
            return Err(wrong_state("the slot's sample is not open yet: wait until it is"));
        }
        let receipt = kept.clone();
        let judged = blocking(move || case::judged(receipt, &auditor, (&verdict.0, &findings))).await?;
        let judged = judged.map_err(refused)?;
        let (verdict, _) = judged.verdict.as_ref().expect("it was judged");
        let (is_clean, evidence) = (verdict.is_clean(), ids::Digest(verdict.id().0));
        let sequences = verdict.measured;
        // One verdict stands in the receipt: the first, or the first that found something.
        if kept.verdict.as_ref().is_none_or(|(before, _)| before.is_clean() && !is_clean) {
            clearing.keep_receipt((delivery, slot), &judged).await?;
        }
        let verdict = if is_clean { Verdict::Clean } else { Verdict::Flagged };
        let (delivery, slot) = of;
        let command =
            DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence };
        let sequence = self.gateway.command(Command::Delivery(command)).await?;
        Ok(Accepted { engine_seq: sequence.0 })
    }

    /// The arbiter decides; what it decided stands in the receipt, if there is one.
    async fn rule_slot(&self, params: RuleSlot) -> Result<Accepted, ErrorObject> {
        let of = slot_of((params.delivery, params.slot))?;
        let (ruling, reason) = (delivery::ruling(params.outcome)?, label(&params.reason, "reason")?);
        let (delivery, slot) = of;
        let command = Command::Delivery(DeliveryCommand::RuleSlot { delivery, slot, ruling, reason });
        let Ok(clearing) = self.gateway.clearing() else {
            return Ok(Accepted { engine_seq: self.gateway.command(command).await?.0 });
        };
        let _held = clearing.hold(params.delivery).await;
        let engine_seq = self.gateway.command(command).await?.0;
        if let Some(mut receipt) = clearing.receipt(params.delivery, params.slot).await? {
            let ruled = delivery::ruled(ruling);
            receipt.ruling = Some(clearing.office().rule(receipt.commit.id(), ruled));
            clearing.keep_receipt((params.delivery, params.slot), &receipt).await?;
        }
        Ok(Accepted { engine_seq })
    }

    /// What was shown of a slot that stands there. Where the exchange has lost a commitment, nobody can open it any more.
    async fn shown(
        &self,
        clearing: &Clearing,
        of: (DeliveryId, SlotNumber),
        state: SlotState,
    ) -> Result<Option<Receipt>, ErrorObject> {
        let (delivery, slot) = (of.0.0, of.1.number());
        if state != SlotState::Committed {
            return clearing.receipt(delivery, slot).await;
        }
        match clearing.custody((delivery, slot), Named::Commitment).await? {
            Ok(receipt) => Ok(Some(receipt)),
            Err(_) => {
                self.gateway.give_up(of).await?;
                Err(wrong_state(
                    "the exchange has lost what was shown of this slot: it is inconclusive, and nobody is blamed",
                ))
            }
        }
    }

    /// A delivery that this account provides.
    async fn provided(&self, of: (DeliveryId, SlotNumber)) -> Result<Facts, ErrorObject> {
        let facts = self.facts(of.0).await?;
        facts.filter(|facts| facts.provider == self.account_id()).ok_or_else(unknown)
    }

    /// The lots of the deliveries that the holder has in the window before this one.
    async fn earlier(&self, delivery: DeliveryId) -> Result<Vec<u64>, ErrorObject> {
        let earlier = self.gateway.consult(|answer| Question::Earlier { delivery, answer }).await?;
        earlier.ok_or_else(unknown)
    }

    async fn facts(&self, delivery: DeliveryId) -> Result<Option<Facts>, ErrorObject> {
        self.gateway.facts(delivery).await
    }

    /// The key that logged in, under which evidence is signed.
    pub(super) fn own_key(&self) -> Result<PublicKey, ErrorObject> {
        let key = self.actor.as_ref().and_then(|actor| actor.key);
        key.and_then(|key| PublicKey::from_bytes(&key.0)).ok_or_else(|| {
            let message = "evidence names the key that signs it: log in with a key, not by name";
            ErrorObject::new(ErrorCode::AuthRequired, message)
        })
    }
}

impl Gateway {
    pub(super) fn clearing(&self) -> Result<&Clearing, ErrorObject> {
        self.settings.clearing.as_deref().ok_or_else(|| {
            ErrorObject::new(
                ErrorCode::NoDeliveries,
                "this exchange was started without a model to deliver with",
            )
        })
    }

    /// What there is to know of a delivery, until its window is settled.
    pub(super) async fn facts(&self, delivery: DeliveryId) -> Result<Option<Facts>, ErrorObject> {
        self.consult(|answer| Question::Delivery { delivery, answer }).await
    }
}

impl Facts {
    pub(super) fn state(&self, slot: SlotNumber) -> SlotState {
        self.slots[usize::from(slot.number())]
    }

    /// The deadlines of a slot.
    fn schedule(&self, slot: SlotNumber) -> Schedule {
        let due = |deadline: Deadline| deadline.of(slot, (self.start, self.slot_nanos), &self.terms).0;
        Schedule {
            begins_ns: due(Deadline::Begin),
            commit_by_ns: due(Deadline::Commitment),
            open_by_ns: due(Deadline::Opening),
            final_ns: due(Deadline::Dispute),
        }
    }
}

/// Whether what is shown grows with it.
fn takes_room(request: &Request) -> bool {
    matches!(
        request,
        Request::SubmitJob(_)
            | Request::CommitSlot(_)
            | Request::StoreOutputs(_)
            | Request::OpenSlot(_)
            | Request::JudgeSlot(_)
    )
}

/// The root over prompts.
fn root(prompts: &[Vec<u32>]) -> Digest {
    let hashes: Vec<Digest> = prompts.iter().map(|prompt| prompt_hash(prompt)).collect();
    tree::root(&hashes)
}

/// What commits to a taker's halves of beacons.
fn secret_hashes(blobs: &[Blob]) -> Result<Vec<SecretHash>, ErrorObject> {
    let hash = |blob: &Blob| {
        let hash: [u8; 32] = blob.0.as_slice().try_into().ok()?;
        // Zeros say that there is no half.
        (hash != [0; 32]).then_some(SecretHash(Digest(hash)))
    };
    blobs.iter().map(hash).collect::<Option<Vec<SecretHash>>>().ok_or_else(|| {
        let message = "what commits to a secret is its hash: 32 bytes, not all of them 0";
        ErrorObject::new(ErrorCode::BadValue, message).with_field("secret_hashes")
    })
}

pub(super) fn wrong_state(message: &'static str) -> ErrorObject {
    ErrorObject::new(ErrorCode::WrongState, message).with_field("slot")
}

pub(super) fn unknown() -> ErrorObject {
    reject::plain(RejectReason::DeliveryUnknown)
}
