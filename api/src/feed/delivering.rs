//! Delivering: what durable commands have done to deliveries, told to those who follow providers and windows.

use engine::event::Event;
use engine::ids::AccountId;
use engine::stamp::Stamp;
use engine::view::View;
use protocol::public::Public;
use protocol::update::Update;

use crate::feed::Feed;
use crate::feed::channels::settlements::Ended;
use crate::feed::channels::state::State;
use crate::feed::channels::{Link, provider};
use crate::feed::topic::Topic;

impl Feed {
    /// Tells how slots of windows ended.
    pub(super) fn tell_settlements(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        let ended = Ended::of(events, view);
        let classes = ended.classes(view);
        if classes.is_empty() {
            return;
        }
        for only in classes.into_iter().map(Some).chain([None]) {
            let Some(key) = self.streams.of_topic(Topic::Settlements(only)) else { continue };
            let link = Link::single(self.streams.at(key), stamp);
            self.streams.tell(key, stamp, &ended.update(link, only, view));
        }
    }

    /// Tells providers what has changed of what they have at stake and owe.
    pub(super) fn tell_providers(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        let concerned = provider::concerned(events).unwrap_or_else(|| self.streams.providers());
        for account in concerned {
            self.tell_provider(account, (stamp, events), view);
        }
    }

    fn tell_provider(&mut self, account: AccountId, (stamp, events): (Stamp, &[Event]), view: &View) {
        let Some(key) = self.streams.of_topic(Topic::Provider(account)) else { return };
        let stream = self.streams.at(key);
        let link = Link::single(stream, stamp);
        let State::Provider(state) = &mut stream.state else { return };
        let Some(change) = state.change(account, events, view) else { return };
        let update = Update::Provider(Public::Update(link.update(None, Box::new(change))));
        self.streams.tell(key, stamp, &update);
    }
}
