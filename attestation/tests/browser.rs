//! Browser: what third parties verify compiles for one, where this machine can compile for it.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::{env, io};

const TARGET: &str = "wasm32-unknown-unknown";

/// Whether the compiler has the standard library of the target.
fn can_compile() -> bool {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    folder.is_some_and(|folder| Path::new(folder.trim()).is_dir())
}

#[test]
fn attestation_compiles_for_a_browser() {
    if !can_compile() {
        let skipped =
            "skipped: attestation_compiles_for_a_browser: `rustup target add wasm32-unknown-unknown`";
        return writeln!(io::stderr(), "{skipped}").unwrap();
    }
    // A folder of its own: the outer cargo holds the lock of the other.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--no-default-features", "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.unwrap().success(), "attestation compiles for {TARGET}");
}
