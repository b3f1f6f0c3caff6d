//! Admission: whether a request may be made here, now, by this connection: budgets, scope, key and signature.

use engine::ids::PublicKey as EngineKey;
use engine::units::{Lots, Price};
use protocol::call::SignedParams;
use protocol::close::CloseCode;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::request::Request;
use protocol::session::Scope;
use protocol::signature::{PublicKey, RequestText, Signed, check_skew};
use protocol::time::Time;
use protocol::venue::{Rate, RateLeft};

use crate::budget::{Budget, Spent};
use crate::convert::account::scope_set;
use crate::gateway::door::Door;
use crate::gateway::session::{Actor, Session};

const NANOS_PER_MS: u64 = 1_000_000;

/// What a request costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    /// Orders, amendments and reductions.
    orders: u32,
    cancels: u32,
}

impl Cost {
    fn of(request: &Request) -> Cost {
        match request {
            Request::CancelOrder(_) | Request::CancelAll(_) | Request::CancelAllAfter(_) => {
                Cost { orders: 0, cancels: 1 }
            }
            Request::AddOrder(order) if order.dry_run => Cost::default(),
            Request::AddOrder(_) | Request::AmendOrder(_) | Request::ReduceOrder(_) => {
                Cost { orders: 1, cancels: 0 }
            }
            Request::Batch(batch) => batch.ops.iter().flatten().map(Cost::of).fold(
                Cost::default(),
                |Cost { orders, cancels }, op| Cost {
                    orders: orders + op.orders,
                    cancels: cancels + op.cancels,
                },
            ),
            _ => Cost::default(),
        }
    }

    /// Whether it does nothing but cancel: then it is counted among cancels only, so that they come through.
    fn is_cancel(self) -> bool {
        self.orders == 0 && 0 < self.cancels
    }
}

impl Session {
    /// Takes from the budgets what a request costs; `None` is one that could not be read.
    ///
    /// # Errors
    /// `RATE_LIMITED` with the time to wait.
    pub(super) fn spend(&self, request: Option<&Request>, now: Time) -> Result<(), ErrorObject> {
        self.take(request.map(Cost::of).unwrap_or_default(), now.ns())
    }

    fn take(&self, cost: Cost, now: u64) -> Result<(), ErrorObject> {
        let limits = &self.gateway.settings.limits;
        if !(cost.is_cancel() && self.actor.is_some()) {
            let own = self.actor.as_ref().map_or(limits.connection_requests, |actor| actor.rates.requests);
            take(&self.requests, own, (now, 1), "requests of this connection")?;
            if limits.hold_for(self.address) {
                let shared = &self.connections.shared().requests;
                take(shared, limits.address_requests, (now, 1), "requests from this address")?;
            }
        }
        let Some(Actor { budgets, rates, .. }) = &self.actor else { return Ok(()) };
        take(&budgets.cancels, rates.cancels, (now, cost.cancels), "cancels of this account")?;
        take(&budgets.orders, rates.orders, (now, cost.orders), "orders of this account")
    }

    /// What a reply tells of the account's budgets: always where that was asked for, else when one is below half.
    pub(super) fn left(&self, now: Time) -> Option<RateLeft> {
        let Actor { budgets, rates, tells_left, .. } = self.actor.as_ref()?;
        let left =
            |budget: &Budget, rate: Option<Rate>| rate.map(|rate| (budget.left(rate, now.ns()), rate.burst));
        let (orders, cancels) = (left(&budgets.orders, rates.orders), left(&budgets.cancels, rates.cancels));
        let low = |left: Option<(u32, u32)>| left.is_some_and(|(left, burst)| left < burst / 2);
        let told = *tells_left || low(orders) || low(cancels);
        let count = |left: Option<(u32, u32)>| left.map(|(left, _)| left);
        told.then(|| RateLeft { orders: count(orders), cancels: count(cancels) })
    }

    /// Counts a request that came too often, and ends the connection of who goes on.
    pub(super) fn count_abuse(&mut self, now: Time) {
        if self.abuse.count(now) {
            let message = "for ten seconds you have asked more often than you may: wait for retry_after_ms";
            self.end(CloseCode::RATE_ABUSE, ErrorCode::RateLimited, message.to_owned());
        }
    }

