//! History: values of the history, driven by libFuzzer.

#![no_main]

#[path = "../src/history.rs"]
mod history;

libfuzzer_sys::fuzz_target!(|data: &[u8]| history::history(data));
