//! Batch: several changes of orders in one request.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::cancel::OrderChange;
use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::fields::{self, Entries, decode};
use crate::order::OrderOutcome;
use crate::request::Request;
use crate::suggest;

/// The most changes in a batch.
pub const OPS_MAX: usize = 100;
/// What may be in a batch.
pub const OPS: [&str; 4] = ["add_order", "amend_order", "cancel_order", "reduce_order"];

/// Params of `batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// All of them or none.
    pub atomic: bool,
    /// In the order given; else cancels come first.
    pub ordered: bool,
    /// Each a request of its own, or why it is none.
    pub ops: Vec<Result<Request, ErrorObject>>,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchResult {
    /// One for each change, in the order in which they were given.
    pub results: Vec<OpResult>,
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpResult {
    /// Its index.
    pub i: u32,
    /// What was asked, if it could be read.
    pub op: Option<String>,
    /// The order afterwards, or why nothing happened.
    pub outcome: Result<OpAnswer, ErrorObject>,
}

/// The order after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OpAnswer {
    /// Of `add_order` and `amend_order`.
    Order(Box<OrderOutcome>),
    /// Of `cancel_order` and `reduce_order`.
    Change(OrderChange),
}

const FIELDS: [&str; 3] = ["atomic", "ordered", "ops"];
const OP_FIELDS: [&str; 2] = ["op", "params"];

impl Batch {
    /// Reads the params of `batch`. Each change is read alone, so that a wrong one does not spoil the others.
    pub(crate) fn decode(params: &RawValue) -> Result<Batch, ErrorObject> {
        let entries: Entries<'_> = serde_json::from_str(params.get())
            .map_err(|_| ErrorObject::new(ErrorCode::BadType, "params are an object"))?;
        let (mut atomic, mut ordered, mut ops) = (None, None, None);
        for (key, value) in entries.0 {
            let place = match &*key.0 {
                "atomic" => &mut atomic,
                "ordered" => &mut ordered,
                "ops" => &mut ops,
                name => return Err(fields::unknown_field(name, &FIELDS)),
            };
            if place.replace(value).is_some() {
                let message = "this field is given twice";
                return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field(key.0));
            }
        }
        let ops = ops.ok_or_else(|| {
            ErrorObject::new(ErrorCode::MissingField, "a batch has ops, a list").with_field("ops")
        })?;
        let ops: Vec<&RawValue> = serde_json::from_str(ops.get()).map_err(|_| {
            ErrorObject::new(ErrorCode::BadType, "ops are a list of objects").with_field("ops")
        })?;
        if ops.is_empty() || OPS_MAX < ops.len() {
            let message = format!("a batch has 1 to {OPS_MAX} ops: send several");
            return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("ops"));
        }
        Ok(Batch {
            atomic: flag(atomic, "atomic")?,
            ordered: flag(ordered, "ordered")?,
            ops: ops.iter().enumerate().map(|(i, raw)| op(raw).map_err(|error| inside(i, error))).collect(),
        })
    }
}

fn flag(raw: Option<&RawValue>, field: &str) -> Result<bool, ErrorObject> {
    let given = raw.map(decode::<Option<bool>, Option<bool>>).transpose();
    Ok(given.map_err(|error| error.with_field(field))?.flatten().unwrap_or(false))
}

fn inside(i: usize, error: ErrorObject) -> ErrorObject {
    let field = match error.field.as_deref() {
        Some(field) => format!("ops[{i}].{field}"),
        None => format!("ops[{i}]"),
    };
    error.with_field(field)
}

fn op(raw: &RawValue) -> Result<Request, ErrorObject> {
    let entries: Entries<'_> = serde_json::from_str(raw.get())
        .map_err(|_| ErrorObject::new(ErrorCode::BadType, "an op is an object with op and params"))?;
    let (mut name, mut params) = (None, None);
    for (key, value) in entries.0 {
        match &*key.0 {
            "op" => name = Some(value),
            "params" => params = Some(value),
            other => return Err(fields::unknown_field(other, &OP_FIELDS)),
        }
    }
    let missing =
        |field: &str| ErrorObject::new(ErrorCode::MissingField, "an op has op and params").with_field(field);
    let name: String = serde_json::from_str(name.ok_or_else(|| missing("op"))?.get())
        .map_err(|_| ErrorObject::new(ErrorCode::BadType, "a method's name is expected").with_field("op"))?;
    if !OPS.contains(&name.as_str()) {
        let message = format!("a batch takes {}", OPS.join(", "));
        let error = ErrorObject::new(ErrorCode::BadValue, message).with_field("op");
        return Err(match suggest::did_you_mean(&name, OPS) {
            Some(meant) => error.with_suggestion(meant),
            None => error,
        });
    }
    Request::decode(&name, params.ok_or_else(|| missing("params"))?)
}

impl Serialize for Batch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Text<'a> {
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            atomic: bool,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            ordered: bool,
            ops: Vec<Op<'a>>,
        }

        /// A request, its method named `op`.
        struct Op<'a>(&'a Request);

        impl Serialize for Op<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #[derive(Serialize)]
                struct Named<'a, T> {
                    op: &'a str,
                    params: &'a T,
                }

                let op = self.0.method();
                match self.0 {
                    Request::AddOrder(params) => Named { op, params }.serialize(serializer),
                    Request::AmendOrder(params) => Named { op, params }.serialize(serializer),
                    Request::CancelOrder(params) => Named { op, params }.serialize(serializer),
                    Request::ReduceOrder(params) => Named { op, params }.serialize(serializer),
                    _ => Err(serde::ser::Error::custom("a batch has changes of orders only")),
                }
            }
        }

        let ops = self.ops.iter().flatten().map(Op).collect();
        Text { atomic: self.atomic, ordered: self.ordered, ops }.serialize(serializer)
    }
}

impl OpAnswer {
    fn decode(op: &str, result: &RawValue) -> Result<OpAnswer, serde_json::Error> {
        match op {
            "cancel_order" | "reduce_order" => serde_json::from_str(result.get()).map(OpAnswer::Change),
            _ => serde_json::from_str(result.get()).map(OpAnswer::Order),
        }
    }
}

impl Serialize for OpResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Text<'a> {
            i: u32,
            #[serde(skip_serializing_if = "Option::is_none")]
            op: Option<&'a str>,
            ok: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a OpAnswer>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a ErrorObject>,
        }

        let (result, error) = (self.outcome.as_ref().ok(), self.outcome.as_ref().err());
        let (op, ok) = (self.op.as_deref(), self.outcome.is_ok());
        Text { i: self.i, op, ok, result, error }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OpResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OpResult, D::Error> {
        #[derive(Deserialize)]
        struct Read {
            i: u32,
            op: Option<String>,
            result: Option<Box<RawValue>>,
            error: Option<ErrorObject>,
        }

        let Read { i, op, result, error } = Read::deserialize(deserializer)?;
        let outcome = match (error, result, op.as_deref()) {
            (Some(error), _, _) => Err(error),
            (None, Some(result), Some(op)) => Ok(OpAnswer::decode(op, &result).map_err(D::Error::custom)?),
            _ => return Err(D::Error::custom("an op has an error, or its name and a result")),
        };
        Ok(OpResult { i, op, outcome })
    }
}
