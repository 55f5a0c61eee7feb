//! A server that answers what a test says, for what no real one would.

use std::io::Write;
use std::net::TcpListener;
use std::thread::JoinHandle;

use crate::api::listen;
use crate::wire;

/// Gives one answer after another on a loopback port, one per connection.
pub struct Fake {
    /// As in `http://127.0.0.1:40000`.
    pub url: String,
    thread: JoinHandle<Vec<String>>,
}

impl Fake {
    /// Starts a server that gives each of `answers` once and is gone then.
    pub fn start(answers: Vec<String>) -> Self {
        let (listener, address) = listen();
        let thread = std::thread::spawn(move || {
            let serve = |answer: String| {
                let (mut stream, _) = listener.accept().expect("a connection");
                let request = wire::request(&mut stream).expect("a request");
                // A client may hang up before a long answer is over.
                let _ = stream.write_all(answer.as_bytes());
                request
            };
            answers.into_iter().map(serve).collect()
        });
        Self { url: format!("http://{address}"), thread }
    }

    /// Waits until every answer is given; returns the requests.
    pub fn requests(self) -> Vec<String> {
        self.thread.join().expect("the server does not panic")
    }

    /// The text of an answer; `headers` are lines that end in CR LF.
    pub fn answer(status: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n{body}")
    }
}

/// A port where connections are taken but nothing is answered, or never even looked at.
pub struct Silent {
    /// As in `http://127.0.0.1:40000`.
    pub url: String,
    listener: TcpListener,
}

impl Default for Silent {
    fn default() -> Self {
        Self::new()
    }
}

impl Silent {
    /// Opens the port.
    pub fn new() -> Self {
        let (listener, address) = listen();
        Self { url: format!("http://{address}"), listener }
    }

    /// True where somebody has connected.
    pub fn was_called(&self) -> bool {
        self.listener.set_nonblocking(true).expect("a listener takes options");
        self.listener.accept().is_ok()
    }
}

/// The address of a port at which nobody listens.
pub fn nobody() -> String {
    format!("http://{}", listen().1)
}
