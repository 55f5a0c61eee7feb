//! Calls: the arguments get the types that the function declares.

use super::{Exec, Fault, Result};
use crate::registry::{Args, Function, Home, Kind};
use crate::syntax::{Item, Operand};
use crate::value::{IntKind, ListKind, MapKind, Value};

impl<'t> Exec<'t, '_, '_> {
    /// Calls `function` with a receiver (for methods), the written arguments
    /// and the result of the pipeline's last stage.
    pub(super) fn call(
        &mut self,
        dot: &Value,
        function: &'static Function,
        at: u32,
        args: &'t [Operand],
        receiver: Option<Value>,
        last: Option<Value>,
    ) -> Result<Value> {
        self.check_count(function, at, args.len(), last.is_some())?;
        if function.home == Home::Language && matches!(function.name, "and" | "or") {
            return self.short_circuit(dot, function.name == "or", at, args, last);
        }
        let base = self.args.len();
        self.args.extend(receiver);
        for (index, arg) in args.iter().enumerate() {
            let kind = kind_at(function, index);
            let value = self.argument(dot, kind, arg)?;
            self.args.push(value);
        }
        if let Some(last) = last {
            let value = self.fit(at, last, kind_at(function, args.len()))?;
            self.args.push(value);
        }
        // Any function may read all of the strings that it gets.
        let read: usize = self.args[base..].iter().map(Value::readable).sum();
        let read = self.scope.meter.step(read as u64 / 64);
        let result = read.and_then(|()| (function.run)(self.scope, &Args(&self.args[base..])));
        self.args.truncate(base);
        result.map_err(|failure| {
            Box::new(Fault { at, tree: self.tree, function: Some(function.name), failure })
        })
    }

    fn check_count(&self, function: &Function, at: u32, written: usize, piped: bool) -> Result<()> {
        let given = written + usize::from(piped);
        let (name, wanted) = (function.name, function.takes.len());
        if function.rest.is_some() {
            if given < wanted {
                return Err(self.fault(
                    at,
                    format!("wrong number of args for {name}: want at least {wanted} got {written}"),
                ));
            }
        } else if given != wanted {
            return Err(self.fault(at, format!("wrong number of args for {name}: want {wanted} got {given}")));
        }
        Ok(())
    }

    /// `and` and `or` evaluate no further than they must.
    fn short_circuit(
        &mut self,
        dot: &Value,
        stops_at: bool,
        at: u32,
        args: &'t [Operand],
        last: Option<Value>,
    ) -> Result<Value> {
        let mut value = Value::Missing;
        for arg in args {
            value = self.argument(dot, Kind::Raw, arg)?;
            if value.is_true() == stops_at {
                return Ok(value);
            }
        }
        match last {
            Some(last) => self.fit(at, last, Kind::Raw),
            None => Ok(value),
        }
    }

    /// Evaluates a written argument as `kind`.
    fn argument(&mut self, dot: &Value, kind: Kind, operand: &'t Operand) -> Result<Value> {
        let at = operand.at;
        let stepped = self.scope.meter.step(1);
        self.placed(at, stepped)?;
        let literal = match (&operand.item, kind) {
            (Item::Nil, Kind::Raw) => Some(Value::Missing),
            (Item::Nil, _) if kind.can_be_nil() => Some(Value::Nil),
            (Item::Nil, _) => return Err(self.fault(at, format!("cannot assign nil to {}", kind.name()))),
            (Item::Bool(truth), Kind::Any | Kind::Raw | Kind::Bool) => Some(Value::Bool(*truth)),
            (Item::Text(text), Kind::Any | Kind::Raw | Kind::Text) => Some(Value::Text(text.clone())),
            (Item::Number(number), Kind::Any | Kind::Raw) => Some(self.constant(at, number)?),
            (Item::Number(number), Kind::Int) => number.int.map(Value::int),
            (Item::Number(number), Kind::Float) => number.float.map(Value::Float),
            (Item::Number(number), Kind::Uint32) => {
                number.uint.map(|number| Value::Int(i64::from(number as u32), IntKind::Uint32))
            }
            (Item::Bool(_) | Item::Text(_) | Item::Number(_), _) => None,
            _ => {
                let value = self.operand(dot, operand)?;
                return self.fit(at, value, kind);
            }
        };
        literal.ok_or_else(|| match kind {
            Kind::Bool => self.fault(at, "expected bool"),
            Kind::Float => self.fault(at, "expected float"),
            Kind::Int => self.fault(at, "expected integer"),
            Kind::Text => self.fault(at, "expected string"),
            Kind::Uint32 => self.fault(at, "expected unsigned integer"),
            _ => self.fault(at, format!("can't handle a literal for an argument of type {}", kind.name())),
        })
    }

    /// Checks a computed value against `kind`; there are no conversions.
    pub(super) fn fit(&self, at: u32, value: Value, kind: Kind) -> Result<Value> {
        let fits = match (kind, &value) {
            (Kind::Raw, _) => true,
            (_, Value::Missing) if kind.can_be_nil() => return Ok(Value::Nil),
            (_, Value::Missing) => {
                return Err(self.fault(at, format!("invalid value; expected {}", kind.name())));
            }
            (Kind::Any, _)
            | (Kind::Bool, Value::Bool(_))
            | (Kind::Float, Value::Float(_))
            | (Kind::Int, Value::Int(_, IntKind::Int))
            | (Kind::Text, Value::Text(_))
            | (Kind::Time, Value::Time(_))
            | (Kind::Uint32, Value::Int(_, IntKind::Uint32)) => true,
            (Kind::Certificate, Value::Record(record)) => record.type_name == Kind::Certificate.name(),
            (Kind::List, Value::List(list)) => list.kind == ListKind::Any,
            (Kind::Map, Value::Map(map)) => map.kind == MapKind::Any,
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        let got = if value.is_nil() { "interface {}" } else { value.type_name() };
        Err(self.fault(at, format!("wrong type for value; expected {}; got {got}", kind.name())))
    }
}

fn kind_at(function: &Function, index: usize) -> Kind {
    function.takes.get(index).copied().or(function.rest).unwrap_or(Kind::Any)
}
