//! sprig's functions that make keys and certificates.
//!
//! Certificates have the fields and extensions that Go's
//! `x509.CreateCertificate` gives them, in its order; SubjectKeyIdentifiers of
//! authorities are the first 160 bits of SHA-256 over the public key
//! (RFC 7093 2, as Go since 1.25).

use std::net::IpAddr;

use aws_lc_rs::digest;
use aws_lc_rs::rsa::KeySize;
use bulla_core::Random;
use bulla_core::civil::{Civil, civil_of};

use super::certificate::Certificate;
use super::keys::PrivateKey;
use super::random::bytes;
use super::{Error, der, name, oid, pem};

/// A certificate and its key in PEM: the fields `Cert` and `Key` of sprig's
/// value. It has no `Debug`.
pub struct Pair {
    /// The certificate.
    pub cert: String,
    /// The private key.
    pub key: String,
}

/// Whom a certificate is for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Subject<'a> {
    /// The common name.
    pub common_name: &'a str,
    /// IP addresses, as text.
    pub ips: &'a [&'a str],
    /// Host names.
    pub names: &'a [&'a str],
}

/// `genPrivateKey`: PEM of a new key: `rsa` (also the empty text; 4096 bits,
/// PKCS#1), `ecdsa` (P-256, SEC 1) or `ed25519` (PKCS#8). As in sprig an
/// unknown kind gives a sentence in place of the key. `dsa` is refused: FIPS
/// 186-5 has withdrawn it, and nothing reads such keys any more.
pub(crate) fn gen_private_key(random: &dyn Random, kind: &str) -> Result<String, Error> {
    let key = match kind {
        "" | "rsa" => PrivateKey::generate_rsa(KeySize::Rsa4096)?,
        "dsa" => return Err(Error::Unsupported("a DSA key")),
        "ecdsa" => PrivateKey::generate_p256(random)?,
        "ed25519" => PrivateKey::generate_ed25519(random)?,
        _ => return Ok(format!("Unknown type {kind}")),
    };
    Ok(key.to_pem())
}

/// `buildCustomCert`: a certificate and a key, both base64 of PEM, checked to
/// be such.
pub(crate) fn build_custom_cert(cert: &[u8], key: &[u8]) -> Result<Pair, Error> {
    let (cert, key) = (super::base64_lenient(cert)?, super::base64_lenient(key)?);
    let (block, _) = pem::decode(&cert).ok_or(Error::NoPem)?;
    Certificate::parse(&block.bytes)?;
    PrivateKey::from_typed_pem(&key)?;
    let text = |bytes| String::from_utf8(bytes).map_err(|_| Error::NoPem);
    Ok(Pair { cert: text(cert)?, key: text(key)? })
}

/// `genCA`: a certificate authority with a new RSA key of 2048 bits, valid from
/// `now` for `days`.
pub(crate) fn gen_ca(random: &dyn Random, now: i64, common_name: &str, days: i64) -> Result<Pair, Error> {
    let subject = Subject { common_name, ..Subject::default() };
    issue(random, now, &subject, days, &new_key()?, Issuer::Authority)
}

/// `genCAWithKey`: the same with a given key in PEM.
pub(crate) fn gen_ca_with_key(
    random: &dyn Random,
    now: i64,
    common_name: &str,
    days: i64,
    key: &[u8],
) -> Result<Pair, Error> {
    let subject = Subject { common_name, ..Subject::default() };
    issue(random, now, &subject, days, &PrivateKey::from_typed_pem(key)?, Issuer::Authority)
}

/// `genSelfSignedCert`: a certificate signed with its own new RSA key of 2048
/// bits.
pub(crate) fn gen_self_signed_cert(
    random: &dyn Random,
    now: i64,
    subject: &Subject<'_>,
    days: i64,
) -> Result<Pair, Error> {
    issue(random, now, subject, days, &new_key()?, Issuer::Itself)
}

/// `genSelfSignedCertWithKey`: the same with a given key in PEM.
pub(crate) fn gen_self_signed_cert_with_key(
    random: &dyn Random,
    now: i64,
    subject: &Subject<'_>,
    days: i64,
    key: &[u8],
) -> Result<Pair, Error> {
    issue(random, now, subject, days, &PrivateKey::from_typed_pem(key)?, Issuer::Itself)
}

