//! The program `bulla`, also called `sops`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(bulla::run(std::env::args_os().collect()))
}
