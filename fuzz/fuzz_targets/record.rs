//! Record: the decoder of journal records, driven by libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    hourbook_fuzz::record::record(data);
});
