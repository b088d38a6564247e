//! Fuzzes a message, cut and read; what must hold is in `pec::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pec::fuzzing::mime(data));
