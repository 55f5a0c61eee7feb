//! The grammar of Go's `flag` package as sops' command line shows it
//! (`sops.md` 6): one or two dashes, `--flag value` and `--flag=value`, bool
//! flags that take only `=false`, and an end at the first positional. What
//! follows a subcommand is first put in order: flags before positionals.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use bulla_core::Environment;

use crate::go;

/// What a flag holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A switch that is off unless named.
    Bool,
    /// A switch that is on unless named `=false`.
    BoolTrue,
    /// An integer.
    Int,
    /// A text with its default.
    Text(&'static str),
    /// A text that may be given several times.
    Texts,
}

/// One flag of a command.
#[derive(Debug)]
pub struct Flag {
    /// Its names without dashes, the main one first.
    pub names: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
    /// The environment variable that gives its default.
    pub variable: Option<&'static str>,
    /// What it does, for the help text.
    pub help: &'static str,
}

impl Flag {
    /// Returns the main name.
    pub fn name(&self) -> &'static str {
        self.names[0]
    }
}

/// The flags of one command; lists, so that commands can share some.
pub type Flags = &'static [&'static [Flag]];

/// Finds a flag by any of its names.
pub fn find(flags: Flags, name: &str) -> Option<&'static Flag> {
    flags.iter().flat_map(|list| list.iter()).find(|flag| flag.names.contains(&name))
}

/// Why a command line is not understood; the text is the one Go prints.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// An argument is wrong.
    #[error("{0}")]
    Argument(String),
    /// A variable is wrong.
    #[error("{0}")]
    Variable(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Bool(bool),
    Int(i64),
    Text(String),
    Texts(Vec<String>),
}

/// The values of a command's flags after parsing.
#[derive(Debug, Default)]
pub struct Values {
    values: BTreeMap<&'static str, Value>,
    given: Vec<(&'static str, String)>,
}

impl Values {
    /// Returns a text flag; empty where the command has no such flag.
    pub fn text(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// Returns a switch; false where the command has no such flag.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(Value::Bool(true)))
    }

    /// Returns an integer flag; 0 where the command has no such flag.
    pub fn int(&self, name: &str) -> i64 {
        match self.values.get(name) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }

    /// Returns the texts of a repeatable flag.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.values.get(name) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// Returns true where the flag stands on the command line.
    pub fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|(main, _)| *main == name)
    }
}

/// A command line taken apart.
#[derive(Debug)]
pub struct Parsed {
    /// The flags' values.
    pub values: Values,
    /// What is left, from the first positional on.
    pub rest: Vec<OsString>,
}

/// Parses `arguments` up to the first positional.
pub fn parse(
    flags: Flags,
    arguments: Vec<OsString>,
    environment: &Environment,
) -> Result<Parsed, UsageError> {
    let mut values = defaults(flags, environment)?;
    let mut rest = arguments.into_iter();
    let mut positionals = Vec::new();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy();
        if text == "--" {
            break;
        }
        let Some(name) = flag_text(&text) else {
            positionals.push(argument);
            break;
        };
        if name.is_empty() || name.starts_with(['-', '=']) {
            return Err(UsageError::Argument(format!("bad flag syntax: {text}")));
        }
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        let flag = find(flags, name)
            .ok_or_else(|| UsageError::Argument(format!("flag provided but not defined: -{name}")))?;
        let value = match (flag.kind, value) {
            (_, Some(value)) => value,
            (Kind::Bool | Kind::BoolTrue, None) => "true".to_owned(),
            (_, None) => rest
                .next()
                .map(|value| value.to_string_lossy().into_owned())
                .ok_or_else(|| UsageError::Argument(format!("flag needs an argument: -{name}")))?,
        };
        values.set(flag, name, value)?;
    }
    positionals.extend(rest);
    values.check_forms(flags)?;
    Ok(Parsed { values, rest: positionals })
}

