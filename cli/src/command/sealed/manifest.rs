//! Files of manifests: their documents, and edits that leave the rest of the
//! file alone.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::Path;

use bulla_api::{API_VERSION, DecodeError, KIND, SealedSecret};
use bulla_yaml::edit::{self, Splice, Step};
use bulla_yaml::tree::Node;
use bulla_yaml::{Kind, Limits, NodeId, Stream};
use serde_json::Value;

/// What is said of a file without a SealedSecret.
pub(super) const NONE: &str = "there is no SealedSecret in it";

/// Returns true for a file of YAML or JSON by its name.
pub fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    matches!(extension, "yaml" | "yml" | "json")
}

/// Returns true where a text speaks of SealedSecrets.
pub fn speaks_of_sealed(text: &[u8]) -> bool {
    [KIND, API_VERSION].iter().all(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

/// A document of a text, and what it says.
pub struct Document<'t> {
    /// Its text; those of all documents together are the whole text.
    pub text: &'t str,
    /// It as JSON, as Kubernetes would read it.
    pub value: Result<Value, DecodeError>,
}

/// The documents of a text of YAML or JSON.
pub fn documents(text: &str) -> Result<Vec<Document<'_>>, String> {
    let stream = parse(text)?;
    let read = |document: &bulla_yaml::Document| {
        let text = &text[document.span()];
        let json = bulla_api::is_json(text.as_bytes()).then(|| serde_json::from_str(text).ok()).flatten();
        Document { text, value: json.map_or_else(|| bulla_api::value(&stream, document.root()), Ok) }
    };
    Ok(stream.documents().iter().map(read).collect())
}

/// The SealedSecrets of a text, each with the number of its document.
///
/// Fails where the text is no YAML or JSON, and where something that says it is
/// a SealedSecret cannot be read as one.
pub fn sealed_secrets(text: &str) -> Result<Vec<(usize, SealedSecret)>, String> {
    let mut found = Vec::new();
    for (number, document) in documents(text)?.into_iter().enumerate() {
        let value = document.value.map_err(|error| error.to_string())?;
        if value.get("kind").and_then(|kind| kind.as_str()) == Some(KIND) {
            let sealed = SealedSecret::from_value(&value).map_err(|error| error.to_string())?;
            found.push((number, sealed));
        }
    }
    Ok(found)
}

/// What one object of a file is, and what it is to be.
pub struct Change {
    /// The number of its document.
    pub number: usize,
    /// What it says.
    pub old: SealedSecret,
    /// What it is to say.
    pub new: SealedSecret,
}

/// Makes the changes in a text: each value where it stands, all else as it is.
/// Ciphertexts that stand as one word are replaced in one pass; anything else
/// costs a pass over its document each.
///
/// Fails where the layout does not allow it; what comes out reads back as
/// what was meant.
pub fn rewrite(text: &str, changes: &[Change]) -> Result<String, String> {
    let mut documents: Vec<String> =
        documents(text)?.into_iter().map(|document| document.text.to_owned()).collect();
    for Change { number, old, new } in changes {
        let document = documents.get_mut(*number).ok_or(NOT_IN_PLACE)?;
        let (before, after) = (entries(old), entries(new));
        let changed = after.iter().filter(|(path, value)| before.get(*path) != Some(*value));
        let (text, rest) = replace_words(document, changed)?;
        *document = text;
        for (path, value) in rest {
            *document = put(document, path, Some(value))?;
        }
        for path in before.keys().filter(|path| !after.contains_key(*path)) {
            *document = put(document, path, None)?;
        }
    }
    let text = documents.concat();
    let documents = self::documents(&text)?;
    let is_as_meant = |change: &Change| {
        let value = documents.get(change.number).and_then(|document| document.value.as_ref().ok());
        value.and_then(|value| SealedSecret::from_value(value).ok()).is_some_and(|read| read == change.new)
    };
    if changes.iter().all(is_as_meant) { Ok(text) } else { Err(NOT_IN_PLACE.to_owned()) }
}

/// The layout is beyond the editors.
pub(super) const NOT_IN_PLACE: &str = "its layout cannot be edited in place";

/// A scalar of an object.
#[derive(Clone, Copy, PartialEq)]
enum Entry<'o> {
    Text(&'o str),
    Truth(bool),
}

/// Every scalar that an edit may change, by its path.
fn entries(object: &SealedSecret) -> BTreeMap<Vec<&str>, Entry<'_>> {
    const TEMPLATE: [&str; 3] = ["spec", "template", "metadata"];
    let (own, template) = (&object.metadata, &object.template);
    let mut entries = BTreeMap::new();
    for (path, pairs) in [
        (&["metadata", "annotations"][..], &own.annotations),
        (&["spec", "encryptedData"], &object.encrypted_data),
        (&[&TEMPLATE[..], &["annotations"]].concat()[..], &template.metadata.annotations),
        (&[&TEMPLATE[..], &["labels"]].concat()[..], &template.metadata.labels),
    ] {
        for (name, value) in pairs {
            entries.insert([path, &[name.as_str()]].concat(), Entry::Text(value));
        }
    }
    for (path, text) in [
        (&["metadata", "name"][..], &own.name),
        (&["metadata", "namespace"], &own.namespace),
        (&[&TEMPLATE[..], &["name"]].concat()[..], &template.metadata.name),
        (&[&TEMPLATE[..], &["namespace"]].concat()[..], &template.metadata.namespace),
        (&["spec", "template", "type"], &template.secret_type),
    ] {
        if !text.is_empty() {
            entries.insert(path.to_vec(), Entry::Text(text));
        }
    }
    if let Some(truth) = template.immutable {
        entries.insert(vec!["spec", "template", "immutable"], Entry::Truth(truth));
    }
    entries
}

