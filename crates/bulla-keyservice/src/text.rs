//! Answers that repeat a secret.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::SecretBytes;

/// Returns true where `text` may repeat a part of `secret`: as it is, in
/// hexadecimal, in base64 or as a list of numbers. A service that complains
/// about a request must not put the data key into our log.
pub(crate) fn repeats(text: &str, secret: &SecretBytes) -> bool {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let lower = text.to_ascii_lowercase();
    let contains = |haystack: &str, needle: &str| !needle.is_empty() && haystack.contains(needle);
    secret.expose().windows(6).any(|window| {
        let (mut hex, mut list) = (String::new(), String::new());
        for byte in window {
            let _ = write!(hex, "{byte:02x}");
            let _ = write!(list, "{byte},");
        }
        // Six bytes are eight digits; every third window starts at a border of a text's digits.
        let list = list.trim_end_matches(',');
        contains(&lower, &hex)
            || contains(&text, list)
            || contains(&text, &STANDARD.encode(window))
            || contains(&text, &String::from_utf8_lossy(window))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_07_a_repeated_data_key_is_noticed() {
        let secret = SecretBytes::new((100..132).collect());
        for text in [
            "bad key: defghijklm",
            "bad key: 6465666768696a6b",
            "BAD KEY: 64 65 66 67 68 69 6A 6B",
            "bad key: ZGVmZ2hpams",
            "x ZGVmZ2hp",
            "bad key [100 101, 102, 103, 104, 105, 106]".replace("100 ", "100, ").as_str(),
        ] {
            assert!(repeats(text, &secret), "{text}");
        }
        for text in ["", "permission denied", "age1qqqqqqqqqqqqqqqqqqqqqqqq is no recipient"] {
            assert!(!repeats(text, &secret), "{text}");
        }
    }
}
