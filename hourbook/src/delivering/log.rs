//! Log: what a process that delivers, audits or follows does, as it happens, each line with its time.

use serde::Serialize;

use crate::delivering::line::Line;
use crate::moment::{self, iso, time_of_day};
use crate::screen::Screen;

/// Where lines go.
#[derive(Clone)]
pub(crate) struct Log {
    screen: Screen,
}

/// A line as a program reads it.
#[derive(Serialize)]
struct Timed<'a> {
    time: String,
    #[serde(flatten)]
    line: &'a Line,
}

impl Log {
    /// On this screen.
    pub(crate) fn on(screen: &Screen) -> Log {
        Log { screen: screen.clone() }
    }

    /// Says what was done.
    pub(crate) fn say(&self, line: &Line) {
        let now = moment::now();
        let timed = Timed { time: iso(now), line };
        // Whoever reads this may have gone; the work goes on.
        let _ =
            self.screen.clone().show(&timed, |timed| format!("{} {}", time_of_day(now), timed.line.text()));
    }

    /// Says beside it what people should know.
    pub(crate) fn remark(&self, text: &str) {
        self.screen.remark(&format!("{} {text}", time_of_day(moment::now())));
    }
}
