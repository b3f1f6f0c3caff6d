//! Desk: what an account is told of its own orders, fills, positions, keys and limits, and operators of others'.

use engine::delivery::slot::{Slot, SlotNumber, SlotState};
use engine::ids::{AccountId, DeliveryId, InstrumentId, index};
use engine::order::OrderRef;
use engine::units::{Lots, Price};
use engine::view::View;
use engine::view::accounts::AccountView;
use engine::view::deliveries::DeliveryView;
use engine::view::orders::{OrderStatus, OrderView};
use protocol::control::TradingMode;
use protocol::delivery::DeliveriesImage;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::evidence::{Case, CasesResult, DeliveriesResult};
use protocol::instrument::Tier;
use protocol::key::KeysResult;
use protocol::order;
use protocol::payment::{Redemption, RedemptionsResult};
use protocol::query::{
    AskOrderStatus, BalancesResult, FILLS_DEFAULT, FILLS_MAX, Fills, FillsResult, OpenOrders,
    OpenOrdersResult, OrderStatusResult, PositionsResult,
};
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::venue::{FeesResult, MarketFees, MarketMode};

use crate::clearing;
use crate::convert::account::{self, amount};
use crate::convert::{control, delivery, entry, key, order as orders, symbol};
use crate::question::{AccountBounds, Facts, Modes, Reader};

/// The answer to a request that changes nothing.
pub(super) fn answer(view: &View, reader: Option<Reader>, request: &Request) -> Result<Answer, ErrorObject> {
    let seq = view.stamp().sequence.0;
    match request {
        Request::Fees => return Ok(Answer::Fees(FeesResult { fees: fees(view), as_of_seq: seq })),
        Request::Redemptions => {
            return Ok(Answer::Redemptions(RedemptionsResult {
                redemptions: redemptions(view),
                as_of_seq: seq,
            }));
        }
        Request::Cases => return Ok(Answer::Cases(CasesResult { cases: cases(view), as_of_seq: seq })),
        _ => {}
    }
    let reader = reader.ok_or_else(|| ErrorObject::new(ErrorCode::AuthRequired, "login first"))?;
    let (account, owner) = whose(view, reader, named(request))?;
    let as_of_xseq = owner.xseq.0;
    match request {
        Request::Balances(_) => {
            let image = account::image(view, owner);
            let (balances, positions) = (image.balances, image.positions);
            Ok(Answer::Balances(BalancesResult { balances, positions, as_of_xseq }))
        }
        Request::Positions(_) => {
            let positions = account::image(view, owner).positions;
            Ok(Answer::Positions(PositionsResult { positions, as_of_xseq }))
        }
        Request::OpenOrders(params) => open_orders(view, owner, params).map(Answer::OpenOrders),
        Request::Fills(params) => fills(view, owner, params).map(Answer::Fills),
        Request::OrderStatus(params) => order_status(view, (account, owner), params).map(Answer::OrderStatus),
        Request::Deliveries(_) => {
            let DeliveriesImage { deliveries, audits, staked } = delivery::image(view, account);
            Ok(Answer::Deliveries(DeliveriesResult { deliveries, audits, staked, as_of_xseq }))
        }
        Request::ListKeys(_) => {
            Ok(Answer::Keys(KeysResult { keys: view.keys_of(account).filter_map(key::wire).collect() }))
        }
        _ => unreachable!("other requests are answered elsewhere"),
    }
}

/// What there is to know of a delivery.
pub(super) fn facts(view: &View, delivery: DeliveryId) -> Option<Facts> {
    let found = view.delivery(delivery)?;
    let listed = view.instrument(found.instrument)?;
    let market = view.market(listed.market)?;
    Some(Facts {
        instrument: found.instrument,
        provider: found.provider,
        holder: found.holder,
        lots: found.lots.count().into(),
        rate_ppm: view.account(found.provider)?.rate_ppm,
        now: view.stamp().time.0,
        start: listed.start,
        slot_nanos: market.spec.slot_nanos(),
        terms: listed.delivery,
        slots: found.slots.map(|slot| slot.state),
    })
}

/// The lots of the deliveries that its holder has in its window before this one.
pub(super) fn earlier(view: &View, delivery: DeliveryId) -> Option<Vec<u64>> {
    let found = view.delivery(delivery)?;
    let before = view.deliveries_of(found.holder).take_while(|(number, _)| *number < delivery);
    let same = |other: &DeliveryView| other.instrument == found.instrument && other.holder == found.holder;
    Some(before.filter(|(_, other)| same(other)).map(|(_, other)| other.lots.count().into()).collect())
}

