//! What the rows need: programs, a key, encrypted files. Everything lies in
//! `target/bench`.

use std::fs;
use std::path::{Path, PathBuf};

use super::documents;
use super::measure::Invocation;
use crate::command::command;
use crate::failure::Failure;
use crate::test::{ROPS, SEALED_SECRETS, SOPS, provide};
use crate::workspace::Workspace;

/// Files, or Secrets, of the rows with many of them.
pub(super) const MANY: usize = 1_000;

/// The document of 60,000 values, not encrypted.
pub(super) const PLAIN: &str = "nested.plain.yaml";

/// What a file's format is called.
pub(super) fn extension(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

const SMALL: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: database\nstringData:\n  \
                     username: app\n  password: correct horse battery staple\n  port: \"5432\"\n";

/// A Secret for kubeseal; the number is its name's.
fn secret(number: usize) -> String {
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: database-{number}\n  namespace: app\nstringData:\n  \
         username: app\n  password: correct horse battery staple\n"
    )
}

/// Programs, by the column that they stand in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Who {
    Sops,
    Kubeseal,
    Rops,
    Ours,
}

/// Programs and files.
pub(super) struct World {
    pub(super) folder: PathBuf,
    /// Absent where it is not wanted.
    sops: Option<PathBuf>,
    kubeseal: PathBuf,
    /// Absent where it is not wanted or cannot be built.
    rops: Option<PathBuf>,
    ours: PathBuf,
    pub(super) recipient: String,
}

impl World {
    /// Provides programs and files: those of sops and rops, which take minutes,
    /// only where they are wanted.
    pub(super) fn make(workspace: &Workspace, wants_sops: bool) -> Result<Self, Failure> {
        let folder = workspace.target.join("bench");
        // Files of an earlier run would be encrypted to another key.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("home"))?;
        let ours = workspace.release()?.join("bulla");
        println!("== programs");
        provide::all(workspace, &[&SEALED_SECRETS])?;
        let kubeseal = provide::value(workspace, &SEALED_SECRETS).join("kubeseal");
        let mut world = Self { folder, sops: None, kubeseal, rops: None, ours, recipient: String::new() };
        if wants_sops {
            provide::all(workspace, &[&SOPS])?;
            world.sops = Some(provide::value(workspace, &SOPS));
            world.rops = provided_rops(workspace);
        }
        println!("== documents");
        world.make_secrets(workspace)?;
        if wants_sops {
            world.make_key()?;
            world.make_files()?;
        }
        Ok(world)
    }

    /// The program of a column, if it is there.
    pub(super) fn program(&self, who: Who) -> Option<&Path> {
        match who {
            Who::Ours => Some(&self.ours),
            Who::Rops => self.rops.as_deref(),
            Who::Sops => self.sops.as_deref(),
            Who::Kubeseal => Some(&self.kubeseal),
        }
    }

    /// A command line of a column's program, run in the folder. `None` where
    /// there is no such program.
    pub(super) fn invocation(&self, who: Who, arguments: &[&str]) -> Option<Invocation> {
        let program = self.program(who)?.to_owned();
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Some(Invocation { program, arguments, directory: self.folder.clone(), variables: self.variables() })
    }

    /// A shell that runs `script`, in which `$0` is the column's program.
    pub(super) fn shell(&self, who: Who, script: &str) -> Option<Invocation> {
        let program = self.program(who)?.display().to_string();
        let arguments = vec!["-c".to_owned(), script.to_owned(), program];
        let directory = self.folder.clone();
        Some(Invocation {
            program: PathBuf::from("/bin/sh"),
            arguments,
            directory,
            variables: self.variables(),
        })
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let key = self.folder.join("key.txt").display().to_string();
        let secret = fs::read_to_string(&key).unwrap_or_default();
        let secret = secret.lines().find(|line| line.starts_with("AGE-SECRET-KEY-"));
        vec![
            ("HOME", self.folder.join("home").display().to_string()),
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("ROPS_AGE", secret.unwrap_or_default().to_owned()),
            ("SOPS_AGE_KEY_FILE", key),
            ("SOPS_DISABLE_VERSION_CHECK", "true".to_owned()),
        ]
    }

    fn make_key(&mut self) -> Result<(), Failure> {
        self.output(Who::Ours, &["keygen", "--to", "key.txt"])?;
        let text = fs::read_to_string(self.folder.join("key.txt"))?;
        let recipient = text.split_whitespace().find(|word| word.starts_with("age1"));
        recipient.unwrap_or_default().clone_into(&mut self.recipient);
        Ok(())
    }

