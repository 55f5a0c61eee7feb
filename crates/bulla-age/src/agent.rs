//! Passphrases from gpg-agent, over its socket (the Assuan protocol of
//! GnuPG's manual, "Agent's Assuan Protocol").

use bulla_core::{Environment, SecretText};

/// What the agent is asked for.
pub(crate) struct Request<'a> {
    /// Name under which the agent remembers the passphrase.
    pub(crate) cache_id: &'a str,
    /// What the user is shown.
    pub(crate) description: &'a str,
}

/// Asks the agent; `None` where there is none to be reached, an error where
/// it answered with one (the user cancelled, for instance).
#[cfg(unix)]
pub(crate) fn passphrase(
    request: &Request<'_>,
    environment: &Environment,
) -> Option<Result<SecretText, String>> {
    let mut connection = unix::Connection::open(environment)?;
    Some(connection.passphrase(request, environment))
}

/// Makes the agent forget a passphrase that turned out to be wrong.
#[cfg(unix)]
pub(crate) fn forget(cache_id: &str, environment: &Environment) {
    if let Some(mut connection) = unix::Connection::open(environment) {
        // An agent that fails here still remembers; the user will see that.
        drop(connection.command(&format!("CLEAR_PASSPHRASE {cache_id}")));
    }
}

#[cfg(not(unix))]
pub(crate) fn passphrase(_: &Request<'_>, _: &Environment) -> Option<Result<SecretText, String>> {
    None
}

#[cfg(not(unix))]
pub(crate) fn forget(_: &str, _: &Environment) {}

#[cfg(unix)]
mod unix {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;

    use bulla_core::{Environment, SecretText};
    use zeroize::Zeroizing;

    use super::Request;

    /// Longest line of the protocol is 1,000 bytes; an answer is one line.
    const LINE_LIMIT: u64 = 4096;

    pub(super) struct Connection(BufReader<UnixStream>);

    impl Connection {
        pub(super) fn open(environment: &Environment) -> Option<Self> {
            let socket = sockets(environment).find_map(|path| UnixStream::connect(path).ok())?;
            let mut connection = Self(BufReader::new(socket));
            connection.answer().is_ok().then_some(connection)
        }

        pub(super) fn passphrase(
            &mut self,
            request: &Request<'_>,
            environment: &Environment,
        ) -> Result<SecretText, String> {
            for (option, variable) in [("ttyname", "GPG_TTY"), ("ttytype", "TERM"), ("display", "DISPLAY")] {
                if let Some(value) = environment.text(variable) {
                    // Older agents do not know every option.
                    drop(self.command(&format!("OPTION {option}={value}")));
                }
            }
            let description = escape(request.description);
            let line = format!("GET_PASSPHRASE {} X Passphrase {description}", request.cache_id);
            let answer = self.command(&line).map_err(|()| "gpg-agent gave no passphrase".to_owned())?;
            let bytes = from_hex(&answer).and_then(|bytes| String::from_utf8(bytes).ok());
            bytes.map(SecretText::new).ok_or_else(|| "gpg-agent gave no text".to_owned())
        }

        /// Sends one command; returns what follows `OK`.
        pub(super) fn command(&mut self, line: &str) -> Result<Zeroizing<String>, ()> {
            if line.contains(['\n', '\r']) {
                return Err(());
            }
            self.0.get_mut().write_all(format!("{line}\n").as_bytes()).map_err(|_| ())?;
            self.answer()
        }

        fn answer(&mut self) -> Result<Zeroizing<String>, ()> {
            loop {
                let mut line = Zeroizing::new(String::with_capacity(1024));
                let length = (&mut self.0).take(LINE_LIMIT).read_line(&mut line).map_err(|_| ())?;
                if length == 0 || line.starts_with("ERR ") {
                    return Err(());
                }
                if let Some(rest) = line.strip_prefix("OK") {
                    return Ok(Zeroizing::new(rest.trim().to_owned()));
                }
                // Status lines (`S`) and comments (`#`) come before the answer.
            }
        }
    }

