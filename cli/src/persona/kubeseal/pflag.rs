//! The grammar of Go's pflag as kubeseal's command line shows it: `--name
//! value`, `--name=value`, `-nvalue`, switches that take a value only behind
//! `=`, flags among positionals, and variables as defaults
//! (`sealed-secrets.md` 4.2).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use bulla_core::Environment;

use super::klog;
use crate::go;

/// What a flag holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A switch, with its default.
    Bool(bool),
    /// A whole number that may be negative.
    Int,
    /// A whole number.
    Uint,
    /// Text, with its default.
    Text(&'static str),
    /// Texts, separated by commas as in CSV or given several times.
    Texts,
    /// Texts given several times.
    Array,
    /// A scope's name.
    Scope,
    /// klog's `file:line`.
    Trace,
    /// klog's `pattern=N` list.
    Modules,
    /// klog's severity.
    Severity,
}

/// One flag.
#[derive(Debug)]
pub struct Flag {
    /// Its name without dashes.
    pub name: &'static str,
    /// Its letter.
    pub short: Option<char>,
    /// What it holds.
    pub kind: Kind,
    /// Whether `SEALED_SECRETS_` and its name give its default.
    pub from_variable: bool,
    /// What to use instead; such a flag is in no list.
    pub deprecated: Option<&'static str>,
    /// What it does.
    pub help: &'static str,
}

/// What parsing came to.
pub enum Parsed {
    /// Values, and what is to be said on standard output first.
    Values(Values, String),
    /// `-h`.
    Help,
    /// A wrong argument, and what is to be said on standard output first.
    Misused(String, String),
}

/// The values of all flags.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<&'static str, Vec<String>>);

impl Values {
    /// A text flag; empty where it is not set.
    pub fn text(&self, name: &str) -> &str {
        self.texts(name).last().map_or("", String::as_str)
    }

