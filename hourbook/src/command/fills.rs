//! Fills: what the account has traded, and what it trades.

use clap::Args;
use client::chain::{Chain, Gap};
use client::subscription;
use protocol::execution::{Event, Execution, Executions, PrivateUpdate};
use protocol::query::{FILLS_MAX, Fill, FillsResult};
use protocol::update::Update;

use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, Table};
use crate::watch::Watch;
use crate::word::word;

const EXAMPLES: &str = "\
Lists the newest first, 100 without --limit. With --watch, shows the newest N of the past if --limit says so, oldest
first, and then every fill as it happens, none twice and none left out, until Ctrl-C; with --json each on one line.

Examples:
  hourbook --as ann fills --limit 10
  hourbook --key ann.key fills --watch --json";

/// List what the account has traded, or watch what it trades
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Fills {
    /// Go on at every fill until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// At most so many of the past
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(FILLS_MAX)))]
    limit: Option<u32>,
}

impl Fills {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        if !self.watch {
            let fills = connection.fills(self.limit).await?;
            connection.close().await;
            return screen.show(&fills, text);
        }
        let watch = Watch::begin(connection)?;
        // Subscribed first and asked second: what the answer contains the stream need not tell again.
        watch.connection().subscribe_one(subscription::executions()).await?;
        let mut known = 0;
        if let Some(limit) = self.limit {
            let past = watch.connection().fills(Some(limit)).await?;
            known = past.as_of_xseq;
            past.fills.iter().rev().try_for_each(|fill| screen.show(fill, line))?;
        }
        show_new(watch, known, screen).await
    }
}

/// Shows every fill that happens after the private sequence `known`.
async fn show_new(mut watch: Watch, known: u64, screen: &mut Screen) -> Result<(), Failure> {
    let mut chain = None;
    while let Some(update) = watch.next().await? {
        match update {
            Update::Executions(Executions::Snapshot(snapshot)) => chain = Some(Chain::begin(snapshot.xseq)),
            Update::Executions(Executions::Update(update)) => {
                let chain = chain.as_mut().ok_or_else(|| broken("its first message is no snapshot"))?;
                chain.follow(update.prev_xseq, update.xseq).map_err(|gap: Gap| broken(&gap.to_string()))?;
                if let Some(fill) = fill(*update).filter(|fill| known < fill.xseq) {
                    screen.show(&fill, line)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn broken(cause: &str) -> Failure {
    let message = format!("the stream of executions cannot be trusted: {cause}");
    Failure::connection(message).advise("start again; `hourbook fills` lists what has been traded")
}

/// The trade that an execution tells, in the form of the list.
fn fill(update: PrivateUpdate<Execution>) -> Option<Fill> {
    let (order, engine_seq) = (update.data.order, update.data.engine_seq);
    match update.data.event {
        Event::Trade { last_price, last_qty, trade_id, liquidity, fee, fee_unit } => Some(Fill {
            trade_id,
            order_id: order.order_id,
            cl_ord_id: order.cl_ord_id,
            symbol: order.symbol,
            side: order.side,
            price: last_price,
            qty: last_qty,
            liquidity,
            fee,
            fee_unit,
            ts: update.ts,
            engine_seq,
            xseq: update.xseq,
        }),
        _ => None,
    }
}

fn line(fill: &Fill) -> String {
    let Fill { symbol, price, qty, fee, fee_unit, order_id, .. } = fill;
    let (time, side, liquidity) = (moment::date_time(fill.ts), word(fill.side), word(fill.liquidity));
    format!(
        "{time}  {symbol}  {side:<4} {qty:>6} @ {price:>9}  {liquidity}  fee {fee} {fee_unit}  {order_id}"
    )
}

fn text(list: &FillsResult) -> String {
    if list.fills.is_empty() {
        return "no fill".to_owned();
    }
    let mut table = Table::new([
        ("time", Align::Left),
        ("symbol", Align::Left),
        ("side", Align::Left),
        ("qty", Align::Right),
        ("price", Align::Right),
        ("part", Align::Left),
        ("fee", Align::Right),
        ("order", Align::Left),
        ("your id", Align::Left),
    ]);
    for fill in &list.fills {
        table.row([
            moment::date_time(fill.ts),
            fill.symbol.clone(),
            word(fill.side),
            fill.qty.clone(),
            fill.price.clone(),
            word(fill.liquidity),
            fill.fee.clone(),
            fill.order_id.clone(),
            fill.cl_ord_id.clone().unwrap_or_default(),
        ]);
    }
    table.to_string()
}
