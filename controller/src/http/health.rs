//! Whether the process works (`security.md` H-02).

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the outside may know.
#[derive(Default)]
pub(crate) struct Health {
    is_synced: AtomicBool,
    stands_by: AtomicBool,
    certificate: RwLock<Option<Vec<u8>>>,
}

impl Health {
    /// All objects are known.
    pub(crate) fn synced(&self) {
        self.is_synced.store(true, Ordering::Relaxed);
    }

    /// Another replica leads: to serve the certificate is all there is to do.
    pub(crate) fn stands_by(&self, stands_by: bool) {
        self.stands_by.store(stands_by, Ordering::Relaxed);
    }

    /// The certificate of the newest key, in PEM.
    pub(crate) fn certified(&self, certificate: Option<Vec<u8>>) {
        *self.certificate.write().unwrap_or_else(std::sync::PoisonError::into_inner) = certificate;
    }

    /// What to seal with, once there is a key.
    pub(crate) fn certificate(&self) -> Option<Vec<u8>> {
        self.certificate.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// What is missing before work can be given here; nothing where it can.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        match (self.certificate().is_some(), is_set(&self.is_synced) || is_set(&self.stands_by)) {
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
        // A standby that would never be ready would stop a rollout.
        let standby = Health::default();
        standby.stands_by(true);
        assert_eq!(standby.missing(), Some("no sealing key\n"));
        standby.certified(Some(b"pem".to_vec()));
        assert_eq!(standby.missing(), None);
        standby.stands_by(false);
        assert_eq!(standby.missing(), Some("not synced\n"), "a new leader has to read everything first");
    }
}
