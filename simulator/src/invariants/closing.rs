//! Closing: after the events of a command, what was told is compared with what was reckoned.

use engine::account::Balance;
use engine::command::Command;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, index};
use engine::order::Side;

use crate::invariants::auditor::{Auditor, count, micro};
use crate::invariants::finding::Invariant;
use crate::invariants::owner::Told;
use crate::invariants::window::{Hours, ToldPosition};

impl Auditor {
    /// Notes a balance that was told.
    pub(super) fn balance_told(&mut self, event: &Event) {
        let Event::BalanceChanged { account, available, held, bonded, .. } = *event else { return };
        let told = Told { available: micro(available), held: micro(held), bonded: micro(bonded) };
        let Some(owner) = self.owner(account) else { return };
        let more = told.credit() - owner.told.credit();
        owner.told = told;
        self.told_credit += more;
    }

    /// Notes a position that was told.
    pub(super) fn position_told(&mut self, event: &Event) {
        let Event::PositionChanged { account, instrument, position, escrow, bonded, .. } = *event else {
            return;
        };
        let told = ToldPosition { lots: position, escrow: micro(escrow), bonded: micro(bonded) };
        let Some(hours) = self.hours(account, instrument) else { return };
        let before = std::mem::replace(&mut hours.told, told);
        let Some(window) = self.window(instrument) else { return };
        window.told.claims += told.lots.max(0) - before.lots.max(0);
        window.told.owed += before.lots.min(0) - told.lots.min(0);
        window.told.escrow += told.escrow - before.escrow;
        self.told_escrow += told.escrow - before.escrow;
    }

    /// After the last event of a command.
    pub(super) fn close(&mut self) {
        for missing in std::mem::take(&mut self.parts) {
            self.findings.report(Invariant::Events, format_args!("nobody told {missing:?}"));
        }
        self.close_orders();
        for place in 0..self.hours_touched.len() {
            let (account, instrument) = self.hours_touched[place];
            self.close_hours(account, instrument);
        }
        for place in 0..self.windows_touched.len() {
            self.close_window(self.windows_touched[place]);
        }
        for place in 0..self.owners_touched.len() {
            self.close_owner(self.owners_touched[place]);
        }
        self.hours_touched.clear();
        self.windows_touched.clear();
        self.owners_touched.clear();
        self.close_supply();
    }

    /// Every open order has its place in a queue.
    fn close_orders(&mut self) {
        for place in 0..self.moving.len() {
            let order = self.moving[place];
            let placed = self.orders.get(&order).is_none_or(|open| open.place.is_some());
            let what = format_args!("{order} neither rests nor ends");
            self.findings.expect(placed, Invariant::Events, what);
        }
        self.moving.clear();
    }

    /// An order that was to be cancelled is not open.
    pub(super) fn close_named(&mut self) {
        if let (Command::CancelOrder { .. }, Some(order)) = (self.command, self.named) {
            let gone = !self.orders.contains_key(&order);
            self.findings.expect(gone, Invariant::Events, format_args!("{order} was to be cancelled"));
        }
    }

    /// I5 and I6 of one position.
    fn close_hours(&mut self, account: AccountId, instrument: InstrumentId) {
        let window = &self.windows[index(instrument.0)];
        // Positions of a window that ended are gone.
        let Some(hours) = window.hours.get(&account) else { return };
        let (short, capacity) = (hours.short(), hours.capacity);
        let what = format_args!("{account:?} is short of {short} lots, its capacity is {capacity}");
        self.findings.expect(short <= capacity, Invariant::Hours, what);
        let (told, lots, escrow) = (&hours.told, hours.lots, hours.escrow);
        let what = format_args!("{account:?} has {lots} lots and {escrow} in escrow, is told {told:?}");
        self.findings.expect((told.lots, told.escrow) == (lots, escrow), Invariant::Hours, what);
        let bonded = hours.bonded;
        let what = format_args!("{account:?} has {bonded} in bond, is told {told:?}");
        self.findings.expect(told.bonded == bonded, Invariant::Cover, what);
    }

    /// I2, I6 and I7 of one window.
    fn close_window(&mut self, instrument: InstrumentId) {
        let window = &self.windows[index(instrument.0)];
        let [bid, ask] = [Side::Bid, Side::Ask].map(|side| window.first(side));
        let apart = match (bid, ask) {
            (Some((_, bid)), Some((_, ask))) => bid < ask,
            _ => true,
        };
        let what = format_args!("{instrument:?} is crossed: {bid:?}, {ask:?}");
        self.findings.expect(apart, Invariant::Uncrossed, what);
        let told = window.told;
        let what = format_args!("{instrument:?}: claims are not obligations: {told:?}");
        self.findings.expect(told.claims == told.owed, Invariant::Hours, what);
        let escrow = window.escrow;
        let what = format_args!("{instrument:?}: lots owed cost {escrow}, not {}", told.escrow);
        self.findings.expect(told.escrow == escrow, Invariant::Hours, what);
        let owed = window.issued - window.extinguished;
        let what = format_args!("{instrument:?}: {owed} lots were issued and not bought back: {told:?}");
        self.findings.expect(told.owed == owed, Invariant::Owed, what);
    }

