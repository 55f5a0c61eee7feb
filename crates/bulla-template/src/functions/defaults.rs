//! Functions that choose, and `fail`.

use super::convert::is_empty;
use crate::failure::Failure;
use crate::registry::{Function, Kind};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("all", &[], |_, args| Ok(Value::Bool(!args.from(0).iter().any(is_empty)))).and(Kind::Any),
    Function::new("any", &[], |_, args| Ok(Value::Bool(!args.from(0).iter().all(is_empty)))).and(Kind::Any),
    Function::new("coalesce", &[], |_, args| {
        Ok(args.from(0).iter().find(|value| !is_empty(value)).cloned().unwrap_or(Value::Nil))
    })
    .and(Kind::Any),
    Function::new("default", &[Kind::Any], |_, args| {
        let given = args.value(1);
        Ok(if is_empty(given) { args.value(0).clone() } else { given.clone() })
    })
    .and(Kind::Any),
    Function::new("empty", &[Kind::Any], |_, args| Ok(Value::Bool(is_empty(args.value(0))))),
    // The message may hold a secret, so it goes nowhere (S-12).
    Function::new("fail", &[Kind::Text], |_, _| Err(Failure::new("the template asked to fail"))),
    Function::new("ternary", &[Kind::Any, Kind::Any, Kind::Bool], |_, args| {
        Ok(args.value(usize::from(!args.bool(2))).clone())
    }),
];
