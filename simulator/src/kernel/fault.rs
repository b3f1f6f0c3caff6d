//! Fault: what goes wrong in a world, how often, and what it does.

use crate::kernel::agenda::Nanos;
use crate::kernel::choices::Choices;

/// What happens to bytes that were synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// A bit flips.
    Rotten,
    /// A record was never written, though the disk said so.
    Lost,
    /// A record was written where another one stood.
    Misdirected,
    /// Of a record only the beginning was written.
    Torn,
    /// The end is missing.
    Shortened,
}

impl Damage {
    pub(super) const ALL: [Damage; 5] =
        [Damage::Rotten, Damage::Lost, Damage::Misdirected, Damage::Torn, Damage::Shortened];
}

/// How a process ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// It is killed: what it wrote is there.
    Killed,
    /// The machine loses its power: what was synced is there, and a part of the rest.
    PowerCut,
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process ends after so many more steps, and is away for so long.
    Crash(Crash, u32, Nanos),
    /// The next sync takes so long.
    SlowSync(Nanos),
    /// The next sync fails.
    FailingSync,
    /// A client loses its connection, and comes back after so long.
    Disconnect(usize, Nanos),
    /// The machine's clock jumps by so much.
    ClockJump(i64),
}

/// How often what goes wrong, in 10,000: of acts, or of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) crash: u64,
    pub(super) slow_sync: u64,
    pub(super) failing_sync: u64,
    pub(super) disconnect: u64,
    pub(super) clock_jump: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) late: u64,
}

const MILLI: Nanos = 1_000_000;

impl Rates {
    /// How rough a world is. Most are rough in some ways and calm in others.
    pub(super) fn choose(choices: &mut Choices) -> Rates {
        Rates {
            crash: choices.one(&[0, 0, 1, 2, 4]),
            slow_sync: choices.one(&[0, 10, 50]),
            failing_sync: choices.one(&[0, 0, 0, 1]),
            disconnect: choices.one(&[0, 5, 20, 60]),
            clock_jump: choices.one(&[0, 0, 10]),
            lost: choices.one(&[0, 50, 300]),
            doubled: choices.one(&[0, 50, 300]),
            late: choices.one(&[0, 100, 1_000]),
        }
    }

    /// What goes wrong instead of an act, if anything does; `clients` is how many there are.
    pub(super) fn fault(&self, choices: &mut Choices, clients: usize) -> Option<Fault> {
        let mut at = choices.below(10_000);
        let mut is = |rate: u64| {
            let hit = at < rate;
            at = at.wrapping_sub(rate);
            hit
        };
        if is(self.crash) {
            let how = choices.one(&[Crash::Killed, Crash::PowerCut]);
            let steps = u32::try_from(choices.below(24)).expect("it is small");
            let away = choices.one(&[MILLI, 50 * MILLI, 3_000 * MILLI, 700_000 * MILLI]);
            return Some(Fault::Crash(how, steps, away));
        }
        if is(self.slow_sync) {
            return Some(Fault::SlowSync(choices.between(5, 500) * MILLI));
        }
        if is(self.failing_sync) {
            return Some(Fault::FailingSync);
        }
        if is(self.disconnect) {
            return Some(Fault::Disconnect(choices.place(clients), choices.between(1, 3_000) * MILLI));
        }
        if is(self.clock_jump) {
            let far = i64::try_from(choices.below(4_000 * MILLI)).expect("it is small");
            return Some(Fault::ClockJump(far - 2_000 * 1_000_000));
        }
        None
    }
}
