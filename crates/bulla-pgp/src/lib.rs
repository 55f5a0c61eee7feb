//! OpenPGP keys as a key provider: master keys of kind `pgp` (`sops.md` 4.2).
//!
//! Keys in files, which the user or the caller names, are used in this process
//! (`native`). All else is left to the program `gpg`, or to the one that
//! `SOPS_GPG_EXEC` names: data keys go in on standard input and come back on
//! standard output, never by argument or file. Where no key file is named
//! everything is gpg's, as with sops; the old key rings that sops looks for
//! first, which modern GnuPG leaves nothing for, are not looked for.
//!
//! gpg runs in a process group of its own, so that it can be ended with all
//! that it started. It may therefore not read from the terminal itself
//! (`pinentry-mode loopback`); the agent's pinentry is not affected.

mod fingerprint;
mod gpg;
mod keys;
pub mod native;
mod provider;

pub use provider::{Options, PassphrasePrompt, PgpProvider};
