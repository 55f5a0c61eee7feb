//! Fields: keys of maps, fields of structs, methods of times and versions.

use super::{Exec, Result};
use crate::functions::methods;
use crate::syntax::Operand;
use crate::template::MissingKey;
use crate::value::{Text, Value};

impl<'t> Exec<'t, '_, '_> {
    /// Evaluates `.a.b.c`; arguments belong to the last name.
    pub(super) fn fields(
        &mut self,
        dot: &Value,
        receiver: Value,
        at: u32,
        names: &'t [Text],
        args: &'t [Operand],
        last: Option<Value>,
    ) -> Result<Value> {
        let Some((final_name, before)) = names.split_last() else { return Ok(receiver) };
        let mut receiver = receiver;
        for name in before {
            receiver = self.field(dot, &receiver, at, name, &[], None)?;
        }
        self.field(dot, &receiver, at, final_name, args, last)
    }

    fn field(
        &mut self,
        dot: &Value,
        receiver: &Value,
        at: u32,
        name: &'t Text,
        args: &'t [Operand],
        last: Option<Value>,
    ) -> Result<Value> {
        let shown = || String::from_utf8_lossy(name);
        let read = self.scope.meter.step(name.len() as u64 / 64);
        self.placed(at, read)?;
        let has_args = !args.is_empty() || last.is_some();
        match receiver {
            Value::Missing if self.missing == MissingKey::Error => {
                Err(self.fault(at, format!("nil data; no entry for key {:?}", shown())))
            }
            Value::Missing => Ok(Value::Missing),
            Value::Nil => Err(self.fault(at, format!("nil pointer evaluating interface {{}}.{}", shown()))),
            Value::Map(_) if has_args => {
                Err(self.fault(at, format!("{} is not a method but has arguments", shown())))
            }
            Value::Map(map) => match (map.get(name), self.missing) {
                (Some(value), _) => Ok(value),
                (None, MissingKey::Invalid) => Ok(Value::Missing),
                (None, MissingKey::Zero) => Ok(map.zero()),
                (None, MissingKey::Error) => {
                    Err(self.fault(at, format!("map has no entry for key {:?}", shown())))
                }
            },
            Value::Record(record) => {
                match record.fields.iter().find(|(field, _)| field.as_bytes() == &**name) {
                    Some(_) if has_args => {
                        let what = format!("{} has arguments but cannot be invoked as function", shown());
                        Err(self.fault(at, what))
                    }
                    Some((_, value)) => Ok(value.clone()),
                    None => Err(self.no_field(at, name, receiver)),
                }
            }
            other => match methods::find(other, name) {
                Some(method) => self.call(dot, method, at, args, Some(other.clone()), last),
                None => Err(self.no_field(at, name, receiver)),
            },
        }
    }

    fn no_field(&self, at: u32, name: &[u8], receiver: &Value) -> Box<super::Fault> {
        let name = String::from_utf8_lossy(name);
        self.fault(at, format!("can't evaluate field {name} in type {}", receiver.type_name()))
    }
}
