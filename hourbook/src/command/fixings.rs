//! Fixings: shows reference rates.

use clap::Args;
use client::subscription;
use protocol::fixing::Fixing;
use protocol::public::Public;
use protocol::update::Update;

use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::streamed::show_each;

const EXAMPLES: &str = "\
Shows the last reference rate of each class and what it was computed from. A rate is withheld when too few parts of the
period or too few owners traded; the one before is not carried forward. With --json each is one object on one line.
Needs no login.

Examples:
  hourbook fixings
  hourbook fixings H100SXM --watch --json";

/// Show reference rates
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Fixings {
    /// Only this class of GPU
    class: Option<String>,
    /// Go on until Ctrl-C
    #[arg(long)]
    watch: bool,
}

impl Fixings {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let subscription = subscription::fixings(self.class.as_deref());
        show_each(options, screen, (subscription, self.watch), |update, screen| {
            let fixings = match update {
                Update::Fixings(Public::Snapshot(told)) => {
                    if told.data.is_empty() {
                        screen.remark("no reference rate yet");
                    }
                    &told.data
                }
                Update::Fixings(Public::Update(told)) => &told.data,
                _ => return Ok(false),
            };
            fixings.iter().try_for_each(|fixing| screen.show(fixing, line))?;
            Ok(true)
        })
        .await
    }
}

fn line(fixing: &Fixing) -> String {
    let Fixing { class, end, rate, partitions, groups, qty, .. } = fixing;
    let rate = rate.as_deref().unwrap_or("withheld");
    let time = moment::to_second(*end);
    format!("{time}  {class:<12}  {rate:>9}  from {qty} lots of {groups} owners in {partitions} of 12 parts")
}
