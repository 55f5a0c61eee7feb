//! Cryptographic primitives: AES-256-GCM with 32-byte nonces and Shamir secret sharing over GF(256).