    /// Encrypted by sops, in its own layout; but a map of 60,000 keys takes
    /// it half a minute, so that one is made by us.
    fn make_files(&mut self) -> Result<(), Failure> {
        let nested = documents::nested(documents::VALUES);
        fs::write(self.folder.join(PLAIN), &nested)?;
        let encrypted = self.output(Who::Ours, &["sops", "encrypt", "--age", &self.recipient, PLAIN])?;
        fs::write(self.folder.join("work.yaml"), encrypted)?;
        let json = self.output(Who::Ours, &["sops", "decrypt", "--output-type", "json", "work.yaml"])?;
        let documents = [
            ("small.yaml", SMALL.as_bytes().to_vec()),
            ("half.yaml", documents::nested(documents::VALUES / 2).into_bytes()),
            ("nested.yaml", nested.into_bytes()),
            ("double.yaml", documents::nested(documents::VALUES * 2).into_bytes()),
            ("nested.json", json),
            ("flat.yaml", documents::flat().into_bytes()),
        ];
        for (name, text) in documents {
            let plain = format!("plain.{}", extension(name));
            fs::write(self.folder.join(&plain), text)?;
            let who = if name == "flat.yaml" { Who::Ours } else { Who::Sops };
            let mut arguments = vec!["encrypt", "--age", &self.recipient, &plain];
            if who == Who::Ours {
                arguments.insert(0, "sops");
            }
            fs::write(self.folder.join(name), self.output(who, &arguments)?)?;
            if name != "flat.yaml" {
                self.make_rops_file(name, &plain)?;
            }
            fs::remove_file(self.folder.join(&plain))?;
        }
        fs::create_dir_all(self.folder.join("many"))?;
        Ok(())
    }

    /// With a certificate of the size that the controller makes.
    fn make_secrets(&self, workspace: &Workspace) -> Result<(), Failure> {
        fs::copy(workspace.root.join("tests/fixtures/seal/rsa_4096.crt"), self.folder.join("cert.pem"))?;
        fs::write(self.folder.join("secret.yaml"), secret(0))?;
        fs::write(self.folder.join("secrets.yaml"), (0..MANY).map(secret).collect::<String>())?;
        Ok(())
    }

    /// rops reads files of its own only; what it cannot do leaves it out.
    fn make_rops_file(&mut self, name: &str, plain: &str) -> Result<(), Failure> {
        let Some(shell) = self.shell(Who::Rops, &self.rops_encrypts(plain)) else { return Ok(()) };
        let arguments: Vec<&str> = shell.arguments.iter().map(String::as_str).collect();
        match self.printed(&shell.program, &arguments) {
            Ok(text) => fs::write(self.folder.join(format!("rops.{name}")), text)?,
            Err(failure) => {
                println!("rops is left out: {failure}");
                self.rops = None;
            }
        }
        Ok(())
    }

    /// The script with which rops encrypts a file.
    pub(super) fn rops_encrypts(&self, plain: &str) -> String {
        format!("exec \"$0\" encrypt --age {} --format {} < {plain}", self.recipient, extension(plain))
    }

    /// What a column's program prints.
    fn output(&self, who: Who, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
        let program = self.program(who).ok_or_else(|| Failure::broken("bench: the program is not there"))?;
        self.printed(program, arguments)
    }

    fn printed(&self, program: &Path, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
        let mut command = command(program, arguments, &self.folder);
        command.env_clear().envs(self.variables());
        let output = command.output()?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::broken(format!("bench: {} {}\n{said}", program.display(), arguments.join(" "))))
    }

    /// Puts the file of a row back to what it was before the last run.
    pub(super) fn restore(&self, from: &str, to: &str) -> Result<(), Failure> {
        fs::copy(self.folder.join(from), self.folder.join(to))?;
        Ok(())
    }

    /// The folder of many small files, all as new.
    pub(super) fn restore_many(&self) -> Result<(), Failure> {
        let bytes = fs::read(self.folder.join("small.yaml"))?;
        for number in 0..MANY {
            fs::write(self.folder.join(format!("many/{number:04}.yaml")), &bytes)?;
        }
        Ok(())
    }
}

/// Provides rops, if it can be built.
fn provided_rops(workspace: &Workspace) -> Option<PathBuf> {
    match provide::all(workspace, &[&ROPS]) {
        Ok(()) => Some(provide::value(workspace, &ROPS)),
        Err(failure) => {
            println!("rops {} is left out: {failure}", ROPS.version);
            None
        }
    }
}
