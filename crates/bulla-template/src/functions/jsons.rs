//! JSON in and out.

use crate::failure::Failure;
use crate::json::{self, Style};
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::value::{Text, Value};

const TEXT: &[Kind] = &[Kind::Text];
const ANY: &[Kind] = &[Kind::Any];
const COMPACT: Style = Style { html: true, pretty: false };
const PRETTY: Style = Style { html: true, pretty: true };
const RAW: Style = Style { html: false, pretty: false };

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("fromJson", TEXT, |scope, args| Ok(json::read(scope, args.text(0))?.unwrap_or(Value::Nil))),
    Function::new("mustFromJson", TEXT, must_read),
    Function::new("mustToJson", ANY, |scope, args| must_write(scope, args, COMPACT)),
    Function::new("mustToPrettyJson", ANY, |scope, args| must_write(scope, args, PRETTY)),
    Function::new("mustToRawJson", ANY, |scope, args| must_write(scope, args, RAW)),
    Function::new("toJson", ANY, |scope, args| write(scope, args, COMPACT)),
    Function::new("toPrettyJson", ANY, |scope, args| write(scope, args, PRETTY)),
    Function::new("toRawJson", ANY, |scope, args| must_write(scope, args, RAW)),
];

fn must_read(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    json::read(scope, args.text(0))?
        .map_err(|bad| Failure::new(format!("invalid JSON: {} at offset {}", bad.what, bad.offset)))
}

/// What JSON has no form for gives an empty text.
fn write(scope: &mut Scope<'_>, args: &Args<'_>, style: Style) -> Done {
    let written = json::write(&mut scope.meter, args.value(0), style)?;
    Ok(Value::Text(Text::from(written.unwrap_or_default())))
}

fn must_write(scope: &mut Scope<'_>, args: &Args<'_>, style: Style) -> Done {
    match json::write(&mut scope.meter, args.value(0), style)? {
        Some(written) => Ok(Value::Text(Text::from(written))),
        None => Err(Failure::new("json: unsupported value")),
    }
}
