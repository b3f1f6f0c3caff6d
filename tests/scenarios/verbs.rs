//! Verbs: what a line in column one asks for.
//!
//! Of orders and cancellations `trading.rs` says how they are written, of modes, limits and locks `controls.rs`, of
//! deliveries `deeds.rs`; these are the others: `open pat [provider] [joins ann]`,
//! `key ann k1 [scope ...] [until=+5s] [most=100] [from=10.0.0.0/8 ...]`, `revoke k1`, `replace k1 k2`,
//! `deposit ann 100 [ref=x]`, `batch ann 3` (the next three lines), `send ann 5 bob ref=x`, `redeem ann 5 ref=x`,
//! `pay ann ref=x`, `return ann ref=x`,
//! `capacity pat 50 [H]`, `market [H] [setting=value ...]`, `draw [H] [seed=7]`, `found`, `time +5s`, and the questions
//! `book [H]`, `orders [ann]`, `balances [ann ...]`, `positions`.

use std::net::Ipv4Addr;

use engine::command::Command;
use engine::event::Event;
use engine::ids::{InstrumentId, PublicKey, Scopes};
use engine::key::{KeyBounds, Network, Networks};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::symbol::Tier;
use engine::symbol::{ClassName, ZoneName};
use engine::units::{Amount, Lots, Ppm};

use crate::controls::control;
use crate::decimal::amount;
use crate::deeds::deeds;
use crate::desk::Desk;
use crate::questions::{balances, book, orders, positions};
use crate::report::narration;
use crate::trading::{place, trade};

/// What a line says after its verb.
pub(crate) type Words<'a> = &'a [&'a str];

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
        ("orders", names) => return Some(orders(desk, names)),
        ("balances", names) => return Some(balances(desk, names)),
        ("positions", []) => return Some(positions(desk)),
        ("time", [span]) => desk.pass(span)?,
        ("market", rest) => add_market(desk, rest)?,
        ("bid" | "ask", rest) => place(desk, (label, verb), rest)?,
        _ => {
            let command = command(desk, verb, rest)
                .or_else(|| trade(desk, verb, rest))
                .or_else(|| control(desk, verb, rest));
            match command {
                Some(command) => desk.apply(command),
                // One after another: their lines are told as of the last.
                None => {
                    let deeds = deeds(desk, verb, rest)?;
                    deeds.into_iter().flat_map(|command| desk.apply(command)).collect()
                }
            }
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
        ("key", [name, text, rest @ ..]) => {
            let (allowed, bound): (Vec<&str>, Vec<&str>) = rest.iter().partition(|word| !word.contains('='));
            let (account, key) = (desk.account(name), key(text));
            Command::RegisterKey { account, key, scopes: scopes(&allowed)?, bounds: bounds(desk, &bound)? }
        }
        ("batch", [name, count]) => {
            Command::Batch { account: desk.account(name), count: count.parse().ok()? }
        }
        ("revoke", [text]) => Command::RevokeKey { key: key(text) },
        ("replace", [text, by]) => Command::ReplaceKey { key: key(text), by: key(by) },
        ("send" | "redeem" | "pay" | "return", rest) => return payment(desk, verb, rest),
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
        ("draw", [rest @ .., seed]) if seed.starts_with("seed=") => {
            let (_, seed) = seed.split_once('=')?;
            Command::Draw { instrument: instrument(desk, rest.first())?, seed: seed.parse().ok()? }
        }
        ("draw", rest) => Command::Draw { instrument: instrument(desk, rest.first())?, seed: 0 },
        _ => return None,
    })
}

fn payment(desk: &Desk, verb: &str, words: Words<'_>) -> Option<Command> {
    let (reference, rest) = words.split_last()?;
    let reference = Label::new(reference.strip_prefix("ref=")?)?;
    Some(match (verb, rest) {
        ("send", [name, credits, other]) => {
            let (account, to, amount) = (desk.account(name), desk.account(other), amount(credits)?);
            Command::Transfer { account, to, amount, reference }
        }
        ("redeem", [name, credits]) => {
            Command::Redeem { account: desk.account(name), amount: amount(credits)?, reference }
        }
        ("pay" | "return", [name]) => {
            Command::EndRedemption { account: desk.account(name), reference, paid: verb == "pay" }
        }
        _ => return None,
    })
}

fn bounds(desk: &Desk, words: Words<'_>) -> Option<KeyBounds> {
    let mut bounds = KeyBounds::NONE;
    let mut networks = Vec::new();
    for word in words {
        match word.split_once('=')? {
            ("until", span) => bounds.expires = desk.moment(span)?,
            ("most", credits) => bounds.order_notional = amount(credits)?,
            ("from", text) => {
                let (address, bits) = text.split_once('/')?;
                let address: Ipv4Addr = address.parse().ok()?;
                networks
                    .push(Network::new(address.to_ipv6_mapped().octets(), 96 + bits.parse::<u8>().ok()?)?);
            }
            _ => return None,
        }
    }
    Some(KeyBounds { networks: Networks::new(&networks)?, ..bounds })
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
        bond_rule: BondRule::Fixed,
        window_seconds: 3_600,
        windows: 2,
        windows_ahead: 0,
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
        "tier" => spec.tier = tier(value)?,
        "window" => spec.window_seconds = value.parse().ok()?,
        "windows" => spec.windows = value.parse().ok()?,
        "ahead" => spec.windows_ahead = value.parse().ok()?,
        "gate" => spec.gate_seconds = value.parse().ok()?,
        "bond" if value == "reference" => spec.bond_rule = BondRule::Reference,
        "bond" => spec.bond = amount(value)?,
        "maker" => spec.maker_fee = rate(value)?,
        "taker" => spec.taker_fee = rate(value)?,
        "self_trade" => {
            let settings = [("prevent", SelfTrade::Prevented), ("allow", SelfTrade::Allowed)];
            spec.self_trade = named(&settings, value)?;
        }
        _ => return None,
    }
    Some(())
}

/// What a word stands for.
pub(crate) fn named<T: Copy>(meanings: &[(&str, T)], word: &str) -> Option<T> {
    meanings.iter().find(|(name, _)| *name == word).map(|(_, meaning)| *meaning)
}

pub(crate) fn tier(word: &str) -> Option<Tier> {
    named(&[("FIRM", Tier::Firm), ("INT", Tier::Interruptible)], word)
}

/// The window that a word names; the first of market H without one.
pub(crate) fn instrument(desk: &Desk, word: Option<&&str>) -> Option<InstrumentId> {
    desk.instrument(word.copied().unwrap_or("H"))
}

pub(crate) fn lots(text: &str) -> Option<Lots> {
    Lots::new(text.parse().ok()?)
}

/// A public key that spells `text`.
fn key(text: &str) -> PublicKey {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(text.bytes()).for_each(|(byte, letter)| *byte = letter);
    PublicKey(bytes)
}

fn scopes(words: Words<'_>) -> Option<Scopes> {
    let scopes = [
        ("read", Scopes::READ),
        ("trade", Scopes::TRADE),
        ("cancel", Scopes::CANCEL),
        ("provide", Scopes::PROVIDE),
        ("admin", Scopes::ADMIN),
        ("audit", Scopes::AUDIT),
        ("transfer", Scopes::TRANSFER),
    ];
    words.iter().try_fold(Scopes::NONE, |sum, word| Some(sum.with(named(&scopes, word)?)))
}
