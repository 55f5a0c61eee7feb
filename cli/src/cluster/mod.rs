//! A small client of the Kubernetes API, and of the Sealed Secrets controller
//! behind it. It reads kubeconfigs, flags and plugins exactly as client-go
//! does, which `kube` does not; it is built from what the program links
//! anyway.
//!
//! ```text
//! let client = Client::connect(context, &Options::default())?;
//! let certificate = Controller::find(&client, "kube-system", "sealed-secrets-controller")?.certificate()?;
//! let secrets = client.call(&Call::get("/api/v1/namespaces/a/secrets", ("secrets", "")))?;
//! ```

mod address;
mod client;
mod connection;
mod controller;
mod in_cluster;
mod judge;
mod kubeconfig;
mod options;
mod plugin;
mod provider;
mod resolve;
mod status;
mod tls;

pub use client::{Call, Client, object};
pub use controller::Controller;
pub use options::Options;
pub use resolve::Configuration;
pub use status::ApiError;

/// The header `User-Agent`.
const AGENT: &str = concat!("bulla/", env!("CARGO_PKG_VERSION"));
