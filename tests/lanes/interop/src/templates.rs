//! Templates and their data: every function with several shapes of arguments,
//! every statement, `printf` with its verbs and flags, missing keys in all
//! modes, nested definitions. The material lies in `fixtures/template`.
//!
//! Not made, because two engines cannot agree on them: what is random, reads
//! the clock, or depends on the order in which Go walks a map. Of those the
//! fixtures ask what they can answer alike (`once.jsonl`).

use std::collections::{BTreeMap, BTreeSet};

use bulla_api::encode_base64;
use bulla_core::{Clock, Timestamp};
use bulla_crypto::SystemRandom;
use bulla_template::{Budget, Data, Library, MissingKey, Settings, Template, TemplateError, function_names};
use serde_json::{Value, json};

use crate::generate::Seed;
use crate::go_text;

/// Signatures: a function and the pools its arguments come from; `*` behind
/// the last lets it repeat.
const FUNCTIONS: &str = include_str!("../fixtures/template/functions.txt");
/// Source expressions by pool.
const POOLS: &str = include_str!("../fixtures/template/pools.txt");
/// Formats of `printf`.
const FORMATS: &str = include_str!("../fixtures/template/formats.txt");
/// Statements, run in every mode.
const STATEMENTS: &str = include_str!("../fixtures/template/statements.jsonl");
/// Statements over a map of strings, run in every mode.
const SECRETS: &str = include_str!("../fixtures/template/secrets.jsonl");
/// Templates that ask random functions what is certain about them.
const ONCE: &str = include_str!("../fixtures/template/once.jsonl");
/// Templates that call functions of External Secrets, and what those see.
const EXTERNAL: &str = include_str!("../fixtures/template/external.jsonl");
/// Keys, certificates and key stores, from the tests of the crate.
macro_rules! crypto {
    ($name:literal) => {
        include_bytes!(concat!("../../../../crates/bulla-template/tests/fixtures/crypto/", $name)).as_slice()
    };
}
/// The values that templates see.
const DATA: &str = include_str!("../../../../crates/bulla-template/tests/fixtures/go-template/data.json");

/// Go's modes for a missing key.
pub const MODES: &[&str] = &["error", "default", "zero"];

/// The functions that External Secrets adds or changes, in order.
pub fn own_functions() -> Vec<&'static str> {
    let shared = function_names(Library::SealedSecrets);
    let mut own = function_names(Library::ExternalSecrets);
    own.retain(|name| *name == "htpasswd" || !shared.contains(name));
    own
}

/// Different shapes of arguments per function, and templates per format.
const SHAPES: usize = 6;

/// One template to ask about.
pub struct Question {
    /// Its text.
    pub template: String,
    /// One of [`MODES`].
    pub mode: &'static str,
    /// Its data: what Go decodes from JSON.
    pub data: Value,
    /// Whether the data is a map of strings, as secrets are.
    pub is_secret: bool,
    /// Whether the functions are those of External Secrets.
    pub is_external: bool,
}

impl Question {
    /// The question as the oracle reads it.
    pub fn line(&self) -> String {
        let field = if self.is_secret { "S" } else { "D" };
        json!({ "T": self.template, "M": self.mode, field: self.data, "E": self.is_external }).to_string()
    }

    /// Our answer.
    pub fn render(&self) -> Result<String, TemplateError> {
        let settings = Settings {
            missing_key: match self.mode {
                "default" => MissingKey::Invalid,
                "zero" => MissingKey::Zero,
                _ => MissingKey::Error,
            },
            library: if self.is_external { Library::ExternalSecrets } else { Library::SealedSecrets },
            ..Settings::sealed_secrets("x")
        };
        let data = if self.is_secret { texts_of(&self.data) } else { data_of(&self.data) };
        let template = Template::parse(&self.template, settings)?;
        let output = template.render(&data, &FixedClock, &SystemRandom, Budget::default())?;
        Ok(go_text(output.expose()))
    }
}

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        1_714_979_289
    }
}

/// What Go decodes: all numbers are floats.
fn data_of(value: &Value) -> Data {
    match value {
        Value::Null => Data::Nil,
        Value::Bool(truth) => Data::Bool(*truth),
        Value::Number(number) => Data::Float(number.as_f64().expect("every JSON number is a float")),
        Value::String(text) => Data::Text(text.clone().into_bytes()),
        Value::Array(items) => Data::List(items.iter().map(data_of).collect()),
        Value::Object(entries) => {
            Data::Map(entries.iter().map(|(key, value)| (key.clone(), data_of(value))).collect())
        }
    }
}

fn texts_of(value: &Value) -> Data {
    let entries = value.as_object().expect("a secret is a map");
    let text = |value: &Value| value.as_str().expect("of texts").as_bytes().to_vec();
    Data::Texts(entries.iter().map(|(key, value)| (key.clone(), text(value))).collect())
}

