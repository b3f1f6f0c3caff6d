//! Model: the exchange once more, in plain lists and wide numbers, told from outside what is asked of it.
//!
//! Written from `docs/contract.md`, not from the engine. An account owns one sum of cash and a list of what it owes; what
//! of the cash is held and bonded is counted afresh, by `counts.rs`, whenever it is asked for. A command is refused for
//! the lowest of all reasons that apply. An order that comes in is first matched in thought (`plan.rs`), and then the
//! plan is carried out. Only the names of orders are the exchange's.

#[path = "model/accounts.rs"]
mod accounts;
#[path = "model/amend.rs"]
mod amend;
#[path = "model/batches.rs"]
mod batches;
#[path = "model/cancel.rs"]
mod cancel;
#[path = "model/controls.rs"]
mod controls;
#[path = "model/counts.rs"]
mod counts;
#[path = "model/deliveries.rs"]
pub(crate) mod deliveries;
#[path = "model/delivery_reasons.rs"]
mod delivery_reasons;
#[path = "model/draw.rs"]
mod draw;
#[path = "model/grid.rs"]
mod grid;
#[path = "model/identity.rs"]
mod identity;
#[path = "model/money.rs"]
mod money;
#[path = "model/order_reasons.rs"]
mod order_reasons;
#[path = "model/orders.rs"]
mod orders;
#[path = "model/payments.rs"]
mod payments;
#[path = "model/plan.rs"]
mod plan;
#[path = "model/rate.rs"]
mod rate;
#[path = "model/reasons.rs"]
mod reasons;
#[path = "model/stakes.rs"]
pub(crate) mod stakes;
#[path = "model/told.rs"]
pub(crate) mod told;
#[path = "model/trades.rs"]
mod trades;
#[path = "model/work.rs"]
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use engine::account::KeyGrant;
use engine::command::Command;
use engine::control::{AccountLimits, MarketLimits, TradingMode};
use engine::delivery::run::DeliveryTerms;
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, InstrumentId, MarketId, OrderId, PublicKey, index};
use engine::instrument::Phase;
use engine::label::Label;
use engine::market::MarketSpec;
use engine::order::{OrderKind, SelfTradePrevention, SessionId, Side};
use engine::payment::Payment;
use engine::reject::RejectReason;
use engine::symbol::ClassName;
use engine::units::{Amount, Lots, Price};

use crate::model::batches::{Coming, Trying};
use crate::model::deliveries::{Due, Work};
use crate::model::draw::Line;
use crate::model::identity::Used;
use crate::model::rate::Counted;
use crate::model::stakes::Standing;
use crate::model::told::owner;

/// The name of an order to which the exchange gave none, and each of a batch another: what it told is not what is foretold.
fn nameless(op: u8) -> OrderId {
    OrderId::from_raw(u64::MAX - u64::from(op))
}

/// An account's part in an instrument.
pub(crate) type Part = (AccountId, InstrumentId);

/// An order that is open or comes in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) order: OrderId,
    pub(crate) account: AccountId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) kind: OrderKind,
    pub(crate) prevention: SelfTradePrevention,
    /// In nanoseconds.
    pub(crate) expires: Option<u64>,
    /// In ticks.
    pub(crate) limit: u64,
    pub(crate) filled: u64,
    pub(crate) shown: u64,
    pub(crate) hidden: u64,
    pub(crate) clip: Option<u64>,
    pub(crate) minimum: Lots,
    pub(crate) client: Option<Label>,
    pub(crate) label: Option<Label>,
    pub(crate) session: Option<SessionId>,
    /// Orders of an account are cancelled in this order.
    pub(crate) age: u64,
    /// Orders at one price trade in this order.
    pub(crate) turn: u64,
}

impl Order {
    pub(crate) fn leaves(&self) -> u64 {
        self.shown + self.hidden
    }

    /// Lots it asks for, those filled included.
    pub(crate) fn lots(&self) -> u64 {
        self.filled + self.leaves()
    }

    /// Takes lots off, hidden ones first.
    fn shrink(&mut self, by: u64) {
        let hidden = by.min(self.hidden);
        self.hidden -= hidden;
        self.shown -= by - hidden;
    }
}

/// Lots sold that have to be delivered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Owed {
    pub(crate) issue: u64,
    pub(crate) lots: u64,
    /// In ticks.
    pub(crate) price: u64,
    pub(crate) ppm: u32,
}

/// What an account has of an instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Holding {
    pub(crate) claims: u64,
    /// Oldest first.
    pub(crate) owed: Vec<Owed>,
    pub(crate) capacity: u64,
    /// Maintenance was announced in time.
    pub(crate) maintained: bool,
}

