//! Image: damaged images of the exchange, driven by libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hourbook_fuzz::image::image(data));
