//! Case: the book before, what comes in, the book and the trades after.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use engine::order::Side;
use engine::stamp::Time;
use engine::symbol::Symbol;
use engine::units::{Lots, Price};

use crate::table::rows;

/// The folders with their lists of cases, and what comes in there.
const FOLDERS: [(&str, &str, Request); 9] = [
    ("auction", "AuctionMaster.csv", Request::Uncross),
    ("cancelOrder", "CancelOrderMaster.csv", Request::Cancel),
    ("filterAndUncross", "FilterAndUncrossMaster.csv", Request::Enter),
    ("replaceOrder", "ReplaceOrderMaster.csv", Request::Replace),
    ("uncross/hiddenOrder", "HiddenOrderMaster.csv", Request::Enter),
    ("uncross/limitOrder", "LimitOrderMaster.csv", Request::Enter),
    ("uncross/marketOrder", "MarketOrderMaster.csv", Request::Enter),
    ("uncross/stopLimitOrder", "StopLimitOrderMaster.csv", Request::Enter),
    ("uncross/stopOrder", "StopOrderMaster.csv", Request::Enter),
];

/// What is done to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// An order comes in.
    Enter,
    /// An order is cancelled.
    Cancel,
    /// An order is replaced.
    Replace,
    /// An auction is held.
    Uncross,
}

/// What an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Market,
    Limit,
    Stop,
    StopLimit,
    Hidden,
}

/// An order, as a line says it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) side: Side,
    pub(crate) order: String,
    pub(crate) kind: Type,
    /// The least that trades at once, if any is said.
    pub(crate) minimum: Option<Lots>,
    /// `10:00`; nothing in a cancellation.
    pub(crate) time: String,
    /// Nothing in a cancellation.
    pub(crate) lots: Option<Lots>,
    /// Nothing of a market order.
    pub(crate) price: Option<Price>,
    pub(crate) expires: Option<Time>,
}

/// A case of the list of its folder.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The folder and what its files begin with, `uncross/limitOrder/Test1`.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) request: Request,
    pub(crate) before: Vec<Row>,
    pub(crate) incoming: Vec<Row>,
    pub(crate) after: Vec<Row>,
    /// Price and lots of each trade.
    pub(crate) trades: Vec<(Price, Lots)>,
}

/// Every case, and every file that is one's.
pub(crate) fn cases(root: &Path) -> (Vec<Case>, BTreeSet<PathBuf>) {
    let (mut cases, mut files) = (Vec::new(), BTreeSet::new());
    for (folder, list, request) in FOLDERS {
        let columns = [
            "TestNumber",
            "Description",
            "InitialState",
            "AggressingOrder",
            "ExpectedState",
            "Stock",
            "Trades",
        ];
        let path = root.join(folder).join(list);
        for [number, description, before, incoming, after, _, trades] in rows(&path, columns) {
            let mut find = |name: &str| {
                let file = find(&root.join(folder), name)?;
                files.insert(file.clone());
                Some(file)
            };
            cases.push(Case {
                name: format!("{folder}/Test{number}"),
                description,
                request,
                before: find(&before).map_or(Vec::new(), |path| orders(&path)),
                incoming: find(&incoming).map_or(Vec::new(), |path| orders(&path)),
                after: find(&after).map(|path| orders(&path)).expect("every case says what is left"),
                trades: find(&trades).map(|path| read_trades(&path)).expect("every case has its trades"),
            });
        }
        files.insert(path);
    }
    (cases, files)
}

/// The file of that name, large and small letters alike; `None` without a name.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let same = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().eq_ignore_ascii_case(name);
    Some(files.into_iter().find(same).unwrap_or_else(|| panic!("{}: no {name}", folder.display())))
}

fn orders(path: &Path) -> Vec<Row> {
    let columns =
        ["Side", "OrderID", "Type", "MES", "Time", "Size", "Price", "StopPrice", "TimeInForce", "ExpireTime"];
    let order = |row| order(row).unwrap_or_else(|| panic!("{}: orders", path.display()));
    rows(path, columns).into_iter().map(order).collect()
}

fn order([side, order, kind, minimum, time, lots, price, _, lasts, expires]: [String; 10]) -> Option<Row> {
    let side = match side.as_str() {
        "B" => Side::Bid,
        // To their reader, whatever is not `B` is an offer; one file says `BO`.
        "O" | "BO" => Side::Ask,
        _ => return None,
    };
    let kind = match kind.as_str() {
        "1" => Type::Market,
        "2" => Type::Limit,
        "3" => Type::Stop,
        "4" => Type::StopLimit,
        "5" => Type::Hidden,
        _ => return None,
    };
    let expires = match lasts.as_str() {
        "" | "0" => None,
        "6" | "8" => Some(moment(&expires)?),
        _ => return None,
    };
    let (minimum, lots, price) = (number(&minimum)?, number(&lots)?, number(&price)?);
    let minimum = minimum.and_then(Lots::new);
    Some(Row {
        side,
        order,
        kind,
        minimum,
        time,
        lots: lots.and_then(Lots::new),
        price: price.and_then(Price::new),
        expires,
    })
}

fn read_trades(path: &Path) -> Vec<(Price, Lots)> {
    let rows = rows(path, ["TradeId", "Price", "Quantity"]).into_iter();
    rows.map(|[_, price, lots]| {
        let price = Price::new(price.parse().unwrap()).unwrap();
        (price, Lots::new(lots.parse().unwrap()).unwrap())
    })
    .collect()
}

/// A number, or nothing where nothing stands; `None` when it is something else.
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

/// Reads `2015-12-01 10:00:00` as the start of a window that a symbol names.
fn moment(text: &str) -> Option<Time> {
    let (date, time) = text.split_once(' ')?;
    let minute = time.strip_suffix(":00")?.replace(':', "");
    Some(Symbol::parse(&format!("A.B.FIRM.{date}T{minute}Z"))?.start)
}
