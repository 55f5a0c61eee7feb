//! The tests of the lane `age`, one module per subject.

mod harness;
