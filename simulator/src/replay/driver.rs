//! Driver: turns the lines of the file into commands, and puts right what the file cannot tell.
//!
//! The venue matches by itself. Where its queue then differs from the file's (an order that came late with an older
//! id, a fill that the exchange gave to another order) the driver cancels the level and enters it again in order of
//! file id. Each time counts as a repair.

use std::collections::BTreeSet;

use engine::ids::OrderId;
use engine::order::Side;
use engine::reject::RejectReason;
use engine::units::Lots;

use crate::lobster::Sample;
use crate::lobster::message::{Change, FileId, Kind};
use crate::lobster::snapshot::Snapshot;
use crate::replay::Fault;
use crate::replay::recorded::{Level, Recorded, Standing};
use crate::replay::venue::{Fill, Venue};

/// What the driver had to do beside giving the file's commands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Repairs {
    /// Orders that came later than a younger one at their level.
    pub(super) late_ids: usize,
    /// Executions that the venue gave to other orders than the file.
    pub(super) fills: usize,
    /// Orders taken out because a later line would have met them, which they therefore cannot have lived to see.
    pub(super) ghosts: usize,
    /// Lines that name an order never shown, where nothing rested before the recording began.
    pub(super) unseen: usize,
}

/// What rests according to the file, and the venue that it is played to.
pub(super) struct Driver {
    pub(super) venue: Venue,
    pub(super) recorded: Recorded,
    pub(super) repairs: Repairs,
    /// How many levels of each side the file tells about.
    levels: usize,
}

impl Driver {
    /// Opens the venue and enters what rested after the first message.
    pub(super) fn begin(sample: &Sample) -> Result<Driver, Fault> {
        let (first, book) = (&sample.messages[0], &sample.books[0]);
        if book.is_crossed() {
            return Err(Fault::Crossed);
        }
        let (venue, recorded) = (Venue::open(first.time)?, Recorded::default());
        let mut driver = Driver { venue, recorded, repairs: Repairs::default(), levels: sample.levels };
        let entered = first.change.filter(|change| change.kind == Kind::Entered);
        driver.enter_earlier(book, entered.as_ref())?;
        if let Some(change) = entered {
            driver.enter(&change)?;
        }
        Ok(driver)
    }

    /// Enters the volume that was there before, except for what the first message brought.
    fn enter_earlier(&mut self, book: &Snapshot, first: Option<&Change>) -> Result<(), Fault> {
        for side in [Side::Bid, Side::Ask] {
            for quote in book.side(side) {
                let lots = Lots::new(quote.lots.into()).ok_or(Fault::Level(quote.price, quote.lots))?;
                let brought = first.filter(|change| (change.side, change.price) == (side, quote.price));
                let brought = brought.map_or(Lots::ZERO, |change| change.lots.min(lots));
                if brought < lots {
                    self.rest((side, quote.price), FileId::EARLIER, lots.less(brought))?;
                }
            }
        }
        Ok(())
    }

    /// Plays one change. For an execution, returns whether the venue filled as the file did.
    pub(super) fn play(&mut self, change: &Change) -> Result<Option<bool>, Fault> {
        match change.kind {
            Kind::Hidden => {}
            Kind::Entered => self.enter(change)?,
            Kind::Reduced | Kind::Deleted => self.withdraw(change)?,
            Kind::Executed => return self.execute(change).map(Some),
        }
        Ok(None)
    }

    fn enter(&mut self, change: &Change) -> Result<(), Fault> {
        let level = (change.side, change.price);
        if self.recorded.level(change.order).is_some() {
            return Err(Fault::EnteredTwice(change.order.0));
        }
        self.remove_ghosts(change)?;
        let is_new = self.recorded.is_empty(level);
        if self.recorded.is_late(level, change.order) {
            self.repairs.late_ids += 1;
            self.reenter(&[level].into(), |recorded| recorded.enter(level, change.order, change.lots))?;
        } else {
            self.rest(level, change.order, change.lots)?;
        }
        self.mark_uncertain(level, change.order, is_new);
        Ok(())
    }

