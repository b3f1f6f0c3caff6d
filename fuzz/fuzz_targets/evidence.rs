//! Evidence: the objects of an attestation and the evidence of trusted hardware, driven by libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hourbook_fuzz::evidence::evidence(data));
