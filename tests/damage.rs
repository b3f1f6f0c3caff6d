//! Damage: whatever happens to the files, everything is recovered, or the start is refused and says what to do.
//!
//! The table in `docs/damage.md` is what came of it: `UPDATE=1 cargo test -p hourbook --test damage` writes it.
#![allow(clippy::explicit_write, reason = "what is skipped is said though the test passes")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "damage/disk.rs"]
mod disk;
#[path = "damage/evidence.rs"]
mod evidence;
#[path = "damage/files.rs"]
mod files;
#[path = "../settlement/tests/fixture/mod.rs"]
mod fixture;
#[path = "process/mod.rs"]
mod process;
#[path = "damage/slot.rs"]
mod slot;
#[path = "damage/table.rs"]
mod table;

use table::Table;

#[test]
fn whatever_is_damaged_is_recovered_or_refused() {
    let mut table = Table::default();
    files::damage(&mut table);
    evidence::damage(&mut table);
    disk::damage(&mut table);
    table.compare();
}
