//! Fuzzes the signed statement; what must hold is in `pec::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pec::fuzzing::daticert(data));
