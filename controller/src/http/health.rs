//! Whether the process works (`security.md` H-02).

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the outside may know.
#[derive(Default)]
pub(crate) struct Health {
    is_synced: AtomicBool,
    certificate: RwLock<Option<Vec<u8>>>,
}

impl Health {
    /// All objects are known.
    pub(crate) fn synced(&self) {
        self.is_synced.store(true, Ordering::Relaxed);
    }

    /// The certificate of the newest key, in PEM.
    pub(crate) fn certified(&self, certificate: Option<Vec<u8>>) {
        *self.certificate.write().unwrap_or_else(std::sync::PoisonError::into_inner) = certificate;
    }

    /// What to seal with, once there is a key.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.certificate.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// What is missing before work can be given here; nothing where it can.
    pub(super) fn missing(&self) -> Option<&'static str> {
        match (self.certificate().is_some(), self.is_synced.load(Ordering::Relaxed)) {
            (false, _) => Some("no sealing key\n"),
            (_, false) => Some("not synced\n"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_02_ready_needs_a_key_and_synced_caches() {
        let health = Health::default();
        assert_eq!((health.missing(), health.certificate()), (Some("no sealing key\n"), None));
        health.certified(Some(b"pem".to_vec()));
        assert_eq!((health.missing(), health.certificate()), (Some("not synced\n"), Some(b"pem".to_vec())));
        health.synced();
        assert_eq!(health.missing(), None);
        health.certified(None);
        assert_eq!(health.missing(), Some("no sealing key\n"));
    }
}
