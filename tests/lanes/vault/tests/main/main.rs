//! The tests of the lane `vault`, one module per subject.

mod harness;
mod keyservice;
mod provider;
