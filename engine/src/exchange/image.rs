//! Image of the exchange: all of it, part by part.

use std::collections::VecDeque;

use crate::book::Books;
use crate::client_ids::ClientIds;
use crate::control::OPEN_ORDERS_MAX;
use crate::delivery::Delivery;
use crate::delivery::drawing::Drawing;
use crate::exchange::foresight::Foresight;
use crate::exchange::{Exchange, Founding};
use crate::ids::{AccountId, ClassId, InstrumentId, index, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, ImageFault, Taken};
use crate::ledger::Ledger;
use crate::market::Market;
use crate::open_order::{OpenOrder, OpenOrders};
use crate::stamp::Time;
use crate::timers::{Timer, Timers};

fields!(Founding { epoch, seed });

impl Exchange {
    /// Puts all that later commands can depend on. Only between commands.
    pub fn put_image(&self, to: &mut ImageWriter<'_>) {
        let Exchange {
            founding,
            last,
            mode,
            classes,
            markets,
            instruments,
            books,
            orders: _,
            client_ids,
            ledger,
            deliveries,
            undrawn,
            drawing,
            gathering,
            purge,
            timers,
            // Seen, and used within a command.
            foresight: _,
            hiding: _,
            events: _,
        } = self;
        founding.put(to);
        last.put(to);
        mode.put(to);
        classes.put(to);
        markets.put(to);
        instruments.put(to);
        ledger.put(to);
        books.put(to);
        client_ids.put(to, ledger.accounts.len());
        deliveries.put(to);
        undrawn.put(to);
        drawing.put(to);
        gathering.put(to);
        purge.put(to);
        self.put_orders(to);
        timers.put_all(to);
    }

    /// The exchange whose image comes from `from`.
    ///
    /// # Errors
    /// The first rule that the bytes break.
    pub fn take_image(from: &mut ImageReader<'_>) -> Result<Exchange, ImageFault> {
        let (founding, last, mode) = (Image::take(from)?, Image::take(from)?, Image::take(from)?);
        let (classes, markets, instruments) = (Image::take(from)?, Image::take(from)?, Image::take(from)?);
        let ledger = Ledger::take(from)?;
        let accounts = ledger.accounts.len();
        let books = Books::take(from, accounts)?;
        let client_ids = ClientIds::take(from, accounts, books.taken())?;
        let (orders, timers) = (OpenOrders::default(), Timers::default());
        let mut exchange = Exchange {
            founding,
            last,
            mode,
            classes,
            markets,
            instruments,
            books,
            orders,
            client_ids,
            ledger,
            deliveries: Image::take(from)?,
            undrawn: Image::take(from)?,
            drawing: Image::take(from)?,
            gathering: Image::take(from)?,
            purge: Image::take(from)?,
            timers,
            foresight: Foresight::default(),
            hiding: VecDeque::new(),
            events: Vec::new(),
        };
        exchange.check_numbers(from)?;
        exchange.take_orders(from)?;
        exchange.enter_open_ids(from)?;
        exchange.timers = Timers::take_all(from, |timer| exchange.has(timer))?;
        Ok(exchange)
    }

    /// Checks that whatever is named by its number is there.
    fn check_numbers(&self, from: &ImageReader<'_>) -> Taken<()> {
        let whole = |seconds: u32| 0 < seconds && seconds.is_multiple_of(60);
        let classes = self.classes.iter().all(|class| whole(class.window_seconds));
        from.check(classes, "a class's windows are whole minutes")?;
        let listed = |instrument: &InstrumentId| self.instrument(*instrument).is_some();
        let has_class = |class: ClassId| self.classes.contains(class);
        let markets = self.markets.iter().all(|market| {
            has_class(market.class) && market.spec.check().is_ok() && market.unopened.iter().all(listed)
        });
        from.check(markets, "a market's settings are within bounds, and its class and windows are there")?;
        let instruments = self.instruments.iter().all(|instrument| {
            let nanos = |market: &Market| u64::from(market.spec.window_seconds) * Time::SECOND;
            let ends = |market| instrument.start.0.checked_add(nanos(market)).is_some();
            self.market(instrument.market).is_some_and(ends) && has_class(instrument.class)
        });
        from.check(instruments, "a window ends, and its market and class are there")?;
        let sold = self.instruments.iter().all(|instrument| instrument.extinguished <= instrument.issued);
        from.check(sold, "no more of a window is bought back than was issued")?;
        let books = self.books.len() == self.instruments.len();
        from.check(books, "every window has a book")?;
        from.check(self.undrawn.iter().all(listed), "a window that waits for a draw is there")?;
        let has_account = |account| self.ledger.accounts.contains(account);
        let delivery = |(_, delivery): (_, &Delivery)| {
            let &Delivery { ref instrument, provider, holder, .. } = delivery;
            listed(instrument) && has_account(provider) && has_account(holder)
        };
        from.check(self.deliveries.all().all(delivery), "a delivery's window and parties are there")?;
        let runs = self.deliveries.runs().all(|(instrument, _)| listed(&instrument));
        from.check(runs, "a window under way is there")?;
        let drawing =
            |drawing: &Drawing| listed(&drawing.instrument) && drawing.first <= self.deliveries.next();
        from.check(self.drawing.as_ref().is_none_or(drawing), "what is being drawn is there")?;
        let purge = self.purge.is_none_or(|account| self.ledger.accounts.contains(account));
        from.check(purge, "the account whose orders are cancelled next is there")
    }

