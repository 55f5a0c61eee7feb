//! Runs our programs and the originals side by side: a [`Sandbox`] is a
//! directory with an environment of its own, a [`Tool`] a program to run in it,
//! an [`Outcome`] what came back. For tests only: everything panics with a
//! message that says what to do.
#![allow(
    clippy::disallowed_methods,
    reason = "tests are handed programs by variable and lay out files in a directory of their own"
)]
#![allow(clippy::missing_panics_doc, reason = "said above for all of them")]

mod age_key;
mod api;
mod canary;
mod fake;
mod gpg_home;
mod http;
pub mod kube;
mod outcome;
mod proxies;
mod sandbox;
mod service;
pub mod soak;
mod tool;
mod wire;

pub use age_key::AgeKey;
pub use api::{ApiServer, Asked, Certificates};
pub use canary::{CANARY, CANARY_QUOTED, shows_canary};
pub use fake::{Fake, Silent, nobody};
pub use gpg_home::GpgHome;
pub use http::{Answer, Server};
pub use outcome::{Outcome, assert_same_answer};
pub use proxies::{ConnectProxy, SocksProxy};
pub use sandbox::Sandbox;
pub use service::Service;
pub use tool::{Tool, required};
