//! Replay: a recorded stretch of another exchange, played to ours, and how equal the two end.
//!
//! Our exchange gets orders, cancellations and reductions, and does its own matching. After every message its best
//! prices are compared with the recorded ones, and every fill with the recorded fill.

mod driver;
mod recorded;
mod venue;

use std::fmt;
use std::time::Instant;

use engine::order::Side;
use engine::reject::RejectReason;
use engine::stamp::Time;
use engine::units::{Lots, Price};
use serde::Serialize;

use crate::lobster::Sample;
use crate::lobster::message::{Kind, Message};
use crate::lobster::snapshot::Snapshot;
use crate::replay::driver::Driver;

/// How many messages pass between two calls of the progress function.
const PROGRESS_MESSAGES: usize = 1_000;
/// How many messages pass between two checks of the whole exchange.
const SOUND_MESSAGES: usize = 10_000;

/// How far a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Messages played.
    pub done: usize,
    /// Messages in all.
    pub total: usize,
}

/// How equal the two exchanges ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// Messages of the file.
    pub messages: usize,
    /// How often best bid and offer were compared: after every message but the first.
    pub tops_total: usize,
    /// How often both were equal, price and size.
    pub tops_equal: usize,
    /// How often they differed although no order at our best level was ever outside the recorded levels.
    pub tops_unexplained: usize,
    /// How often all recorded levels were compared.
    pub depths_total: usize,
    /// How often all of them were equal.
    pub depths_equal: usize,
    /// Runs of executions of equal time and side.
    pub aggressors_total: usize,
    /// Those whose every fill was the recorded one: order, size and price.
    pub aggressors_equal: usize,
    /// First message of each of the others, counted from 0.
    pub aggressors_unequal: Vec<usize>,
    /// Levels cancelled and entered again: `late_ids` and `fill_repairs`.
    pub repairs: usize,
    /// Repairs because an order came after a younger one at its price.
    pub late_ids: usize,
    /// Repairs because a fill was not the recorded one.
    pub fill_repairs: usize,
    /// Orders cancelled because the recorded flow passed through them.
    pub ghosts: usize,
    /// Messages left out because they name an order that was never shown.
    pub unseen: usize,
    /// Commands applied, ticks and repairs among them.
    pub commands: u64,
    /// Time taken, in milliseconds.
    pub elapsed_ms: u64,
    /// The hash of all events, 32 hexadecimal digits.
    pub fingerprint: String,
}

/// Plays `sample` to an exchange and compares. `progress` is called every thousand messages and at the end.
///
/// # Errors
/// When the exchange refuses a command, or the sample contradicts itself.
pub fn replay(sample: &Sample, progress: &mut dyn FnMut(Progress)) -> Result<ReplayReport, ReplayError> {
    let begun = Instant::now();
    let total = sample.messages.len();
    let mut driver = Driver::begin(sample).map_err(|fault| ReplayError { message: 0, fault })?;
    let mut score = Score { report: ReplayReport { messages: total, ..ReplayReport::default() }, run: None };
    for (number, message) in sample.messages.iter().enumerate().skip(1) {
        driver.venue.advance(message.time);
        let is_exact = match &message.change {
            Some(change) => driver.play(change).map_err(|fault| ReplayError { message: number, fault })?,
            None => None,
        };
        score.count_fill(number, message, is_exact);
        score.count_book(&driver, &sample.books[number], sample.levels);
        if number.is_multiple_of(SOUND_MESSAGES) {
            driver.venue.assert_sound();
        }
        if number.is_multiple_of(PROGRESS_MESSAGES) {
            progress(Progress { done: number, total });
        }
    }
    driver.venue.assert_sound();
    progress(Progress { done: total, total });
    Ok(score.report(&driver, begun))
}

/// The comparison so far.
struct Score {
    report: ReplayReport,
    /// The run of executions that may go on.
    run: Option<Run>,
}

/// Executions of equal time and side: one aggressor.
struct Run {
    /// Its first message.
    first: usize,
    time: Time,
    side: Side,
    is_exact: bool,
}

