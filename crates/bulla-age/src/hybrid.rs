//! The hybrid post-quantum key type of age 1.3: recipients `age1pq1...`,
//! identities `AGE-SECRET-KEY-PQ-1...`, stanza `mlkem768x25519`
//! (<https://c2sp.org/age>).
//!
//! The file key is sealed with HPKE (RFC 9180, base mode): KEM 0x647A, which
//! is ML-KEM-768 and X25519 combined as in X-Wing, KDF HKDF-SHA256, AEAD
//! ChaCha20-Poly1305. HPKE is written out here because the crates that have
//! this KEM cannot be built beside `age` 0.12.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use age_core::primitives::{bech32_decode, bech32_encode};
use age_core::secrecy::ExposeSecret as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use bech32::Hrp;
use bulla_core::{Random, RandomError, SecretText};
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use ml_kem::kem::{Decapsulate as _, DecapsulationKey, EncapsulationKey};
use ml_kem::{B32, Ciphertext, EncapsulateDeterministic as _, Encoded, EncodedSizeUser as _};
use ml_kem::{KemCore as _, MlKem768, MlKem768Params};
use sha2_age::Sha256;
use sha3::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use sha3::{Digest as _, Sha3_256, Shake256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize as _, Zeroizing};

const RECIPIENT_HRP: Hrp = Hrp::parse_unchecked("age1pq");
const IDENTITY_HRP: Hrp = Hrp::parse_unchecked("AGE-SECRET-KEY-PQ-");
const TAG: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";

/// KEM, KDF and AEAD identifiers.
const SUITE: &[u8] = b"HPKE\x64\x7A\x00\x01\x00\x03";

/// The label that ends what X-Wing hashes.
const COMBINER_LABEL: &[u8] = br"\.//^\";

const ML_KEM_KEY_LENGTH: usize = 1184;
const ML_KEM_CIPHERTEXT_LENGTH: usize = 1088;
const WRAPPED_KEY_LENGTH: usize = 16 + 16;

/// A public key.
#[derive(Clone)]
pub struct HybridRecipient {
    ml_kem: EncapsulationKey<MlKem768Params>,
    x25519: PublicKey,
    random: Arc<dyn Random>,
}

impl HybridRecipient {
    /// Reads an `age1pq1...` text; randomness for wrapping is drawn from
    /// `random`.
    pub fn parse(text: &str, random: Arc<dyn Random>) -> Result<Self, &'static str> {
        let bytes = decode(text, RECIPIENT_HRP)?;
        let (ml_kem, x25519) =
            bytes.split_at_checked(ML_KEM_KEY_LENGTH).ok_or("incorrect public key length")?;
        let x25519: [u8; 32] = x25519.try_into().map_err(|_| "incorrect public key length")?;
        let encoded = Encoded::<EncapsulationKey<MlKem768Params>>::try_from(ml_kem)
            .map_err(|_| "incorrect public key length")?;
        let key = EncapsulationKey::from_bytes(&encoded);
        // FIPS 203, 7.2: the coefficients must be reduced.
        if key.as_bytes() != encoded {
            return Err("the ML-KEM public key is not canonical");
        }
        Ok(Self { ml_kem: key, x25519: x25519.into(), random })
    }

    /// Draws a shared secret and what transports it.
    fn encapsulate(&self) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), RandomError> {
        let mut message = B32::default();
        self.random.fill(&mut message)?;
        let mut scalar = Zeroizing::new([0; 32]);
        self.random.fill(&mut *scalar)?;
        let ephemeral = StaticSecret::from(*scalar);
        let (ciphertext, mut ml_kem_secret) =
            self.ml_kem.encapsulate_deterministic(&message).expect("encapsulation has no failure");
        message.zeroize();
        let share = PublicKey::from(&ephemeral);
        let x25519_secret = ephemeral.diffie_hellman(&self.x25519);
        let secret = combine(&ml_kem_secret, x25519_secret.as_bytes(), &share, &self.x25519);
        ml_kem_secret.zeroize();
        Ok((secret, [ciphertext.as_slice(), share.as_bytes()].concat()))
    }
}

impl fmt::Display for HybridRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.ml_kem.as_bytes().as_slice(), self.x25519.as_bytes()].concat();
        f.write_str(&bech32_encode(RECIPIENT_HRP, &bytes))
    }
}

impl age::Recipient for HybridRecipient {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let (secret, encapsulated) =
            self.encapsulate().map_err(|error| EncryptError::Io(std::io::Error::other(error)))?;
        let (cipher, nonce) = schedule(&secret);
        let body = cipher
            .encrypt(&nonce, file_key.expose_secret().as_slice())
            .expect("16 bytes are below the cipher's limit");
        let stanza =
            Stanza { tag: TAG.to_owned(), args: vec![BASE64_STANDARD_NO_PAD.encode(encapsulated)], body };
        Ok((vec![stanza], HashSet::from(["postquantum".to_owned()])))
    }
}

/// A private key: the seed that both halves are derived from.
#[derive(Clone)]
pub struct HybridIdentity {
    seed: Zeroizing<[u8; 32]>,
}

