//! Requests: the commands that acts amount to, as things stand.

#[path = "requests/again.rs"]
mod again;
#[path = "requests/calm.rs"]
mod calm;
#[path = "requests/deliveries.rs"]
mod deliveries;

use std::num::NonZeroU32;

use engine::command::Command;
use engine::control::{KillTarget, ModeScope};
use engine::ids::{AccountId, InstrumentId, MarketId, OrderId, PublicKey, Scopes, index};
use engine::instrument::Phase;
use engine::label::Label;
use engine::order::{Amendment, NewOrder, OrderRef, SessionId, TimeInForce};
use engine::order_filter::OrderFilter;
use engine::stamp::Time;
use engine::units::{Amount, Lots, Price};

use crate::acts::controls::{Control, Scope};
use crate::acts::entries::{Change, Entry, Waits};
use crate::acts::{Act, Client, Filter, Meant, NOBODY, NOWHERE, Name, WINDOWS_OPEN};
use crate::model::{Model, Order};
use crate::requests::calm::calm;
use crate::stage;
use crate::stage::label;

/// The most lots that an order can say.
const LOTS_MAX: u64 = 10_000_000;

/// Who turns acts into commands, and remembers what was sent.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// Numbers ids and references that are new.
    fresh: u32,
    /// Commands that carried a client order id.
    sent: Vec<Command>,
    /// Ids that they carried.
    used: Vec<Label>,
}

impl Requests {
    /// What an act amounts to.
    pub(crate) fn of(&mut self, act: Act, model: &Model) -> Vec<Command> {
        let command = match act {
            Act::Enter(entry) => self.entry(&entry, model),
            Act::Amend(meant, ref change) => self.amendment(meant, change, model),
            Act::Cancel(meant) => {
                let (account, order) = named(meant, model);
                Command::CancelOrder { account, order }
            }
            Act::Reduce(meant, by) => {
                let (account, order) = named(meant, model);
                Command::ReduceOrder { account, order, by: lots(by) }
            }
            Act::Repeat(which, again) => match self.again(which, again, model) {
                Some(command) => command,
                None => return Vec::new(),
            },
            Act::CancelAll(who, ref filter) => {
                Command::CancelAll { account: AccountId(who), only: only(filter, model) }
            }
            Act::CancelAfter(who, after) => Command::CancelAfter { account: AccountId(who), after },
            Act::EndSession(who, number) => {
                Command::EndSession { account: AccountId(who), session: session(number) }
            }
            Act::SetCapacity(who, window, count) => {
                let instrument = instrument(window, model);
                Command::SetCapacity { account: AccountId(who), instrument, lots: lots(count) }
            }
            Act::Draw(seed, next) => {
                let next = model.undrawn.get(usize::from(!next)).copied();
                Command::Draw { instrument: next.unwrap_or(InstrumentId(0)), seed }
            }
            Act::Deliver(ref delivering) => return deliveries::commands(delivering, model),
            Act::Control(ref control) => self.control(control, model),
            Act::Wait(_) => return Vec::new(),
            Act::Calm => return calm(model),
        };
        self.note(&command);
        vec![command]
    }

    fn note(&mut self, command: &Command) {
        let client = match command {
            Command::PlaceOrder(order) => order.client,
            Command::AmendOrder(amendment) => amendment.client,
            _ => None,
        };
        if let Some(client) = client {
            self.sent.push(*command);
            self.used.push(client);
        }
    }

    fn fresh(&mut self, kind: &str) -> Label {
        self.fresh += 1;
        label(&format!("{kind}-{}", self.fresh))
    }

    /// A reference that is new, or an old one.
    fn reference(&mut self, old: Option<u8>) -> Label {
        old.map_or_else(|| self.fresh("d"), |old| label(&format!("old-{old}")))
    }

    fn client(&mut self, client: Option<Client>) -> Option<Label> {
        match client? {
            Client::Used(which) if !self.used.is_empty() => Some(self.used[which % self.used.len()]),
            Client::Used(_) | Client::Fresh => Some(self.fresh("c")),
        }
    }

    fn entry(&mut self, entry: &Entry, model: &Model) -> Command {
        let shape = entry.shape;
        let time_in_force = match shape.waits {
            Waits::Gate => TimeInForce::GoodTillGate,
            Waits::Date(seconds) => TimeInForce::GoodTillDate(from_now(seconds, model)),
            Waits::Brink => {
                let window = model.windows.get(index(instrument(entry.window, model).0));
                TimeInForce::GoodTillDate(Time(window.map_or(model.now, |window| window.gate)))
            }
            Waits::Immediate => TimeInForce::ImmediateOrCancel,
            Waits::Whole => TimeInForce::FillOrKill,
        };
        Command::PlaceOrder(NewOrder {
            account: AccountId(entry.who),
            instrument: instrument(entry.window, model),
            side: entry.side,
            kind: shape.kind,
            time_in_force,
            prevention: entry.prevention,
            limit: price(entry.ticks),
            lots: lots(entry.lots),
            minimum: lots(shape.minimum),
            shown: shape.shown.map(lots),
            client: self.client(entry.client),
            label: entry.label.map(mark),
            session: entry.session.map(session),
            deadline: entry.deadline.map(|seconds| from_now(seconds, model)),
        })
    }

    fn amendment(&mut self, meant: Meant, change: &Change, model: &Model) -> Command {
        let (account, order) = named(meant, model);
        let open = model.open(account, order);
        let total = open.map_or(1, Order::lots);
        let filled = open.map_or(0, |open| open.filled);
        Command::AmendOrder(Amendment {
            account,
            order,
            limit: change.ticks.map(price),
            lots: change.lots.map(|more| lots(total.saturating_add_signed(more).min(LOTS_MAX))),
            client: self.client(change.client),
            filled: change.filled.map(|right| lots(if right { filled } else { filled + 1 })),
            deadline: change.deadline.map(|seconds| from_now(seconds, model)),
        })
    }

