//! The matrix of format x key type x option: what is varied, and which
//! combinations cover every pair.

mod keys;
mod options;

pub use keys::{KEYS, Keyring};
pub use options::{Choice, OPTIONS, Step};

/// A document format with a document that uses what the options speak about.
pub struct Format {
    /// As in `--input-type`.
    pub name: &'static str,
    /// The name of the plain file.
    pub file: &'static str,
    /// Its content.
    pub document: &'static str,
    /// The path of a value, as `set` and `--extract` take it.
    pub path: &'static str,
    /// Another type that it can be written as.
    pub other: &'static str,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format {
        name: "yaml",
        file: "plain.yaml",
        document: "\
# about the file
name_open: visible
password_secret: hunter2
nested:
    # note: keep
    user: admin
    token_secret: 42
    list:
        - 1
        - true
        - text
",
        path: r#"["nested"]["user"]"#,
        other: "json",
    },
    Format {
        name: "json",
        file: "plain.json",
        document: "\
{
\t\"name_open\": \"visible\",
\t\"password_secret\": \"hunter2\",
\t\"nested\": {
\t\t\"user\": \"admin\",
\t\t\"token_secret\": 42,
\t\t\"list\": [
\t\t\t1,
\t\t\ttrue,
\t\t\t\"text\"
\t\t]
\t}
}
",
        path: r#"["nested"]["user"]"#,
        other: "yaml",
    },
    Format {
        name: "dotenv",
        file: "plain.env",
        document: "# note: keep\nname_open=visible\npassword_secret=hunter2\nuser=admin\n",
        path: r#"["user"]"#,
        other: "json",
    },
    Format {
        name: "ini",
        file: "plain.ini",
        document: "\
[main]
; note: keep
name_open       = visible
password_secret = hunter2

[nested]
user = admin
",
        path: r#"["nested"]["user"]"#,
        other: "yaml",
    },
    Format {
        name: "binary",
        file: "plain.txt",
        document: "password: hunter2\n\0\u{1f}\u{7f}tail",
        path: r#"["data"]"#,
        other: "json",
    },
];

/// One combination, as indices into [`FORMATS`], [`KEYS`] and [`OPTIONS`].
pub type Combination = (usize, usize, usize);

/// Every combination.
pub fn all() -> Vec<Combination> {
    let formats = 0..FORMATS.len();
    formats
        .flat_map(|format| (0..KEYS.len()).map(move |key| (format, key)))
        .flat_map(|(format, key)| (0..OPTIONS.len()).map(move |option| (format, key, option)))
        .collect()
}

/// Combinations in which every pair of two values occurs: each key with each
/// option once, the formats in turn.
pub fn pairwise() -> Vec<Combination> {
    let keys = 0..KEYS.len();
    keys.flat_map(|key| (0..OPTIONS.len()).map(move |option| ((key + option) % FORMATS.len(), key, option)))
        .collect()
}
