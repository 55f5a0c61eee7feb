//! Shamir secret sharing over GF(2^8) with the polynomial 0x11B, in the share
//! layout of SOPS (`sops.md` 3.9): `y1 .. yn x`.
//!
//! Arithmetic uses neither tables nor branches that depend on secret bytes
//! (`security.md` C-08).

use bulla_core::{Random, RandomError, SecretBytes};
use zeroize::Zeroizing;

/// Why a secret could not be split or combined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShamirError {
    /// Two shares have the same x coordinate.
    #[error("duplicate share detected")]
    DuplicateShare,
    /// There is nothing to split.
    #[error("cannot split an empty secret")]
    EmptySecret,
    /// More shares are needed for a threshold than there are to be.
    #[error("parts cannot be less than threshold")]
    FewerPartsThanThreshold,
    /// The random source failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A share is too short to hold a y and an x.
    #[error("parts must be at least two bytes")]
    ShareTooShort,
    /// Not enough shares to find the secret.
    #[error("{found} shares are not enough, {needed} are needed")]
    TooFewShares {
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// More shares than there are x coordinates.
    #[error("parts cannot exceed 255")]
    TooManyParts,
    /// A threshold below two would make each share the secret.
    #[error("threshold must be at least 2")]
    ThresholdTooLow,
    /// Shares of different lengths do not belong together.
    #[error("all parts must be the same length")]
    UnequalLengths,
    /// A share at x = 0 would itself be the secret.
    #[error("a share has the x coordinate 0")]
    ZeroShare,
}

/// Splits `secret` into `parts` shares, any `threshold` of which give it back.
///
/// Share i (from 0) is evaluated at x = i + 1 and is one byte longer than the
/// secret. Takes `threshold - 1` random bytes per secret byte.
pub fn split(
    secret: &SecretBytes,
    parts: usize,
    threshold: usize,
    random: &dyn Random,
) -> Result<Vec<SecretBytes>, ShamirError> {
    let secret = secret.expose();
    if threshold < 2 {
        return Err(ShamirError::ThresholdTooLow);
    }
    if parts < threshold {
        return Err(ShamirError::FewerPartsThanThreshold);
    }
    let parts = u8::try_from(parts).map_err(|_| ShamirError::TooManyParts)?;
    if secret.is_empty() {
        return Err(ShamirError::EmptySecret);
    }
    let degree = threshold - 1;
    let mut coefficients = Zeroizing::new(vec![0; secret.len() * degree]);
    random.fill(&mut coefficients)?;
    let share_at = |x: u8| {
        let mut share = Vec::with_capacity(secret.len() + 1);
        share.extend(secret.iter().zip(coefficients.chunks_exact(degree)).map(|(constant, rest)| {
            rest.iter().fold(0, |sum, coefficient| multiply(sum ^ coefficient, x)) ^ constant
        }));
        share.push(x);
        SecretBytes::new(share)
    };
    Ok((1..=parts).map(share_at).collect())
}

/// Combines all `shares`, of which there must be at least `threshold` and
/// never fewer than two.
///
/// Shares carry no integrity: wrong ones give a wrong secret, which only the
/// authentication of what it decrypts can show.
pub fn combine(shares: &[SecretBytes], threshold: usize) -> Result<SecretBytes, ShamirError> {
    let needed = threshold.max(2);
    if shares.len() < needed {
        return Err(ShamirError::TooFewShares { found: shares.len(), needed });
    }
    let points = points(shares)?;
    let mut secret = SecretAccumulator::zero(points[0].1.len());
    for (i, (x, ys)) in points.iter().enumerate() {
        // The Lagrange basis polynomial of this share at 0; minus is plus here.
        let others = points.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, point)| point.0);
        let weight = others.fold(1, |product, other| multiply(product, multiply(other, invert(other ^ x))));
        secret.add(ys, weight);
    }
    Ok(secret.finish())
}

/// Takes the shares apart into (x, ys) and checks that they can belong together.
fn points(shares: &[SecretBytes]) -> Result<Vec<(u8, &[u8])>, ShamirError> {
    let mut seen = [false; 256];
    let mut points = Vec::with_capacity(shares.len());
    for share in shares {
        let (&x, ys) = share.expose().split_last().ok_or(ShamirError::ShareTooShort)?;
        if ys.is_empty() {
            return Err(ShamirError::ShareTooShort);
        }
        if ys.len() + 1 != shares[0].expose().len() {
            return Err(ShamirError::UnequalLengths);
        }
        if x == 0 {
            return Err(ShamirError::ZeroShare);
        }
        if core::mem::replace(&mut seen[usize::from(x)], true) {
            return Err(ShamirError::DuplicateShare);
        }
        points.push((x, ys));
    }
    Ok(points)
}

