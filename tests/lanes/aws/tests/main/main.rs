//! The tests of the lane `aws`, one module per subject.

mod failures;
mod groups;
mod harness;
mod keys;
mod place;
