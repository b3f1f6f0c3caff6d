//! Name: text that a client chooses for an order or an operator for an account.

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;

/// Characters in the longest name.
pub const NAME_CHARS_MAX: usize = 20;

/// Refuses with `BAD_NAME` unless `text` is 1 to 20 of `A-Z a-z 0-9 _ -`.
pub fn check(text: &str, field: &str) -> Result<(), ErrorObject> {
    if text.is_empty() {
        return Err(bad_name(field, "a name has at least one character".to_owned()));
    }
    if let Some(odd) = text.chars().find(|character| !allowed(*character)) {
        return Err(bad_name(field, format!("{odd:?} is not allowed in a name")));
    }
    if NAME_CHARS_MAX < text.len() {
        return Err(bad_name(field, format!("a name has at most {NAME_CHARS_MAX} characters")));
    }
    Ok(())
}

fn allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '-'
}

fn bad_name(field: &str, message: String) -> ErrorObject {
    ErrorObject::new(ErrorCode::BadName, message)
        .with_field(field)
        .with_suggestion("use 1 to 20 of A-Z a-z 0-9 _ -")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::error_code::ErrorCode;

    #[test]
    fn name_keeps_to_its_alphabet_and_length() {
        for good in ["a", "mm1-000123", "A_b-9", "12345678901234567890"] {
            assert_eq!(check(good, "cl_ord_id"), Ok(()), "{good}");
        }
        for bad in ["", "123456789012345678901", "a b", "a.b", "\u{e9}", "a\n"] {
            let error = check(bad, "cl_ord_id").unwrap_err();
            assert_eq!(error.code, ErrorCode::BadName, "{bad:?}");
            assert_eq!(error.field.as_deref(), Some("cl_ord_id"));
        }
    }
}
