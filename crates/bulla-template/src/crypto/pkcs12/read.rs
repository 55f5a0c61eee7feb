//! Reading key stores.

use super::derive::{self, Password};
use crate::crypto::certificate::Certificate;
use crate::crypto::der::{self, Reader};
use crate::crypto::keys::PrivateKey;
use crate::crypto::{Error, oid};

/// What a key store holds; at least one certificate.
pub(super) struct Store {
    pub(super) key: PrivateKey,
    pub(super) certificates: Vec<Certificate>,
}

/// Reads a key store of one key and its certificates.
pub(super) fn decode(password: &str, data: &[u8]) -> Result<Store, Error> {
    let password = Password::new(password)?;
    let (safe, password) = authenticated(password, data)?;
    let mut parts = der::sequence_of(safe)?;
    let mut bags = Vec::new();
    let mut count = 0;
    while !parts.is_empty() {
        count += 1;
        if count > 2 {
            return Err(Error::Unsupported("a key store of more than two parts"));
        }
        bags.push(contents(parts.sequence()?, &password)?);
    }
    let (mut key, mut certificates) = (None, Vec::new());
    for bag in &bags {
        let mut bag = der::sequence_of(bag)?;
        while !bag.is_empty() {
            let mut item = bag.sequence()?;
            let kind = item.expect(der::OID)?;
            let value = item.expect(der::explicit(0))?;
            let found = match kind {
                oid::CERT_BAG => {
                    certificates.push(certificate(value)?);
                    continue;
                }
                oid::KEY_BAG => PrivateKey::from_pkcs8(value)?,
                oid::SHROUDED_KEY_BAG => {
                    let mut fields = der::sequence_of(value)?;
                    let algorithm = fields.sequence()?;
                    let plain = derive::decrypt(algorithm, &password, fields.expect(der::OCTET_STRING)?)?;
                    PrivateKey::from_pkcs8(&plain)?
                }
                _ => continue,
            };
            if key.replace(found).is_some() {
                return Err(Error::Unsupported("a key store of more than one key"));
            }
        }
    }
    match key {
        Some(key) if !certificates.is_empty() => Ok(Store { key, certificates }),
        _ => Err(Error::Unsupported("a key store without a key and its certificate")),
    }
}

/// Checks the MAC; the content under it, and the password that fits.
fn authenticated(password: Password, data: &[u8]) -> Result<(&[u8], Password), Error> {
    let mut fields = der::sequence_of(data)?;
    if fields.small()? != 3 {
        return Err(Error::Unsupported("the version of the key store"));
    }
    let mut info = fields.sequence()?;
    if info.expect(der::OID)? != oid::DATA {
        return Err(Error::Unsupported("a key store protected by a public key"));
    }
    let safe = der::only(info.expect(der::explicit(0))?, der::OCTET_STRING)?;
    let Some(mac) = fields.optional(der::SEQUENCE)?.map(Reader::new) else {
        return if password.is_empty() { Ok((safe, password)) } else { Err(Error::Password) };
    };
    match derive::verify(mac.clone(), &password, safe) {
        Err(Error::Password) if password.is_empty() => {
            let none = password.into_none();
            derive::verify(mac, &none, safe)?;
            Ok((safe, none))
        }
        checked => checked.map(|()| (safe, password)),
    }
}

/// The bags of one part, decrypted.
fn contents(mut part: Reader<'_>, password: &Password) -> Result<Vec<u8>, Error> {
    let kind = part.expect(der::OID)?;
    let content = part.expect(der::explicit(0))?;
    match kind {
        oid::DATA => Ok(der::only(content, der::OCTET_STRING)?.to_vec()),
        oid::ENCRYPTED_DATA => {
            let mut fields = der::sequence_of(content)?;
            fields.small()?;
            let mut info = fields.sequence()?;
            info.expect(der::OID)?;
            let algorithm = info.sequence()?;
            derive::decrypt(algorithm, password, info.expect(der::implicit(0))?)
        }
        _ => Err(Error::Unsupported("the protection of the key store")),
    }
}

fn certificate(bag: &[u8]) -> Result<Certificate, Error> {
    let mut fields = der::sequence_of(bag)?;
    if fields.expect(der::OID)? != oid::X509_CERTIFICATE {
        return Err(Error::Unsupported("a certificate other than X.509"));
    }
    Certificate::parse(der::only(fields.expect(der::explicit(0))?, der::OCTET_STRING)?)
}