/// `genSignedCert`: a certificate for a new RSA key of 2048 bits, signed by
/// `ca`.
pub(crate) fn gen_signed_cert(
    random: &dyn Random,
    now: i64,
    subject: &Subject<'_>,
    days: i64,
    ca: &Pair,
) -> Result<Pair, Error> {
    signed(random, now, subject, days, ca, new_key)
}

/// `genSignedCertWithKey`: the same with a given key in PEM.
pub(crate) fn gen_signed_cert_with_key(
    random: &dyn Random,
    now: i64,
    subject: &Subject<'_>,
    days: i64,
    ca: &Pair,
    key: &[u8],
) -> Result<Pair, Error> {
    signed(random, now, subject, days, ca, || PrivateKey::from_typed_pem(key))
}

fn signed(
    random: &dyn Random,
    now: i64,
    subject: &Subject<'_>,
    days: i64,
    ca: &Pair,
    key: impl FnOnce() -> Result<PrivateKey, Error>,
) -> Result<Pair, Error> {
    let (block, _) = pem::decode(ca.cert.as_bytes()).ok_or(Error::NoPem)?;
    let certificate = Certificate::parse(&block.bytes)?;
    let signer = PrivateKey::from_typed_pem(ca.key.as_bytes())?;
    if signer.to_spki() != certificate.public_key {
        return Err(Error::Mismatch);
    }
    issue(random, now, subject, days, &key()?, Issuer::Other { certificate: &certificate, key: &signer })
}

fn new_key() -> Result<PrivateKey, Error> {
    PrivateKey::generate_rsa(KeySize::Rsa2048)
}

/// Who signs a certificate.
enum Issuer<'a> {
    /// It signs itself, and may sign others.
    Authority,
    /// It signs itself.
    Itself,
    Other {
        certificate: &'a Certificate,
        key: &'a PrivateKey,
    },
}

fn issue(
    random: &dyn Random,
    now: i64,
    subject: &Subject<'_>,
    days: i64,
    key: &PrivateKey,
    issuer: Issuer<'_>,
) -> Result<Pair, Error> {
    // Go counts in nanoseconds, which overflow after 292 years.
    let span = days.wrapping_mul(86_400_000_000_000).div_euclid(1_000_000_000);
    let until = now.checked_add(span).ok_or(Error::Argument("a validity of so many days"))?;
    let subject_name = name::from_common_name(subject.common_name);
    let (signer, issuer_name) = match issuer {
        Issuer::Other { certificate, key } => (key, certificate.subject.clone()),
        Issuer::Authority | Issuer::Itself => (key, subject_name.clone()),
    };
    let extensions = extensions(subject, key, &issuer, issuer_name == subject_name)?;
    let names = [issuer_name, subject_name];
    let cert = certify(random, [now, until], &names, key, signer, &extensions)?;
    Ok(Pair { cert, key: key.to_pem() })
}

/// A new RSA key of 2048, 3072, 4096 or 8192 bits and the certificate that the controller of Sealed
/// Secrets makes for such a key (`sealed-secrets.md` 1.5): signed with itself,
/// valid from `now` for `seconds`, under a name that may be empty.
pub fn sealing_key(
    random: &dyn Random,
    now: i64,
    seconds: i64,
    common_name: &str,
    bits: usize,
) -> Result<Pair, Error> {
    let until = now.checked_add(seconds).ok_or(Error::Argument("a validity that long"))?;
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        8192 => KeySize::Rsa8192,
        _ => return Err(Error::Unsupported("an RSA key of this size")),
    };
    let key = PrivateKey::generate_rsa(size)?;
    let id = digest::digest(&digest::SHA256, key.public());
    let id = der::write(der::OCTET_STRING, &[&id.as_ref()[..20]]);
    let extensions = der::sequence(&[
        // encipherOnly and nothing else.
        &extension(oid::KEY_USAGE, true, &[der::BIT_STRING, 2, 0, 1]),
        &extension(oid::BASIC_CONSTRAINTS, true, &der::sequence(&[&[der::BOOLEAN, 1, 0xff]])),
        &extension(oid::SUBJECT_KEY_ID, false, &id),
    ]);
    let name = name::from_common_name(common_name);
    let cert = certify(random, [now, until], &[name.clone(), name], &key, &key, &extensions)?;
    Ok(Pair { cert, key: key.to_pem() })
}

