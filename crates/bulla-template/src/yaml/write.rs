//! Writing YAML as sigs.k8s.io/yaml does: by way of JSON, in the layout of
//! `bulla_yaml`'s writer for Kubernetes. The budget pays for the text before it
//! is written.

use std::mem::size_of;

use bulla_yaml::Style as YamlStyle;
use bulla_yaml::emit;
use bulla_yaml::tree::Node;

use crate::budget::Meter;
use crate::failure::Failure;
use crate::json::{self, Style};
use crate::scope::Scope;
use crate::text::number_format::{FloatVerb, float};
use crate::value::{Map, Value};

/// Where lines are folded.
const WIDTH: usize = 80;

/// Writes `value`, with a line break at its end. `None`: JSON has no form for
/// it.
pub(crate) fn write(scope: &mut Scope<'_>, value: &Value) -> Result<Option<Vec<u8>>, Failure> {
    // Through JSON, because that is what gives numbers and texts their form.
    let Some(text) = json::write(&mut scope.meter, value, Style { html: true, pretty: false })? else {
        return Ok(None);
    };
    let Ok(value) = json::read(scope, &text)? else { return Ok(None) };
    let node = node(&mut scope.meter, &value, 2)?;
    let mut out = Vec::new();
    emit::kubernetes(&node, &mut out);
    Ok(Some(out))
}

/// Builds the tree of a value that came out of JSON, which bounds its depth.
/// Its lines begin at most at column `indent`.
fn node(meter: &mut Meter, value: &Value, indent: usize) -> Result<Node<'static>, Failure> {
    meter.step(1)?;
    // The node, and `- ` or `: ` behind an indentation.
    meter.allocate(size_of::<Node<'_>>() + indent + 3)?;
    Ok(match value {
        Value::Bool(truth) => Node::boolean(*truth),
        Value::Float(number) => Node::scalar(number_text(*number), YamlStyle::Plain),
        Value::List(list) => {
            let items = list.items.iter().map(|item| node(meter, item, indent + 2));
            Node::sequence(items.collect::<Result<_, _>>()?)
        }
        Value::Map(map) => {
            meter.step(sorting(map))?;
            let entries = map.entries.borrow();
            let pairs = entries
                .iter()
                .map(|(key, value)| Ok((text(meter, key, indent)?, node(meter, value, indent + 2)?)));
            Node::mapping(pairs.collect::<Result<_, Failure>>()?)
        }
        Value::Text(content) => text(meter, content, indent)?,
        _ => Node::null(),
    })
}

/// The steps of comparing the keys of a map while they are put in order.
fn sorting(map: &Map) -> u64 {
    let entries = map.entries.borrow();
    let bytes: usize = entries.keys().map(|key| key.len()).sum();
    bytes as u64 * u64::from(entries.len().max(1).ilog2()) / 64
}

fn text(meter: &mut Meter, text: &[u8], indent: usize) -> Result<Node<'static>, Failure> {
    meter.allocate(size_of::<Node<'_>>() + text.len() + written(text, indent))?;
    meter.step(text.len() as u64 / 16)?;
    Ok(Node::text(String::from_utf8_lossy(text).into_owned()))
}

/// How many bytes a text has at most once it is written, whatever its style:
/// escapes, and lines that it has or gets by folding.
fn written(text: &[u8], indent: usize) -> usize {
    let bytes = text.iter().map(|byte| match byte {
        b'"' | b'\'' | b'\\' | b'\n' => 2,
        b' '..=b'~' => 1,
        0..b' ' | 0x7f => 4,
        0x80.. => 3,
    });
    let count = |wanted: u8| memchr::memchr_iter(wanted, text).count();
    let folds = count(b' ').min(text.len() / WIDTH.saturating_sub(indent).max(1));
    bytes.sum::<usize>() + (count(b'\n') + folds + 2) * (indent + 2)
}

/// A number as go-yaml writes it: what fits a 64-bit integer is one.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && (-9.3e18..1.8e19).contains(&number) {
        return number.to_string();
    }
    float(number, FloatVerb::General, None, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_longer_than_what_is_paid_for_it() {
        let words = "some words ".repeat(40);
        let lines = "a\n".repeat(50);
        for text in [
            "",
            "x",
            "\u{1}\u{7f}\u{85}\u{feff}",
            "it's \"q\" \\ \t",
            &words,
            &lines,
            "é 日 \u{10ffff}",
            "\n\n ",
        ] {
            for levels in [0, 1, 45] {
                let mut tree = Node::text(text.to_owned());
                for _ in 0..levels {
                    tree = Node::sequence(vec![tree]);
                }
                let mut out = Vec::new();
                emit::kubernetes(&tree, &mut out);
                let paid = written(text.as_bytes(), 2 * levels + 2) + 3 * levels + 1;
                assert!(out.len() <= paid, "{text:?} at {levels}: {} of {paid}", out.len());
            }
        }
    }
}
