//! Program: the real binary, and an exchange for it that answers as the protocol's documentation does.
#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::canned::{self, error};

/// The market of all answers.
pub(crate) const SYMBOL: &str = "H100SXM.US-E.FIRM.2026-11-23T14Z";

/// What the program said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program with these words, and nothing from the environment.
pub(crate) fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hourbook"));
    command.args(words).stdin(Stdio::null());
    for name in ["HOURBOOK_URL", "HOURBOOK_ADMIN_URL", "HOURBOOK_KEY", "HOURBOOK_AS"] {
        command.env_remove(name);
    }
    // The canned exchange has one door for everyone.
    if let Some(place) = words.iter().position(|word| *word == "--url") {
        command.env("HOURBOOK_ADMIN_URL", words[place + 1]);
    }
    command
}

/// Runs the program to its end.
pub(crate) fn run(words: &[&str]) -> Ran {
    ran(program(words).output().expect("the program starts"))
}

/// Runs the program to its end with so many bytes of address space, where a limit can be set, and one thread for what is shared out.
pub(crate) fn run_within(bytes: u64, words: &[&str]) -> Ran {
    if !cfg!(target_os = "linux") {
        return run(words);
    }
    let limited = format!("ulimit -v {} && exec \"$0\" \"$@\"", bytes / 1024);
    let mut command = Command::new("sh");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_hourbook")]).args(words).stdin(Stdio::null());
    ran(command.env("RAYON_NUM_THREADS", "1").output().expect("the program starts"))
}

/// What came of a run.
pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    let code = output.status.code().expect("the program ends by itself");
    Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// An address where nobody listens, nor will: its port is taken.
