//! Every environment variable that the controller reads, and the only place
//! that looks at the process environment: `SEALED_SECRETS_<FLAG>`,
//! `POD_NAMESPACE` and `KUBECONFIG`. (`KUBERNETES_SERVICE_HOST` and `_PORT`
//! are read by the client library.)

use std::ffi::OsString;
use std::path::PathBuf;

use bulla_core::Environment;

/// Begins the variables of flags.
pub(crate) const FLAGS: &str = "SEALED_SECRETS_";
/// The namespace of the controller and its keys.
pub(crate) const NAMESPACE: &str = "POD_NAMESPACE";
/// A kubeconfig to use instead of the pod's service account.
pub(crate) const KUBECONFIG: &str = "KUBECONFIG";

/// Takes the snapshot of the process environment that everything else works
/// with.
pub(crate) fn snapshot() -> Environment {
    let variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    Environment::new(variables, PathBuf::from("/"))
}
