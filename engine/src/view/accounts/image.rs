//! Image of the view's accounts: recent fills, orders that have ended, and what of open ones only the events have told.

use std::collections::VecDeque;

use crate::event::PrivateSequence;
use crate::exchange::Exchange;
use crate::ids::{AccountId, index};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::payment::PaymentState;
use crate::position::Position;
use crate::provider::Provider;
use crate::timers::Timer;
use crate::view::accounts::{
    AccountView, AccountsView, ENDED_KEPT_MAX, FILLS_KEPT_MAX, FillView, KeyView, PositionView,
};
use crate::view::orders::{OrderStatus, OrderView, OrdersView};

fields!(FillView { xseq, stamp, order, client, instrument, trade, side, liquidity, price, lots, fee });

impl AccountsView {
    pub(in crate::view) fn put(&self, orders: &OrdersView, to: &mut ImageWriter<'_>) {
        #[rustfmt::skip]
        let AccountsView {
            accounts,
            names: _, keys: _, holders: _, accepted: _, redemptions: _,
        } = self;
        for account in accounts {
            #[rustfmt::skip]
            let AccountView {
                orders: open, fills, ended, forgets,
                name: _, group: _, provider: _, locked: _, auditor: _, limits: _, cancel_after: _, balance: _, redeeming: _,
                staked: _, score: _, rate_ppm: _, xseq: _, positions: _, keys: _,
            } = account;
            fills.put(to);
            ended.put(to);
            forgets.put(to);
            for (accepted, order) in open {
                accepted.put(to);
                orders.find(*order).expect("an account's open orders are known").put_told(to);
            }
        }
    }

    /// The accounts of `exchange`. Their open orders are entered in `orders`.
    pub(in crate::view) fn take(
        exchange: &Exchange,
        orders: &mut OrdersView,
        from: &mut ImageReader<'_>,
    ) -> Taken<AccountsView> {
        let mut view = AccountsView::default();
        let accounts = &exchange.ledger().accounts;
        for (number, account) in accounts.iter() {
            view.open(number, (accounts.group(number), account.provider, accounts.name(number)));
            let told = view.accounts.last_mut().expect("it was opened just now");
            (told.locked, told.limits) = (account.locked, account.limits);
            (told.balance, told.xseq) = (account.balance(), account.xseq);
            let provider @ Provider { staked, score, .. } = exchange.ledger().providers.of(number);
            (told.staked, told.score, told.rate_ppm) = (staked, score, provider.rate_ppm());
            told.cancel_after = exchange.timers().due_of(Timer::DeadMan(number));
            told.fills = fills(exchange, from)?;
            (told.ended, told.forgets) = (ended((exchange, number), from)?, Image::take(from)?);
            let mut last = PrivateSequence(0);
            for slot in exchange.orders().of(account) {
                let accepted = PrivateSequence::take(from)?;
                from.check(last < accepted && accepted <= account.xseq, "orders are listed by age")?;
                let open = OrderView::take_told(exchange, slot, from)?;
                view.accept(number, open.order, accepted);
                orders.insert(open);
                last = accepted;
            }
        }
        for auditor in accounts.auditors() {
            view.accounts[index(auditor.0)].auditor = true;
        }
        for (key, grant) in accounts.keys() {
            view.keys.insert(key.first_bytes(), KeyView { key: *key, grant: *grant });
            view.accounts[index(grant.account.0)].keys.insert(key.first_bytes());
        }
        exchange.ledger().positions.iter().for_each(|row| view.hold(row));
        view.take_redemptions(exchange);
        Ok(view)
    }

    /// Knows what waits to be paid out.
    fn take_redemptions(&mut self, exchange: &Exchange) {
        for (account, reference, payment) in exchange.ledger().payments.iter() {
            if payment.state == PaymentState::Waiting {
                let told = &mut self.accounts[index(account.0)];
                told.redeeming = told.redeeming.plus(payment.amount);
                self.redemptions.insert((account, reference), payment.amount);
            }
        }
    }

    /// Knows a position. One in which there is nothing is as good as none.
    fn hold(&mut self, row: &Position) {
        let &Position { account, instrument, lots, escrow, bonded, capacity, maintained, .. } = row;
        let position = PositionView { lots, escrow, bonded, capacity, maintained };
        if position != PositionView::default() {
            *self.position(account, instrument) = position;
        }
    }
}

/// An account's last fills.
fn fills(exchange: &Exchange, from: &mut ImageReader<'_>) -> Taken<VecDeque<FillView>> {
    let fills = VecDeque::<FillView>::take(from)?;
    from.check(fills.len() <= FILLS_KEPT_MAX, "no more fills are kept than may be")?;
    let known = fills.iter().all(|fill| exchange.instrument(fill.instrument).is_some());
    from.check(known, "a fill's window is there")?;
    Ok(fills)
}

/// An account's last orders that have ended.
fn ended(
    (exchange, account): (&Exchange, AccountId),
    from: &mut ImageReader<'_>,
) -> Taken<VecDeque<OrderView>> {
    let ended = VecDeque::<OrderView>::take(from)?;
    from.check(ended.len() <= ENDED_KEPT_MAX, "no more orders that have ended are kept than may be")?;
    let own = ended.iter().all(|order| {
        let over = order.status != OrderStatus::Open && order.shown.is_zero();
        over && order.account == account && exchange.instrument(order.instrument).is_some()
    });
    from.check(own, "an order that has ended was its owner's, and its window is there")?;
    Ok(ended)
}
