//! OpenPGP keys as a key provider: master keys of kind `pgp` (`sops.md` 4.2).
//!
//! All work is left to the program `gpg`, or to the one that `SOPS_GPG_EXEC`
//! names: data keys go in on standard input and come back on standard output,
//! never by argument or file. Reading old key rings in this process, which
//! sops tries first and which modern GnuPG leaves nothing for, is no part of
//! this crate.
//!
//! gpg runs in a process group of its own, so that it can be ended with all
//! that it started. It may therefore not read from the terminal itself
//! (`pinentry-mode loopback`); the agent's pinentry is not affected.

mod fingerprint;
mod gpg;
mod provider;
mod text;

pub use provider::PgpProvider;
