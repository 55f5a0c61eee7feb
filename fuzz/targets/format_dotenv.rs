//! A plain dotenv document: refused, or encrypted and back byte for byte.
#![no_main]

libfuzzer_sys::fuzz_target!(|source: &[u8]| bulla_fuzz::round_trip("dotenv", source));
