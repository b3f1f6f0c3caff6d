//! Worker: does what a slot asks for: computes the batch, commits to it, opens what is drawn, and the rest when it was flagged.
//!
//! It keeps nothing on disk. The exchange has what was assigned and committed to, and the model computes the same again, so that a
//! worker that was ended goes on where the slot stands, and nothing is committed to twice.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use attestation::assign::Assign;
use attestation::commit::{Commit, Device};
use attestation::digest::Digest;
use attestation::key::{SecretKey, Signature};
use attestation::leaf::Leaf;
use attestation::opening::Opening;
use attestation::receipt::Receipt;
use attestation::transcript::Transcript;
use attestation::tree;
use attestation::verdict::Stage;
use client::connection::Connection;
use client::error::ClientError;
use inference::Token;
use protocol::blob::Blob;
use protocol::delivery::{SlotName, SlotState};
use protocol::evidence::{AssignmentResult, CommitSlot, OpenSlot};
use tokio::task::spawn_blocking;

use crate::auditor::Auditor;
use crate::delivering::computing::compute;
use crate::delivering::outputs;
use crate::failure::Failure;

/// Sequences that are computed together.
const RUNNING_MAX: usize = 16;
/// Bytes of openings that one message carries.
const OPENING_BYTES_MAX: usize = 32 * 1024;

/// A provider's model and key.
pub(crate) struct Worker {
    pub(crate) model: Arc<Auditor>,
    pub(crate) key: SecretKey,
    pub(crate) device: Device,
}

/// A slot's work, computed and committed to, of which nothing was opened by this process.
pub(crate) struct Held {
    pub(crate) slot: SlotName,
    commit: Commit,
    leaves: Vec<Leaf>,
    hashes: Vec<Digest>,
    transcripts: Vec<Transcript>,
    /// What the arbiter asks for; `None` where a sample is drawn.
    rest: Option<Vec<u32>>,
    /// How long it took to compute.
    pub(crate) took: Duration,
}

/// What a slot has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// Sequences computed.
    pub(crate) sequences: usize,
    /// Tokens of answers.
    pub(crate) tokens: u64,
    /// Sequences that were opened.
    pub(crate) opened: usize,
}

impl Worker {
    /// Computes what a slot asks for and commits to it, from where it stands.
    pub(crate) async fn commit_to(&self, connection: &Connection, slot: SlotName) -> Result<Held, WorkError> {
        let given = connection.assignment(slot).await?;
        let assign = Assign::decode(&given.assign.0).map_err(strange)?;
        if assign.provider != self.key.public() || !assign.is_signed() {
            return Err(WorkError::Other("it was assigned to another key of this account".to_owned()));
        }
        if assign.model != self.model.id() {
            let message = format!(
                "it asks for the model {:?} ({}), and this is another one",
                given.model, assign.model
            );
            return Err(WorkError::Other(message));
        }
        let (state, begun) = (given.status.state, Instant::now());
        let (transcripts, started_ns, finished_ns) = self.compute(&assign, given).await?;
        let took = begun.elapsed();
        if state == SlotState::Assigned {
            let leaf = |(index, transcript)| Leaf::of(index, transcript, started_ns, finished_ns);
            let leaves: Vec<Leaf> = (0..).zip(&transcripts).map(leaf).collect();
            let hashes = Leaf::hashes(&leaves, &assign.batch);
            let commit = self.commit(&assign, (&leaves, &hashes), (started_ns, finished_ns));
            let held = Held { slot, commit, leaves, hashes, transcripts, rest: None, took };
            held.draw(connection).await?;
            held.store(connection, &assign).await?;
            return Ok(held);
        }
        // What an earlier process committed to: the times are its own, all else is the same.
        let receipt = connection.receipt(slot).await?.receipt;
        let receipt = Receipt::decode(&receipt.0).map_err(strange)?;
        let is_closed = |index: &u32| receipt.transcript(*index).is_none();
        let rest = (state == SlotState::Flagged)
            .then(|| receipt.audited(Stage::Rest).into_iter().filter(is_closed).collect());
        let hashes = Leaf::hashes(&receipt.leaves, &assign.batch);
        let Receipt { commit, leaves, .. } = receipt;
        let held = Held { slot, commit, leaves, hashes, transcripts, rest, took };
        if state == SlotState::Committed {
            held.store(connection, &assign).await?;
        }
        Ok(held)
    }

    /// Answers, and from when to when they were computed.
    async fn compute(
        &self,
        assign: &Assign,
        given: AssignmentResult,
    ) -> Result<(Vec<Transcript>, u64, u64), WorkError> {
        let (model, assign) = (Arc::clone(&self.model), assign.clone());
        let prompts: Vec<Vec<Token>> =
            given.prompts.into_iter().map(|prompt| prompt.into_iter().map(Token).collect()).collect();
        let started_ns = now_ns();
        let begins_ns = assign.schedule.begins_ns;
        let computing = spawn_blocking(move || compute(model.engine(), &assign, &prompts, RUNNING_MAX));
        let transcripts = computing.await.map_err(strange)?.map_err(strange)?;
        // A clock that is a little behind the exchange's has not begun before the slot did.
        let started_ns = started_ns.max(begins_ns);
        Ok((transcripts, started_ns, now_ns().max(started_ns + 1)))
    }

