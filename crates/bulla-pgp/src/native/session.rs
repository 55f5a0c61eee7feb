//! Secret keys, and the session keys that they open.

use pgp::composed::{PlainSessionKey, RawSessionKey};
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{PublicKeyEncryptedSessionKey, SecretKey, SecretSubkey};
use pgp::types::{
    EncryptedSecretParams, EskType, KeyDetails, Password, PkeskBytes, PlainSecretParams, PublicParams,
    S2kParams, SecretParams, StringToKey,
};

use super::NativeError;
use super::rsa::{self, RsaError};

/// Exponent of the largest memory, in KiB, that opening a key may take: 2 GiB,
/// the first recommendation of RFC 9106.
const ARGON2_MEMORY: u8 = 21;

/// One secret key or subkey.
pub(super) enum Secret {
    Primary(SecretKey),
    Subkey(SecretSubkey),
}

impl Secret {
    fn details(&self) -> &dyn KeyDetails {
        match self {
            Self::Primary(key) => key,
            Self::Subkey(key) => key,
        }
    }

    fn parameters(&self) -> &SecretParams {
        match self {
            Self::Primary(key) => key.secret_params(),
            Self::Subkey(key) => key.secret_params(),
        }
    }

    /// The fingerprint in upper case.
    pub(super) fn name(&self) -> String {
        format!("{:X}", self.details().fingerprint())
    }

    pub(super) fn is_locked(&self) -> bool {
        self.parameters().is_encrypted()
    }

    /// Whether the secret half is here: gpg exports the place of one that is
    /// on a smart card, or that was left out.
    pub(super) fn is_whole(&self) -> bool {
        let SecretParams::Encrypted(sealed) = self.parameters() else { return true };
        !matches!(derivation(sealed), Some(StringToKey::Private { .. } | StringToKey::Other { .. }))
    }

    /// Whether a session key may be for this key.
    pub(super) fn fits(&self, sealed: &PublicKeyEncryptedSessionKey) -> bool {
        let same_kind = matches!(
            (sealed.values(), self.details().public_params()),
            (Ok(PkeskBytes::Rsa { .. }), PublicParams::RSA(_))
                | (Ok(PkeskBytes::Ecdh { .. }), PublicParams::ECDH(_))
        );
        same_kind
            && match self {
                Self::Primary(key) => sealed.match_identity(key),
                Self::Subkey(key) => sealed.match_identity(key),
            }
    }

    /// Opens the session key, with the passphrase where the key has one.
    pub(super) fn open(
        &self,
        sealed: &PublicKeyEncryptedSessionKey,
        passphrase: &Password,
    ) -> Result<PlainSessionKey, NativeError> {
        if let SecretParams::Encrypted(parameters) = self.parameters()
            && let Some(StringToKey::Argon2 { m_enc, .. }) = derivation(parameters)
            && *m_enc > ARGON2_MEMORY
        {
            return Err(NativeError::Unsupported("a key whose passphrase takes over 2 GiB to check".into()));
        }
        let values = sealed.values().map_err(|_| NativeError::Damaged)?;
        let mut result = Err(NativeError::Damaged);
        let work = |public: &PublicParams, secret: &PlainSecretParams| {
            result = self.open_with(public, secret, values);
            Ok(())
        };
        let unlocked = match self {
            Self::Primary(key) => key.unlock(passphrase, work),
            Self::Subkey(key) => key.unlock(passphrase, work),
        };
        // Where there is no passphrase the parameters were read with the file.
        unlocked.map_err(|_| NativeError::WrongPassphrase(self.name())).and(result)
    }

    fn open_with(
        &self,
        public: &PublicParams,
        secret: &PlainSecretParams,
        values: &PkeskBytes,
    ) -> Result<PlainSessionKey, NativeError> {
        if let (PublicParams::RSA(public), PlainSecretParams::RSA(secret), PkeskBytes::Rsa { mpi }) =
            (public, secret, values)
        {
            let opened = rsa::decrypt(public, secret, mpi).map_err(|error| match error {
                RsaError::Size(bits) => NativeError::Unsupported(format!("an RSA key of {bits} bits")),
                RsaError::Failed => NativeError::Damaged,
            })?;
            return session_key(&opened).ok_or(NativeError::Damaged);
        }
        let opened = match self {
            Self::Primary(key) => secret.decrypt(public, values, EskType::V3_4, key),
            Self::Subkey(key) => secret.decrypt(public, values, EskType::V3_4, key),
        };
        opened.map_err(|error| match error {
            pgp::errors::Error::Unsupported { .. } => NativeError::Unsupported("the key's curve".to_owned()),
            _ => NativeError::Damaged,
        })
    }
}

/// How the key's protection follows from a passphrase.
fn derivation(sealed: &EncryptedSecretParams) -> Option<&StringToKey> {
    match sealed.string_to_key_params() {
        S2kParams::Aead { s2k, .. } | S2kParams::Cfb { s2k, .. } | S2kParams::MalleableCfb { s2k, .. } => {
            Some(s2k)
        }
        S2kParams::Unprotected | S2kParams::LegacyCfb { .. } => None,
    }
}

/// Reads algorithm, key and checksum (RFC 4880 5.1).
fn session_key(opened: &[u8]) -> Option<PlainSessionKey> {
    let (algorithm, rest) = opened.split_first()?;
    let (key, checksum) = rest.split_last_chunk::<2>()?;
    let sum = key.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    let algorithm = SymmetricKeyAlgorithm::from(*algorithm);
    let fits = algorithm != SymmetricKeyAlgorithm::Plaintext && algorithm.key_size() == key.len();
    (fits && sum.to_be_bytes() == *checksum)
        .then(|| PlainSessionKey::V3_4 { sym_alg: algorithm, key: RawSessionKey::from(key) })
}

/// Names an algorithm of keys for a message.
pub(super) fn algorithm_name(algorithm: PublicKeyAlgorithm) -> String {
    match algorithm {
        PublicKeyAlgorithm::Elgamal | PublicKeyAlgorithm::ElgamalEncrypt => "an ElGamal key".to_owned(),
        other => format!("a key of algorithm {}", u8::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_key_has_the_length_of_its_algorithm_and_a_checksum() {
        let with = |algorithm: u8, length: usize, checksum: u16| {
            let bytes = [&[algorithm][..], &vec![1; length], &checksum.to_be_bytes()].concat();
            session_key(&bytes).is_some()
        };
        assert!(with(9, 32, 32) && with(7, 16, 16));
        assert!(!with(9, 32, 31) && !with(9, 16, 16) && !with(0, 0, 0) && !with(200, 32, 32));
        assert!(session_key(&[]).is_none() && session_key(&[9, 0]).is_none());
    }
}
