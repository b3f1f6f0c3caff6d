//! Trading: lines that enter, change and cancel orders.
//!
//! `[#1] bid ann 5 @ 1.2000 [term ...] [H+1]` and `ask ...`. Terms: `market`, `post-only`, `slide`; `ioc`, `fok`,
//! `until=+60s`; `cancel-newest`, `cancel-oldest`, `cancel-both`, `decrement`; `shows=2`, `min=3`, `id=x`, `label=x`,
//! `session=1`, `deadline=+5s`. Then `amend ann #1 [to 8] [@ 1.3] [id=y] [filled=2] [deadline=+5s]`, `reduce ann #1 by 2`,
//! `cancel ann #1`, `cancel-all ann [H] [class=X] [zone=X] [tier=X] [starts=H+1] [side=bid] [label=x] [session=1]`,
//! `cancel-after ann 60s`, `cancel-after ann off`, `end-session ann 1`. `id=x` stands for `#1` wherever an order is named.

use std::num::NonZeroU32;

use engine::command::Command;
use engine::event::Event;
use engine::ids::InstrumentId;
use engine::label::Label;
use engine::order::{
    Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, SessionId, Side, TimeInForce,
};
use engine::order_filter::OrderFilter;
use engine::symbol::{ClassName, ZoneName};

use crate::decimal::{price, span};
use crate::desk::Desk;
use crate::verbs::{Words, instrument, lots, named, tier};

const SIDES: [(&str, Side); 2] = [("bid", Side::Bid), ("ask", Side::Ask)];

/// Enters an order, which may be numbered in its line.
pub(crate) fn place(
    desk: &mut Desk,
    (label, verb): (Option<&str>, &str),
    words: Words<'_>,
) -> Option<Vec<Event>> {
    let [name, count, "@", limit, options @ ..] = words else { return None };
    let asked = (lots(count)?, price(limit)?);
    let mut order = NewOrder::limit(desk.account(name), InstrumentId(0), named(&SIDES, verb)?, asked);
    let mut window = None;
    for option in options {
        match option.split_once('=') {
            Some((name, value)) => set(desk, &mut order, (name, value))?,
            None => state(&mut order, option).or_else(|| window.replace(option).is_none().then_some(()))?,
        }
    }
    order.instrument = instrument(desk, window)?;
    let number = desk.ask_order(order);
    label.is_none_or(|label| label == format!("#{number}")).then_some(())?;
    Some(desk.apply(Command::PlaceOrder(order)))
}

/// Sets a term of one word.
fn state(order: &mut NewOrder, word: &str) -> Option<()> {
    match word {
        "market" => order.kind = OrderKind::Market,
        "post-only" => order.kind = OrderKind::PostOnly,
        "slide" => order.kind = OrderKind::PostOnlySlide,
        "ioc" => order.time_in_force = TimeInForce::ImmediateOrCancel,
        "fok" => order.time_in_force = TimeInForce::FillOrKill,
        "cancel-newest" => order.prevention = SelfTradePrevention::CancelNewest,
        "cancel-oldest" => order.prevention = SelfTradePrevention::CancelOldest,
        "cancel-both" => order.prevention = SelfTradePrevention::CancelBoth,
        "decrement" => order.prevention = SelfTradePrevention::Decrement,
        _ => return None,
    }
    Some(())
}

/// Sets a term that has a value.
fn set(desk: &Desk, order: &mut NewOrder, (name, value): (&str, &str)) -> Option<()> {
    match name {
        "until" => order.time_in_force = TimeInForce::GoodTillDate(desk.moment(value)?),
        "shows" => order.shown = Some(lots(value)?),
        "min" => order.minimum = lots(value)?,
        "id" => order.client = Some(Label::new(value)?),
        "label" => order.label = Some(Label::new(value)?),
        "session" => order.session = Some(session(value)?),
        "deadline" => order.deadline = Some(desk.moment(value)?),
        _ => return None,
    }
    Some(())
}

/// Commands that concern open orders.
pub(crate) fn trade(desk: &Desk, verb: &str, words: Words<'_>) -> Option<Command> {
    Some(match (verb, words) {
        ("amend", [name, order, changes @ ..]) => {
            Command::AmendOrder(amendment(desk, (name, order), changes)?)
        }
        ("reduce", [name, order, "by", by]) => {
            let order = order_ref(desk, order)?;
            Command::ReduceOrder { account: desk.account(name), order, by: lots(by)? }
        }
        ("cancel", [name, order]) => {
            Command::CancelOrder { account: desk.account(name), order: order_ref(desk, order)? }
        }
        ("cancel-all", [name, filters @ ..]) => {
            let mut only = OrderFilter::default();
            filters.iter().try_for_each(|filter| narrow(desk, &mut only, filter))?;
            Command::CancelAll { account: desk.account(name), only }
        }
        ("cancel-after", [name, "off"]) => Command::CancelAfter { account: desk.account(name), after: None },
        ("cancel-after", [name, text]) => {
            Command::CancelAfter { account: desk.account(name), after: Some(span(text)?.0) }
        }
        ("end-session", [name, number]) => {
            Command::EndSession { account: desk.account(name), session: session(number)? }
        }
        _ => return None,
    })
}

fn amendment(desk: &Desk, (name, order): (&str, &str), mut words: Words<'_>) -> Option<Amendment> {
    let mut amendment = Amendment {
        account: desk.account(name),
        order: order_ref(desk, order)?,
        limit: None,
        lots: None,
        client: None,
        filled: None,
        deadline: None,
    };
    loop {
        words = match words {
            [] => return Some(amendment),
            ["to", count, rest @ ..] => {
                amendment.lots = Some(lots(count)?);
                rest
            }
            ["@", limit, rest @ ..] => {
                amendment.limit = Some(price(limit)?);
                rest
            }
            [option, rest @ ..] => {
                match option.split_once('=')? {
                    ("id", client) => amendment.client = Some(Label::new(client)?),
                    ("filled", count) => amendment.filled = Some(lots(count)?),
                    ("deadline", text) => amendment.deadline = Some(desk.moment(text)?),
                    _ => return None,
                }
                rest
            }
        }
    }
}

/// Says which orders are meant.
fn narrow(desk: &Desk, only: &mut OrderFilter, word: &str) -> Option<()> {
    match word.split_once('=') {
        None => only.instrument = Some(desk.instrument(word)?),
        Some(("class", name)) => only.class = Some(ClassName::new(name)?),
        Some(("zone", name)) => only.zone = Some(ZoneName::new(name)?),
        Some(("tier", name)) => only.tier = Some(tier(name)?),
        Some(("starts", window)) => {
            only.start = Some(desk.exchange.instrument(desk.instrument(window)?)?.start);
        }
        Some(("side", name)) => only.side = Some(named(&SIDES, name)?),
        Some(("label", label)) => only.label = Some(Label::new(label)?),
        Some(("session", number)) => only.session = Some(session(number)?),
        Some(_) => return None,
    }
    Some(())
}

fn session(number: &str) -> Option<SessionId> {
    NonZeroU32::new(number.parse().ok()?).map(SessionId)
}

/// `#3` is the third order of the scenario, `id=x` the client's own name.
fn order_ref(desk: &Desk, text: &str) -> Option<OrderRef> {
    match text.strip_prefix("id=") {
        Some(client) => Some(OrderRef::Client(Label::new(client)?)),
        None => Some(OrderRef::Id(desk.order(text.strip_prefix('#')?.parse().ok()?))),
    }
}
