//! Random texts and numbers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::Random;

use super::Error;
use super::digest::hexadecimal;

/// Gives `N` random bytes.
pub(super) fn bytes<const N: usize>(random: &dyn Random) -> Result<[u8; N], Error> {
    let mut out = [0; N];
    random.fill(&mut out)?;
    Ok(out)
}

/// `uuidv4`: RFC 9562.
pub(crate) fn uuidv4(random: &dyn Random) -> Result<String, Error> {
    let mut id = bytes::<16>(random)?;
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    let digits = hexadecimal(&id);
    Ok([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

/// `randBytes`: base64 of `count` bytes, which must not be negative.
pub(crate) fn rand_bytes(random: &dyn Random, count: i64) -> Result<String, Error> {
    let count = usize::try_from(count).map_err(|_| Error::Argument("a negative count of random bytes"))?;
    let mut out = vec![0; count];
    if count > 0 {
        random.fill(&mut out)?;
    }
    Ok(STANDARD.encode(out))
}

/// `count` characters out of `alphabet`, each as likely; none where `count` is
/// negative, since sprig drops that error.
fn text(random: &dyn Random, count: i64, alphabet: &[u8]) -> Result<String, Error> {
    let count = usize::try_from(count).unwrap_or(0);
    // Bytes past the last whole multiple of the alphabet would favour its start.
    let bound = 256 - 256 % alphabet.len();
    let mut out = String::with_capacity(count);
    while out.len() < count {
        for byte in bytes::<64>(random)? {
            if out.len() < count && usize::from(byte) < bound {
                out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    Ok(out)
}

const DIGITS: &[u8] = b"0123456789";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `randAlpha`: ASCII letters.
pub(crate) fn rand_alpha(random: &dyn Random, count: i64) -> Result<String, Error> {
    text(random, count, LETTERS)
}

/// `randAlphaNum`: ASCII letters and digits.
pub(crate) fn rand_alpha_num(random: &dyn Random, count: i64) -> Result<String, Error> {
    text(random, count, &[LETTERS, DIGITS].concat())
}

/// `randAscii`: the characters from the blank to the tilde.
pub(crate) fn rand_ascii(random: &dyn Random, count: i64) -> Result<String, Error> {
    text(random, count, &(b' '..=b'~').collect::<Vec<u8>>())
}

/// `randNumeric`: digits.
pub(crate) fn rand_numeric(random: &dyn Random, count: i64) -> Result<String, Error> {
    text(random, count, DIGITS)
}

/// `randInt`: a number from `min` up to below `max`.
pub(crate) fn rand_int(random: &dyn Random, min: i64, max: i64) -> Result<i64, Error> {
    let range = max.wrapping_sub(min);
    if range <= 0 {
        return Err(Error::Argument("a range of random numbers that holds none"));
    }
    let range = range as u64;
    let bound = u64::MAX - u64::MAX % range;
    loop {
        let value = u64::from_be_bytes(bytes::<8>(random)?);
        if value < bound {
            return Ok(min.wrapping_add((value % range) as i64));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Counter;
    use super::*;

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        let id = uuidv4(&Counter::default()).unwrap();
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
        assert!("89ab".contains(&id[19..20]));
    }

    #[test]
    fn texts_have_their_length_and_alphabet() {
        let random = Counter::default();
        assert_eq!(rand_alpha(&random, 100).unwrap().len(), 100);
        assert!(rand_alpha(&random, 100).unwrap().bytes().all(|byte| byte.is_ascii_alphabetic()));
        assert!(rand_alpha_num(&random, 100).unwrap().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(rand_ascii(&random, 500).unwrap().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert!(rand_numeric(&random, 100).unwrap().bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(rand_alpha(&random, -1).unwrap(), "");
        assert!(rand_bytes(&random, -1).is_err());
        assert_eq!(rand_bytes(&random, 3).unwrap().len(), 4);
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let random = Counter::default();
        for _ in 0..100 {
            assert!((-2..3).contains(&rand_int(&random, -2, 3).unwrap()));
        }
        assert!(rand_int(&random, 3, 3).is_err());
        assert!(rand_int(&random, i64::MIN, i64::MAX).is_err());
    }
}
