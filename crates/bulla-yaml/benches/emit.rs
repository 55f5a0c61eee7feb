//! Speed of the writer on a document of 60,000 encrypted scalars: `cargo bench -p bulla-yaml --bench emit`.

use std::io::Write;
use std::time::Instant;

use bulla_yaml::emit::emit;
use bulla_yaml::tree::Node;

fn main() -> std::io::Result<()> {
    let value = format!(
        "ENC[AES256_GCM,data:{},iv:{},tag:{},type:str]",
        "Qk".repeat(30),
        "aB3/".repeat(11),
        "x+Y=".repeat(6)
    );
    let keys: Vec<String> = (0..60_000).map(|number| format!("key_{number}")).collect();
    let mut best = f64::INFINITY;
    let mut length = 0;
    for _ in 0..20 {
        let start = Instant::now();
        let mut out = Vec::new();
        let pairs = keys.chunks(100).map(|keys| {
            let entry = |key| (Node::string(str::as_bytes(key)), Node::string(value.as_bytes()));
            (Node::string(keys[0].as_bytes()), Node::mapping(keys.iter().map(|key| entry(key)).collect()))
        });
        emit(&[Node::mapping(pairs.collect())], 4, &mut out);
        length = out.len();
        best = best.min(start.elapsed().as_secs_f64());
    }
    writeln!(
        std::io::stdout(),
        "{length} bytes, {:.0} MB/s with building the tree",
        length as f64 / best / 1e6
    )
}
