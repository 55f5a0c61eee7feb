//! Runs the program as a user does: transcripts of sessions, with a scrubbed
//! environment and a temporary home.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod defects;
mod hygiene;
mod integrity;
mod keyservice;
mod limits;
mod many;
mod own;
mod reference;
mod rules;
mod sandbox;
mod sealed;
mod tamper;
mod transcripts;
