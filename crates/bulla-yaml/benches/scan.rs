//! Megabytes per second of reading an encrypted SOPS file: 60,000 long plain scalars.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bulla_yaml::{Limits, parse};

#[expect(clippy::print_stdout, reason = "the measurement is the output")]
fn main() {
    let text = document(60_000);
    let mut best = Duration::MAX;
    let mut nodes = 0;
    for _ in 0..10 {
        let start = Instant::now();
        let stream = parse(text.as_bytes(), &Limits::default()).expect("the document is valid");
        best = best.min(start.elapsed());
        nodes = stream.node_count();
    }
    let megabytes = text.len() as f64 / 1e6;
    println!("{nodes} nodes, {megabytes:.1} MB in {best:?}: {:.0} MB/s", megabytes / best.as_secs_f64());
}

fn document(keys: usize) -> String {
    let mut text = String::new();
    for key in 0..keys {
        if key % 20 == 0 {
            let _ = writeln!(text, "section{key}:");
        }
        let _ = writeln!(
            text,
            "  key{key}: ENC[AES256_GCM,data:{:0>48},iv:q8Bv4Ivd9PIhqDLEexXNLbqTnxU1eLvUSEVNfjPqcf8=,\
             tag:1u0RWBcQGRWxcmdQHOsLVw==,type:str]",
            format!("Zm9v{key}Kys=")
        );
    }
    text
}
