//! Deeds: what is asked of deliveries, and what comes of them, as lines of a scenario.
//!
//! `terms [H] [dispute=1] [ruling=1] [auditors=1] [deposit=1] [stake=0] [bounty=1]`, `auditor ann [off]`, `maintain pat [H]`,
//! `acknowledge pat 0`, `reclaim pat 0/6`, `commit pat 0/3 [work=N]`, `beacon 0/3 [7]`, `reveal pat 0/3`,
//! `judge cyd 0/3 clean`, `stake pat 10`, `unstake pat 10`, `dispute ann 0/3`, `rule 0/3 delivered`. A slot is its delivery and its number; `0/3-5` are
//! several, of which each is asked for. Work that a scenario does not say is as much as can be. Only of slots that a line has
//! named, with `watch 0/3` for one, is told what comes of them.

use engine::command::Command;
use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Ruling;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::{Party, SlotNumber, SlotState};
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, Digest};
use engine::label::Label;

use crate::decimal::amount;
use crate::desk::Desk;
use crate::verbs::{Words, instrument, named};

/// Every digest: the engine never looks into one.
const DIGEST: Digest = Digest([7; 32]);

const RULINGS: [(&str, Ruling); 6] = [
    ("delivered", Ruling::Delivered),
    ("not_delivered", Ruling::NotDelivered),
    ("unopened", Ruling::Unopened),
    ("buyer", Ruling::BuyerFault),
    ("network", Ruling::Network),
    ("inconclusive", Ruling::Inconclusive),
];

const VERDICTS: [(&str, Verdict); 2] = [("clean", Verdict::Clean), ("flagged", Verdict::Flagged)];

/// The commands that a line about deliveries amounts to.
pub(crate) fn deeds(desk: &mut Desk, verb: &str, words: Words<'_>) -> Option<Vec<Command>> {
    let reason = Label::new("why")?;
    let one = |command| Some(vec![Command::Delivery(command)]);
    for (delivery, slot) in words.iter().filter_map(|word| slots_of(word)).flatten() {
        desk.watched.insert((delivery, slot));
    }
    match (verb, words) {
        ("watch", [_]) => Some(Vec::new()),
        ("terms", rest) => terms(desk, rest).and_then(one),
        ("auditor", [name, rest @ ..]) => {
            let (account, auditor) = (desk.account(name), rest.is_empty());
            one(DeliveryCommand::SetAuditor { account, auditor, reason })
        }
        ("stake" | "unstake", [name, credits]) => {
            let (account, amount) = (desk.account(name), amount(credits)?);
            one(match verb {
                "stake" => DeliveryCommand::AddStake { account, amount },
                _ => DeliveryCommand::WithdrawStake { account, amount },
            })
        }
        ("maintain", [name, rest @ ..]) => {
            let (account, instrument) = (desk.account(name), instrument(desk, rest.first())?);
            one(DeliveryCommand::AnnounceMaintenance { account, instrument })
        }
        ("acknowledge", [name, number]) => {
            let (account, delivery) = (desk.account(name), DeliveryId(number.parse().ok()?));
            one(DeliveryCommand::AcknowledgeDelivery { account, delivery })
        }
        ("beacon" | "rule", [slots, rest @ ..]) => of_slots(slots, |delivery, slot| {
            Some(match (verb, rest) {
                ("beacon", rest) => {
                    let beacon = rest.first().map_or(Some(0), |number| number.parse().ok())?;
                    DeliveryCommand::DrawAuditors { delivery, slot, beacon }
                }
                (_, [ruling]) => {
                    let ruling = named(&RULINGS, ruling)?;
                    DeliveryCommand::RuleSlot { delivery, slot, ruling, reason }
                }
                _ => return None,
            })
        }),
        (_, [name, slots, rest @ ..]) => {
            let account = desk.account(name);
            of_slots(slots, |delivery, slot| work(verb, (account, delivery, slot), rest))
        }
        _ => None,
    }
}

/// What an account does about a slot.
fn work(
    verb: &str,
    (account, delivery, slot): (AccountId, DeliveryId, SlotNumber),
    rest: Words<'_>,
) -> Option<DeliveryCommand> {
    Some(match (verb, rest) {
        ("reclaim", []) => DeliveryCommand::ReclaimSlots { account, delivery, from: slot },
        ("commit", rest) => {
            let metered = |word: &&str| word.strip_prefix("work=")?.parse().ok();
            let work = rest.first().map_or(Some(u64::MAX), metered)?;
            DeliveryCommand::CommitSlot { account, delivery, slot, commitment: DIGEST, work }
        }
        ("reveal", []) => DeliveryCommand::OpenSlot { account, delivery, slot, opening: DIGEST },
        ("judge", [verdict]) => {
            let verdict = named(&VERDICTS, verdict)?;
            let (sequences, evidence) = (100, DIGEST);
            DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence }
        }
        ("dispute", []) => DeliveryCommand::DisputeSlot { account, delivery, slot },
        _ => return None,
    })
}

/// A command for each of the slots that `0/3` or `0/3-5` names.
fn of_slots(
    text: &str,
    command: impl Fn(DeliveryId, SlotNumber) -> Option<DeliveryCommand>,
) -> Option<Vec<Command>> {
    let slots = slots_of(text)?.into_iter();
    slots.map(|(delivery, slot)| command(delivery, slot).map(Command::Delivery)).collect()
}

