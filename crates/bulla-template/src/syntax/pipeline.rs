//! Pipelines, their declarations, commands and operands.

use super::lexer::{Token, TokenKind};
use super::literal::{self, BadNumber};
use super::node::{Command, Item, Operand, Pipe, Variable};
use super::parser::{MAX_NAMES, Parser, Result};
use crate::registry;
use crate::value::Text;

impl Parser<'_> {
    fn intern(&mut self, name: &[u8]) -> Variable {
        let at = self.variables.iter().position(|other| **other == *name).unwrap_or_else(|| {
            self.variables.push(name.into());
            self.variables.len() - 1
        });
        at as Variable
    }

    /// Parses a pipeline up to `end`, which it takes.
    pub(super) fn pipeline(&mut self, context: &'static str, end: TokenKind) -> Result<Pipe> {
        let at = self.peek_non_space()?.from as u32;
        let mut pipe = Pipe { at, declares: Vec::new(), assigns: false, commands: Vec::new() };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_non_space()?;
            if token.kind == end {
                break;
            }
            if !starts_operand(token.kind) {
                return Err(self.unexpected(token, context));
            }
            self.back(token);
            pipe.commands.push(self.command()?);
        }
        if pipe.commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if matches!(
                command.args.first().map(|operand| &operand.item),
                Some(Item::Bool(_) | Item::Dot | Item::Nil | Item::Number(_) | Item::Text(_))
            ) {
                return Err(self.error(format!("non executable command in pipeline stage {}", index + 1)));
            }
        }
        Ok(pipe)
    }

    /// Parses `$x :=`, `$x =` and, for `range`, `$i, $x :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: &'static str) -> Result<()> {
        loop {
            let variable = self.peek_non_space()?;
            if variable.kind != TokenKind::Variable {
                return Ok(());
            }
            self.next_non_space()?;
            let after = self.peek()?;
            let next = self.peek_non_space()?;
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    pipe.assigns = next.kind == TokenKind::Assign;
                    self.next_non_space()?;
                    self.declare(pipe, variable)?;
                    return Ok(());
                }
                TokenKind::Comma => {
                    self.next_non_space()?;
                    self.declare(pipe, variable)?;
                    if context != "range" || pipe.declares.len() >= 2 {
                        return Err(self.error(format!("too many declarations in {context}")));
                    }
                    let follows = self.peek_non_space()?.kind;
                    if !matches!(
                        follows,
                        TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParen
                    ) {
                        return Err(self.error("range can only initialize variables"));
                    }
                }
                _ => {
                    // `peek_non_space` has dropped the space; an operand
                    // needs it again.
                    if after.kind == TokenKind::Space {
                        self.back(after);
                    }
                    self.back(variable);
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, token: Token) -> Result<()> {
        if self.visible.len() >= MAX_NAMES || self.variables.len() >= MAX_NAMES {
            return Err(self.error("too many variables"));
        }
        let variable = self.intern(self.source(token));
        pipe.declares.push(variable);
        self.visible.push(variable);
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let mut args = Vec::new();
        loop {
            self.peek_non_space()?;
            if let Some(operand) = self.operand()? {
                args.push(operand);
            }
            let token = self.next()?;
            match token.kind {
                TokenKind::Space => {}
                TokenKind::RightDelimiter | TokenKind::RightParen => {
                    self.back(token);
                    break;
                }
                TokenKind::Pipe => break,
                _ => return Err(self.unexpected(token, "operand")),
            }
        }
        if args.is_empty() {
            return Err(self.error("empty command"));
        }
        Ok(Command { args })
    }

    fn operand(&mut self) -> Result<Option<Operand>> {
        let Some(term) = self.term()? else { return Ok(None) };
        self.count()?;
        let next = self.peek()?;
        if next.kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let at = next.from as u32;
        let mut fields = Vec::new();
        while self.peek()?.kind == TokenKind::Field {
            let token = self.next()?;
            self.count()?;
            fields.push(Text::from(&self.source(token)[1..]));
        }
        let item = match term.item {
            Item::Field(mut own) => {
                own.extend(fields);
                Item::Field(own)
            }
            Item::Variable(variable, mut own) => {
                own.extend(fields);
                Item::Variable(variable, own)
            }
            Item::Bool(_) | Item::Text(_) | Item::Number(_) | Item::Nil | Item::Dot => {
                return Err(self.error("unexpected . after term"));
            }
            item => Item::Chain(Box::new(Operand { at: term.at, item }), fields),
        };
        Ok(Some(Operand { at, item }))
    }

    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.next_non_space()?;
        let source = self.source(token);
        let item = match token.kind {
            TokenKind::Identifier => {
                let name = String::from_utf8_lossy(source);
                match registry::find(self.library, &name) {
                    Some(function) => Item::Function(function),
                    None => return Err(self.error(format!("function {name:?} not defined"))),
                }
            }
            TokenKind::Dot => Item::Dot,
            TokenKind::Nil => Item::Nil,
            TokenKind::Variable => {
                let variable = self.variables.iter().position(|name| **name == *source);
                let variable = variable.map(|at| at as Variable).filter(|at| self.visible.contains(at));
                let Some(variable) = variable else {
                    let name = String::from_utf8_lossy(source);
                    return Err(self.error(format!("undefined variable {name:?}")));
                };
                Item::Variable(variable, Vec::new())
            }
            TokenKind::Field => Item::Field(vec![Text::from(&source[1..])]),
            TokenKind::Bool => Item::Bool(source == b"true"),
            TokenKind::CharConstant | TokenKind::Number => match literal::read(source) {
                Ok(number) => Item::Number(number),
                Err(BadNumber::Overflow) => return Err(self.error("integer overflow")),
                Err(BadNumber::Syntax) => return Err(self.error("illegal number syntax")),
            },
            TokenKind::LeftParen => {
                self.enter()?;
                let pipe = self.pipeline("parenthesized pipeline", TokenKind::RightParen)?;
                self.nesting -= 1;
                return Ok(Some(Operand { at: pipe.at, item: Item::Pipe(Box::new(pipe)) }));
            }
            TokenKind::QuotedText | TokenKind::RawText => Item::Text(Text::from(self.unquote(token)?)),
            _ => {
                self.back(token);
                return Ok(None);
            }
        };
        Ok(Some(Operand { at: token.from as u32, item }))
    }
}

fn starts_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Bool
            | TokenKind::CharConstant
            | TokenKind::Dot
            | TokenKind::Field
            | TokenKind::Identifier
            | TokenKind::LeftParen
            | TokenKind::Nil
            | TokenKind::Number
            | TokenKind::QuotedText
            | TokenKind::RawText
            | TokenKind::Variable
    )
}
