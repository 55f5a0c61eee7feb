//! Logs in the forms of Go's `slog`, which people's collectors know from the
//! original: `time=... level=INFO msg=... key=value`, or JSON. Only our own
//! lines are printed; libraries may log what they send (`security.md` O-01).

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::Arc;

use bulla_core::Clock;
use bulla_core::civil::rfc3339;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Bytes of a value at most; a certificate fits.
const MAX_VALUE: usize = 4096;

/// How lines look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// An object per line.
    Json,
    /// `key=value`.
    Text,
}

/// What is logged, and where to.
#[derive(Clone, Copy)]
pub(crate) struct Log {
    pub(crate) format: Format,
    pub(crate) level: Level,
    /// INFO and below go to standard output, WARN and ERROR to standard error.
    pub(crate) info_to_stdout: bool,
}

struct Logger {
    log: Log,
    clock: Arc<dyn Clock>,
}

/// Starts logging; done once. Of a panic the place is told, never the text,
/// which may hold a value.
pub(crate) fn start(log: Log, clock: Arc<dyn Clock>) {
    let _ = tracing::subscriber::set_global_default(Logger { log, clock });
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "A part of the controller panicked");
    }));
}

/// Prints what a command line asked for.
pub(crate) fn show(text: &str) -> u8 {
    u8::from(std::io::stdout().write_all(text.as_bytes()).is_err())
}

/// Says why a command line cannot be followed.
pub(crate) fn refuse(text: &str) -> u8 {
    let text = if text.starts_with("error") { text.trim_end().to_owned() } else { format!("error: {text}") };
    let _ = writeln!(std::io::stderr(), "{text}");
    2
}

impl Subscriber for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target().starts_with("bulla_controller")
            && *metadata.level() <= self.log.level
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let level = *event.metadata().level();
        let time = rfc3339(self.clock.now());
        let line = line(self.log.format, &time, level, |fields| event.record(fields));
        // Nobody can be told that nobody can be told.
        let _ = if level >= Level::INFO && self.log.info_to_stdout {
            std::io::stdout().write_all(line.as_bytes())
        } else {
            std::io::stderr().write_all(line.as_bytes())
        };
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn line(format: Format, time: &str, level: Level, record: impl Fn(&mut dyn Visit)) -> String {
    let mut fields = Fields::default();
    record(&mut fields);
    let head = [("time", time.to_owned()), ("level", level.to_string()), ("msg", fields.message)];
    let mut line = String::new();
    for (name, value) in head
        .iter()
        .map(|(name, value)| (*name, value))
        .chain(fields.others.iter().map(|(name, value)| (*name, value)))
    {
        let cut = value.get(..value.floor_char_boundary(MAX_VALUE)).unwrap_or_default();
        match format {
            Format::Json => {
                line.push(if line.is_empty() { '{' } else { ',' });
                let _ = write!(line, "{}:{}", quoted(name), quoted(cut));
            }
            Format::Text => {
                let gap = if line.is_empty() { "" } else { " " };
                let _ =
                    write!(line, "{gap}{name}={}", if is_plain(cut) { cut.to_owned() } else { quoted(cut) });
            }
        }
    }
    if format == Format::Json {
        line.push('}');
    }
    line.push('\n');
    line
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'='))
}

/// A text in quotes, as JSON has it. What steers a terminal or the direction
/// of text is escaped (`security.md` O-04).
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            // What Rust would not print either.
            _ if character != '\'' && character.escape_debug().len() > 1 => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// The fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.others.push((name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_04_text_of_the_cluster_cannot_steer_a_terminal() {
        assert_eq!(
            quoted("a\"b\\\n\u{1b}[31m\u{202e}é'\u{1f600}\u{9b}"),
            "\"a\\\"b\\\\\\n\\u001b[31m\\u202eé'\u{1f600}\\u009b\""
        );
        let parsed: String = serde_json::from_str(&quoted("a\"b\\\n\u{1b}\u{202e}é\t")).unwrap();
        assert_eq!(parsed, "a\"b\\\n\u{1b}\u{202e}é\t");
    }

    #[test]
    fn words_stand_bare_and_everything_else_in_quotes() {
        assert!(is_plain("kube-system/name") && is_plain(":8080"));
        for text in ["", "a b", "a=b", "a\"", "é", "\n"] {
            assert!(!is_plain(text), "{text:?}");
        }
    }
}
