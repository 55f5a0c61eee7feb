//! `range`: over numbers, slices and maps.

use super::{Exec, Flow, Result};
use crate::syntax::{Node, Pipe};
use crate::value::Value;

impl<'t> Exec<'t, '_, '_> {
    pub(super) fn range(
        &mut self,
        dot: &Value,
        at: u32,
        pipe: &'t Pipe,
        body: &'t [Node],
        otherwise: Option<&'t [Node]>,
    ) -> Result<Flow> {
        self.enter(at)?;
        let mark = self.variables.len();
        let value = self.pipeline(dot, pipe)?;
        let flow = match &value {
            Value::Int(count, kind) => {
                if pipe.declares.len() > 1 {
                    let what = "can't use an integer to iterate over more than one variable";
                    return Err(self.fault(at, what));
                }
                let (count, kind) = (*count, *kind);
                self.passes(pipe, body, (0..count).map(|number| (Value::Missing, Value::Int(number, kind))))?
            }
            Value::List(list) => {
                let items = list.items.iter().enumerate();
                let items = items.map(|(index, item)| (Value::int(index as i64), item.clone()));
                self.passes(pipe, body, items)?
            }
            Value::Map(map) => {
                // The body may change the map, so the entries are taken first.
                let size = map.len() * 2 * size_of::<Value>();
                let allocated = self.scope.meter.allocate(size);
                self.placed(at, allocated)?;
                let entries: Vec<_> =
                    map.entries.borrow().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
                let items = entries.into_iter().map(|(key, item)| (Value::Text(key), item));
                self.passes(pipe, body, items)?
            }
            Value::Missing | Value::Nil => None,
            other => {
                let what = format!("range can't iterate over a value of type {}", other.type_name());
                return Err(self.fault(at, what));
            }
        };
        let flow = match flow {
            Some(()) => Flow::Next,
            None => self.list(dot, otherwise.unwrap_or(&[]))?,
        };
        self.variables.truncate(mark);
        self.leave();
        Ok(flow)
    }

    /// Runs the body for every item; `None` where there was none.
    fn passes(
        &mut self,
        pipe: &'t Pipe,
        body: &'t [Node],
        items: impl Iterator<Item = (Value, Value)>,
    ) -> Result<Option<()>> {
        let mark = self.variables.len();
        let mut ran = None;
        for (index, item) in items {
            ran = Some(());
            let stepped = self.scope.meter.step(1);
            self.placed(pipe.at, stepped)?;
            self.bind(pipe, index, &item)?;
            let flow = self.list(&item, body)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    /// Gives index and item to the variables of `range $i, $x := ...`.
    fn bind(&mut self, pipe: &'t Pipe, index: Value, item: &Value) -> Result<()> {
        let top = self.variables.len();
        match pipe.declares[..] {
            [] => {}
            [only] if pipe.assigns => self.assign(pipe.at, only, item.clone())?,
            [first, second, ..] if pipe.assigns => {
                self.assign(pipe.at, first, index)?;
                self.assign(pipe.at, second, item.clone())?;
            }
            [_] => self.variables[top - 1].1 = item.clone(),
            [_, _, ..] => {
                self.variables[top - 1].1 = item.clone();
                self.variables[top - 2].1 = index;
            }
        }
        Ok(())
    }
}
