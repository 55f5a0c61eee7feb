//! What a controller does about one SealedSecret (`sealed-secrets.md` 5.4 to
//! 5.6), as pure functions: from what is observed to what is written, said and
//! tried again. The command line can run them without a cluster.

mod failure;
mod plan;
mod report;
mod settled;

#[cfg(test)]
mod tests;

pub use failure::{Failure, Refusal};
pub use plan::{Rules, Step, deletes, plan};
pub use report::{Done, Event, Report, Retry, SYNCED, report};
pub use settled::{Claim, Outside};

/// On a Secret: it may be overwritten and owned.
pub const MANAGED: &str = "sealedsecrets.bitnami.com/managed";
/// On a Secret: what is unsealed is merged into it.
pub const PATCH: &str = "sealedsecrets.bitnami.com/patch";
/// The label of sealing keys; `active` ones are used.
pub const KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
/// What that label says of a key that is used.
pub const ACTIVE: &str = "active";
/// By which name our writes stand in `metadata.managedFields`.
pub const FIELD_MANAGER: &str = "bulla-controller";
