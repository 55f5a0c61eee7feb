//! A directory to run the program in, with nothing of the outside in its
//! environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The age identity that opens the fixtures.
const IDENTITY: &str = "AGE-SECRET-KEY-12HP3CL36U2FTE4R4APLY3RMM95D5JYFCHCFZ6M36U2VSYEFTMDHQ5MLPF5";

/// One temporary directory with the fixtures' files in it.
pub(crate) struct Sandbox {
    directory: TempDir,
}

/// What a command left.
pub(crate) struct Outcome {
    /// Exit code; -1 for a signal.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: Vec<u8>,
    /// Standard error.
    pub(crate) stderr: String,
}

/// The recipient of [`IDENTITY`].
pub(crate) const RECIPIENT: &str = "age1q6qn6ase36c5xyrtr6gk7rnxcfphyz0c9lakvp3h8st7eqal9szsmaqu7c";
/// A recipient whose identity nobody has.
pub(crate) const OTHER: &str = "age1vr49zqmn3y3aquf9m7kpgmphagqhvaefq7jmn6xnz5crwr0nuaws2d2tu3";

/// Writes a file and the folders above it.
pub(crate) fn put(sandbox: &Sandbox, name: &str, text: &str) {
    sandbox.put_bytes(name, text.as_bytes());
}

/// Reads a text file.
pub(crate) fn read(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.path().join(name)).unwrap()
}

/// Asserts success and returns the output.
#[track_caller]
pub(crate) fn good(outcome: &Outcome) -> String {
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    String::from_utf8(outcome.stdout.clone()).unwrap()
}

/// Where the fixtures of a persona lie.
pub(crate) fn fixtures(persona: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/cmd").join(persona)
}

impl Sandbox {
    /// Makes a directory with copies of `files/` of sops.
    pub(crate) fn new() -> Self {
        Self::of("sops")
    }

    /// Makes a directory with copies of a persona's `files/`.
    pub(crate) fn of(persona: &str) -> Self {
        let directory = TempDir::new().unwrap();
        for entry in std::fs::read_dir(fixtures(persona).join("files")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, directory.path().join(path.file_name().unwrap())).unwrap();
        }
        Self { directory }
    }

    /// The age identity that opens the fixtures.
    pub(crate) fn identity() -> &'static str {
        IDENTITY
    }

    /// Runs a line of words: variables, the persona, its arguments, and
    /// perhaps `< FILE`.
    pub(crate) fn run(&self, words: &[String]) -> Outcome {
        let assignments =
            words.iter().take_while(|word| word.split_once('=').is_some_and(|(n, _)| is_name(n)));
        let variables = assignments.count();
        let mut arguments = words[variables..].to_vec();
        let persona = arguments.remove(0);
        let original = std::env::vars().find(|(name, _)| name == "BULLA_TRANSCRIPT_PROGRAM");
        let mut command = Command::new("timeout");
        command.arg("20");
        if let Some((_, program)) = original {
            command.arg(program);
        } else {
            command.arg(env!("CARGO_BIN_EXE_bulla")).arg(persona);
        }
        self.outcome(command, &arguments, &words[..variables])
    }

    /// Runs the program in its own grammar.
    pub(crate) fn bulla(&self, arguments: &[&str]) -> Outcome {
        self.own(&[], arguments)
    }

    /// The same with variables, as `NAME=VALUE`.
    pub(crate) fn own(&self, variables: &[&str], arguments: &[&str]) -> Outcome {
        let mut command = Command::new("timeout");
        command.arg("20").arg(env!("CARGO_BIN_EXE_bulla"));
        let [variables, arguments] =
            [variables, arguments].map(|list| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        self.outcome(command, &arguments, &variables)
    }

    /// Runs the program in the grammar of sops.
    pub(crate) fn sops(&self, arguments: &[&str]) -> Outcome {
        self.bulla(&[&["sops"], arguments].concat())
    }

    /// Writes a file and the folders above it.
    #[allow(clippy::disallowed_methods, reason = "a test makes its own files")]
    pub(crate) fn put_bytes(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Where the commands run.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    fn outcome(&self, mut command: Command, arguments: &[String], variables: &[String]) -> Outcome {
        let mut arguments = arguments.to_vec();
        command.current_dir(self.directory.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.directory.path()).env("TZ", "UTC");
        command.env("SOPS_AGE_KEY", IDENTITY);
        for word in variables {
            let (name, value) = word.split_once('=').unwrap();
            command.env(name, value);
        }
        if let [.., arrow, file] = arguments.as_slice()
            && arrow == "<"
        {
            command.stdin(std::fs::File::open(self.directory.path().join(file)).unwrap());
            arguments.truncate(arguments.len() - 2);
        }
        let output = command.args(&arguments).output().unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: self.masked(&String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Replaces what differs from run to run: times and the directory.
    fn masked(&self, text: &str) -> String {
        let real = self.directory.path().canonicalize().unwrap();
        let text = text.replace(real.to_str().unwrap(), "$DIR");
        let mut out = String::new();
        for line in text.split_inclusive('\n') {
            if let Some((before, rest)) = line.split_once("time=\"")
                && let Some((_, after)) = rest.split_once('"')
            {
                out.extend([before, "time=\"T\"", after]);
            } else if let Some(program) = line.trim_end().strip_prefix("Usage of ") {
                // Go's programs name themselves as they were called.
                let name = program.rsplit('/').next().unwrap_or_default();
                out.extend(["Usage of ", name, "\n"]);
            } else if line.get(..20).is_some_and(is_log_date) {
                out.extend(["YYYY/MM/DD hh:mm:ss ", &line[20..]]);
            } else {
                out.push_str(line);
            }
        }
        out
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn is_log_date(text: &str) -> bool {
    let shape = b"dddd/dd/dd dd:dd:dd ";
    text.bytes()
        .zip(shape)
        .all(|(byte, shape)| if *shape == b'd' { byte.is_ascii_digit() } else { byte == *shape })
}
