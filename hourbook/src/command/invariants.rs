//! Invariants: feeds a flow to a whole exchange and says whether everything held that must hold.

use std::panic::{set_hook, take_hook};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use simulator::flow::Flow;
use simulator::invariants::{Audit, audit};

use crate::failure::Failure;
use crate::screen::Screen;

/// How often a long run says how far it is.
const PROGRESS: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
A thousand bonded accounts trade one window, as in `bench exchange`. After every command an auditor, which sees only
commands and events and keeps books of its own, checks the invariants of docs/contract.md; every 1,024 commands the
exchange asserts its whole state. Exits with 5 and names the first violations when there are any.

Examples:
  hourbook invariants flow.bin
  hourbook invariants flow.bin --json";

/// Check every invariant of the exchange after every command of a recorded flow
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Invariants {
    /// The flow
    flow: PathBuf,
}

#[derive(Serialize)]
struct Checked {
    commands: usize,
    violations: u64,
}

impl Invariants {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let flow = Flow::read(&self.flow).map_err(|error| Failure::local(error.to_string()))?;
        let total = flow.records();
        let mut said = Instant::now();
        // What the exchange asserts in vain is a violation, and told as one.
        let say = take_hook();
        set_hook(Box::new(|_| {}));
        let audit = audit(&flow, &mut |done| {
            if PROGRESS <= said.elapsed() {
                said = Instant::now();
                screen.remark(&format!("{done} of {total} commands"));
            }
        });
        set_hook(say);
        let checked = Checked { commands: audit.commands, violations: audit.findings.count() };
        screen.show(&checked, |checked| text(checked, &audit))?;
        match checked.violations {
            0 => Ok(()),
            1 => Err(Failure::local("an invariant did not hold".to_owned())),
            many => Err(Failure::local(format!("invariants did not hold, {many} times"))),
        }
    }
}

/// The numbers, and below them the first violations.
fn text(checked: &Checked, audit: &Audit) -> String {
    let Checked { commands, violations } = checked;
    let mut text = format!("commands    {commands:>10}\nviolations  {violations:>10}\n");
    for violation in audit.findings.first() {
        text += &format!("{violation}\n");
    }
    text
}