/// Puts the flags of a subcommand in front of its positionals: every token
/// that names a flag, and the token behind it unless the value is joined by
/// `=` or that token names a flag as well; `--` ends this.
pub fn reorder(flags: Flags, arguments: Vec<OsString>) -> Vec<OsString> {
    let (mut front, mut back) = (Vec::new(), Vec::new());
    let mut value_may_follow = false;
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        let names_flag = is_flag(flags, &argument);
        if value_may_follow && !names_flag {
            value_may_follow = false;
            front.push(argument);
        } else if argument == OsStr::new("--") {
            back.push(argument);
            back.extend(rest.by_ref());
        } else if names_flag {
            value_may_follow = !argument.to_string_lossy().contains('=');
            front.push(argument);
        } else {
            back.push(argument);
        }
    }
    front.extend(back);
    front
}

fn is_flag(flags: Flags, argument: &OsStr) -> bool {
    let text = argument.to_string_lossy();
    let Some(name) = flag_text(&text).filter(|_| text != "--") else { return false };
    // urfave/cli strips up to three dashes here, Go's parser two.
    let name = name.strip_prefix('-').unwrap_or(name);
    find(flags, name.split('=').next().unwrap_or_default()).is_some()
}

/// Returns what stands behind the one or two dashes of a flag.
fn flag_text(argument: &str) -> Option<&str> {
    match argument.strip_prefix("--") {
        Some(name) => Some(name),
        None => argument.strip_prefix('-').filter(|name| !name.is_empty()),
    }
}

fn defaults(flags: Flags, environment: &Environment) -> Result<Values, UsageError> {
    let mut values = Values::default();
    for flag in flags.iter().flat_map(|list| list.iter()) {
        // Go sees a variable that is set but empty, which here only switches
        // a default-true flag off.
        let given = flag.variable.and_then(|variable| {
            environment.variables().find(|(name, _)| *name == OsStr::new(variable)).map(|(_, value)| value)
        });
        let given = given.map(OsStr::to_string_lossy);
        let value = match (flag.kind, given.as_deref()) {
            (Kind::Bool, None | Some("")) | (Kind::BoolTrue, Some("")) => Value::Bool(false),
            (Kind::BoolTrue, None) => Value::Bool(true),
            (Kind::Bool | Kind::BoolTrue, Some(text)) => {
                Value::Bool(go::parse_bool(text).ok_or_else(|| bad_variable(flag, text))?)
            }
            (Kind::Int, _) => Value::Int(0),
            (Kind::Text(default), None) => Value::Text(default.to_owned()),
            (Kind::Text(_), Some(text)) => Value::Text(text.to_owned()),
            (Kind::Texts, None) => Value::Texts(Vec::new()),
            (Kind::Texts, Some(text)) => {
                Value::Texts(text.split(',').map(|part| part.trim().to_owned()).collect())
            }
        };
        values.values.insert(flag.name(), value);
    }
    Ok(values)
}

fn bad_variable(flag: &Flag, text: &str) -> UsageError {
    UsageError::Variable(format!(
        "could not parse {text} as bool value for flag {}: strconv.ParseBool: parsing {}: invalid syntax",
        flag.name(),
        go::quote(text)
    ))
}

impl Values {
    fn set(&mut self, flag: &'static Flag, name: &str, text: String) -> Result<(), UsageError> {
        let value = match flag.kind {
            Kind::Bool | Kind::BoolTrue => Value::Bool(go::parse_bool(&text).ok_or_else(|| {
                UsageError::Argument(format!(
                    "invalid boolean value {} for -{name}: parse error",
                    go::quote(&text)
                ))
            })?),
            Kind::Int => Value::Int(go::parse_int(&text).map_err(|error| {
                UsageError::Argument(format!("invalid value {} for flag -{name}: {error}", go::quote(&text)))
            })?),
            Kind::Text(_) => Value::Text(text),
            Kind::Texts => {
                let mut texts = self.texts(flag.name()).to_vec();
                texts.push(text);
                Value::Texts(texts)
            }
        };
        self.values.insert(flag.name(), value);
        self.given.push((flag.name(), name.to_owned()));
        Ok(())
    }

