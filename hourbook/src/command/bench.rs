//! Bench: measures.

mod cheats;
mod deterrence;
mod flow;
mod makers;
mod inference;
mod own_exchange;
mod own_folder;
mod pipeline;
mod start;
mod wire;

use clap::Subcommand;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Measure the book, the exchange, what is taken without sockets, the start, or the way from order to reply
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    Book(flow::Book),
    Exchange(flow::Exchange),
    Pipeline(pipeline::Pipeline),
    Start(start::Start),
    Wire(wire::Wire),
    Inference(inference::Inference),
    Cheats(cheats::Cheats),
    Deterrence(deterrence::Deterrence),
}

impl Bench {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        if cfg!(debug_assertions) {
            screen.remark("this is no release build: what it measures says little (cargo build --release)");
        }
        match self {
            Bench::Book(command) => command.run(screen),
            Bench::Exchange(command) => command.run(screen),
            Bench::Pipeline(command) => command.run(screen),
            Bench::Start(command) => command.run(screen),
            Bench::Wire(command) => command.run(options, screen).await,
            Bench::Inference(command) => command.run(screen),
            Bench::Cheats(command) => command.run(screen),
            Bench::Deterrence(command) => command.run(screen),
        }
    }
}