    /// Whether this connection may make a request of this kind.
    pub(super) fn check_allowed(&self, request: &Request, now: Time) -> Result<(), ErrorObject> {
        if self.is_http && request.needs_connection() {
            let message =
                format!("{} is for websockets: over HTTP each request stands alone", request.method());
            return Err(ErrorObject::new(ErrorCode::UnknownMethod, message).with_field("method"));
        }
        if !request.needs_login() {
            return Ok(());
        }
        let Some(actor) = &self.actor else {
            let message = format!("{} needs a login", request.method());
            return Err(ErrorObject::new(ErrorCode::AuthRequired, message));
        };
        if actor.bounds.expires.0 < now.ns() {
            let message = "the time of the key that you logged in with is over: use another";
            return Err(ErrorObject::new(ErrorCode::KeyExpired, message));
        }
        if let Some(scope) = request.scope() {
            check_scope(actor, scope, request.method())?;
            if scope == Scope::Admin && self.door == Door::Public {
                let message =
                    "operators ask on a listener of their own, by default the next port on this machine";
                return Err(ErrorObject::new(ErrorCode::AdminListener, message));
            }
        }
        Ok(())
    }

    /// Whether an operation of a batch may be asked for.
    pub(super) fn check_op(&self, request: &Request) -> Result<(), ErrorObject> {
        let actor = self.actor.as_ref().expect("scopes are checked before commands are converted");
        request.scope().map_or(Ok(()), |scope| check_scope(actor, scope, request.method()))
    }

    /// Whether the key that logged in has signed a request that it has to sign.
    pub(super) fn check_signed(
        &self,
        request: &Request,
        auth: Option<&SignedParams>,
        now: Time,
    ) -> Result<(), ErrorObject> {
        let Some(Actor { key: Some(EngineKey(key)), .. }) = self.actor else { return Ok(()) };
        if !request.is_signed() || self.is_http {
            // Over HTTP every request is signed.
            return Ok(());
        }
        let Some(SignedParams { proof, params }) = auth else {
            let message =
                format!("{} is signed again, because it moves credit or changes keys", request.method());
            return Err(ErrorObject::new(ErrorCode::BadSignature, message)
                .with_field("auth")
                .with_suggestion("put auth beside params, with ts and sig"));
        };
        let inside = |error: ErrorObject| match error.field.clone() {
            Some(field) => error.with_field(format!("auth.{field}")),
            None => error.with_field("auth"),
        };
        check_skew(proof.ts, now).map_err(inside)?;
        let (conn_id, challenge) = (self.conn_id.as_str(), self.challenge.as_str());
        let method = request.method();
        let text = RequestText { conn_id, challenge, ts: proof.ts, method, params };
        let key = PublicKey::from_bytes(&key).expect("a key that logged in is a key");
        text.verify(&key, &proof.sig).map_err(inside)
    }

    /// Whether an order is within what its key may ask for.
    pub(super) fn check_notional(&self, limit: Price, lots: Lots) -> Result<(), ErrorObject> {
        let actor = self.actor.as_ref().expect("scopes are checked before commands are converted");
        let (most, cost) = (actor.bounds.order_notional, limit.cost(lots));
        if cost <= most {
            return Ok(());
        }
        let message = format!("the order comes to {cost} CU, and your key allows {most}: lower qty or price");
        let details = serde_json::json!({ "order_notional": most.to_string(), "notional": cost.to_string() });
        Err(ErrorObject::new(ErrorCode::NotionalLimit, message).with_field("qty").with_details(details))
    }
}

fn check_scope(actor: &Actor, scope: Scope, method: &str) -> Result<(), ErrorObject> {
    if actor.scopes.contains(scope_set(scope)) {
        return Ok(());
    }
    let scope = format!("{scope:?}").to_lowercase();
    let message = format!("{method} needs a key with the scope {scope}");
    Err(ErrorObject::new(ErrorCode::ScopeMissing, message))
}

fn take(
    budget: &Budget,
    rate: Option<Rate>,
    (now, count): (u64, u32),
    what: &str,
) -> Result<(), ErrorObject> {
    let Some(rate) = rate.filter(|_| 0 < count) else { return Ok(()) };
    budget.take(rate, now, count).map_err(|Spent { wait_nanos }| {
        let wait_ms = u32::try_from(wait_nanos.div_ceil(NANOS_PER_MS)).unwrap_or(u32::MAX);
        let Rate { per_s, burst } = rate;
        let message = format!("{what}: {per_s} each second, {burst} at once, and that is used up: wait");
        ErrorObject::new(ErrorCode::RateLimited, message).with_retry_after_ms(wait_ms)
    })
}
