//! Plain HTTP to the servers of a lane, to set up what the tests need.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::tool::required_text;

/// A server of a lane, and what every request to it carries.
pub struct Server {
    /// As in `http://127.0.0.1:8200`.
    pub url: String,
    headers: Vec<(&'static str, String)>,
}

/// Status and body of an answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

impl Server {
    /// The real Vault, asked with its root token (`BULLA_LANE_VAULT`, `BULLA_LANE_VAULT_TOKEN`).
    pub fn vault() -> Self {
        let token = required_text("BULLA_LANE_VAULT_TOKEN");
        Self { url: required_text("BULLA_LANE_VAULT"), headers: vec![("X-Vault-Token", token)] }
    }

    /// AWS as moto plays it (`BULLA_LANE_AWS`).
    pub fn aws() -> Self {
        let kind = "application/x-amz-json-1.1".to_owned();
        Self { url: required_text("BULLA_LANE_AWS"), headers: vec![("Content-Type", kind)] }
    }

    /// What listens on a loopback port.
    pub fn at(port: u16) -> Self {
        Self { url: format!("http://127.0.0.1:{port}"), headers: Vec::new() }
    }

    /// The same, with a header that every request carries.
    pub(crate) fn at_with(port: u16, name: &'static str, value: String) -> Self {
        Self { headers: vec![(name, value)], ..Self::at(port) }
    }

    /// Calls one operation of an AWS service that speaks JSON, as `TrentService.CreateKey`.
    #[track_caller]
    pub fn call(&self, operation: &str, body: &str) -> Answer {
        // moto takes the service from the scope of the signature and checks nothing else of it.
        let scope = "Credential=test/20260101/us-east-1/kms/aws4_request";
        let authorization = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
        self.send(
            "POST",
            "/",
            &[("X-Amz-Target", operation), ("Authorization", &authorization)],
            body.as_bytes(),
        )
    }

    /// Sends a request to a path below the server's address.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(method, path, &[], body.as_ref())
    }

    #[track_caller]
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let address = self.url.strip_prefix("http://").expect("servers of lanes speak plain HTTP");
        let mut stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        let own = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let all: String = own
            .chain(headers.iter().copied())
            .map(|(name, value)| [name, ": ", value, "\r\n"].concat())
            .collect();
        // HTTP/1.0: the answer comes in one piece and ends with the connection.
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n");
        let request = [head.as_bytes(), all.as_bytes(), b"\r\n", body].concat();
        stream.write_all(&request).expect("the server takes the request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the server answers");
        parse(&String::from_utf8_lossy(&answer))
    }
}

impl Answer {
    /// Passes the body on if the request succeeded.
    #[track_caller]
    pub fn success(self) -> String {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }
}

fn parse(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("not an HTTP answer: {head}"));
    Answer { status, body: body.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_read() {
        let answer = parse("HTTP/1.0 403 Forbidden\r\nA: b\r\n\r\n{\"errors\":[]}");
        assert_eq!((answer.status, answer.body.as_str()), (403, "{\"errors\":[]}"));
    }
}
