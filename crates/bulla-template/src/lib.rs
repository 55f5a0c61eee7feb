//! Go text/template with sprig and gjson paths: budgeted, without I/O.

pub mod gjson;
