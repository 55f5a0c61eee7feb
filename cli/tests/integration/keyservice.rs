//! `keyservice` and its clients, without the original.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::{Outcome, Sandbox, good, put, read};

/// A key service of ours, as long as it lives.
struct Running(Child);

impl Running {
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::under(sandbox, &[], arguments)
    }

    /// The same with words in front of the program.
    fn under(sandbox: &Sandbox, wrapper: &[&str], arguments: &[&str]) -> Self {
        let words = [wrapper, &[env!("CARGO_BIN_EXE_bulla")]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("keyservice").args(arguments).current_dir(sandbox.path());
        command.env_clear().env("HOME", sandbox.path()).env("SOPS_AGE_KEY", Sandbox::identity());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// The address that it tells, behind what it may log.
    fn address(&mut self) -> String {
        loop {
            let line = self.line();
            if let Some(address) = line.strip_prefix("serving the keys of this machine at ") {
                return address.to_owned();
            }
            assert!(line.starts_with('['), "{line}");
        }
    }

    fn line(&mut self) -> String {
        let stderr = self.0.stderr.as_mut().unwrap();
        let mut line = Vec::new();
        let mut byte = [0];
        while stderr.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    fn end(mut self) -> i32 {
        self.stop()
    }

    fn stop(&mut self) -> i32 {
        let id = self.0.id().to_string();
        Command::new("kill").args(["-s", "TERM", &id]).status().unwrap();
        self.0.wait().unwrap().code().unwrap_or(-1)
    }

    /// Ends it and returns what it logged.
    fn log(mut self) -> String {
        self.stop();
        let mut log = String::new();
        self.0.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sops(sandbox: &Sandbox, line: &str) -> Outcome {
    sandbox.run(&shlex::split(line).unwrap())
}

#[test]
fn a_file_is_opened_with_the_keys_of_a_service_over_a_port_that_it_chose() {
    let sandbox = Sandbox::new();
    let mut service = Running::start(&sandbox, &["--address", "127.0.0.1:0"]);
    let address = service.address();
    let direct = sops(&sandbox, "sops decrypt enc.yaml");
    assert_eq!(direct.code, 0, "{}", direct.stderr);
    let remote = format!("sops decrypt --enable-local-keyservice=false --keyservice {address} enc.yaml");
    let outcome = sops(&sandbox, &format!("SOPS_AGE_KEY=none {remote}"));
    assert_eq!((outcome.code, outcome.stdout), (0, direct.stdout), "{}", outcome.stderr);
    assert_eq!(service.end(), 0);
    let outcome = sops(&sandbox, &remote);
    let place = address.trim_start_matches("tcp://");
    assert_eq!(outcome.code, 128);
    let said = outcome.stderr.replace("\n      |", "");
    assert!(said.contains(place) && said.contains("cannot be reached: connection refused"), "{said}");
    // It is the local key that opens it then.
    let both = sops(&sandbox, &format!("sops decrypt --keyservice {address} enc.yaml"));
    assert_eq!(both.code, 0, "{}", both.stderr);
}

#[test]
fn copies_of_a_file_ask_a_service_once() {
    let sandbox = Sandbox::new();
    for number in 0..6 {
        put(&sandbox, &format!("c/{number}.yaml"), &read(&sandbox, "enc.yaml"));
    }
    put(&sandbox, "c/flat.yaml", &read(&sandbox, "flat.yaml"));
    for (verb, option) in [("verify", "--with-keys"), ("decrypt", "-i")] {
        let mut service = Running::start(&sandbox, &["--address", "127.0.0.1:0", "--verbose"]);
        let remote = ["--enable-local-keyservice=false", "--keyservice", &service.address()];
        good(&sandbox.bulla(&[&[verb, option, "c"], &remote[..]].concat()));
        let log = service.log();
        assert_eq!(log.matches("Decryption succeeded").count(), 2, "{verb}: {log}");
    }
}

#[test]
fn k_07_a_socket_is_for_its_owner_and_a_port_for_this_machine() {
    let sandbox = Sandbox::new();
    let mut service = Running::start(&sandbox, &["--network", "unix", "--address", "keys.sock"]);
    assert_eq!(service.address(), "unix://keys.sock");
    let path = sandbox.path().join("keys.sock");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let line = "sops decrypt --enable-local-keyservice=false --keyservice unix:keys.sock enc.yaml";
    assert_eq!(sops(&sandbox, line).code, 0);
    assert_eq!(service.end(), 0);
    assert!(!path.exists());
    let refused = sandbox.bulla(&["keyservice", "--address", "0.0.0.0:0"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("whoever reaches 0.0.0.0:0 can use the keys"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--expose"), "{}", refused.stderr);
}

#[test]
fn without_any_key_service_the_reason_is_told() {
    let sandbox = Sandbox::new();
    let outcome = sops(&sandbox, "sops decrypt --enable-local-keyservice=false enc.yaml");
    assert_eq!(outcome.code, 128);
    assert!(outcome.stderr.contains("the local one is disabled"), "{}", outcome.stderr);
    let recipient = "age1q6qn6ase36c5xyrtr6gk7rnxcfphyz0c9lakvp3h8st7eqal9szsmaqu7c";
    let line = format!("sops encrypt --enable-local-keyservice=false --age {recipient} plain.yaml");
    let outcome = sops(&sandbox, &line);
    let text = "Could not generate data key: [no key services provided, cannot update master keys]\n";
    assert_eq!((outcome.code, outcome.stderr.as_str()), (1, text));
    let outcome = sandbox.bulla(&["decrypt", "--keyservice", "nonsense", "enc.yaml"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    let outcome = sops(&sandbox, "sops decrypt --keyservice nonsense enc.yaml");
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("Error parsing URI for keyservice, skipping"), "{}", outcome.stderr);
}

/// Starts to rotate five files whose keys only a silent service has, and waits
/// until it is asked. `wrapper` are words in front of the program.
fn stuck(sandbox: &Sandbox, wrapper: &[&str]) -> (Child, TcpListener, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let file = std::fs::read(sandbox.path().join("enc.yaml")).unwrap();
    for number in 0..5 {
        sandbox.put_bytes(&format!("many/{number}.yaml"), &file);
    }
    let words = [wrapper, &[env!("CARGO_BIN_EXE_bulla")]].concat();
    let mut command = Command::new(words[0]);
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    command.args(&words[1..]).args([
        "rotate",
        "many",
        "--keyservice",
        &address,
        "--enable-local-keyservice=false",
    ]);
    command.current_dir(sandbox.path()).env_clear().env("HOME", sandbox.path());
    let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (stream, _) = listener.accept().unwrap();
    (child, listener, stream)
}

fn send(child: &Child, signals: &[&str]) {
    for signal in signals {
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
    }
}

#[test]
fn r_04_a_signal_ends_a_run_that_waits_for_a_key_within_a_second() {
    for signal in ["TERM", "INT", "HUP"] {
        let sandbox = Sandbox::new();
        let (mut child, _listener, _stream) = stuck(&sandbox, &[]);
        let start = Instant::now();
        send(&child, &[signal]);
        assert_eq!(child.wait().unwrap().code(), Some(1), "{signal}");
        assert!(start.elapsed() < Duration::from_secs(1), "{signal}: {:?}", start.elapsed());
        let files: Vec<_> = std::fs::read_dir(sandbox.path().join("many")).unwrap().collect();
        assert_eq!(files.len(), 5);
        let old = std::fs::read(sandbox.path().join("enc.yaml")).unwrap();
        for file in files {
            assert_eq!(std::fs::read(file.unwrap().path()).unwrap(), old);
        }
    }
}

#[test]
fn r_04_the_second_signal_ends_the_process_at_once() {
    let sandbox = Sandbox::new();
    let (mut child, _listener, _stream) = stuck(&sandbox, &[]);
    // Both are there when it goes on.
    send(&child, &["STOP", "TERM", "INT", "CONT"]);
    assert_eq!(child.wait().unwrap().code(), None, "a signal ended it");
}

#[test]
fn r_04_a_hangup_that_was_ignored_from_the_start_ends_no_run() {
    let sandbox = Sandbox::new();
    let (mut child, _listener, _stream) = stuck(&sandbox, &["nohup"]);
    // If the first one counted, the second would end it at once.
    send(&child, &["STOP", "HUP", "TERM", "CONT"]);
    assert_eq!(child.wait().unwrap().code(), Some(1), "TERM is the first signal that counts");
}

#[test]
fn a_service_under_nohup_stays_when_the_terminal_goes() {
    let sandbox = Sandbox::new();
    let mut service = Running::under(&sandbox, &["nohup"], &["--address", "127.0.0.1:0", "--verbose"]);
    service.address();
    send(&service.0, &["STOP", "HUP", "CONT"]);
    assert!(service.log().contains("Caught signal terminated"));
}

/// An HTTP/2 frame.
fn frame(kind: u8, flags: u8, stream: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], content].concat()
}

/// Reads frames until the request is complete.
fn await_request(stream: &mut TcpStream) {
    stream.read_exact(&mut [0; 24]).unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        stream.read_exact(&mut vec![0; length]).unwrap();
        let is_data = head[3] == 0;
        if is_data && head[4] & 1 == 1 {
            return;
        }
    }
}

/// Answers every request with a key of 9 bytes of garbage.
fn serve_garbage(listener: &TcpListener) {
    while let Ok((mut stream, _)) = listener.accept() {
        stream.write_all(&frame(4, 0, 0, b"")).unwrap();
        await_request(&mut stream);
        let head = b"\x88\x0f\x10\x10application/grpc";
        let message = b"\0\0\0\0\x0b\x0a\x09not a key";
        let tail = b"\0\x0bgrpc-status\x010";
        let answer = [frame(1, 4, 1, head), frame(0, 0, 1, message), frame(1, 5, 1, tail)].concat();
        stream.write_all(&answer).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn c_10_a_key_service_that_answers_garbage_leaves_the_file_unchanged() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || serve_garbage(&listener));
    let path = sandbox.path().join("enc.yaml");
    let before = std::fs::read(&path).unwrap();
    let key = "eu-de:4b4ad1f4-0000-0000-0000-000000000000";
    let line = format!("sops rotate -i --keyservice {address} --add-hckms {key} enc.yaml");
    let outcome = sops(&sandbox, &line);
    assert_ne!(outcome.code, 0);
    assert!(outcome.stderr.contains("the answer is no data key wrapped with hckms"), "{}", outcome.stderr);
    let line = format!("sops decrypt --enable-local-keyservice=false --keyservice {address} enc.yaml");
    let outcome = sops(&sandbox, &line);
    assert_eq!(outcome.code, 128);
    let said = outcome.stderr.replace("\n      |", "");
    assert!(said.contains("the answer is 9 bytes long"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
