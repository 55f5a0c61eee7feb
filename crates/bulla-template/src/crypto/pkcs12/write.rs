//! Writing key stores.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use aws_lc_rs::digest;
use bulla_core::Random;

use super::derive::{self, Password};
use crate::crypto::certificate::Certificate;
use crate::crypto::keys::PrivateKey;
use crate::crypto::random::bytes;
use crate::crypto::{Error, der, digest::hash, name, oid};

/// The iterations of every derivation.
const ITERATIONS: u32 = 2048;

/// A store of a key and its certificates, the first of which is that of the
/// key.
pub(super) fn key_store(
    random: &dyn Random,
    certificates: &[Certificate],
    key: &PrivateKey,
    password: &str,
) -> Result<Vec<u8>, Error> {
    let password = Password::new(password)?;
    let first = certificates.first().ok_or(Error::NoPem)?;
    // The key and its certificate find each other by this attribute.
    let id = hash(&digest::SHA1_FOR_LEGACY_USE_ONLY, &first.raw);
    let id = attribute(oid::LOCAL_KEY_ID, &der::write(der::OCTET_STRING, &[&id]));
    let bags: Vec<Vec<u8>> = certificates
        .iter()
        .enumerate()
        .map(|(at, certificate)| {
            let attributes = if at == 0 { vec![id.clone()] } else { Vec::new() };
            certificate_bag(certificate, attributes)
        })
        .collect();
    let (algorithm, data) = encrypt(random, &password, &key.to_pkcs8())?;
    let key = der::sequence(&[&algorithm, &der::write(der::OCTET_STRING, &[&data])]);
    let key = bag(oid::SHROUDED_KEY_BAG, &key, vec![id]);
    let parts = [encrypted(random, &password, &bags)?, plain(&der::sequence(&[&key]))];
    seal(random, &password, &parts)
}

/// A store of certificates to trust.
pub(super) fn trust_store(
    random: &dyn Random,
    certificates: &[Certificate],
    password: &str,
) -> Result<Vec<u8>, Error> {
    let password = Password::new(password)?;
    let trusted = attribute(oid::JAVA_TRUSTED, &der::write(der::OID, &[oid::ANY_USAGE]));
    let mut bags = Vec::new();
    for certificate in certificates {
        let alias = name::to_text(&certificate.subject)?;
        if alias.chars().any(|character| u32::from(character) > 0xffff) {
            return Err(Error::Argument("a subject with characters beyond UCS-2"));
        }
        let alias: Vec<u8> = alias.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let alias = attribute(oid::FRIENDLY_NAME, &der::write(der::BMP_STRING, &[&alias]));
        bags.push(certificate_bag(certificate, vec![trusted.clone(), alias]));
    }
    let parts = [encrypted(random, &password, &bags)?];
    seal(random, &password, &parts)
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::write(der::OID, &[kind]), &der::write(der::SET, &[value])])
}

/// A bag. go-pkcs12 writes the set of attributes even where it is empty.
fn bag(kind: &[u8], value: &[u8], mut attributes: Vec<Vec<u8>>) -> Vec<u8> {
    attributes.sort();
    let attributes: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
    der::sequence(&[
        &der::write(der::OID, &[kind]),
        &der::write(der::explicit(0), &[value]),
        &der::write(der::SET, &attributes),
    ])
}

fn certificate_bag(certificate: &Certificate, attributes: Vec<Vec<u8>>) -> Vec<u8> {
    let data = der::write(der::OCTET_STRING, &[&certificate.raw]);
    let value = der::sequence(&[
        &der::write(der::OID, &[oid::X509_CERTIFICATE]),
        &der::write(der::explicit(0), &[&data]),
    ]);
    bag(oid::CERT_BAG, &value, attributes)
}

/// Encrypts by PBES2; also its AlgorithmIdentifier.
fn encrypt(random: &dyn Random, password: &Password, data: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let (salt, vector) = (bytes::<16>(random)?, bytes::<16>(random)?);
    let key = derive::pbes2_key(&salt, ITERATIONS, password)?;
    let cipher = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &vector.into());
    let function = der::algorithm(oid::HMAC_SHA256, &[der::NULL, 0]);
    let derivation =
        der::sequence(&[&der::write(der::OCTET_STRING, &[&salt]), &der::small(ITERATIONS), &function]);
    let parameters = der::sequence(&[
        &der::algorithm(oid::PBKDF2, &derivation),
        &der::algorithm(oid::AES_256_CBC, &der::write(der::OCTET_STRING, &[&vector])),
    ]);
    Ok((der::algorithm(oid::PBES2, &parameters), cipher.encrypt_padded_vec::<Pkcs7>(data)))
}

fn part(kind: &[u8], content: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::write(der::OID, &[kind]), &der::write(der::explicit(0), &[content])])
}

fn plain(content: &[u8]) -> Vec<u8> {
    part(oid::DATA, &der::write(der::OCTET_STRING, &[content]))
}

fn encrypted(random: &dyn Random, password: &Password, bags: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let bags: Vec<&[u8]> = bags.iter().map(Vec::as_slice).collect();
    let (algorithm, data) = encrypt(random, password, &der::sequence(&bags))?;
    let info = der::sequence(&[
        &der::write(der::OID, &[oid::DATA]),
        &algorithm,
        &der::write(der::implicit(0), &[&data]),
    ]);
    Ok(part(oid::ENCRYPTED_DATA, &der::sequence(&[&der::small(0), &info])))
}

/// Puts the parts under a MAC.
fn seal(random: &dyn Random, password: &Password, parts: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let safe = der::sequence(&parts);
    let salt = bytes::<16>(random)?;
    let tag = derive::sign(&salt, ITERATIONS, password, &safe)?;
    let info = der::sequence(&[&der::algorithm(oid::SHA256, &[]), &der::write(der::OCTET_STRING, &[&tag])]);
    let mac = der::sequence(&[&info, &der::write(der::OCTET_STRING, &[&salt]), &der::small(ITERATIONS)]);
    Ok(der::sequence(&[&der::small(3), &plain(&safe), &mac]))
}
