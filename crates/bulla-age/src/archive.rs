//! age files of any size, as the program `age` writes them.

use std::sync::Arc;

use bulla_core::{Environment, SecretBytes};
use zeroize::Zeroizing;

use crate::encrypted;
use crate::file::{self, Form};
use crate::provider::{Options, Setup};
use crate::sources;

/// Whether a text begins as age files do, armored or not.
pub fn is_age(file: &[u8]) -> bool {
    encrypted::form(file.trim_ascii_start()).is_some()
}

/// Decrypts an age file with the identities that are found where those for
/// files of sops are (`sops.md` 4.1).
///
/// Fails where there is none, where none fits, and for files that are damaged.
pub fn decrypt(file: &[u8], environment: &Environment, options: Options) -> Result<SecretBytes, String> {
    let setup = Arc::new(Setup { environment: environment.clone(), options });
    let identities = sources::load("", &setup);
    if identities.found.is_empty() {
        return Err(identities.explain("failed to load age identities"));
    }
    let form = encrypted::form(file).unwrap_or(Form::Armored);
    // Large enough that it never moves.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(file.len()));
    file::open(file, form, &identities.found, &mut plaintext).map_err(|error| error.to_string())?;
    Ok(SecretBytes::new(std::mem::take(&mut *plaintext)))
}

#[cfg(test)]
mod tests {
    use bulla_core::{Random, RandomError};

    use super::*;

    struct System;

    impl Random for System {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
            getrandom::fill(buffer).map_err(|_| RandomError)
        }
    }

    fn options() -> Options {
        Options::new(Arc::new(System))
    }

    fn environment(identity: &str) -> Environment {
        let variables = [("SOPS_AGE_KEY".into(), identity.into())];
        Environment::new(variables, std::path::PathBuf::new())
    }

    fn encrypted(recipients: &[String], plaintext: &[u8]) -> String {
        let recipients: Vec<age::x25519::Recipient> =
            recipients.iter().map(|text| text.parse().unwrap()).collect();
        let all = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let mut armored =
            age::armor::ArmoredWriter::wrap_output(Vec::new(), age::armor::Format::AsciiArmor).unwrap();
        let mut writer = age::Encryptor::with_recipients(all).unwrap().wrap_output(&mut armored).unwrap();
        std::io::Write::write_all(&mut writer, plaintext).unwrap();
        writer.finish().unwrap();
        String::from_utf8(armored.finish().unwrap()).unwrap()
    }

    #[test]
    fn each_recipient_opens_a_file_of_many_chunks_and_nobody_else() {
        let pairs: Vec<_> = (0..3).map(|_| crate::generate()).collect();
        let recipients: Vec<String> = pairs[..2].iter().map(|pair| pair.recipient.clone()).collect();
        let plaintext = vec![7; 200_000];
        let file = encrypted(&recipients, &plaintext);
        assert!(is_age(file.as_bytes()) && file.ends_with('\n'));
        for (pair, opens) in pairs.iter().zip([true, true, false]) {
            let opened = decrypt(file.as_bytes(), &environment(pair.identity.expose()), options());
            assert_eq!(opened.is_ok_and(|opened| opened.expose() == plaintext), opens);
        }
        let damaged = file.replacen("\n-----END", "AAAA\n-----END", 1);
        let own = environment(pairs[0].identity.expose());
        assert!(decrypt(damaged.as_bytes(), &own, options()).is_err());
    }

    #[test]
    fn age_files_are_known_by_their_start() {
        assert!(!is_age(b"-----BEGIN RSA PRIVATE KEY-----") && is_age(b"age-encryption.org/v1\n"));
        assert!(is_age(b"\n-----BEGIN AGE ENCRYPTED FILE-----\n"));
    }
}