    /// `--age X -a Y` is refused, two `--age` are not: the last one counts.
    fn check_forms(&self, flags: Flags) -> Result<(), UsageError> {
        for flag in flags.iter().flat_map(|list| list.iter()) {
            let mut used = flag.names.iter().filter(|name| self.given.iter().any(|(_, text)| text == **name));
            if let (Some(first), Some(second)) = (used.next(), used.next()) {
                return Err(UsageError::Argument(format!(
                    "Cannot use two forms of the same flag: {second} {first}"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: Flags = &[&[
        Flag { names: &["age", "a"], kind: Kind::Text(""), variable: Some("AGE"), help: "" },
        Flag { names: &["in-place", "i"], kind: Kind::Bool, variable: None, help: "" },
        Flag { names: &["local"], kind: Kind::BoolTrue, variable: Some("LOCAL"), help: "" },
        Flag { names: &["threshold"], kind: Kind::Int, variable: None, help: "" },
        Flag { names: &["keyservice"], kind: Kind::Texts, variable: Some("SERVICES"), help: "" },
    ]];

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn run(text: &str, variables: &[(&str, &str)]) -> Result<Parsed, UsageError> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        parse(FLAGS, words(text), &Environment::new(variables, "/".into()))
    }

    #[test]
    fn one_and_two_dashes_and_both_value_forms_are_the_same() {
        for text in ["-age X f", "--age X f", "-age=X f", "--age=X f", "-a X f", "--a=X f"] {
            let parsed = run(text, &[]).unwrap();
            assert_eq!(parsed.values.text("age"), "X", "{text}");
            assert_eq!(parsed.rest, words("f"), "{text}");
        }
    }

    #[test]
    fn parsing_ends_at_the_first_positional_and_at_two_dashes() {
        assert_eq!(run("f -i", &[]).unwrap().rest, words("f -i"));
        assert_eq!(run("- -i", &[]).unwrap().rest, words("- -i"));
        assert_eq!(run("-- -i", &[]).unwrap().rest, words("-i"));
    }

    #[test]
    fn switches_take_a_value_only_with_an_equals_sign() {
        let parsed = run("-i=false --local=0 true", &[]).unwrap();
        assert!(!parsed.values.flag("in-place") && !parsed.values.flag("local"));
        assert_eq!(parsed.rest, words("true"));
        assert!(run("-i", &[]).unwrap().values.flag("in-place"));
    }

    #[test]
    fn errors_have_the_texts_of_go() {
        let error = |text| run(text, &[]).unwrap_err().to_string();
        assert_eq!(error("--nope"), "flag provided but not defined: -nope");
        assert_eq!(error("--nope=3"), "flag provided but not defined: -nope");
        assert_eq!(error("--age"), "flag needs an argument: -age");
        assert_eq!(error("-in-place=maybe"), "invalid boolean value \"maybe\" for -in-place: parse error");
        assert_eq!(error("-threshold x"), "invalid value \"x\" for flag -threshold: parse error");
        assert_eq!(error("---x"), "bad flag syntax: ---x");
        assert_eq!(error("-=x"), "bad flag syntax: -=x");
        assert_eq!(error("-age x -a y"), "Cannot use two forms of the same flag: a age");
    }

    #[test]
    fn variables_give_defaults_and_lists_grow() {
        let parsed = run("-keyservice c", &[("AGE", "E"), ("LOCAL", ""), ("SERVICES", "a, b")]).unwrap();
        assert_eq!(parsed.values.text("age"), "E");
        assert!(!parsed.values.flag("local"));
        assert_eq!(parsed.values.texts("keyservice"), ["a", "b", "c"]);
        assert!(!parsed.values.is_given("age"));
        let error = run("", &[("LOCAL", "xx")]).unwrap_err().to_string();
        assert!(error.starts_with("could not parse xx as bool value for flag local: strconv"), "{error}");
    }

    #[test]
    fn flags_of_a_subcommand_move_to_the_front_with_the_token_behind_them() {
        let order = |text| reorder(FLAGS, words(text));
        assert_eq!(order("f -age X"), words("-age X f"));
        assert_eq!(order("f --age=X g"), words("--age=X f g"));
        assert_eq!(order("f -i g"), words("-i g f"), "a switch takes the next token along");
        assert_eq!(order("f -i --age X g"), words("-i --age X f g"));
        assert_eq!(order("f -- -i"), words("f -- -i"));
        assert_eq!(order("f --nope -i"), words("-i f --nope"));
        assert_eq!(order("f - -i"), words("-i f -"));
    }
}
