//! Children: the demo's provider, auditor and arbiter, each in a process of its own, as they would be on other machines.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::failure::Failure;

/// Lines that wait to be read.
const LINES_MAX: usize = 4_096;

/// One thing that a child said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// Which child.
    pub(super) who: &'static str,
    /// What, as it says it with `--json`.
    pub(super) what: Value,
}

/// Processes that end with the demo.
#[derive(Debug)]
pub(super) struct Children {
    running: Vec<Child>,
    to_reader: Sender<Said>,
}

impl Children {
    /// None yet, and what they will say.
    pub(super) fn none() -> (Children, Receiver<Said>) {
        let (to_reader, said) = channel(LINES_MAX);
        (Children { running: Vec::new(), to_reader }, said)
    }

    /// Starts this program once more with these arguments, in a folder.
    pub(super) fn start(
        &mut self,
        who: &'static str,
        folder: &Path,
        arguments: &[&str],
    ) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::local(format!("starting {who} failed: {error}"));
        let program = std::env::current_exe().map_err(failed)?;
        let mut child = Command::new(program)
            .args(arguments)
            .args(["--json", "--with-parent"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let output = child.stdout.take().expect("its output is piped");
        let to_reader = self.to_reader.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(what) = serde_json::from_str(&line) else { continue };
                if to_reader.blocking_send(Said { who, what }).is_err() {
                    return;
                }
            }
        });
        self.running.push(child);
        Ok(())
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.running {
            // One that has ended has ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
