//! gjson paths: path up to the first NUL, then a document.
#![no_main]

use bulla_template::gjson;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(path), document) = (parts.next(), parts.next().unwrap_or_default()) else { return };
    let Ok(path) = core::str::from_utf8(path) else { return };
    if let Ok(Some(found)) = gjson::get(document, path) {
        assert!(found.kind() != gjson::Kind::String || found.text().len() <= 3 * found.raw().len());
        if gjson::valid(document) && found.kind() == gjson::Kind::Null {
            assert!(found.text().is_empty());
        }
    }
    gjson::for_each(document, |_, value| drop(value.text()));
});