/// Slots of which something was shown that somebody still has to see, and where they stand.
pub(super) fn shown(view: &View) -> Vec<(DeliveryId, SlotNumber, SlotState)> {
    let shown = |slot: &Slot| !slot.ruled && clearing::named(slot.state).is_some();
    let slots = view.deliveries().flat_map(|(number, delivery)| {
        let chosen = SlotNumber::all().zip(delivery.slots).filter(|(_, slot)| shown(slot));
        chosen.map(move |(slot, held)| (number, slot, held.state))
    });
    slots.collect()
}

/// What waits for the arbiter.
fn cases(view: &View) -> Vec<Case> {
    let name = |account| view.account(account).expect("both sides have accounts").name.to_string();
    let case = |(number, slot): (DeliveryId, SlotNumber)| {
        let delivery = view.delivery(number).expect("a case is of a delivery under way");
        let held = &delivery.slots[usize::from(slot.number())];
        Case {
            slot: delivery::name(number, slot),
            status: delivery::status(held.state),
            disputed: held.is_disputed(),
            symbol: symbol::text(view, delivery.instrument),
            provider: name(delivery.provider),
            holder: name(delivery.holder),
        }
    };
    view.cases().map(case).collect()
}

/// The account that a request names.
fn named(request: &Request) -> Option<&str> {
    match request {
        Request::Balances(params) | Request::Positions(params) | Request::Deliveries(params) => {
            params.account.as_deref()
        }
        Request::OpenOrders(params) => params.account.as_deref(),
        Request::Fills(params) => params.account.as_deref(),
        Request::ListKeys(params) => params.account.as_deref(),
        _ => None,
    }
}

/// The account that is asked about: one's own, or another's for those who may.
fn whose<'a>(
    view: &'a View,
    reader: Reader,
    named: Option<&str>,
) -> Result<(AccountId, &'a AccountView), ErrorObject> {
    let own = || view.account(reader.account).expect("a session's account exists");
    let Some(name) = named else { return Ok((reader.account, own())) };
    let found = view.named(entry::label(name, "account")?);
    if found == Some(reader.account) {
        return Ok((reader.account, own()));
    }
    if !reader.others {
        let message = "another account's affairs take a key with the scope audit or admin";
        return Err(ErrorObject::new(ErrorCode::ScopeMissing, message).with_field("account"));
    }
    let known = found.and_then(|account| Some((account, view.account(account)?)));
    known.ok_or_else(|| {
        ErrorObject::new(ErrorCode::AccountUnknown, "no account has this name").with_field("account")
    })
}

/// Where an answer ended, as `next` says it: a private sequence.
fn cursor(text: Option<&str>) -> Result<Option<u64>, ErrorObject> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let message = "a cursor is the next of an answer to the same request";
        ErrorObject::new(ErrorCode::BadValue, message).with_field("cursor")
    })
}

fn open_orders(
    view: &View,
    owner: &AccountView,
    params: &OpenOrders,
) -> Result<OpenOrdersResult, ErrorObject> {
    let only = params.symbol.as_deref();
    let only = only.map(|text| symbol::instrument(view, text, ErrorCode::UnknownSymbol)).transpose()?;
    let after = cursor(params.cursor.as_deref())?.unwrap_or(0);
    let most = params.limit.map_or(usize::MAX, index);
    if most == 0 {
        return Err(ErrorObject::new(ErrorCode::BadValue, "a limit is at least 1").with_field("limit"));
    }
    let chosen = |of: InstrumentId| only.is_none_or(|only| only == of);
    let mut open =
        owner.orders.iter().filter(|(accepted, _)| after < accepted.0).filter_map(|(accepted, id)| {
            let order = view.order(*id).expect("an account's open orders are known");
            chosen(order.instrument).then_some((accepted.0, order))
        });
    let mut last = None;
    let told = open.by_ref().take(most).map(|(accepted, order)| {
        last = Some(accepted);
        orders::wire(view, order)
    });
    let told = told.collect();
    let next = open.next().and(last).map(|last| last.to_string());
    Ok(OpenOrdersResult { orders: told, next, as_of_xseq: owner.xseq.0 })
}