    /// I1 and I5 of one account.
    fn close_owner(&mut self, account: AccountId) {
        let owner = &self.owners[index(account.0)];
        let (available, held, bonded, told) = (owner.available(), owner.held, owner.bonded, owner.told);
        let what = format_args!("{account:?} has {available} available, {held} held, {bonded} bonded");
        self.findings.expect(0 <= available && 0 <= held && 0 <= bonded, Invariant::Cover, what);
        let what = format_args!("{account:?} has {held} held and {bonded} bonded, is told {told:?}");
        self.findings.expect((held, bonded) == (told.held, told.bonded), Invariant::Cover, what);
        let credit = owner.credit;
        let what = format_args!("{account:?} has {credit} in all, is told {told:?}");
        self.findings.expect(credit == told.credit(), Invariant::Credit, what);
    }

    /// I1: all that was told is all there is.
    fn close_supply(&mut self) {
        let told = self.told_credit + self.told_escrow + self.told_staked + self.told_fees + self.redeeming;
        let supply = self.supply;
        self.findings.expect(told == supply, Invariant::Credit, format_args!("{told} of {supply} are told"));
        let (fees, told) = (self.fees, self.told_fees);
        self.findings.expect(
            fees == told,
            Invariant::Credit,
            format_args!("fees are {fees}, told are {told}"),
        );
    }

    /// Compares what everybody has with what the exchange's own ledger says, which events might hide.
    pub(crate) fn compare(&mut self, exchange: &Exchange) {
        let ledger = exchange.ledger();
        for (account, state) in ledger.accounts.iter() {
            let Balance { available, held, bonded } = state.balance();
            let reckoned =
                self.owners.get(index(account.0)).map(|owner| (owner.available(), owner.held, owner.bonded));
            let same = reckoned == Some((micro(available), micro(held), micro(bonded)));
            let what = format_args!("{account:?} has {:?} in the ledger, not {reckoned:?}", state.balance());
            self.findings.expect(same, Invariant::Credit, what);
        }
        let all = [ledger.supply, ledger.fees, ledger.redeeming].map(micro);
        let same = all == [self.supply, self.fees, self.redeeming];
        let what = format_args!("supply, fees and what waits to be paid out differ in the ledger");
        self.findings.expect(same, Invariant::Credit, what);
    }

    /// A delivery is drawn.
    pub(super) fn drawn(&mut self, event: &Event) {
        let Event::DeliveryDrawn { instrument, provider, holder, lots, own, .. } = *event else { return };
        let group = |account: AccountId| self.owners.get(index(account.0)).map(|owner| owner.group);
        let same = own == (group(provider) == group(holder));
        self.findings.expect(same, Invariant::Owed, format_args!("it is not so that own = {own}: {event:?}"));
        let Some(window) = self.window(instrument) else { return };
        *window.drawn[0].entry(provider).or_default() += count(lots);
        *window.drawn[1].entry(holder).or_default() += count(lots);
    }

    /// I7: once all is drawn, everybody delivers what it owes and gets what it has claims to.
    pub(super) fn delivering(&mut self, instrument: InstrumentId) {
        let Some(window) = self.window(instrument) else { return };
        let [mut given, mut taken] = std::mem::take(&mut window.drawn);
        let mut wrong = Vec::new();
        for (account, hours) in &window.hours {
            let drawn = (given.remove(account).unwrap_or(0), taken.remove(account).unwrap_or(0));
            if drawn != ((-hours.lots).max(0), hours.lots.max(0)) {
                wrong.push((*account, hours.lots, drawn));
            }
        }
        // Told in order of accounts, whatever the order of the table.
        wrong.sort_unstable();
        for (account, lots, (gives, takes)) in wrong {
            let what = format_args!("{account:?} has {lots} lots, delivers {gives} and gets {takes}");
            self.findings.report(Invariant::Owed, what);
        }
        let none = given.is_empty() && taken.is_empty();
        self.findings.expect(none, Invariant::Owed, format_args!("{given:?} and {taken:?} were never due"));
    }

    /// A window is over: nothing of it is left.
    pub(super) fn settled(&mut self, instrument: InstrumentId) {
        let delivered = self.parcels_settled(instrument);
        let Some(window) = self.window(instrument) else { return };
        let rest = |hours: &Hours| {
            (hours.lots != 0 && !delivered) || hours.open_sells != 0 || hours.escrow != 0 || hours.bonded != 0
        };
        let left = window.hours.values().filter(|hours| rest(hours)).count();
        window.hours.clear();
        // What was delivered is owed no more.
        (window.issued, window.extinguished) = (0, 0);
        let told = std::mem::take(&mut window.told);
        let what = format_args!("{instrument:?} is settled, and {left} positions are left");
        self.findings.expect(left == 0, Invariant::Owed, what);
        self.told_escrow -= told.escrow;
    }
}
