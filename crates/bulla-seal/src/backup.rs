//! Texts that hold sealing keys, as they are taken out of a cluster.

use bulla_api::{Secret, StreamError, list_items};

/// The Secrets of a backup: a `List`, or documents one after another, in JSON
/// or YAML, as `kubectl get --output=yaml` prints them.
pub fn key_secrets(text: &[u8]) -> Result<Vec<Secret>, StreamError> {
    let Ok(items) = list_items(text) else { return bulla_api::secrets(text) };
    let mut secrets = Vec::new();
    for item in items {
        secrets.extend(bulla_api::secrets(&item)?);
    }
    Ok(secrets)
}
