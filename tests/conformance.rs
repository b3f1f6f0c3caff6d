//! Conformance: the cases of CoinTossX, an exchange in Java, come out here as they do there.
//!
//! `conformance/cointossx` holds the cases and says where they are from. Those that are about orders which this exchange
//! does not have stand in [`OUT_OF_SCOPE`].

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "conformance/case.rs"]
mod case;
#[path = "conformance/player.rs"]
mod player;
#[path = "conformance/table.rs"]
mod table;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::case::{Case, Type, cases};
use crate::player::{Missing, expected, play};

/// The cases, found from where the test runs.
fn root() -> PathBuf {
    let start = env::current_dir().unwrap();
    let folder = start.ancestors().map(|folder| folder.join("tests/conformance/cointossx"));
    folder.into_iter().find(|folder| folder.is_dir()).expect("the test runs inside the repository")
}

/// What a case is, for whoever reads a failure.
fn title(case: &Case) -> String {
    format!("{}: {}", case.name, case.description)
}

fn is_out_of_scope(case: &Case) -> bool {
    OUT_OF_SCOPE.iter().any(|(name, ..)| *name == case.name)
}

#[test]
fn every_case_in_scope_comes_out_as_expected() {
    let mut wrong = Vec::new();
    for case in cases(&root()).0.iter().filter(|case| !is_out_of_scope(case)) {
        let outcome = play(case);
        if outcome != Ok(expected(case)) {
            let expected = expected(case);
            wrong.push(format!("{}\n  has      {expected:?}\n  becomes  {outcome:?}", title(case)));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}\n", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_case_out_of_scope_needs_what_is_said() {
    let (cases, _) = cases(&root());
    for (name, missing, why) in OUT_OF_SCOPE {
        let case = cases.iter().find(|case| case.name == *name);
        let case = case.unwrap_or_else(|| panic!("{name}: there is no such case"));
        assert_eq!(play(case).err(), Some(*missing), "{}", title(case));
        assert!(!why.is_empty(), "{name}: why?");
    }
    let names: BTreeSet<&str> = OUT_OF_SCOPE.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), OUT_OF_SCOPE.len(), "no case stands twice in the list");
}

/// Our minimum, which an incoming order has and which says what must trade at once in all, is not theirs: it stays with
/// a hidden order as long as that rests, and says what each trade must come to.
#[test]
fn only_hidden_orders_have_a_minimum_there() {
    let (cases, _) = cases(&root());
    let rows = cases.iter().flat_map(|case| case.before.iter().chain(&case.incoming));
    let mut minima = rows.filter(|row| row.minimum.is_some()).peekable();
    assert!(minima.peek().is_some(), "some orders have a minimum");
    assert!(minima.all(|row| row.kind == Type::Hidden), "only hidden orders have one");
}

#[test]
fn every_file_belongs_to_a_case() {
    fn enter(folder: &Path, files: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                enter(&entry, files);
            } else if entry.extension().is_some_and(|kind| kind == "csv") {
                files.insert(entry);
            }
        }
    }
    let mut files = BTreeSet::new();
    enter(&root(), &mut files);
    assert_eq!(cases(&root()).1, files, "the lists name every file");
}

use Missing::{Auctions, HiddenOrders, StopOrders};

