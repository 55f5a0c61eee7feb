//! The original controller beside ours on one API server, on the same
//! objects; `cargo xtask bench` runs this and puts the lines that begin with
//! `bench |` into its table. Arguments are names of rows; none are all.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a measurement is for reading")]

mod cost;
mod floor;
mod rows;
mod stage;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    rows::measure(&wanted);
}