/// Signs a certificate; `names` are those of the issuer and the subject.
fn certify(
    random: &dyn Random,
    validity: [i64; 2],
    names: &[Vec<u8>; 2],
    key: &PrivateKey,
    signer: &PrivateKey,
    extensions: &[u8],
) -> Result<String, Error> {
    let algorithm = signer.signature_algorithm();
    let body = der::sequence(&[
        &der::write(der::explicit(0), &[&der::small(2)]),
        &der::unsigned(&bytes::<16>(random)?),
        &algorithm,
        &names[0],
        &der::sequence(&[&time(validity[0])?, &time(validity[1])?]),
        &names[1],
        &key.to_spki(),
        &der::write(der::explicit(3), &[extensions]),
    ]);
    let signature = signer.sign(&body)?;
    let raw = der::sequence(&[&body, &algorithm, &der::bits(&signature)]);
    Ok(pem::text("CERTIFICATE", &raw))
}

fn extension(kind: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    der::sequence(&[
        &der::write(der::OID, &[kind]),
        if critical { &[der::BOOLEAN, 1, 0xff] } else { &[] },
        &der::write(der::OCTET_STRING, &[value]),
    ])
}

fn extensions(
    subject: &Subject<'_>,
    key: &PrivateKey,
    issuer: &Issuer<'_>,
    same_name: bool,
) -> Result<Vec<u8>, Error> {
    let authority = matches!(issuer, Issuer::Authority);
    // digitalSignature and keyEncipherment; for an authority keyCertSign.
    let usage: &[u8] =
        if authority { &[der::BIT_STRING, 2, 2, 0xa4] } else { &[der::BIT_STRING, 2, 5, 0xa0] };
    let purposes = [oid::SERVER_AUTH, oid::CLIENT_AUTH].map(|purpose| der::write(der::OID, &[purpose]));
    let is_ca: &[u8] = if authority { &[der::BOOLEAN, 1, 0xff] } else { &[] };
    let mut all = vec![
        extension(oid::KEY_USAGE, true, usage),
        extension(oid::EXTENDED_KEY_USAGE, false, &der::sequence(&[&purposes[0], &purposes[1]])),
        extension(oid::BASIC_CONSTRAINTS, true, &der::sequence(&[is_ca])),
    ];
    if authority {
        let id = digest::digest(&digest::SHA256, key.public());
        let id = der::write(der::OCTET_STRING, &[&id.as_ref()[..20]]);
        all.push(extension(oid::SUBJECT_KEY_ID, false, &id));
    }
    if let Issuer::Other { certificate, .. } = issuer
        && let Some(id) = certificate.subject_key_id.as_deref().filter(|id| !id.is_empty())
        && !same_name
    {
        let id = der::sequence(&[&der::write(der::implicit(0), &[id])]);
        all.push(extension(oid::AUTHORITY_KEY_ID, false, &id));
    }
    if !subject.names.is_empty() || !subject.ips.is_empty() {
        let names = alternative_names(subject)?;
        all.push(extension(oid::SUBJECT_ALT_NAME, subject.common_name.is_empty(), &names));
    }
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    Ok(der::sequence(&all))
}

fn alternative_names(subject: &Subject<'_>) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    for host in subject.names {
        if !host.is_ascii() {
            return Err(Error::Argument("a host name that is not ASCII"));
        }
        all.push(der::write(der::implicit(2), &[host.as_bytes()]));
    }
    for ip in subject.ips {
        let octets = match ip.parse().map_err(|_| Error::Argument("an IP address that is none"))? {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(mapped) => mapped.octets().to_vec(),
                None => address.octets().to_vec(),
            },
        };
        all.push(der::write(der::implicit(7), &[&octets]));
    }
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    Ok(der::sequence(&all))
}

/// A point in time: UTCTime from 1950 to 2049, else GeneralizedTime
/// (RFC 5280 4.1.2.5).
fn time(seconds: i64) -> Result<Vec<u8>, Error> {
    let Civil { year, month, day, hour, minute, second, .. } = civil_of(seconds);
    if !(0..=9999).contains(&year) {
        return Err(Error::Argument("a validity of so many days"));
    }
    let clock = format!("{hour:02}{minute:02}{second:02}Z");
    let calendar = format!("{month:02}{day:02}");
    Ok(if (1950..2050).contains(&year) {
        der::write(der::UTC_TIME, &[format!("{:02}{calendar}{clock}", year % 100).as_bytes()])
    } else {
        der::write(der::GENERALIZED_TIME, &[format!("{year:04}{calendar}{clock}").as_bytes()])
    })
}
