//! Password hashes and derived passwords.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::Random;

use super::random::bytes;
use super::{Error, digest::hash};

/// The cost that sprig uses: Go's default.
const COST: u32 = 10;

/// `bcrypt`: a hash of cost 10 in the form `$2a$10$...`. As in sprig a password
/// of more than 72 bytes gives a sentence in place of the hash.
pub(crate) fn bcrypt(random: &dyn Random, password: &[u8]) -> Result<String, Error> {
    if password.len() > 72 {
        return Ok("failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".into());
    }
    let parts = bcrypt::hash_with_salt(password, COST, bytes(random)?)
        .map_err(|_| Error::Argument("a password that bcrypt cannot hash"))?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}

/// `htpasswd`: a line `user:hash`, with the algorithm `sha` a SHA-1 digest,
/// with any other bcrypt. As in sprig a user name with a colon gives a
/// sentence in place of the line.
pub(crate) fn htpasswd(
    random: &dyn Random,
    user: &str,
    password: &[u8],
    algorithm: &str,
) -> Result<String, Error> {
    if user.contains(':') {
        return Ok(format!("invalid username: {user}"));
    }
    Ok(match algorithm {
        "sha" => {
            let digest = hash(&digest::SHA1_FOR_LEGACY_USE_ONLY, password);
            format!("{user}:{{SHA}}{}", STANDARD.encode(digest))
        }
        _ => format!("{user}:{}", bcrypt(random, password)?),
    })
}

/// The templates of a kind of password; each letter names a set of characters.
fn templates(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(letter: u8) -> &'static [u8] {
    match letter {
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// What the derivation calls itself in its salts.
const SEED: &[u8] = b"com.lyndir.masterpassword";

/// `derivePassword`: the Master Password algorithm, version 3 (scrypt with
/// N = 32768, r = 8, p = 2: 32 MiB). As in sprig an unknown kind gives a
/// sentence in place of the password.
pub(crate) fn derive_password(
    counter: u32,
    kind: &str,
    password: &[u8],
    user: &[u8],
    site: &[u8],
) -> Result<String, Error> {
    let Some(templates) = templates(kind) else {
        return Ok(format!("cannot find password template {kind}"));
    };
    let length = |text: &[u8]| (text.len() as u32).to_be_bytes();
    let parameters = scrypt::Params::new(15, 8, 2, 64).map_err(|_| Error::Argument("scrypt parameters"))?;
    let mut key = [0; 64];
    scrypt::scrypt(password, &[SEED, &length(user), user].concat(), &parameters, &mut key)
        .map_err(|_| Error::Argument("scrypt parameters"))?;
    let message = [SEED, &length(site), site, &counter.to_be_bytes()].concat();
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &message);
    let (first, seed) = seed.as_ref().split_first().ok_or(Error::Argument("an empty digest"))?;
    let template = templates[usize::from(*first) % templates.len()];
    Ok(template
        .bytes()
        .zip(seed)
        .map(|(letter, seed)| {
            let characters = characters(letter);
            char::from(characters[usize::from(*seed) % characters.len()])
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Counter;
    use super::*;

    #[test]
    fn a_bcrypt_hash_verifies() {
        let hash = bcrypt(&Counter::default(), b"secret").unwrap();
        assert!(hash.starts_with("$2a$10$"));
        assert!(bcrypt::verify(b"secret", &hash).unwrap());
        assert!(!bcrypt::verify(b"Secret", &hash).unwrap());
        assert!(bcrypt(&Counter::default(), &[b'a'; 73]).unwrap().starts_with("failed to encrypt"));
    }

    #[test]
    fn a_sha_line_is_what_apache_reads() {
        let line = htpasswd(&Counter::default(), "user", b"password", "sha").unwrap();
        assert_eq!(line, "user:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=");
        assert_eq!(htpasswd(&Counter::default(), "a:b", b"", "").unwrap(), "invalid username: a:b");
    }

    #[test]
    fn derived_passwords_are_those_of_sprig() {
        let derive =
            |counter, kind| derive_password(counter, kind, b"password", b"user", b"example.com").unwrap();
        for (kind, first, second) in [
            ("basic", "pIS54PLs", "OQe2Zwl7"),
            ("long", "ZedaFaxcZaso9*", "Fovi2@JifpTupx"),
            ("maximum", "pf4zS1LjCg&LjhsZ7T2~", "O8-6Bwz1*I5XVPPq)@H!"),
            ("medium", "ZedJuz8$", "Fov2-Jal"),
            ("pin", "6685", "3882"),
            ("short", "Zed5", "Fov2"),
        ] {
            assert_eq!((derive(1, kind), derive(2, kind)), (first.into(), second.into()), "{kind}");
        }
        assert_eq!(derive(1, "other"), "cannot find password template other");
    }
}
