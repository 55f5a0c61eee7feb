//! Go text/template with sprig and gjson paths: budgeted, without I/O.
//!
//! [`Template::parse`] reads a text, [`Template::render`] runs it. Templates
//! come from whoever may submit a manifest, so a rendering has a [`Budget`] of
//! steps, bytes, key generations and depth, and its errors name positions and
//! functions but never a value of the data (`security.md` D-01 to D-03, S-12).
//!
//! Strings are bytes, as in Go: binary data passes through unchanged.
//!
//! What differs from Go's text/template and sprig 3.3.0, each for a reason:
//!
//! | case | there | here |
//! |---|---|---|
//! | error texts | operands and inner messages | positions, types and functions only |
//! | position of a type error in a computed argument | the node evaluated last | the argument |
//! | recursion, nesting, output, work | the machine's limits | [`Budget`] |
//! | `fail` and conversion errors | the message | a fixed text |
//! | `keys`, `values` | random order | order of keys |
//! | local time zone | the machine's | UTC |
//! | `now` | monotonic clock printed, nanoseconds | neither |
//! | numeric verbs and `%#v` on times and versions | private fields | the text form |
//! | `deepCopy` of a version | `0.0.0`, a fault of the copier | the version |
//! | `merge nil nil`, `unset nil` | a nil map | an empty map |
//! | `%#x` of floats | padded with zeros | not padded |
//! | methods of times | all | those that read, format, compare and add |
//! | simple case mapping of a few runes, `%q` of unassigned runes | Unicode 15 tables of Go | the tables of Rust |
//! | `toYaml` of control characters U+007F to U+009F | an empty text | the text, escaped |
//! | `toYaml` of U+0085, U+2028, and of a text of line breaks only | plain or block style | double quotes |
//! | `fromYaml` errors | the parser's message | line and kind |
//! | `htpasswd` of External Secrets | three arguments | two or three |

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
