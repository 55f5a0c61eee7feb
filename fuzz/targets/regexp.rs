//! Go regular expressions: pattern up to the first NUL, then a text to match.
#![no_main]

use bulla_regexp::Regexp;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(pattern), text) = (parts.next(), parts.next().unwrap_or_default()) else { return };
    let Ok(pattern) = core::str::from_utf8(pattern) else { return };
    let Ok(regexp) = Regexp::new(pattern) else { return };
    assert_eq!(regexp.is_match(text), regexp.find_index(text).is_some());
    let mut end = 0;
    for span in regexp.find_all(text, Some(100)) {
        assert!(end <= span.start && span.start <= span.end && span.end <= text.len());
        end = span.end;
    }
    let _ = regexp.replace_all(text, b"${1}x");
});