impl HybridIdentity {
    /// Draws a new private key.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed)?;
        Ok(Self { seed })
    }

    /// Returns the identity as the text that key files hold.
    pub fn to_text(&self) -> SecretText {
        let encoded = Zeroizing::new(bech32_encode(IDENTITY_HRP, &*self.seed));
        SecretText::new(encoded.to_uppercase())
    }

    /// Returns the recipient that belongs to this identity; it will draw from
    /// `random`.
    pub fn to_recipient(&self, random: Arc<dyn Random>) -> HybridRecipient {
        let halves = self.expand();
        HybridRecipient {
            ml_kem: halves.ml_kem.encapsulation_key().clone(),
            x25519: (&halves.x25519).into(),
            random,
        }
    }

    fn expand(&self) -> Halves {
        let mut expanded = Zeroizing::new([0; 96]);
        Shake256::default().chain(self.seed.as_slice()).finalize_xof().read(&mut *expanded);
        let part = |start: usize| B32::try_from(&expanded[start..start + 32]).expect("32 bytes");
        let (mut d, mut z) = (part(0), part(32));
        let (ml_kem, _) = MlKem768::generate_deterministic(&d, &z);
        d.zeroize();
        z.zeroize();
        let scalar: Zeroizing<[u8; 32]> = Zeroizing::new(part(64).into());
        Halves { ml_kem, x25519: StaticSecret::from(*scalar) }
    }

    fn unwrap(&self, stanza: &Stanza) -> Result<Option<FileKey>, DecryptError> {
        let [encapsulated] = &stanza.args[..] else { return Err(DecryptError::InvalidHeader) };
        let encapsulated =
            BASE64_STANDARD_NO_PAD.decode(encapsulated).map_err(|_| DecryptError::InvalidHeader)?;
        if encapsulated.len() != ML_KEM_CIPHERTEXT_LENGTH + 32 || stanza.body.len() != WRAPPED_KEY_LENGTH {
            return Err(DecryptError::InvalidHeader);
        }
        let (ciphertext, share) = encapsulated.split_at(ML_KEM_CIPHERTEXT_LENGTH);
        let ciphertext = Ciphertext::<MlKem768>::try_from(ciphertext).expect("the length was checked");
        let share = PublicKey::from(<[u8; 32]>::try_from(share).expect("the length was checked"));

        let halves = self.expand();
        let x25519_secret = halves.x25519.diffie_hellman(&share);
        if !x25519_secret.was_contributory() {
            return Err(DecryptError::InvalidHeader);
        }
        let mut ml_kem_secret = halves.ml_kem.decapsulate(&ciphertext).expect("decapsulation has no failure");
        let own = PublicKey::from(&halves.x25519);
        let secret = combine(&ml_kem_secret, x25519_secret.as_bytes(), &share, &own);
        ml_kem_secret.zeroize();
        let (cipher, nonce) = schedule(&secret);
        let Ok(opened) = cipher.decrypt(&nonce, stanza.body.as_slice()).map(Zeroizing::new) else {
            return Ok(None); // for another identity of this type
        };
        Ok(Some(FileKey::init_with_mut(|key| key.copy_from_slice(&opened))))
    }
}

impl FromStr for HybridIdentity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = Zeroizing::new(decode(text, IDENTITY_HRP)?);
        let seed = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| "incorrect private key length")?;
        Ok(Self { seed: Zeroizing::new(seed) })
    }
}

impl age::Identity for HybridIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != TAG {
            return None;
        }
        self.unwrap(stanza).transpose()
    }
}

struct Halves {
    ml_kem: DecapsulationKey<MlKem768Params>,
    x25519: StaticSecret,
}

fn decode(text: &str, expected: Hrp) -> Result<Vec<u8>, &'static str> {
    bech32_decode(
        text,
        |_| "invalid Bech32 encoding",
        |hrp| if hrp == expected { Ok(()) } else { Err("incorrect HRP") },
        |_, bytes| Ok(bytes.collect()),
    )
}

/// The combiner of X-Wing.
fn combine(ml_kem: &[u8], x25519: &[u8], share: &PublicKey, public: &PublicKey) -> Zeroizing<[u8; 32]> {
    let hash = Sha3_256::new()
        .chain_update(ml_kem)
        .chain_update(x25519)
        .chain_update(share.as_bytes())
        .chain_update(public.as_bytes())
        .chain_update(COMBINER_LABEL);
    Zeroizing::new(hash.finalize().into())
}

/// The key schedule of HPKE in base mode (RFC 9180, 5.1), for one message.
fn schedule(shared_secret: &[u8; 32]) -> (ChaCha20Poly1305, Nonce) {
    let context =
        [&[0], extract(&[], b"psk_id_hash", &[]).0.as_slice(), extract(&[], b"info_hash", INFO).0.as_slice()]
            .concat();
    let (_, secret) = extract(shared_secret, b"secret", &[]);
    let mut key = Zeroizing::new([0; 32]);
    expand(&secret, b"key", &context, &mut *key);
    let mut nonce = Nonce::default();
    expand(&secret, b"base_nonce", &context, &mut nonce);
    (ChaCha20Poly1305::new((&*key).into()), nonce)
}

/// `LabeledExtract` of RFC 9180, section 4.
fn extract(salt: &[u8], label: &[u8], input: &[u8]) -> ([u8; 32], Hkdf<Sha256>) {
    let material = Zeroizing::new([b"HPKE-v1", SUITE, label, input].concat());
    let (key, hkdf) = Hkdf::extract(Some(salt), &material);
    (key.into(), hkdf)
}

/// `LabeledExpand` of RFC 9180, section 4.
fn expand(key: &Hkdf<Sha256>, label: &[u8], context: &[u8], output: &mut [u8]) {
    let length = u16::try_from(output.len()).expect("keys and nonces are short").to_be_bytes();
    let info = [&length, b"HPKE-v1".as_slice(), SUITE, label, context];
    key.expand_multi_info(&info, output).expect("keys and nonces are short");
}
