//! Publish stage: folds durable events into the view and tells them.

use engine::event::Event;
use engine::view::View;
use journal::history::note_order;

use crate::batch::{Batch, Told};
use crate::outlet::Outlet;

/// The view of what is durable, and who is told of it.
pub struct PublishStage<O> {
    view: View,
    outlet: O,
}

impl<O: Outlet> PublishStage<O> {
    /// Goes on with the view of a recovered exchange.
    pub fn new(view: View, outlet: O) -> PublishStage<O> {
        PublishStage { view, outlet }
    }

    /// Tells a durable batch and empties it.
    pub fn step(&mut self, batch: &mut Batch<O::Origin>) {
        batch.tell(|told, _| self.tell(told, |_, _| {}));
        batch.clear();
    }

    /// Tells a durable batch and leaves it, with the orders noted that the history needs.
    pub fn step_for_history(&mut self, batch: &mut Batch<O::Origin>) {
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
        self.outlet.answer(question, &self.view);
    }

    /// The view, when the stage is done.
    pub fn into_view(self) -> View {
        self.view
    }
}
