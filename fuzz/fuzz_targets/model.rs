//! Model: files and texts of models, driven by libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hourbook_fuzz::model::model(data));
