//! age files of any size to several recipients, as the program `age` writes
//! and reads them.

use std::io::Write as _;
use std::sync::Arc;

use age::Encryptor;
use age::armor::{ArmoredWriter, Format};
use bulla_core::{Environment, SecretBytes};
use zeroize::Zeroizing;

use crate::file::{self, Form};
use crate::provider::{Options, Setup};
use crate::recipient::Recipient;
use crate::{encrypted, plugin, sources};

/// Encrypts `plaintext` to each of `recipients`; returns the armored file,
/// which ends with a newline.
///
/// Fails where there is no recipient, where one cannot be used, and where they
/// cannot stand beside each other (post-quantum ones beside others). Texts
/// name the recipient.
pub fn encrypt(
    recipients: &[String],
    plaintext: &[u8],
    environment: &Environment,
    options: Options,
) -> Result<String, String> {
    let setup = Arc::new(Setup { environment: environment.clone(), options });
    let recipients = recipients.iter().map(|text| recipient(text, &setup)).collect::<Result<Vec<_>, _>>()?;
    let encryptor = Encryptor::with_recipients(recipients.iter().map(|recipient| &**recipient));
    let encryptor = encryptor.map_err(|error| plugin::describe_encryption(&error))?;
    let failed = |error: std::io::Error| sources::io_reason(&error);
    let mut armored = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).map_err(failed)?;
    let mut writer = encryptor.wrap_output(&mut armored).map_err(failed)?;
    writer.write_all(plaintext).and_then(|()| writer.finish().map(drop)).map_err(failed)?;
    String::from_utf8(armored.finish().map_err(failed)?).map_err(|_| "armor is not ASCII".to_owned())
}

fn recipient(text: &str, setup: &Arc<Setup>) -> Result<Box<dyn age::Recipient>, String> {
    let recipient = Recipient::parse(text, Arc::clone(&setup.options.random));
    Ok(match recipient.map_err(|error| error.to_string())? {
        Recipient::Hybrid(recipient) => recipient,
        Recipient::Plugin(recipient) => Box::new(plugin::recipient(&recipient, setup)?),
        Recipient::Ssh(recipient) => Box::new(recipient),
        Recipient::X25519(recipient) => Box::new(recipient),
    })
}

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

    #[test]
    fn each_recipient_opens_a_file_of_many_chunks_and_nobody_else() {
        let pairs: Vec<_> = (0..3).map(|_| crate::generate()).collect();
        let recipients: Vec<String> = pairs[..2].iter().map(|pair| pair.recipient.clone()).collect();
        let plaintext = vec![7; 200_000];
        let file = encrypt(&recipients, &plaintext, &environment(""), options()).unwrap();
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
    fn recipients_that_are_none_are_named_and_identities_are_not() {
        let refusal = |text: &str| encrypt(&[text.to_owned()], b"", &environment(""), options()).unwrap_err();
        assert!(refusal("age1nobody").contains("age1nobody"));
        let pair = crate::generate();
        assert!(!refusal(pair.identity.expose()).contains(pair.identity.expose()));
        assert!(encrypt(&[], b"", &environment(""), options()).is_err());
    }

    #[test]
    fn age_files_are_known_by_their_start() {
        assert!(!is_age(b"-----BEGIN RSA PRIVATE KEY-----") && is_age(b"age-encryption.org/v1\n"));
        assert!(is_age(b"\n-----BEGIN AGE ENCRYPTED FILE-----\n"));
    }
}
