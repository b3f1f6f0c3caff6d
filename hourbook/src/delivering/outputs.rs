//! Outputs: all answers of a slot, sealed so that only the taker reads them, and held against what was committed to.

use attestation::key::{PublicKey, SecretKey};
use attestation::leaf::Leaf;
use attestation::transcript::{Transcript, answer_hash};
use client::connection::Connection;
use client::error::ClientError;
use crypto_box::aead::OsRng;
use protocol::blob::Blob;
use protocol::delivery::SlotName;
use protocol::evidence::{AskOutputs, StoreOutputs};

/// Bytes of one part.
const PART_BYTES: usize = 32 * 1024;

/// Answers in order: of each its length and its tokens, in little-endian words.
fn plain(transcripts: &[Transcript]) -> Vec<u8> {
    let answers = transcripts.iter().map(Transcript::answer);
    let words = answers.flat_map(|answer| {
        let length = u32::try_from(answer.len()).expect("a transcript is bounded");
        [length].into_iter().chain(answer.iter().copied())
    });
    words.flat_map(u32::to_le_bytes).collect()
}

/// Seals all answers to the taker's key and gives them to the exchange to keep.
pub(crate) async fn store(
    connection: &Connection,
    slot: SlotName,
    (taker, transcripts): (&PublicKey, &[Transcript]),
) -> Result<(), ClientError> {
    let to = crypto_box::PublicKey::from(taker.agreement());
    let sealed = to.seal(&mut OsRng, &plain(transcripts)).expect("sealing does not fail");
    let parts: Vec<&[u8]> = sealed.chunks(PART_BYTES).collect();
    let count = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    for (part, data) in (0..).zip(parts) {
        let SlotName { delivery, slot } = slot;
        let data = Blob(data.to_vec());
        connection.store_outputs(StoreOutputs { delivery, slot, part, parts: count, data }).await?;
    }
    Ok(())
}

/// Answers as their taker gets them.
pub(crate) struct Fetched {
    /// Each the one that was committed to; or what is wrong with them.
    pub(crate) answers: Result<Vec<Vec<u32>>, String>,
    /// The prompts, while the exchange still knows them.
    pub(crate) prompts: Vec<Vec<u32>>,
}

/// Fetches all answers of a slot, opens them, and says which is not what was committed to.
pub(crate) async fn fetch(
    connection: &Connection,
    slot: SlotName,
    (key, leaves): (&SecretKey, &[Leaf]),
) -> Result<Fetched, ClientError> {
    let SlotName { delivery, slot } = slot;
    let (mut sealed, mut prompts) = (Vec::new(), Vec::new());
    let mut part = 0;
    loop {
        let told = connection.outputs(AskOutputs { delivery, slot, part }).await?;
        sealed.extend(told.data.0);
        prompts.extend(told.prompts);
        part += 1;
        if told.parts <= part {
            break;
        }
    }
    Ok(Fetched { answers: opened(&sealed, key, leaves), prompts })
}

fn opened(sealed: &[u8], key: &SecretKey, leaves: &[Leaf]) -> Result<Vec<Vec<u32>>, String> {
    let own = crypto_box::SecretKey::from(key.agreement());
    let plain = own.unseal(sealed).map_err(|_| "the answers are not sealed to this key".to_owned())?;
    let answers = answers(&plain).ok_or("what was sealed are no answers")?;
    if answers.len() != leaves.len() {
        return Err(format!("there are {} answers to {} prompts", answers.len(), leaves.len()));
    }
    let foreign = answers.iter().zip(leaves).find(|(answer, leaf)| answer_hash(answer) != leaf.answer);
    match foreign {
        Some((_, leaf)) => Err(format!("answer {} is not the one that was committed to", leaf.index)),
        None => Ok(answers),
    }
}

fn answers(plain: &[u8]) -> Option<Vec<Vec<u32>>> {
    let mut words =
        plain.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().expect("four bytes")));
    let mut answers = Vec::new();
    while let Some(length) = words.next() {
        answers.push((0..length).map(|_| words.next()).collect::<Option<Vec<u32>>>()?);
    }
    Some(answers)
}

#[cfg(test)]
mod tests {
    use attestation::fingerprint::fingerprints;

    use super::*;

    fn transcript(answer: &[u32]) -> Transcript {
        let hidden: Vec<f32> =
            (0..answer.len() * 256).map(|place| f32::from(u8::try_from(place % 251).unwrap())).collect();
        Transcript::new(vec![1, 2], answer.to_vec(), fingerprints(&hidden, 256).unwrap()).unwrap()
    }

    #[test]
    fn only_the_taker_reads_what_was_committed_to() {
        let [taker, other] = [5, 6].map(|byte| SecretKey::from_bytes(&[byte; 32]));
        let transcripts = [transcript(&[7]), transcript(&[8, 9, 10])];
        let leaves: Vec<Leaf> =
            (0..).zip(&transcripts).map(|(index, told)| Leaf::of(index, told, 1, 2)).collect();
        let to = crypto_box::PublicKey::from(taker.public().agreement());
        let sealed = to.seal(&mut OsRng, &plain(&transcripts)).unwrap();
        assert_eq!(opened(&sealed, &taker, &leaves), Ok(vec![vec![7], vec![8, 9, 10]]));
        let refused = |sealed: &[u8], key, leaves: &[Leaf]| opened(sealed, key, leaves).unwrap_err();
        assert!(refused(&sealed, &other, &leaves).contains("not sealed to this key"));
        assert!(refused(&sealed[1..], &taker, &leaves).contains("not sealed to this key"));
        assert!(refused(&sealed, &taker, &leaves[..1]).contains("2 answers to 1 prompts"));
        let swapped = [leaves[1], leaves[0]];
        assert!(refused(&sealed, &taker, &swapped).contains("not the one that was committed to"));
        let cut = to.seal(&mut OsRng, &plain(&transcripts)[..8]).unwrap();
        assert!(refused(&cut, &taker, &leaves).contains("1 answers"));
        let broken = to.seal(&mut OsRng, &9_u32.to_le_bytes()).unwrap();
        assert!(refused(&broken, &taker, &leaves).contains("no answers"));
    }
}
