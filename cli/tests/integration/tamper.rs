//! Files altered by someone without the key (`security.md` 4.2): what must be
//! refused is refused without output, and no text shows a value or a digest.

use std::process::{Command, Stdio};

const STORED: &str = include_str!("../../../tests/fixtures/sops/tamper.json");

/// Plaintexts of the files; they are looked for as whole words.
const VALUES: [&str; 4] = ["alice", "s3cret", "hunter2", "0123"];

fn shows(text: &str, value: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == value)
}

fn shows_digest(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit()).any(|word| word.len() >= 128)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test lays out files in a directory of its own")]
fn c_01_altered_files_end_as_required() {
    let stored: serde_json::Value = serde_json::from_str(STORED).unwrap();
    let rows = stored["tests"].as_array().unwrap();
    assert_eq!(rows.len(), 64);
    let directory = tempfile::TempDir::new().unwrap();
    let mut failures = Vec::new();
    for row in rows {
        let format = row["format"].as_str().unwrap();
        let path = directory.path().join(format!("{}.{format}", row["id"]));
        std::fs::write(&path, row["file"].as_str().unwrap()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_bulla"))
            .args(["sops", "decrypt", "--input-type", format, "--output-type", format])
            .arg(&path)
            .env_clear()
            .env("HOME", directory.path())
            .env("SOPS_AGE_KEY", stored["ageIdentity"].as_str().unwrap())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (code, stderr) = (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned());
        let required = row["required"].as_str().unwrap();
        let expected = row["referenceOutput"].as_str().unwrap_or_default();
        let fits = match required {
            "accept" => code == Some(0) && output.stdout == expected.as_bytes(),
            "reject" => code.is_some_and(|code| code > 0 && code != 101) && output.stdout.is_empty(),
            _ => code.is_some_and(|code| code != 101),
        };
        let silent = !VALUES.iter().any(|value| shows(&stderr, value)) && !shows_digest(&stderr);
        if !fits || !silent {
            failures.push(format!(
                "{} {} must {required}: {code:?}\n{}\n{stderr}\nexpected\n{expected}",
                row["id"],
                row["title"],
                String::from_utf8_lossy(&output.stdout)
            ));
        }
    }
    assert!(failures.is_empty(), "{} of 64:\n{}", failures.len(), failures.join("\n----\n"));
}
