//! Lane `faults`: what remains of a file when our program is killed or the
//! system refuses at any moment (`security.md` 5, R-01 to R-06, H2).
#![allow(
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "tests lay out files in a directory of their own and panic where they fail"
)]

mod call;
mod fault;
mod scene;
mod work;

pub use bulla_testkit::soak::{budget, full, told};
pub use call::{Call, points};
pub use fault::{Fault, KILL_POINTS, errors_of, failing_calls};
pub use scene::{Fate, Scene};
pub use work::{State, Work, plaintext, work};