    fn commit(
        &self,
        assign: &Assign,
        (leaves, hashes): (&[Leaf], &[Digest]),
        (started_ns, finished_ns): (u64, u64),
    ) -> Commit {
        let (prompt_tokens, answer_tokens) = Leaf::totals(leaves);
        let commit = Commit {
            assign: assign.id(),
            previous: Digest::NONE,
            root: tree::root(hashes),
            prompt_tokens,
            answer_tokens,
            started_ns,
            finished_ns,
            device: self.device,
            evidence: Digest::NONE,
            signature: Signature::NONE,
        };
        commit.signed(&self.key)
    }
}

impl Held {
    /// Opens what is asked for. `None` while nothing was drawn, which waits for the taker.
    pub(crate) async fn open(&self, connection: &Connection) -> Result<Option<Done>, WorkError> {
        let asked = match &self.rest {
            Some(rest) => rest.clone(),
            None => match self.draw(connection).await? {
                Some(sample) => sample,
                None => return Ok(None),
            },
        };
        let openings = asked.iter().map(|index| self.opening(*index)).collect::<Result<_, WorkError>>()?;
        open(connection, self.slot, openings).await?;
        let (sequences, tokens) = (self.leaves.len(), self.commit.answer_tokens);
        Ok(Some(Done { sequences, tokens, opened: asked.len() }))
    }

    /// Commits; the same commitment once more asks for what was drawn since.
    async fn draw(&self, connection: &Connection) -> Result<Option<Vec<u32>>, ClientError> {
        let SlotName { delivery, slot } = self.slot;
        let leaves = self.leaves.iter().map(|leaf| Blob(leaf.encode())).collect();
        let commit = CommitSlot { delivery, slot, commit: Blob(self.commit.encode()), leaves };
        Ok(connection.commit_slot(commit).await?.drawn.map(|drawn| drawn.sample))
    }

    /// Gives the answers to the exchange to keep, where somebody asked.
    async fn store(&self, connection: &Connection, assign: &Assign) -> Result<(), ClientError> {
        if assign.taker == assign.exchange {
            return Ok(());
        }
        outputs::store(connection, self.slot, (&assign.taker, &self.transcripts)).await
    }

    fn opening(&self, index: u32) -> Result<Vec<u8>, WorkError> {
        let at = usize::try_from(index).map_err(strange)?;
        let (Some(leaf), Some(transcript)) = (self.leaves.get(at), self.transcripts.get(at)) else {
            return Err(WorkError::Other(format!("sequence {index} was drawn, and there is none")));
        };
        let (transcript, path) = (transcript.clone(), tree::path(&self.hashes, at));
        Ok(Opening { commit: self.commit.id(), leaf: *leaf, transcript, path }.encode())
    }
}

/// Opens what is asked for, so much in each message.
async fn open(connection: &Connection, slot: SlotName, all: Vec<Vec<u8>>) -> Result<(), ClientError> {
    let SlotName { delivery, slot } = slot;
    let (mut openings, mut bytes, count) = (Vec::new(), 0, all.len());
    for (place, opening) in all.into_iter().enumerate() {
        bytes += opening.len();
        openings.push(Blob(opening));
        if OPENING_BYTES_MAX <= bytes || place + 1 == count {
            connection
                .open_slot(OpenSlot { delivery, slot, openings: std::mem::take(&mut openings) })
                .await?;
            bytes = 0;
        }
    }
    Ok(())
}

/// Why a slot's work was not done.
#[derive(Debug)]
pub(crate) enum WorkError {
    /// The exchange said no, or went away.
    Client(ClientError),
    /// What it says makes no sense, or not here.
    Other(String),
}

impl WorkError {
    /// Why a slot was left; an error where nothing can be done any more, for the connection broke.
    pub(crate) fn outlived(self) -> Result<String, ClientError> {
        match self {
            WorkError::Client(error @ ClientError::Refused(_)) => Ok(error.to_string()),
            WorkError::Client(error) => Err(error),
            WorkError::Other(why) => Ok(why),
        }
    }
}

impl From<ClientError> for WorkError {
    fn from(error: ClientError) -> WorkError {
        WorkError::Client(error)
    }
}

impl From<WorkError> for Failure {
    fn from(error: WorkError) -> Failure {
        match error {
            WorkError::Client(error) => Failure::from(error),
            WorkError::Other(message) => Failure::connection(message),
        }
    }
}

/// What should not have come.
pub(crate) fn strange(error: impl ToString) -> WorkError {
    WorkError::Other(error.to_string())
}

/// This machine's time, in nanoseconds since 1970 UTC.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