fn fills(view: &View, owner: &AccountView, params: &Fills) -> Result<FillsResult, ErrorObject> {
    let limit = params.limit.unwrap_or(FILLS_DEFAULT);
    if !(1..=FILLS_MAX).contains(&limit) {
        let message =
            format!("a limit is from 1 to {FILLS_MAX}, as many fills as the exchange keeps of an account");
        return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("limit"));
    }
    let before = cursor(params.cursor.as_deref())?.unwrap_or(u64::MAX);
    let since = params.since_xseq.unwrap_or(0);
    let newest = owner.fills.iter().rev().skip_while(|fill| before <= fill.xseq.0);
    let mut wanted = newest.take_while(|fill| since < fill.xseq.0);
    let told: Vec<_> = wanted.by_ref().take(index(limit)).collect();
    let next = wanted.next().and(told.last()).map(|last| last.xseq.0.to_string());
    let fills = told.into_iter().map(|fill| orders::fill(view, fill)).collect();
    Ok(FillsResult { fills, next, as_of_xseq: owner.xseq.0 })
}

fn order_status(
    view: &View,
    (account, owner): (AccountId, &AccountView),
    params: &AskOrderStatus,
) -> Result<OrderStatusResult, ErrorObject> {
    let as_of_xseq = owner.xseq.0;
    let found = match entry::order_ref(&params.order)? {
        OrderRef::Id(id) => view.order_of(account, id),
        OrderRef::Client(client) => {
            let named = |order: &&OrderView| order.client == Some(client);
            let open = view.orders_of(account).find(named);
            open.or_else(|| owner.ended.iter().rev().find(named))
        }
    };
    let Some(order) = found else {
        let status =
            if owner.forgets { order::OrderStatus::Forgotten } else { order::OrderStatus::NeverSeen };
        return Ok(OrderStatusResult { status, order: None, reason: None, as_of_xseq });
    };
    Ok(OrderStatusResult {
        status: orders::status(order),
        order: Some(Box::new(orders::wire(view, order))),
        reason: orders::canceled(order),
        as_of_xseq,
    })
}

/// The limit and the lots in all of an order that is open.
pub(super) fn open(view: &View, account: AccountId, order: OrderRef) -> Option<(Price, Lots)> {
    let is_open = |order: &&OrderView| order.status == OrderStatus::Open;
    let found = match order {
        OrderRef::Id(id) => view.order_of(account, id).filter(is_open),
        OrderRef::Client(client) => view.orders_of(account).find(|order| order.client == Some(client)),
    };
    found.map(|order| (order.limit, order.lots))
}

/// What an account may do.
pub(super) fn bounds(view: &View, account: AccountId) -> AccountBounds {
    let owner = view.account(account).expect("a session's account exists");
    AccountBounds {
        locked: owner.locked,
        provider: owner.provider,
        auditor: owner.auditor,
        limits: owner.limits,
        open_orders: u32::try_from(owner.orders.len()).expect("an account's open orders are few"),
        xseq: owner.xseq.0,
    }
}

/// What may be done in the venue, and in the markets that are not open.
pub(super) fn modes(view: &View) -> Modes {
    let markets = view.markets().iter().map(|market| MarketMode {
        market: market.spec.name(),
        mode: control::mode_told(view.mode().max(market.mode)),
    });
    Modes {
        venue: view.mode(),
        markets: markets.filter(|market| market.mode != TradingMode::Open).collect(),
        seq: view.stamp().sequence.0,
    }
}

fn fees(view: &View) -> Vec<MarketFees> {
    let of = |market: &engine::view::MarketView| MarketFees {
        market: market.spec.name(),
        tier: match market.spec.tier {
            engine::symbol::Tier::Firm => Tier::Firm,
            engine::symbol::Tier::Interruptible => Tier::Int,
        },
        maker_fee_ppm: market.spec.maker_fee.parts(),
        taker_fee_ppm: market.spec.taker_fee.parts(),
    };
    view.markets().iter().map(of).collect()
}

fn redemptions(view: &View) -> Vec<Redemption> {
    let name =
        |account: AccountId| view.account(account).map_or_else(String::new, |owner| owner.name.to_string());
    let all = view.redemptions().map(|(account, reference, waiting)| Redemption {
        account: name(account),
        reference: reference.to_string(),
        amount: amount(waiting),
    });
    all.collect()
}