    /// Whether what a timer is about is there.
    fn has(&self, timer: Timer) -> bool {
        match timer {
            Timer::Expiry(slot) => self.books.rests_in(slot).is_some(),
            Timer::DeadMan(account) => self.ledger.accounts.contains(account),
            Timer::Gate(instrument) | Timer::Draw(instrument) | Timer::Settle(instrument) => {
                self.instrument(instrument).is_some()
            }
            Timer::Deadline(instrument) => {
                self.deliveries.run(instrument).is_some_and(|run| run.next().is_some())
            }
            Timer::Reference(class) => self.classes.contains(class),
            Timer::Roll(market) => self.market(market).is_some(),
            Timer::Purge => self.purge.is_some(),
        }
    }

    /// Puts what the books do not say of open orders, of each account the oldest first.
    fn put_orders(&self, to: &mut ImageWriter<'_>) {
        for (_, account) in self.ledger.accounts.iter() {
            account.orders_open.put(to);
            for slot in self.orders.of(account) {
                slot.put(to);
                self.orders.at(slot).put(to);
            }
        }
    }

    fn take_orders(&mut self, from: &mut ImageReader<'_>) -> Taken<()> {
        let mut orders = 0;
        for account in 0..self.ledger.accounts.len() {
            let account = AccountId(position(account));
            let open = from.length()?;
            from.check(open <= index(OPEN_ORDERS_MAX), "an account has no more open orders than it may")?;
            for _ in 0..open {
                self.take_order(from, account)?;
            }
            orders += open;
        }
        from.check(orders == index(self.books.taken()), "every order that rests is open")
    }

    /// Takes an account's next younger open order.
    fn take_order(&mut self, from: &mut ImageReader<'_>, account: AccountId) -> Taken<()> {
        let slot = u32::take(from)?;
        let order = self.books.rests_in(slot).filter(|_| !self.orders.is_open(slot));
        let placement = order.and_then(|order| self.books.placement(order));
        let placement = placement.filter(|placement| placement.account == account);
        let placement =
            placement.ok_or(from.fault("an open order rests, and is listed once, by its owner"))?;
        let position = self.ledger.positions.find(account, placement.instrument);
        let position = position.ok_or(from.fault("whoever has an order has a position"))?;
        let mut open = OpenOrder::take(from)?;
        from.check(placement.leaves <= open.lots, "an order has no more lots left than it asks for")?;
        open.position = position;
        self.orders.open(slot, open, self.ledger.accounts.at_mut(account));
        Ok(())
    }

    /// Enters the ids of open orders beside those that are done.
    fn enter_open_ids(&mut self, from: &ImageReader<'_>) -> Taken<()> {
        for (account, owner) in self.ledger.accounts.iter() {
            for slot in self.orders.of(owner) {
                let open = self.orders.at(slot);
                let Some(client) = open.client else { continue };
                let is_open =
                    |slot| self.orders.at(slot).client == Some(client) && self.books.owner(slot) == account;
                let hash = self.client_ids.hash(account, client);
                let is_new = self.client_ids.enter_open((hash, slot), (account, client), is_open);
                from.check(is_new, "a client order id names one order")?;
            }
        }
        Ok(())
    }
}
