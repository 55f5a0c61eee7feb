//! Pipelines, commands and variables.

use super::{Exec, Result};
use crate::syntax::{Command, Item, Number, Operand, Pipe, Variable};
use crate::value::Value;

impl<'t> Exec<'t, '_, '_> {
    /// Evaluates a pipeline. Variables that it declares stay in sight until
    /// the caller drops them.
    pub(super) fn pipeline(&mut self, dot: &Value, pipe: &'t Pipe) -> Result<Value> {
        self.enter(pipe.at)?;
        let mut value = None;
        for command in &pipe.commands {
            value = Some(match self.command(dot, command, value)? {
                // A nil inside an interface is Go's invalid value from here on.
                Value::Nil => Value::Missing,
                value => value,
            });
        }
        let value = value.unwrap_or(Value::Missing);
        for variable in &pipe.declares {
            if pipe.assigns {
                self.assign(pipe.at, *variable, value.clone())?;
            } else {
                self.variables.push((*variable, value.clone()));
            }
        }
        self.leave();
        Ok(value)
    }

    /// Gives a new value to the innermost variable of that name.
    pub(super) fn assign(&mut self, at: u32, variable: Variable, value: Value) -> Result<()> {
        match self.variables[self.frame..].iter_mut().rev().find(|(name, _)| *name == variable) {
            Some(entry) => {
                entry.1 = value;
                Ok(())
            }
            None => Err(self.undefined(at, variable)),
        }
    }

    pub(super) fn variable(&self, at: u32, variable: Variable) -> Result<Value> {
        match self.variables[self.frame..].iter().rev().find(|(name, _)| *name == variable) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.undefined(at, variable)),
        }
    }

    fn undefined(&self, at: u32, variable: Variable) -> Box<super::Fault> {
        let name = self.parsed.variables.get(variable as usize).map(|name| String::from_utf8_lossy(name));
        self.fault(at, format!("undefined variable: {}", name.unwrap_or_default()))
    }

    fn command(&mut self, dot: &Value, command: &'t Command, last: Option<Value>) -> Result<Value> {
        let Some((first, args)) = command.args.split_first() else { return Ok(Value::Missing) };
        let at = first.at;
        match &first.item {
            Item::Field(names) => return self.fields(dot, dot.clone(), at, names, args, last),
            Item::Chain(inner, names) => {
                let receiver = self.operand(dot, inner)?;
                return self.fields(dot, receiver, at, names, args, last);
            }
            Item::Function(function) => return self.call(dot, function, at, args, None, last),
            Item::Variable(variable, names) if !names.is_empty() => {
                let receiver = self.variable(at, *variable)?;
                return self.fields(dot, receiver, at, names, args, last);
            }
            _ => {}
        }
        if !args.is_empty() || last.is_some() {
            return Err(self.fault(at, "can't give argument to non-function"));
        }
        match &first.item {
            Item::Nil => Err(self.fault(at, "nil is not a command")),
            Item::Number(number) => self.constant(at, number),
            _ => self.operand(dot, first),
        }
    }

    /// Evaluates an operand that needs no particular type. Literal numbers
    /// and nil are the caller's, who knows the type.
    pub(super) fn operand(&mut self, dot: &Value, operand: &'t Operand) -> Result<Value> {
        let at = operand.at;
        match &operand.item {
            Item::Bool(truth) => Ok(Value::Bool(*truth)),
            Item::Chain(inner, names) => {
                self.enter(at)?;
                let receiver = self.operand(dot, inner)?;
                let value = self.fields(dot, receiver, at, names, &[], None)?;
                self.leave();
                Ok(value)
            }
            Item::Dot => Ok(dot.clone()),
            Item::Field(names) => self.fields(dot, dot.clone(), at, names, &[], None),
            Item::Function(function) => self.call(dot, function, at, &[], None, None),
            Item::Nil => Ok(Value::Nil),
            Item::Number(number) => self.constant(at, number),
            Item::Pipe(pipe) => self.pipeline(dot, pipe),
            Item::Text(text) => Ok(Value::Text(text.clone())),
            Item::Variable(variable, names) => {
                let value = self.variable(at, *variable)?;
                if names.is_empty() {
                    return Ok(value);
                }
                self.fields(dot, value, at, names, &[], None)
            }
        }
    }

    /// Gives a literal number the type that its spelling says.
    pub(super) fn constant(&self, at: u32, number: &Number) -> Result<Value> {
        match *number {
            Number { complex: Some((real, imaginary)), .. } => Ok(Value::Complex(real, imaginary)),
            Number { is_float_literal: true, float: Some(float), .. } => Ok(Value::Float(float)),
            Number { int: Some(int), .. } => Ok(Value::int(int)),
            _ => Err(self.fault(at, "the number overflows int")),
        }
    }
}
