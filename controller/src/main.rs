//! The program `bulla-controller`, also called `controller`; everything is in
//! the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(bulla_controller::main(std::env::args_os().collect()))
}
