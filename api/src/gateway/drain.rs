//! Drain: a restart that is announced before it comes.

use std::time::Duration;

use protocol::control::{Drain, DrainResult};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::status::{Condition, Maintenance, Notice, Stage, System};
use protocol::time::Time;

use crate::convert::entry::label;
use crate::gateway::Gateway;
use crate::origin::now;

/// The longest notice: a day.
const NOTICE_S_MAX: u32 = 86_400;
/// Within so many seconds a restart is imminent.
const IMMINENT_S: u32 = 300;
const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// What a restart is called, in every message about it.
const RESTART: &str = "restart";

impl Gateway {
    /// Announces a restart, or moves one that was announced.
    pub(super) fn schedule(&self, params: &Drain) -> Result<DrainResult, ErrorObject> {
        let (reason, notice_s) = (label(&params.reason, "reason")?.to_string(), params.notice_s);
        if NOTICE_S_MAX < notice_s {
            let message = format!("a notice is at most {NOTICE_S_MAX} seconds, a day");
            return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("notice_s"));
        }
        let from = Time::from_ns(now().ns() + u64::from(notice_s) * NANOS_PER_SECOND);
        let stage = if notice_s <= IMMINENT_S { Stage::Imminent } else { Stage::Planned };
        let notices = vec![Notice { id: RESTART.to_owned(), from, text: reason }];
        self.announce(Condition { system: System::Online, maintenance: vec![restart(stage, from)], notices });
        self.stops.send_replace(Some(from));
        Ok(DrainResult { from })
    }

    /// Tells every client that the exchange is about to stop, for a restart of unknown length.
    pub fn drain(&self) {
        let maintenance = vec![restart(Stage::Started, now())];
        self.announce(Condition { system: System::Draining, maintenance, notices: Vec::new() });
    }

    /// Waits until a restart that was announced is due. The caller stops the exchange then.
    pub async fn drained(&self) {
        let mut stops = self.stops.subscribe();
        loop {
            let due = *stops.borrow_and_update();
            let wait = due.map(|due| Duration::from_nanos(due.ns().saturating_sub(now().ns())));
            tokio::select! {
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => return,
                changed = stops.changed() => assert!(changed.is_ok(), "the gateway lives as long as this"),
            }
        }
    }

    /// How the exchange is.
    pub(super) fn condition(&self) -> Condition {
        let announced = self.notice.borrow().condition.clone();
        let system = if self.inlet.is_stopping() { System::Draining } else { System::Online };
        let Condition { maintenance, notices, .. } =
            announced.unwrap_or(Condition { system, maintenance: Vec::new(), notices: Vec::new() });
        Condition { system, maintenance, notices }
    }
}

fn restart(stage: Stage, from: Time) -> Maintenance {
    Maintenance {
        id: RESTART.to_owned(),
        stage,
        from,
        to: None,
        affects: vec!["trading".to_owned(), "data".to_owned()],
        action: "connect_again".to_owned(),
    }
}
