//! Answers of an API server, and client-go's words for those that are errors.

use std::time::Duration;

use serde_json::Value;

use super::client::Call;
use crate::go;

/// Characters of an error's text that are kept.
const SHOWN: usize = 2048;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// There was no answer, or none that makes sense.
    #[error("{0}")]
    Transport(String),
    /// The server refused.
    #[error("{message}")]
    Refused {
        /// HTTP status code.
        code: u16,
        /// The server's reason.
        message: String,
    },
}

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    /// Seconds that the server asks to wait.
    pub(super) retry_after: Option<u64>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// How long to wait before the request is made again, where the server
    /// asks for that.
    pub(super) fn wait(&self) -> Option<Duration> {
        let is_busy = self.status == 429 || self.status >= 500;
        self.retry_after.filter(|_| is_busy).map(Duration::from_secs)
    }

    /// The body of a success, or what the server has to say.
    pub(super) fn result(self, call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        Err(ApiError::Refused {
            code: self.status,
            message: self.told().unwrap_or_else(|| self.guessed(call)),
        })
    }

    fn media_type(&self) -> &str {
        self.content_type.split(';').next().unwrap_or_default().trim()
    }

    /// The message of an object of kind Status.
    fn told(&self) -> Option<String> {
        if !matches!(self.media_type(), "" | "application/json") {
            return None;
        }
        let status: Value = serde_json::from_slice(&self.body).ok()?;
        let field = |name: &str| status.get(name).and_then(Value::as_str);
        if field("kind") != Some("Status") || field("status") != Some("Failure") {
            return None;
        }
        Some(field("message").unwrap_or_default().to_owned())
    }

    /// What the code alone says.
    fn guessed(&self, call: &Call<'_>) -> String {
        let is_text = self.content_type.is_empty() || self.media_type().starts_with("text/");
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(SHOWN)]).trim().to_owned();
        let body = if is_text { body } else { "unknown".to_owned() };
        let message = match self.status {
            400 => "the server rejected our request for an unknown reason".to_owned(),
            401 => "the server has asked for the client to provide credentials".to_owned(),
            403 | 415 => body,
            404 => "the server could not find the requested resource".to_owned(),
            405 => "the server does not allow this method on the requested resource".to_owned(),
            406 if body.is_empty() || body == "unknown" => {
                "the server was unable to respond with a content type that the client supports".to_owned()
            }
            406 => body,
            409 => "the server reported a conflict".to_owned(),
            422 => "the server rejected our request due to an error in our request".to_owned(),
            429 => {
                "the server has received too many requests and has asked us to try again later".to_owned()
            }
            503 => "the server is currently unable to handle the request".to_owned(),
            504 => "the server was unable to return a response in the time allotted, but may still be processing the request".to_owned(),
            500.. => format!("an error on the server ({}) has prevented the request from succeeding", go::quote(&body)),
            code => format!("the server responded with the status code {code} but did not return more information"),
        };
        let (resource, name) = call.about;
        let verb = call.method.as_str().to_lowercase();
        match name {
            "" => format!("{message} ({verb} {resource})"),
            name => format!("{message} ({verb} {resource} {name})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(status: u16, content_type: &str, body: &str) -> String {
        let answer = Answer {
            status,
            content_type: content_type.to_owned(),
            retry_after: None,
            body: body.as_bytes().to_vec(),
        };
        let call = Call::post("/x", "", b"", ("services", "http:a:"));
        answer.result(&call).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn errors_are_told_in_the_words_of_the_reference() {
        let status = "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"no\"}";
        assert_eq!(text(403, "application/json", status), "no");
        assert_eq!(
            text(404, "text/html", status),
            "the server could not find the requested resource (post services http:a:)"
        );
        assert_eq!(
            text(500, "", ""),
            "an error on the server (\"\") has prevented the request from succeeding (post services http:a:)"
        );
        assert_eq!(text(403, "text/plain; charset=utf-8", " go away \n"), "go away (post services http:a:)");
        assert_eq!(text(403, "image/png", "x"), "unknown (post services http:a:)");
        assert!(text(302, "", "").starts_with("the server responded with the status code 302 but"));
        assert_eq!(text(204, "", ""), "");
    }
}
