//! Files of manifests: their documents, and edits that leave the rest of the
//! file alone.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::ops::Range;
use std::path::Path;

use bulla_api::{API_VERSION, DecodeError, KIND, SealedSecret, Wiped};
use bulla_yaml::edit::{self, Splice, Step};
use bulla_yaml::tree::Node;
use bulla_yaml::{Kind, Limits, NodeId, Stream};
use serde_json::{Map, Value};

/// What is said of a file without a SealedSecret.
pub(super) const NONE: &str = "there is no SealedSecret in it";

/// Returns true for a file of YAML or JSON by its name.
pub fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    matches!(extension.to_ascii_lowercase().as_str(), "yaml" | "yml" | "json")
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
    pub value: Result<Wiped, DecodeError>,
}

/// The documents of a text: of YAML, or JSON objects one after another.
pub fn documents(text: &str) -> Result<Vec<Document<'_>>, String> {
    if bulla_api::is_json(text.as_bytes())
        && let Some(objects) =
            bulla_api::json_documents(text.as_bytes()).map_err(|error| error.to_string())?
    {
        let last = objects.len().saturating_sub(1);
        let object = |(number, (place, value)): (usize, (Range<usize>, Wiped))| {
            let end = if number == last { text.len() } else { place.end };
            Document { text: &text[place.start..end], value: Ok(value) }
        };
        return Ok(objects.into_iter().enumerate().map(object).collect());
    }
    let stream = parse(text)?;
    let read = |document: &bulla_yaml::Document| Document {
        text: &text[document.span()],
        value: bulla_api::value(&stream, document.root()).map(Wiped::from),
    };
    Ok(stream.documents().iter().map(read).collect())
}

/// Where an object stands.
#[derive(Clone)]
pub struct Place {
    /// The number of its document.
    document: usize,
    /// The numbers of the items that lead to it, where it stands in a list.
    items: Vec<usize>,
}

impl Place {
    /// The object of the first document.
    pub fn first() -> Self {
        Self { document: 0, items: Vec::new() }
    }
}

/// The kinds that hold objects; `kubectl get --output=yaml` prints the first.
pub const LISTS: [&str; 3] = ["List", "SecretList", "SealedSecretList"];

/// An object, and the numbers of the items that lead to it.
type Object<'v> = (Vec<usize>, &'v Value);

/// The object of a document, or those of its list, of lists in it too, each
/// with the numbers of the items that lead to it; depth is that of the text.
pub fn objects(value: &Value) -> Vec<Object<'_>> {
    if !LISTS.contains(&value.get("kind").and_then(Value::as_str).unwrap_or_default()) {
        return vec![(Vec::new(), value)];
    }
    let mut found = Vec::new();
    let items = value.get("items").and_then(Value::as_array).into_iter().flatten();
    for (number, item) in items.enumerate() {
        let below = objects(item).into_iter();
        found.extend(below.map(|(items, object)| ([&[number], items.as_slice()].concat(), object)));
    }
    found
}

/// The SealedSecrets of a text, those of lists as well, each with its place.
///
/// Fails where the text is no YAML or JSON, where a document that speaks of
/// SealedSecrets cannot be read, and where something that says it is one is none.
pub fn sealed_secrets(text: &str) -> Result<Vec<(Place, SealedSecret)>, String> {
    let mut found = Vec::new();
    for (number, document) in documents(text)?.into_iter().enumerate() {
        let is_meant = document.text.contains(KIND);
        let value = match document.value {
            Ok(value) => value,
            Err(error) if is_meant => return Err(error.to_string()),
            Err(_) => continue,
        };
        for (items, object) in objects(&value) {
            if object.get("kind").and_then(Value::as_str) == Some(KIND) {
                let sealed = SealedSecret::from_value(object).map_err(|error| error.to_string())?;
                found.push((Place { document: number, items }, sealed));
            }
        }
    }
    Ok(found)
}

/// What one object of a file is, and what it is to be.
pub struct Change {
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub old: SealedSecret,
    /// What it is to say.
    pub new: SealedSecret,
}

impl Change {
    /// What has to be put, and then what has to go.
    fn puts(&self) -> Vec<Put<'_>> {
        let (before, mut after) = (entries(&self.old), entries(&self.new));
        let gone = before.keys().filter(|path| !after.contains_key(*path));
        let gone: Vec<Put<'_>> = gone.map(|path| (path.clone(), None)).collect();
        after.retain(|path, value| before.get(path) != Some(value));
        after.into_iter().map(|(path, value)| (path, Some(value))).chain(gone).collect()
    }

    /// Makes the change in a document's value. Returns whether it then says what
    /// it is to say.
    fn make(&self, document: &mut Value) -> bool {
        let mut items = self.place.items.iter();
        let object = items.try_fold(document, |list, number| list.get_mut("items")?.get_mut(*number));
        let Some(object) = object else { return false };
        let is_put = |(path, entry): &Put<'_>| put_value(object, path, *entry).is_some();
        self.puts().iter().all(is_put) && SealedSecret::from_value(object).is_ok_and(|read| read == self.new)
    }
}

