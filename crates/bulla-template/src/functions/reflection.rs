//! Functions that ask for types.

use super::equality::deep_equal;
use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::value::Value;

const NAME_AND_ANY: &[Kind] = &[Kind::Text, Kind::Any];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("deepEqual", &[Kind::Any, Kind::Any], |scope, args| {
        Ok(Value::Bool(deep_equal(&mut scope.meter, args.value(0), args.value(1))?))
    }),
    Function::new("kindIs", NAME_AND_ANY, |_, args| {
        Ok(Value::Bool(args.text(0) == args.value(1).kind_name().as_bytes()))
    }),
    Function::new("kindOf", &[Kind::Any], |scope, args| scope.text(args.value(0).kind_name())),
    Function::new("typeIs", NAME_AND_ANY, |_, args| {
        Ok(Value::Bool(args.text(0) == args.value(1).type_name().as_bytes()))
    }),
    Function::new("typeIsLike", NAME_AND_ANY, type_is_like),
    Function::new("typeOf", &[Kind::Any], |scope, args| scope.text(args.value(0).type_name())),
];

fn type_is_like(_: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    let name = args.value(1).type_name().as_bytes();
    Ok(Value::Bool(args.text(0) == name || Some(args.text(0)) == name.strip_prefix(b"*")))
}
