//! Tally: notes when each command's durable answer was told.

use std::convert::Infallible;
use std::sync::mpsc::Sender;
use std::time::Instant;

use engine::event::Event;
use engine::reject::RejectReason;
use engine::stamp::Stamp;
use engine::view::View;
use node::batch::Told;
use node::outlet::Outlet;

use crate::latency::Latencies;

/// What a command was sent for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent {
    /// To make the venue; the last of those or not.
    SetUp { last: bool },
    /// To be measured from when it was due; the last of those or not.
    Measured { due: Instant, last: bool },
}

/// How far the exchange is.
pub(super) enum News {
    /// The venue is made.
    Ready {
        /// Deliveries that were drawn.
        deliveries: u64,
    },
    /// All that is measured was answered.
    Done(Answered),
}

/// What was answered.
pub(super) struct Answered {
    /// From when a command was due to its durable answer, one for each command measured.
    pub(super) latencies: Latencies,
    /// When the last was answered.
    pub(super) ended: Instant,
    /// The first reason for which a command was refused that should not have been.
    pub(super) refused: Option<RejectReason>,
}

/// The outside of an exchange that is measured.
pub(super) struct Tally {
    latencies: Latencies,
    refused: Option<RejectReason>,
    deliveries: u64,
    news: Sender<News>,
}

impl Tally {
    /// Tells `news`.
    pub(super) fn new(news: Sender<News>) -> Tally {
        Tally { latencies: Latencies::default(), refused: None, deliveries: 0, news }
    }

    fn tell_news(&self, news: News) {
        // Whoever measures waits for both news, or has given up.
        let _ = self.news.send(news);
    }
}

impl Outlet for Tally {
    type Origin = Sent;
    type Question = Infallible;

    fn tell_event(&mut self, _: Stamp, event: &Event, _: &View) {
        match event {
            // Who cancels what was filled meanwhile is told this.
            Event::Rejected { reason: RejectReason::OrderUnknown } => {}
            Event::DeliveryDrawn { .. } => self.deliveries += 1,
            Event::Rejected { reason } => {
                self.refused.get_or_insert(*reason);
            }
            _ => {}
        }
    }

    fn tell(&mut self, told: Told<'_, Sent>, _: &View) {
        match told.origin {
            Some(Sent::SetUp { last: true }) => self.tell_news(News::Ready { deliveries: self.deliveries }),
            Some(Sent::Measured { due, last }) => {
                let ended = Instant::now();
                self.latencies.add(ended - due);
                if last {
                    let latencies = std::mem::take(&mut self.latencies);
                    self.tell_news(News::Done(Answered { latencies, ended, refused: self.refused }));
                }
            }
            Some(Sent::SetUp { last: false }) | None => {}
        }
    }

    fn answer(&mut self, question: Infallible, _: &View) {
        match question {}
    }
}