impl Score {
    /// Counts an execution, which begins a run or goes on with one.
    fn count_fill(&mut self, number: usize, message: &Message, is_exact: Option<bool>) {
        let Some(is_exact) = is_exact else {
            // A hidden execution does not end a run: the aggressor may meet hidden orders between visible ones.
            let is_hidden = message.change.is_some_and(|change| change.kind == Kind::Hidden);
            self.run = self.run.take().filter(|_| is_hidden);
            return;
        };
        let side = message.change.expect("an execution is a change").side;
        let same = |run: &Run| (run.time, run.side) == (message.time, side);
        let mut run = match self.run.take().filter(same) {
            Some(run) => run,
            None => {
                self.report.aggressors_total += 1;
                self.report.aggressors_equal += 1;
                Run { first: number, time: message.time, side, is_exact: true }
            }
        };
        if run.is_exact && !is_exact {
            run.is_exact = false;
            self.report.aggressors_equal -= 1;
            self.report.aggressors_unequal.push(run.first);
        }
        self.run = Some(run);
    }

    /// Compares the books.
    fn count_book(&mut self, driver: &Driver, book: &Snapshot, levels: usize) {
        let mut is_equal = true;
        let mut is_explained = true;
        for side in [Side::Bid, Side::Ask] {
            let ours = driver.venue.top(side).map(|(price, lots)| (price, lots.count()));
            let theirs = book.side(side).first().map(|quote| (quote.price, quote.lots.into()));
            if ours != theirs {
                is_equal = false;
                is_explained &= ours.is_some_and(|(price, _)| driver.recorded.is_uncertain((side, price)));
            }
        }
        self.report.tops_total += 1;
        self.report.tops_equal += usize::from(is_equal);
        self.report.tops_unexplained += usize::from(!is_equal && !is_explained);
        if book.levels == levels {
            self.report.depths_total += 1;
            self.report.depths_equal += usize::from(is_depth_equal(driver, book));
        }
    }

    fn report(self, driver: &Driver, begun: Instant) -> ReplayReport {
        let repairs = driver.repairs;
        ReplayReport {
            repairs: repairs.late_ids + repairs.fills,
            late_ids: repairs.late_ids,
            fill_repairs: repairs.fills,
            ghosts: repairs.ghosts,
            unseen: repairs.unseen,
            commands: driver.venue.commands(),
            elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            fingerprint: driver.venue.fingerprint().to_string(),
            ..self.report
        }
    }
}

/// Whether our best levels are all of those recorded.
fn is_depth_equal(driver: &Driver, book: &Snapshot) -> bool {
    [Side::Bid, Side::Ask].into_iter().all(|side| {
        let ours = driver.venue.depth(side).take(book.levels);
        let theirs = book.side(side).iter().map(|quote| (quote.price, quote.lots.into()));
        ours.map(|(price, lots)| (price, lots.count())).eq(theirs)
    })
}

/// Why a replay stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayError {
    /// At which message, counted from 0: line `message + 1` of the message file.
    pub message: usize,
    /// What was wrong there.
    pub fault: Fault,
}

/// What can be wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The exchange refused the command.
    Refused(RejectReason),
    /// A level of the first book has more lots than an order may have.
    Level(Price, u32),
    /// The first book is crossed: nobody matched yet.
    Crossed,
    /// An order is entered that rests already.
    EnteredTwice(u64),
    /// An order rests at another price or side than the message says.
    Elsewhere(u64),
}

impl From<RejectReason> for Fault {
    fn from(reason: RejectReason) -> Fault {
        Fault::Refused(reason)
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the message file: ", self.message + 1)?;
        match self.fault {
            Fault::Refused(reason) => write!(
                f,
                "the exchange refused the command ({reason:?}): the recorded flow is beyond what one account may \
                 do; replay a part of it"
            ),
            Fault::Level(price, lots) => write!(
                f,
                "the book has {lots} lots at {}, and an order at most {}: divide all sizes",
                price.ticks(),
                Lots::MAX.count()
            ),
            Fault::Crossed => {
                write!(
                    f,
                    "the book is crossed: begin the sample in continuous trading, after the opening cross"
                )
            }
            Fault::EnteredTwice(order) => {
                write!(f, "order {order} is entered but rests already: take the files from one download")
            }
            Fault::Elsewhere(order) => {
                write!(f, "order {order} rests at another price or side: take the files from one download")
            }
        }
    }
}

impl std::error::Error for ReplayError {}
