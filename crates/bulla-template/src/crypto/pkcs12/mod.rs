//! PKCS#12 key stores (RFC 7292), read as go-pkcs12 reads them and written in
//! its profile of 2023: PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC, a MAC
//! with HMAC-SHA-256, 2048 iterations each.

mod derive;
mod read;
mod write;

use base64::Engine as _;
use bulla_core::Random;

use super::certificate::{self, Certificate};
use super::keys::PrivateKey;
use super::{BASE64, Error, chain, pem};

pub(crate) use derive::MAX_ITERATIONS;

/// `pkcs12key` (with an empty password) and `pkcs12keyPass`: the private key of
/// a key store in DER, as PEM of PKCS#8.
pub(crate) fn pkcs12_key(password: &str, data: &[u8]) -> Result<String, Error> {
    Ok(pem::text("PRIVATE KEY", &read::decode(password, data)?.key.to_pkcs8()))
}

/// `pkcs12cert` (with an empty password) and `pkcs12certPass`: the certificates
/// of a key store in DER, as PEM, from the leaf to the root; in the order of
/// the store where they form no single chain.
pub(crate) fn pkcs12_cert(password: &str, data: &[u8]) -> Result<String, Error> {
    let certificates = read::decode(password, data)?.certificates;
    let ordered = chain::ordered(&certificates).unwrap_or_else(|_| certificates.iter().collect());
    Ok(ordered.iter().map(|certificate| certificate.to_pem()).collect())
}

/// `pemToPkcs12` (with an empty password) and `pemToPkcs12Pass`: base64 of a
/// key store of the first certificate of `cert` and the private key `key`.
pub(crate) fn pem_to_pkcs12(
    random: &dyn Random,
    cert: &[u8],
    key: &[u8],
    password: &str,
) -> Result<String, Error> {
    let (block, _) = pem::decode(cert).ok_or(Error::NoPem)?;
    key_store(random, vec![Certificate::parse(&block.bytes)?], key, password)
}

/// `fullPemToPkcs12` (with an empty password) and `fullPemToPkcs12Pass`: the
/// same with all certificates of `cert`, the first as that of the key.
pub(crate) fn full_pem_to_pkcs12(
    random: &dyn Random,
    cert: &[u8],
    key: &[u8],
    password: &str,
) -> Result<String, Error> {
    let certificates = certificate::all(cert, true)?;
    if certificates.is_empty() {
        return Err(Error::NoPem);
    }
    key_store(random, certificates, key, password)
}

fn key_store(
    random: &dyn Random,
    certificates: Vec<Certificate>,
    key: &[u8],
    password: &str,
) -> Result<String, Error> {
    let key = PrivateKey::from_pem(key)?;
    Ok(BASE64.encode(write::key_store(random, &certificates, &key, password)?))
}

/// `pemTruststoreToPKCS12` (with an empty password) and
/// `pemTruststoreToPKCS12Pass`: base64 of a store of the certificates of
/// `certs`, each marked as trusted for Java and named by its subject.
pub(crate) fn pem_truststore_to_pkcs12(
    random: &dyn Random,
    certs: &[u8],
    password: &str,
) -> Result<String, Error> {
    Ok(BASE64.encode(write::trust_store(random, &certificate::all(certs, true)?, password)?))
}