/// A market, with its grid.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Market {
    pub(crate) spec: MarketSpec,
    pub(crate) limits: MarketLimits,
    pub(crate) mode: TradingMode,
    pub(crate) delivery: DeliveryTerms,
    /// Number of the window that is listed next, counted from 1970.
    next: u64,
    /// When its grid moves on.
    rolls: u64,
}

/// A delivery window. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) market: MarketId,
    pub(crate) start: u64,
    pub(crate) gate: u64,
    end: u64,
    pub(crate) phase: Phase,
    pub(crate) mode: TradingMode,
    /// In micro-CU per lot.
    pub(crate) bond: u128,
    /// In ticks.
    anchor: Option<u64>,
    trades: u64,
    pub(crate) issued: u64,
    pub(crate) extinguished: u64,
    /// The class's reference rate at the gate, in ticks.
    pub(crate) reference: Option<u64>,
    /// What its deliveries go by, from the gate on.
    pub(crate) terms: DeliveryTerms,
    /// What is still to come of its slots, in order.
    agenda: VecDeque<Due>,
    /// When the last of it came.
    over: Option<u64>,
}

/// A kind of GPU.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Class {
    name: ClassName,
    /// Length of a window, in nanoseconds.
    length: u64,
    /// Start of the period that runs.
    period: u64,
    /// What counts in it.
    trades: Vec<Counted>,
    /// In ticks.
    reference: Option<u64>,
    /// End of the last period whose rate was told.
    pub(crate) end: Option<u64>,
}

/// Who trades.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Owner {
    pub(crate) name: Label,
    pub(crate) provider: bool,
    pub(crate) group: u32,
    pub(crate) locked: bool,
    pub(crate) auditor: bool,
    /// As a provider.
    pub(crate) standing: Standing,
    pub(crate) limits: AccountLimits,
    /// What is available, held and bonded.
    pub(crate) cash: u128,
    /// When all its orders end unless it says that it lives.
    pub(crate) cancel_after: Option<u64>,
    /// Private events predicted so far.
    told: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    pub(crate) now: u64,
    founded: bool,
    pub(crate) mode: TradingMode,
    pub(crate) classes: Vec<Class>,
    pub(crate) markets: Vec<Market>,
    pub(crate) windows: Vec<Window>,
    pub(crate) owners: Vec<Owner>,
    pub(crate) orders: Vec<Order>,
    /// Every name that an order ever had.
    pub(crate) names: BTreeSet<OrderId>,
    pub(crate) ids: BTreeMap<(AccountId, Label), Used>,
    references: BTreeSet<Label>,
    pub(crate) keys: BTreeMap<PublicKey, KeyGrant>,
    /// What accounts sent and set aside, by reference.
    pub(crate) payments: BTreeMap<(AccountId, Label), Payment>,
    pub(crate) holdings: BTreeMap<Part, Holding>,
    pub(crate) supply: u128,
    pub(crate) fees: u128,
    /// Numbers obligations in order of issue.
    issues: u64,
    /// Numbers orders by age and turn.
    turns: u64,
    /// Windows that wait for a draw, in order of closing.
    pub(crate) undrawn: VecDeque<InstrumentId>,
    /// The draw that goes on, and since when.
    drawing: Option<(u64, Line)>,
    /// How many were ever drawn.
    drawn: u32,
    /// Those of windows that are not settled.
    pub(crate) deliveries: BTreeMap<DeliveryId, Work>,
    /// Since when the orders of the whole venue are being cancelled.
    purge: Option<u64>,
    /// The batch whose changes are coming.
    coming: Option<Coming>,
    /// What a batch would leave, while it is tried.
    trying: Option<Trying>,
    events: Vec<Event>,
}

impl Model {
    /// What must happen now that this is asked for. Orders that are taken get these names, in turn.
    pub(crate) fn ask(&mut self, command: &Command, names: &[OrderId]) -> Vec<Event> {
        if let Some(foretold) = self.next_change(command, names) {
            return foretold;
        }
        let name = names.first().copied().unwrap_or(nameless(0));
        let refused = if self.founded || matches!(command, Command::Found { .. } | Command::Tick) {
            self.carry_out(command, name).err()
        } else {
            Some(RejectReason::NotFounded)
        };
        let events = std::mem::take(&mut self.events);
        match refused {
            Some(reason) => {
                assert_eq!(events, [], "what is refused changes nothing");
                vec![Event::Rejected { reason }]
            }
            None => events,
        }
    }

