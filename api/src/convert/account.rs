//! Accounts on the wire: balances, positions, scopes and keys.

use engine::account::Balance;
use engine::ids::{InstrumentId, Scopes};
use engine::label::Label;
use engine::payment;
use engine::units::Amount;
use engine::view::View;
use engine::view::accounts::{AccountView, PositionView};
use journal::history::What;
use protocol::account::{Balance as WireBalance, CU, CancelTimer, Position, TimerState};
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::execution::AccountImage;
use protocol::payment::{PaymentState, RedemptionChange};
use protocol::session::Scope;
use protocol::time::Time;

use crate::convert::symbol;

const SCOPES: [(Scope, Scopes); 7] = [
    (Scope::Read, Scopes::READ),
    (Scope::Trade, Scopes::TRADE),
    (Scope::Cancel, Scopes::CANCEL),
    (Scope::Provide, Scopes::PROVIDE),
    (Scope::Admin, Scopes::ADMIN),
    (Scope::Audit, Scopes::AUDIT),
    (Scope::Transfer, Scopes::TRANSFER),
];

/// Micro-CU as text.
pub fn amount(amount: Amount) -> String {
    decimal::print(amount.micro(), Scale::Amount)
}

/// An account's credit.
pub fn balance(account: &AccountView) -> WireBalance {
    credit(account.balance, account.redeeming)
}

fn credit(Balance { available, held, bonded }: Balance, redeeming: Amount) -> WireBalance {
    WireBalance {
        unit: CU.to_owned(),
        total: amount(available.plus(held).plus(bonded).plus(redeeming)),
        available: amount(available),
        held: amount(held),
        bonded: amount(bonded),
        redeeming: (!redeeming.is_zero()).then(|| amount(redeeming)),
    }
}

/// Where a payment is, on the wire.
pub fn payment_state(state: payment::PaymentState) -> PaymentState {
    match state {
        payment::PaymentState::Sent => PaymentState::Sent,
        payment::PaymentState::Waiting => PaymentState::Waiting,
        payment::PaymentState::PaidOut => PaymentState::PaidOut,
        payment::PaymentState::Returned => PaymentState::Returned,
    }
}

/// An account's part in one instrument.
pub fn position(view: &View, instrument: InstrumentId, position: &PositionView) -> Position {
    part(symbol::text(view, instrument), position)
}

fn part(symbol: String, position: &PositionView) -> Position {
    Position {
        symbol,
        position: decimal::print_position(position.lots),
        escrow: amount(position.escrow),
        bonded: amount(position.bonded),
    }
}

/// All of an account's credit, every position that is not empty, and the timer that runs.
pub fn image(view: &View, account: &AccountView) -> AccountImage {
    let filled = |position: &PositionView| {
        position.lots != 0 || !position.bonded.is_zero() || !position.escrow.is_zero()
    };
    let positions = account.positions.iter().filter(|(_, row)| filled(row));
    AccountImage {
        balances: vec![balance(account)],
        redemption: None,
        positions: positions.map(|(instrument, row)| position(view, *instrument, row)).collect(),
        cancel_all_after: account
            .cancel_after
            .map(|due| CancelTimer { state: TimerState::Set, due: Some(Time::from_ns(due.0)) }),
    }
}

/// What an event says of the account.
pub fn change(what: &What, symbol: &dyn Fn(InstrumentId) -> String) -> AccountImage {
    let mut image = AccountImage::default();
    match *what {
        What::Position { instrument, lots, escrow, bonded } => {
            let position = PositionView { lots, escrow, bonded, ..PositionView::default() };
            image.positions = vec![part(symbol(instrument), &position)];
        }
        What::Balance { balance, redeeming } => image.balances = vec![credit(balance, redeeming)],
        What::TimerSet(due) => {
            let state = if due.is_some() { TimerState::Set } else { TimerState::Off };
            let due = due.map(|due| Time::from_ns(due.0));
            image.cancel_all_after = Some(CancelTimer { state, due });
        }
        What::RedemptionBegun { amount: asked, reference } => {
            image.redemption = Some(redemption((reference, asked), PaymentState::Waiting));
        }
        What::RedemptionEnded { amount: asked, reference, paid } => {
            let state = if paid { PaymentState::PaidOut } else { PaymentState::Returned };
            image.redemption = Some(redemption((reference, asked), state));
        }
        What::TimerFired => {
            image.cancel_all_after = Some(CancelTimer { state: TimerState::Fired, due: None });
        }
        What::Order { .. } | What::Delivery(_) => unreachable!("asked for what happens to accounts only"),
    }
    image
}

fn redemption((reference, asked): (Label, Amount), state: PaymentState) -> RedemptionChange {
    RedemptionChange { reference: reference.to_string(), amount: amount(asked), state }
}

/// The scopes of a set, in their usual order.
pub fn scopes(set: Scopes) -> Vec<Scope> {
    SCOPES.into_iter().filter(|(_, flag)| set.contains(*flag)).map(|(scope, _)| scope).collect()
}

/// One scope as a set.
pub fn scope_set(scope: Scope) -> Scopes {
    SCOPES.into_iter().find(|(known, _)| *known == scope).map_or(Scopes::NONE, |(_, set)| set)
}

/// The set that `register_key` asks for.
pub fn scopes_asked(scopes: &[Scope]) -> Result<Scopes, ErrorObject> {
    if scopes.is_empty() {
        let message = "a key may do something: give at least one of read, trade, cancel, provide, admin, audit, transfer";
        return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("scopes"));
    }
    Ok(scopes.iter().fold(Scopes::NONE, |set, scope| set.with(scope_set(*scope))))
}
