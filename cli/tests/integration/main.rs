//! Runs the program as a user does: transcripts of sessions, with a scrubbed
//! environment and a temporary home.

mod sandbox;
mod tamper;
mod transcripts;
