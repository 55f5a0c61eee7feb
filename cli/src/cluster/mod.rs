//! A small client of the Kubernetes API, of the Sealed Secrets controller
//! behind it, and of the Secrets with its keys. It reads kubeconfigs, flags and
//! plugins as client-go does, but for what `docs/coming-from-kubeseal.md` lists,
//! which `kube` does not; it is built from what the program links anyway.
//!
//! ```text
//! let client = Client::connect(context, &Options::default())?;
//! let certificate = Controller::find(&client, "kube-system", "sealed-secrets-controller")?.certificate()?;
//! ```

mod access;
mod address;
mod client;
mod connection;
mod controller;
mod in_cluster;
mod judge;
mod key_store;
mod kubeconfig;
mod options;
mod plugin;
mod provider;
mod resolve;
mod status;
mod tls;

pub use client::Client;
pub use controller::Controller;
pub use key_store::KeyStore;
pub use options::Options;
pub use resolve::Configuration;
pub use status::ApiError;

/// The header `User-Agent`.
const AGENT: &str = concat!("bulla/", env!("CARGO_PKG_VERSION"));
