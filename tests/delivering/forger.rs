//! Forger: a provider who makes answers up: tokens at random, with fingerprints of noise, committed to and opened in due form.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use attestation::assign::Assign;
use attestation::commit::{Commit, Device};
use attestation::digest::Digest;
use attestation::fingerprint::fingerprints;
use attestation::key::{SecretKey, Signature};
use attestation::leaf::Leaf;
use attestation::opening::Opening;
use attestation::transcript::Transcript;
use attestation::tree;
use client::connection::Connection;
use client::error::ClientError;
use client::secret::Secret;
use protocol::add_order::AddOrder;
use protocol::blob::Blob;
use protocol::delivery::{SlotName, SlotState};
use protocol::error_code::ErrorCode;
use protocol::evidence::{CommitSlot, OpenSlot, StoreOutputs};
use protocol::instrument::MarketState;
use protocol::order::Side;
use protocol::terms::Terms;

/// Width of the built-in model's hidden states.
const WIDTH: usize = 64;

/// Sells an hour in every window, and makes up what it delivers.
pub(crate) async fn run(url: String, secret: Secret) {
    let connection = Connection::open(&url).await.unwrap();
    connection.login_key(&secret).await.unwrap();
    let key = SecretKey::from_bytes(secret.bytes());
    connection.add_stake("50").await.unwrap();
    loop {
        for listed in connection.instruments().await.unwrap().instruments {
            if listed.state == MarketState::Open && connection.set_capacity(&listed.symbol, 2).await.is_ok() {
                let mut order = AddOrder::new(&listed.symbol, Side::Sell, "2", Terms::limit("0.10"));
                order.cl_ord_id = listed.symbol.rsplit('.').next().map(str::to_owned);
                let _ = connection.add_order(order).await;
            }
        }
        for delivery in connection.deliveries().await.unwrap().deliveries {
            for (slot, _) in (0..).zip(&delivery.slots).filter(|(_, slot)| slot.state == SlotState::Assigned)
            {
                let slot = SlotName { delivery: delivery.delivery, slot };
                if let Err(refused) = forge(&connection, &key, slot).await {
                    let code = refused.refusal().map(|error| error.code.clone());
                    assert_eq!(code, Some(ErrorCode::WrongState), "it is in due form, or late: {refused}");
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn forge(connection: &Connection, key: &SecretKey, slot: SlotName) -> Result<(), ClientError> {
    let given = connection.assignment(slot).await?;
    let assign = Assign::decode(&given.assign.0).unwrap();
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    let times = (now.max(assign.schedule.begins_ns), now.max(assign.schedule.begins_ns) + 1_000_000);
    let transcripts: Vec<Transcript> = given.prompts.iter().map(|prompt| made_up(prompt, &assign)).collect();
    let leaves: Vec<Leaf> =
        (0..).zip(&transcripts).map(|(index, made)| Leaf::of(index, made, times.0, times.1)).collect();
    let hashes = Leaf::hashes(&leaves, &assign.batch);
    let (prompt_tokens, answer_tokens) = Leaf::totals(&leaves);
    let commit = Commit {
        assign: assign.id(),
        previous: Digest::NONE,
        root: tree::root(&hashes),
        prompt_tokens,
        answer_tokens,
        started_ns: times.0,
        finished_ns: times.1,
        device: Device::new("thin air").unwrap(),
        evidence: Digest::NONE,
        signature: Signature::NONE,
    }
    .signed(key);
    let SlotName { delivery, slot } = slot;
    let blobs = leaves.iter().map(|leaf| Blob(leaf.encode())).collect();
    let commit_to = CommitSlot { delivery, slot, commit: Blob(commit.encode()), leaves: blobs };
    let mut told = connection.commit_slot(commit_to.clone()).await?;
    if assign.taker != assign.exchange {
        // Nobody can read it, and nobody has to before it is too late.
        let data = Blob(b"nothing".to_vec());
        connection.store_outputs(StoreOutputs { delivery, slot, part: 0, parts: 1, data }).await?;
    }
    // The taker is awaited.
    let sample = loop {
        if let Some(drawn) = told.drawn {
            break drawn.sample;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        told = connection.commit_slot(commit_to.clone()).await?;
    };
    let open = |index: &u32| {
        let at = usize::try_from(*index).unwrap();
        let (leaf, transcript) = (leaves[at], transcripts[at].clone());
        Blob(Opening { commit: commit.id(), leaf, transcript, path: tree::path(&hashes, at) }.encode())
    };
    let openings = sample.iter().map(open).collect();
    connection.open_slot(OpenSlot { delivery, slot, openings }).await.map(|_| ())
}

/// As long as it may be, so that its end is right.
fn made_up(prompt: &[u32], assign: &Assign) -> Transcript {
    let count = usize::try_from(assign.sampling.tokens_max).unwrap();
    let mut state = u64::from(prompt[0]) + 1;
    let mut next = || {
        state = engine::index::mix64(state, 3);
        state
    };
    let answer: Vec<u32> = (0..count).map(|_| 30 + u32::try_from(next() % 400).unwrap()).collect();
    let hidden: Vec<f32> = (0..count * WIDTH)
        .map(|_| f32::from(u16::try_from(next() % 2_000).unwrap()) / 1_000.0 - 1.0)
        .collect();
    Transcript::new(prompt.to_vec(), answer, fingerprints(&hidden, WIDTH).unwrap()).unwrap()
}
