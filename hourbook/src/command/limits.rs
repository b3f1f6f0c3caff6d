//! Limits: says what the account may do, and prints the file that says so for everyone.

use api::limits::Limits as Settings;
use clap::Args;
use protocol::venue::{LimitsResult, Rate};

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
With --defaults it prints the limits of a server that was started without saying otherwise, in JSON: change them and start
it with `hourbook serve --limits FILE`. What is null is not limited; `accounts` gives accounts rates of their own.

Examples:
  hourbook --key ann.key limits
  hourbook limits --defaults";

/// Say what the account may do
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Limits {
    /// Print the limits that a server has by default, as a file for `serve --limits`
    #[arg(long)]
    defaults: bool,
}

impl Limits {
    pub(crate) async fn run(&self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        if self.defaults {
            let settings = Settings::default();
            return screen.show(&settings, |settings| {
                serde_json::to_string_pretty(settings).expect("limits have only text as keys")
            });
        }
        let connection = options.login().await?;
        let limits = connection.limits().await?;
        connection.close().await;
        screen.show(&limits, text)
    }
}

fn text(limits: &LimitsResult) -> String {
    let or = |bound: &Option<String>| bound.clone().unwrap_or_else(|| "not limited".to_owned());
    let rate = |rate: Option<Rate>| match rate {
        Some(Rate { per_s, burst }) => format!("{per_s} each second, {burst} at once"),
        None => "not limited".to_owned(),
    };
    let yes = |is_it: bool| if is_it { "yes" } else { "no" }.to_owned();
    facts(
        Align::Left,
        [
            ("locked", yes(limits.locked)),
            ("may deliver", yes(limits.provider)),
            ("may audit", yes(limits.auditor)),
            ("open orders", format!("{} of {}", limits.open_orders, limits.open_orders_max)),
            ("position, lots", or(&limits.position_qty)),
            ("order, CU", or(&limits.order_notional)),
            ("order by this key, CU", or(&limits.key.order_notional)),
            ("requests", rate(limits.rates.inbound)),
            ("orders", rate(limits.rates.orders)),
            ("cancels", rate(limits.rates.cancels)),
        ],
    )
}