    /// A switch.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The texts of a repeatable flag.
    pub fn texts(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    fn set(&mut self, flag: &'static Flag, text: &str) -> Result<(), String> {
        let value = match flag.kind {
            Kind::Bool(_) => match go::parse_bool(text) {
                Some(truth) => truth.to_string(),
                // klog's flags are those of Go's own library.
                None if !flag.from_variable => return Err("parse error".to_owned()),
                None => {
                    return Err(format!("strconv.ParseBool: parsing {}: invalid syntax", go::quote(text)));
                }
            },
            Kind::Int => klog::check_int(text, false).map(|()| text.to_owned())?,
            Kind::Severity => klog::check_int(text, true).map(|()| text.to_owned())?,
            Kind::Uint => klog::check_uint(text).map(|()| text.to_owned())?,
            Kind::Trace => klog::check_trace(text).map(|()| text.to_owned())?,
            Kind::Modules => klog::check_modules(text).map(|()| text.to_owned())?,
            Kind::Scope => {
                text.parse::<bulla_seal::Scope>().map_err(|error| error.to_string())?;
                text.to_owned()
            }
            Kind::Text(_) => text.to_owned(),
            Kind::Texts => {
                self.0.entry(flag.name).or_default().extend(csv(text)?);
                return Ok(());
            }
            Kind::Array => {
                self.0.entry(flag.name).or_default().push(text.to_owned());
                return Ok(());
            }
        };
        self.0.insert(flag.name, vec![value]);
        Ok(())
    }
}

/// One line of CSV (RFC 4180), as pflag reads lists.
fn csv(text: &str) -> Result<Vec<String>, String> {
    let text = text.lines().next().unwrap_or_default();
    let mut fields = Vec::new();
    if text.is_empty() {
        return Ok(fields);
    }
    let mut rest = text;
    loop {
        let (field, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_field(quoted)
                .map_err(|left| misplaced(text, left, "extraneous or missing \" in quoted-field"))?
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            if let Some(at) = rest[..end].find('"') {
                return Err(misplaced(text, rest.len() - at - 1, "bare \" in non-quoted-field"));
            }
            (rest[..end].to_owned(), &rest[end..])
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

/// The field behind an opening quote, and what follows its closing one; the
/// error is how many bytes were left.
fn quoted_field(text: &str) -> Result<(String, &str), usize> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"').ok_or(0_usize)?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None if after.is_empty() || after.starts_with(',') => return Ok((field, after)),
            None => return Err(after.len() + 1),
        }
    }
}

fn misplaced(text: &str, left: usize, what: &str) -> String {
    let column = text.len() - left + usize::from(left == 0);
    format!("parse error on line 1, column {column}: {what}")
}

/// Parses `arguments`; positionals are ignored.
pub fn parse(flags: &'static [Flag], arguments: &[OsString], environment: &Environment) -> Parsed {
    let mut values = defaults(flags, environment);
    let mut notices = String::new();
    let mut rest = arguments.iter().map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = rest.next() {
        if argument == "--" {
            break;
        }
        let outcome = if let Some(name) = argument.strip_prefix("--") {
            long(flags, name, &argument, &mut rest, &mut values, &mut notices)
        } else if argument.len() > 1 && argument.starts_with('-') {
            short(flags, &argument[1..], &mut rest, &mut values, &mut notices)
        } else {
            continue;
        };
        match outcome {
            Ok(()) => {}
            Err(None) => return Parsed::Help,
            Err(Some(error)) => return Parsed::Misused(error, notices),
        }
    }
    Parsed::Values(values, notices)
}

/// The error is the message; none asks for help.
type Step = Result<(), Option<String>>;

fn long(
    flags: &'static [Flag],
    text: &str,
    argument: &str,
    rest: &mut impl Iterator<Item = String>,
    values: &mut Values,
    notices: &mut String,
) -> Step {
    if text.starts_with(['-', '=']) {
        return Err(Some(format!("bad flag syntax: {argument}")));
    }
    let (name, given) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    let Some(flag) = flags.iter().find(|flag| flag.name == name) else {
        return Err(Some(format!("unknown flag: --{name}")));
    };
    let value = match given {
        Some(value) => value.to_owned(),
        None if matches!(flag.kind, Kind::Bool(_)) => "true".to_owned(),
        None => rest.next().ok_or_else(|| Some(format!("flag needs an argument: --{name}")))?,
    };
    store(flag, &value, values, notices)
}

fn short(
    flags: &'static [Flag],
    letters: &str,
    rest: &mut impl Iterator<Item = String>,
    values: &mut Values,
    notices: &mut String,
) -> Step {
    let mut left = letters;
    while let Some(letter) = left.chars().next() {
        let after = &left[letter.len_utf8()..];
        let Some(flag) = flags.iter().find(|flag| flag.short == Some(letter)) else {
            if letter == 'h' {
                return Err(None);
            }
            return Err(Some(format!("unknown shorthand flag: '{letter}' in -{left}")));
        };
        let value = match after.strip_prefix('=') {
            Some(value) if !value.is_empty() => value.to_owned(),
            _ if !after.is_empty() => after.to_owned(),
            _ => rest.next().ok_or_else(|| Some(format!("flag needs an argument: '{letter}' in -{left}")))?,
        };
        store(flag, &value, values, notices)?;
        left = "";
    }
    Ok(())
}

fn store(flag: &'static Flag, value: &str, values: &mut Values, notices: &mut String) -> Step {
    values.set(flag, value).map_err(|cause| {
        let letter = flag.short.map_or_else(String::new, |letter| format!("-{letter}, "));
        Some(format!("invalid argument {} for \"{letter}--{}\" flag: {cause}", go::quote(value), flag.name))
    })?;
    if let Some(instead) = flag.deprecated {
        let _ = writeln!(notices, "Flag --{} has been deprecated, {instead}", flag.name);
    }
    Ok(())
}

/// Values without a command line. A variable that cannot be read is ignored.
fn defaults(flags: &'static [Flag], environment: &Environment) -> Values {
    let mut values = Values::default();
    for flag in flags {
        match flag.kind {
            Kind::Bool(truth) => drop(values.0.insert(flag.name, vec![truth.to_string()])),
            Kind::Text(text) => drop(values.0.insert(flag.name, vec![text.to_owned()])),
            _ => {}
        }
        if flag.from_variable {
            let name = variable(flag);
            let set = environment.variables().find(|(known, _)| *known == OsStr::new(&name));
            if let Some((_, value)) = set {
                let _ = values.set(flag, &value.to_string_lossy());
            }
        }
    }
    values
}

/// The variable that gives a flag's default.
pub fn variable(flag: &Flag) -> String {
    format!("SEALED_SECRETS_{}", flag.name.to_uppercase().replace('-', "_"))
}

/// The list of flags as pflag lays it out.
pub fn usage(flags: &'static [Flag]) -> String {
    let rows: Vec<(String, String)> = flags
        .iter()
        .filter(|flag| flag.deprecated.is_none())
        .map(|flag| {
            let letter = flag.short.map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
            let (value, default) = match flag.kind {
                Kind::Bool(true) => ("", " (default true)".to_owned()),
                Kind::Bool(false) => ("", String::new()),
                Kind::Text("") | Kind::Scope => (" string", String::new()),
                Kind::Text(text) => (" string", format!(" (default {text:?})")),
                Kind::Texts => (" strings", String::new()),
                Kind::Array => (" stringArray", String::new()),
                Kind::Int => (" Level", String::new()),
                Kind::Uint => (" uint", String::new()),
                Kind::Trace => (" traceLocation", String::new()),
                Kind::Modules => (" moduleSpec", String::new()),
                Kind::Severity => (" severity", String::new()),
            };
            (format!("  {letter}--{}{value}", flag.name), format!("{}{default}", flag.help))
        })
        .collect();
    let width = rows.iter().map(|(left, _)| left.len()).max().unwrap_or_default() + 3;
    rows.iter().fold(String::new(), |mut text, (left, right)| {
        let _ = writeln!(text, "{left:width$}{right}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::kubeseal::flags::FLAGS;

    fn run(line: &str, variables: &[(&str, &str)]) -> Result<Values, String> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let environment = Environment::new(variables, "/".into());
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        match parse(FLAGS, &words, &environment) {
            Parsed::Values(values, _) => Ok(values),
            Parsed::Help => Err("help".to_owned()),
            Parsed::Misused(error, _) => Err(error),
        }
    }

    #[test]
    fn flags_have_the_forms_of_pflag() {
        for line in ["-n x", "-nx", "-n=x", "--namespace x", "--namespace=x", "word -n x", "-n y -n x"] {
            assert_eq!(run(line, &[]).unwrap().text("namespace"), "x", "{line}");
        }
        assert_eq!(run("-- -n x", &[]).unwrap().text("namespace"), "");
        let values = run("--raw --validate=false false", &[]).unwrap();
        assert!(values.flag("raw") && !values.flag("validate"));
        assert_eq!(run("", &[]).unwrap().text("format"), "json");
        assert_eq!(run("-h", &[]).unwrap_err(), "help");
    }

    #[test]
    fn variables_come_first_and_broken_ones_do_not_count() {
        let variables = [
            ("SEALED_SECRETS_FORMAT", "yaml"),
            ("SEALED_SECRETS_SCOPE", "nonsense"),
            ("SEALED_SECRETS_RAW", "perhaps"),
            ("SEALED_SECRETS_FROM_FILE", "a,b"),
            ("SEALED_SECRETS_V", "9"),
        ];
        let values = run("--from-file c", &variables).unwrap();
        assert_eq!((values.text("format"), values.text("scope"), values.flag("raw")), ("yaml", "", false));
        assert_eq!(values.texts("from-file"), ["a", "b", "c"]);
        assert_eq!(values.text("v"), "", "klog's flags have no variables");
        assert_eq!(run("-o json", &variables).unwrap().text("format"), "json");
    }

    #[test]
    fn lists_are_a_line_of_csv() {
        for (text, fields) in [
            ("", &[][..]),
            ("a", &["a"]),
            ("a,b,", &["a", "b", ""]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\"", &["a\"b"]),
        ] {
            assert_eq!(csv(text).unwrap(), fields, "{text}");
        }
        assert_eq!(csv("a\"b").unwrap_err(), "parse error on line 1, column 2: bare \" in non-quoted-field");
        assert!(csv("\"a").unwrap_err().starts_with("parse error on line 1, column 3: extraneous"));
    }

    #[test]
    fn deprecated_flags_say_so_and_are_in_no_list() {
        let words = [OsString::from("--rotate")];
        let Parsed::Values(_, notices) = parse(FLAGS, &words, &Environment::default()) else { panic!() };
        assert_eq!(notices, "Flag --rotate has been deprecated, please use --re-encrypt instead\n");
        assert!(!usage(FLAGS).contains("--rotate"));
        assert!(usage(FLAGS).contains("\n  -o, --format string "));
    }
}
