//! Decimal: text of prices, quantities and amounts, and the integers behind it.
//!
//! Invariant: what `print` writes, `parse` reads back as the same integer; `parse` refuses, never
//! rounds.

use std::fmt;

use rust_decimal::Decimal;

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;

/// Digits in the longest accepted decimal.
pub const DIGITS_MAX: usize = 28;

/// What a decimal counts, which says how many decimals it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// CU per lot with 4 decimals; the integer is ticks.
    Price,
    /// GPUs for one window, no decimals; the integer is lots.
    Quantity,
    /// CU with 6 decimals; the integer is micro-CU.
    Amount,
}

impl Scale {
    /// Digits after the point: at most so many are read, exactly so many are written.
    pub fn decimals(self) -> u32 {
        match self {
            Scale::Price => 4,
            Scale::Quantity => 0,
            Scale::Amount => 6,
        }
    }

    fn example(self) -> &'static str {
        match self {
            Scale::Price => "1.0500",
            Scale::Quantity => "8",
            Scale::Amount => "250.000000",
        }
    }
}

/// The rule that a text broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Empty,
    Sign,
    Exponent,
    Space,
    Other(char),
    Point,
    Digits,
    Decimals(u32),
    Range,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Empty => f.write_str("a decimal is not empty"),
            Rule::Sign => f.write_str("a decimal has no sign"),
            Rule::Exponent => f.write_str("a decimal has no exponent"),
            Rule::Space => f.write_str("a decimal has no spaces"),
            Rule::Other(odd) => write!(f, "{odd:?} does not belong in a decimal"),
            Rule::Point => f.write_str("a decimal has at most one point, with digits on both sides"),
            Rule::Digits => write!(f, "a decimal has at most {DIGITS_MAX} digits"),
            Rule::Decimals(0) => f.write_str("this decimal is whole, without a point"),
            Rule::Decimals(decimals) => write!(f, "this decimal has at most {decimals} decimals"),
            Rule::Range => f.write_str("this decimal is too large"),
        }
    }
}

/// Reads `text` as an integer of units; `field` is named in the `BAD_DECIMAL` otherwise.
pub fn parse(text: &str, scale: Scale, field: &str) -> Result<u64, ErrorObject> {
    units(text, scale).map_err(|rule| {
        ErrorObject::new(ErrorCode::BadDecimal, rule.to_string())
            .with_field(field)
            .with_suggestion(format!("write it like \"{}\"", scale.example()))
    })
}

/// Writes `units` with all decimals of `scale`.
pub fn print(units: u64, scale: Scale) -> String {
    Decimal::from_i128_with_scale(i128::from(units), scale.decimals()).to_string()
}

/// Writes a position in lots: above zero claims, below zero obligations.
pub fn print_position(lots: i64) -> String {
    Decimal::from(lots).to_string()
}

fn units(text: &str, scale: Scale) -> Result<u64, Rule> {
    check_characters(text)?;
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if whole.is_empty() || fraction.is_some_and(|digits| digits.is_empty() || digits.contains('.')) {
        return Err(Rule::Point);
    }
    let decimals = fraction.map_or(0, str::len);
    if DIGITS_MAX < whole.len() + decimals {
        return Err(Rule::Digits);
    }
    let too_fine = u32::try_from(decimals).is_ok_and(|decimals| scale.decimals() < decimals);
    if too_fine || (scale.decimals() == 0 && fraction.is_some()) {
        return Err(Rule::Decimals(scale.decimals()));
    }
    let mut decimal = Decimal::from_str_exact(text).map_err(|_| Rule::Range)?;
    decimal.rescale(scale.decimals());
    // A mantissa that has no room for all decimals keeps a smaller scale.
    if decimal.scale() != scale.decimals() {
        return Err(Rule::Range);
    }
    u64::try_from(decimal.mantissa()).map_err(|_| Rule::Range)
}

