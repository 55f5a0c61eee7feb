//! Transit keys of HashiCorp Vault and OpenBao as a key provider: master keys
//! of kind `hc_vault` (`sops.md` 4.6).
//!
//! A file names the server that its data key goes to, so the address is
//! checked before anything is sent ([`VaultProvider`] says how), names of
//! mounts and keys are single path segments, redirects are not followed, and
//! errors hold a status but never a body, a token or a header. The `VAULT_*`
//! variables and proxies come from the `Environment` alone; only the places of
//! the system's root certificates are looked up by the TLS library itself
//! (`SSL_CERT_FILE`).
//!
//! The requests are made with `reqwest`. The crate `vaultrs` was considered:
//! version 0.8 builds its HTTP client itself and lets it follow redirects with
//! the token, reads replies of any length, carries their text in its errors,
//! and fills its settings from the process environment.

mod address;
mod client;
mod name;
mod provider;
mod settings;

pub use provider::{MessageDisplay, VaultProvider};
