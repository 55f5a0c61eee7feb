//! The value that no output may show unasked (`security.md` O-01, H5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::Outcome;

/// Stands for every secret: tests put it into plaintexts. What our program
/// says about a failure never holds it, raw, in base64, or in hex.
pub const CANARY: &str = "canary-9f2c7e51d08b64a3";

/// The same as a string of JSON.
pub const CANARY_QUOTED: &str = "\"canary-9f2c7e51d08b64a3\"";

/// Returns the form in which `bytes` show the canary.
pub fn shows_canary(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains(CANARY) {
        return Some("raw");
    }
    if text.to_lowercase().contains(&hex()) {
        return Some("hex");
    }
    (0..3).any(|shift| text.contains(&inner(shift))).then_some("base64")
}

fn hex() -> String {
    let digits = CANARY.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The characters of base64 that depend on the canary alone, where `shift`
/// bytes stand before it.
fn inner(shift: usize) -> String {
    let encoded = STANDARD_NO_PAD.encode([&[0; 3][..shift], CANARY.as_bytes()].concat());
    let start = (shift * 8).div_ceil(6);
    let end = (shift + CANARY.len()) * 8 / 6;
    encoded[start..end].to_owned()
}

impl Outcome {
    /// Asserts that standard error, and standard output of a failure, show no
    /// canary.
    ///
    /// # Panics
    /// With the form and the output where they do.
    #[track_caller]
    pub fn assert_silent(&self, what: &str) {
        let stdout: &[u8] = if self.code == 0 { &[] } else { &self.stdout };
        for output in [stdout, self.stderr.as_slice()] {
            if let Some(form) = shows_canary(output) {
                panic!("{what} shows the canary ({form}): {self:?}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canary_is_found_in_every_form() {
        assert_eq!(CANARY_QUOTED.trim_matches('"'), CANARY);
        for (text, form) in [(format!("a {CANARY}"), "raw"), (hex().to_uppercase(), "hex")] {
            assert_eq!(shows_canary(text.as_bytes()), Some(form));
        }
        for before in ["", "x", "xy", "xyz"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{before}{CANARY} and more"));
            assert_eq!(shows_canary(encoded.as_bytes()), Some("base64"), "{before}");
        }
        assert_eq!(shows_canary(b"canary"), None);
    }

    #[test]
    fn o_01_a_failure_that_shows_the_canary_is_caught() {
        let outcome =
            |code, stdout: &str, stderr: &str| Outcome { code, stdout: stdout.into(), stderr: stderr.into() };
        outcome(0, CANARY, "fine").assert_silent("what was asked for");
        for bad in [outcome(0, "", CANARY), outcome(1, CANARY, "")] {
            assert!(std::panic::catch_unwind(|| bad.assert_silent("x")).is_err());
        }
    }
}
