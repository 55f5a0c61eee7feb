//! The tests of the lane `aws`, one module per subject.

mod harness;