/// Cases about orders and phases that this exchange does not have, and why each cannot be played.
#[rustfmt::skip]
const OUT_OF_SCOPE: &[(&str, Missing, &str)] = &[
    ("auction/Test1", Auctions, "the book gathers crossing orders and is uncrossed at one price"),
    ("auction/Test2", Auctions, "the book gathers crossing orders and is uncrossed at one price"),
    ("auction/Test3", Auctions, "the book gathers crossing orders and is uncrossed at one price"),
    ("cancelOrder/Test5", StopOrders, "a stop order is cancelled"),
    ("cancelOrder/Test6", StopOrders, "a stop order is cancelled"),
    ("cancelOrder/Test7", StopOrders, "a stop limit order is cancelled"),
    ("cancelOrder/Test8", StopOrders, "a stop limit order is cancelled"),
    ("cancelOrder/Test9", HiddenOrders, "the order that is cancelled is hidden; its minimum of 500 plays no part"),
    ("cancelOrder/Test10", HiddenOrders, "the order that is cancelled is hidden; its minimum of 500 plays no part"),
    ("filterAndUncross/Test1", HiddenOrders, "crossing hidden orders rest, because no minimum among 1,000 to 7,000 can be met"),
    ("filterAndUncross/Test2", HiddenOrders, "the same, and an incoming hidden order with a minimum of 25,000 rests too"),
    ("filterAndUncross/Test3", HiddenOrders, "a limit order lets the minima of resting hidden orders be met: an auction of all at one price"),
    ("filterAndUncross/Test4", HiddenOrders, "an incoming hidden order with a minimum of 1,000 does the same"),
    ("replaceOrder/Test9", HiddenOrders, "the larger order meets the minimum of 2,500 of a hidden ask that rests across the book"),
    ("replaceOrder/Test10", HiddenOrders, "the larger order meets the minimum of 2,500 of a hidden bid that rests across the book"),
    ("replaceOrder/Test13", HiddenOrders, "the order that is replaced is hidden; its minimum stays 2,000"),
    ("replaceOrder/Test14", HiddenOrders, "the order that is replaced is hidden; its minimum stays 2,000"),
    ("replaceOrder/Test15", HiddenOrders, "the order that is replaced is hidden; its minimum stays 2,000"),
    ("replaceOrder/Test16", HiddenOrders, "the minimum of a resting hidden order becomes 1,000; ours does not outlast the entry"),
    ("replaceOrder/Test17", HiddenOrders, "the order that is replaced is hidden; its minimum stays as it is"),
    ("replaceOrder/Test18", HiddenOrders, "the order that is replaced is hidden; its minimum stays as it is"),
    ("replaceOrder/Test19", HiddenOrders, "the order that is replaced is hidden; its minimum stays as it is"),
    ("replaceOrder/Test20", HiddenOrders, "the minimum of a resting hidden order becomes 1,000; ours does not outlast the entry"),
    ("replaceOrder/Test21", HiddenOrders, "two hidden orders rest across each other until the larger lots meet both minima"),
    ("replaceOrder/Test22", HiddenOrders, "two hidden orders rest across each other until the larger lots meet both minima"),
    ("replaceOrder/Test23", HiddenOrders, "the order that is replaced, and trades at its new price, is hidden, with a minimum of 2,000"),
    ("replaceOrder/Test24", HiddenOrders, "the order that is replaced, and trades at its new price, is hidden, with a minimum of 2,000"),
    ("replaceOrder/Test25", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test26", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test27", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test28", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test29", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test30", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test31", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test32", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test33", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test34", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test35", StopOrders, "a stop limit order is replaced"),
    ("replaceOrder/Test36", StopOrders, "a stop limit order is replaced"),
    ("uncross/hiddenOrder/Test1", HiddenOrders, "a hidden bid, minimum 500, stands behind a younger visible one at its price"),
    ("uncross/hiddenOrder/Test2", HiddenOrders, "a hidden ask, minimum 500, stands behind a younger visible one at its price"),
    ("uncross/hiddenOrder/Test3", HiddenOrders, "a resting hidden order trades, as 800 lots meet its minimum of 700"),
    ("uncross/hiddenOrder/Test4", HiddenOrders, "a resting hidden order is passed over, as 100 lots do not meet its minimum of 700"),
    ("uncross/hiddenOrder/Test5", HiddenOrders, "the same, and the incoming order is hidden, with a minimum of 100"),
    ("uncross/hiddenOrder/Test6", HiddenOrders, "a hidden bid that rests across the book, minimum 15,000, trades between best bid and ask"),
    ("uncross/hiddenOrder/Test7", HiddenOrders, "a hidden bid that rests across the book, minimum 15,000, trades at the incoming limit"),
    ("uncross/hiddenOrder/Test8", HiddenOrders, "a hidden bid rests across the book, minimum 15,000, and an ask below it does not trade"),
    ("uncross/hiddenOrder/Test9", HiddenOrders, "a hidden bid, minimum 15,000, better than the visible ones, trades first"),
    ("uncross/hiddenOrder/Test10", HiddenOrders, "a hidden ask that rests across the book, minimum 15,000, trades between best bid and ask"),
    ("uncross/hiddenOrder/Test11", HiddenOrders, "a hidden ask that rests across the book, minimum 15,000, trades at the incoming limit"),
    ("uncross/hiddenOrder/Test12", HiddenOrders, "a hidden ask rests across the book, minimum 15,000, and a bid above it does not trade"),
    ("uncross/hiddenOrder/Test13", HiddenOrders, "a hidden ask, minimum 15,000, better than the visible ones, trades first"),
    ("uncross/hiddenOrder/Test14", HiddenOrders, "a better hidden bid is passed over, as 1,000 lots do not meet its minimum of 15,000"),
    ("uncross/hiddenOrder/Test15", HiddenOrders, "a hidden ask that rests across the book, minimum 100,000, trades between best bid and ask"),
    ("uncross/hiddenOrder/Test16", HiddenOrders, "a hidden bid that rests across the book, minimum 100,000, trades between best bid and ask"),
    ("uncross/hiddenOrder/Test17", HiddenOrders, "a hidden bid that rests across the book, minimum 100,000, trades first, between best bid and ask"),
    ("uncross/marketOrder/Test5", HiddenOrders, "what is left of the market order does not meet the minimum of 1,000 of a resting hidden order"),
    ("uncross/marketOrder/Test6", HiddenOrders, "what is left of the market order does not meet the minimum of 1,000 of a resting hidden order"),
    ("uncross/stopLimitOrder/Test1", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test2", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test3", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test4", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test5", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test6", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test7", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test8", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test9", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test10", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test11", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopLimitOrder/Test12", StopOrders, "stop limit orders wait for the price of a trade"),
    ("uncross/stopOrder/Test1", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test2", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test3", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test4", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test5", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test6", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test7", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test8", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test9", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test10", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test11", StopOrders, "stop orders wait for the price of a trade"),
    ("uncross/stopOrder/Test12", StopOrders, "stop orders wait for the price of a trade"),
];
