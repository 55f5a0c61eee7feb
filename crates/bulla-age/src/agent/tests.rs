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
