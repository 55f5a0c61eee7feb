//! Cryptographic primitives: AES-256-GCM as SOPS uses it, Shamir secret
//! sharing over GF(2^8), and the operating system's random source.
//!
//! No I/O beyond [`SystemRandom`], no formats: callers hand in and take out
//! bytes.

mod aead;
mod random;
mod shamir;

pub use aead::{NONCE_LENGTH, OpenError, Sealed, TAG_LENGTH, ValueCipher};
pub use random::SystemRandom;
pub use shamir::{ShamirError, combine, split};

#[cfg(test)]
mod vectors;
