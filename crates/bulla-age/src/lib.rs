//! age recipients and identities as a key provider (`sops.md` 4.1; the format
//! is <https://c2sp.org/age>).
//!
//! The key types come from the `age` crate, except the hybrid post-quantum
//! one ([`hybrid`]). The crate reads key files, runs the commands named by
//! `SOPS_AGE_*_CMD` and talks to gpg-agent; it takes the environment as a
//! value, and asks the user through callbacks in [`Options`].

mod agent;
mod archive;
mod command;
mod encrypted;
mod file;
pub mod hybrid;
mod identity;
mod keygen;
mod pem;
mod plugin;
mod provider;
mod recipient;
mod sources;
mod ssh;

pub use archive::{decrypt, encrypt, is_age};
pub use file::{FileError, Form, open};
pub use identity::{BoxedIdentity, IdentityError, parse_identities, passphrase_identity};
pub use keygen::{KeyPair, generate, generate_hybrid};
pub use provider::{AgeProvider, MessageDisplay, Options, PassphrasePrompt, PromptError};
pub use recipient::{Recipient, RecipientError};
