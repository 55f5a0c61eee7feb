//! Lane `vault`: our transit provider against a real Vault.
