//! The evaluator: walks a tree with a dot, variables and a budget.

#![allow(
    clippy::unnecessary_box_returns,
    reason = "a fault is large and rare, results are small and frequent"
)]

mod call;
mod field;
mod pipeline;
mod range;

use crate::failure::{Exhausted, Failure};
use crate::scope::Scope;
use crate::syntax::{Node, Parsed, Pipe, Variable};
use crate::template::MissingKey;
use crate::text::print;
use crate::value::Value;
use zeroize::Zeroizing;

/// A failure with its place.
pub(crate) struct Fault {
    /// Byte offset into the text.
    pub(crate) at: u32,
    /// The number of the tree that ran.
    pub(crate) tree: usize,
    /// The function that failed.
    pub(crate) function: Option<&'static str>,
    pub(crate) failure: Failure,
}

impl Fault {
    pub(crate) fn new(at: u32, tree: usize, failure: Failure) -> Self {
        Self { at, tree, function: None, failure }
    }
}

type Result<T> = std::result::Result<T, Box<Fault>>;

/// Where evaluation goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// Runs the main tree and returns its output.
pub(crate) fn run(
    parsed: &Parsed,
    missing: MissingKey,
    scope: &mut Scope<'_>,
    dot: Value,
) -> Result<Vec<u8>> {
    let mut exec = Exec {
        parsed,
        missing,
        scope,
        out: Zeroizing::default(),
        variables: vec![(0, dot.clone())],
        frame: 0,
        args: Vec::new(),
        tree: 0,
    };
    if let Some(tree) = parsed.trees.first() {
        exec.list(&dot, &tree.body)?;
    }
    Ok(std::mem::take(&mut *exec.out))
}

/// The state of one rendering. `'t` is the tree, `'s` the seams.
struct Exec<'t, 'r, 's> {
    parsed: &'t Parsed,
    missing: MissingKey,
    scope: &'r mut Scope<'s>,
    out: Zeroizing<Vec<u8>>,
    /// The variables in sight, the innermost last.
    variables: Vec<(Variable, Value)>,
    /// Where the variables of the running template begin.
    frame: usize,
    /// Arguments of the calls being prepared.
    args: Vec<Value>,
    tree: usize,
}

impl<'t> Exec<'t, '_, '_> {
    fn fault(&self, at: u32, what: impl Into<std::borrow::Cow<'static, str>>) -> Box<Fault> {
        Box::new(Fault::new(at, self.tree, Failure::new(what)))
    }

    /// Places a failure.
    fn placed<T>(&self, at: u32, result: std::result::Result<T, Failure>) -> Result<T> {
        result.map_err(|failure| Box::new(Fault::new(at, self.tree, failure)))
    }

    fn enter(&mut self, at: u32) -> Result<()> {
        let entered = self.scope.meter.enter();
        self.placed(at, entered)
    }

    fn leave(&mut self) {
        self.scope.meter.leave();
    }

    fn list(&mut self, dot: &Value, nodes: &'t [Node]) -> Result<Flow> {
        for node in nodes {
            match self.node(dot, node)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, dot: &Value, node: &'t Node) -> Result<Flow> {
        match node {
            Node::Text { at, text } => {
                self.write(*at, text)?;
                Ok(Flow::Next)
            }
            Node::Action { at, pipe } => {
                self.action(dot, *at, pipe)?;
                Ok(Flow::Next)
            }
            Node::If { pipe, then, otherwise } => self.branch(dot, pipe, then, otherwise.as_deref(), false),
            Node::With { pipe, then, otherwise } => self.branch(dot, pipe, then, otherwise.as_deref(), true),
            Node::Range { at, pipe, body, otherwise } => {
                self.range(dot, *at, pipe, body, otherwise.as_deref())
            }
            Node::Template { at, name, pipe } => {
                self.template(dot, *at, name, pipe.as_ref())?;
                Ok(Flow::Next)
            }
            Node::Break => Ok(Flow::Break),
            Node::Continue => Ok(Flow::Continue),
        }
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<()> {
        let stepped = self.scope.meter.step(1 + bytes.len() as u64 / 64);
        self.placed(at, stepped)?;
        if self.out.len() + bytes.len() > self.scope.meter.limits().output {
            return Err(Box::new(Fault::new(at, self.tree, Failure::Budget(Exhausted::Output))));
        }
        let length = self.out.len() + bytes.len();
        if length > self.out.capacity() {
            // A vector that grows by itself leaves the old copy behind.
            let mut grown = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
            grown.extend_from_slice(&self.out);
            self.out = grown;
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn action(&mut self, dot: &Value, at: u32, pipe: &'t Pipe) -> Result<()> {
        let value = self.pipeline(dot, pipe)?;
        if !pipe.declares.is_empty() {
            return Ok(());
        }
        match &value {
            Value::Text(text) => self.write(at, text),
            Value::Missing | Value::Nil => self.write(at, b"<no value>"),
            other => {
                let text = print::to_text(&mut self.scope.meter, other);
                let text = self.placed(at, text)?;
                self.write(at, &text)
            }
        }
    }

    fn branch(
        &mut self,
        dot: &Value,
        pipe: &'t Pipe,
        then: &'t [Node],
        otherwise: Option<&'t [Node]>,
        moves_dot: bool,
    ) -> Result<Flow> {
        self.enter(pipe.at)?;
        let mark = self.variables.len();
        let value = self.pipeline(dot, pipe)?;
        let flow = if value.is_true() {
            self.list(if moves_dot { &value } else { dot }, then)?
        } else {
            self.list(dot, otherwise.unwrap_or(&[]))?
        };
        self.variables.truncate(mark);
        self.leave();
        Ok(flow)
    }

    fn template(&mut self, dot: &Value, at: u32, name: &[u8], pipe: Option<&'t Pipe>) -> Result<()> {
        let parsed = self.parsed;
        let Some(tree) = parsed.trees.iter().position(|tree| *tree.name == *name) else {
            let name = String::from_utf8_lossy(name).into_owned();
            return Err(self.fault(at, format!("template {name:?} not defined")));
        };
        self.enter(at)?;
        let stepped = self.scope.meter.step((tree + 1) as u64 * (1 + name.len() as u64 / 4) / 16);
        self.placed(at, stepped)?;
        // Variables that the pipeline declares stay with the caller.
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Missing,
        };
        let caller = (self.frame, self.tree);
        self.frame = self.variables.len();
        self.tree = tree;
        self.variables.push((0, dot.clone()));
        self.list(&dot, &parsed.trees[tree].body)?;
        self.variables.truncate(self.frame);
        (self.frame, self.tree) = caller;
        self.leave();
        Ok(())
    }
}
