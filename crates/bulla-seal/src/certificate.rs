//! Certificates as far as sealing needs them: the RSA key and the dates
//! (`sealed-secrets.md` 4.6). Signature, names and usage are not looked at.

use bulla_core::Timestamp;
use bulla_core::civil::{Civil, MONTHS, civil_of};
use pem::{EncodeConfig, LineEnding, Pem};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::blocks::blocks;
use crate::key::{KeyError, PublicKey};

/// Why a text gives no certificate to seal with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// No PEM block is a certificate.
    #[error("data does not contain any valid RSA or ECDSA certificates")]
    None,
    /// A certificate that cannot be read.
    #[error("the certificate is malformed")]
    Malformed,
    /// A key of another algorithm.
    #[error("expected RSA public key but found one of another algorithm")]
    NotRsa,
    /// An RSA key that cannot be used.
    #[error(transparent)]
    Key(KeyError),
    /// Its time is over (`security.md` S-11).
    #[error("failed to encrypt using an expired certificate on {0}")]
    Expired(String),
}

/// A certificate of a sealing key.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Vec<u8>,
    key: PublicKey,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Certificate {
    /// Reads the first certificate of a PEM text; blocks of other kinds,
    /// malformed ones and those with headers are passed over, all other
    /// certificates must be readable.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        let mut first = None;
        for block in blocks(text) {
            let has_headers = block.headers().iter().next().is_some();
            if block.tag() == "CERTIFICATE" && !has_headers {
                let (_, parsed) =
                    X509Certificate::from_der(block.contents()).map_err(|_| CertificateError::Malformed)?;
                if first.is_none() {
                    first = Some(Self::read(&parsed));
                }
            }
        }
        first.unwrap_or(Err(CertificateError::None))
    }

    fn read(parsed: &X509Certificate<'_>) -> Result<Self, CertificateError> {
        let key = PublicKey::from_spki(parsed.public_key().raw).map_err(|error| match error {
            KeyError::NotRsa => CertificateError::NotRsa,
            error => CertificateError::Key(error),
        })?;
        let validity = parsed.validity();
        Ok(Self {
            der: parsed.as_raw().to_vec(),
            key,
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }

    /// The key, to seal with at the time `now`.
    pub fn key_at(&self, now: Timestamp) -> Result<&PublicKey, CertificateError> {
        if now > self.not_after {
            return Err(CertificateError::Expired(long_date(self.not_after)));
        }
        Ok(&self.key)
    }

    /// The key, whatever the time.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The certificate in PEM, without anything that stood beside it.
    pub fn to_pem(&self) -> String {
        let block = Pem::new("CERTIFICATE", self.der.as_slice());
        pem::encode_config(&block, EncodeConfig::new().set_line_ending(LineEnding::LF))
    }

    /// Start of its time; the newest certificate is the one to seal with.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// End of its time.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

/// A day as `January 2, 2006`.
fn long_date(time: Timestamp) -> String {
    let Civil { year, month, day, .. } = civil_of(time);
    format!("{} {day}, {year}", MONTHS[(month as usize + 11) % 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = include_str!("../../../tests/fixtures/seal/valid.crt");
    const EXPIRED: &str = include_str!("../../../tests/fixtures/seal/expired.crt");
    const CURVE: &str = include_str!("../../../tests/fixtures/seal/ec.crt");

    #[test]
    fn a_certificate_of_the_reference_form_is_read() {
        let certificate = Certificate::from_pem(VALID.as_bytes()).unwrap();
        assert_eq!(
            certificate.key_at(1_800_000_000).unwrap().fingerprint(),
            "SHA256:2SSfwMZWAvighgTQVvr5HQIJLof4YCSH8L0YSOlwtl8"
        );
        assert!(certificate.not_before() < certificate.not_after());
    }

    #[test]
    fn s_11_an_expired_certificate_is_refused_with_its_day() {
        let certificate = Certificate::from_pem(EXPIRED.as_bytes()).unwrap();
        let last = certificate.not_after();
        assert!(certificate.key_at(last).is_ok());
        assert_eq!(
            certificate.key_at(last + 1).unwrap_err().to_string(),
            "failed to encrypt using an expired certificate on March 4, 2021"
        );
    }

    #[test]
    fn the_first_of_several_counts_and_others_are_refused() {
        let both = format!("{EXPIRED}{VALID}");
        assert!(Certificate::from_pem(both.as_bytes()).unwrap().key_at(1_800_000_000).is_err());
        let broken = format!("{VALID}-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
        assert_eq!(Certificate::from_pem(broken.as_bytes()).err(), Some(CertificateError::Malformed));
        assert_eq!(Certificate::from_pem(CURVE.as_bytes()).err(), Some(CertificateError::NotRsa));
        assert_eq!(Certificate::from_pem(b"nothing").err(), Some(CertificateError::None));
    }

    #[test]
    fn days_have_the_names_of_the_calendar() {
        for (time, text) in [
            (0, "January 1, 1970"),
            (951_782_400, "February 29, 2000"),
            (1_709_251_199, "February 29, 2024"),
            (1_735_689_599, "December 31, 2024"),
            (-1, "December 31, 1969"),
        ] {
            assert_eq!(long_date(time), text);
        }
    }
}
