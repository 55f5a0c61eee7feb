//! What a running function may reach: the seams, the budget, and the makers
//! of values that charge it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;
use std::rc::Rc;

use bulla_core::{Clock, Random};
use bulla_regexp::Regexp;

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
    expressions: HashMap<Text, Rc<Regexp>>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, random: &'a dyn Random, budget: Budget) -> Self {
        Self { clock, random, meter: Meter::new(budget), maps: Vec::new(), expressions: HashMap::new() }
    }

    /// Makes a string of `bytes`.
    pub(crate) fn text(&mut self, bytes: impl AsRef<[u8]>) -> Result<Value, Failure> {
        let bytes = bytes.as_ref();
        self.meter.allocate(bytes.len() + size_of::<Value>())?;
        Ok(Value::text(bytes))
    }

    /// Makes a slice.
    pub(crate) fn list(&mut self, kind: ListKind, items: Vec<Value>) -> Result<Value, Failure> {
        self.meter.allocate((items.len() + 1) * size_of::<Value>())?;
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
    pub(crate) fn texts<T: AsRef<[u8]>>(
        &mut self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Value, Failure> {
        let items = texts.into_iter().map(|text| self.text(text)).collect::<Result<Vec<_>, _>>()?;
        self.list(ListKind::Text, items)
    }

    /// Makes a map.
    pub(crate) fn map(&mut self, kind: MapKind, entries: BTreeMap<Text, Value>) -> Result<Map, Failure> {
        let keys: usize = entries.keys().map(|key| key.len()).sum();
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
        self.meter.allocate(key.len() + if map.is_empty() { NODE } else { NODE / 5 })?;
        map.entries.borrow_mut().insert(key, value);
        Ok(())
    }

    /// Compiles an expression, or takes it from those compiled before.
    /// Returns `None` where its syntax is wrong.
    pub(crate) fn expression(&mut self, pattern: &[u8]) -> Result<Option<Rc<Regexp>>, Failure> {
        if let Some(found) = self.expressions.get(pattern) {
            return Ok(Some(Rc::clone(found)));
        }
        self.meter.step(100 + weight(pattern) / 4)?;
        let Ok(compiled) =
            std::str::from_utf8(pattern).map_err(drop).and_then(|p| Regexp::new(p).map_err(drop))
        else {
            return Ok(None);
        };
        let compiled = Rc::new(compiled);
        if self.expressions.len() >= CACHED_EXPRESSIONS {
            self.expressions.clear();
        }
        self.expressions.insert(Text::from(pattern), Rc::clone(&compiled));
        Ok(Some(compiled))
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        for map in &self.maps {
            let entries = std::mem::take(&mut *map.entries.borrow_mut());
            drop(entries);
        }
    }
}

/// Estimates how many states an expression has: its length, multiplied by its
/// counted repetitions.
pub(crate) fn weight(pattern: &[u8]) -> u64 {
    let mut weight = pattern.len() as u64;
    for at in memchr::memchr_iter(b'{', pattern) {
        let counts = pattern[at + 1..].split(|byte| *byte == b'}').next().unwrap_or(&[]);
        let largest = counts
            .split(|byte| *byte == b',')
            .filter_map(|count| std::str::from_utf8(count).ok()?.parse::<u64>().ok())
            .max();
        weight = weight.saturating_mul(largest.unwrap_or(1).clamp(1, 1000)).min(1_000_000);
    }
    weight
}
