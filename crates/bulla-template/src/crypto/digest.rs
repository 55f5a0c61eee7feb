//! Digests in hexadecimal and the Adler checksum.

use aws_lc_rs::digest::{self, Algorithm};

pub(super) fn hash(algorithm: &'static Algorithm, input: &[u8]) -> Vec<u8> {
    digest::digest(algorithm, input).as_ref().to_vec()
}

fn hexadecimal(algorithm: &'static Algorithm, input: &[u8]) -> String {
    hash(algorithm, input).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `sha1sum`.
pub fn sha1sum(input: &[u8]) -> String {
    hexadecimal(&digest::SHA1_FOR_LEGACY_USE_ONLY, input)
}

/// `sha256sum`.
pub fn sha256sum(input: &[u8]) -> String {
    hexadecimal(&digest::SHA256, input)
}

/// `sha512sum`.
pub fn sha512sum(input: &[u8]) -> String {
    hexadecimal(&digest::SHA512, input)
}

/// `adler32sum`: RFC 1950, in decimal.
pub fn adler32sum(input: &[u8]) -> String {
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
