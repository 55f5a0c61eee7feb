//! The conversation with the agent over a Unix socket.

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
