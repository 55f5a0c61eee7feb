//! The shape of a freshly wrapped key (`security.md` C-10): a provider that
//! answers with garbage, or with the key itself, must not get it into a file.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::SecretBytes;

/// Bytes of a wrapped key at most.
const LIMIT: usize = 64 << 10;

const AGE_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const AGE_END: &str = "-----END AGE ENCRYPTED FILE-----";
const AGE_HEADER: &[u8] = b"age-encryption.org/v1\n";
const PGP_BEGIN: &str = "-----BEGIN PGP MESSAGE-----";
const PGP_END: &str = "-----END PGP MESSAGE-----";

/// Says what is wrong with `enc`, the wrapped form of `part` (a data key or a
/// share of one) for a key of `kind`; nothing where it may be stored. Texts
/// hold nothing of either.
pub fn wrapped_key_defect(kind: &str, enc: &str, part: &SecretBytes) -> Option<&'static str> {
    if enc.trim().is_empty() {
        return Some("it is empty");
    }
    if enc.len() > LIMIT {
        return Some("it is longer than 64 KiB");
    }
    if enc.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        return Some("it holds control characters");
    }
    let (raw, expected) = match kind {
        "age" => (age(enc), "it is no armored age file"),
        "pgp" => (pgp(enc), "it is no armored OpenPGP message"),
        "hc_vault" => (vault(enc), "it does not start with vault:vN:"),
        "azure_kv" => (URL_SAFE_NO_PAD.decode(enc).ok(), "it is no base64url"),
        "kms" | "gcp_kms" => (STANDARD.decode(enc).ok(), "it is no base64"),
        // What Huawei answers is a text of its own form.
        _ => (word(enc), "it is no single word"),
    };
    let Some(raw) = raw else { return Some(expected) };
    if shows(&raw, part) || shows(enc.as_bytes(), part) {
        return Some("it shows the data key");
    }
    None
}

/// Returns true where the secret, or its base64, stands in `text`.
fn shows(text: &[u8], part: &SecretBytes) -> bool {
    let secret = part.expose();
    let encoded = Zeroizing::new(STANDARD.encode(secret));
    // The last group depends on padding, and on what follows.
    let whole = &encoded.as_bytes()[..encoded.len().saturating_sub(4)];
    let holds = |needle: &[u8]| !needle.is_empty() && memchr::memmem::find(text, needle).is_some();
    holds(secret) || holds(whole)
}

fn word(enc: &str) -> Option<Vec<u8>> {
    enc.bytes().all(|byte| byte.is_ascii_graphic()).then(|| enc.as_bytes().to_vec())
}

fn age(enc: &str) -> Option<Vec<u8>> {
    let raw = armored(enc, AGE_BEGIN, AGE_END, |line| line)?;
    raw.starts_with(AGE_HEADER).then_some(raw)
}

/// Header lines and the checksum are no part of the message.
fn pgp(enc: &str) -> Option<Vec<u8>> {
    let raw = armored(enc, PGP_BEGIN, PGP_END, |line| {
        if line.contains(": ") || line.starts_with('=') { "" } else { line }
    })?;
    // It starts with an encrypted session key (RFC 9580, 5.1 and 5.3).
    let first = *raw.first()?;
    let tag = if first & 0x40 == 0 { first >> 2 & 0xf } else { first & 0x3f };
    (first & 0x80 != 0 && matches!(tag, 1 | 3)).then_some(raw)
}

fn armored(enc: &str, begin: &str, end: &str, body: fn(&str) -> &str) -> Option<Vec<u8>> {
    let inner = enc.trim().strip_prefix(begin)?.strip_suffix(end)?;
    let text: String = inner.lines().map(|line| body(line.trim())).collect();
    STANDARD.decode(text).ok().filter(|raw| !raw.is_empty())
}

/// `vault:v1:` and base64 (Vault's transit engine; OpenBao's, too).
fn vault(enc: &str) -> Option<Vec<u8>> {
    let (version, rest) = enc.strip_prefix("vault:v")?.split_once(':')?;
    let numbered = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    STANDARD.decode(rest).ok().filter(|raw| numbered && !raw.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

    fn of(kind: &str, enc: &str) -> Option<&'static str> {
        wrapped_key_defect(kind, enc, &SecretBytes::new(SECRET.to_vec()))
    }

    fn armor(begin: &str, raw: &[u8], end: &str) -> String {
        format!("{begin}\n{}\n{end}\n", STANDARD.encode(raw))
    }

    #[test]
    fn c_10_every_kind_has_its_shape() {
        let age = armor(AGE_BEGIN, b"age-encryption.org/v1\n-> X25519 abc\n", AGE_END);
        let pgp = format!("{PGP_BEGIN}\nVersion: x\n\nhQEM\nA7A=\n=abcd\n{PGP_END}");
        for (kind, enc) in [
            ("age", age.as_str()),
            ("pgp", &pgp),
            ("hc_vault", "vault:v12:AAAA"),
            ("azure_kv", "AA-_AA"),
            ("kms", "AAAA"),
            ("gcp_kms", "AAA="),
            ("hckms", "any.text"),
        ] {
            assert_eq!(of(kind, enc), None, "{kind}");
            for wrong in ["", " \n"] {
                assert_eq!(of(kind, wrong), Some("it is empty"), "{kind}");
            }
            assert!(of(kind, "no {such} form").is_some(), "{kind}");
            let long = format!("{enc}{}", " ".repeat(LIMIT));
            assert_eq!(of(kind, &long), Some("it is longer than 64 KiB"), "{kind}");
            let controls = enc.replacen(|c: char| c.is_ascii_alphanumeric(), "\u{1b}", 1);
            assert_eq!(of(kind, &controls), Some("it holds control characters"), "{kind}");
        }
        let other = armor(AGE_BEGIN, b"something else", AGE_END);
        for (kind, enc) in [
            ("age", other.as_str()),
            ("age", &pgp),
            ("pgp", &age),
            ("hc_vault", "vault:vx:AAAA"),
            ("hc_vault", "vault:v1:"),
        ] {
            assert!(of(kind, enc).is_some(), "{kind} {enc}");
        }
    }

    #[test]
    fn c_10_a_wrapped_key_that_shows_the_key_is_refused() {
        let plain = core::str::from_utf8(SECRET).unwrap();
        let encoded = STANDARD.encode(SECRET);
        let inside = armor(AGE_BEGIN, &[b"age-encryption.org/v1\n", &SECRET[..]].concat(), AGE_END);
        for (kind, enc) in [
            ("hckms", plain),
            ("hckms", &encoded),
            ("kms", &encoded),
            ("hc_vault", &format!("vault:v1:{encoded}")),
            ("azure_kv", &URL_SAFE_NO_PAD.encode(SECRET)),
            ("age", &inside),
        ] {
            assert_eq!(of(kind, enc), Some("it shows the data key"), "{kind}");
        }
    }
}
