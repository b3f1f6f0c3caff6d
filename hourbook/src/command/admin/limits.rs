//! Limits: bounds on orders and prices of a market, and on what an account may do.

use clap::{Args, Subcommand};
use protocol::control::{MarketLimits, SetAccountLimits, SetMarketLimits};
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES_MARKET: &str = "\
All limits are set at once: what is left out is not limited any more. They rule what comes in; what rests stays. Needs an
operator's key.

Examples:
  hourbook --key data/operator.key admin limits market H100SXM.US-E.FIRM --price-min 0.5 --price-max 2 \
    --band-ppm 100000 --order-qty 1000 --reason launch
  hourbook --key data/operator.key admin limits market H100SXM.US-E.FIRM --reason no-limits";

const EXAMPLES_ACCOUNT: &str = "\
All limits are set at once: what is left out is not limited any more. They rule what comes in; what rests stays. Needs an
operator's key.

Examples:
  hourbook --key data/operator.key admin limits account ann --position-qty 500 --order-notional 1000 --reason new
  hourbook --key data/operator.key admin limits account ann --reason trusted";

/// Set bounds on orders, prices and positions
#[derive(Debug, Subcommand)]
pub(crate) enum Limits {
    Market(Market),
    Account(Account),
}

/// Set a market's price bands and limits, all of them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES_MARKET)]
pub(crate) struct Market {
    /// The market, such as H100SXM.US-E.FIRM
    market: String,
    /// No price below
    #[arg(long, value_name = "PRICE", value_parser = argument::price)]
    price_min: Option<String>,
    /// No price above
    #[arg(long, value_name = "PRICE", value_parser = argument::price)]
    price_max: Option<String>,
    /// No trade farther from the last one than so many millionths of its price
    #[arg(long, value_name = "PPM", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    band_ppm: Option<u32>,
    /// The most lots of an order
    #[arg(long, value_name = "QTY", value_parser = argument::quantity)]
    order_qty: Option<String>,
    /// The most lots of a position, either way, open orders included
    #[arg(long, value_name = "QTY", value_parser = argument::quantity)]
    position_qty: Option<String>,
    /// The most CU that an order comes to at its limit
    #[arg(long, value_name = "CU", value_parser = argument::amount)]
    order_notional: Option<String>,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; it is journaled
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

/// Set an account's limits, all of them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES_ACCOUNT)]
pub(crate) struct Account {
    /// Whose
    #[arg(value_parser = argument::label)]
    account: String,
    /// The most open orders
    #[arg(long, value_name = "N")]
    open_orders: Option<u32>,
    /// The most lots of a position in one market, either way, open orders included
    #[arg(long, value_name = "QTY", value_parser = argument::quantity)]
    position_qty: Option<String>,
    /// The most CU that an order comes to at its limit
    #[arg(long, value_name = "CU", value_parser = argument::amount)]
    order_notional: Option<String>,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; it is journaled
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

#[derive(Serialize)]
struct MarketLimited {
    market: String,
    limits: MarketLimits,
    engine_seq: u64,
}

#[derive(Serialize)]
struct AccountLimited {
    account: String,
    engine_seq: u64,
}

impl Limits {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            Limits::Market(command) => command.run(options, screen).await,
            Limits::Account(command) => command.run(options, screen).await,
        }
    }
}

impl Market {
    async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Market { market, reason, .. } = self;
        let limits = MarketLimits {
            price_min: self.price_min,
            price_max: self.price_max,
            band_ppm: self.band_ppm,
            order_qty: self.order_qty,
            position_qty: self.position_qty,
            order_notional: self.order_notional,
        };
        let set = SetMarketLimits { market: market.clone(), limits: limits.clone(), reason };
        let connection = options.login_admin().await?;
        let engine_seq = connection.set_market_limits(set).await?.engine_seq;
        connection.close().await;
        let limited = MarketLimited { market, limits, engine_seq };
        screen.show(&limited, |limited| format!("the limits of {} are set", limited.market))
    }
}

impl Account {
    async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Account { account, open_orders, position_qty, order_notional, reason } = self;
        let name = account.clone();
        let connection = options.login_admin().await?;
        let set = SetAccountLimits { account, open_orders, position_qty, order_notional, reason };
        let engine_seq = connection.set_account_limits(set).await?.engine_seq;
        connection.close().await;
        let limited = AccountLimited { account: name, engine_seq };
        screen.show(&limited, |limited| format!("the limits of {} are set", limited.account))
    }
}