/// What is to stand at paths of an object.
type Puts<'e, 'o> = Vec<(&'e [&'o str], Entry<'o>)>;

/// Replaces words where they stand, all of them in one pass, and gives back
/// what is something else.
fn replace_words<'e, 'o: 'e>(
    document: &str,
    changed: impl Iterator<Item = (&'e Vec<&'o str>, &'e Entry<'o>)>,
) -> Result<(String, Puts<'e, 'o>), String> {
    let stream = parse(document)?;
    let (mut maps, mut splices, mut rest) = (HashMap::new(), Vec::new(), Vec::new());
    for (path, entry) in changed {
        let splice = path.split_last().and_then(|(name, parent)| {
            let map = maps.entry(parent).or_insert_with(|| entries_of(&stream, parent));
            replaced(&stream, *map.get(name)?, *entry)
        });
        match splice {
            Some(splice) => splices.push(splice),
            None => rest.push((path.as_slice(), *entry)),
        }
    }
    splices.sort_by_key(|splice| splice.range.start);
    Ok((edit::apply(document, &splices), rest))
}

/// The values of a map by their keys; none where the path leads to no map.
fn entries_of<'s>(stream: &'s Stream<'_>, path: &[&str]) -> HashMap<&'s str, NodeId> {
    let pairs = |id: NodeId| {
        stream.pairs(id).map(move |(key, value)| (stream.node(stream.follow(key)).value(), value))
    };
    let is_map = |id: &NodeId| matches!(stream.node(*id).kind(), Kind::Mapping);
    let mut at = stream.documents().first().map(bulla_yaml::Document::root);
    for step in path {
        at = at.filter(is_map).and_then(|id| pairs(id).find(|(key, _)| key == step)).map(|(_, value)| value);
    }
    at.filter(is_map).map(|id| pairs(id).collect()).unwrap_or_default()
}

/// One word in the place of another, with the quotes that are there: base64 is
/// the same within all of them. Nothing for everything else.
fn replaced(stream: &Stream<'_>, id: NodeId, entry: Entry<'_>) -> Option<Splice> {
    let Entry::Text(value) = entry else { return None };
    let node = stream.node(id);
    let (old, range) = (node.value(), node.span());
    let source = stream.source().get(range.clone())?;
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    };
    let is_text = || bulla_api::parse(value.as_bytes()).is_ok_and(|read| read == value);
    let fits = matches!(node.kind(), Kind::Scalar)
        && is_word(old)
        && is_word(value)
        && source.matches(old).count() == 1
        && is_text();
    fits.then(|| Splice { range, text: source.replace(old, value) })
}

/// Sets or removes one scalar of a document.
fn put(document: &str, path: &[&str], value: Option<Entry<'_>>) -> Result<String, String> {
    if bulla_api::is_json(document.as_bytes()) && bulla_api::parse(document.as_bytes()).is_ok() {
        return put_in_json(document, path, value);
    }
    let stream = parse(document)?;
    let steps: Vec<Step<'_>> = path.iter().map(|part| Step::Key(part)).collect();
    let limits = limits();
    let splices = match value {
        Some(Entry::Text(text)) => edit::set(&stream, 0, &steps, &Node::text(text), &limits),
        Some(Entry::Truth(truth)) => edit::set(&stream, 0, &steps, &Node::boolean(truth), &limits),
        None => edit::remove(&stream, 0, &steps, &limits),
    };
    Ok(edit::apply(document, &splices.map_err(|error| error.to_string())?))
}

fn put_in_json(document: &str, path: &[&str], value: Option<Entry<'_>>) -> Result<String, String> {
    use bulla_sops::{Node, Step, Value};
    let json = bulla_sops::by_name("json").ok_or(NOT_IN_PLACE)?;
    let steps: Vec<Step> = path.iter().map(|part| Step::Key(part.as_bytes().to_vec())).collect();
    let source = document.as_bytes();
    let splices = match value {
        Some(Entry::Text(text)) => json.set(source, &steps, &Node::new(Value::Text(text.as_bytes().into()))),
        Some(Entry::Truth(truth)) => json.set(source, &steps, &Node::new(Value::Bool(truth))),
        None => json.unset(source, &steps),
    };
    let text = bulla_sops::apply(source, splices.map_err(|error| error.to_string())?);
    String::from_utf8(text).map_err(|_| NOT_IN_PLACE.to_owned())
}

fn parse(text: &str) -> Result<Stream<'_>, String> {
    bulla_yaml::parse(text.as_bytes(), &limits()).map_err(|error| error.to_string())
}

