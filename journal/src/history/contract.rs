//! Contract: what every history must do. Run it on each one, the simulator's included.

use engine::account::Balance;
use engine::command::{Command, Stamped};
use engine::event::{Event, PrivateSequence};
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, PublicKey, TradeId, index};
use engine::index::mix64;
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{Amendment, NewOrder, OrderKind, OrderRef, SessionId, Side, TimeInForce};
use engine::order_filter::OrderFilter;
use engine::sequencer::Sequencer;
use engine::stamp::{Sequence, Time};
use engine::symbol::{ClassName, Symbol, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use engine::view::View;
use engine::view::orders::OrderView;

use crate::history::group::HistoryGroup;
use crate::history::log::HistoryLog;
use crate::history::reader::HistoryReader;
use crate::history::{Execution, OrderChange, PrivateEvent, Trade, What, note_order};

/// Accounts that trade, numbered from 1.
const ACCOUNTS: u32 = 4;
const BEGUN: Time = Time::from_seconds(1_795_356_000);

/// An exchange on which everything happens that a history knows of, and what a history should say of it.
#[derive(Default)]
pub struct Play {
    exchange: Exchange,
    sequencer: Sequencer,
    view: View,
    orders: Vec<OrderView>,
    events: Vec<Event>,
    seed: u64,
    /// Every command with what came of it.
    pub applied: Vec<(Stamped, Vec<Event>)>,
    /// What is not in the history yet.
    pub group: HistoryGroup,
    /// Every private event, in order.
    pub told: Vec<PrivateEvent>,
    /// Every trade, in order.
    pub trades: Vec<Trade>,
    /// Every instrument, in order.
    pub symbols: Vec<Symbol>,
}

impl Play {
    /// An exchange with markets and accounts, on which nobody has traded yet.
    pub fn begin(seed: u64) -> Play {
        let mut play = Play { seed, ..Play::default() };
        play.ask(Command::Found { epoch: 1, seed, operator: PublicKey([7; 32]) });
        play.ask(Command::AddMarket(market(Tier::Firm, 3_600)));
        play.ask(Command::AddMarket(market(Tier::Interruptible, 300)));
        for account in 1..=ACCOUNTS {
            let name = label(&format!("account-{account}"));
            let account = AccountId(account);
            play.ask(Command::OpenAccount { name, provider: true, joins: None });
            play.ask(Command::Deposit { account, amount: Amount::new(1 << 50), reference: name });
            for instrument in 0..2 {
                let lots = lots(10_000_000);
                play.ask(Command::SetCapacity { account, instrument: InstrumentId(instrument), lots });
            }
        }
        play
    }

    /// Does `commands` that are drawn from the seed.
    pub fn go_on(&mut self, commands: u64) {
        for _ in 0..commands {
            let command = self.drawn();
            self.ask(command);
        }
    }

    /// Adds what is not in the history yet.
    pub fn write(&mut self, history: &mut impl HistoryLog) {
        history.append(&self.group).expect("the history takes what follows");
        self.group.clear();
    }

    fn ask(&mut self, command: Command) {
        let now = BEGUN.after(self.sequencer.last().sequence.0 * 1_000);
        while let Some(tick) = self.sequencer.tick(now, &self.exchange) {
            self.apply(&tick);
        }
        let stamped = self.sequencer.stamp(now, command);
        self.apply(&stamped);
    }

    fn apply(&mut self, stamped: &Stamped) {
        self.events.clear();
        self.orders.clear();
        self.exchange.apply(stamped, &mut self.events);
        self.view.begin(stamped.stamp);
        for event in &self.events {
            self.view.apply(event);
            note_order(event, &self.view, &mut self.orders);
        }
        self.group.fold(stamped.stamp, &self.events, &mut self.orders.iter());
        let mut noted = self.orders.iter();
        for event in &self.events {
            let order = order_of(event).then(|| *noted.next().expect("every order that changed was noted"));
            match *event {
                Event::Traded { instrument, trade, price, lots, maker, taker, taker_side } => {
                    let stamp = stamped.stamp;
                    self.trades.push(Trade {
                        instrument,
                        trade,
                        stamp,
                        price,
                        lots,
                        maker,
                        taker,
                        taker_side,
                    });
                }
                Event::InstrumentListed { instrument, .. } => {
                    let listed = self.view.instrument(instrument).expect("it was just listed");
                    self.symbols.push(listed.symbol);
                }
                _ => {
                    let view = &self.view;
                    let told = expected(event, order, |account| {
                        view.account(account).expect("it was opened").redeeming
                    });
                    let private = told.map(|(account, xseq, what)| PrivateEvent {
                        account,
                        xseq,
                        stamp: stamped.stamp,
                        what,
                    });
                    self.told.extend(private);
                }
            }
        }
        assert!(noted.next().is_none(), "only orders that changed are noted");
        self.applied.push((*stamped, self.events.clone()));
    }

    fn drawn(&mut self) -> Command {
        let place = self.sequencer.last().sequence.0;
        let number = |what: u64, below: u64| mix64(mix64(self.seed, place), what) % below;
        let account = AccountId(1 + u32::try_from(number(0, ACCOUNTS.into())).expect("accounts are few"));
        let open: Vec<&OrderView> = self.view.orders_of(account).collect();
        let some = |choice: u64| number(choice, 2) == 0;
        let count = u64::try_from(open.len()).expect("lengths fit in 64 bits");
        let name = usize::try_from(number(1, 1 + count)).expect("orders are few");
        let order = open.get(name).map(|order| OrderRef::Id(order.order));
        match (number(2, 20), order) {
            (0..3, Some(order)) => Command::CancelOrder { account, order },
            (3..5, Some(order)) => Command::ReduceOrder { account, order, by: lots(1) },
            (5..8, Some(order)) => Command::AmendOrder(Amendment {
                account,
                order,
                limit: some(3).then(|| price(number(4, 20))),
                lots: some(5).then(|| lots(1 + number(6, 30))),
                client: some(7).then(|| label(&format!("amended-{place}"))),
                filled: None,
                deadline: None,
            }),
            (8, _) => Command::CancelAfter { account, after: some(8).then_some(number(9, 400_000)) },
            (10, _) if number(11, 4) == 0 => {
                let reference = label(&format!("redeem-{}", number(12, 40)));
                match some(13) {
                    true => Command::Redeem { account, amount: Amount::new(1 + number(14, 9)), reference },
                    false => Command::EndRedemption { account, reference, paid: some(15) },
                }
            }
            (9, _) if number(10, 8) == 0 => Command::CancelAll { account, only: OrderFilter::default() },
            _ => Command::PlaceOrder(self.order(account, place)),
        }
    }

    fn order(&self, account: AccountId, place: u64) -> NewOrder {
        let number = |what: u64, below: u64| mix64(mix64(self.seed, place), 100 + what) % below;
        let some = |what: u64| number(what, 3) == 0;
        let instrument = InstrumentId(u32::from(number(0, 2) == 0));
        let side = [Side::Bid, Side::Ask][usize::from(number(1, 2) == 0)];
        let terms = (lots(1 + number(2, 30)), price(number(3, 20)));
        let kinds = [OrderKind::Limit, OrderKind::PostOnlySlide, OrderKind::Limit, OrderKind::Limit];
        let waits = [
            TimeInForce::GoodTillGate,
            TimeInForce::GoodTillDate(BEGUN.after(place * 1_000 + 50_000)),
            TimeInForce::ImmediateOrCancel,
            TimeInForce::GoodTillGate,
        ];
        let at = |what: u64| usize::try_from(number(what, 4)).expect("four are few");
        NewOrder {
            kind: kinds[at(4)],
            time_in_force: waits[at(5)],
            shown: some(6).then(|| lots(1)),
            client: some(7).then(|| label(&format!("client-{place}"))),
            label: some(8).then(|| label("mark")),
            session: some(9).then_some(SessionId(std::num::NonZeroU32::MIN)),
            ..NewOrder::limit(account, instrument, side, terms)
        }
    }
}

/// Whether an event says something of an order that was accepted.
fn order_of(event: &Event) -> bool {
    matches!(
        event,
        Event::OrderAccepted { .. }
            | Event::OrderExecuted { .. }
            | Event::OrderReduced { .. }
            | Event::OrderAmended { .. }
            | Event::OrderCanceled { .. }
    )
}

/// What the history should say of an event, if it is private.
fn expected(
    event: &Event,
    order: Option<OrderView>,
    redeeming: impl FnOnce(AccountId) -> Amount,
) -> Option<(AccountId, PrivateSequence, What)> {
    let of = |change| What::Order { change, order: order.expect("it is an order's") };
    Some(match *event {
        Event::OrderAccepted { account, xseq, .. } => (account, xseq, of(OrderChange::Accepted)),
        Event::OrderExecuted { account, xseq, trade, liquidity, price, lots, fee, .. } => {
            let execution = Execution { trade, liquidity, price, lots, fee };
            (account, xseq, of(OrderChange::Executed(execution)))
        }
        Event::OrderReduced { account, xseq, reason, .. } => {
            (account, xseq, of(OrderChange::Reduced(reason)))
        }
        Event::OrderAmended { account, xseq, kept, .. } => (account, xseq, of(OrderChange::Amended(kept))),
        Event::OrderCanceled { account, xseq, .. } => (account, xseq, of(OrderChange::Canceled)),
        Event::PositionChanged { account, xseq, instrument, position: lots, escrow, bonded } => {
            (account, xseq, What::Position { instrument, lots, escrow, bonded })
        }
        Event::BalanceChanged { account, xseq, available, held, bonded } => {
            let balance = Balance { available, held, bonded };
            (account, xseq, What::Balance { balance, redeeming: redeeming(account) })
        }
        Event::CancelAfterSet { account, xseq, due } => (account, xseq, What::TimerSet(due)),
        Event::CancelAfterFired { account, xseq } => (account, xseq, What::TimerFired),
        Event::RedemptionBegun { account, xseq, amount, reference } => {
            (account, xseq, What::RedemptionBegun { amount, reference })
        }
        Event::RedemptionEnded { account, xseq, amount, reference, paid } => {
            (account, xseq, What::RedemptionEnded { amount, reference, paid })
        }
        _ => return None,
    })
}

fn market(tier: Tier, window_seconds: u32) -> MarketSpec {
    MarketSpec {
        bond: Amount::new(500_000),
        class: ClassName::new("H100SXM").expect("it is a name"),
        zone: ZoneName::new("US-E").expect("it is a name"),
        tier,
        self_trade: SelfTrade::Prevented,
        bond_rule: BondRule::Fixed,
        window_seconds,
        windows: 1,
        windows_ahead: 1,
        gate_seconds: 0,
        maker_fee: Ppm::new(200).expect("it is a rate"),
        taker_fee: Ppm::new(500).expect("it is a rate"),
    }
}

fn label(text: &str) -> Label {
    Label::new(text).expect("the text is a label")
}

fn lots(count: u64) -> Lots {
    Lots::new(count).expect("so many lots are few")
}

fn price(above: u64) -> Price {
    Price::new(10_000 + above).expect("it is a price")
}

/// Panics unless histories keep the contract. `fresh` makes an empty one; `reopen` does to one what a restart does; `reader`
/// gives one that reads it.
pub fn check<H: HistoryLog, R: HistoryReader>(
    fresh: impl Fn() -> H,
    reopen: impl Fn(H) -> H,
    reader: impl Fn(&H) -> R,
) {
    empty_history_says_nothing(&reader(&fresh()));
    what_was_told_is_told_again(fresh(), &reopen, &reader);
    clearing_forgets_everything(fresh(), &reopen, &reader);
    what_begins_later_is_continued(fresh(), &reopen, &reader);
}

fn empty_history_says_nothing(reader: &impl HistoryReader) {
    assert_eq!(reader.last(), Sequence(0));
    let (account, instrument) = (AccountId(0), InstrumentId(0));
    assert_eq!(reader.events(account, PrivateSequence(0), 10), Ok(Vec::new()));
    assert_eq!(reader.fills_before(account, PrivateSequence(u64::MAX), 10), Ok(Vec::new()));
    assert_eq!(reader.trades(instrument, TradeId(0), 10), Ok(Vec::new()));
    assert_eq!(reader.symbol(instrument), Ok(None));
}

fn what_was_told_is_told_again<H: HistoryLog, R: HistoryReader>(
    mut history: H,
    reopen: &impl Fn(H) -> H,
    reader: &impl Fn(&H) -> R,
) {
    let mut play = Play::begin(42);
    // Single commands, a few, and more than a page holds.
    for commands in [0, 1, 1, 7, 1, 500, 3, 4_000] {
        play.go_on(commands);
        play.write(&mut history);
        assert_eq!(HistoryLog::last(&history), play.sequencer.last().sequence);
        agrees(&play, &reader(&history));
    }
    history = reopen(history);
    assert_eq!(HistoryLog::last(&history), play.sequencer.last().sequence, "a restart keeps everything");
    agrees(&play, &reader(&history));
    play.go_on(100);
    play.write(&mut history);
    agrees(&play, &reader(&history));
    let (trades, symbols) = (play.trades.len(), play.symbols.len());
    assert!(1_000 < trades && 1 < symbols, "the play is a play: {trades} trades, {symbols} symbols");
}

fn clearing_forgets_everything<H: HistoryLog, R: HistoryReader>(
    mut history: H,
    reopen: &impl Fn(H) -> H,
    reader: &impl Fn(&H) -> R,
) {
    let mut play = Play::begin(7);
    play.go_on(300);
    play.write(&mut history);
    history.clear(Sequence(0)).expect("the history can be cleared");
    empty_history_says_nothing(&reader(&history));
    history = reopen(history);
    empty_history_says_nothing(&reader(&history));
    let mut play = Play::begin(8);
    play.go_on(200);
    play.write(&mut history);
    agrees(&play, &reader(&history));
}

fn what_begins_later_is_continued<H: HistoryLog, R: HistoryReader>(
    mut history: H,
    reopen: &impl Fn(H) -> H,
    reader: &impl Fn(&H) -> R,
) {
    let mut play = Play::begin(9);
    play.go_on(2_000);
    let begin = play.sequencer.last().sequence;
    history.clear(begin).expect("the history can be cleared");
    assert_eq!(HistoryLog::last(&history), begin);
    play.group = HistoryGroup::beginning(&play.view);
    let (told, symbols) = (play.told.len(), play.symbols.len());
    let is_listed =
        |number: usize| play.view.instruments().any(|(InstrumentId(listed), _)| index(listed) == number);
    let unknown: Vec<usize> = (0..symbols).filter(|number| !is_listed(*number)).collect();
    play.go_on(2_000);
    play.write(&mut history);
    history = reopen(history);
    assert_eq!(HistoryLog::last(&history), play.sequencer.last().sequence);
    let reader = reader(&history);
    assert_eq!(reader.begin(), begin);
    for event in &play.told[told..] {
        let before = PrivateSequence(event.xseq.0 - 1);
        assert_eq!(reader.events(event.account, before, 1), Ok(vec![*event]));
    }
    for event in play.told[..told].iter().rev().take(100) {
        let found = reader.events(event.account, PrivateSequence(event.xseq.0 - 1), 1);
        let found = found.expect("the history can be read");
        assert!(found.iter().all(|other| event.xseq < other.xseq), "what came before is not there");
    }
    for (number, symbol) in (0..).zip(&play.symbols) {
        let known = !unknown.contains(&index(number));
        assert_eq!(reader.symbol(InstrumentId(number)), Ok(known.then_some(*symbol)), "{number}");
    }
}

/// Panics unless the reader says everything that the play has told, from anywhere on.
pub fn agrees(play: &Play, reader: &impl HistoryReader) {
    for account in (0..=ACCOUNTS + 1).map(AccountId) {
        let all: Vec<PrivateEvent> =
            play.told.iter().filter(|told| told.account == account).copied().collect();
        let is_fill =
            |told: &&PrivateEvent| matches!(told.what, What::Order { change: OrderChange::Executed(_), .. });
        let fills: Vec<PrivateEvent> = all.iter().filter(is_fill).copied().collect();
        assert_eq!(reader.events(account, PrivateSequence(0), usize::MAX).as_ref(), Ok(&all));
        assert_eq!(reader.fills(account, PrivateSequence(0), usize::MAX).as_ref(), Ok(&fills));
        for place in (0..6).map(|part| all.len() * part / 5) {
            let after = PrivateSequence(u64::try_from(place).expect("lengths fit in 64 bits"));
            let rest = |from: &[PrivateEvent], max: usize| from.iter().take(max).copied().collect::<Vec<_>>();
            let later: Vec<PrivateEvent> = fills.iter().filter(|fill| after < fill.xseq).copied().collect();
            let mut earlier: Vec<PrivateEvent> =
                fills.iter().filter(|fill| fill.xseq <= after).copied().collect();
            earlier.reverse();
            for max in [0, 1, 3, 1_000] {
                assert_eq!(reader.events(account, after, max), Ok(rest(&all[place..], max)));
                assert_eq!(reader.fills(account, after, max), Ok(rest(&later, max)));
                let before = PrivateSequence(after.0 + 1);
                assert_eq!(reader.fills_before(account, before, max), Ok(rest(&earlier, max)));
            }
        }
    }
    for (number, symbol) in (0..).zip(&play.symbols) {
        assert_eq!(reader.symbol(InstrumentId(number)), Ok(Some(*symbol)));
        let instrument = InstrumentId(number);
        let all: Vec<Trade> =
            play.trades.iter().filter(|trade| trade.instrument == instrument).copied().collect();
        assert_eq!(reader.trades(instrument, TradeId(0), usize::MAX).as_ref(), Ok(&all));
        if let [_, middle, .., last] = all[..] {
            let after = TradeId(last.trade.0 - 1);
            assert_eq!(reader.trades(instrument, after, 5), Ok(vec![last]));
            let before = TradeId(middle.trade.0 - 1);
            assert_eq!(reader.trades(instrument, before, 1), Ok(vec![middle]));
        }
    }
}
