//! Verify: replays a journal and says whether it is sound.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::PathBuf;

use clap::Args;
use journal::history::check::HistoryCheck;
use journal::history::reader::HistoryReader;
use journal::recovery::recover;
use persistence::data::Glance;
use serde::Serialize;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::screen::Screen;
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
Opens the journal read-only, beside a running exchange or without one, applies every command again, and checks the
chain of records, the outcome of each, and at the end the whole exchange: that credits are conserved, that holds back
every open order, that claims and obligations are equal. Exits with 5 and says why when the journal is not sound.

Examples:
  hourbook verify --data data
  hourbook verify --data data --json";

/// Replay a journal and say whether it is sound
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// What a journal amounts to. The hashes are absent unless it was replayed to its end.
#[derive(Serialize)]
struct Verdict {
    commands: u64,
    state_hash: Option<String>,
    outcome_hash: Option<String>,
    /// The command that the journal is known to reach.
    mark: u64,
    /// The command that the history reaches on disk.
    history: u64,
    epoch: Option<String>,
    sound: bool,
}

impl Verify {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let glance = Glance::at(&self.data).map_err(|error| Failure::local(error.to_string()))?;
        // A history is not worth a refusal: the next start makes it anew.
        let history = glance.history().ok().flatten();
        let mut check = history.as_ref().map(HistoryCheck::begin);
        let mut progress = Progress::of(screen, "verifying");
        let commands = Cell::new(0);
        let replayed = caught(|| {
            let recovered = recover(&glance.log, &mut |stamped, events| {
                if let Some(check) = &mut check {
                    check.command(stamped, events);
                }
                progress.reached(stamped.stamp.sequence);
                commands.set(commands.get() + 1);
            });
            let recovered = recovered.map_err(|error| error.to_string())?;
            recovered.exchange.assert_sound();
            let hashes = [recovered.exchange.state_hash(), recovered.outcome];
            let told = check.map_or(Ok(()), HistoryCheck::finish);
            told.map_err(|error| {
                format!("{error}. The journal is sound: stop the exchange and remove the folder history, and the next start makes it \
                         anew")
            })?;
            Ok(hashes.map(|hash| hash.to_string()))
        });
        let (hashes, unsound) = match replayed {
            Ok(hashes) => (Some(hashes), None),
            Err(cause) => (None, Some(cause)),
        };
        let [state_hash, outcome_hash] = hashes.map_or([None, None], |hashes| hashes.map(Some));
        let verdict = Verdict {
            commands: commands.get(),
            state_hash,
            outcome_hash,
            mark: glance.mark.map_or(0, |mark| mark.tip.sequence.0),
            history: history.map_or(0, |history| HistoryReader::last(&history).0),
            epoch: glance.mark.map(|mark| format!("{:016x}", mark.epoch)),
            sound: unsound.is_none(),
        };
        screen.show(&verdict, Verdict::text)?;
        match unsound {
            None => Ok(()),
            Some(cause) => Err(Failure::local(cause)),
        }
    }
}

impl Verdict {
    fn text(&self) -> String {
        let hash = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "-".to_owned());
        facts(
            Align::Left,
            [
                ("commands", self.commands.to_string()),
                ("state hash", hash(&self.state_hash)),
                ("outcome hash", hash(&self.outcome_hash)),
                ("marked", self.mark.to_string()),
                ("history", self.history.to_string()),
                ("epoch", hash(&self.epoch)),
                ("sound", if self.sound { "yes" } else { "no" }.to_owned()),
            ],
        )
    }
}

/// What `work` says, or the assertion that it broke: an exchange that is not sound says so by a panic.
fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let say = take_hook();
    set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    set_hook(say);
    outcome.unwrap_or_else(|panic| Err(format!("the exchange is not sound: {}", message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("an assertion failed");
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn broken_assertion_is_told() {
        assert_eq!(caught(|| Ok(7)), Ok(7));
        let broken = caught::<()>(|| panic!("credit is conserved"));
        assert_eq!(broken, Err("the exchange is not sound: credit is conserved".to_owned()));
        let unequal = caught::<()>(|| {
            assert_eq!(1, 2, "credit is conserved");
            Ok(())
        });
        let told = "the exchange is not sound: assertion `left == right` failed: credit is conserved; left: 1; right: 2";
        assert_eq!(unequal, Err(told.to_owned()));
    }
}