    fn control(&mut self, control: &Control, model: &Model) -> Command {
        let reason = label("why");
        match *control {
            Control::Mode(scope, mode) => {
                let scope = match scope {
                    Scope::Venue => ModeScope::Venue,
                    Scope::Market(market) => ModeScope::Market(MarketId(market)),
                    Scope::Window(window) => ModeScope::Instrument(instrument(window, model)),
                };
                Command::SetMode { scope, mode, reason }
            }
            Control::MarketLimits(market, limits) => {
                Command::SetMarketLimits { market: MarketId(market), limits, reason }
            }
            Control::AccountLimits(who, limits) => {
                Command::SetAccountLimits { account: AccountId(who), limits, reason }
            }
            Control::Lock(who, locked) => Command::SetLock { account: AccountId(who), locked, reason },
            Control::Kill(who) => {
                let target = who.map_or(KillTarget::Venue, |who| KillTarget::Account(AccountId(who)));
                Command::Kill { target, reason }
            }
            Control::Deposit(who, amount, old) => {
                let reference = self.reference(old);
                Command::Deposit { account: AccountId(who), amount: Amount::new(amount), reference }
            }
            Control::Register(who, number) => {
                let (account, key) = (AccountId(who), stage::key(number));
                Command::RegisterKey { account, key, scopes: Scopes::READ, bounds: stage::bounds(number) }
            }
            Control::Replace(number, by) => {
                Command::ReplaceKey { key: stage::key(number), by: stage::key(by) }
            }
            Control::Transfer(who, to, amount, old) => {
                let (account, to, amount) = (AccountId(who), AccountId(to), Amount::new(amount));
                Command::Transfer { account, to, amount, reference: self.reference(old) }
            }
            Control::Redeem(who, amount, old) => {
                let (account, amount) = (AccountId(who), Amount::new(amount));
                Command::Redeem { account, amount, reference: self.reference(old) }
            }
            Control::EndRedemption(which, paid) => {
                let payments = &model.payments;
                let name = payments.keys().nth(which % payments.len().max(1)).copied();
                let (account, reference) = name.unwrap_or((AccountId(1), label("nothing")));
                Command::EndRedemption { account, reference, paid }
            }
            Control::Revoke(number) => Command::RevokeKey { key: stage::key(number) },
            Control::Open(number, provider, joins) => {
                let names = ["ann", "new-1", "new-2", "new-3", "new-4"];
                let name = label(names[usize::from(number)]);
                Command::OpenAccount { name, provider, joins: joins.map(AccountId) }
            }
            Control::Market(number) => Command::AddMarket(stage::market(number)),
            Control::Found => Command::Found { epoch: 2, seed: 2, operator: PublicKey([2; 32]) },
        }
    }
}

pub(crate) fn lots(count: u64) -> Lots {
    Lots::new(count).expect("lots are within bounds")
}

fn price(ticks: u64) -> Price {
    Price::new(ticks).expect("prices are within bounds")
}

fn mark(number: u8) -> Label {
    label(&format!("mark-{number}"))
}

fn session(number: u32) -> SessionId {
    SessionId(NonZeroU32::new(number).expect("sessions are numbered from 1"))
}

fn from_now(seconds: i64, model: &Model) -> Time {
    Time(model.now.saturating_add_signed(seconds * 1_000_000_000))
}

/// One of the windows that trade, one that waits to open or traded before, or one that does not exist.
fn instrument(window: u32, model: &Model) -> InstrumentId {
    let listed = (0..).zip(&model.windows);
    let phased = |open: bool| {
        listed
            .clone()
            .filter(move |(_, window)| (window.phase == Phase::Open) == open)
            .map(|(number, _)| number)
    };
    let open: Vec<u32> = phased(true).collect();
    let chosen = match window {
        NOWHERE => None,
        number if number < WINDOWS_OPEN => open.get(index(number) % open.len().max(1)).copied(),
        number => phased(false).collect::<Vec<u32>>().iter().rev().nth(index(number - WINDOWS_OPEN)).copied(),
    };
    InstrumentId(chosen.unwrap_or(NOWHERE))
}

/// Who means which order.
fn named(meant: Meant, model: &Model) -> (AccountId, OrderRef) {
    let open = &model.orders;
    if let Name::Wrong = meant.by {
        return (AccountId(meant.other.unwrap_or(1)), OrderRef::Client(label("never-used")));
    }
    if open.is_empty() || meant.ever {
        let order = model.names.iter().nth(meant.which % model.names.len().max(1)).copied();
        let order = order.unwrap_or(OrderId::new(NOBODY, 3));
        return (AccountId(meant.other.unwrap_or(1)), OrderRef::Id(order));
    }
    let open = &open[meant.which % open.len()];
    let client = open.client.filter(|_| matches!(meant.by, Name::Client));
    let order = client.map_or(OrderRef::Id(open.order), OrderRef::Client);
    (meant.other.map_or(open.account, AccountId), order)
}

fn only(filter: &Filter, model: &Model) -> OrderFilter {
    let start = filter.start.map(|window| {
        let started = model.windows.get(index(instrument(window, model).0));
        Time(started.map_or(0, |window| window.start))
    });
    OrderFilter {
        instrument: filter.window.map(|window| instrument(window, model)),
        class: filter.class.map(stage::class),
        zone: filter.zone.map(stage::zone),
        tier: filter.tier,
        start,
        side: filter.side,
        label: filter.label.map(mark),
        session: filter.session.map(session),
    }
}
