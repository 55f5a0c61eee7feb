//! Encrypting a data key to one key: an AES-256 message with integrity
//! protection (RFC 4880 5.13), which every gpg since 1.4 reads.

use bulla_core::Random;
use pgp::composed::RawSessionKey;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{PacketTrait as _, PublicKeyEncryptedSessionKey, SymEncryptedProtectedData};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use zeroize::Zeroizing;

use super::usable::Recipient;
use super::{MESSAGE_LIMIT, NativeError, armor};

const CIPHER: SymmetricKeyAlgorithm = SymmetricKeyAlgorithm::AES256;

/// Encrypts `secret`; the result is armored, without a line feed at its end.
pub(super) fn seal(
    recipient: &Recipient<'_>,
    secret: &[u8],
    random: &dyn Random,
) -> Result<String, NativeError> {
    if secret.len() > MESSAGE_LIMIT / 2 {
        return Err(NativeError::TooLong(MESSAGE_LIMIT / 2));
    }
    seal_packets(recipient, &literal(secret), random)
}

/// Encrypts packets.
pub(super) fn seal_packets(
    recipient: &Recipient<'_>,
    packets: &[u8],
    random: &dyn Random,
) -> Result<String, NativeError> {
    // The seam can fail, the generators below cannot be told so: everything
    // is drawn first.
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(&mut *seed).map_err(|_| NativeError::Random)?;
    let mut generator = ChaCha20Rng::from_seed(*seed);
    let mut key = Zeroizing::new(vec![0; CIPHER.key_size()]);
    random.fill(&mut key).map_err(|_| NativeError::Random)?;
    let key = RawSessionKey::from(key);

    let sealed_key = match recipient {
        Recipient::Primary(public) => {
            PublicKeyEncryptedSessionKey::from_session_key_v3(&mut generator, &key, CIPHER, public)
        }
        Recipient::Subkey(public) => {
            PublicKeyEncryptedSessionKey::from_session_key_v3(&mut generator, &key, CIPHER, public)
        }
    };
    let refused = |error: pgp::errors::Error| match error {
        pgp::errors::Error::Unsupported { .. } => NativeError::Unsupported("the key's curve".to_owned()),
        _ => NativeError::Unsupported("this key".to_owned()),
    };
    let sealed_key = sealed_key.map_err(refused)?;
    let sealed = SymEncryptedProtectedData::encrypt_seipdv1(&mut generator, CIPHER, key.as_ref(), packets);
    let mut message = Vec::new();
    sealed_key.to_writer_with_header(&mut message).map_err(refused)?;
    sealed.and_then(|sealed| sealed.to_writer_with_header(&mut message)).map_err(refused)?;
    Ok(armor::write(&message))
}

/// A literal data packet (RFC 4880 5.9): binary, without name and date.
fn literal(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    const TAG: u8 = 0xcb;
    const HEADER: [u8; 6] = [b'b', 0, 0, 0, 0, 0];
    const FOUR_OCTETS: u8 = 0xff;
    let length = (secret.len() + HEADER.len()) as u32;
    let head = [&[TAG, FOUR_OCTETS][..], &length.to_be_bytes(), &HEADER].concat();
    Zeroizing::new([head.as_slice(), secret].concat())
}
