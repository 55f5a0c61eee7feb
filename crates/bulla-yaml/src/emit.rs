//! The writer: byte for byte what go.yaml.in/yaml/v3 v3.0.4's `Encoder` prints for the same tree.
//!
//! It differs in four places, on purpose, because go-yaml's output there does not read back. The string is
//! double quoted instead of:
//! - a literal block whose indentation digit would be wrong (a string that starts with a blank or line break,
//!   inside a sequence, at most indents: go-yaml prints the configured indent, not the distance);
//! - a literal block that starts with a tab (go-yaml's `Encode` fails, and SOPS then writes `null`);
//! - a literal block whose header would carry a comment of several lines (the second would become content).
//!
//! And an empty collection that a comment separates from its key or dash is indented; go-yaml prints `{}` at
//! column 0.

mod kubernetes;
pub(crate) mod scalar;
mod text;
mod walk;

pub use kubernetes::{kubernetes, natural_order};
pub use text::{Place, ScalarText, fits_plain, flow_text, scalar_text, styled_text};

use crate::tree::Node;

/// Writes documents, separated by `---` lines, with `indent` columns per level.
///
/// Indents below 2 or above 9 count as 2; 0 is go-yaml's default, 4.
pub fn emit(documents: &[Node<'_>], indent: usize, out: &mut Vec<u8>) {
    let mut writer = walk::Writer::new(indent, out);
    for document in documents {
        writer.document(document);
    }
}

/// Standard base64 with padding: lines of 70 characters, each ended by a line feed if there is more than one.
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const LINE: usize = 70;
    let length = bytes.len().div_ceil(3) * 4;
    // go-yaml counts a line of its own for the rest, even where nothing is left.
    let several = length / LINE + 1 > 1;
    let mut encoded = String::with_capacity(length + length / LINE + 1);
    let mut column = 0;
    let mut push = |encoded: &mut String, byte: u8| {
        encoded.push(char::from(byte));
        column += 1;
        if several && column == LINE {
            encoded.push('\n');
            column = 0;
        }
    };
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = (group >> (18 - 6 * digit)) as usize & 63;
            push(&mut encoded, if digit > chunk.len() { b'=' } else { ALPHABET[index] });
        }
    }
    if several && !encoded.ends_with('\n') {
        encoded.push('\n');
    }
    encoded
}

#[cfg(test)]
mod tests;
