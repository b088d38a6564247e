//! Fuzzes a header value; what must hold is in `pec::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pec::fuzzing::addresses(data));
