//! Bench: measures.

mod connections;
mod fanout;
mod flow;
mod own_exchange;
mod pipeline;
mod wire;

use clap::Subcommand;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Measure the book, the exchange, what is taken without sockets, the way from order to reply, or what reaches many
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    Book(flow::Book),
    Connections(connections::Connections),
    Exchange(flow::Exchange),
    Fanout(fanout::Fanout),
    Pipeline(pipeline::Pipeline),
    Wire(wire::Wire),
}

impl Bench {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        if cfg!(debug_assertions) {
            screen.remark("this is no release build: what it measures says little (cargo build --release)");
        }
        match self {
            Bench::Book(command) => command.run(screen),
            Bench::Exchange(command) => command.run(screen),
            Bench::Connections(command) => command.run(screen).await,
            Bench::Fanout(command) => command.run(screen).await,
            Bench::Pipeline(command) => command.run(screen),
            Bench::Wire(command) => command.run(options, screen).await,
        }
    }
}
