//! Patterns: which connections follow instruments by pattern, so that new ones join by themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use engine::ids::{InstrumentId, MarketId};
use engine::view::View;

use crate::feed::pattern::Pattern;
use crate::feed::stream::Listener;
use crate::feed::topic::{Aspect, Topic};

/// A connection follows all that matches.
#[derive(Clone, Debug)]
pub(super) struct Follower {
    pub(super) listener: Listener,
    pub(super) pattern: Pattern,
    pub(super) aspect: Aspect,
}

/// Every pattern that is followed.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    followers: BTreeMap<u64, Follower>,
    /// Numbers of those that match windows of a market.
    by_market: HashMap<MarketId, BTreeSet<u64>>,
    /// Instruments that each has still to join, of those that were listed when it began.
    joining: VecDeque<(u64, VecDeque<InstrumentId>)>,
}

impl Patterns {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.followers.len()
    }

    /// How many of a connection have still to join instruments.
    pub(super) fn joining(&self, session: u64) -> usize {
        let of = |number: &u64| self.followers[number].listener.session == session;
        self.joining.iter().filter(|(number, _)| of(number)).count()
    }

    /// Begins to follow; `found` are the instruments that match now.
    pub(super) fn begin(
        &mut self,
        (number, follower): (u64, Follower),
        found: Vec<InstrumentId>,
        view: &View,
    ) {
        for (market, known) in (0..).map(MarketId).zip(view.markets()) {
            if follower.pattern.has_market(&known.spec) {
                self.by_market.entry(market).or_default().insert(number);
            }
        }
        self.followers.insert(number, follower);
        self.joining.push_back((number, found.into()));
    }

    /// A market has been added.
    pub(super) fn add_market(&mut self, market: MarketId, view: &View) {
        let Some(known) = view.market(market) else { return };
        let matching = self.followers.iter().filter(|(_, follower)| follower.pattern.has_market(&known.spec));
        let matching: BTreeSet<u64> = matching.map(|(number, _)| *number).collect();
        if !matching.is_empty() {
            self.by_market.insert(market, matching);
        }
    }

    /// What follows an instrument that has been listed.
    pub(super) fn of_instrument(&self, instrument: InstrumentId, view: &View) -> Vec<(u64, Follower)> {
        let Some(listed) = view.instrument(instrument) else { return Vec::new() };
        let numbers = self.by_market.get(&listed.market).into_iter().flatten();
        let followers = numbers.filter_map(|number| Some((*number, self.followers.get(number)?)));
        let matching = followers.filter(|(_, follower)| follower.pattern.has_window(listed));
        matching.map(|(number, follower)| (number, follower.clone())).collect()
    }

    /// The next instrument that somebody has to join.
    pub(super) fn next_to_join(&mut self) -> Option<(u64, Follower, Topic)> {
        loop {
            let (number, mut instruments) = self.joining.pop_front()?;
            let (Some(follower), Some(instrument)) = (self.followers.get(&number), instruments.pop_front())
            else {
                continue;
            };
            // The others have their turn too.
            self.joining.push_back((number, instruments));
            return Some((number, follower.clone(), Topic::Of(instrument, follower.aspect)));
        }
    }

    /// Whether somebody has to join something.
    pub(super) fn is_joining(&self) -> bool {
        !self.joining.is_empty()
    }

    /// Stops following.
    pub(super) fn end(&mut self, number: u64) {
        self.followers.remove(&number);
        self.by_market.retain(|_, numbers| {
            numbers.remove(&number);
            !numbers.is_empty()
        });
        self.joining.retain(|(other, _)| *other != number);
    }
}
