//! Lays the crates that small work runs through side by side, apart from the
//! clients of clouds: the system maps a program in pieces of 64 KiB around what
//! is used, so that a `kubeseal` takes 1 MiB less.

use std::path::Path;

/// A crate that is not found is passed over: what it costs is memory.
const NEAR: [&str; 30] = [
    "alloc",
    "asn1_rs",
    "aws_lc_rs",
    "base64",
    "bulla",
    "bulla_api",
    "bulla_core",
    "bulla_crypto",
    "bulla_seal",
    "bulla_yaml",
    "compiler_builtins",
    "core",
    "data_encoding",
    "der_parser",
    "getrandom",
    "hashbrown",
    "lazy_static",
    "memchr",
    "nom",
    "num_bigint",
    "oid_registry",
    "pem",
    "serde_core",
    "serde_json",
    "signal_hook",
    "signal_hook_registry",
    "std",
    "time",
    "x509_parser",
    "zeroize",
];

#[expect(
    clippy::disallowed_methods,
    reason = "a build script asks Cargo and writes into a folder of its own"
)]
fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let cargo = |name| std::env::var(name).map_err(std::io::Error::other);
    // Only with LTO is a crate one object file, and linkers other than the usual one of this platform may not know such
    // a script.
    let names_linker =
        |flag: &str| ["link", "-Clink", "--codegen=link"].iter().any(|it| flag.starts_with(it));
    let is_usual = cargo("RUSTC_LINKER").is_err()
        && !cargo("CARGO_ENCODED_RUSTFLAGS")?.split('\u{1f}').any(names_linker);
    if cargo("TARGET")? != "x86_64-unknown-linux-gnu" || cargo("PROFILE")? != "release" || !is_usual {
        return Ok(());
    }
    let script = Path::new(&cargo("OUT_DIR")?).join("near.ld");
    std::fs::write(&script, ["text", "rodata"].map(near).concat())?;
    println!("cargo::rustc-link-arg-bins=-T{}", script.display());
    Ok(())
}

/// The linker script for one section.
fn near(section: &str) -> String {
    let files = NEAR.map(|name| format!("*.{name}-????????????????.*.rcgu.o(.{section} .{section}.*)"));
    format!("SECTIONS {{ .{section}.near : {{\n{}\n}} }} INSERT BEFORE .{section};\n", files.join("\n"))
}
