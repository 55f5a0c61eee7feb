//! What a running function may reach: the seams, the budget, and the makers
//! of values that charge it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;
use std::rc::Rc;

use bulla_core::{Clock, Random};
use bulla_regexp::{Regexp, Size};

use crate::budget::{Budget, Meter};
use crate::failure::{Exhausted, Failure};
use crate::value::{List, ListKind, Map, MapBody, MapKind, Text, Value};

/// Compiled expressions kept for one rendering.
const CACHED_EXPRESSIONS: usize = 32;

/// Bytes of a map beside its entries.
const MAP: usize = 96;
/// Bytes of a node of a B-tree, which holds at least five entries unless it is
/// the only one.
const NODE: usize = 512;

/// The surroundings of one rendering.
pub(crate) struct Scope<'a> {
    pub(crate) clock: &'a dyn Clock,
    pub(crate) random: &'a dyn Random,
    pub(crate) meter: Meter,
    /// Every map made here. Maps can contain themselves and nest without
    /// bound through `set`, so they are emptied one by one at the end instead
    /// of being dropped recursively.
    maps: Vec<Map>,
    expressions: HashMap<Text, Rc<Expression>>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, random: &'a dyn Random, budget: Budget) -> Self {
        Self { clock, random, meter: Meter::new(budget), maps: Vec::new(), expressions: HashMap::new() }
    }

    /// Makes a string of `bytes`.
    pub(crate) fn text(&mut self, bytes: impl AsRef<[u8]> + Into<Text>) -> Result<Value, Failure> {
        self.meter.allocate(bytes.as_ref().len() + Text::OVERHEAD + size_of::<Value>())?;
        Ok(Value::text(bytes))
    }

    /// Makes a slice.
    pub(crate) fn list(&mut self, kind: ListKind, items: Vec<Value>) -> Result<Value, Failure> {
        self.meter.allocate((items.len() + 1) * size_of::<Value>())?;
        self.charged_list(kind, items)
    }

    /// Charges for one more element of a slice that [`Scope::charged_list`]
    /// will make.
    pub(crate) fn charge_item(&mut self) -> Result<(), Failure> {
        self.meter.allocate(size_of::<Value>())
    }

    /// Makes a slice of elements that were charged one by one.
    pub(crate) fn charged_list(&mut self, kind: ListKind, items: Vec<Value>) -> Result<Value, Failure> {
        let depth = 1 + items.iter().map(Value::depth).max().unwrap_or(0);
        if u32::from(depth) > self.meter.limits().nesting {
            return Err(Failure::Budget(Exhausted::Depth));
        }
        Ok(Value::List(Rc::new(List { kind, items, null: false, depth })))
    }

    /// Makes the nil slice, which JSON writes as `null`.
    pub(crate) fn null_list(kind: ListKind) -> Value {
        Value::List(Rc::new(List { kind, items: Vec::new(), null: true, depth: 1 }))
    }

    /// Makes a slice of strings.
    pub(crate) fn texts<T: AsRef<[u8]> + Into<Text>>(
        &mut self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Value, Failure> {
        let items = texts.into_iter().map(|text| self.text(text)).collect::<Result<Vec<_>, _>>()?;
        self.list(ListKind::Text, items)
    }

    /// Makes a map.
    pub(crate) fn map(&mut self, kind: MapKind, entries: BTreeMap<Text, Value>) -> Result<Map, Failure> {
        let keys: usize = entries.keys().map(|key| key.len() + Text::OVERHEAD).sum();
        self.meter.allocate(MAP + keys + entries.len().div_ceil(5) * NODE)?;
        let map = Rc::new(MapBody { kind, entries: RefCell::new(entries), null: false });
        self.maps.push(Rc::clone(&map));
        Ok(map)
    }

    /// Makes the nil map, into which nothing can be put.
    pub(crate) fn null_map() -> Value {
        Value::Map(Rc::new(MapBody { kind: MapKind::Any, entries: RefCell::default(), null: true }))
    }

    /// Puts `value` into `map`.
    pub(crate) fn insert(&mut self, map: &Map, key: Text, value: Value) -> Result<(), Failure> {
        self.meter.allocate(key.len() + Text::OVERHEAD + if map.is_empty() { NODE } else { NODE / 5 })?;
        map.entries.borrow_mut().insert(key, value);
        Ok(())
    }

    /// Compiles an expression, or takes it from those compiled before.
    /// Returns `None` where its syntax is wrong.
    pub(crate) fn expression(&mut self, pattern: &[u8]) -> Result<Option<Rc<Expression>>, Failure> {
        if let Some(found) = self.expressions.get(pattern) {
            return Ok(Some(Rc::clone(found)));
        }
        // Reading takes long where classes stand for much, and may be in vain.
        self.meter.step(pattern.len() as u64)?;
        let Some((pattern, size)) = std::str::from_utf8(pattern)
            .ok()
            .and_then(|pattern| Some((pattern, Regexp::size(pattern).ok()?)))
        else {
            return Ok(None);
        };
        self.meter.step(100 + size.states as u64 / 4)?;
        let bytes = size.bytes();
        if self.expressions.len() >= CACHED_EXPRESSIONS {
            let freed = self.expressions.drain().map(|(_, expression)| expression.size.bytes()).sum();
            self.meter.release(freed);
        }
        self.meter.allocate(bytes)?;
        let Ok(regexp) = Regexp::new(pattern) else { return Ok(None) };
        let expression = Rc::new(Expression { regexp, size });
        self.expressions.insert(Text::from(pattern), Rc::clone(&expression));
        Ok(Some(expression))
    }
}

/// A compiled expression and its size.
pub(crate) struct Expression {
    pub(crate) regexp: Regexp,
    pub(crate) size: Size,
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        for map in &self.maps {
            let entries = std::mem::take(&mut *map.entries.borrow_mut());
            drop(entries);
        }
    }
}
