//! Book: measures the book on a reference flow: `cargo bench -p simulator -- FLOW [RUNS]`.

use std::path::Path;
use std::process::ExitCode;

use simulator::bench::book;
use simulator::flow::Flow;

const RUNS: usize = 9;

fn main() -> ExitCode {
    // Cargo adds `--bench` to whatever it was given.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(path) = arguments.next() else {
        println!("skipped: bench book: no flow was named: cargo bench -p simulator -- FLOW [RUNS]");
        return ExitCode::SUCCESS;
    };
    let runs = arguments.next().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    match Flow::read(Path::new(&path)) {
        Ok(flow) => {
            let report = serde_json::to_string_pretty(&book(&flow, runs)).expect("a report is plain data");
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
