//! Paths with slashes; the functions beginning with `os` are the same on the
//! systems that controllers run on, but for empty names.

use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::value::Value;

const TEXT: &[Kind] = &[Kind::Text];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("base", TEXT, |scope, args| run(scope, args, base)),
    Function::new("clean", TEXT, |scope, args| run(scope, args, clean)),
    Function::new("dir", TEXT, |scope, args| run(scope, args, dir)),
    Function::new("ext", TEXT, |scope, args| run(scope, args, ext)),
    Function::new("isAbs", TEXT, is_absolute),
    Function::new("osBase", TEXT, |scope, args| run(scope, args, base)),
    Function::new("osClean", TEXT, |scope, args| run(scope, args, clean)),
    Function::new("osDir", TEXT, |scope, args| run(scope, args, dir)),
    Function::new("osExt", TEXT, |scope, args| run(scope, args, ext)),
    Function::new("osIsAbs", TEXT, is_absolute),
];

fn run(scope: &mut Scope<'_>, args: &Args<'_>, change: fn(&[u8]) -> Vec<u8>) -> Result<Value, Failure> {
    // The elements, in a vector that grows by doubling.
    let elements = 1 + memchr::memchr_iter(b'/', args.text(0)).count();
    scope.meter.borrow(args.text(0).len() + elements * 2 * size_of::<&[u8]>())?;
    scope.text(change(args.text(0)))
}

fn is_absolute(_: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    Ok(Value::Bool(args.text(0).starts_with(b"/")))
}

/// The shortest path that means the same.
fn clean(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let rooted = path[0] == b'/';
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(last) if *last != b".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(part),
            },
            part => parts.push(part),
        }
    }
    let mut out = if rooted { b"/".to_vec() } else { Vec::new() };
    out.extend(parts.join(&b'/'));
    if out.is_empty() { b".".to_vec() } else { out }
}

/// The last element.
fn base(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    let trimmed = &path[..end];
    let start = memchr::memrchr(b'/', trimmed).map_or(0, |at| at + 1);
    if trimmed.is_empty() { b"/".to_vec() } else { trimmed[start..].to_vec() }
}

/// All but the last element.
fn dir(path: &[u8]) -> Vec<u8> {
    clean(&path[..memchr::memrchr(b'/', path).map_or(0, |at| at + 1)])
}

/// What follows the last dot of the last element, and the dot.
fn ext(path: &[u8]) -> Vec<u8> {
    let name = &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..];
    memchr::memrchr(b'.', name).map_or_else(Vec::new, |at| name[at..].to_vec())
}
