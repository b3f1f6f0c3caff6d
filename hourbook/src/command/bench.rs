//! Bench: measures.

mod fanout;
mod flow;
mod own_exchange;
mod pipeline;
mod wire;

use clap::Subcommand;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Measure the book, the exchange, what is taken without sockets, or the way from order to reply
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    Book(flow::Book),
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
            Bench::Fanout(command) => command.run(options, screen).await,
            Bench::Pipeline(command) => command.run(screen),
            Bench::Wire(command) => command.run(options, screen).await,
        }
    }
}
