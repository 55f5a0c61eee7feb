//! The leaf crate: secret types, the provider traits and the seams that every
//! other crate receives as values.
//!
//! It reads no environment, clock, file or randomness by itself; callers hand
//! those in ([`Environment`], [`Clock`], [`Random`]).

pub mod civil;
mod context;
mod error;
mod key;
mod limits;
mod number;
pub mod parallel;
mod secret;
mod text;
mod wrapped;

pub use context::{Clock, Context, Environment, Proxies, Random, RandomError, Timestamp};
pub use error::{Kind, ProviderError, root_cause};
pub use key::{Answer, FieldValue, KeyProvider, MasterKey};
pub use limits::Limits;
pub use number::{json_float, shortest_float};
pub use secret::{DataKey, SecretBytes, SecretText};
pub use text::{escape_lines, one_line};
pub use wrapped::wrapped_key_defect;