    /// Takes out what the entered order would meet: the recorded exchange matches too, so it cannot be there.
    fn remove_ghosts(&mut self, change: &Change) -> Result<(), Fault> {
        for level in self.recorded.facing(change.side, change.price) {
            for (order, standing) in self.recorded.queue(level) {
                self.venue.cancel(name(standing.order))?;
                self.recorded.take(level, order, standing.lots);
                self.repairs.ghosts += 1;
            }
        }
        Ok(())
    }

    /// Notes which orders an entered one put outside the recorded levels: itself, or the level it pushed out.
    fn mark_uncertain(&mut self, level: Level, order: FileId, is_new: bool) {
        let (side, price) = level;
        let Some((outside, _)) = self.venue.depth(side).nth(self.levels) else { return };
        let is_inside = side.accepts(price, outside) && price != outside;
        if !is_inside {
            self.recorded.mark_uncertain(level, order);
        } else if is_new {
            for (order, _) in self.recorded.queue((side, outside)) {
                self.recorded.mark_uncertain((side, outside), order);
            }
        }
    }

    fn withdraw(&mut self, change: &Change) -> Result<(), Fault> {
        let level = (change.side, change.price);
        let Some((order, standing)) = self.meant(change)? else { return Ok(()) };
        let is_whole = change.kind == Kind::Deleted && order == change.order;
        let lots = if is_whole { standing.lots } else { change.lots.min(standing.lots) };
        if lots == standing.lots {
            self.venue.cancel(name(standing.order))?;
        } else {
            self.venue.reduce(name(standing.order), lots)?;
        }
        self.recorded.take(level, order, lots);
        Ok(())
    }

    fn execute(&mut self, change: &Change) -> Result<bool, Fault> {
        let &Change { side, price, lots, .. } = change;
        let Some((order, standing)) = self.meant(change)? else { return Ok(false) };
        let fills = self.venue.take(side.opposite(), price, lots)?;
        let is_exact = fills == [Fill { maker: name(standing.order), price, lots }];
        if is_exact {
            self.recorded.take((side, price), order, lots);
        } else {
            self.repairs.fills += 1;
            let mut levels: BTreeSet<Level> =
                fills.iter().map(|fill| self.recorded.level_of(fill.maker)).collect();
            levels.insert((side, price));
            self.reenter(&levels, |recorded| recorded.take((side, price), order, lots))?;
        }
        Ok(is_exact)
    }

    /// The order that a line means, if there is one.
    fn meant(&mut self, change: &Change) -> Result<Option<(FileId, Standing)>, Fault> {
        if self.recorded.level(change.order).is_some_and(|level| level != (change.side, change.price)) {
            return Err(Fault::Elsewhere(change.order.0));
        }
        let meant = self.recorded.meant(change);
        self.repairs.unseen += usize::from(meant.is_none());
        Ok(meant)
    }

    /// Rests an order at the venue as the youngest of its level.
    fn rest(&mut self, level: Level, order: FileId, lots: Lots) -> Result<(), RejectReason> {
        self.recorded.enter(level, order, lots);
        let name = self.venue.rest(level.0, level.1, lots)?;
        self.recorded.name(level, order, name);
        Ok(())
    }

    /// Cancels whole levels, changes what is recorded, and enters them again in order of file id.
    fn reenter(
        &mut self,
        levels: &BTreeSet<Level>,
        change: impl FnOnce(&mut Recorded),
    ) -> Result<(), RejectReason> {
        for level in levels {
            for (_, standing) in self.recorded.queue(*level) {
                if self.venue.leaves(name(standing.order)).is_some() {
                    self.venue.cancel(name(standing.order))?;
                }
            }
        }
        change(&mut self.recorded);
        for level in levels {
            for (order, standing) in self.recorded.queue(*level) {
                let name = self.venue.rest(level.0, level.1, standing.lots)?;
                self.recorded.name(*level, order, name);
            }
        }
        Ok(())
    }
}

fn name(order: Option<OrderId>) -> OrderId {
    order.expect("what is recorded was entered at the venue")
}
