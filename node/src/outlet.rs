//! Outlet: who is told what is durable, and asks about it.

use engine::view::View;

use crate::batch::Told;

/// The outside of the exchange, as the publisher sees it. Called on the publisher's thread only.
pub trait Outlet: Send {
    /// Travels with a command, to find whoever waits for its outcome.
    type Origin: Send;
    /// What may be asked about durable state.
    type Question: Send;

    /// Tells one durable command. `view` has it folded in.
    fn tell(&mut self, told: Told<'_, Self::Origin>, view: &View);

    /// Answers a question from durable state.
    fn answer(&mut self, question: Self::Question, view: &View);
}
