//! Byte strings as Go sees them: runes, quoting, numbers in text, and `fmt`.

pub(crate) mod format;
pub(crate) mod number;
pub(crate) mod number_format;
pub(crate) mod print;
mod print_number;
pub(crate) mod quote;
pub(crate) mod runes;
mod shared;

pub(crate) use shared::Text;
