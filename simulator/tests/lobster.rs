//! Lobster: the real hour of NASDAQ trading ends as equal as it can.
//!
//! The sample may not be passed on, so it is no part of this repository. It is looked for in the folder that
//! `HOURBOOK_LOBSTER` names, or else in `../shared/data/lobster_aapl` beside the checkout.

use std::io::Write;
use std::path::{Path, PathBuf};

use simulator::lobster::Sample;
use simulator::replay::{Progress, replay};

fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/lobster_aapl");
    std::env::var_os("HOURBOOK_LOBSTER").map_or(beside, PathBuf::from)
}

#[test]
fn nasdaq_hour_ends_equal() {
    let folder = folder();
    if !folder.is_dir() && std::env::var_os("HOURBOOK_LOBSTER").is_none() {
        let why = "no LOBSTER sample in ../shared/data/lobster_aapl; name its folder in HOURBOOK_LOBSTER";
        writeln!(std::io::stderr(), "skipped: nasdaq_hour_ends_equal: {why}").unwrap();
        return;
    }
    let sample = Sample::read(&folder).unwrap_or_else(|error| panic!("{error}"));
    let mut last = None;
    let report =
        replay(&sample, &mut |progress| last = Some(progress)).unwrap_or_else(|error| panic!("{error}"));

    assert_eq!(report.messages, 91_997);
    assert_eq!(last, Some(Progress { done: 91_997, total: 91_997 }));
    assert_eq!((report.tops_total, report.tops_equal, report.tops_unexplained), (91_996, 91_906, 0));
    assert_eq!((report.aggressors_total, report.aggressors_equal), (3_290, 3_282));
    assert_eq!(report.aggressors_unequal, [2_409, 2_418, 36_331, 42_574, 42_575, 42_576, 63_788, 87_999]);
    assert_eq!((report.repairs, report.late_ids, report.fill_repairs), (80, 71, 9));
    assert_eq!((report.ghosts, report.unseen), (0, 45));
    // The wide file may be missing.
    if 0 < report.depths_total {
        assert_eq!((report.depths_total, report.depths_equal), (671, 663));
    }
}
