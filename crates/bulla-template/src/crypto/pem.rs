//! PEM (RFC 7468) as Go's `encoding/pem` reads and writes it.

use std::collections::BTreeMap;

use base64::Engine as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::{BASE64, Error};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// One block.
pub(super) struct Block {
    pub(super) kind: Vec<u8>,
    pub(super) headers: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) bytes: Vec<u8>,
}

impl Drop for Block {
    /// It may be a private key.
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn find_last(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).rposition(|window| window == wanted)
}

/// The line at the start of `text` without its end and blanks before that, and
/// where the next one starts.
fn line(text: &[u8]) -> (&[u8], usize) {
    let (line, next) = match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => (text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]), end + 1),
        None => (text, text.len()),
    };
    let blank = line.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (&line[..line.len() - blank], next)
}

/// Reads the next block, skipping whatever is none; also what follows it.
pub(super) fn decode(text: &[u8]) -> Option<(Block, &[u8])> {
    let mut from = 0;
    loop {
        // The first end line, then the last begin line before it.
        let end = from + find(text.get(from..)?, END)?;
        let tried = from;
        from = end + END.len();
        let Some(begin) = find_last(&text[tried..end], BEGIN).map(|at| tried + at) else { continue };
        if begin > tried && text[begin - 1] != b'\n' {
            continue;
        }
        match block(text, begin + BEGIN.len(), end) {
            Attempt::Block(block, next) => return Some((block, &text[next..])),
            Attempt::Other => {}
            Attempt::Nothing => return None,
        }
    }
}

enum Attempt {
    Block(Block, usize),
    /// No block, but there may be one further on.
    Other,
    /// No block, and none further on.
    Nothing,
}

/// Reads a block from behind `BEGIN` to the line break before `END`.
fn block(text: &[u8], at: usize, end: usize) -> Attempt {
    let trailer = end + END.len();
    let (kind, length) = line(&text[at..]);
    let Some(kind) = kind.strip_suffix(DASHES) else { return Attempt::Other };
    let mut at = at + length;
    let mut headers = BTreeMap::new();
    loop {
        if at >= text.len() || at > trailer {
            return Attempt::Nothing;
        }
        let (header, length) = line(&text[at..]);
        let Some(colon) = header.iter().position(|byte| *byte == b':') else { break };
        let (name, value) = (header[..colon].trim_ascii(), header[colon + 1..].trim_ascii());
        headers.insert(name.to_vec(), value.to_vec());
        at += length;
    }
    if !headers.is_empty() && at > end {
        return Attempt::Other;
    }
    let behind = text[trailer..].strip_prefix(kind).and_then(|rest| rest.strip_prefix(DASHES));
    if behind.is_none_or(|rest| !line(rest).0.is_empty()) {
        return Attempt::Other;
    }
    let kept = text[at.min(end)..end].iter().copied();
    let body: Vec<u8> = kept.filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).collect();
    let Ok(bytes) = BASE64.decode(&*Zeroizing::new(body)) else { return Attempt::Other };
    let next = end + 1 + line(&text[end + 1..]).1;
    Attempt::Block(Block { kind: kind.to_vec(), headers, bytes }, next)
}

/// Writes a block.
pub(super) fn encode(block: &Block) -> Vec<u8> {
    let mut out = [BEGIN, &block.kind, b"-----\n"].concat();
    // RFC 1421 4.6.1.1 has this one first.
    let first = |name: &[u8]| name == b"Proc-Type";
    let headers = block.headers.iter();
    for (name, value) in
        headers.clone().filter(|(name, _)| first(name)).chain(headers.filter(|(name, _)| !first(name)))
    {
        out.extend([name, &b": "[..], value, b"\n"].concat());
    }
    if !block.headers.is_empty() {
        out.push(b'\n');
    }
    let body = Zeroizing::new(BASE64.encode(&block.bytes));
    // At once as long as it becomes, so that no copy stays behind.
    out.reserve_exact(body.len() + body.len() / 64 + 2 * block.kind.len() + 64);
    for line in body.as_bytes().chunks(64) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend([&END[1..], &block.kind, b"-----\n"].concat());
    out
}

/// Writes a block without headers.
pub(super) fn text(kind: &str, bytes: &[u8]) -> String {
    let block = Block { kind: kind.into(), headers: BTreeMap::new(), bytes: bytes.to_vec() };
    String::from_utf8(encode(&block)).expect("base64 between ASCII lines")
}

/// Drops what stands before the first begin line.
pub(super) fn without_junk(input: &[u8]) -> &[u8] {
    &input[find(input, b"-----BEGIN").unwrap_or(0)..]
}

/// `filterPEM`: the blocks of that type, whatever its case.
pub(crate) fn filter_pem(kind: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut rest = without_junk(input);
    while let Some((block, next)) = decode(rest) {
        rest = next;
        if block.kind.eq_ignore_ascii_case(kind.as_bytes()) {
            out.extend(encode(&block));
        }
    }
    if out.is_empty() && !rest.is_empty() {
        return Err(Error::Junk);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN A-----\nAQID\n-----END A-----\n";

    #[test]
    fn blocks_are_filtered_by_type() {
        let input = format!("junk{BLOCK}{}{BLOCK}", BLOCK.replace('A', "B").replace("BQID", "BAUG"));
        assert_eq!(filter_pem("a", input.as_bytes()).unwrap(), BLOCK.repeat(2).as_bytes());
        assert!(filter_pem("C", input.as_bytes()).unwrap().is_empty());
        assert!(matches!(filter_pem("C", b"junk"), Err(Error::Junk)));
        assert!(filter_pem("C", b"").unwrap().is_empty());
    }

    #[test]
    fn odd_layouts_are_read() {
        for (text, bytes) in [
            ("-----BEGIN A-----\r\n A Q\tI D \r\n-----END A-----", Some(&[1, 2, 3][..])),
            ("-----BEGIN A-----\n-----END A-----", Some(&[])),
            ("-----BEGIN A-----\n-----BEGIN A-----\nAQID\n-----END A-----", Some(&[1, 2, 3])),
            ("x\n-----BEGIN A-----\nAQID\n-----END A-----", Some(&[1, 2, 3])),
            ("x-----BEGIN A-----\nAQID\n-----END A-----", None),
            ("-----BEGIN A-----\nAQID\n-----END B-----", None),
            ("-----BEGIN A-----\nAQI\n-----END A-----", None),
            ("-----BEGIN A-----\nAQID\n-----END A-----x", None),
            ("-----BEGIN A-----\nk: v\n-----END A-----", None),
            ("-----BEGIN A-----", None),
        ] {
            assert_eq!(
                decode(text.as_bytes()).map(|(block, _)| block.bytes.clone()).as_deref(),
                bytes,
                "{text}"
            );
        }
    }

    #[test]
    fn headers_are_kept_in_order() {
        let text = "-----BEGIN A-----\nB: 2\nProc-Type: 4\nA: 1\n\nAQID\n-----END A-----\n";
        let sorted = "-----BEGIN A-----\nProc-Type: 4\nA: 1\nB: 2\n\nAQID\n-----END A-----\n";
        assert_eq!(filter_pem("A", text.as_bytes()).unwrap(), sorted.as_bytes());
    }
}
