//! The grammars in which requests are said. A persona adds grammar, never
//! behavior.

pub mod bulla;
pub mod sops;
