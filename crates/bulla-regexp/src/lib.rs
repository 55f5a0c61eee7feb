//! Go regular expressions (RE2 syntax) on top of the `regex` crate.
//!
//! `regex` and Go's `regexp` share their matching rules (leftmost-first,
//! linear time) but not their syntax: the same text can mean different things
//! (`dependencies.md` 9). So a parser of Go's syntax writes every construct
//! anew in terms that mean the same to `regex`; nothing is passed through.
//! What Go refuses is refused, with Go's error text.
//!
//! Texts are bytes, as in Go: a byte that is not part of valid UTF-8 matches
//! like U+FFFD. Differences, compared live by the lane `interop`:
//!
//! | case | Go | here | why |
//! |---|---|---|---|
//! | a pattern longer than 4 KiB, or larger than 1 MiB compiled | matches | [`Error::TooLarge`] | patterns come from files of others (`security.md` 4.1) |
//! | more than 50 to 100 nested groups | 1,000 levels | [`Error::NestingDepth`] | the same: `regex` recurses into them |
//! | the few characters whose category or case variants changed after Unicode 15.0 | as before | as now | `regex` has one version of the tables |

mod class;
mod error;
mod expand;
mod parser;
mod regexp;
mod text;
mod unicode;

pub use error::Error;
pub use regexp::{Captures, Regexp, Size, Span, quote_meta};
