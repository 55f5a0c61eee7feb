//! `toYaml` and `fromYaml`, which never fail (`external-secrets.md` 6.2).

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::registry::{Args, Function, Home, Kind, Library};
use crate::scope::Scope;
use crate::value::{MapKind, Text, Value};
use crate::yaml;

const OWN: Home = Home::Only(Library::ExternalSecrets);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("fromYaml", &[Kind::Text], from_yaml).at(OWN),
    Function::new("toYaml", &[Kind::Any], to_yaml).at(OWN),
];

fn to_yaml(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let written = yaml::write(scope, args.value(0))?.unwrap_or_default();
    scope.text(written.strip_suffix(b"\n").unwrap_or(&written))
}

/// Reads a map. What is wrong stands in it under `Error`: the line, not the
/// text (`security.md` O-02).
fn from_yaml(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let message = match yaml::read(scope, args.text(0))? {
        Ok(value @ Value::Map(_)) => return Ok(value),
        Ok(Value::Nil) => return Ok(Value::Map(scope.map(MapKind::Any, BTreeMap::new())?)),
        Ok(_) => "error unmarshaling JSON: the document is not a map".to_owned(),
        Err(bad) if bad.line == 0 => format!("error converting YAML to JSON: {}", bad.what),
        Err(bad) => format!("error converting YAML to JSON: line {}: {}", bad.line, bad.what),
    };
    let entries = BTreeMap::from([(Text::from("Error"), scope.text(message)?)]);
    Ok(Value::Map(scope.map(MapKind::Any, entries)?))
}
