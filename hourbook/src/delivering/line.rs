//! Line: one thing that whoever delivers, audits or follows has done, or was told.

use client::error::ClientError;
use protocol::delivery::{Deliveries, DeliveryEvent, Role, SlotName};
use protocol::update::Update;
use serde::Serialize;

use crate::delivering::answer::Answer;
use crate::delivering::worker::WorkError;
use crate::word::word;

/// What was done.
#[derive(Debug, Serialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub(crate) enum Line {
    /// From here on it is told what happens.
    Connected { url: String },
    /// A provider put credit at stake.
    Staked { amount: String },
    /// It has less available than that.
    NotStaked { amount: String, why: String },
    /// A provider offers so many GPUs in a window.
    Offered { symbol: String, gpus: u64, price: String },
    /// It does not.
    NotOffered { symbol: String, why: String },
    /// A provider committed to a slot's answers, and opened what was drawn.
    Worked {
        #[serde(flatten)]
        slot: SlotName,
        sequences: usize,
        tokens: u64,
        opened: usize,
        ms: u128,
    },
    /// An auditor looked at a slot.
    Audited {
        #[serde(flatten)]
        slot: SlotName,
        sequences: usize,
        clean: bool,
    },
    /// The arbiter decided one.
    Ruled {
        #[serde(flatten)]
        slot: SlotName,
        sequences: usize,
        outcome: String,
    },
    /// A taker showed its half of a beacon.
    Revealed {
        #[serde(flatten)]
        slot: SlotName,
    },
    /// A taker has answers; checked are all of them, each the one that was committed to.
    Answered {
        #[serde(flatten)]
        slot: SlotName,
        symbol: String,
        checked: bool,
        answers: Vec<Answer>,
    },
    /// A slot's money has moved.
    Paid {
        #[serde(flatten)]
        slot: SlotName,
        role: Role,
        outcome: String,
        received: String,
    },
    /// A receipt is in a file.
    Kept {
        #[serde(flatten)]
        slot: SlotName,
        file: String,
    },
    /// Something was not done.
    Skipped {
        #[serde(flatten)]
        slot: SlotName,
        why: String,
    },
}

impl Line {
    /// A slot of which something was not done; an error where nothing can be done any more, for the connection broke.
    pub(crate) fn skipped(slot: SlotName, error: WorkError) -> Result<Line, ClientError> {
        // Mostly it went on without us: its deadline passed, or an earlier connection did it.
        Ok(Line::Skipped { slot, why: error.outlived()? })
    }

    /// The payment that a message tells of, to an account on this side.
    pub(crate) fn paid(update: &Update, role: Role) -> Option<(SlotName, Line)> {
        let Update::Deliveries(Deliveries::Update(update)) = update else { return None };
        let DeliveryEvent::Paid { slot, outcome, received, .. } = &update.data else { return None };
        let (outcome, received) = (word(outcome), received.clone());
        Some((*slot, Line::Paid { slot: *slot, role, outcome, received }))
    }

    /// For people: a line, or several.
    pub(crate) fn text(&self) -> String {
        match self {
            Line::Connected { url } => format!("connected to {url}"),
            Line::Staked { amount } => format!("put {amount} CU at stake"),
            Line::NotStaked { amount, why } => {
                format!("{amount} CU are not put at stake: {why}; tried again when credit comes in")
            }
            Line::Offered { symbol, gpus, price } => format!("offered {gpus} x {symbol} at {price} CU"),
            Line::NotOffered { symbol, why } => format!("{symbol} is not offered: {why}"),
            Line::Worked { slot, sequences, tokens, opened, ms } => format!(
                "{}: {sequences} answers of {tokens} tokens in {ms} ms, committed, {opened} opened",
                place(slot)
            ),
            Line::Audited { slot, sequences, clean } => {
                let found = if *clean { "clean" } else { "flagged" };
                format!("{}: {sequences} answers read, {found}", place(slot))
            }
            Line::Ruled { slot, sequences, outcome } => {
                format!("{}: {sequences} answers read, ruled {outcome}", place(slot))
            }
            Line::Revealed { slot } => {
                format!("{}: committed; the half of its beacon was shown", place(slot))
            }
            Line::Answered { slot, symbol, checked, answers } => {
                let said = if *checked { "each as committed to" } else { "those that are open" };
                let mut text = format!("{} of {symbol}: answers, {said}\n", place(slot));
                answers.iter().for_each(|answer| text += &answer.text());
                text
            }
            Line::Paid { slot, role: Role::Holder, outcome, received } => {
                format!("{}: {outcome} and final; {received} CU came back to you", place(slot))
            }
            Line::Paid { slot, outcome, received, .. } => {
                format!("{}: {outcome}, {received} CU of price and bond", place(slot))
            }
            Line::Kept { slot, file } => format!("{}: receipt in {file}", place(slot)),
            Line::Skipped { slot, why } => format!("{}: not done: {why}", place(slot)),
        }
    }
}

fn place(slot: &SlotName) -> String {
    format!("delivery {} slot {:>2}", slot.delivery, slot.slot)
}