/// All questions; `rounds` multiplies the generated ones.
///
/// # Panics
/// Where a fixture is not what it should be.
pub fn questions(rounds: usize) -> Vec<Question> {
    let data: Value = serde_json::from_str(DATA).expect("the fixture is JSON");
    let secret = json!({
        "user": "admin", "password": "p@ss", "tls.crt": "CRT", "empty": "", "binary": "\u{ff}\u{0}",
    });
    let mut all = Vec::new();
    let mut ask = |template: String, mode, data: &Value, is_external| {
        all.push(Question { template, mode, data: data.clone(), is_secret: false, is_external });
    };
    let keys = keys();
    texts(EXTERNAL).for_each(|text| ask(text, "error", &keys, true));
    texts(ONCE).for_each(|text| ask(text, "error", &data, false));
    for &mode in MODES {
        texts(STATEMENTS).for_each(|text| ask(text, mode, &data, false));
    }
    let mut made = Maker { seed: Seed::new(1), pools: pools() };
    let own = own_functions();
    for signature in FUNCTIONS.lines() {
        let is_external =
            signature.split(' ').next().is_some_and(|name| own.contains(&name) && name != "htpasswd");
        for template in made.calls(signature, SHAPES * rounds) {
            let mode = made.seed.one_of(MODES);
            ask(template, mode, &data, is_external);
        }
    }
    for format in FORMATS.lines() {
        for template in made.prints(format, SHAPES * rounds) {
            ask(template, "default", &data, false);
        }
    }
    for &mode in MODES {
        let question =
            |template| Question { template, mode, data: secret.clone(), is_secret: true, is_external: false };
        all.extend(texts(SECRETS).map(question));
    }
    all
}

/// What templates with functions of External Secrets see: PEM as it is,
/// everything else in base64.
pub fn keys() -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let chain = [crypto!("leaf.crt"), crypto!("intermediate.crt"), crypto!("root.crt")].concat();
    json!({
        "leaf": text(crypto!("leaf.crt")),
        "intermediate": text(crypto!("intermediate.crt")),
        "root": text(crypto!("root.crt")),
        "chain": text(&chain),
        "mixed": text(crypto!("mixed.pem")),
        "leafKey": text(crypto!("leaf.key")),
        "leafP8": text(crypto!("leaf.p8")),
        "rsaKey": text(crypto!("rsa.key")),
        "rsaP8": text(crypto!("rsa.p8")),
        "plain": encode_base64(crypto!("plain.pfx")),
        "modern": encode_base64(crypto!("modern.pfx")),
        "legacy": encode_base64(crypto!("legacy.pfx")),
        "rc2": encode_base64(crypto!("rc2.pfx")),
        "aes": encode_base64(crypto!("aes.pfx")),
        "empty": encode_base64(crypto!("empty.pfx")),
        "sha1": encode_base64(crypto!("oaep-sha1.bin")),
        "sha256": encode_base64(crypto!("oaep-sha256.bin")),
        "sha512": encode_base64(crypto!("oaep-sha512.bin")),
    })
}

/// For every function the different templates that call it, of one of the two
/// sets of functions.
pub fn callers(questions: &[Question], is_external: bool) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut callers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for question in questions.iter().filter(|question| question.is_external == is_external) {
        let words = question.template.split(|c: char| !c.is_alphanumeric() && !"_.$\"".contains(c));
        for word in words {
            callers.entry(word).or_default().insert(&question.template);
        }
    }
    callers
}

fn texts(lines: &'static str) -> impl Iterator<Item = String> {
    lines.lines().map(|line| serde_json::from_str(line).expect("a line is a JSON string"))
}

fn pools() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut pools: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for part in POOLS.split("\n\n") {
        let mut lines = part.lines();
        let name = lines.next().unwrap_or_default().trim_matches(['[', ']']);
        pools.insert(name, lines.collect());
    }
    pools
}

struct Maker {
    seed: Seed,
    pools: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Maker {
    fn from(&mut self, pool: &str) -> &'static str {
        self.seed.one_of(&self.pools[pool])
    }

    /// Different calls of one function, as many as there are up to `count`.
    fn calls(&mut self, signature: &str, count: usize) -> BTreeSet<String> {
        let mut made = BTreeSet::new();
        for _ in 0..count * 20 {
            if made.len() < count {
                made.insert(self.call(signature));
            }
        }
        made
    }

    fn call(&mut self, signature: &str) -> String {
        let mut words = signature.split(' ');
        let name = words.next().unwrap_or_default();
        let mut args = Vec::new();
        for word in words {
            let pool = word.trim_end_matches('*');
            let count = if word.ends_with('*') { self.seed.below(4) } else { 1 };
            for _ in 0..count.max(usize::from(matches!(name, "and" | "or" | "max" | "min"))) {
                args.push(self.from(pool));
            }
        }
        // Some have an argument too many or too few; some are piped.
        match self.seed.below(12) {
            0 => drop(args.pop()),
            1 => args.push(self.from("a")),
            _ => {}
        }
        // A map within itself ends the oracle: Go prints without end.
        if name == "set" && args.iter().filter(|arg| arg.contains(".m")).count() > 1 {
            args.truncate(2);
        }
        let last = args.last().copied().filter(|last| *last != "nil" && self.seed.chance(25));
        let call = match last {
            Some(last) => format!("{last} | {name} {}", args[..args.len() - 1].join(" ")),
            None => format!("{name} {}", args.join(" ")),
        };
        match self.seed.below(3) {
            0 => format!("{{{{ {call} }}}}"),
            1 => format!("{{{{ ({call}) | toJson }}}}"),
            _ => format!("{{{{ ({call}) | printf \"%v|%T\" }}}}"),
        }
    }

    fn prints(&mut self, format: &str, count: usize) -> BTreeSet<String> {
        let mut made = BTreeSet::new();
        for _ in 0..count {
            let (first, second) = (self.from("a"), self.from("n"));
            made.insert(match self.seed.below(5) {
                0 => format!("{{{{ printf {format:?} {first} {second} }}}}"),
                1 => format!("{{{{ printf {format:?} }}}}"),
                _ => format!("{{{{ printf {format:?} {first} }}}}"),
            });
        }
        made
    }
}
