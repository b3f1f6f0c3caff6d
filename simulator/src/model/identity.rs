//! Identity of the model: what became of every client order id.

use engine::ending::{Ended, FirstOutcome};
use engine::event::Event;
use engine::ids::{AccountId, OrderId};
use engine::label::Label;
use engine::order::{Amendment, NewOrder};
use engine::reject::RejectReason;

use crate::model::{Model, Order, lots};

/// What was asked under an id. Deadline and session may differ when it is sent again; everything else counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Asked {
    Order(NewOrder),
    Amendment(Amendment),
}

impl Asked {
    pub(super) fn order(order: &NewOrder) -> Asked {
        Asked::Order(NewOrder { deadline: None, session: None, ..*order })
    }

    pub(super) fn amendment(amendment: &Amendment) -> Asked {
        Asked::Amendment(Amendment { deadline: None, ..*amendment })
    }
}

/// An id that was used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Used {
    asked: Asked,
    order: Option<OrderId>,
    pub(crate) outcome: FirstOutcome,
    /// Lots that had traded when the order ended.
    filled: u64,
}

impl Used {
    /// Whether it was used for this.
    pub(super) fn is(&self, asked: &Asked) -> bool {
        self.asked == *asked
    }
}

impl Model {
    /// Whether the id was used before. For the same, the first outcome is told again.
    ///
    /// # Errors
    /// When it was used for something else.
    pub(super) fn recall(
        &mut self,
        (account, client): (AccountId, Option<Label>),
        asked: Asked,
    ) -> Result<bool, RejectReason> {
        let Some(client) = client else { return Ok(false) };
        let Some(used) = self.ids.get(&(account, client)).copied() else { return Ok(false) };
        if used.asked != asked {
            return Err(RejectReason::ClientOrderIdConflict);
        }
        let open = self.orders.iter().find(|open| Some(open.order) == used.order);
        let open = open.filter(|_| used.outcome == FirstOutcome::Open);
        let (filled, leaves) = open.map_or((used.filled, 0), |open| (open.filled, open.leaves()));
        self.tell(Event::OrderRepeated {
            account,
            order: used.order,
            client,
            outcome: used.outcome,
            filled: lots(filled),
            leaves: lots(leaves),
        });
        Ok(true)
    }

    /// A refusal is an outcome too.
    pub(super) fn refuse(
        &mut self,
        (account, client): (AccountId, Option<Label>),
        asked: Asked,
        reason: RejectReason,
    ) -> RejectReason {
        if let Some(client) = client {
            let outcome = FirstOutcome::Rejected(reason);
            self.ids.insert((account, client), Used { asked, order: None, outcome, filled: 0 });
        }
        reason
    }

    /// The order goes by this id from now on.
    pub(super) fn go_by(&mut self, order: &Order, asked: Asked) {
        let Some(client) = order.client else { return };
        let (name, outcome) = (Some(order.order), FirstOutcome::Open);
        self.ids.insert((order.account, client), Used { asked, order: name, outcome, filled: 0 });
    }

    /// Nothing more comes of the id that the order goes by.
    pub(super) fn retire(&mut self, order: &Order, ended: Ended) {
        let Some(client) = order.client else { return };
        let used = self.ids.get_mut(&(order.account, client)).expect("the order went by it");
        (used.outcome, used.filled) = (FirstOutcome::Ended(ended), order.filled);
    }
}
