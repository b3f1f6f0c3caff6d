//! Request: the decoder of what clients send, driven by libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    hourbook_fuzz::request::request(data);
});
