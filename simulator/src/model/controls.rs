//! Controls of the model: modes, locks, the kill switch, the dead man's timer.

use engine::control::{KillTarget, ModeScope, TradingMode};
use engine::ending::CancelReason;
use engine::event::Event;
use engine::ids::{AccountId, InstrumentId, index};
use engine::label::Label;
use engine::stamp::Time;

use crate::model::Model;
use crate::model::orders::UNNUMBERED;

/// A dead man's timer waits at most a day, in nanoseconds.
const DAY: u64 = 86_400_000_000_000;

impl Model {
    pub(super) fn set_mode(&mut self, scope: ModeScope, mode: TradingMode, reason: Label) {
        match scope {
            ModeScope::Venue => self.mode = mode,
            ModeScope::Market(market) => self.markets[index(market.0)].mode = mode,
            ModeScope::Instrument(instrument) => self.windows[index(instrument.0)].mode = mode,
        }
        self.tell(Event::ModeSet { scope, mode, reason });
    }

    pub(super) fn set_lock(&mut self, account: AccountId, locked: bool, reason: Label) {
        self.owner(account).locked = locked;
        self.tell(Event::LockSet { account, locked, reason });
    }

    /// An account's orders are cancelled at once; the venue's by the ticks that follow.
    pub(super) fn kill(&mut self, target: KillTarget, reason: Label) {
        self.tell(Event::Killed { target, reason });
        match target {
            KillTarget::Account(account) => {
                self.set_lock(account, true, reason);
                self.cancel_those(account, CancelReason::Kill, |_, _| true);
            }
            KillTarget::Venue => {
                self.set_mode(ModeScope::Venue, TradingMode::Halted, reason);
                self.purge = Some(self.now);
            }
        }
    }

    pub(super) fn cancel_after(&mut self, account: AccountId, after: Option<u64>) {
        let due = after.map(|nanos| self.now + nanos.min(DAY));
        self.owner(account).cancel_after = due;
        self.tell(Event::CancelAfterSet { account, xseq: UNNUMBERED, due: due.map(Time) });
    }

    /// How far from the last trade the next may be, in ticks.
    pub(super) fn band(&self, instrument: InstrumentId) -> (u64, u64) {
        let width = self.market(instrument).limits.band;
        let (Some(width), Some(anchor)) = (width, self.window(instrument).anchor) else {
            return (1, 1_000_000_000);
        };
        let far = anchor * u64::from(width.parts()) / 1_000_000;
        ((anchor - far).max(1), (anchor + far).min(1_000_000_000))
    }
}
