//! `cargo xtask demo`: the first thing a newcomer sees. Makes an age key on
//! the spot, encrypts `examples/quickstart` by its rules, shows what came out,
//! decrypts it again and compares.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;

const SOURCE: &str = "examples/quickstart";
const RULES: &str = ".sops.yaml";
const FILES: [&str; 3] = ["database.yaml", "values.yaml", "app.env"];

/// Runs the demonstration in `target/demo`.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let program = build(root)?;
    let folder = root.join("target/demo");
    fs::create_dir_all(&folder).map_err(|error| failed("target/demo", &error))?;
    say(&format!("$ cd {}", folder.display()));
    // A key of an earlier run would be refused, not overwritten.
    let _ = fs::remove_file(folder.join("key.txt"));
    say("$ bulla keygen --to key.txt");
    let recipient = bulla(&program, &folder, &["keygen", "--to", "key.txt"])?;
    let recipient = String::from_utf8_lossy(&recipient).trim().to_owned();
    say(&recipient);
    let rules = with_recipient(&read(&root.join(SOURCE).join(RULES))?, &recipient)?;
    write(&folder.join(RULES), rules.as_bytes())?;
    say(&format!("\n$ cat {RULES}      # from {SOURCE}, with this recipient in it\n{rules}"));
    for name in FILES {
        show(&program, root, &folder, name)?;
    }
    say("$ bulla verify --with-keys database.yaml values.yaml app.env");
    let checked = bulla(&program, &folder, &[&["verify", "--with-keys"], &FILES[..]].concat())?;
    say(&String::from_utf8_lossy(&checked).replace(&format!("{}/", folder.display()), ""));
    say(&format!(
        "The encrypted files and the key lie in target/demo; the program is {}.",
        program.display()
    ));
    Ok(())
}

/// Encrypts a copy of one file, decrypts it and compares.
fn show(program: &Path, root: &Path, folder: &Path, name: &str) -> Result<(), Failure> {
    let original = read(&root.join(SOURCE).join(name))?;
    write(&folder.join(name), original.as_bytes())?;
    say(&format!("$ sops encrypt --in-place {name}      # from {SOURCE}"));
    bulla(program, folder, &["sops", "encrypt", "--in-place", name])?;
    say(&shortened(&read(&folder.join(name))?));
    say(&format!("$ sops decrypt {name}"));
    let decrypted = bulla(program, folder, &["sops", "decrypt", name])?;
    if decrypted != original.as_bytes() {
        return Err(Failure::broken(format!("{name} did not come back as it was")));
    }
    say(&format!("(the {} bytes of {SOURCE}/{name}, none changed)\n", original.len()));
    Ok(())
}

/// The rules, for `recipient` in place of the example's.
fn with_recipient(rules: &str, recipient: &str) -> Result<String, Failure> {
    let example = rules.split_whitespace().find(|word| word.starts_with("age1"));
    let example = example.ok_or_else(|| Failure::broken(format!("{SOURCE}/{RULES} names no recipient")))?;
    Ok(rules.replace(example, recipient))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| failed(&path.display().to_string(), &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| failed(&path.display().to_string(), &error))
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
fn shortened(encrypted: &str) -> String {
    let visible = encrypted.lines().take_while(|line| !line.starts_with("sops"));
    let lines = visible.map(|line| match line.char_indices().nth(90) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    });
    lines.chain(["(and the sops metadata)".to_owned()]).collect::<Vec<_>>().join("\n")
}
