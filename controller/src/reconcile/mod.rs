//! The reconcilers: one file or folder each, one line in the list.

pub(crate) mod event;
mod sealed_secret;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::World;
use crate::keys::Ring;

/// A reconciler.
pub(crate) struct Reconciler {
    /// Starts it; it ends in time after it was told to.
    pub(crate) start: Start,
}

/// World, keys, and what becomes true when the process ends.
type Start = fn(
    Arc<World>,
    watch::Receiver<Arc<Ring>>,
    watch::Receiver<bool>,
) -> BoxFuture<'static, Result<(), String>>;

/// All reconcilers.
pub(crate) const RECONCILERS: &[Reconciler] = &[sealed_secret::RECONCILER];
