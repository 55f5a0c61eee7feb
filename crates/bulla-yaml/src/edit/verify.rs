//! Whether the edited source says what it should.

use std::borrow::Cow;

use super::{Splice, apply};
use crate::compose::parse;
use crate::emit::scalar::plain_is_string;
use crate::limits::Limits;
use crate::node::{Kind, NodeId, Stream, Style};
use crate::resolve::{Dialect, resolve};
use crate::tree::{Content, Node};

/// What happens at the target.
pub(super) enum Change<'k, 'v, 'n> {
    /// The collection gets one more entry.
    Add(Option<&'k str>, Node<'v>),
    /// The node is taken out of its collection.
    Remove,
    /// The node becomes another.
    Replace(&'n Node<'v>),
}

/// One step of a walk over a document.
#[derive(PartialEq)]
enum Event<'t> {
    Alias(&'t str),
    Document,
    End,
    Mapping,
    Scalar(Cow<'t, str>, &'t str),
    Sequence,
}

/// Whether the spliced source parses to the old content with the change and nothing else changed.
pub(super) fn holds(
    stream: &Stream<'_>,
    splices: &[Splice],
    target: NodeId,
    change: &Change<'_, '_, '_>,
    limits: &Limits,
) -> bool {
    let apart = splices.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start);
    if !apart {
        return false;
    }
    let edited = apply(stream.source(), splices);
    parse(edited.as_bytes(), limits)
        .is_ok_and(|edited| events(&edited, None) == events(stream, Some((target, change))))
}

enum Visit<'t> {
    Emit(Event<'t>),
    New(&'t Node<'t>),
    Old(NodeId),
}

fn events<'t>(stream: &'t Stream<'_>, edit: Option<(NodeId, &'t Change<'_, '_, '_>)>) -> Vec<Event<'t>> {
    let mut events = Vec::with_capacity(stream.node_count() + stream.documents().len());
    let mut open: Vec<Visit<'t>> = Vec::new();
    for document in stream.documents() {
        events.push(Event::Document);
        open.push(Visit::Old(document.root()));
        while let Some(visit) = open.pop() {
            match visit {
                Visit::Emit(event) => events.push(event),
                Visit::New(node) => new_node(node, &mut events, &mut open),
                Visit::Old(id) => old_node(stream, id, edit, &mut events, &mut open),
            }
        }
    }
    events
}

fn old_node<'t>(
    stream: &'t Stream<'_>,
    id: NodeId,
    edit: Option<(NodeId, &'t Change<'_, '_, '_>)>,
    events: &mut Vec<Event<'t>>,
    open: &mut Vec<Visit<'t>>,
) {
    let node = stream.node(id);
    let change = edit.filter(|(target, _)| *target == id).map(|(_, change)| change);
    if let Some(Change::Replace(value)) = change {
        open.push(Visit::New(value));
        return;
    }
    match node.kind() {
        Kind::Alias { .. } => events.push(Event::Alias(node.value())),
        Kind::Mapping => events.push(Event::Mapping),
        Kind::Scalar => {
            events.push(Event::Scalar(Cow::Borrowed(stream.short_tag(id)), node.value()));
            return;
        }
        Kind::Sequence => events.push(Event::Sequence),
    }
    if matches!(node.kind(), Kind::Alias { .. }) {
        return;
    }
    open.push(Visit::Emit(Event::End));
    if let Some(Change::Add(key, value)) = change {
        open.push(Visit::New(value));
        if let Some(key) = key {
            open.push(Visit::Emit(Event::Scalar(Cow::Borrowed(key_tag(key)), key)));
        }
    }
    let removed = edit.filter(|(_, change)| matches!(change, Change::Remove)).map(|(target, _)| target);
    let width = if matches!(node.kind(), Kind::Mapping) { 2 } else { 1 };
    for entry in stream.children(id).chunks(width).rev() {
        if entry.last().copied() != removed {
            open.extend(entry.iter().rev().map(|id| Visit::Old(*id)));
        }
    }
}

fn key_tag(key: &str) -> &'static str {
    if key == "<<" { "!!merge" } else { "!!str" }
}

fn new_node<'t>(node: &'t Node<'t>, events: &mut Vec<Event<'t>>, open: &mut Vec<Visit<'t>>) {
    match &node.content {
        Content::Mapping(pairs) => {
            events.push(Event::Mapping);
            open.push(Visit::Emit(Event::End));
            open.extend(pairs.iter().rev().flat_map(|(key, value)| [Visit::New(value), Visit::New(key)]));
        }
        Content::Scalar(text) => events.push(Event::Scalar(new_tag(node, text), text)),
        Content::Sequence(items) => {
            events.push(Event::Sequence);
            open.push(Visit::Emit(Event::End));
            open.extend(items.iter().rev().map(Visit::New));
        }
    }
}

fn new_tag<'t>(node: &'t Node<'_>, text: &str) -> Cow<'t, str> {
    if let Some(tag) = node.tag.as_deref() {
        return Cow::Borrowed(tag);
    }
    if node.style.is_string() || plain_is_string(text) {
        return Cow::Borrowed("!!str");
    }
    match resolve(None, text, Style::Plain, Dialect::YamlV3) {
        Ok(resolved) => Cow::Borrowed(resolved.tag()),
        Err(mismatch) => Cow::Owned(mismatch.tag),
    }
}
