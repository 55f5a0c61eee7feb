//! Digests in hexadecimal and the Adler checksum.

use aws_lc_rs::digest::{self, Algorithm};

pub(super) fn hash(algorithm: &'static Algorithm, input: &[u8]) -> Vec<u8> {
    digest::digest(algorithm, input).as_ref().to_vec()
}

/// Two lower-case digits for each byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// `sha1sum`.
pub(crate) fn sha1sum(input: &[u8]) -> String {
    hexadecimal(&hash(&digest::SHA1_FOR_LEGACY_USE_ONLY, input))
}

/// `sha256sum`.
pub(crate) fn sha256sum(input: &[u8]) -> String {
    hexadecimal(&hash(&digest::SHA256, input))
}

/// `sha512sum`.
pub(crate) fn sha512sum(input: &[u8]) -> String {
    hexadecimal(&hash(&digest::SHA512, input))
}

/// `adler32sum`: RFC 1950, in decimal.
pub(crate) fn adler32sum(input: &[u8]) -> String {
    let (a, b) = input.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16 | a).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() {
        assert_eq!(sha1sum(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(sha256sum(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(sha512sum(b"abc").starts_with("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"));
        assert_eq!(adler32sum(b"Wikipedia"), "300286872");
    }
}
