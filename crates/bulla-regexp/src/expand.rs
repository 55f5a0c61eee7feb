//! Replacement templates: `$1`, `$name`, `${name}` and `$$`, by Go's rules.

use std::sync::LazyLock;

use regex::Regex;

use crate::Captures;

/// A reference at the start of a template, after its dollar sign. The name is
/// as long as possible, so `$1x` is the group called `1x`.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A(?:\{(?<braced>[\p{L}\p{Nd}_]+)\}|(?<bare>[\p{L}\p{Nd}_]+))").expect("a constant pattern")
});

/// Appends `template` to `output` with its references replaced by what
/// `captures` holds; groups that do not exist or did not match are empty, and
/// a dollar sign that starts no reference stands for itself.
pub(crate) fn expand(template: &[u8], captures: &Captures<'_>, output: &mut Vec<u8>) {
    let mut rest = template;
    while let Some(dollar) = memchr(b'$', rest) {
        output.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let [b'$', after @ ..] = rest {
            output.push(b'$');
            rest = after;
        } else if let Some((name, length)) = reference(rest) {
            output.extend_from_slice(lookup(captures, &name).unwrap_or_default());
            rest = &rest[length..];
        } else {
            output.push(b'$');
        }
    }
    output.extend_from_slice(rest);
}

fn memchr(needle: u8, haystack: &[u8]) -> Option<usize> {
    haystack.iter().position(|byte| *byte == needle)
}

/// Reads the reference at the start of `rest`: its name and whole length.
fn reference(rest: &[u8]) -> Option<(String, usize)> {
    let text = rest.utf8_chunks().next()?.valid();
    let found = REFERENCE.captures(text)?;
    let name = found.name("braced").or_else(|| found.name("bare"))?;
    Some((name.as_str().to_owned(), found[0].len()))
}

fn lookup<'a>(captures: &'a Captures<'_>, name: &str) -> Option<&'a [u8]> {
    match group_number(name) {
        Some(number) => captures.get(number),
        None => captures.name(name),
    }
}

/// Reads `name` as a group number: digits without a leading zero.
fn group_number(name: &str) -> Option<usize> {
    let canonical = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    // Go takes longer numbers for names.
    if canonical && name.len() <= 9 { name.parse().ok() } else { None }
}
