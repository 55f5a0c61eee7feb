//! Reading certificates (RFC 5280), as far as the functions look into them.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::der::{self, Field, Reader};
use super::{Error, name, oid, pem};
use crate::functions::url::is_location;

/// A certificate.
#[derive(Clone)]
pub(super) struct Certificate {
    /// All of it, in DER.
    pub(super) raw: Vec<u8>,
    /// The subject, in DER.
    pub(super) subject: Vec<u8>,
    /// SubjectPublicKeyInfo, in DER.
    pub(super) public_key: Vec<u8>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    names: Names,
}

/// The subject alternative names by type.
#[derive(Clone, Default)]
struct Names {
    hosts: Vec<String>,
    addresses: Vec<String>,
    mailboxes: Vec<String>,
    locations: Vec<String>,
}

impl Certificate {
    pub(super) fn parse(raw: &[u8]) -> Result<Self, Error> {
        Self::read(raw).map_err(|_| Error::Certificate)
    }

    fn read(raw: &[u8]) -> Result<Self, Error> {
        let mut outer = der::sequence_of(raw)?;
        let mut fields = outer.sequence()?;
        let algorithm = outer.field()?;
        outer.expect(der::BIT_STRING)?;
        outer.finish()?;
        if let Some(version) = fields.optional(der::explicit(0))?
            && !matches!(der::only(version, der::INTEGER)?, [0..=2])
        {
            return Err(Error::Certificate);
        }
        if matches!(fields.expect(der::INTEGER)?, [] | [0x80..=0xff, ..]) {
            return Err(Error::Certificate);
        }
        if fields.field()?.whole != algorithm.whole || algorithm.tag != der::SEQUENCE {
            return Err(Error::Certificate);
        }
        name::attributes(fields.field()?.whole)?;
        let mut validity = fields.sequence()?;
        for _ in 0..2 {
            time(validity.field()?)?;
        }
        let subject = fields.field()?;
        let public_key = fields.field()?;
        name::attributes(subject.whole)?;
        check_key(public_key.whole)?;
        fields.optional(der::implicit(1))?;
        fields.optional(der::implicit(2))?;
        let mut certificate = Self {
            raw: raw.to_vec(),
            subject: subject.whole.to_vec(),
            public_key: public_key.whole.to_vec(),
            subject_key_id: None,
            authority_key_id: None,
            names: Names::default(),
        };
        if let Some(extensions) = fields.optional(der::explicit(3))? {
            certificate.extensions(der::sequence_of(extensions)?)?;
        }
        fields.finish()?;
        Ok(certificate)
    }

    fn extensions(&mut self, mut all: Reader<'_>) -> Result<(), Error> {
        let mut seen = HashSet::new();
        while !all.is_empty() {
            let mut extension = all.sequence()?;
            let kind = extension.expect(der::OID)?;
            if oid::dotted(kind).is_none() || !seen.insert(kind) {
                return Err(Error::Certificate);
            }
            extension.optional(der::BOOLEAN)?;
            let value = extension.expect(der::OCTET_STRING)?;
            extension.finish()?;
            match kind {
                oid::SUBJECT_KEY_ID => {
                    self.subject_key_id = Some(der::only(value, der::OCTET_STRING)?.to_vec());
                }
                oid::AUTHORITY_KEY_ID => {
                    let id = der::sequence_of(value)?.optional(der::implicit(0))?;
                    self.authority_key_id = id.map(<[u8]>::to_vec);
                }
                oid::SUBJECT_ALT_NAME => self.names = Names::read(der::sequence_of(value)?)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether it is the end of a chain: no issuer's key, or its own.
    pub(super) fn is_root(&self) -> bool {
        self.authority_key_id.is_none() || self.authority_key_id == self.subject_key_id
    }

    pub(super) fn to_pem(&self) -> String {
        pem::text("CERTIFICATE", &self.raw)
    }
}

/// Checks SubjectPublicKeyInfo as far as Go does without use of the key.
fn check_key(info: &[u8]) -> Result<(), Error> {
    let mut fields = der::sequence_of(info)?;
    let mut algorithm = fields.sequence()?;
    let kind = algorithm.expect(der::OID)?;
    let key = fields.expect(der::BIT_STRING)?;
    match (kind, key) {
        (oid::RSA, [0, key @ ..]) => {
            algorithm.expect(der::NULL)?;
            let mut numbers = der::sequence_of(key)?;
            let modulus = numbers.unsigned()?;
            if modulus.is_empty() || numbers.small()? == 0 { Err(Error::Certificate) } else { Ok(()) }
        }
        (_, [0..=7, ..]) => Ok(()),
        _ => Err(Error::Certificate),
    }
}

/// Checks the form of a point in time.
fn time(field: Field<'_>) -> Result<(), Error> {
    let digits = match (field.tag, field.content) {
        (der::UTC_TIME, [digits @ .., b'Z']) if digits.len() == 12 => digits,
        // Go also takes times without seconds and with zones there.
        (der::UTC_TIME, [digits @ .., b'Z']) if digits.len() == 10 => digits,
        (der::UTC_TIME, [digits @ .., b'+' | b'-', _, _, _, _]) => digits,
        (der::GENERALIZED_TIME, [digits @ .., b'Z']) if digits.len() == 14 => digits,
        _ => return Err(Error::Certificate),
    };
    if digits.iter().all(u8::is_ascii_digit) { Ok(()) } else { Err(Error::Certificate) }
}

impl Names {
    fn read(mut all: Reader<'_>) -> Result<Self, Error> {
        let mut names = Self::default();
        while !all.is_empty() {
            let Field { tag, content, .. } = all.field()?;
            let text = || match std::str::from_utf8(content) {
                Ok(text) if text.is_ascii() => Ok(text.to_owned()),
                _ => Err(Error::Certificate),
            };
            match tag {
                0x81 => names.mailboxes.push(text()?),
                0x82 => names.hosts.push(text()?),
                0x86 if !is_location(content) => return Err(Error::Certificate),
                0x86 => names.locations.push(text()?),
                0x87 => names.addresses.push(address(content)?),
                _ => {}
            }
        }
        Ok(names)
    }
}

fn address(content: &[u8]) -> Result<String, Error> {
    if let Ok(four) = <[u8; 4]>::try_from(content) {
        return Ok(Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(content).map_err(|_| Error::Certificate)?;
    let address = Ipv6Addr::from(sixteen);
    Ok(address.to_ipv4_mapped().map_or_else(|| address.to_string(), |mapped| mapped.to_string()))
}

/// `certSANs`: the names of the first certificate: hosts, addresses, mailboxes,
/// locations, each in the certificate's order.
pub(crate) fn cert_sans(input: &[u8]) -> Result<Vec<String>, Error> {
    let (block, _) = pem::decode(pem::without_junk(input)).ok_or(Error::NoPem)?;
    let Names { hosts, addresses, mailboxes, locations } = Certificate::parse(&block.bytes)?.names;
    Ok([hosts, addresses, mailboxes, locations].concat())
}

/// Reads every PEM block of `input` as a certificate; text behind the last one
/// is refused if `strict`.
pub(super) fn all(input: &[u8], strict: bool) -> Result<Vec<Certificate>, Error> {
    let mut out = Vec::new();
    let mut rest = input;
    while let Some((block, next)) = pem::decode(rest) {
        out.push(Certificate::parse(&block.bytes)?);
        rest = next;
    }
    if strict && !rest.trim_ascii().is_empty() { Err(Error::NoPem) } else { Ok(out) }
}
