//! Book: the exchange against the reference book, driven by libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hourbook_fuzz::book::book(data));
