//! The tests of the lane `gpg`, one module per subject.

mod harness;
mod native;
mod provider;
