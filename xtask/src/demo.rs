//! `cargo xtask demo`: the first thing a newcomer sees. Makes an age key on
//! the spot, encrypts `examples/quickstart`, shows what came out, decrypts it
//! again and compares.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;

const FILES: [&str; 3] = ["database.yaml", "values.yaml", "app.env"];

/// Runs the demonstration in `target/demo`.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let program = build(root)?;
    let folder = root.join("target/demo");
    fs::create_dir_all(&folder).map_err(|error| failed("target/demo", &error))?;
    let key = folder.join("key.txt");
    // A key of an earlier run would be refused, not overwritten.
    let _ = fs::remove_file(&key);
    say(&format!("$ bulla keygen --to {}", key.display()));
    bulla(&program, &folder, &["keygen", "--to", &key.display().to_string()])?;
    let text = fs::read_to_string(&key).map_err(|error| failed("the key", &error))?;
    let recipient = text.split_whitespace().find(|word| word.starts_with("age1"));
    let recipient = recipient.ok_or_else(|| Failure::broken("the key file names no recipient"))?;
    for name in FILES {
        let source = root.join("examples/quickstart").join(name);
        let source = source.display().to_string();
        say(&format!("\n$ sops encrypt --age {recipient} examples/quickstart/{name}"));
        let encrypted = bulla(&program, &folder, &["sops", "encrypt", "--age", recipient, &source])?;
        say(&shortened(&encrypted));
        let file = folder.join(name);
        fs::write(&file, &encrypted).map_err(|error| failed(name, &error))?;
        say(&format!("$ sops decrypt target/demo/{name}"));
        let decrypted = bulla(&program, &folder, &["sops", "decrypt", &file.display().to_string()])?;
        let original = fs::read(&source).map_err(|error| failed(name, &error))?;
        if decrypted != original {
            return Err(Failure::broken(format!("{name} did not come back as it was")));
        }
        say(&format!("(the {} bytes of examples/quickstart/{name}, none changed)", original.len()));
    }
    say(
        "\nThe encrypted files and the key lie in target/demo; the program is the one named above, called as `sops`.",
    );
    Ok(())
}

fn say(text: &str) {
    println!("{text}");
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::broken(format!("{what}: {error}"))
}

fn build(root: &Path) -> Result<std::path::PathBuf, Failure> {
    let status =
        Command::new("cargo").args(["build", "--locked", "--package", "bulla"]).current_dir(root).status();
    match status {
        Ok(status) if status.success() => Ok(root.join("target/debug/bulla")),
        Ok(_) => Err(Failure::broken("the build failed")),
        Err(error) => Err(failed("cargo", &error)),
    }
}

fn bulla(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("SOPS_AGE_KEY_FILE", folder.join("key.txt"))
        .output()
        .map_err(|error| failed("bulla", &error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Failure::broken(format!(
        "bulla {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// Long ciphertexts and the metadata block say nothing to a reader.
fn shortened(encrypted: &[u8]) -> String {
    let text = String::from_utf8_lossy(encrypted);
    let visible = text.lines().take_while(|line| !line.starts_with("sops"));
    let lines = visible.map(|line| match line.char_indices().nth(90) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    });
    lines.chain(["(and the sops metadata)".to_owned()]).collect::<Vec<_>>().join("\n")
}