/// Puts a scalar at a path, or removes what is there, as the editors do: what is
/// no map and is led through becomes one; nothing where that is a list.
fn put_value(object: &mut Value, path: &[&str], entry: Option<Entry<'_>>) -> Option<()> {
    fn map_of(value: &mut Value) -> Option<&mut Map<String, Value>> {
        if !matches!(value, Value::Object(_) | Value::Array(_)) {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut()
    }
    let (name, parents) = path.split_last()?;
    let below = |value, name: &&str| Some(map_of(value)?.entry(*name).or_insert(Value::Null));
    let map = map_of(parents.iter().try_fold(object, below)?)?;
    match entry {
        Some(Entry::Text(text)) => map.insert((*name).to_owned(), text.into()),
        Some(Entry::Truth(truth)) => map.insert((*name).to_owned(), truth.into()),
        None => map.remove(*name),
    };
    Some(())
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
    for change in changes {
        let Place { document, items } = &change.place;
        let document = documents.get_mut(*document).ok_or(NOT_IN_PLACE)?;
        let puts = change.puts();
        let (text, rest) = replace_words(document, items, &puts)?;
        *document = text;
        for (path, value) in rest {
            *document = put(document, items, path, *value)?;
        }
    }
    let written = documents.concat();
    let (new, old) = (self::documents(&written)?, self::documents(text)?);
    let is_as_meant = |(number, (new, old)): (usize, (&Document<'_>, &Document<'_>))| {
        let changes = changes.iter().filter(|change| change.place.document == number);
        new.text == old.text || differs_by(new, old, changes)
    };
    let is_written = new.len() == old.len() && new.iter().zip(&old).enumerate().all(is_as_meant);
    if is_written { Ok(written) } else { Err(NOT_IN_PLACE.to_owned()) }
}

/// Whether the changes, and nothing else, are what distinguishes two documents.
fn differs_by<'c>(
    new: &Document<'_>,
    old: &Document<'_>,
    mut changes: impl Iterator<Item = &'c Change>,
) -> bool {
    let (Ok(new), Ok(old)) = (&new.value, &old.value) else { return false };
    let mut expected = Wiped::from(Value::clone(old));
    changes.all(|change| change.make(&mut expected)) && *expected == **new
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

/// What is to stand at a path of an object; nothing where it is to go.
type Put<'o> = (Vec<&'o str>, Option<Entry<'o>>);

/// Replaces words where they stand, all of them in one pass, and gives back
/// what is something else.
fn replace_words<'p, 'o>(
    document: &str,
    items: &[usize],
    puts: &'p [Put<'o>],
) -> Result<(String, Vec<&'p Put<'o>>), String> {
    let stream = match parse(document) {
        Ok(stream) => stream,
        // JSON has escapes that YAML 1.1 lacks.
        Err(_) if bulla_api::is_json(document.as_bytes()) => {
            return Ok((document.to_owned(), puts.iter().collect()));
        }
        Err(error) => return Err(error),
    };
    let (mut maps, mut splices, mut rest) = (HashMap::new(), Vec::new(), Vec::new());
    for put @ (path, entry) in puts {
        let splice = path.split_last().zip(*entry).and_then(|((name, parent), entry)| {
            let map = maps.entry(parent).or_insert_with(|| entries_of(&stream, items, parent));
            replaced(&stream, *map.get(*name)?, entry)
        });
        match splice {
            Some(splice) => splices.push(splice),
            None => rest.push(put),
        }
    }
    splices.sort_by_key(|splice| splice.range.start);
    Ok((edit::apply(document, &splices), rest))
}

/// The values of a map by their keys; none where the path leads to no map.
fn entries_of(stream: &Stream<'_>, items: &[usize], path: &[&str]) -> HashMap<String, NodeId> {
    let pairs = |id: NodeId| {
        stream.pairs(id).filter_map(|(key, value)| Some((bulla_api::key(stream, key).ok()?, value)))
    };
    let is_map = |id: &NodeId| matches!(stream.node(*id).kind(), Kind::Mapping);
    let below = |id: NodeId, step: Step<'_>| match step {
        Step::Index(number) => stream.children(id).get(number).copied(),
        Step::Key(name) => {
            Some(id).filter(is_map).and_then(|id| pairs(id).find(|(key, _)| *key == name)).map(|pair| pair.1)
        }
    };
    let root = stream.documents().first().map(bulla_yaml::Document::root);
    let at = steps(items, path).into_iter().fold(root, |at, step| below(at?, step));
    at.filter(is_map).map(|id| pairs(id).collect()).unwrap_or_default()
}

/// The way to a part of an object that stands in lists.
fn steps<'p>(items: &[usize], path: &[&'p str]) -> Vec<Step<'p>> {
    let lists = items.iter().flat_map(|number| [Step::Key("items"), Step::Index(*number)]);
    lists.chain(path.iter().map(|part| Step::Key(part))).collect()
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
fn put(document: &str, items: &[usize], path: &[&str], value: Option<Entry<'_>>) -> Result<String, String> {
    let steps = steps(items, path);
    if bulla_api::is_json(document.as_bytes()) && bulla_api::parse(document.as_bytes()).is_ok() {
        return put_in_json(document, steps, value);
    }
    let stream = parse(document)?;
    let limits = limits();
    let splices = match value {
        Some(Entry::Text(text)) => edit::set(&stream, 0, &steps, &Node::text(text), &limits),
        Some(Entry::Truth(truth)) => edit::set(&stream, 0, &steps, &Node::boolean(truth), &limits),
        None => edit::remove(&stream, 0, &steps, &limits),
    };
    Ok(edit::apply(document, &splices.map_err(|error| error.to_string())?))
}

fn put_in_json(document: &str, steps: Vec<Step<'_>>, value: Option<Entry<'_>>) -> Result<String, String> {
    use bulla_sops::{Node, Value};
    let json = bulla_sops::by_name("json").ok_or(NOT_IN_PLACE)?;
    let step = |step| match step {
        Step::Index(number) => bulla_sops::Step::Index(number),
        Step::Key(name) => bulla_sops::Step::Key(name.as_bytes().to_vec()),
    };
    let steps: Vec<bulla_sops::Step> = steps.into_iter().map(step).collect();
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
mod tests;
