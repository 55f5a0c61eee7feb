//! The operating system's random source (`security.md` C-12).

use bulla_core::{Random, RandomError};

/// Random bytes from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// Fills `buffer` completely. An empty buffer is an error: whoever asks for
    /// no randomness is about to use a constant as a key.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        if buffer.is_empty() {
            return Err(RandomError);
        }
        getrandom::fill(buffer).map_err(|_| RandomError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        SystemRandom.fill(&mut first).unwrap();
        SystemRandom.fill(&mut second).unwrap();
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }

    #[test]
    fn c_12_no_randomness_is_an_error() {
        assert!(SystemRandom.fill(&mut []).is_err());
    }
}
