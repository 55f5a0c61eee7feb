//! JSON strings: escapes and their removal.

/// Removes escapes as gjson does: it stops at a control character or an
/// unknown escape, and takes bad hexadecimal digits as zero.
pub(super) fn unescape(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        at += 1;
        if byte < b' ' {
            break;
        }
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(&escape) = json.get(at) else { break };
        at += 1;
        match escape {
            b'\\' | b'/' | b'"' => out.push(escape),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let Some(first) = json.get(at..at + 4).map(unit) else { break };
                at += 4;
                let mut point = first;
                if (0xd800..0xe000).contains(&first) {
                    point = 0xfffd;
                    if json[at..].starts_with(b"\\u")
                        && let Some(second) = json.get(at + 2..at + 6).map(unit)
                    {
                        at += 6;
                        point = pair(first, second);
                    }
                }
                let point = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(point.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => break,
        }
    }
    out
}

/// Four hexadecimal digits, or zero.
fn unit(digits: &[u8]) -> u32 {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return 0;
    }
    digits.iter().fold(0, |value, digit| value << 4 | char::from(*digit).to_digit(16).unwrap_or(0))
}

fn pair(first: u32, second: u32) -> u32 {
    if (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second) {
        ((first - 0xd800) << 10 | (second - 0xdc00)) + 0x10000
    } else {
        0xfffd
    }
}

/// Appends `text` as a JSON string, with gjson's choice of escapes.
pub(super) fn quote(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        for point in chunk.valid().chars() {
            match point {
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                '\\' => out.extend_from_slice(b"\\\\"),
                '"' => out.extend_from_slice(b"\\\""),
                '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    out.extend_from_slice(format!("\\u{:04x}", u32::from(point)).as_bytes());
                }
                _ => out.extend_from_slice(point.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

/// Cuts white space and controls off both ends.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [0..=b' ', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., 0..=b' '] = text {
        text = rest;
    }
    text
}

/// Cuts Unicode white space off both ends, as Go's `strings.TrimSpace`.
pub(super) fn trim_unicode(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}
