//! The parser: tokens to trees, with Go's rules and messages.

use std::borrow::Cow;

use super::lexer::{Keyword, LexError, Lexer, Token, TokenKind};
use super::node::{Node, Tree, Variable};
use crate::registry::Library;
use crate::text::quote::unquote;

/// Levels of parentheses and control structures together.
const MAX_NESTING: u32 = 150;

/// Nodes and operands, each of which takes about a hundred bytes.
const MAX_NODES: u32 = 100_000;

/// Definitions, and variables in sight: both are looked up one by one.
pub(super) const MAX_NAMES: usize = 1000;

/// A set of templates from one text. The first is the main one.
pub(crate) struct Parsed {
    pub(crate) trees: Vec<Tree>,
    /// Names of variables by number.
    pub(crate) variables: Vec<Box<[u8]>>,
}

/// A syntax error: the byte offset, and what.
pub(crate) struct ParseError {
    pub(crate) at: usize,
    pub(crate) what: Cow<'static, str>,
}

impl From<LexError> for ParseError {
    fn from(error: LexError) -> Self {
        Self { at: error.at, what: error.what.into() }
    }
}

pub(super) type Result<T> = std::result::Result<T, ParseError>;

/// Parses `text` as the template `name`.
pub(crate) fn parse(name: &[u8], text: &[u8], left: &[u8], right: &[u8], library: Library) -> Result<Parsed> {
    let mut parser = Parser {
        text,
        lexer: Lexer::new(text, left, right),
        ahead: Vec::with_capacity(3),
        last: 0,
        library,
        variables: vec![Box::from(&b"$"[..])],
        visible: vec![0],
        loops: 0,
        nodes: 0,
        nesting: 0,
        trees: Vec::new(),
    };
    let mut body = Vec::new();
    while parser.peek()?.kind != TokenKind::End {
        if parser.peek()?.kind == TokenKind::LeftDelimiter {
            let delimiter = parser.next()?;
            let token = parser.next_non_space()?;
            if token.kind == TokenKind::Keyword(Keyword::Define) {
                parser.definition()?;
                continue;
            }
            parser.back(token);
            parser.back(delimiter);
        }
        match parser.text_or_action()? {
            Parsing::Node(node) => body.push(node),
            Parsing::End => return Err(parser.error("unexpected {{end}}")),
            Parsing::Else => return Err(parser.error("unexpected {{else}}")),
        }
    }
    parser.add(Tree { name: name.into(), body })?;
    let main = parser.trees.iter().position(|tree| *tree.name == *name).unwrap_or(0);
    parser.trees.swap(0, main);
    Ok(Parsed { trees: parser.trees, variables: parser.variables })
}

/// What an action turned out to be.
enum Parsing {
    Node(Node),
    End,
    Else,
}

pub(super) struct Parser<'a> {
    text: &'a [u8],
    lexer: Lexer<'a>,
    /// Tokens given back, the next one last.
    ahead: Vec<Token>,
    /// Where the last token began, for errors.
    last: usize,
    pub(super) library: Library,
    /// Names of variables by number.
    pub(super) variables: Vec<Box<[u8]>>,
    /// Variables in sight.
    pub(super) visible: Vec<Variable>,
    loops: u32,
    nodes: u32,
    pub(super) nesting: u32,
    trees: Vec<Tree>,
}

impl<'a> Parser<'a> {
    pub(super) fn error(&self, what: impl Into<Cow<'static, str>>) -> ParseError {
        ParseError { at: self.last, what: what.into() }
    }

    pub(super) fn next(&mut self) -> Result<Token> {
        let token = match self.ahead.pop() {
            Some(token) => token,
            None => self.lexer.next()?,
        };
        self.last = token.from;
        Ok(token)
    }

    pub(super) fn back(&mut self, token: Token) {
        self.ahead.push(token);
    }

    pub(super) fn peek(&mut self) -> Result<Token> {
        let token = self.next()?;
        self.back(token);
        Ok(token)
    }

    pub(super) fn next_non_space(&mut self) -> Result<Token> {
        loop {
            let token = self.next()?;
            if token.kind != TokenKind::Space {
                return Ok(token);
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Result<Token> {
        let token = self.next_non_space()?;
        self.back(token);
        Ok(token)
    }

    pub(super) fn source(&self, token: Token) -> &'a [u8] {
        &self.text[token.from..token.to]
    }

    pub(super) fn unexpected(&self, token: Token, context: &str) -> ParseError {
        let what = if token.kind == TokenKind::End {
            "EOF".to_owned()
        } else {
            let source = self.source(token);
            format!("{:?}", String::from_utf8_lossy(&source[..source.len().min(20)]))
        };
        ParseError { at: token.from, what: format!("unexpected {what} in {context}").into() }
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token> {
        let token = self.next_non_space()?;
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(token, context)) }
    }

    pub(super) fn enter(&mut self) -> Result<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING { Err(self.error("nesting is too deep")) } else { Ok(()) }
    }

