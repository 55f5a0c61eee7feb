//! The only printing. Standard output is data, standard error is talk; a
//! reader that went away is no error.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::Arc;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

use bulla_core::{Clock, Environment, SecretText, escape_lines};

use crate::error::{Failure, Form};
use crate::go;

/// How much is said, from least to most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// The process ends.
    Fatal,
    /// Something failed.
    Error,
    /// Something to look at.
    Warning,
    /// What happened.
    Info,
    /// Decisions.
    Debug,
}

/// Where text goes, and how it looks there.
#[derive(Clone)]
pub struct Ui {
    level: Level,
    clock: Arc<dyn Clock>,
    started: i64,
    color: bool,
    /// Whether failures are shown as our own grammar shows them.
    is_own: bool,
}

impl Ui {
    /// Builds the printer. Colors need a terminal on standard error and no
    /// `NO_COLOR`.
    pub fn new(environment: &Environment, clock: Arc<dyn Clock>) -> Self {
        let plain = environment.text("NO_COLOR").is_some() || environment.text("TERM") == Some("dumb");
        let started = clock.now();
        Self {
            level: Level::Warning,
            clock,
            started,
            color: !plain && io::stderr().is_terminal(),
            is_own: false,
        }
    }

    /// Shows failures without the log lines of sops, and says as well what to
    /// do about them.
    pub fn speak_plainly(&mut self) {
        self.is_own = true;
    }

    /// Sets how much is said.
    pub fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Returns true where somebody may be watching standard error.
    pub fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Writes data to standard output.
    pub fn data(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Says a line on standard error.
    pub fn say(&self, text: &str) {
        show(text);
    }

    /// Logs `message` of the part `name` in sops' form, with its fields in
    /// the given order.
    pub fn log(&self, name: &str, level: Level, message: &str, fields: &[(&str, &str)]) {
        if level <= self.level {
            let _ = io::stderr().lock().write_all(self.line(name, level, message, fields).as_bytes());
        }
    }

    /// Logs a warning of the command line itself.
    pub fn warn(&self, message: &str) {
        self.log("CMD", Level::Warning, message, &[]);
    }

    /// Logs several of them.
    pub fn warn_all(&self, messages: &[String]) {
        for message in messages {
            self.warn(message);
        }
    }

    /// Logs what happened, for those who asked for it.
    pub fn info(&self, message: &str) {
        self.log("CMD", Level::Info, message, &[]);
    }

    /// Shows a failure in its form.
    pub fn fail(&self, failure: &Failure) {
        match failure.form {
            Form::Plain if failure.message.is_empty() => {}
            Form::Log if !self.is_own => self.log("CMD", Level::Fatal, &failure.message, &[]),
            Form::Log | Form::Plain => self.say(&failure.message),
        }
        if let Some(hint) = failure.hint.as_ref().filter(|_| self.is_own) {
            self.say(&format!("hint: {hint}"));
        }
    }

    /// Prints `question` on standard output and reads one line of standard
    /// input; `None` at its end.
    pub fn ask(&self, question: &str) -> io::Result<Option<String>> {
        self.data(question.as_bytes())?;
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer)?;
        Ok((read > 0).then(|| answer.trim().to_owned()))
    }

    fn line(&self, name: &str, level: Level, message: &str, fields: &[(&str, &str)]) -> String {
        let (word, color) = match level {
            Level::Fatal => ("fatal", 31),
            Level::Error => ("error", 31),
            Level::Warning => ("warning", 33),
            Level::Info => ("info", 36),
            Level::Debug => ("debug", 37),
        };
        let now = self.clock.now();
        let mut line = if self.color {
            let short = word[..4].to_uppercase();
            let elapsed = now - self.started;
            let message = escape_lines(message);
            format!("\x1b[1m[{name}]\x1b[22m\t \x1b[{color}m{short}\x1b[0m[{elapsed:04}] {message:<44} ")
        } else {
            let time = bulla_core::civil::rfc3339(now);
            format!("[{name}]\t time=\"{time}\" level={word} msg={}", quoted(message))
        };
        for (field, value) in fields {
            let _ = write!(line, " {field}={}", quoted(value));
        }
        line.push('\n');
        line
    }
}

/// Shows a message on standard error.
pub fn show(text: &str) {
    // Nobody is left to tell where standard error itself fails.
    let _ = writeln!(io::stderr().lock(), "{}", escape_lines(text));
}

/// Asks for a secret on the terminal, whatever standard input is, and does
/// not show what is typed.
#[cfg(unix)]
pub fn ask_secret(prompt: &str) -> Result<SecretText, String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let failed = |error: io::Error| format!("cannot ask on the terminal: {}", crate::error::cause(&error));
    let terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(failed)?;
    let before = tcgetattr(&terminal).map_err(|error| failed(error.into()))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    *ECHOING.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|error| failed(error.into()))?;
    let mut answer = String::with_capacity(1024);
    let asked = write!(&terminal, "{} ", escape_lines(prompt));
    let read = asked.and_then(|()| io::BufReader::new(&terminal).read_line(&mut answer));
    // The terminal is the user's again, whatever became of the answer.
    give_back_terminal();
    read.map_err(failed)?;
    answer.truncate(answer.trim_end_matches(['\r', '\n']).len());
    Ok(SecretText::new(answer))
}

/// How the terminal was before it was silenced.
#[cfg(unix)]
static ECHOING: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);

/// Lets the terminal show again what is typed, also where nobody reads the
/// answer any more.
pub fn give_back_terminal() {
    #[cfg(unix)]
    if let Some(before) = ECHOING.lock().unwrap_or_else(PoisonError::into_inner).take()
        && let Ok(terminal) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty")
    {
        use rustix::termios::{OptionalActions, tcsetattr};
        let _ = tcsetattr(&terminal, OptionalActions::Flush, &before);
    }
}

/// Other systems have no terminal to ask on that is known here.
#[cfg(not(unix))]
pub fn ask_secret(_: &str) -> Result<SecretText, String> {
    Err("cannot ask for a passphrase on this system".to_owned())
}

/// A field's value as sops' logger writes it: quoted unless it is one word.
fn quoted(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-._/@^+".contains(c);
    if text.chars().all(bare) { text.to_owned() } else { go::quote(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> i64 {
            1_795_541_434
        }
    }

    fn ui() -> Ui {
        let environment = Environment::new([("NO_COLOR".into(), "1".into())], "/".into());
        Ui::new(&environment, Arc::new(Fixed))
    }

    #[test]
    fn log_lines_have_the_form_of_sops() {
        assert_eq!(
            ui().line("CMD", Level::Warning, "More than one \"x\"", &[("uri", "a b"), ("n", "1")]),
            "[CMD]\t time=\"2026-11-24T17:30:34Z\" level=warning msg=\"More than one \\\"x\\\"\" uri=\"a b\" n=1\n"
        );
    }

    #[test]
    fn o_04_text_of_files_cannot_steer_the_terminal() {
        let ui = Ui { color: true, ..ui() };
        let line = ui.line("CMD", Level::Warning, "a\x1b[2J\u{2028}b", &[("key", "c\u{202e}\u{2029}")]);
        assert!(line.contains("a\\u{1b}[2J\\u{2028}b"), "{line:?}");
        assert!(!line.contains(['\u{2028}', '\u{2029}', '\u{202e}']), "{line:?}");
        let line = ui.line("CMD", Level::Warning, "a", &[("key", "\u{2029}")]);
        assert!(!line.contains('\u{2029}'), "{line:?}");
    }
}
