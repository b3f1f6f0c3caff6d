//! Argument: what is typed, checked before anything is sent.

use std::time::Duration;

use protocol::control::TradingMode;
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::instrument::Tier;
use protocol::name;
use protocol::operator::{BondRule, SelfTrade};
use protocol::order::Side;
use protocol::session::Scope;
use protocol::signature::PublicKey;
use protocol::speed::{self, Interval, Speed};
use protocol::terms::SelfTradePrevention;

/// A price in CU per lot.
pub(crate) fn price(text: &str) -> Result<String, String> {
    checked(text, decimal::parse(text, Scale::Price, "").map(|_| ()))
}

/// A number of lots.
pub(crate) fn quantity(text: &str) -> Result<String, String> {
    checked(text, decimal::parse(text, Scale::Quantity, "").map(|_| ()))
}

/// An amount of CU.
pub(crate) fn amount(text: &str) -> Result<String, String> {
    checked(text, decimal::parse(text, Scale::Amount, "").map(|_| ()))
}

/// The name of an account, order or deposit.
pub(crate) fn label(text: &str) -> Result<String, String> {
    checked(text, name::check(text, ""))
}

/// The exchange's name for an order.
pub(crate) fn order_id(text: &str) -> Result<String, String> {
    if text.strip_prefix("o_").is_some_and(|digits| u64::from_str_radix(digits, 16).is_ok()) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "the exchange's name for an order looks like o_4f91c2; if this is your own, say `--id {text}`"
    ))
}

/// A public key in base64.
pub(crate) fn public_key(text: &str) -> Result<String, String> {
    checked(text, PublicKey::parse(text, "").map(|_| ()))
}

/// A temperature, in millionths: from 0 to 10, with at most six decimals.
pub(crate) fn temperature(text: &str) -> Result<u32, String> {
    const RULE: &str = "a number from 0 to 10 with at most 6 decimals, such as 0.7";
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(decimals) || 2 < whole.len() || 6 < decimals.len() {
        return Err(RULE.to_owned());
    }
    let millionths: u32 = format!("{whole}{decimals:0<6}").parse().map_err(|_| RULE.to_owned())?;
    if millionths <= 10_000_000 { Ok(millionths) } else { Err(RULE.to_owned()) }
}

/// A public key as receipts show it.
pub(crate) fn receipt_key(text: &str) -> Result<String, String> {
    seed(text).map(|_| text.to_lowercase())
}

/// A seed in hexadecimal digits.
pub(crate) fn seed(text: &str) -> Result<[u8; 32], String> {
    const RULE: &str = "64 hexadecimal digits";
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(RULE.to_owned());
    }
    let mut seed = [0; 32];
    for (byte, digits) in seed.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).map_err(|_| RULE.to_owned())?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| RULE.to_owned())?;
    }
    Ok(seed)
}

/// A length of time, such as `5s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const RULE: &str = "a whole number and ms, s, m or h, such as 500ms or 5s";
    let unit = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let number = &text[..text.len() - unit.len()];
    let number: u32 = number.parse().map_err(|_| RULE.to_owned())?;
    let unit = match unit {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        "h" => Duration::from_secs(3_600),
        _ => return Err(RULE.to_owned()),
    };
    Ok(unit * number)
}

/// How often a stream is told.
pub(crate) fn speed(text: &str) -> Result<Speed, String> {
    Speed::parse(text).map_err(|error| error.message.into())
}

/// Levels of a book.
pub(crate) fn depth(text: &str) -> Result<u32, String> {
    let levels: u32 = text.parse().map_err(|_| "a number of levels".to_owned())?;
    speed::depth(levels).map(|_| levels).map_err(|error| error.message.into())
}

/// How long candles are.
pub(crate) fn interval(text: &str) -> Result<Interval, String> {
    Interval::parse(text).map_err(|error| error.message.into())
}

/// How firm a delivery is.
pub(crate) fn tier(text: &str) -> Result<Tier, String> {
    match text.to_ascii_lowercase().as_str() {
        "firm" => Ok(Tier::Firm),
        "int" => Ok(Tier::Int),
        _ => Err("firm or int".to_owned()),
    }
}

/// What happens when an account's order meets its own.
pub(crate) fn self_trade(text: &str) -> Result<SelfTrade, String> {
    match text {
        "prevent" => Ok(SelfTrade::Prevent),
        "allow" => Ok(SelfTrade::Allow),
        _ => Err("prevent or allow".to_owned()),
    }
}

/// Where the bond of a window comes from.
pub(crate) fn bond_rule(text: &str) -> Result<BondRule, String> {
    match text {
        "fixed" => Ok(BondRule::Fixed),
        "reference" => Ok(BondRule::Reference),
        _ => Err("fixed or reference".to_owned()),
    }
}

/// What happens when an order meets one of the same owner.
pub(crate) fn prevention(text: &str) -> Result<SelfTradePrevention, String> {
    match text {
        "cancel-newest" => Ok(SelfTradePrevention::CancelNewest),
        "cancel-oldest" => Ok(SelfTradePrevention::CancelOldest),
        "cancel-both" => Ok(SelfTradePrevention::CancelBoth),
        "decrement" => Ok(SelfTradePrevention::Decrement),
        _ => Err("cancel-newest, cancel-oldest, cancel-both or decrement".to_owned()),
    }
}

/// Buy or sell.
pub(crate) fn side(text: &str) -> Result<Side, String> {
    match text {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err("buy or sell".to_owned()),
    }
}

/// What may be done in a market.
pub(crate) fn mode(text: &str) -> Result<TradingMode, String> {
    match text {
        "open" => Ok(TradingMode::Open),
        "post-only" => Ok(TradingMode::PostOnly),
        "cancel-only" => Ok(TradingMode::CancelOnly),
        "halted" => Ok(TradingMode::Halted),
        _ => Err("open, post-only, cancel-only or halted".to_owned()),
    }
}

/// What a key may do.
pub(crate) fn scope(text: &str) -> Result<Scope, String> {
    match text {
        "read" => Ok(Scope::Read),
        "trade" => Ok(Scope::Trade),
        "cancel" => Ok(Scope::Cancel),
        "provide" => Ok(Scope::Provide),
        "admin" => Ok(Scope::Admin),
        "audit" => Ok(Scope::Audit),
        "transfer" => Ok(Scope::Transfer),
        _ => Err("some of read,trade,cancel,provide,admin,audit,transfer".to_owned()),
    }
}

fn checked(text: &str, check: Result<(), ErrorObject>) -> Result<String, String> {
    match check {
        Ok(()) => Ok(text.to_owned()),
        Err(ErrorObject { message, suggestion: Some(suggestion), .. }) => {
            Err(format!("{message}; {suggestion}"))
        }
        Err(error) => Err(error.message.into_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration, price};

    #[test]
    fn duration_has_a_unit() {
        let cases = [("500ms", 500), ("5s", 5_000), ("2m", 120_000), ("1h", 3_600_000), ("0s", 0)];
        for (text, millis) in cases {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "5", "s", "-5s", "1.5s", "5 s", "5d", "99999999999s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn wrong_decimal_says_what_would_be_right() {
        assert_eq!(price("1.05"), Ok("1.05".to_owned()));
        let rule = "this decimal has at most 4 decimals; write it like \"1.0500\"";
        assert_eq!(price("1.00001"), Err(rule.to_owned()));
    }
}
