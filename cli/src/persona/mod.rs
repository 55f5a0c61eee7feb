//! The grammars in which requests are said. A persona adds grammar, never
//! behavior.

pub mod bulla;
pub mod kubeseal;
pub mod sops;
