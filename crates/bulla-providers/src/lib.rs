//! The registry of key providers. A provider is a line in [`KEYS`], its crate
//! a dependency and a feature; nothing else names vendor crates.

mod bounded;

use std::sync::Arc;

use bulla_core::{Context, KeyProvider, SecretText};
/// Key services at an address, and the server that makes one of ours.
#[cfg(feature = "keyservice")]
pub use bulla_keyservice as key_service;

pub use bounded::{Bounded, Questions};

/// Asks the user for a passphrase with the given prompt; the error says why
/// there is none.
pub type Passphrase = Arc<dyn Fn(&str) -> Result<SecretText, String> + Send + Sync>;

/// Shows the user a message.
pub type Message = Arc<dyn Fn(&str) + Send + Sync>;

/// How providers talk to the user, where there is one.
#[derive(Clone, Default)]
pub struct Dialog {
    /// Asks for passphrases.
    pub passphrase: Option<Passphrase>,
    /// Shows messages.
    pub message: Option<Message>,
    /// True where programs of the user may be started: age plugins, agents.
    pub programs: bool,
}

/// How a provider is made. Making one reads nothing and connects nowhere.
pub type Connect = fn(&Context, &Dialog) -> Box<dyn KeyProvider>;

/// The providers of this build, in the order in which they are asked.
pub const KEYS: &[Connect] = &[
    #[cfg(feature = "age")]
    age,
    #[cfg(feature = "pgp")]
    pgp,
    #[cfg(feature = "aws")]
    aws_kms,
    #[cfg(feature = "vault")]
    vault,
];

/// Makes the providers of this build.
pub fn key_providers(context: &Context, dialog: &Dialog) -> Vec<Box<dyn KeyProvider>> {
    KEYS.iter().map(|connect| connect(context, dialog)).collect()
}

#[cfg(feature = "age")]
fn age(context: &Context, dialog: &Dialog) -> Box<dyn KeyProvider> {
    Box::new(bulla_age::AgeProvider::new(context.environment.clone(), age_options(context, dialog)))
}

#[cfg(feature = "age")]
fn age_options(context: &Context, dialog: &Dialog) -> bulla_age::Options {
    let mut options = bulla_age::Options::new(Arc::clone(&context.random));
    options.agent = dialog.programs;
    options.plugins = dialog.programs;
    options.message.clone_from(&dialog.message);
    options.passphrase = dialog.passphrase.clone().map(|ask| {
        let prompt: bulla_age::PassphrasePrompt =
            Arc::new(move |text: &str| ask(text).map_err(bulla_age::PromptError));
        prompt
    });
    options
}

#[cfg(feature = "pgp")]
fn pgp(context: &Context, dialog: &Dialog) -> Box<dyn KeyProvider> {
    let mut options = bulla_pgp::Options::new(Arc::clone(&context.clock), Arc::clone(&context.random));
    options.gpg = dialog.programs;
    options.passphrase.clone_from(&dialog.passphrase);
    Box::new(bulla_pgp::PgpProvider::new(context.environment.clone(), options))
}

#[cfg(feature = "aws")]
fn aws_kms(context: &Context, _: &Dialog) -> Box<dyn KeyProvider> {
    Box::new(bulla_aws::KmsProvider::new(context.environment.clone()))
}

#[cfg(feature = "vault")]
fn vault(context: &Context, dialog: &Dialog) -> Box<dyn KeyProvider> {
    Box::new(bulla_vault::VaultProvider::new(context.environment.clone(), dialog.message.clone()))
}

/// Makes an age key, a post-quantum one if asked for.
#[cfg(feature = "age")]
pub fn generate_age_key(
    random: &Arc<dyn bulla_core::Random>,
    post_quantum: bool,
) -> Result<bulla_age::KeyPair, bulla_core::RandomError> {
    if post_quantum { bulla_age::generate_hybrid(random) } else { Ok(bulla_age::generate()) }
}

/// Whether a text is an age file, armored or not.
#[cfg(feature = "age")]
pub use bulla_age::is_age;

/// Encrypts to age recipients; returns an armored file, which the program
/// `age` decrypts as well. Texts of errors name recipients.
#[cfg(feature = "age")]
pub fn encrypt_with_age(
    context: &Context,
    dialog: &Dialog,
    recipients: &[String],
    plaintext: &[u8],
) -> Result<String, String> {
    bulla_age::encrypt(recipients, plaintext, &context.environment, age_options(context, dialog))
}

/// Decrypts an age file with the identities at hand.
#[cfg(feature = "age")]
pub fn decrypt_with_age(
    context: &Context,
    dialog: &Dialog,
    file: &[u8],
) -> Result<bulla_core::SecretBytes, String> {
    bulla_age::decrypt(file, &context.environment, age_options(context, dialog))
}
