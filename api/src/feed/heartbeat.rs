//! Heartbeat: once a second every connection is told where its silent streams stand.
//!
//! One timer serves all. Each of its ticks serves some of the connections, so that no tick takes long.

use std::collections::BTreeMap;

use engine::stamp::Time;
use protocol::heartbeat::Heartbeat;
use protocol::update::Update;

use crate::config::HEARTBEAT_STREAMS_MAX;
use crate::feed::pace::Key;
use crate::feed::streams::{Connection, Streams};

/// Parts of a second, in each of which one part of the connections is served.
const PARTS: u64 = 10;
/// Nanoseconds of a part.
const PART: u64 = Time::SECOND / PARTS;

/// When whom is served.
#[derive(Debug, Default)]
pub(super) struct Heart {
    due: Option<Time>,
    beats: u64,
}

impl Heart {
    /// When the next are served; nothing is due while nobody listens.
    pub(super) fn due(&self) -> Option<Time> {
        self.due
    }

    /// Serves those whose time has come.
    pub(super) fn beat(&mut self, now: Time, streams: &mut Streams) {
        if streams.count() == 0 {
            self.due = None;
            return;
        }
        let Some(due) = self.due else {
            self.due = Some(now.after(PART));
            return;
        };
        // A time that lies further ahead than a part was set by a clock that has gone back since.
        if now < due && due <= now.after(PART) {
            return;
        }
        self.due = Some(now.after(PART));
        self.beats += 1;
        let (turn, round) = (self.beats % PARTS, self.beats / PARTS);
        for (session, connection) in streams.connections() {
            if session % PARTS != turn {
                continue;
            }
            let seq = silent(session, connection, (now, round), streams);
            if !seq.is_empty() {
                let ts = protocol::time::Time::from_ns(now.0);
                connection.outbox.push_text(&Update::Heartbeat(Heartbeat { seq, ts }).encode());
            }
        }
    }
}

/// Where the streams stand that have told nothing for a second. With very many, each round has others.
fn silent(
    session: u64,
    connection: &Connection,
    (now, round): (Time, u64),
    streams: &Streams,
) -> BTreeMap<String, u64> {
    let all = connection.streams.len();
    let rounds = all.div_ceil(HEARTBEAT_STREAMS_MAX).max(1);
    let first = usize::try_from(round).unwrap_or(0) % rounds * HEARTBEAT_STREAMS_MAX;
    let keys = connection.streams.keys().skip(first).take(HEARTBEAT_STREAMS_MAX);
    keys.filter_map(|key| stands(session, *key, now, streams)).collect()
}

fn stands(session: u64, key: Key, now: Time, streams: &Streams) -> Option<(String, u64)> {
    let stream = streams.get(key)?;
    let is_silent = stream.told.after(Time::SECOND) <= now && stream.untold.is_none();
    // Who is behind has not been told all of it.
    (is_silent && !streams.is_behind(session, key)).then(|| (stream.number.to_string(), stream.last))
}