/// A sum of weighted shares, wiped unless it becomes the secret.
struct SecretAccumulator(Zeroizing<Vec<u8>>);

impl SecretAccumulator {
    fn zero(length: usize) -> Self {
        Self(Zeroizing::new(vec![0; length]))
    }

    fn add(&mut self, ys: &[u8], weight: u8) {
        for (sum, y) in self.0.iter_mut().zip(ys) {
            *sum ^= multiply(*y, weight);
        }
    }

    fn finish(mut self) -> SecretBytes {
        SecretBytes::new(core::mem::take(&mut *self.0))
    }
}

/// Multiplies in GF(2^8): eight rounds of shift and masked addition.
fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    for _ in 0..8 {
        product ^= a & 0u8.wrapping_sub(b & 1);
        let carry = 0u8.wrapping_sub(a >> 7);
        a = (a << 1) ^ (carry & 0x1B);
        b >>= 1;
    }
    product
}

/// Inverts a non-zero element: a^254. Gives 0 for 0.
fn invert(a: u8) -> u8 {
    // 254 = 0b1111_1110, so the square of every prefix is multiplied in
    // except the last.
    let mut power = a;
    for _ in 0..6 {
        power = multiply(multiply(power, power), a);
    }
    multiply(power, power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    struct Broken;

    impl Random for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }

    /// The slope of the example in `sops.md` 3.11.
    struct Slope;

    impl Random for Slope {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
            buffer.iter_mut().zip(0..).for_each(|(byte, i)| *byte = 0xa5 ^ i);
            Ok(())
        }
    }

    fn secret() -> SecretBytes {
        SecretBytes::new((0..32).collect())
    }

    #[test]
    fn every_non_zero_element_has_its_inverse() {
        for a in 1..=255 {
            assert_eq!(multiply(a, invert(a)), 1, "{a}");
        }
        assert_eq!(multiply(0x53, 0xCA), 1);
    }

    #[test]
    fn the_worked_example_gives_its_three_shares() {
        let shares = split(&secret(), 3, 2, &Slope).unwrap();
        let expected = [
            "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a501",
            "515257545d5e5b58494a4f4c45464340616267646d6e6b68797a7f7c7576737002",
            "f4f6f0f2fcfef8fae4e6e0e2eceee8ead4d6d0d2dcded8dac4c6c0c2cccec8ca03",
        ];
        for (share, expected) in shares.iter().zip(expected) {
            assert_eq!(share.expose(), crate::vectors::from_hex(expected));
        }
    }

    #[test]
    fn any_threshold_of_shares_gives_the_secret() {
        for (parts, threshold) in [(2, 2), (3, 2), (5, 3), (255, 255)] {
            let shares = split(&secret(), parts, threshold, &SystemRandom).unwrap();
            let first = combine(&shares[..threshold], threshold).unwrap();
            let last: Vec<_> = shares[parts - threshold..].iter().rev().cloned().collect();
            assert_eq!(first.expose(), secret().expose());
            assert_eq!(combine(&last, threshold).unwrap().expose(), secret().expose());
            assert_eq!(combine(&shares, threshold).unwrap().expose(), secret().expose());
        }
    }

    #[test]
    fn impossible_splits_are_refused() {
        let text = |secret: Vec<u8>, parts, threshold| {
            split(&SecretBytes::new(secret), parts, threshold, &SystemRandom).unwrap_err().to_string()
        };
        assert_eq!(text(vec![1], 3, 1), "threshold must be at least 2");
        assert_eq!(text(vec![1], 2, 3), "parts cannot be less than threshold");
        assert_eq!(text(vec![1], 256, 2), "parts cannot exceed 255");
        assert_eq!(text(vec![], 2, 2), "cannot split an empty secret");
    }

    #[test]
    fn c_08_the_share_at_zero_is_refused() {
        let mut shares = split(&secret(), 2, 2, &SystemRandom).unwrap();
        shares[1] = SecretBytes::new(vec![0; 33]);
        assert!(matches!(combine(&shares, 2), Err(ShamirError::ZeroShare)));
    }

    #[test]
    fn c_08_fewer_shares_than_the_threshold_are_refused() {
        let shares = split(&secret(), 3, 3, &SystemRandom).unwrap();
        assert!(matches!(combine(&shares[..2], 3), Err(ShamirError::TooFewShares { found: 2, needed: 3 })));
        assert!(matches!(combine(&shares[..1], 0), Err(ShamirError::TooFewShares { found: 1, needed: 2 })));
    }

    #[test]
    fn c_12_a_failing_random_source_splits_nothing() {
        assert!(matches!(split(&secret(), 2, 2, &Broken), Err(ShamirError::Random(_))));
    }
}