fn check_characters(text: &str) -> Result<(), Rule> {
    if text.is_empty() {
        return Err(Rule::Empty);
    }
    match text.chars().find(|character| !character.is_ascii_digit() && *character != '.') {
        None => Ok(()),
        Some('+' | '-') => Err(Rule::Sign),
        Some('e' | 'E') => Err(Rule::Exponent),
        Some(odd) if odd.is_whitespace() => Err(Rule::Space),
        Some(odd) => Err(Rule::Other(odd)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Rule, Scale, parse, print, print_position, units};
    use crate::error_code::ErrorCode;

    #[test]
    fn decimal_reads_up_to_its_decimals() {
        let cases = [
            ("1.05", Scale::Price, 10_500),
            ("1.0500", Scale::Price, 10_500),
            ("0.0001", Scale::Price, 1),
            ("0", Scale::Price, 0),
            ("007", Scale::Quantity, 7),
            ("8", Scale::Quantity, 8),
            ("7.9952", Scale::Amount, 7_995_200),
            ("18446744073709.551615", Scale::Amount, u64::MAX),
            ("0000000000000000000000000001", Scale::Quantity, 1),
        ];
        for (text, scale, expected) in cases {
            assert_eq!(units(text, scale), Ok(expected), "{text}");
        }
    }

    #[test]
    fn decimal_names_the_broken_rule() {
        let cases = [
            ("", Scale::Price, Rule::Empty),
            ("+1", Scale::Price, Rule::Sign),
            ("-1", Scale::Price, Rule::Sign),
            ("1e3", Scale::Price, Rule::Exponent),
            ("1E3", Scale::Price, Rule::Exponent),
            (" 1", Scale::Price, Rule::Space),
            ("1\n", Scale::Price, Rule::Space),
            ("1,5", Scale::Price, Rule::Other(',')),
            ("1_000", Scale::Price, Rule::Other('_')),
            ("\u{0661}", Scale::Price, Rule::Other('\u{0661}')),
            ("NaN", Scale::Price, Rule::Other('N')),
            (".", Scale::Price, Rule::Point),
            (".5", Scale::Price, Rule::Point),
            ("5.", Scale::Price, Rule::Point),
            ("1.0.0", Scale::Price, Rule::Point),
            ("1.00000", Scale::Price, Rule::Decimals(4)),
            ("8.0", Scale::Quantity, Rule::Decimals(0)),
            ("1.0000001", Scale::Amount, Rule::Decimals(6)),
            ("18446744073709.551616", Scale::Amount, Rule::Range),
            ("9999999999999999999999999999", Scale::Amount, Rule::Range),
            ("9999999999999999999999999999", Scale::Quantity, Rule::Range),
            ("00000000000000000000000000001", Scale::Quantity, Rule::Digits),
        ];
        for (text, scale, expected) in cases {
            assert_eq!(units(text, scale), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn decimal_error_says_what_would_be_right() {
        let error = parse("1.05123", Scale::Price, "price").unwrap_err();
        assert_eq!(error.code, ErrorCode::BadDecimal);
        assert_eq!(error.field.as_deref(), Some("price"));
        assert_eq!(&*error.message, "this decimal has at most 4 decimals");
        assert_eq!(error.suggestion.as_deref(), Some("write it like \"1.0500\""));
    }

    #[test]
    fn decimal_prints_all_decimals() {
        assert_eq!(print(10_500, Scale::Price), "1.0500");
        assert_eq!(print(0, Scale::Price), "0.0000");
        assert_eq!(print(8, Scale::Quantity), "8");
        assert_eq!(print(1, Scale::Amount), "0.000001");
        assert_eq!(print(u64::MAX, Scale::Amount), "18446744073709.551615");
        assert_eq!(print_position(-8), "-8");
        assert_eq!(print_position(0), "0");
        assert_eq!(print_position(i64::MIN), "-9223372036854775808");
    }
}
