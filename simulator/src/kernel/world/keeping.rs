//! Keeping: evidence is kept before the command that names it is given, and what is lost is given up.

use engine::command::Command;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Ruling;
use engine::delivery::slot::SlotState;
use engine::ids::{AccountId, Digest};

use crate::invariants::finding::Invariant;
use crate::kernel::auditor::lost;
use crate::kernel::choices::Chooser;
use crate::kernel::clock::shown as shown_at;
use crate::kernel::evidence::{Piece, SlotOf, named};
use crate::kernel::fault::Crash;
use crate::kernel::request::Request;
use crate::kernel::witness::Origin;
use crate::kernel::workload::BEGUN;
use crate::kernel::world::happening::BUSY;
use crate::kernel::world::{Keeping, Thing, World};

impl World<'_> {
    /// A request is taken in: what it shows is kept first, and the exchange hears of it when that is durable.
    pub(super) fn show(&mut self, from: (usize, u32, u64), command: Command) {
        let Some((account, of, piece, digest)) = shown(&command) else {
            return self.request(from, Request::One(command));
        };
        let state = match self.auditor().news.slots.get(&of) {
            Some(found) if found.provider == account => found.state,
            _ => return self.request(from, Request::One(command)),
        };
        match (state, piece) {
            (SlotState::Assigned, Piece::Commitment) => {}
            (SlotState::Committed, Piece::Opening) => {
                if !self.evidence.is_whole(of, Piece::Commitment) {
                    // Nobody can open what is lost.
                    return self.request(from, Request::One(ruling(of)));
                }
            }
            // Whatever it says is refused.
            _ => return self.request(from, Request::One(command)),
        }
        if self.machine().is_none() {
            return;
        }
        let write = self.evidence.put(of, piece, digest);
        let chosen = self.pace.sync.take();
        let nanos =
            chosen.unwrap_or_else(|| self.source.stream(Chooser::Evidence, write).between(50_000, 600_000));
        let keeping = Keeping { write, from, command, process: self.processes };
        self.agenda.enter(self.now + nanos, Thing::Kept(keeping));
    }

    /// A write is there for good, unless the disk fails, or the process that wrote is gone.
    pub(super) fn kept(&mut self, keeping: &Keeping) {
        if self.processes != keeping.process || self.machine().is_none() {
            return;
        }
        if std::mem::take(&mut self.pace.sync_fails) {
            self.counts.failed_syncs += 1;
            return self.crash(Crash::PowerCut, 1_000_000_000);
        }
        self.evidence.sync(keeping.write);
        self.request(keeping.from, Request::One(keeping.command));
    }

    /// Whatever was told can be shown, unless it was damaged since.
    pub(super) fn look_for_evidence(&mut self) {
        for (of, piece, digest) in std::mem::take(&mut self.auditor().named) {
            if !self.evidence.holds(of, piece, digest) && !self.evidence.was_damaged(of) {
                let what = format!("the journal names a {piece:?} of {of:?}, and nobody can show it");
                self.auditor().find(Invariant::Shown, &what);
            }
        }
    }

    /// A process has started: the auditor knows which slots it has to give up.
    pub(super) fn miss_evidence(&mut self) {
        let (lost, now) = (self.lost_slots(), shown_at(BEGUN, self.now, self.jumped));
        self.auditor().miss(lost, now);
    }

    /// A process has started: slots of which somebody still has to see what is lost are given up.
    pub(super) fn take_up_slots(&mut self) {
        for of in self.lost_slots() {
            self.give_up(of, self.processes);
        }
    }

    /// Slots of which somebody still has to see what nobody can show.
    fn lost_slots(&mut self) -> Vec<SlotOf> {
        let news = &self.auditor().news;
        let under_way = news.slots.iter().filter(|(_, found)| !found.ruled);
        let named: Vec<(SlotOf, Piece)> =
            under_way.filter_map(|(of, found)| Some((*of, named(found.state)?))).collect();
        let lost = named.into_iter().filter(|(of, piece)| !self.evidence.is_whole(*of, *piece));
        lost.map(|(of, _)| of).collect()
    }

    /// The exchange rules that nobody can know how a slot ended.
    pub(super) fn give_up(&mut self, of: SlotOf, process: u64) {
        let (now, same) = (self.now, self.processes == process);
        if same
            && self
                .machine()
                .is_some_and(|machine| !machine.submit(now, Origin::Door, Request::One(ruling(of))))
        {
            self.agenda.enter(now + BUSY, Thing::GiveUp(of, process));
        }
    }
}

/// What a command shows, and of which slot.
fn shown(command: &Command) -> Option<(AccountId, SlotOf, Piece, Digest)> {
    match *command {
        Command::Delivery(DeliveryCommand::CommitSlot { account, delivery, slot, commitment, .. }) => {
            Some((account, (delivery, slot), Piece::Commitment, commitment))
        }
        Command::Delivery(DeliveryCommand::OpenSlot { account, delivery, slot, opening }) => {
            Some((account, (delivery, slot), Piece::Opening, opening))
        }
        _ => None,
    }
}

fn ruling((delivery, slot): SlotOf) -> Command {
    let ruling = Ruling::Inconclusive;
    Command::Delivery(DeliveryCommand::RuleSlot { delivery, slot, ruling, reason: lost() })
}
