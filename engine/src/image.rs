//! Image: the state of an exchange as plain bytes, from which it goes on as if it had never stopped.
//!
//! Every noun says in its own file how it is put and taken, with all of its fields named, so that a new one does not
//! compile until it has a place. What can be seen is put exactly: names of orders and the order in which they are given
//! again, queues, ages, issues, counts. What can not is made anew: hash tables, the tries of prices, where in a list a row
//! stands. So one state has one image, and what is taken and put again is the same bytes.
//!
//! Taking is total: any bytes give a value or the first rule that they break, without a panic, and in memory that is
//! bounded by how many bytes there are. Whether the state makes sense as a whole is not decided here: whoever keeps images
//! keeps a hash over the bytes, and compares the state's own.
//!
//! Numbers are little-endian. A list is its length in four bytes and its values.

pub mod reader;
pub mod writer;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;

/// The first rule that an image breaks, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageFault {
    /// Where, in bytes from the start of the image.
    pub offset: u64,
    /// What should hold there.
    pub rule: &'static str,
}

impl fmt::Display for ImageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {} breaks the rule: {}", self.offset, self.rule)
    }
}

impl std::error::Error for ImageFault {}

/// What comes of taking.
pub(crate) type Taken<T> = Result<T, ImageFault>;

/// The rule of enums.
pub(crate) const CHOICE: &str = "a choice is one of those there are";

/// A value that has a place in an image.
pub(crate) trait Image: Sized {
    /// Puts all of it.
    fn put(&self, to: &mut ImageWriter<'_>);
    /// Takes the next one.
    fn take(from: &mut ImageReader<'_>) -> Taken<Self>;
}

/// Structs whose fields are put one after another. Those behind a semicolon are not put: they are made anew.
macro_rules! fields {
    ($name:ident { $($field:ident),+ $(,)? $(; $($anew:ident: $made:expr),+ $(,)?)? }) => {
        impl $crate::image::Image for $name {
            fn put(&self, to: &mut $crate::image::writer::ImageWriter<'_>) {
                let $name { $($field,)+ $($($anew: _),+)? } = self;
                $($crate::image::Image::put($field, to);)+
            }

            fn take(from: &mut $crate::image::reader::ImageReader<'_>) -> $crate::image::Taken<$name> {
                $(let $field = $crate::image::Image::take(from)?;)+
                Ok($name { $($field,)+ $($($anew: $made),+)? })
            }
        }
    };
}

/// Structs around one value of which all there are make sense.
macro_rules! wraps {
    ($($name:ident),+ $(,)?) => {
        $(impl $crate::image::Image for $name {
            #[inline]
            fn put(&self, to: &mut $crate::image::writer::ImageWriter<'_>) {
                $crate::image::Image::put(&self.0, to);
            }

            #[inline]
            fn take(from: &mut $crate::image::reader::ImageReader<'_>) -> $crate::image::Taken<$name> {
                $crate::image::Image::take(from).map($name)
            }
        })+
    };
}

/// Values put as a number, of which not all there are make sense.
macro_rules! checked {
    ($name:ty as $number:ty, $rule:expr; $put:expr, $take:expr) => {
        impl $crate::image::Image for $name {
            #[inline]
            fn put(&self, to: &mut $crate::image::writer::ImageWriter<'_>) {
                let number: $number = $put(*self);
                $crate::image::Image::put(&number, to);
            }

            #[inline]
            fn take(from: &mut $crate::image::reader::ImageReader<'_>) -> $crate::image::Taken<$name> {
                let broken = from.fault($rule);
                let number: $number = $crate::image::Image::take(from)?;
                $take(number).ok_or(broken)
            }
        }
    };
}

/// Enums without values, put as a number of one byte.
macro_rules! choices {
    ($name:ident { $($number:literal => $choice:ident),+ $(,)? }) => {
        checked!(
            $name as u8, $crate::image::CHOICE;
            |choice| match choice { $($name::$choice => $number),+ },
            |number| match number { $($number => Some($name::$choice),)+ _ => None }
        );
    };
}

/// Plain numbers.
macro_rules! numbers {
    ($($name:ty),+) => {
        $(impl Image for $name {
            #[inline]
            fn put(&self, to: &mut ImageWriter<'_>) {
                to.raw(self.to_le_bytes());
            }

            #[inline]
            fn take(from: &mut ImageReader<'_>) -> Taken<$name> {
                from.array().map(<$name>::from_le_bytes)
            }
        })+
    };
}

numbers!(u8, u16, u32, u64, u128, i64);

checked!(bool as u8, CHOICE; u8::from, |number| match number {
    0 => Some(false),
    1 => Some(true),
    _ => None,
});

impl<const N: usize> Image for [u8; N] {
    fn put(&self, to: &mut ImageWriter<'_>) {
        to.raw(*self);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<[u8; N]> {
        from.array()
    }
}

impl<K: Image + Ord, V: Image> Image for BTreeMap<K, V> {
    fn put(&self, to: &mut ImageWriter<'_>) {
        to.length(self.len());
        for (key, value) in self {
            key.put(to);
            value.put(to);
        }
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<BTreeMap<K, V>> {
        let entries = Vec::<(K, V)>::take(from)?;
        from.check(
            entries.is_sorted_by(|one, other| one.0 < other.0),
            "what is found by a key ascends by it",
        )?;
        Ok(entries.into_iter().collect())
    }
}

/// Takes as many values as there always are.
pub(crate) fn take_array<T: Image + Copy, const N: usize>(from: &mut ImageReader<'_>) -> Taken<[T; N]> {
    let mut values = [T::take(from)?; N];
    for value in values.iter_mut().skip(1) {
        *value = T::take(from)?;
    }
    Ok(values)
}

impl<T: Image> Image for Option<T> {
    #[inline]
    fn put(&self, to: &mut ImageWriter<'_>) {
        self.is_some().put(to);
        if let Some(value) = self {
            value.put(to);
        }
    }

    #[inline]
    fn take(from: &mut ImageReader<'_>) -> Taken<Option<T>> {
        if bool::take(from)? { T::take(from).map(Some) } else { Ok(None) }
    }
}

impl<T: Image, U: Image> Image for (T, U) {
    fn put(&self, to: &mut ImageWriter<'_>) {
        self.0.put(to);
        self.1.put(to);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<(T, U)> {
        Ok((T::take(from)?, U::take(from)?))
    }
}

impl<T: Image> Image for Vec<T> {
    fn put(&self, to: &mut ImageWriter<'_>) {
        to.list(self.iter());
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Vec<T>> {
        from.list(T::take)
    }
}

impl<T: Image> Image for VecDeque<T> {
    fn put(&self, to: &mut ImageWriter<'_>) {
        to.list(self.iter());
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<VecDeque<T>> {
        Vec::take(from).map(VecDeque::from)
    }
}
