//! The tests of the lane `faults`, one module per kind of harm.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod disk;
mod hygiene;
mod signals;
