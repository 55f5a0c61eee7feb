//! Go text/template with sprig and gjson paths: budgeted, without I/O.
//!
//! [`Template::parse`] reads a text, [`Template::render`] runs it. Templates
//! come from whoever may submit a manifest, so a rendering has a [`Budget`] of
//! steps, bytes and depth, and its errors name positions and functions but never
//! a value of the data (`security.md` D-01 to D-03, S-12).
//!
//! Strings are bytes, as in Go: binary data passes through unchanged.
//!
//! Everything else is as in Go 1.26 and sprig 3.3.0, compared live by the lane
//! `interop`; gjson has its own table ([`gjson`]). What differs, and why:
//!
//! | case | there | here | why |
//! |---|---|---|---|
//! | error texts | operands and inner messages | positions, types and functions | they hold values (S-12) |
//! | `fail` and conversion errors | the message | a fixed text | the same (D-03) |
//! | `fromYaml` errors | the parser's message | line and kind | the same (O-02) |
//! | position of an operand whose type does not fit | the node evaluated last | the operand | it is the place to look at |
//! | recursion, nesting, output, work | the machine's limits | [`Budget`] | D-02 |
//! | `keys`, `values` | random order | order of keys | a Secret must not change at every refresh |
//! | local time zone | the machine's | UTC | no environment (D-01); controllers run in UTC |
//! | `now` | nanoseconds, monotonic clock printed | seconds | the clock of [`bulla_core`] counts seconds |
//! | `%p` | the address of maps, lists and pointers | as for any other value | addresses change and help attackers |
//! | numeric verbs and `%#v` on times | private fields, an address | the text form | the same |
//! | the same on versions within lists and maps | an address | the text form | the same |
//! | `deepCopy` of a version | `0.0.0` | the version | a fault of the copier |
//! | methods of times | all | those that read, format, compare and add | the others need values that templates cannot make |
//! | case mapping of a few runes, `%q` of unassigned runes | Unicode 15 | the Unicode of Rust | other tables would have to be our own, for runes that were assigned since |
//! | `toYaml` of control characters U+007F to U+009F | an empty text | the text, escaped | nothing is lost |
//! | `toYaml` of U+0085, U+2028, and of a text of line breaks only | plain or block style | double quotes | other readers change the former |
//! | `certSANs` of a location with characters that URLs escape | escaped | as it stands | verifiers compare the certificate's text |
//! | `genPrivateKey "dsa"` and DSA keys | a key | refused | withdrawn by FIPS 186-5; nothing reads them any more |
//! | a JSON web key whose RSA numbers are empty | a key of zeros | an error | it is no key |
//! | text behind a JSON web key | ignored | an error | it may be a second key |
//! | `htpasswd` of External Secrets | three arguments, the last a literal | two or three, any text | templates of both generations work |
//! | empty lines behind the last certificate of a key store to be | an error (a crash inside) | ignored | texts often end so |

mod budget;
mod crypto;
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
pub use crypto::Error as CryptoError;
pub use crypto::issue::{Pair, sealing_key};
pub use error::{Position, TemplateError};
pub use failure::Exhausted;
pub use registry::{Library, function_names};
pub use template::{Data, MissingKey, Settings, Template};
pub use text::number::parse_int;
pub use time::{duration_text, parse_duration};
