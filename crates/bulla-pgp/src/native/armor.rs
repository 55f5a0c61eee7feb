//! ASCII armor (RFC 4880 6.2): the text form of keys and messages.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use zeroize::Zeroizing;

use super::NativeError;

/// Characters of a line, as gpg breaks them.
const LINE: usize = 64;

const CRC_INIT: u32 = 0x00b7_04ce;
const CRC_POLYNOMIAL: u32 = 0x0186_4cfb;

/// Returns the binary forms of all armored blocks of the given `kinds`
/// ("MESSAGE", ...) in `input`, or `input` itself where it is binary OpenPGP.
/// Text around blocks is ignored, and so are checksums, which protect
/// nothing (RFC 9580 6.1).
pub(super) fn read(
    input: &[u8],
    kinds: &[&str],
    what: &'static str,
) -> Result<Vec<Zeroizing<Vec<u8>>>, NativeError> {
    let malformed = NativeError::Malformed(what);
    // Every packet starts with a bit that no text has.
    if input.first().is_some_and(|byte| byte & 0x80 != 0) && !input.starts_with(b"\xef\xbb\xbf") {
        return Ok(vec![Zeroizing::new(input.to_vec())]);
    }
    let text = str::from_utf8(input).map_err(|_| NativeError::Malformed(what))?;
    let mut lines = text.lines().map(str::trim);
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        let line = line.trim_start_matches('\u{feff}');
        let begun = line.strip_prefix("-----BEGIN PGP ").and_then(|rest| rest.strip_suffix("-----"));
        if begun.is_some_and(|kind| kinds.contains(&kind)) {
            blocks.push(body(&mut lines).ok_or(NativeError::Malformed(what))?);
        }
    }
    if blocks.is_empty() { Err(malformed) } else { Ok(blocks) }
}

/// Reads from behind a `BEGIN` line to the `END` line.
fn body<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<Zeroizing<Vec<u8>>> {
    let mut data = Zeroizing::new(String::new());
    let mut in_headers = true;
    let mut ended = false;
    for line in lines {
        in_headers &= line.contains(':');
        if line.starts_with("-----END ") {
            ended = true;
            break;
        }
        // A line of data that starts with a padding character is the checksum.
        if !in_headers && !line.starts_with('=') {
            data.push_str(line);
        }
    }
    let bytes = BASE64_STANDARD.decode(data.as_bytes()).ok().map(Zeroizing::new)?;
    (ended && !bytes.is_empty()).then_some(bytes)
}

/// Writes a message as gpg does, without a line feed at its end.
pub(super) fn write(message: &[u8]) -> String {
    let mut text = String::from("-----BEGIN PGP MESSAGE-----\n\n");
    let encoded = BASE64_STANDARD.encode(message);
    for line in encoded.as_bytes().chunks(LINE) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    let checksum = BASE64_STANDARD.encode(&crc(message).to_be_bytes()[1..]);
    writeln!(text, "={checksum}\n-----END PGP MESSAGE-----").expect("a String takes everything");
    text.truncate(text.trim_end().len());
    text
}

/// The CRC of RFC 4880 6.1.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(CRC_INIT, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 16), |sum, _| {
            let shifted = sum << 1;
            if shifted & 0x0100_0000 == 0 { shifted } else { shifted ^ CRC_POLYNOMIAL }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Result<Vec<Vec<u8>>, NativeError> {
        Ok(read(text.as_bytes(), &["MESSAGE"], "message")?.iter().map(|block| block.to_vec()).collect())
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [1, 2, 3, 47, 48, 49, 1000] {
            let bytes = vec![0xa5; length];
            let text = write(&bytes);
            assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
            assert_eq!(messages(&text).unwrap(), [bytes]);
        }
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // The check value of CRC-24/OPENPGP.
        assert_eq!(crc(b"123456789"), 0x0021_cf02);
    }

    #[test]
    fn headers_text_around_blocks_and_other_blocks_are_skipped() {
        let text = "From: a\n\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\r\n\
                    -----BEGIN PGP MESSAGE-----\r\nVersion: GnuPG v2\r\nComment: x\r\n\r\naGk=\r\n=zzzz\r\n\
                    -----END PGP MESSAGE-----\r\nbye\n-----BEGIN PGP MESSAGE-----\naGk=\n\
                    -----END PGP MESSAGE-----";
        assert_eq!(messages(text).unwrap(), [b"hi", b"hi"]);
    }

    #[test]
    fn binary_input_is_taken_as_it_is() {
        assert_eq!(read(b"\x99\x01", &["MESSAGE"], "message").unwrap()[0].as_slice(), b"\x99\x01");
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in [
            "",
            "text",
            "-----BEGIN PGP MESSAGE-----",
            "-----BEGIN PGP MESSAGE-----\n\naGk=\n",
            "-----BEGIN PGP MESSAGE-----\n\n-----END PGP MESSAGE-----",
            "-----BEGIN PGP MESSAGE-----\n\na*k=\n-----END PGP MESSAGE-----",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\naGk=\n-----END PGP PRIVATE KEY BLOCK-----",
        ] {
            assert_eq!(messages(text), Err(NativeError::Malformed("message")), "{text}");
        }
        assert!(read(b"a\xff", &["MESSAGE"], "message").is_err());
    }
}