/// As deep as Kubernetes reads.
fn limits() -> Limits {
    Limits { depth: 100, ..Limits::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# two objects
apiVersion: v1
kind: ConfigMap
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: app, namespace: x}
spec:
  encryptedData:
    a: AAAA # why
";

    /// The text in which the first object is what `change` makes of it.
    #[track_caller]
    fn changed(text: &str, change: impl FnOnce(&mut SealedSecret)) -> String {
        let (number, old) = sealed_secrets(text).unwrap().remove(0);
        let mut new = old.clone();
        change(&mut new);
        rewrite(text, &[Change { number, old, new }]).unwrap()
    }

    fn put_b(object: &mut SealedSecret) {
        object.encrypted_data.insert("a".to_owned(), "BBBB".to_owned());
    }

    #[test]
    fn objects_are_found_and_changed_where_they_stand() {
        let found = sealed_secrets(FILE).unwrap();
        assert_eq!((found.len(), found[0].0, found[0].1.metadata.name.as_str()), (1, 1, "app"));
        assert_eq!(changed(FILE, put_b), FILE.replace("AAAA", "BBBB"));
    }

    #[test]
    fn every_part_that_an_edit_may_change_comes_and_goes() {
        let all = |object: &mut SealedSecret| {
            object.metadata.name = "b".to_owned();
            object.metadata.annotations.insert("x/y".to_owned(), "true".to_owned());
            object.encrypted_data.insert("0x1".to_owned(), "CCCC".to_owned());
            let template = &mut object.template;
            template.metadata.labels.insert("l".to_owned(), "no".to_owned());
            template.secret_type = "Opaque".to_owned();
            template.immutable = Some(true);
        };
        let expected = "\
# two objects
apiVersion: v1
kind: ConfigMap
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: b, namespace: x, annotations: {x/y: \"true\"}}
spec:
  encryptedData:
    a: AAAA # why
    \"0x1\": CCCC
  template:
    immutable: true
    metadata:
      labels:
        l: \"no\"
    type: Opaque
";
        let more = changed(FILE, all);
        assert_eq!(more, expected);
        let less = changed(&more, |object| {
            object.encrypted_data.remove("a");
            object.template.metadata.labels.clear();
            object.template.immutable = None;
        });
        let expected = expected.replace("    a: AAAA # why\n", "").replace("    immutable: true\n", "");
        assert_eq!(less, expected.replace("labels:\n        l: \"no\"", "labels: {}"));
    }

    #[test]
    fn json_keeps_its_layout_too() {
        let text = "{\n  \"kind\": \"SealedSecret\",\n  \"spec\": {\"encryptedData\": {\"a\":\"AAAA\"}}\n}\n";
        assert_eq!(changed(text, put_b), text.replace("AAAA", "BBBB"));
        let more = changed(text, |object| {
            object.encrypted_data.insert("n".to_owned(), "CCCC".to_owned());
            object.template.immutable = Some(false);
        });
        assert!(serde_json::from_str::<serde_json::Value>(&more).is_ok(), "{more}");
        assert!(more.starts_with(&text[..text.len() - 5]), "{more}");
    }

    #[test]
    fn every_style_is_kept_and_what_is_no_word_is_written_anew() {
        let head = "kind: SealedSecret\nspec:\n  encryptedData:";
        let set = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            move |object: &mut SealedSecret| object.encrypted_data.extend(pairs)
        };
        let text = format!("{head} {{b: \"AA==\", a: AA==, 'c': 'AA=='}}\n");
        let new = changed(&text, set(&[("a", "BB=="), ("b", "CC=="), ("c", "DD==")]));
        assert_eq!(new, format!("{head} {{b: \"CC==\", a: BB==, 'c': 'DD=='}}\n"));
        let text = format!("{head}\n    a: !!str AAAA # x\n    b: >-\n      AA\n      AA\n    t: AAAA\n");
        let new = changed(&text, set(&[("a", "BBBB"), ("b", "CCCC"), ("t", "true"), ("new", "EEEE")]));
        assert!(
            new.contains("a: !!str BBBB # x\n") && new.ends_with("t: \"true\"\n    new: EEEE\n"),
            "{new}"
        );
    }

    #[test]
    fn thousands_of_values_are_replaced_in_one_pass() {
        let values = |letter| (0..20_000).map(move |number| (format!("k{number}"), format!("{letter}AAA")));
        let lines: String =
            values('A').map(|(name, value)| ["    ", &name, ": ", &value, "\n"].concat()).collect();
        let text = format!("kind: SealedSecret\nspec:\n  encryptedData:\n{lines}");
        let new = changed(&text, |object| object.encrypted_data.extend(values('B')));
        assert_eq!(new, text.replace(": A", ": B"));
    }

    #[test]
    fn what_says_it_is_one_and_is_none_is_an_error() {
        assert!(sealed_secrets("kind: SealedSecret\nspec: 5\n").is_err());
        assert!(sealed_secrets("{{ if .x }}\n").is_err());
        assert_eq!(sealed_secrets("kind: Other\n").unwrap().len(), 0);
    }
}