    /// Counts one more node or operand.
    pub(super) fn count(&mut self) -> Result<()> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { Err(self.error("the template has too many parts")) } else { Ok(()) }
    }

    fn add(&mut self, tree: Tree) -> Result<()> {
        match self.trees.iter().position(|other| other.name == tree.name) {
            None if self.trees.len() >= MAX_NAMES => return Err(self.error("too many definitions")),
            None => self.trees.push(tree),
            Some(at) if self.trees[at].is_empty() => self.trees[at] = tree,
            Some(_) if tree.is_empty() => {}
            Some(_) => {
                let name = String::from_utf8_lossy(&tree.name).into_owned();
                return Err(self.error(format!("template: multiple definition of template {name:?}")));
            }
        }
        Ok(())
    }

    fn definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space()?;
        let name = self.template_name(token, CONTEXT)?;
        self.expect(TokenKind::RightDelimiter, CONTEXT)?;
        self.named_body(name, CONTEXT)
    }

    /// Parses up to `{{end}}` a body that sees no variables from outside.
    fn named_body(&mut self, name: Box<[u8]>, context: &str) -> Result<()> {
        let visible = std::mem::replace(&mut self.visible, vec![0]);
        let loops = std::mem::take(&mut self.loops);
        let (body, end) = self.list()?;
        if !matches!(end, Parsing::End) {
            return Err(self.error(format!("unexpected {{{{else}}}} in {context}")));
        }
        self.add(Tree { name, body })?;
        self.visible = visible;
        self.loops = loops;
        Ok(())
    }

    fn template_name(&mut self, token: Token, context: &str) -> Result<Box<[u8]>> {
        if !matches!(token.kind, TokenKind::QuotedText | TokenKind::RawText) {
            return Err(self.unexpected(token, context));
        }
        Ok(self.unquote(token)?.into_boxed_slice())
    }

    pub(super) fn unquote(&self, token: Token) -> Result<Vec<u8>> {
        unquote(self.source(token)).ok_or_else(|| self.error("invalid syntax"))
    }

    fn list(&mut self) -> Result<(Vec<Node>, Parsing)> {
        self.enter()?;
        let mut nodes = Vec::new();
        while self.peek_non_space()?.kind != TokenKind::End {
            match self.text_or_action()? {
                Parsing::Node(node) => nodes.push(node),
                end => {
                    self.nesting -= 1;
                    return Ok((nodes, end));
                }
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Result<Parsing> {
        self.count()?;
        let token = self.next_non_space()?;
        match token.kind {
            TokenKind::Text => {
                Ok(Parsing::Node(Node::Text { at: token.from as u32, text: self.source(token).into() }))
            }
            TokenKind::LeftDelimiter => self.action(),
            _ => Err(self.unexpected(token, "input")),
        }
    }

    fn action(&mut self) -> Result<Parsing> {
        let token = self.next_non_space()?;
        let TokenKind::Keyword(keyword) = token.kind else {
            self.back(token);
            let at = token.from as u32;
            let pipe = self.pipeline("command", TokenKind::RightDelimiter)?;
            return Ok(Parsing::Node(Node::Action { at, pipe }));
        };
        let node = match keyword {
            Keyword::Block => self.block()?,
            Keyword::Break => self.jump("{{break}}", Node::Break)?,
            Keyword::Continue => self.jump("{{continue}}", Node::Continue)?,
            Keyword::Define => return Err(self.unexpected(token, "command")),
            Keyword::Else => return self.otherwise(),
            Keyword::End => {
                self.expect(TokenKind::RightDelimiter, "end")?;
                return Ok(Parsing::End);
            }
            Keyword::If => self.control(Keyword::If)?,
            Keyword::Range => self.control(Keyword::Range)?,
            Keyword::Template => self.template()?,
            Keyword::With => self.control(Keyword::With)?,
        };
        Ok(Parsing::Node(node))
    }

    fn jump(&mut self, name: &'static str, node: Node) -> Result<Node> {
        let token = self.next_non_space()?;
        if token.kind != TokenKind::RightDelimiter {
            return Err(self.unexpected(token, name));
        }
        if self.loops == 0 {
            return Err(self.error(format!("{name} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    fn otherwise(&mut self) -> Result<Parsing> {
        let next = self.peek_non_space()?;
        // `else if` and `else with` leave their keyword for `control`.
        if !matches!(next.kind, TokenKind::Keyword(Keyword::If | Keyword::With)) {
            self.expect(TokenKind::RightDelimiter, "else")?;
        }
        Ok(Parsing::Else)
    }

    fn control(&mut self, keyword: Keyword) -> Result<Node> {
        let at = self.last as u32;
        let context = match keyword {
            Keyword::If => "if",
            Keyword::Range => "range",
            _ => "with",
        };
        let seen = self.visible.len();
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        let is_loop = u32::from(keyword == Keyword::Range);
        self.loops += is_loop;
        let (then, end) = self.list()?;
        self.loops -= is_loop;
        let otherwise = match end {
            Parsing::Else => Some(self.else_list(keyword)?),
            _ => None,
        };
        self.visible.truncate(seen);
        Ok(match keyword {
            Keyword::If => Node::If { pipe, then, otherwise },
            Keyword::Range => Node::Range { at: pipe.at.max(at), pipe, body: then, otherwise },
            _ => Node::With { pipe, then, otherwise },
        })
    }

    fn else_list(&mut self, keyword: Keyword) -> Result<Vec<Node>> {
        let next = self.peek()?;
        if keyword != Keyword::Range && next.kind == TokenKind::Keyword(keyword) {
            self.next()?;
            self.enter()?;
            let node = self.control(keyword)?;
            self.nesting -= 1;
            return Ok(vec![node]);
        }
        let (nodes, end) = self.list()?;
        match end {
            Parsing::End => Ok(nodes),
            _ => Err(self.error("expected end; found {{else}}")),
        }
    }

    fn block(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space()?;
        let name = self.template_name(token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelimiter)?;
        self.named_body(name.clone(), CONTEXT)?;
        Ok(Node::Template { at: token.from as u32, name, pipe: Some(pipe) })
    }

    fn template(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space()?;
        let name = self.template_name(token, CONTEXT)?;
        let next = self.next_non_space()?;
        let pipe = if next.kind == TokenKind::RightDelimiter {
            None
        } else {
            self.back(next);
            Some(self.pipeline(CONTEXT, TokenKind::RightDelimiter)?)
        };
        Ok(Node::Template { at: token.from as u32, name, pipe })
    }
}
