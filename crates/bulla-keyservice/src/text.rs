//! Text of the other side, made safe for a message.

use std::fmt::Write as _;

use bulla_core::SecretBytes;

/// Bytes of a message at most (`security.md` O-04).
const LIMIT: usize = 1024;

/// Makes one line of `text`: lines are joined, what controls a terminal or
/// the direction of text is escaped, what is too long is cut.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            line.push_str("; ");
        }
        for character in part.chars() {
            if line.len() > LIMIT {
                line.push_str("...");
                return line;
            }
            push(&mut line, character);
        }
    }
    line
}

fn push(line: &mut String, character: char) {
    let steers_direction = matches!(character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || steers_direction {
        line.extend(character.escape_unicode());
    } else {
        line.push(character);
    }
}

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
        let list = list.trim_end_matches(',');
        contains(&lower, &hex)
            || contains(&text, list)
            || contains(&text, &base64(window))
            || contains(&text, &String::from_utf8_lossy(window))
    })
}

/// The eight base64 digits of six bytes, in the standard alphabet; of the
/// windows of a text, every third stands at a border of its digits.
fn base64(window: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digits = String::new();
    for group in window.chunks_exact(3) {
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        digits.extend([18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize])));
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_07_text_of_a_service_cannot_steer_the_terminal() {
        assert_eq!(one_line("a\r\n\n  b\x1b[2Jc\u{202e}\n"), "a; b\\u{1b}[2Jc\\u{202e}");
        let long = one_line(&"é\u{7}".repeat(5000));
        assert!(long.len() < LIMIT + 16 && long.ends_with("..."), "{}", long.len());
    }

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
