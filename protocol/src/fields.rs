//! Fields: the strict reader of a request, which names the field at fault.
//!
//! Reads raw JSON into any `Deserialize` type, as `serde_json` would, but stricter (an object is
//! never given as a list, `unknown` is no choice) and with errors for programs.

use std::borrow::Cow;
use std::fmt;
use std::slice;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::value::RawValue;

use crate::error::ErrorObject;
use crate::fields::fault::Fault;

mod fault;

/// Reads `raw` as the wire form `W`, then as the `T` that it stands for.
pub(crate) fn decode<W, T>(raw: &RawValue) -> Result<T, ErrorObject>
where
    W: DeserializeOwned,
    T: TryFrom<W>,
    ErrorObject: From<T::Error>,
{
    let wire = W::deserialize(Field(raw)).map_err(Fault::into_error)?;
    Ok(T::try_from(wire)?)
}

/// The error for a field that the object does not have.
pub(crate) fn unknown_field(field: &str, known: &[&'static str]) -> ErrorObject {
    fault::unknown_field(field, known)
}

/// At most so much of a client's text is repeated in an error.
pub(crate) fn excerpt(text: &str) -> Cow<'_, str> {
    const CHARS_MAX: usize = 48;
    match text.char_indices().nth(CHARS_MAX) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
    }
}

/// An object's entries in the order of the text, values still raw.
pub(crate) struct Entries<'a>(pub(crate) Vec<(Text<'a>, &'a RawValue)>);

/// Text of a key or a value, copied only if it has escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries<'de>, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// One value of a request.
struct Field<'de>(&'de RawValue);

impl<'de> Field<'de> {
    fn first(&self) -> Option<u8> {
        self.0.get().bytes().next()
    }

    /// The value's parts. Only text can still be malformed here: a raw value's escapes are
    /// checked when they are read.
    fn parts<T: Deserialize<'de>>(&self) -> Result<T, Fault> {
        serde_json::from_str(self.0.get()).map_err(|_| Fault::malformed())
    }

    /// What the value is, for an error.
    fn unexpected<V: Visitor<'de>>(&self, visitor: &V) -> Fault {
        let found = match self.first() {
            Some(b'{') => Unexpected::Map,
            Some(b'[') => Unexpected::Seq,
            Some(b'"') => Unexpected::Other("a string"),
            Some(b't') => Unexpected::Bool(true),
            Some(b'f') => Unexpected::Bool(false),
            Some(b'n') => Unexpected::Unit,
            _ => Unexpected::Other("a number"),
        };
        Fault::invalid_type(found, visitor)
    }

    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.0.get();
        if let Ok(number) = text.parse() {
            visitor.visit_u64(number)
        } else if let Ok(number) = text.parse() {
            visitor.visit_i64(number)
        } else {
            Err(Fault::invalid_type(Unexpected::Other("a number that is no integer of 64 bits"), &visitor))
        }
    }
}

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            Some(b'{') => {
                let entries: Entries<'de> = self.parts()?;
                visitor.visit_map(Object { entries: entries.0.into_iter(), value: None })
            }
            Some(b'[') => {
                let items: Vec<&'de RawValue> = self.parts()?;
                visitor.visit_seq(List { items: items.iter(), index: 0 })
            }
            Some(b'"') => match self.parts::<Text<'de>>()?.0 {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b't') => visitor.visit_bool(true),
            Some(b'f') => visitor.visit_bool(false),
            Some(b'n') => visitor.visit_unit(),
            _ => self.number(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            Some(b'n') => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.first() {
            Some(b'{') => self.deserialize_any(visitor),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if self.first() != Some(b'"') {
            return Err(self.unexpected(&visitor));
        }
        let text = self.parts::<Text<'de>>()?.0;
        // `unknown` is how a client reads what is newer than itself; nobody may ask for it.
        if text == "unknown" || !variants.contains(&text.as_ref()) {
            return Err(Fault::unknown_variant(&text, variants));
        }
        let variant: StrDeserializer<'_, Fault> = text.as_ref().into_deserializer();
        visitor.visit_enum(variant)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Object<'de> {
    entries: std::vec::IntoIter<(Text<'de>, &'de RawValue)>,
    value: Option<(Text<'de>, &'de RawValue)>,
}

impl<'de> MapAccess<'de> for Object<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.value = self.entries.next();
        let Some((key, _)) = &self.value else { return Ok(None) };
        let key: StrDeserializer<'_, Fault> = key.0.as_ref().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (key, raw) = self.value.take().expect("a value is asked for after its key");
        seed.deserialize(Field(raw)).map_err(|fault| fault.inside(&key.0))
    }
}

struct List<'a, 'de> {
    items: slice::Iter<'a, &'de RawValue>,
    index: usize,
}

impl<'de> SeqAccess<'de> for List<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(raw) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Field(raw)).map(Some).map_err(|fault| fault.inside(&format!("[{index}]")))
    }
}
