//! Verbs: what a line in column one asks for.
//!
//! `[#1] bid ann 5 @ 1.2000 [ioc] [id=x] [deadline=+5s] [H+1]`, `ask ...`, `cancel ann #1`, `cancel ann id=x`,
//! `reduce ann #1 by 2`, `cancel-all ann [H]`, `capacity pat 50 [H]`, `deposit ann 100 [ref=x]`,
//! `open pat [provider] [joins ann]`, `key ann k1 [scope ...]`, `revoke k1`, `market [H] [setting=value ...]`, `found`,
//! `time +5s`, and the questions `book [H]`, `balances [ann ...]`, `positions`.

use engine::command::Command;
use engine::event::Event;
use engine::ids::{InstrumentId, PublicKey, Scopes};
use engine::label::Label;
use engine::market::{MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::symbol::Tier;
use engine::symbol::{ClassName, ZoneName};
use engine::units::{Amount, Lots, Ppm};

use crate::decimal::{amount, price};
use crate::desk::Desk;
use crate::report::{balances, book, narration, positions};

/// What a line says after its verb.
type Words<'a> = &'a [&'a str];

/// Does what a line asks for; returns what came of it, or `None` when the line cannot be read.
pub(crate) fn act(desk: &mut Desk, line: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (label, words) = match *words.first()? {
        label if label.starts_with('#') => (Some(label), &words[1..]),
        _ => (None, &words[..]),
    };
    let (verb, rest) = words.split_first()?;
    let events = match (*verb, rest) {
        ("book", rest) => return Some(book(desk, instrument(desk, rest.first())?)),
        ("balances", names) => return Some(balances(desk, names)),
        ("positions", []) => return Some(positions(desk)),
        ("time", [span]) => desk.pass(span)?,
        ("market", rest) => add_market(desk, rest)?,
        ("bid", rest) => place(desk, (Side::Bid, label), rest)?,
        ("ask", rest) => place(desk, (Side::Ask, label), rest)?,
        _ => {
            let command = command(desk, verb, rest)?;
            desk.apply(command)
        }
    };
    Some(narration(desk, &events))
}

fn command(desk: &mut Desk, verb: &str, words: Words<'_>) -> Option<Command> {
    Some(match (verb, words) {
        ("found", []) => Command::Found { epoch: 1, seed: 7, operator: key("operator") },
        ("open", [name, options @ ..]) => {
            let (provider, joins) = match options {
                [] => (false, None),
                ["provider"] => (true, None),
                ["joins", other] => (false, Some(desk.account(other))),
                ["provider", "joins", other] => (true, Some(desk.account(other))),
                _ => return None,
            };
            Command::OpenAccount { name: Label::new(name)?, provider, joins }
        }
        ("key", [name, text, allowed @ ..]) => {
            Command::RegisterKey { account: desk.account(name), key: key(text), scopes: scopes(allowed)? }
        }
        ("revoke", [text]) => Command::RevokeKey { key: key(text) },
        ("deposit", [name, credits, options @ ..]) => {
            let reference = match options {
                [] => desk.new_reference(),
                [option] => option.strip_prefix("ref=")?.to_string(),
                _ => return None,
            };
            let (account, amount) = (desk.account(name), amount(credits)?);
            Command::Deposit { account, amount, reference: Label::new(&reference)? }
        }
        ("capacity", [name, count, rest @ ..]) => {
            let instrument = instrument(desk, rest.first())?;
            Command::SetCapacity { account: desk.account(name), instrument, lots: lots(count)? }
        }
        ("cancel", [name, order]) => {
            Command::CancelOrder { account: desk.account(name), order: order_ref(desk, order)? }
        }
        ("reduce", [name, order, "by", by]) => {
            let order = order_ref(desk, order)?;
            Command::ReduceOrder { account: desk.account(name), order, by: lots(by)? }
        }
        ("cancel-all", [name]) => Command::CancelAll { account: desk.account(name), instrument: None },
        ("cancel-all", [name, _]) => {
            let instrument = Some(instrument(desk, words.get(1))?);
            Command::CancelAll { account: desk.account(name), instrument }
        }
        _ => return None,
    })
}

fn place(desk: &mut Desk, (side, label): (Side, Option<&str>), words: Words<'_>) -> Option<Vec<Event>> {
    let [name, count, "@", limit, options @ ..] = words else { return None };
    let number = desk.ask_order();
    if label.is_some_and(|label| label != format!("#{number}")) {
        return None;
    }
    let mut order = NewOrder {
        account: desk.account(name),
        instrument: InstrumentId(0),
        side,
        time_in_force: TimeInForce::GoodTillGate,
        limit: price(limit)?,
        lots: lots(count)?,
        client: None,
        deadline: None,
    };
    let mut window = None;
    for option in options {
        match option.split_once('=') {
            Some(("id", client)) => order.client = Some(Label::new(client)?),
            Some(("deadline", span)) => order.deadline = Some(desk.moment(span)?),
            None if *option == "ioc" => order.time_in_force = TimeInForce::ImmediateOrCancel,
            None => window = Some(option),
            _ => return None,
        }
    }
    order.instrument = instrument(desk, window)?;
    Some(desk.apply(Command::PlaceOrder(order)))
}

fn add_market(desk: &mut Desk, words: Words<'_>) -> Option<Vec<Event>> {
    let (name, settings) = match words {
        [name, settings @ ..] if !name.contains('=') => (*name, settings),
        settings => ("H", settings),
    };
    let mut spec = MarketSpec {
        bond: Amount::new(500_000),
        class: ClassName::new("H100SXM")?,
        zone: ZoneName::new("US-E")?,
        tier: Tier::Firm,
        self_trade: SelfTrade::Prevented,
        window_seconds: 3_600,
        windows: 2,
        gate_seconds: 600,
        maker_fee: Ppm::new(200)?,
        taker_fee: Ppm::new(500)?,
    };
    settings.iter().try_for_each(|setting| set(&mut spec, setting))?;
    let events = desk.apply(Command::AddMarket(spec));
    if events.iter().any(|event| matches!(event, Event::MarketAdded { .. })) {
        desk.name_market(name);
    }
    Some(events)
}

fn set(spec: &mut MarketSpec, setting: &str) -> Option<()> {
    let (name, value) = setting.split_once('=')?;
    let rate = |text: &str| Ppm::new(text.strip_suffix("ppm")?.parse().ok()?);
    match name {
        "class" => spec.class = ClassName::new(value)?,
        "zone" => spec.zone = ZoneName::new(value)?,
        "tier" => {
            let tiers = [("FIRM", Tier::Firm), ("INT", Tier::Interruptible)];
            spec.tier = tiers.iter().find(|(name, _)| *name == value)?.1;
        }
        "window" => spec.window_seconds = value.parse().ok()?,
        "windows" => spec.windows = value.parse().ok()?,
        "gate" => spec.gate_seconds = value.parse().ok()?,
        "bond" => spec.bond = amount(value)?,
        "maker" => spec.maker_fee = rate(value)?,
        "taker" => spec.taker_fee = rate(value)?,
        "self_trade" => {
            let settings = [("prevent", SelfTrade::Prevented), ("allow", SelfTrade::Allowed)];
            spec.self_trade = settings.iter().find(|(name, _)| *name == value)?.1;
        }
        _ => return None,
    }
    Some(())
}

fn instrument(desk: &Desk, word: Option<&&str>) -> Option<InstrumentId> {
    desk.instrument(word.copied().unwrap_or("H"))
}

fn lots(text: &str) -> Option<Lots> {
    Lots::new(text.parse().ok()?)
}

/// `#3` is the third order of the scenario, `id=x` the client's own name.
fn order_ref(desk: &Desk, text: &str) -> Option<OrderRef> {
    match text.strip_prefix("id=") {
        Some(client) => Some(OrderRef::Client(Label::new(client)?)),
        None => Some(OrderRef::Id(desk.order(text.strip_prefix('#')?.parse().ok()?))),
    }
}

/// A public key that spells `text`.
fn key(text: &str) -> PublicKey {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(text.bytes()).for_each(|(byte, letter)| *byte = letter);
    PublicKey(bytes)
}

fn scopes(words: Words<'_>) -> Option<Scopes> {
    let scope = |word: &&str| match *word {
        "read" => Some(Scopes::READ),
        "trade" => Some(Scopes::TRADE),
        "cancel" => Some(Scopes::CANCEL),
        "provide" => Some(Scopes::PROVIDE),
        "admin" => Some(Scopes::ADMIN),
        _ => None,
    };
    words.iter().try_fold(Scopes::NONE, |sum, word| Some(sum.with(scope(word)?)))
}