pub(crate) fn nowhere() -> String {
    static TAKEN: OnceLock<SocketAddr> = OnceLock::new();
    let taken = TAKEN.get_or_init(|| {
        let socket = TcpSocket::new_v4().expect("this machine has sockets");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("this machine has a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        // Until the process ends.
        std::mem::forget(socket);
        address
    });
    format!("ws://{taken}/ws/v1")
}

/// An exchange that answers every method.
pub(crate) fn exchange() -> String {
    canned::answering(answer)
}

/// What the exchange says to a method; unknown ones are refused, as are the params that tell of a wrong line.
pub(crate) fn answer(method: &str, params: &Value) -> Result<Value, Value> {
    match method {
        "login" if params["token"] == "dev:nobody" => {
            Err(error("BAD_SIGNATURE", "auth", "the token names no account"))
        }
        "login" => Ok(json!({ "account": "ann", "scopes": ["read", "trade", "cancel"], "xseq": 41 })),
        "ping" => Ok(json!({})),
        "instruments" => {
            Ok(json!({ "instruments": [instrument("US-E"), instrument("EU-W")], "as_of_seq": 90210 }))
        }
        "add_order" => add_order(params),
        "amend_order" => Ok(amended(params)),
        "cancel_order" | "reduce_order" => change(method, params),
        "cancel_all" if params == &json!({ "symbol": SYMBOL }) => {
            Ok(json!({ "canceled": [], "engine_seq": 90241 }))
        }
        "cancel_all" => Ok(json!({ "canceled": ["o_4f91d0", "o_4f91d7"], "engine_seq": 90240, "xseq": 61 })),
        "cancel_all_after" if params["timeout_ms"] == 0 => Ok(json!({ "engine_seq": 90242, "xseq": 62 })),
        "cancel_all_after" => {
            assert_eq!(params, &json!({ "timeout_ms": 30_000 }));
            Ok(json!({ "due": "1795356030720220000", "engine_seq": 90242, "xseq": 62 }))
        }
        "open_orders" if params == &json!({ "symbol": "none" }) => {
            Ok(json!({ "orders": [], "as_of_xseq": 47 }))
        }
        "open_orders" => {
            Ok(json!({ "orders": [order("mm1-000123", "buy"), order("", "sell")], "as_of_xseq": 47 }))
        }
        "fills" if params["limit"] == 1 => Ok(json!({ "fills": [], "as_of_xseq": 47 })),
        "fills" => Ok(json!({ "fills": [fill()], "as_of_xseq": 47 })),
        "balances" => Ok(balances()),
        "set_capacity" | "open_account" | "register_key" | "revoke_key" | "deposit" | "add_market" => {
            Ok(json!({ "engine_seq": 90300 }))
        }
        "set_mode" | "set_market_limits" | "set_account_limits" | "lock_account" | "kill_switch" => {
            assert!(params["reason"].is_string(), "{params}");
            Ok(json!({ "engine_seq": 90310 }))
        }
        _ => Err(error("UNKNOWN_METHOD", "protocol", "no such method")),
    }
}

fn instrument(zone: &str) -> Value {
    json!({
        "symbol": SYMBOL.replace("US-E", zone), "class": "H100SXM", "zone": zone, "tier": "firm",
        "window": ["1795442400000000000", "1795446000000000000"], "gate": "1795441800000000000", "tick": "0.0001",
        "lot": "1", "state": "open", "bond": "0.250000", "maker_fee_ppm": 200, "taker_fee_ppm": 500
    })
}

fn add_order(params: &Value) -> Result<Value, Value> {
    if params["symbol"] != SYMBOL {
        return Err(error("UNKNOWN_SYMBOL", "order", "no instrument has this symbol"));
    }
    if params["type"] == "market" {
        return Ok(json!({
            "order_id": "o_4f91c3", "status": "filled", "cum_qty": "8", "leaves_qty": "0", "avg_price": "1.0000",
            "engine_seq": 90215, "xseq": 44
        }));
    }
    Ok(json!({
        "order_id": "o_4f91c2", "cl_ord_id": params["cl_ord_id"], "status": "open", "cum_qty": "0",
        "leaves_qty": params["qty"], "engine_seq": 90214, "xseq": 42
    }))
}

fn amended(params: &Value) -> Value {
    json!({
        "order_id": "o_4f91c2", "cl_ord_id": params["new_cl_ord_id"], "status": "open", "cum_qty": "0",
        "leaves_qty": params["qty"], "priority_kept": params["price"].is_null(), "engine_seq": 90219, "xseq": 48
    })
}

fn change(method: &str, params: &Value) -> Result<Value, Value> {
    if params["order_id"] == "o_dead" {
        return Err(error("UNKNOWN_ORDER", "order", "no such open order"));
    }
    let (status, leaves) = if method == "reduce_order" { ("open", "5") } else { ("canceled", "0") };
    Ok(json!({
        "order_id": "o_4f91c2", "status": status, "cum_qty": "0", "leaves_qty": leaves, "engine_seq": 90233, "xseq": 50
    }))
}

fn order(cl_ord_id: &str, side: &str) -> Value {
    let name = if cl_ord_id.is_empty() { Value::Null } else { json!(cl_ord_id) };
    let label = if cl_ord_id.is_empty() { Value::Null } else { json!("mm-1") };
    json!({
        "label": label, "order_id": "o_4f91c2", "cl_ord_id": name, "symbol": SYMBOL, "side": side, "price": "0.9994", "qty": "128",
        "cum_qty": "0", "leaves_qty": "128", "status": "open"
    })
}

/// A fill, as the query tells it.
pub(crate) fn fill() -> Value {
    json!({
        "trade_id": 31, "order_id": "o_4f91c3", "symbol": SYMBOL, "side": "buy", "price": "1.0000", "qty": "8",
        "liquidity": "taker", "fee": "0.004000", "fee_unit": "CU", "ts": "1795356000317900000", "engine_seq": 90215,
        "xseq": 45
    })
}

fn balances() -> Value {
    let balance = json!({
        "unit": "CU", "total": "241.996000", "available": "233.996803", "held": "7.999197", "bonded": "0.000000"
    });
    let position = json!({ "symbol": SYMBOL, "position": "-8", "escrow": "8.000000", "bonded": "4.000000" });
    json!({ "balances": [balance], "positions": [position], "as_of_xseq": 47 })
}
