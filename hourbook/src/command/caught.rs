//! Caught: an exchange that is not sound says so by a panic, which is told like any other failure.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

/// What `work` says, or the assertion that it broke: an exchange that is not sound says so by a panic.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let say = take_hook();
    set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    set_hook(say);
    outcome.unwrap_or_else(|panic| Err(format!("the exchange is not sound: {}", message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("an assertion failed");
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn broken_assertion_is_told() {
        assert_eq!(caught(|| Ok(7)), Ok(7));
        let broken = caught::<()>(|| panic!("credit is conserved"));
        assert_eq!(broken, Err("the exchange is not sound: credit is conserved".to_owned()));
        let unequal = caught::<()>(|| {
            assert_eq!(1, 2, "credit is conserved");
            Ok(())
        });
        let told = "the exchange is not sound: assertion `left == right` failed: credit is conserved; left: 1; right: 2";
        assert_eq!(unequal, Err(told.to_owned()));
    }
}
