//! The envelope of one value, `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, and
//! the exact plaintext bytes of each type (`sops.md` 3.2, 3.4).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_crypto::{Sealed, ValueCipher};
use bulla_yaml::Timestamp;

use crate::tree::{Comment, Value};

const PREFIX: &[u8] = b"ENC[AES256_GCM,data:";

/// Why a value could not be decrypted. Never holds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The text is no envelope.
    #[error("the text does not have the form ENC[AES256_GCM,data:...,iv:...,tag:...,type:...]")]
    Form,
    /// A part of the envelope is no base64.
    #[error("the {0} part of the envelope is not valid base64")]
    Base64(&'static str),
    /// The tag does not fit: wrong key, another place, or altered text.
    #[error("authentication failed: the value was altered or moved, or the data key is another one")]
    Authentication,
    /// The type is unknown.
    #[error("the envelope names an unknown type")]
    Type,
    /// The plaintext is not of the type that the envelope names.
    #[error("the decrypted value is not of the type that the envelope names ({0})")]
    Conversion(&'static str),
    /// A comment stands in the place of a value.
    #[error("the envelope names the type comment in the place of a value")]
    CommentAsValue,
}

/// The parts of an envelope, still base64.
struct Envelope<'a> {
    data: &'a [u8],
    iv: &'a [u8],
    tag: &'a [u8],
    kind: &'a [u8],
}

/// Splits a text by the pattern that SOPS uses: anchored at the start, groups
/// greedy and non-empty, within the first line, the rest ignored.
fn split(text: &[u8]) -> Option<Envelope<'_>> {
    let body = text.strip_prefix(PREFIX)?;
    let line = memchr::memchr(b'\n', body).map_or(body, |end| &body[..end]);
    let body = &line[..memchr::memrchr(b']', line)?];
    if let Some(envelope) = split_at_commas(body) {
        return Some(envelope);
    }
    let (rest, kind) = split_last(body, b",type:")?;
    let (rest, tag) = split_last(rest, b",tag:")?;
    let (data, iv) = split_last(rest, b",iv:")?;
    let whole = [data, iv, tag, kind].iter().all(|part| !part.is_empty());
    whole.then_some(Envelope { data, iv, tag, kind })
}

/// The usual case: no comma but those between the parts, so that there is but
/// one way to split.
fn split_at_commas(body: &[u8]) -> Option<Envelope<'_>> {
    let mut commas = memchr::memchr_iter(b',', body);
    let (first, second, third) = (commas.next()?, commas.next()?, commas.next()?);
    let iv = body[first..second].strip_prefix(b",iv:")?;
    let tag = body[second..third].strip_prefix(b",tag:")?;
    let kind = body[third..].strip_prefix(b",type:")?;
    let parts = [&body[..first], iv, tag, kind];
    let is_sole = commas.next().is_none() && parts.iter().all(|part| !part.is_empty());
    is_sole.then_some(Envelope { data: parts[0], iv, tag, kind })
}

