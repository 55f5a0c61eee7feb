//! `.sops.yaml`: path up to the first NUL, then the file.
#![no_main]

use bulla_sops::rules::Config;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(path), Some(source)) = (parts.next(), parts.next()) else { return };
    let Ok(config) = Config::parse(source) else { return };
    let path = String::from_utf8_lossy(path);
    if let Ok(Some(rule)) = config.creation_rule(&path) {
        let _ = rule.key_groups(&std::collections::BTreeMap::new());
    }
    let _ = config.destination_rule(&path);
});
