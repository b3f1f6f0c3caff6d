//! Command: what the program does. One file each; a command is its module, its variant and its arm below.

mod account;
mod admin;
mod amend;
mod audit;
mod backup;
mod balance;
mod bench;
mod book;
mod cancel;
mod candles;
mod capacity;
mod caught;
mod curve;
mod demo;
mod deposit;
mod export;
mod fills;
mod fixings;
mod instruments;
mod invariants;
pub(crate) mod job;
mod keys;
mod limits;
mod market;
mod model;
mod order;
mod orders;
mod ping;
mod provider;
mod receipt;
mod redeem;
mod reduce;
mod replay;
mod restore;
mod serve;
mod settlements;
mod sim;
mod snapshot;
mod status;
mod ticker;
mod trades;
mod transfer;
mod verify;
mod watch;

use clap::Subcommand;
use protocol::order::Side;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// What the program does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(serve::Serve),
    Demo(demo::RunDemo),
    Instruments(instruments::Instruments),
    Book(book::Book),
    Curve(curve::Curve),
    Trades(trades::Trades),
    Ticker(ticker::Ticker),
    Candles(candles::Candles),
    Fixings(fixings::Fixings),
    Settlements(settlements::Settlements),
    Watch(watch::Watch),
    /// Buy lots
    #[command(after_help = order::EXAMPLES_BUY)]
    Buy(order::Order),
    /// Sell lots
    #[command(after_help = order::EXAMPLES_SELL)]
    Sell(order::Order),
    Amend(amend::Amend),
    Cancel(cancel::Cancel),
    Reduce(reduce::Reduce),
    Orders(orders::Orders),
    Fills(fills::Fills),
    Balance(balance::Balance),
    Capacity(capacity::Capacity),
    #[command(subcommand)]
    Provider(provider::Provider),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand)]
    Job(job::JobCommand),
    Transfer(transfer::Transfer),
    Redeem(redeem::Redeem),
    Limits(limits::Limits),
    Status(status::Status),
    Ping(ping::Ping),
    #[command(subcommand)]
    Keys(keys::Keys),
    #[command(subcommand)]
    Account(account::Account),
    Deposit(deposit::Deposit),
    #[command(subcommand)]
    Market(market::Market),
    #[command(subcommand)]
    Admin(admin::Admin),
    Snapshot(snapshot::Snapshot),
    #[command(subcommand)]
    Model(model::ModelCommand),
    Verify(verify::Verify),
    Backup(backup::Backup),
    Restore(restore::Restore),
    #[command(subcommand)]
    Export(export::Export),
    #[command(subcommand)]
    Receipt(receipt::ReceiptCommand),
    Invariants(invariants::Invariants),
    #[command(subcommand)]
    Replay(replay::Replay),
    #[command(subcommand)]
    Sim(sim::Sim),
    #[command(subcommand)]
    Bench(bench::Bench),
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            Command::Serve(command) => command.run(screen).await,
            Command::Demo(command) => command.run(options.json, screen).await,
            Command::Instruments(command) => command.run(options, screen).await,
            Command::Book(command) => command.run(options, screen).await,
            Command::Curve(command) => command.run(options, screen).await,
            Command::Ticker(command) => command.run(options, screen).await,
            Command::Candles(command) => command.run(options, screen).await,
            Command::Fixings(command) => command.run(options, screen).await,
            Command::Settlements(command) => command.run(options, screen).await,
            Command::Watch(command) => command.run(options, screen).await,
            Command::Trades(command) => command.run(options, screen).await,
            Command::Buy(command) => command.run(Side::Buy, options, screen).await,
            Command::Sell(command) => command.run(Side::Sell, options, screen).await,
            Command::Amend(command) => command.run(options, screen).await,
            Command::Cancel(command) => command.run(options, screen).await,
            Command::Reduce(command) => command.run(options, screen).await,
            Command::Orders(command) => command.run(options, screen).await,
            Command::Fills(command) => command.run(options, screen).await,
            Command::Balance(command) => command.run(options, screen).await,
            Command::Capacity(command) => command.run(options, screen).await,
            Command::Provider(command) => command.run(options, screen).await,
            Command::Audit(command) => command.run(options, screen).await,
            Command::Job(command) => command.run(options, screen).await,
            Command::Transfer(command) => command.run(options, screen).await,
            Command::Redeem(command) => command.run(options, screen).await,
            Command::Limits(command) => command.run(options, screen).await,
            Command::Status(command) => command.run(options, screen).await,
            Command::Ping(command) => command.run(options, screen).await,
            Command::Keys(command) => command.run(options, screen).await,
            Command::Account(command) => command.run(options, screen).await,
            Command::Deposit(command) => command.run(options, screen).await,
            Command::Market(command) => command.run(options, screen).await,
            Command::Admin(command) => command.run(options, screen).await,
            Command::Snapshot(command) => command.run(screen),
            Command::Model(command) => command.run(screen),
            Command::Verify(command) => command.run(screen),
            Command::Backup(command) => command.run(screen),
            Command::Restore(command) => command.run(screen),
            Command::Export(command) => command.run(screen),
            Command::Receipt(command) => command.run(screen),
            Command::Invariants(command) => command.run(screen),
            Command::Replay(command) => command.run(screen),
            Command::Sim(command) => command.run(screen),
            Command::Bench(command) => command.run(options, screen).await,
        }
    }
}
