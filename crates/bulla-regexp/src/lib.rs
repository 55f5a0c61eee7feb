//! Go regular expressions (RE2 syntax) on top of the `regex` crate.
//!
//! `regex` and Go's `regexp` share their matching rules (leftmost-first,
//! linear time) but not their syntax: the same text can mean different things
//! (`dependencies.md` 9). So a parser of Go's syntax writes every construct
//! anew in terms that mean the same to `regex`; nothing is passed through.
//! What Go refuses is refused, with Go's error text.
//!
//! Texts are bytes, as in Go: a byte that is not part of valid UTF-8 matches
//! like U+FFFD. Limits (`security.md` 4.1): patterns of 4 KiB, 50 to 100 nested
//! groups (Go: 1000 levels), 1 MiB compiled.

mod class;
mod error;
mod expand;
mod parser;
mod regexp;
mod text;
mod unicode;

pub use error::Error;
pub use regexp::{Captures, Regexp, Span, quote_meta};
