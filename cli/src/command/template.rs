//! `template test`: render a template of an ExternalSecret or a SealedSecret
//! as the controller would, without a cluster.

use std::collections::BTreeMap;
use std::path::Path;

use bulla_api::{Tree, decode_base64, json_line};
use bulla_core::SecretBytes;
use bulla_template::{Budget, Data, Library, Settings, Template};
use bulla_yaml::{Dialect, Kind, Limits, NodeId, Resolved, Stream, decode_binary, parse};

use crate::app::App;
use crate::error::{Exit, Failure, cause};
use crate::file;
use crate::request::TemplateTest;

/// Runs the command: exit 0 rendered, 1 the template failed, 2 could not
/// start.
pub(super) fn run(app: &App<'_>, request: &TemplateTest) -> Result<(), Failure> {
    let text = SecretBytes::new(read(app, request.path.as_deref())?);
    let data = SecretBytes::new(read(app, request.data.as_deref())?);
    let values = values(data.expose()).map_err(|what| {
        Failure::own(2, format!("{}: {what}", shown(request.data.as_deref())))
            .hint("the data is a YAML or JSON map of names and values, or a Secret of Kubernetes")
    })?;
    let failed = |error: bulla_template::TemplateError| Failure::own(1, error.to_string());
    let settings = settings(request);
    let random = &*app.context.random;
    let output = Template::parse(text.expose(), settings)
        .and_then(|template| template.render(&values, &*app.context.clock, random, Budget::default()))
        .map_err(failed)?;
    app.ui.data(output.expose()).map_err(|error| Failure::new(Exit::Generic, cause(&error)))
}

fn settings(request: &TemplateTest) -> Settings {
    let name = shown(request.path.as_deref());
    let usual = match request.library {
        Library::ExternalSecrets => Settings::external_secrets(name),
        Library::SealedSecrets => Settings::sealed_secrets(name),
    };
    Settings {
        left: request.left_delimiter.clone(),
        right: request.right_delimiter.clone(),
        missing_key: request.missing_key.unwrap_or(usual.missing_key),
        ..usual
    }
}

fn read(app: &App<'_>, path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let limit = app.limits.file_size;
    let bytes = match path {
        Some(path) => file::read(&app.absolute(path), limit),
        None => file::read_stdin(limit),
    };
    bytes.map_err(|error| Failure::own(2, error.to_string()))
}

fn shown(path: Option<&Path>) -> String {
    path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
}

/// Reads the values: what a template gets of them is text, so everything that
/// is not a string becomes the text that a store's value would
/// (`external-secrets.md` 3.4). A Secret gives its decoded entries.
fn values(text: &[u8]) -> Result<Data, String> {
    // As deep as `bulla_api::value` goes.
    let limits = Limits { depth: 100, ..Limits::default() };
    let stream = parse(text, &limits).map_err(|error| error.to_string())?;
    let [document] = stream.documents() else {
        return Err(format!("one document is needed, there are {}", stream.documents().len()));
    };
    if let Some(duplicate) = stream.duplicate_keys(document.root()).first() {
        return Err(duplicate.describe(&stream));
    }
    let entries = entries(&stream, document.root())?;
    let is = |key: &str, text: &str| entries.get(key).is_some_and(|id| stream[*id].value() == text);
    let values = if is("kind", "Secret") && is("apiVersion", "v1") {
        secret(&stream, &entries)?
    } else {
        let text = |(key, id): (String, NodeId)| value(&stream, id).map(|text| (key, text));
        entries.into_iter().map(text).collect::<Result<_, _>>()?
    };
    Ok(Data::Texts(values))
}

fn entries(stream: &Stream<'_>, id: NodeId) -> Result<BTreeMap<String, NodeId>, String> {
    if stream[id].kind() != Kind::Mapping {
        return Err(format!("line {}: there is no map", stream[id].line()));
    }
    let pair = |(key, value)| (stream[stream.follow(key)].value().to_owned(), stream.follow(value));
    Ok(stream.pairs(id).map(pair).collect())
}

/// The decoded entries of a Secret, by the types of Kubernetes: nothing but
/// texts, and null for an empty one.
fn secret(
    stream: &Stream<'_>,
    entries: &BTreeMap<String, NodeId>,
) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut values = BTreeMap::new();
    for (field, is_encoded) in [("data", true), ("stringData", false)] {
        let Some(&id) = entries.get(field) else { continue };
        if resolved(stream, id)? == Some(Resolved::Null) {
            continue;
        }
        for (key, id) in self::entries(stream, id)? {
            let text = match resolved(stream, id)? {
                Some(Resolved::Null) => "",
                Some(Resolved::Str) => stream[id].value(),
                _ => return Err(format!("line {}: the value of a Secret is not a text", stream[id].line())),
            };
            let value = if is_encoded { decode_base64(text).ok() } else { Some(text.as_bytes().to_vec()) };
            let value = value.ok_or_else(|| format!("line {}: not base64", stream[id].line()))?;
            values.insert(key, value);
        }
    }
    Ok(values)
}

fn value(stream: &Stream<'_>, id: NodeId) -> Result<Vec<u8>, String> {
    let node = &stream[id];
    Ok(match resolved(stream, id)? {
        None => {
            let value = bulla_api::value(stream, id).map_err(|error| error.to_string())?;
            json_line(&Tree::from(&value)).into_bytes()
        }
        Some(Resolved::Null) => Vec::new(),
        Some(Resolved::Bool(truth)) => truth.to_string().into_bytes(),
        Some(Resolved::Binary) => decode_binary(node.value())
            .ok_or_else(|| format!("line {}: the value is not base64", node.line()))?,
        Some(_) => node.value().as_bytes().to_vec(),
    })
}

