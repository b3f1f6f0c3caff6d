//! Hourbook: the exchange on the command line.

mod argument;
mod auditor;
mod calibration_file;
mod cheats;
mod command;
mod command_line;
mod custody;
mod delivering;
mod demo;
mod deterrence;
mod export;
mod failure;
mod interrupts;
mod ladder;
mod latency;
mod level_text;
mod moment;
mod open_files;
mod options;
mod progress;
mod screen;
mod server;
mod snapshots;
mod streamed;
mod table;
mod watch;
mod word;

use std::process::ExitCode;

use clap::Parser;

use crate::command_line::CommandLine;
use crate::failure::Failure;
use crate::screen::Screen;

fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => return failure::report_parse(&error),
    };
    let mut screen = Screen::open(line.options.json);
    match run(line, &mut screen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => screen.fail(&failure),
    }
}

fn run(line: CommandLine, screen: &mut Screen) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::local(format!("starting threads failed: {error}")))?;
    runtime.block_on(line.command.run(&line.options, screen))
}