fn split_last<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::rfind(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// Returns true where `text` has the form of an encrypted value.
pub fn is_envelope(text: &[u8]) -> bool {
    split(text).is_some()
}

/// Returns true where `text` is the envelope of a comment.
pub(crate) fn is_comment_envelope(text: &[u8]) -> bool {
    split(text).is_some_and(|envelope| envelope.kind == b"comment")
}

/// Encrypts `plaintext` of the type `kind` under the additional data `aad`
/// with the nonce `iv`, and returns the envelope's text.
pub(crate) fn seal(cipher: &ValueCipher, iv: &[u8; 32], aad: &[u8], plaintext: &[u8], kind: &str) -> String {
    let Sealed { ciphertext, tag } = cipher.seal(iv, aad, plaintext);
    let mut text = String::with_capacity(ciphertext.len().div_ceil(3) * 4 + 130);
    text.push_str("ENC[AES256_GCM,data:");
    STANDARD.encode_string(&ciphertext, &mut text);
    text.push_str(",iv:");
    STANDARD.encode_string(iv, &mut text);
    text.push_str(",tag:");
    STANDARD.encode_string(tag, &mut text);
    text.push_str(",type:");
    text.push_str(kind);
    text.push(']');
    text
}

/// Decrypts an envelope to its value. The empty text decrypts to the empty
/// text without a key.
///
/// A value of type `comment` comes back as [`Value::Comment`]; whether one may
/// stand there is the caller's to say.
pub(crate) fn open(cipher: &ValueCipher, aad: &[u8], text: &[u8]) -> Result<Value<'static>, ValueError> {
    if text.is_empty() {
        return Ok(Value::text(Vec::new()));
    }
    let envelope = split(text).ok_or(ValueError::Form)?;
    let mut data = STANDARD.decode(envelope.data).map_err(|_| ValueError::Base64("data"))?;
    let (mut iv, mut tag) = ([0; SHORT], [0; SHORT]);
    let iv = decode_short(envelope.iv, &mut iv).ok_or(ValueError::Base64("iv"))?;
    let tag = decode_short(envelope.tag, &mut tag).ok_or(ValueError::Base64("tag"))?;
    cipher.open_in_place(&iv, aad, &mut data, &tag).map_err(|_| ValueError::Authentication)?;
    from_plaintext(data, envelope.kind)
}

/// Room for a nonce or a tag of the usual length, decoded.
const SHORT: usize = 48;

/// Decodes base64, into the buffer where it fits.
fn decode_short<'b>(part: &[u8], buffer: &'b mut [u8; SHORT]) -> Option<Cow<'b, [u8]>> {
    if part.len() > SHORT / 3 * 4 {
        return STANDARD.decode(part).ok().map(Cow::Owned);
    }
    let length = STANDARD.decode_slice(part, buffer).ok()?;
    Some(Cow::Borrowed(&buffer[..length]))
}

fn from_plaintext(bytes: Vec<u8>, kind: &[u8]) -> Result<Value<'static>, ValueError> {
    let text =
        |bytes: &[u8], kind| String::from_utf8(bytes.to_vec()).map_err(|_| ValueError::Conversion(kind));
    Ok(match kind {
        b"str" | b"bytes" => Value::Text(Cow::Owned(bytes)),
        b"comment" => Value::Comment(Comment { text: Cow::Owned(bytes), inline: false }),
        b"int" => Value::Int(text(&bytes, "int")?.parse().map_err(|_| ValueError::Conversion("int"))?),
        b"float" => {
            Value::Float(text(&bytes, "float")?.parse().map_err(|_| ValueError::Conversion("float"))?)
        }
        b"bool" => match bytes.as_slice() {
            b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Value::Bool(true),
            b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Value::Bool(false),
            _ => return Err(ValueError::Conversion("bool")),
        },
        b"time" => {
            let time = Timestamp::parse_rfc3339(&text(&bytes, "time")?);
            Value::Time(time.ok_or(ValueError::Conversion("time"))?)
        }
        _ => return Err(ValueError::Type),
    })
}

/// Returns the bytes that are hashed and encrypted for a leaf, and the name
/// of its type; `None` for what is no leaf.
pub(crate) fn plaintext<'v>(value: &'v Value<'_>) -> Option<(Cow<'v, [u8]>, &'static str)> {
    let owned = |text: String| Cow::Owned(text.into_bytes());
    Some(match value {
        Value::Bool(true) => (Cow::Borrowed(b"True"), "bool"),
        Value::Bool(false) => (Cow::Borrowed(b"False"), "bool"),
        Value::Comment(comment) => (Cow::Borrowed(&comment.text), "comment"),
        Value::Float(number) => (owned(float_text(*number)), "float"),
        Value::Int(number) => (owned(number.to_string()), "int"),
        Value::Text(text) => (Cow::Borrowed(text), "str"),
        Value::Time(time) => (owned(time.to_rfc3339_nano()), "time"),
        Value::List(_) | Value::Map(_) | Value::Null | Value::Unsigned(_) => return None,
    })
}

