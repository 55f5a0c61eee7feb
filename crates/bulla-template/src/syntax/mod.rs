//! From template text to trees.

mod lexer;
mod literal;
mod node;
mod parser;
mod pipeline;

pub(crate) use literal::Number;
pub(crate) use node::{Command, Item, Node, Operand, Pipe, Variable};
pub(crate) use parser::{Parsed, parse};
