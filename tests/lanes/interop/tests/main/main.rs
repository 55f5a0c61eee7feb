//! The tests of the lane `interop`, one module per subject.

mod documents;
mod gjson;
mod harness;
mod keyservice;
mod matrix;
mod regexp;
mod template;
mod yaml;
