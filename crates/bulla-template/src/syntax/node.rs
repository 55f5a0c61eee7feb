//! The tree of a template. Positions are byte offsets into the text.

use super::literal::Number;
use crate::registry::Function;
use crate::value::Text;

/// One named template.
pub(crate) struct Tree {
    pub(crate) name: Box<[u8]>,
    pub(crate) body: Vec<Node>,
}

impl Tree {
    /// Returns whether it holds only white space (Go's `IsEmptyTree`); such a
    /// template may be defined again.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.iter().all(|node| match node {
            Node::Text { text, .. } => text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 11),
            _ => false,
        })
    }
}

/// A piece of a template's body.
pub(crate) enum Node {
    Text { at: u32, text: Box<[u8]> },
    Action { at: u32, pipe: Pipe },
    If { pipe: Pipe, then: Vec<Self>, otherwise: Option<Vec<Self>> },
    With { pipe: Pipe, then: Vec<Self>, otherwise: Option<Vec<Self>> },
    Range { at: u32, pipe: Pipe, body: Vec<Self>, otherwise: Option<Vec<Self>> },
    Template { at: u32, name: Box<[u8]>, pipe: Option<Pipe> },
    Break,
    Continue,
}

/// A variable's number in the template set; 0 is `$`.
pub(crate) type Variable = u32;

/// A pipeline, possibly with declarations.
pub(crate) struct Pipe {
    pub(crate) at: u32,
    pub(crate) declares: Vec<Variable>,
    pub(crate) assigns: bool,
    pub(crate) commands: Vec<Command>,
}

/// One stage of a pipeline: an operand and its arguments.
pub(crate) struct Command {
    pub(crate) args: Vec<Operand>,
}

/// An operand with its position.
pub(crate) struct Operand {
    pub(crate) at: u32,
    pub(crate) item: Item,
}

/// What stands at the place of an operand.
pub(crate) enum Item {
    Bool(bool),
    Chain(Box<Operand>, Vec<Text>),
    Dot,
    Field(Vec<Text>),
    Function(&'static Function),
    Nil,
    Number(Number),
    Pipe(Box<Pipe>),
    Text(Text),
    Variable(Variable, Vec<Text>),
}
