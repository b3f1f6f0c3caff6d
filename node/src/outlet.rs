//! Outlet: who is told what is durable, and asks about it.

use engine::event::Event;
use engine::stamp::{Stamp, Time};
use engine::view::View;

use crate::batch::Told;

/// The outside of the exchange, as the publisher sees it. Called on the publisher's thread only.
pub trait Outlet: Send {
    /// Travels with a command, to find whoever waits for its outcome.
    type Origin: Send;
    /// What may be asked about durable state.
    type Question: Send;

    /// A durable batch is about to be told.
    fn begin(&mut self, now: Time) {
        let _ = now;
    }

    /// Tells one event of a durable command. `view` is as it was just after this event.
    fn tell_event(&mut self, stamp: Stamp, event: &Event, view: &View);

    /// Tells a durable command, after its events. `view` has all of them folded in.
    fn tell(&mut self, told: Told<'_, Self::Origin>, view: &View);

    /// Answers a question from durable state.
    fn answer(&mut self, question: Self::Question, view: &View);

    /// Hands out what was put together. Called after every round of commands and questions, and when it is due.
    fn flush(&mut self, now: Time, view: &View) {
        let _ = (now, view);
    }

    /// When [`Outlet::flush`] has to be called even if nothing happens; `None` when nothing waits for a time.
    fn due(&self) -> Option<Time> {
        None
    }
}
