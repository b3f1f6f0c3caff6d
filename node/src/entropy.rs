//! Entropy: where seeds come from that nobody could know. The simulator has one of its own.

/// Gives the seeds of draws.
pub trait Entropy: Send {
    /// A number that nobody could know before. It is journaled, so a replay asks for none.
    fn seed(&mut self) -> u64;
}

/// The machine's own randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// Panics when the machine has none: whoever could guess a seed could choose who delivers to whom.
    fn seed(&mut self) -> u64 {
        getrandom::u64().expect("the machine has random numbers")
    }
}