/// The slots that `0/3` or `0/3-5` names.
fn slots_of(text: &str) -> Option<Vec<(DeliveryId, SlotNumber)>> {
    let (delivery, slots) = text.split_once('/')?;
    let delivery = DeliveryId(delivery.parse().ok()?);
    let (first, last) = slots.split_once('-').unwrap_or((slots, slots));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first..=last).map(|slot| Some((delivery, SlotNumber::new(slot)?))).collect()
}

fn terms(desk: &Desk, words: Words<'_>) -> Option<DeliveryCommand> {
    let (name, settings) = match words {
        [name, settings @ ..] if !name.contains('=') => (*name, settings),
        settings => ("H", settings),
    };
    let mut terms = DeliveryTerms::DEFAULT;
    for setting in settings {
        let (name, value) = setting.split_once('=')?;
        match name {
            "dispute" => terms.dispute_slots = value.parse().ok()?,
            "ruling" => terms.ruling_slots = value.parse().ok()?,
            "auditors" => terms.auditors = value.parse().ok()?,
            "deposit" => terms.deposit = amount(value)?,
            "stake" => terms.stake = amount(value)?,
            "bounty" => terms.bounty = amount(value)?,
            _ => return None,
        }
    }
    Some(DeliveryCommand::SetDeliveryTerms { market: desk.market(name), terms, reason: Label::new("why")? })
}

/// What happened to deliveries. Told to both sides, it is said once.
pub(crate) fn delivery_line(desk: &Desk, event: &Event) -> Option<String> {
    let name = |account| desk.account_name(account);
    let provider =
        |account, delivery| desk.view.delivery(delivery).is_some_and(|view| view.provider == account);
    Some(match *event {
        Event::DeliveryTermsSet { market, terms, .. } => {
            let DeliveryTerms { dispute_slots, ruling_slots, auditors, deposit, stake, bounty } = terms;
            let slots = format!("{dispute_slots} slots to dispute, {ruling_slots} to rule");
            let rest = format!("{auditors} auditors, deposit {deposit}, bounty {bounty}, stake {stake}");
            format!("terms of {}: {slots}, {rest}", desk.market_name(market))
        }
        Event::AuditorSet { account, auditor, .. } => {
            format!("{} {}", name(account), if auditor { "may audit" } else { "may not audit" })
        }
        Event::MaintenanceAnnounced { account, instrument, .. } => {
            format!("{} maintains in {}", name(account), desk.instrument_name(instrument))
        }
        Event::DeliveryAcknowledged { account, delivery, .. } => {
            let first = provider(account, delivery);
            first.then(|| format!("{} knows of delivery {}", name(account), delivery.0))?
        }
        Event::SlotChanged { delivery, slot, .. } | Event::SlotPaid { delivery, slot, .. }
            if !desk.watched.contains(&(delivery, slot)) =>
        {
            return None;
        }
        Event::SlotChanged { account, delivery, slot, state, .. } => {
            let state = match state {
                SlotState::Decided(outcome) => format!("decided, {outcome:?}"),
                // What is paid is said by who is paid.
                SlotState::Final(_) => return None,
                state => format!("{state:?}").to_lowercase(),
            };
            provider(account, delivery).then(|| format!("slot {}/{}: {state}", delivery.0, slot.number()))?
        }
        Event::AuditorsDrawn { delivery, slot, rate_ppm, .. } => {
            format!("{rate_ppm} of a million sequences of {}/{} are audited", delivery.0, slot.number())
        }
        Event::AuditRateChanged { account, rate_ppm } => {
            format!("{rate_ppm} of a million sequences of {} are audited from now on", name(account))
        }
        Event::StakeChanged { account, staked, .. } => format!("{} has {staked} at stake", name(account)),
        Event::Slashed { account, delivery, slot, holder, auditor, burned, .. } => {
            let parts = format!("{holder} for the holder, {auditor} for the auditor, {burned} burned");
            format!("{} is slashed for {}/{}: {parts}", name(account), delivery.0, slot.number())
        }
        Event::AuditorDrawn { account, delivery, slot, .. } => {
            format!("{} audits {}/{}", name(account), delivery.0, slot.number())
        }
        Event::SlotDisputed { account, delivery, slot, by, .. } => {
            let mine = provider(account, delivery) == (by == Party::Provider);
            mine.then(|| format!("{} disputes {}/{}", name(account), delivery.0, slot.number()))?
        }
        Event::DisputeClosed { account, deposit, lost, .. } => {
            let done = if lost { "loses" } else { "gets back" };
            format!("{} {done} the deposit of {deposit}", name(account))
        }
        Event::SlotPaid { account, delivery, slot, outcome, received, fee, .. } => {
            let fee = if fee.is_zero() { String::new() } else { format!(", fee {fee}") };
            let slot = format!("{}/{}", delivery.0, slot.number());
            format!("slot {slot} final, {outcome:?}: {} gets {received}{fee}", name(account))
        }
        // Others say the same.
        Event::DeliveryTold { .. }
        | Event::SlotCommitted { .. }
        | Event::SlotOpened { .. }
        | Event::SlotJudged { .. }
        | Event::SlotRuled { .. } => return None,
        _ => unreachable!("asked for what happens to deliveries"),
    })
}