    /// Where GnuPG keeps the socket, by version and configuration.
    fn sockets(environment: &Environment) -> impl Iterator<Item = PathBuf> {
        let configured = environment.os("GNUPGHOME").map(PathBuf::from);
        let runtime = environment.os("XDG_RUNTIME_DIR").map(|path| PathBuf::from(path).join("gnupg"));
        let home = environment.home().map(|path| path.join(".gnupg"));
        let defaults = if configured.is_some() { [None, None] } else { [runtime, home] };
        std::iter::once(configured).chain(defaults).flatten().map(|path| path.join("S.gpg-agent"))
    }

    /// Escapes a parameter: percent signs and controls as `%XX`, blanks as `+`.
    pub(super) fn escape(text: &str) -> String {
        let escape = |byte: u8| match byte {
            b' ' => "+".to_owned(),
            b'%' | b'+' | ..=0x1F | 0x7F.. => format!("%{byte:02X}"),
            _ => char::from(byte).into(),
        };
        text.bytes().map(escape).collect()
    }

    pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
        let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
        let digits = Zeroizing::new(digits?);
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsString;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::thread::JoinHandle;

    use super::*;

    /// An agent for one connection: returns the lines that it was sent, with
    /// `answer` to the question for a passphrase.
    fn agent(directory: &Path, answer: &'static str) -> JoinHandle<Vec<String>> {
        let listener = UnixListener::bind(directory.join("S.gpg-agent")).unwrap();
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            socket.write_all(b"OK Pleased to meet you\n").unwrap();
            let mut lines = Vec::new();
            for line in BufReader::new(socket.try_clone().unwrap()).lines() {
                let line = line.unwrap();
                let reply = if line.starts_with("GET_PASSPHRASE") { answer } else { "OK\n" };
                socket.write_all(reply.as_bytes()).unwrap();
                lines.push(line);
            }
            lines
        })
    }

    fn environment(directory: &Path) -> Environment {
        let variables = [("GNUPGHOME", directory.as_os_str().to_owned()), ("GPG_TTY", "/dev/pts/7".into())];
        Environment::new(variables.map(|(name, value)| (OsString::from(name), value)), directory.to_owned())
    }

    const REQUEST: Request<'_> = Request { cache_id: "SopsAgeX", description: "for 'a b': 100%" };

    #[test]
    fn the_agent_is_asked_with_an_escaped_description() {
        let directory = tempfile::tempdir().unwrap();
        let agent = agent(directory.path(), "S PROGRESS\nOK 68C3A9\n");
        let answer = passphrase(&REQUEST, &environment(directory.path())).unwrap();
        assert_eq!(answer.unwrap().expose(), "h\u{e9}");
        let lines = agent.join().unwrap();
        assert_eq!(
            lines,
            ["OPTION ttyname=/dev/pts/7", "GET_PASSPHRASE SopsAgeX X Passphrase for+'a+b':+100%25"]
        );
    }

    #[test]
    fn a_cancelled_question_is_an_error_and_no_agent_is_none() {
        let directory = tempfile::tempdir().unwrap();
        assert!(passphrase(&REQUEST, &environment(directory.path())).is_none());
        let agent = agent(directory.path(), "ERR 83886179 Operation cancelled <Pinentry>\n");
        let answer = passphrase(&REQUEST, &environment(directory.path())).unwrap();
        assert_eq!(answer.err().as_deref(), Some("gpg-agent gave no passphrase"));
        agent.join().unwrap();
    }

    #[test]
    fn a_wrong_passphrase_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let agent = agent(directory.path(), "");
        forget("SopsAgeX", &environment(directory.path()));
        assert_eq!(agent.join().unwrap(), ["CLEAR_PASSPHRASE SopsAgeX"]);
    }
}
