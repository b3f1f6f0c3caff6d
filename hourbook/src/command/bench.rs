//! Bench: measures.

mod cheats;
mod connections;
mod deterrence;
mod fanout;
mod flow;
mod inference;
mod makers;
mod own_exchange;
mod own_folder;
mod pipeline;
mod resume;
mod sim;
mod start;
mod wire;

use clap::Subcommand;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Measure the book, the exchange, what is taken without sockets, the start, the way from order to reply, what reaches many, or who comes back
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    Book(flow::Book),
    Connections(connections::Connections),
    Exchange(flow::Exchange),
    Fanout(fanout::Fanout),
    Pipeline(pipeline::Pipeline),
    Resume(resume::Resume),
    Sim(sim::Sim),
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
            Bench::Connections(command) => command.run(screen).await,
            Bench::Fanout(command) => command.run(screen).await,
            Bench::Pipeline(command) => command.run(screen),
            Bench::Resume(command) => command.run(screen).await,
            Bench::Sim(command) => command.run(screen),
            Bench::Start(command) => command.run(screen),
            Bench::Wire(command) => command.run(options, screen).await,
            Bench::Inference(command) => command.run(screen),
            Bench::Cheats(command) => command.run(screen),
            Bench::Deterrence(command) => command.run(screen),
        }
    }
}
