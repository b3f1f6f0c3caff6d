//! Screen: where results go, as text for people or as JSON for programs.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::failure::Failure;

/// Standard output in one of two forms. Errors and remarks go to standard error.
#[derive(Clone)]
pub(crate) struct Screen {
    json: bool,
}

impl Screen {
    /// The output of this process.
    pub(crate) fn open(json: bool) -> Screen {
        Screen { json }
    }

    /// Shows one result: as one line of JSON, or as the text that `text` makes of it.
    pub(crate) fn show<T: Serialize>(
        &mut self,
        result: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let shown = if self.json {
            serde_json::to_string(result).expect("results have only text as keys")
        } else {
            text(result)
        };
        self.print(&format!("{}\n", shown.trim_end_matches('\n')))
    }

    /// Adds to a result that comes piece by piece. As JSON, nothing is shown before it is whole: see `finish`.
    pub(crate) fn stream(&mut self, piece: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { self.print(piece) }
    }

    /// Ends a result that was streamed: the whole of it as JSON, or the end of its last line.
    pub(crate) fn finish<T: Serialize>(&mut self, result: &T) -> Result<(), Failure> {
        self.show(result, |_| String::new())
    }

    /// Whether the output can be drawn over: text on a terminal.
    pub(crate) fn is_canvas(&self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Replaces all that is on the terminal.
    pub(crate) fn draw(&mut self, text: &str) -> Result<(), Failure> {
        // Home, then the text with the rest of each line erased, then erase below: no flicker, nothing left over.
        let lines: String = text.lines().map(|line| format!("{line}\x1b[K\n")).collect();
        self.print(&format!("\x1b[H{lines}\x1b[J"))
    }

    /// A remark beside the results, for people.
    pub(crate) fn remark(&self, text: &str) {
        if !self.json {
            // A remark that nobody can read is not worth failing for.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// A remark that somebody has to hear, whatever form results have.
    pub(crate) fn warn(&self, text: &str) {
        // What nobody can read is not worth failing for.
        let _ = writeln!(io::stderr(), "hourbook: {text}");
    }

    /// Says why the command came to nothing, and returns the exit code.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        if let Some(text) = failure.text(self.json) {
            let _ = writeln!(io::stderr(), "{text}");
        }
        failure.exit()
    }

    fn print(&mut self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::unread(),
            _ => Failure::local(format!("writing the output failed: {error}")),
        })
    }
}
