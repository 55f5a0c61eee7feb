//! Text of a file, another program or a service, made safe for a message or a
//! terminal.

/// Bytes of a message at most.
const LIMIT: usize = 1024;

/// Makes one line of `text`: its lines are joined by `; `, what controls a
/// terminal or the direction of text is escaped, and what is too long is cut
/// (`security.md` O-04).
pub fn one_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut line = String::new();
    for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            line.push_str("; ");
        }
        for character in part.chars() {
            if line.len() > LIMIT {
                line.push_str("...");
                return line;
            }
            push(&mut line, character);
        }
    }
    line
}

/// As [`one_line`], for a whole message: its lines and tabs stay, and nothing
/// is cut.
pub fn escape_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\n' | '\t') {
            out.push(character);
        } else {
            push(&mut out, character);
        }
    }
    out
}

/// Controls, marks of direction, and what ends a line or a paragraph are
/// escaped.
fn push(line: &mut String, character: char) {
    let steers_direction = matches!(character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || steers_direction {
        line.extend(character.escape_unicode());
    } else {
        line.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_04_terminal_controls_of_another_program_are_escaped() {
        assert_eq!(one_line(b"gpg: a\r\n\n  gpg: b\x1b[2Jc\n"), "gpg: a; gpg: b\\u{1b}[2Jc");
        assert_eq!(one_line("a\u{202e}b\u{9b}c".as_bytes()), "a\\u{202e}b\\u{9b}c");
        assert_eq!(one_line(b""), "");
    }

    #[test]
    fn o_04_lines_and_tabs_of_a_message_stay() {
        let shown = escape_lines("a\n\tb\x07\u{85}\u{2028}c\u{2029}d\r");
        assert_eq!(shown, "a\n\tb\\u{7}\\u{85}\\u{2028}c\\u{2029}d\\u{d}");
    }

    #[test]
    fn long_text_is_cut() {
        let line = one_line("é\u{7}".repeat(5000).as_bytes());
        assert!(line.len() < LIMIT + 16 && line.ends_with("..."), "{}", line.len());
    }
}
