//! Call: one request as it came from the socket, right or wrong.
//!
//! Invariant: what could be read of `method` and `req_id` is kept, so that even a refusal says
//! which request it answers.

use std::borrow::Cow;

use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::fields::{self, Entries, excerpt};
use crate::reply::{Answer, Reply};
use crate::request::Request;
use crate::request_id::RequestId;
use crate::session::RequestProof;
use crate::time::Time;

/// A request, and how its reply names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method as the client wrote it, if there was one.
    pub method: Option<Box<str>>,
    /// The client's name for the request.
    pub req_id: Option<RequestId>,
    /// What is asked, or why it cannot be.
    pub request: Result<Request, ErrorObject>,
    /// Its signature, if it has one.
    pub auth: Option<SignedParams>,
}

/// A request's signature, with the text that it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedParams {
    /// The signature.
    pub proof: RequestProof,
    /// `params` as they were sent; `{}` if they were not.
    pub params: Box<str>,
}

/// The envelope's fields, each as it was found.
#[derive(Default)]
struct Envelope<'a> {
    method: Option<&'a RawValue>,
    req_id: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    auth: Option<&'a RawValue>,
    fault: Option<ErrorObject>,
}

const FIELDS: [&str; 4] = ["method", "req_id", "params", "auth"];

impl Call {
    /// Reads the text of one frame. The caller has checked its length.
    pub fn decode(text: &str) -> Call {
        match serde_json::from_str::<Entries<'_>>(text) {
            Ok(entries) => Envelope::of(entries).open(),
            Err(error) => {
                Call { method: None, req_id: None, request: Err(not_an_object(&error)), auth: None }
            }
        }
    }

    /// A method with its params as text. It has no id and no signature: both belong to whoever carried it.
    pub fn of(method: &str, params: &str) -> Call {
        let request = match serde_json::from_str::<&RawValue>(params) {
            Ok(params) => open_params(method, Some(params)),
            Err(error) => Err(not_an_object(&error)),
        };
        Call { method: Some(excerpt(method).into()), req_id: None, request, auth: None }
    }

    /// The reply to this call.
    pub fn reply(&self, outcome: Result<Answer, ErrorObject>, t_in: Time, t_out: Time) -> Reply {
        Reply { method: self.method.clone(), req_id: self.req_id.clone(), outcome, t_in, t_out, rl: None }
    }
}

impl<'a> Envelope<'a> {
    fn of(entries: Entries<'a>) -> Envelope<'a> {
        let mut envelope = Envelope::default();
        for (key, value) in entries.0 {
            let name = key.0;
            let place = match &*name {
                "method" => &mut envelope.method,
                "req_id" => &mut envelope.req_id,
                "params" => &mut envelope.params,
                "auth" => &mut envelope.auth,
                _ => {
                    envelope.fault.get_or_insert_with(|| fields::unknown_field(&name, &FIELDS));
                    continue;
                }
            };
            if place.replace(value).is_some() {
                envelope.fault.get_or_insert_with(|| twice(name));
            }
        }
        envelope
    }

    fn open(self) -> Call {
        let method = self.method.and_then(|raw| serde_json::from_str::<Cow<'_, str>>(raw.get()).ok());
        let req_id = match self.req_id {
            Some(raw) => fields::decode::<Option<RequestId>, Option<RequestId>>(raw),
            None => Ok(None),
        };
        let auth = self.auth.map(decode_auth).transpose();
        let request = match (&self.fault, &method, &req_id) {
            (_, None, _) => Err(without_method()),
            (_, _, Err(error)) => Err(error.clone().with_field("req_id")),
            (Some(fault), _, _) => Err(fault.clone()),
            (None, Some(method), Ok(_)) => match &auth {
                Err(error) => Err(error.clone()),
                Ok(_) => open_params(method, self.params),
            },
        };
        let params = self.params.map_or("{}", RawValue::get);
        let auth = auth.ok().flatten().map(|proof| SignedParams { proof, params: params.into() });
        let method = method.map(|method| excerpt(&method).into());
        Call { method, req_id: req_id.ok().flatten(), request, auth }
    }
}

fn open_params(method: &str, params: Option<&RawValue>) -> Result<Request, ErrorObject> {
    let given = params.filter(|raw| raw.get() != "null");
    let params = match given {
        Some(raw) => raw,
        None => serde_json::from_str("{}").expect("an empty object is JSON"),
    };
    Request::decode(method, params).map_err(|error| match error.field {
        None => error.with_field("params"),
        Some(_) => error,
    })
}

fn decode_auth(raw: &RawValue) -> Result<RequestProof, ErrorObject> {
    fields::decode::<RequestProof, RequestProof>(raw).map_err(|error| {
        let field = error.field.as_deref().map_or_else(|| "auth".to_owned(), |field| format!("auth.{field}"));
        error.with_field(field)
    })
}

fn not_an_object(error: &serde_json::Error) -> ErrorObject {
    match error.classify() {
        Category::Data => ErrorObject::new(ErrorCode::BadEnvelope, "a request is a JSON object"),
        Category::Io | Category::Syntax | Category::Eof => {
            let position = serde_json::json!({ "line": error.line(), "column": error.column() });
            ErrorObject::new(ErrorCode::BadJson, error.to_string()).with_details(position)
        }
    }
}

fn without_method() -> ErrorObject {
    ErrorObject::new(ErrorCode::BadEnvelope, "a request has a method, as a string").with_field("method")
}

fn twice(name: Cow<'_, str>) -> ErrorObject {
    ErrorObject::new(ErrorCode::BadValue, "this field is given twice").with_field(name)
}
