//! An encrypted file from anyone: its first byte picks the format. Metadata is
//! read, values decrypted, with and without the MAC.
#![no_main]

use bulla_sops::{DecryptOptions, FORMATS};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((first, source)) = input.split_first() else { return };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    for ignore_mac in [false, true] {
        let options = DecryptOptions { ignore_mac, ..DecryptOptions::default() };
        let _ = bulla_fuzz::open(format, source, options);
    }
});