/// What a scalar is; nothing for maps and lists.
fn resolved(stream: &Stream<'_>, id: NodeId) -> Result<Option<Resolved>, String> {
    let node = &stream[id];
    if matches!(node.kind(), Kind::Mapping | Kind::Sequence) {
        return Ok(None);
    }
    let misfit = |_| format!("line {}: the value does not fit its tag", node.line());
    stream.resolve(id, Dialect::Kubernetes).map(Some).map_err(misfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(yaml: &str) -> Result<Vec<(String, String)>, String> {
        let data = values(yaml.as_bytes())?;
        let Data::Texts(values) = &data else { panic!("secrets are texts") };
        let shown =
            |(key, text): (&String, &Vec<u8>)| (key.clone(), String::from_utf8_lossy(text).into_owned());
        Ok(values.iter().map(shown).collect())
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn values_are_the_texts_that_a_store_would_give() {
        let yaml = "s: text\nn: 1.50\nt: yes\nz: null\ne: ''\nb: !!binary aGk=\nl: [1, '<', null]\nm: {b: 2, a: &x 1}\nr: *x\n";
        assert_eq!(
            texts(yaml).unwrap(),
            pairs(&[
                ("b", "hi"),
                ("e", ""),
                ("l", r#"[1,"\u003c",null]"#),
                ("m", r#"{"a":1,"b":2}"#),
                ("n", "1.50"),
                ("r", "1"),
                ("s", "text"),
                ("t", "true"),
                ("z", ""),
            ])
        );
        assert_eq!(texts(r#"{"a": {"b": [true]}}"#).unwrap(), pairs(&[("a", r#"{"b":[true]}"#)]));
    }

    #[test]
    fn maps_and_lists_become_the_json_that_kubernetes_makes_of_them() {
        let yaml = "l: [0x1F, 0o17, 1_000, 1.50, 100.0, 1e21, 18446744073709551615, !!binary aGk=, 2020-01-01]\n\
            m: {yes: n, 1: a, <<: {z: 1, a: 2}, a: 3}\nn: [!!str 5, '~', ~, \"\\u2028&\"]\nx: 0x1F\n";
        assert_eq!(
            texts(yaml).unwrap(),
            pairs(&[
                ("l", r#"[31,15,1000,1.5,100,1e+21,18446744073709551615,"hi","2020-01-01"]"#),
                ("m", r#"{"1":"a","a":3,"true":false,"z":1}"#),
                ("n", r#"["5","~",null,"\u2028\u0026"]"#),
                ("x", "0x1F"),
            ])
        );
        for yaml in
            ["a: x\nb: [.inf]\n", "a: x\nb: {c: -.inf}\n", "a: x\nb: [.nan]\n", "a: x\nb: {? [d] : c}\n"]
        {
            let error = texts(yaml).unwrap_err();
            assert!(error.contains("line 2"), "{yaml}: {error}");
        }
        assert_eq!(texts("a: .inf\n").unwrap(), pairs(&[("a", ".inf")]));
    }

    #[test]
    fn a_secret_gives_its_decoded_entries() {
        let yaml = "apiVersion: v1\nkind: Secret\nmetadata: {name: n}\ndata: {a: aGk=, b: eA==}\nstringData: {b: why}\n";
        assert_eq!(texts(yaml).unwrap(), pairs(&[("a", "hi"), ("b", "why")]));
        let head = "apiVersion: v1\nkind: Secret\n";
        for (yaml, expected) in [
            ("data:\nstringData: ~\n", &[][..]),
            (
                "data: {a: ~, b: '', c: !!str aGk=}\nstringData: {d: ~}\n",
                &[("a", ""), ("b", ""), ("c", "hi"), ("d", "")],
            ),
        ] {
            assert_eq!(texts(&format!("{head}{yaml}")).unwrap(), pairs(expected), "{yaml}");
        }
    }

    #[test]
    fn o_02_refused_data_is_named_by_line_only() {
        for (yaml, expected) in [
            ("hunter2", "line 1: there is no map"),
            ("", "one document is needed, there are 0"),
            ("a: 1\n---\nb: 2\n", "one document is needed, there are 2"),
            ("a: x\na: hunter2\n", "line 2: mapping key already defined at line 1"),
            ("a: !!int hunter2\n", "line 1: the value does not fit its tag"),
            ("apiVersion: v1\nkind: Secret\ndata: {a: hunter2}\n", "line 3: not base64"),
            (
                "apiVersion: v1\nkind: Secret\ndata: {a: [hunter2]}\n",
                "line 3: the value of a Secret is not a text",
            ),
            (
                "apiVersion: v1\nkind: Secret\ndata: {a: 1234}\n",
                "line 3: the value of a Secret is not a text",
            ),
            (
                "apiVersion: v1\nkind: Secret\nstringData: {a: {b: c}}\n",
                "line 3: the value of a Secret is not a text",
            ),
            (
                "apiVersion: v1\nkind: Secret\nstringData: {a: true}\n",
                "line 3: the value of a Secret is not a text",
            ),
            ("apiVersion: v1\nkind: Secret\ndata: hunter2\n", "line 3: there is no map"),
            ("apiVersion: v1\nkind: Secret\ndata: [hunter2]\n", "line 3: there is no map"),
        ] {
            assert_eq!(texts(yaml).unwrap_err(), expected);
        }
        assert!(!texts("a: [hunter2").unwrap_err().contains("hunter2"));
    }
}
