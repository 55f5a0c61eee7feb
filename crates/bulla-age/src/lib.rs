//! age recipients and identities as a key provider.
