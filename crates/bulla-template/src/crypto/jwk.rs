//! JSON web keys (RFC 7517, 7518, 8037) to PEM.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::keys::{Curve, PrivateKey, RsaNumbers};
use super::{Error, der, oid, pem};
use crate::gjson;

/// The members of a key that are texts; it has no `Debug`.
#[derive(Default)]
struct Members {
    kind: Vec<u8>,
    curve: Vec<u8>,
    /// In the order of [`NUMBERS`].
    numbers: [Option<Vec<u8>>; NUMBERS.len()],
    private: bool,
}

const NUMBERS: [&[u8]; 10] = [b"d", b"dp", b"dq", b"e", b"n", b"p", b"q", b"qi", b"x", b"y"];

impl Members {
    fn read(json: &[u8]) -> Result<Self, Error> {
        if !gjson::valid(json) {
            return Err(Error::Jwk("it is not JSON"));
        }
        let mut members = Self::default();
        let mut failed = false;
        gjson::for_each(json, |name, value| {
            let text = value.text().into_owned();
            failed |= !fits(name, &value);
            members.private |= name == b"d";
            match name {
                b"kty" => members.kind = text,
                b"crv" => members.curve = text,
                _ => {
                    if let Some(place) = NUMBERS.iter().position(|number| *number == name) {
                        let number = decode(&value, &text);
                        failed |= number.is_none() && value.kind() != gjson::Kind::Null;
                        members.numbers[place] = number;
                    }
                }
            }
        });
        if failed { Err(Error::Jwk("a member has a wrong type or is not base64url")) } else { Ok(members) }
    }

    /// A number by its name.
    fn number(&self, name: &[u8]) -> Result<&[u8], Error> {
        let place = NUMBERS.iter().position(|number| *number == name);
        place
            .and_then(|place| self.numbers[place].as_deref())
            .filter(|number| !number.is_empty())
            .ok_or(Error::Jwk("a member is missing"))
    }

    /// A number without leading zeros.
    fn integer(&self, name: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.number(name)?.iter().copied().skip_while(|byte| *byte == 0).collect())
    }

    fn curve(&self) -> Result<Curve, Error> {
        match self.curve.as_slice() {
            b"P-256" => Ok(Curve::P256),
            b"P-384" => Ok(Curve::P384),
            b"P-521" => Ok(Curve::P521),
            _ => Err(Error::Unsupported("the elliptic curve")),
        }
    }

    /// The point of an elliptic key, which must be on its curve.
    fn point(&self, curve: Curve) -> Result<Vec<u8>, Error> {
        let mut point = vec![4];
        for name in [b"x", b"y"] {
            let number = self.integer(name)?;
            let pad = curve.size().checked_sub(number.len()).ok_or(Error::Jwk("it is no point"))?;
            point.extend(std::iter::repeat_n(0, pad));
            point.extend(number);
        }
        if curve.has_point(&point) { Ok(point) } else { Err(Error::Jwk("it is no point")) }
    }
}

/// Whether a member that is of no use here has the type that it must have.
fn fits(name: &[u8], value: &gjson::Found<'_>) -> bool {
    let is_text = value.kind() == gjson::Kind::String;
    match name {
        _ if value.kind() == gjson::Kind::Null => true,
        b"alg" | b"kid" | b"use" | b"x5t" | b"x5t#S256" | b"x5u" => is_text,
        b"key_ops" | b"x5c" => {
            let mut texts = value.raw().starts_with(b"[");
            gjson::for_each(value.raw(), |_, item| texts &= item.kind() == gjson::Kind::String);
            texts
        }
        _ => true,
    }
}

/// Base64 in either alphabet, padded or not, but right in itself.
fn decode(value: &gjson::Found<'_>, text: &[u8]) -> Option<Vec<u8>> {
    if value.kind() != gjson::Kind::String {
        return None;
    }
    let has = |bytes: &[u8]| text.iter().any(|byte| bytes.contains(byte));
    let alphabet = if has(b"+/") { &STANDARD } else { &URL_SAFE };
    let padding =
        if has(b"=") { DecodePaddingMode::RequireCanonical } else { DecodePaddingMode::RequireNone };
    let rules =
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(padding);
    GeneralPurpose::new(alphabet, rules).decode(text).ok()
}

/// `jwkPublicKeyPem`: a public key as PEM of SubjectPublicKeyInfo. A private
/// key is refused.
pub(crate) fn jwk_public_key_pem(json: &[u8]) -> Result<String, Error> {
    let members = Members::read(json)?;
    if members.private {
        return Err(Error::Jwk("it is a private key"));
    }
    let (algorithm, key) = match members.kind.as_slice() {
        b"RSA" => {
            let (n, e) = (members.integer(b"n")?, members.integer(b"e")?);
            let key = der::sequence(&[&der::unsigned(&n), &der::unsigned(&e)]);
            (der::algorithm(oid::RSA, &[der::NULL, 0]), key)
        }
        b"EC" => {
            let curve = members.curve()?;
            (curve.algorithm(), members.point(curve)?)
        }
        b"OKP" if members.curve == b"Ed25519" => {
            (der::algorithm(oid::ED25519, &[]), members.number(b"x")?.to_vec())
        }
        _ => return Err(Error::Unsupported("the kind of JSON web key")),
    };
    Ok(pem::text("PUBLIC KEY", &der::sequence(&[&algorithm, &der::bits(&key)])))
}

/// `jwkPrivateKeyPem`: a private key as PEM of PKCS#8. A public key is refused,
/// and one whose members contradict each other. An RSA key needs its primes.
pub(crate) fn jwk_private_key_pem(json: &[u8]) -> Result<String, Error> {
    let members = Members::read(json)?;
    if !members.private {
        return Err(Error::Jwk("it is no private key"));
    }
    let key = match members.kind.as_slice() {
        b"RSA" => PrivateKey::rsa(&RsaNumbers {
            n: members.integer(b"n")?,
            e: members.integer(b"e")?,
            d: members.integer(b"d")?,
            p: members.integer(b"p")?,
            q: members.integer(b"q")?,
            rest: [b"dp", b"dq", b"qi"].map(|name| members.integer(name).ok()),
        })?,
        b"EC" => {
            let curve = members.curve()?;
            let key = PrivateKey::ec(curve, members.number(b"d")?)?;
            if key.public() != members.point(curve)? {
                return Err(Error::Key);
            }
            key
        }
        b"OKP" if members.curve == b"Ed25519" => {
            let seed = members.number(b"d")?.try_into().map_err(|_| Error::Key)?;
            let key = PrivateKey::ed25519(seed)?;
            if key.public() != members.number(b"x")? {
                return Err(Error::Key);
            }
            key
        }
        _ => return Err(Error::Unsupported("the kind of JSON web key")),
    };
    Ok(pem::text("PRIVATE KEY", &key.to_pkcs8()))
}
