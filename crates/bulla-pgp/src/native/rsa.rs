//! RSA decryption with aws-lc: the secret numbers of an OpenPGP key, given to
//! it as PKCS#8.

use std::panic::{AssertUnwindSafe, catch_unwind};

use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use num_bigint_dig::BigUint;
use pgp::crypto::rsa::SecretKey;
use pgp::ser::Serialize as _;
use pgp::types::{Mpi, RsaPublicParams};
use zeroize::Zeroizing;

/// Bits of the shortest and the longest modulus that aws-lc takes.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why there is no plaintext.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RsaError {
    /// The modulus has this many bits, and aws-lc takes it not.
    Size(usize),
    /// The numbers are no RSA key, or the ciphertext is not for them. Which
    /// of the two, and why, is nobody's business.
    Failed,
}

/// Decrypts with PKCS#1 v1.5 padding.
pub(super) fn decrypt(
    public: &RsaPublicParams,
    secret: &SecretKey,
    ciphertext: &Mpi,
) -> Result<Zeroizing<Vec<u8>>, RsaError> {
    let length = secret.size();
    if !BITS.contains(&(length * 8)) {
        return Err(RsaError::Size(length * 8));
    }
    let document = pkcs8(public, secret).ok_or(RsaError::Failed)?;
    let key = PrivateDecryptingKey::from_pkcs8(&document).map_err(|_| RsaError::Failed)?;
    let key = Pkcs1PrivateDecryptingKey::new(key).map_err(|_| RsaError::Failed)?;
    let missing = key.key_size_bytes().checked_sub(ciphertext.len()).ok_or(RsaError::Failed)?;
    let padded = [&vec![0; missing], ciphertext.as_ref()].concat();
    let mut plaintext = Zeroizing::new(vec![0; key.min_output_size()]);
    let length = key.decrypt(&padded, &mut plaintext).map_err(|_| RsaError::Failed)?.len();
    plaintext.truncate(length);
    Ok(plaintext)
}

/// Writes a PrivateKeyInfo (RFC 5208) around an RSAPrivateKey (RFC 8017 A.1.2).
fn pkcs8(public: &RsaPublicParams, secret: &SecretKey) -> Option<Zeroizing<Vec<u8>>> {
    const RSA_ENCRYPTION: &[u8] =
        &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let [modulus, exponent] = public_numbers(public)?;
    // It panics where the primes of a key file have a common divisor.
    let (d, p, q, u) = catch_unwind(AssertUnwindSafe(|| secret.to_bytes())).ok()?;
    let [d, p, q, u] = [d, p, q, u].map(Zeroizing::new);
    // OpenPGP keeps the inverse of p modulo q, PKCS#1 that of its second
    // prime modulo its first: q stands first.
    let [exponent_1, exponent_2] = [reduced(&d, &q)?, reduced(&d, &p)?];
    let numbers = [&[][..], &modulus, &exponent, &d, &q, &p, &exponent_1, &exponent_2, &u];
    let key = tagged(0x30, &joined(&numbers.map(integer)));
    let parts = [integer(&[]), Zeroizing::new(RSA_ENCRYPTION.to_vec()), tagged(0x04, &key)];
    Some(tagged(0x30, &joined(&parts)))
}

/// Modulus and public exponent.
fn public_numbers(public: &RsaPublicParams) -> Option<[Vec<u8>; 2]> {
    let bytes = public.to_bytes().ok()?;
    let mut rest = bytes.as_slice();
    let mut number = || Mpi::try_from_reader(&mut rest).ok().map(|number| number.as_ref().to_vec());
    Some([number()?, number()?])
}

/// The private exponent modulo `prime - 1`.
fn reduced(exponent: &[u8], prime: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let [exponent, prime] = [exponent, prime].map(BigUint::from_bytes_be);
    if prime <= BigUint::from(1u8) {
        return None;
    }
    Some(Zeroizing::new((exponent % (prime - 1u8)).to_bytes_be()))
}

/// DER of an unsigned number.
fn integer(number: &[u8]) -> Zeroizing<Vec<u8>> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let signed = number.first().is_none_or(|byte| byte & 0x80 != 0);
    let content = Zeroizing::new([if signed { &[0][..] } else { &[] }, number].concat());
    tagged(0x02, &content)
}

fn joined(parts: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
    let mut all = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        all.extend_from_slice(part);
    }
    all
}

fn tagged(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut der = Zeroizing::new(Vec::with_capacity(content.len() + length.len() + 2));
    der.push(tag);
    if content.len() >= 0x80 {
        der.push(0x80 | length.len() as u8);
        der.extend_from_slice(length);
    } else {
        der.push(content.len() as u8);
    }
    der.extend_from_slice(content);
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_der_has_them() {
        assert_eq!(integer(&[]).as_slice(), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x7f]).as_slice(), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]).as_slice(), [2, 2, 0, 0x80]);
        assert_eq!(tagged(4, &[0; 127]).len(), 129);
        assert_eq!(tagged(4, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tagged(4, &[0; 256])[..4], [4, 0x82, 1, 0]);
    }
}
