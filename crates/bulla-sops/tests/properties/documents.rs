//! Documents with one value per line, so that a test can say which line an
//! edit is about.

use bulla_sops::Step;
use proptest::prelude::*;

/// A value and where it stands: `before`, the value, `after` are its line.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) line: usize,
    pub(crate) path: Vec<Step>,
    before: String,
    after: String,
    /// True where the map that holds it holds others as well.
    pub(crate) has_siblings: bool,
}

/// A generated document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) format: &'static str,
    pub(crate) lines: Vec<String>,
    pub(crate) leaves: Vec<Leaf>,
}

impl Document {
    pub(crate) fn text(&self) -> String {
        self.lines.concat()
    }

    /// The text with another value at a leaf.
    pub(crate) fn with(&self, leaf: &Leaf, value: &str) -> String {
        let mut lines = self.lines.clone();
        lines[leaf.line] = [&leaf.before, value, &leaf.after].concat();
        lines.concat()
    }

    /// How the format spells a word.
    pub(crate) fn word(&self, word: &str) -> String {
        if self.format == "json" { format!("\"{word}\"") } else { word.to_owned() }
    }

    fn leaf(&mut self, before: String, value: &str, after: String, path: &[&str], has_siblings: bool) {
        let path = path.iter().map(|key| Step::Key(key.as_bytes().to_vec())).collect();
        self.lines.push([&before, value, &after].concat());
        self.leaves.push(Leaf { line: self.lines.len() - 1, path, before, after, has_siblings });
    }
}

/// Entry of a document: noise before it, key suffix, values, comment behind.
#[derive(Clone, Debug)]
struct Entry {
    noise: Option<String>,
    is_plain: bool,
    values: Vec<String>,
    comment: Option<String>,
}

fn entries(value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<Entry>> {
    let comment = "[ a-z]{0,8}[a-z]";
    let entry = (
        proptest::option::weighted(0.3, prop_oneof![Just(String::new()), comment.prop_map(String::from)]),
        proptest::bool::weighted(0.2),
        proptest::collection::vec(value, 1..4),
        proptest::option::weighted(0.2, comment),
    );
    let entry =
        entry.prop_map(|(noise, is_plain, values, comment)| Entry { noise, is_plain, values, comment });
    proptest::collection::vec(entry, 1..6)
}

fn name(number: usize, entry: &Entry) -> String {
    format!("k{number}{}", if entry.is_plain { "_unencrypted" } else { "" })
}

fn noise(entry: &Entry, mark: &str) -> Option<String> {
    entry.noise.as_ref().map(|text| if text.is_empty() { "\n".into() } else { format!("{mark} {text}\n") })
}

fn yaml_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}( [a-z]{1,8})?",
        "-?[1-9][0-9]{0,6}",
        "\"[a-zA-Z0-9 #:,]{0,10}\"",
        "'[a-z {}]{0,8}'",
        "(true|no|~|null|0x1F|014|1e3|2024-01-02|)",
        "[0-9]\\.[0-9]{1,3}",
        "\\[[a-z]{1,3}, '[0-9]']",
    ]
}

/// A map of values and of maps; comments and blank lines between them.
pub(crate) fn yaml() -> impl Strategy<Value = Document> {
    entries(yaml_value()).prop_map(|entries| {
        let mut document = Document { format: "yaml", lines: Vec::new(), leaves: Vec::new() };
        let count = entries.len();
        for (number, entry) in entries.iter().enumerate() {
            document.lines.extend(noise(entry, "#"));
            let name = name(number, entry);
            let end = entry.comment.as_ref().map_or("\n".into(), |text| format!("  # {text}\n"));
            if let [value] = entry.values.as_slice() {
                document.leaf(format!("{name}:   "), value, end, &[&name], count > 1);
                continue;
            }
            document.lines.push(format!("{name}:{end}"));
            for (inner, value) in entry.values.iter().enumerate() {
                let key = format!("i{inner}");
                document.leaf(format!("  {key}: "), value, "\n".into(), &[&name, &key], true);
            }
        }
        document
    })
}

/// An object of values and of objects, in odd indentation.
pub(crate) fn json() -> impl Strategy<Value = Document> {
    let value = prop_oneof![
        "\"[a-zA-Z0-9 #:,]{0,10}\"",
        "-?[1-9][0-9]{0,6}",
        "[1-9]\\.[0-9]{0,2}[1-9]",
        "(true|false|null|\"\\\\u00e9\"|1\\.50|\\[1, 2\\])",
    ];
    entries(value).prop_map(|entries| {
        let mut document = Document { format: "json", lines: vec!["{\n".into()], leaves: Vec::new() };
        let count = entries.len();
        for (number, entry) in entries.iter().enumerate() {
            let name = name(number, entry);
            let end = if number + 1 < count { ",\n" } else { "\n" };
            if let [value] = entry.values.as_slice() {
                document.leaf(format!("   \"{name}\" : "), value, end.into(), &[&name], count > 1);
                continue;
            }
            document.lines.push(format!("   \"{name}\": {{\n"));
            for (inner, value) in entry.values.iter().enumerate() {
                let key = format!("i{inner}");
                let end = if inner + 1 < entry.values.len() { ",\n" } else { "\n" };
                document.leaf(format!("     \"{key}\": "), value, end.into(), &[&name, &key], true);
            }
            document.lines.push(format!("   }}{end}"));
        }
        document.lines.push("}\n".into());
        document
    })
}

/// Assignments, comments and blank lines.
pub(crate) fn dotenv() -> impl Strategy<Value = Document> {
    entries("[a-zA-Z0-9'\"=:#,]{0,4}[a-zA-Z0-9 ]{0,6}[a-z]").prop_map(|entries| {
        let mut document = Document { format: "dotenv", lines: Vec::new(), leaves: Vec::new() };
        let count = entries.len();
        for (number, entry) in entries.iter().enumerate() {
            document.lines.extend(noise(entry, "#"));
            let name = name(number, entry);
            document.leaf(format!("{name}="), &entry.values[0], "\n".into(), &[&name], count > 1);
        }
        document
    })
}

/// Sections with keys, comments and blank lines.
pub(crate) fn ini() -> impl Strategy<Value = Document> {
    entries("[a-zA-Z0-9]{1,8}").prop_map(|entries| {
        let mut document = Document { format: "ini", lines: Vec::new(), leaves: Vec::new() };
        for (number, entry) in entries.iter().enumerate() {
            document.lines.extend(noise(entry, ";"));
            let section = format!("s{number}");
            document.lines.push(format!("[{section}]\n"));
            let siblings = entry.values.len() > 1;
            for (inner, value) in entry.values.iter().enumerate() {
                let key = format!("i{inner}");
                document.leaf(format!("{key} =  "), value, "\n".into(), &[&section, &key], siblings);
            }
        }
        document
    })
}

/// Documents of the four formats that have lines.
pub(crate) fn any_document() -> impl Strategy<Value = Document> {
    prop_oneof![3 => yaml(), 2 => json(), 1 => dotenv(), 1 => ini()]
}
