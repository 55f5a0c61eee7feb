//! Go text/template with sprig and gjson paths: budgeted, without I/O.
//!
//! [`Template::parse`] reads a text, [`Template::render`] runs it. Templates
//! come from whoever may submit a manifest, so a rendering has a [`Budget`] of
//! steps, bytes, key generations and depth, and its errors name positions and
//! functions but never a value of the data (`security.md` D-01 to D-03, S-12).
//!
//! Strings are bytes, as in Go: binary data passes through unchanged.

mod budget;
pub mod crypto;
mod error;
mod exec;
mod failure;
mod functions;
pub mod gjson;
mod json;
mod registry;
mod scope;
mod syntax;
mod template;
mod text;
mod time;
mod value;
mod yaml;

pub use budget::Budget;
pub use error::{Position, TemplateError};
pub use failure::Exhausted;
pub use registry::{Library, function_names};
pub use template::{Data, MissingKey, Settings, Template};