/// Writes a float as Go's `FormatFloat(v, 'f', -1, 64)` does: shortest digits
/// that read back, never an exponent.
pub fn float_text(number: f64) -> String {
    if number == f64::INFINITY {
        "+Inf".to_owned()
    } else if number == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use bulla_core::DataKey;

    use super::*;

    fn cipher() -> ValueCipher {
        ValueCipher::new(&DataKey::new(core::array::from_fn(|i| i as u8)))
    }

    const IV: [u8; 32] = {
        let mut iv = [0; 32];
        let mut i = 0;
        while i < 32 {
            iv[i] = 0x40 + i as u8;
            i += 1;
        }
        iv
    };

    #[test]
    fn values_seal_to_the_published_vectors() {
        // sops.md 3.11
        for (aad, kind, plain, data, tag) in [
            ("a:", "str", &b"hello"[..], "DB5fCO4=", "LxKDPh3m7jcwI2VkcyfMyQ=="),
            ("a:b:", "int", b"42", "UEk=", "7NW9eLqVFiamyVmVwHWMjg=="),
            ("list:", "float", b"1.5", "VVUG", "ARsrWPcL7wJyuO9KDZnNUg=="),
            ("flag:", "bool", b"True", "MAlGAQ==", "Q62JxLUp/YyaLp2XoA3nog=="),
            (":", "comment", b" top comment", "RA9cFKGJBIdOBITL", "i4vr0OQGtekDjMbXU3RyGg=="),
            ("data:", "str", b"\xff\x00", "m3s=", "Tx6uRq71fv/3p9zycld5KA=="),
        ] {
            let text = seal(&cipher(), &IV, aad.as_bytes(), plain, kind);
            let iv = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";
            assert_eq!(text, format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]"));
            let value = open(&cipher(), aad.as_bytes(), text.as_bytes()).unwrap();
            assert!(plaintext(&value).unwrap() == (Cow::Borrowed(plain), kind));
        }
    }

    #[test]
    fn c_05_a_type_flip_fails_without_the_value() {
        let text = seal(&cipher(), &IV, b"a:", b"canary", "str");
        for kind in ["int", "float", "bool", "time"] {
            let flipped = text.replace("type:str", &format!("type:{kind}"));
            let error = open(&cipher(), b"a:", flipped.as_bytes()).err().unwrap();
            assert_eq!(error, ValueError::Conversion(kind));
            assert!(!error.to_string().contains("canary"));
        }
    }

    #[test]
    fn text_behind_the_envelope_is_ignored_and_broken_forms_are_refused() {
        let text = seal(&cipher(), &IV, b"a:", b"x", "str");
        assert!(open(&cipher(), b"a:", format!("{text}\n").as_bytes()).is_ok());
        assert!(open(&cipher(), b"a:", format!("{text} tail").as_bytes()).is_ok());
        for broken in ["x", "ENC[", "ENC[AES256_GCM,data:,iv:a,tag:b,type:str]", "ENC[AES256_GCM,data:YQ==]"]
        {
            assert!(open(&cipher(), b"a:", broken.as_bytes()).err() == Some(ValueError::Form), "{broken}");
        }
    }

    #[test]
    fn an_envelope_with_more_commas_is_split_at_the_last_ones() {
        let envelope = split(b"ENC[AES256_GCM,data:a,iv:b,iv:c,tag:d,type:e,f]").unwrap();
        assert_eq!(envelope.data, b"a,iv:b");
        assert_eq!([envelope.iv, envelope.tag, envelope.kind], [&b"c"[..], b"d", b"e,f"]);
        let long = format!("ENC[AES256_GCM,data:YQ==,iv:{},tag:YQ==,type:str]", "QUJD".repeat(40));
        assert_eq!(open(&cipher(), b"a:", long.as_bytes()).err(), Some(ValueError::Authentication));
    }

    #[test]
    fn floats_never_have_an_exponent() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.000_000_12, "0.00000012"),
            (1.234_567_890_123_456_8e29, "123456789012345680000000000000"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(float_text(number), text);
        }
    }
}