    fn carry_out(&mut self, command: &Command, name: OrderId) -> Result<(), RejectReason> {
        match command {
            Command::PlaceOrder(order) => return self.place(order, name),
            Command::AmendOrder(amendment) => return self.amend(amendment),
            _ => {}
        }
        if let Some(reason) = self.reasons(command).into_iter().min() {
            return Err(reason);
        }
        match *command {
            Command::PlaceOrder(_) | Command::AmendOrder(_) => unreachable!("carried out above"),
            Command::Tick => {}
            Command::Found { epoch, seed, operator } => self.found((epoch, seed), operator),
            Command::OpenAccount { name, provider, joins } => self.open_account(name, provider, joins),
            Command::RegisterKey { account, key, scopes, bounds } => {
                self.register(KeyGrant { account, scopes, bounds }, key)
            }
            Command::ReplaceKey { key, by } => self.replace_key(key, by),
            Command::RevokeKey { key } => self.revoke(key),
            Command::Deposit { account, amount, reference } => self.deposit(account, amount, reference),
            Command::Transfer { account, to, amount, reference } => {
                self.transfer((account, reference), to, amount)
            }
            Command::Redeem { account, amount, reference } => self.redeem((account, reference), amount),
            Command::EndRedemption { account, reference, paid } => {
                self.end_redemption((account, reference), paid)
            }
            Command::AddMarket(ref spec) => self.add_market(spec),
            Command::SetCapacity { account, instrument, lots } => {
                let registered = self.holding((account, instrument)).capacity;
                self.holding((account, instrument)).capacity = lots.count().into();
                self.count_capacity(account, instrument, lots.count().into());
                if registered < lots.count().into() {
                    self.lock_stake(account, instrument, self.market(instrument).delivery);
                }
                self.tell(Event::CapacitySet { account, instrument, lots });
            }
            Command::CancelOrder { account, order } => self.cancel_one(account, order),
            Command::ReduceOrder { account, order, by } => self.reduce((account, order), by),
            Command::CancelAll { account, ref only } => self.cancel_all(account, only),
            Command::CancelAfter { account, after } => self.cancel_after(account, after),
            Command::EndSession { account, session } => self.end_session(account, session),
            Command::SetMode { scope, mode, reason } => self.set_mode(scope, mode, reason),
            Command::SetMarketLimits { market, ref limits, reason } => {
                self.markets[index(market.0)].limits = *limits;
                self.tell(Event::MarketLimitsSet { market, limits: *limits, reason });
            }
            Command::SetAccountLimits { account, ref limits, reason } => {
                self.owner(account).limits = *limits;
                self.tell(Event::AccountLimitsSet { account, limits: *limits, reason });
            }
            Command::SetLock { account, locked, reason } => self.set_lock(account, locked, reason),
            Command::Kill { target, reason } => self.kill(target, reason),
            Command::Batch { account, count } => self.expect_changes(account, count),
            Command::Draw { instrument, seed } => self.draw(instrument, seed),
            Command::Delivery(ref command) => self.carry_out_delivery(command),
        }
        Ok(())
    }

    /// Foretells an event.
    fn tell(&mut self, event: Event) {
        if let Some(account) = owner(&event) {
            self.owner(account).told += 1;
        }
        self.events.push(event);
    }

    fn owner(&mut self, account: AccountId) -> &mut Owner {
        &mut self.owners[index(account.0)]
    }

    fn holding(&mut self, part: Part) -> &mut Holding {
        self.holdings.entry(part).or_default()
    }

    pub(crate) fn window(&self, instrument: InstrumentId) -> &Window {
        &self.windows[index(instrument.0)]
    }

    pub(crate) fn market(&self, instrument: InstrumentId) -> &Market {
        &self.markets[index(self.window(instrument).market.0)]
    }

    /// The class of a market.
    fn class(&self, spec: &MarketSpec) -> usize {
        let named = |class: &Class| class.name == spec.class;
        self.classes.iter().position(named).expect("a market has a class")
    }

    fn turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    /// The strictest mode that rules a window.
    fn mode_of(&self, instrument: InstrumentId) -> TradingMode {
        let modes = [self.mode, self.market(instrument).mode, self.window(instrument).mode];
        modes.into_iter().max().expect("there are three")
    }
}

pub(crate) fn lots(count: u64) -> Lots {
    Lots::new(count).expect("lots are within bounds")
}

pub(crate) fn price(ticks: u64) -> Price {
    Price::new(ticks).expect("prices are within bounds")
}

pub(crate) fn amount(micro: u128) -> Amount {
    Amount::new(u64::try_from(micro).expect("amounts are within bounds"))
}

/// What so many lots cost at a price in ticks, in micro-CU.
pub(crate) fn cost(ticks: u64, lots: u64) -> u128 {
    u128::from(ticks) * 100 * u128::from(lots)
}

/// Every fee rounds down.
pub(crate) fn fee(amount: u128, ppm: u32) -> u128 {
    amount * u128::from(ppm) / 1_000_000
}
