//! History: values of the history, driven by libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hourbook_fuzz::history::history(data));
