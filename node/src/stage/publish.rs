//! Publish stage: folds durable events into the view and tells them.

use engine::event::Event;
use engine::stamp::Time;
use engine::view::View;
use journal::history::note_order;

use crate::batch::{Batch, Told};
use crate::clock::Clock;
use crate::outlet::Outlet;

/// The longest sleep of a stage that waits for a time: a clock that was set back is noticed after it.
const IDLE_NANOS_MAX: u64 = Time::SECOND;

/// The view of what is durable, and who is told of it.
pub struct PublishStage<C, O> {
    view: View,
    outlet: O,
    clock: C,
}

impl<C: Clock, O: Outlet> PublishStage<C, O> {
    /// Goes on with the view of a recovered exchange.
    pub fn new(view: View, outlet: O, clock: C) -> PublishStage<C, O> {
        PublishStage { view, outlet, clock }
    }

    /// Tells a durable batch and empties it.
    pub fn step(&mut self, batch: &mut Batch<O::Origin>) {
        self.outlet.begin(self.clock.now());
        batch.tell(|told, _| self.tell(told, |_, _| {}));
        batch.clear();
    }

    /// Tells a durable batch and leaves it, with the orders noted that the history needs.
    pub fn step_for_history(&mut self, batch: &mut Batch<O::Origin>) {
        self.outlet.begin(self.clock.now());
        batch.tell(|told, orders| self.tell(told, |event, view| note_order(event, view, orders)));
    }

    fn tell(&mut self, told: Told<'_, O::Origin>, mut note: impl FnMut(&Event, &View)) {
        let stamp = told.stamped.stamp;
        self.view.begin(stamp);
        for event in told.events {
            self.view.apply(event);
            note(event, &self.view);
            self.outlet.tell_event(stamp, event, &self.view);
        }
        self.outlet.tell(told, &self.view);
    }

    /// Answers a question.
    pub fn answer(&mut self, question: O::Question) {
        self.outlet.begin(self.clock.now());
        self.outlet.answer(question, &self.view);
    }

    /// Hands out what the steps and answers before it put together, and what has fallen due.
    pub fn flush(&mut self) {
        self.outlet.flush(self.clock.now(), &self.view);
    }

    /// How many nanoseconds until [`PublishStage::flush`] has to be called although nothing happens; `None` when it has not.
    pub fn idle_nanos(&self) -> Option<u64> {
        let Time(now) = self.clock.now();
        self.outlet.due().map(|Time(due)| due.saturating_sub(now).min(IDLE_NANOS_MAX))
    }

    /// Who is told.
    pub fn outlet(&self) -> &O {
        &self.outlet
    }

    /// What is told, and who is.
    pub fn parts(&mut self) -> (&View, &mut O) {
        (&self.view, &mut self.outlet)
    }

    /// Who was told, when the stage is done.
    pub fn into_outlet(self) -> O {
        self.outlet
    }

    /// The view, when the stage is done.
    pub fn into_view(self) -> View {
        self.view
    }
}
