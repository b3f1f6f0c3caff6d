//! Settlements: shows how slots of windows ended.

use std::collections::BTreeSet;

use clap::Args;
use client::subscription;
use protocol::delivery::SlotOutcome;
use protocol::public::Public;
use protocol::settlement::WindowSettlement;
use protocol::update::Update;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::streamed::show_each;

const EXAMPLES: &str = "\
Shows, of each window that is not settled, how the lots of its slots ended that are final: delivered and paid for, not delivered
by their provider's fault, or returned, for it was nobody's fault. Each lot counts once for each slot. With --watch, what ends
from then on follows, and which windows are settled. Deliveries within one group are not counted. With --json each window
is one object on one line, with every slot and outcome. Needs no login.

Examples:
  hourbook settlements
  hourbook settlements H100SXM --watch --json";

/// Show how the slots of delivery windows ended
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Settlements {
    /// Only this class of GPU
    class: Option<String>,
    /// Go on until Ctrl-C
    #[arg(long)]
    watch: bool,
}

impl Settlements {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let subscription = subscription::settlements(self.class.as_deref());
        show_each(options, screen, (subscription, self.watch), |update, screen| {
            let windows = match update {
                Update::Settlements(Public::Snapshot(told)) => {
                    if told.data.is_empty() {
                        screen.remark("no slot has ended yet of a window that is not settled");
                    }
                    &told.data
                }
                Update::Settlements(Public::Update(told)) => &told.data,
                _ => return Ok(false),
            };
            windows.iter().try_for_each(|window| screen.show(window, line))?;
            Ok(true)
        })
        .await
    }
}

fn line(WindowSettlement { symbol, slots, settled }: &WindowSettlement) -> String {
    let lots = |wanted: fn(SlotOutcome) -> bool| -> u64 {
        let wanted = slots.iter().filter(|each| wanted(each.outcome));
        wanted.filter_map(|each| each.qty.parse::<u64>().ok()).sum()
    };
    let (delivered, not_delivered) = (lots(SlotOutcome::is_paid), lots(SlotOutcome::is_failure));
    let returned = lots(|outcome| !outcome.is_paid() && !outcome.is_failure());
    let numbers: BTreeSet<u8> = slots.iter().map(|each| each.slot).collect();
    let numbers = match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) if first < last => format!("slots {first}-{last}"),
        (Some(only), _) => format!("slot {only}"),
        _ => String::new(),
    };
    let end = if *settled { "  settled" } else { "" };
    format!(
        "{symbol}  {numbers:<10}  delivered {delivered}  not delivered {not_delivered}  returned {returned}{end}"
    )
}
