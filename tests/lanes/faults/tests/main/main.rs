//! The tests of the lane `faults`, one module per kind of harm.

mod calls;
mod disk;
mod hygiene;
mod signals;
