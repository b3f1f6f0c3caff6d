//! Fills: what the account has traded, and what it trades.

use clap::Args;
use client::error::ClientError;
use client::streams::News;
use client::subscription;
use protocol::error_code::ErrorCode;
use protocol::execution::{Event, Execution, Executions, PrivateUpdate};
use protocol::query::{FILLS_MAX, Fill, Fills as AskFills, FillsResult};
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
first, and then every fill as it happens, none twice and none left out, until Ctrl-C; with --json each on one line. When the
connection breaks it is opened again, for as long as it takes, and what was traded meanwhile is shown.

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
        if !self.watch {
            let connection = options.login().await?;
            let fills = connection.fills(self.limit).await?;
            connection.close().await;
            return screen.show(&fills, text);
        }
        // Subscribed first and asked second: what the answer contains the stream need not tell again.
        let watch = Watch::begin(options.login_streams().await?, subscription::executions()).await?;
        let mut known = 0;
        if let Some(limit) = self.limit {
            let connection = watch.streams().connection();
            let connection =
                connection.ok_or_else(|| Failure::connection("the connection is lost".to_owned()))?;
            let past = connection.fills(Some(limit)).await?;
            known = past.as_of_xseq;
            past.fills.iter().rev().try_for_each(|fill| screen.show(fill, line))?;
        }
        show_new(watch, known, screen).await
    }
}

/// Shows every fill that happens after the private sequence `known`.
async fn show_new(mut watch: Watch, mut known: u64, screen: &mut Screen) -> Result<(), Failure> {
    // Whether what happened behind `known` has to be asked for.
    let mut behind = false;
    while let Some(news) = watch.next(screen).await? {
        match news {
            News::Update(Update::Executions(Executions::Update(update))) if !behind => {
                if let Some(fill) = fill(*update).filter(|fill| known < fill.xseq) {
                    screen.show(&fill, line)?;
                    known = fill.xseq;
                }
            }
            News::Missed { cause, .. } if cause.code == ErrorCode::EpochMismatch => {
                let told = "the exchange goes on from an earlier state: fills that were shown last may not have happened";
                screen.warn(told);
                known = 0;
            }
            News::Missed { after, .. } => (known, behind) = (known.max(after), true),
            _ => {}
        }
        // The connection may break again before the answer: then it is asked again on the next one.
        if behind && let Some(connection) = watch.streams().connection() {
            let ask = AskFills { limit: Some(FILLS_MAX), since_xseq: Some(known), ..AskFills::default() };
            match connection.fills_of(ask).await {
                Ok(missed) => {
                    show_missed(&missed, screen)?;
                    (known, behind) = (missed.as_of_xseq, false);
                }
                Err(refused @ ClientError::Refused(_)) => return Err(refused.into()),
                Err(_) => {}
            }
        }
    }
    Ok(())
}

/// Shows fills that the stream cannot tell.
fn show_missed(missed: &FillsResult, screen: &mut Screen) -> Result<(), Failure> {
    if missed.next.is_some() || FILLS_MAX <= u32::try_from(missed.fills.len()).unwrap_or(u32::MAX) {
        screen.warn(&format!("only the last {FILLS_MAX} fills are kept: older ones may be missing here"));
    }
    missed.fills.iter().rev().try_for_each(|fill| screen.show(fill, line))
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
