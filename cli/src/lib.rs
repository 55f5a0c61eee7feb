//! The command line of bulla, as a library so that it can be tested. It also
//! speaks the grammar of sops.

pub mod env;
pub mod error;
pub mod file;
pub mod persona;
pub mod process;
pub mod request;
pub mod ui;
