//! The parser of Go's syntax: one pass over the pattern that writes the
//! translation, without recursion.

use crate::Error;
use crate::class::{self, Class, bracketed, escaped_character, literal};

/// Largest repeat count, alone or multiplied through nested repetitions.
const REPEAT_LIMIT: u32 = 1_000;

/// Deepest nesting of groups.
const GROUP_LIMIT: usize = 100;

/// A pattern in the syntax of `regex`, with numbered groups only.
pub(crate) struct Translated {
    pub(crate) text: String,
    /// About how many states its program has.
    pub(crate) states: usize,
    /// What no match is longer than, in bytes; none where something repeats
    /// without bound.
    pub(crate) longest: Option<usize>,
    /// Names of the groups, the whole match (without a name) included.
    pub(crate) names: Vec<Option<String>>,
}

/// Translates `pattern`.
pub(crate) fn translate(pattern: &str) -> Result<Translated, Error> {
    let mut parser = Parser::new(pattern);
    while !parser.rest.is_empty() {
        parser.step()?;
    }
    match parser.levels.len() {
        1 => {
            let Item { text, states, weight, .. } = parser.close_level();
            // Each element takes a character, repeated at most that often.
            let longest = (!parser.endless).then(|| 4 * pattern.len() * weight as usize);
            Ok(Translated { text, states, longest, names: parser.names })
        }
        _ => Err(Error::MissingParen(pattern.to_owned())),
    }
}

/// What `(?imsU)` changes.
#[derive(Clone, Copy, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_matches_newline: bool,
    swap_greed: bool,
}

/// Something that can be repeated.
struct Item {
    text: String,
    /// Whether an operator may follow `text` without parentheses around it.
    atomic: bool,
    /// Product of the repeat counts on the heaviest path through it.
    weight: u32,
    /// About how many states of the program it takes.
    states: usize,
}

/// An open group, or the whole pattern.
struct Level {
    opening: &'static str,
    outer_flags: Flags,
    /// The finished alternatives, each followed by a bar.
    alternatives: String,
    items: Vec<Item>,
    weight: u32,
    states: usize,
}

struct Parser<'p> {
    pattern: &'p str,
    rest: &'p str,
    flags: Flags,
    levels: Vec<Level>,
    /// Whether something repeats without bound.
    endless: bool,
    names: Vec<Option<String>>,
    /// Where the repetition starts that ends just before `rest`.
    last_repeat: Option<&'p str>,
}

impl<'p> Parser<'p> {
    fn new(pattern: &'p str) -> Self {
        let root = Level {
            opening: "",
            outer_flags: Flags::default(),
            alternatives: String::new(),
            items: Vec::new(),
            weight: 1,
            states: 0,
        };
        Self {
            pattern,
            rest: pattern,
            flags: Flags::default(),
            levels: vec![root],
            endless: false,
            names: vec![None],
            last_repeat: None,
        }
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the root is never closed while parsing")
    }

    fn push(&mut self, text: impl Into<String>, states: usize) {
        self.level().items.push(Item { text: text.into(), atomic: true, weight: 1, states });
    }

    fn push_literal(&mut self, code: u32) {
        let states = if code < 0x80 { 2 } else { 8 };
        self.push(literal(code, self.flags.fold_case), states);
    }

    fn push_class(&mut self, class: Class, negated: bool) {
        let states = class.states(negated, self.flags.fold_case);
        self.push(class.finish(negated, self.flags.fold_case), states);
    }

    /// Translates one element of the pattern.
    fn step(&mut self) -> Result<(), Error> {
        let last_repeat = self.last_repeat.take();
        let mut characters = self.rest.chars();
        let Some(first) = characters.next() else { return Ok(()) };
        let after = characters.as_str();
        match first {
            '(' if after.starts_with('?') => return self.perl_group(),
            '(' => {
                self.rest = after;
                return self.open_capture(None);
            }
            ')' => {
                self.rest = after;
                return self.close_group();
            }
            '[' => {
                let (class, negated, after) = bracketed(self.rest)?;
                self.push_class(class, negated);
                self.rest = after;
                return Ok(());
            }
            '\\' => return self.backslash(),
            '*' => return self.repeat("*", None, after, last_repeat),
            '+' => return self.repeat("+", None, after, last_repeat),
            '?' => return self.repeat("?", None, after, last_repeat),
            '{' => {
                if let Some((counts, after)) = repeat_counts(self.rest) {
                    return self.repeat_counted(counts, after, last_repeat);
                }
                self.push_literal('{'.into());
            }
            '|' => self.finish_alternative(),
            '^' => self.push(if self.flags.multi_line { "(?m:^)" } else { r"\A" }, 1),
            '$' => self.push(if self.flags.multi_line { "(?m:$)" } else { r"\z" }, 1),
            '.' => {
                let any = if self.flags.dot_matches_newline { "(?s:.)" } else { r"[^\n]" };
                self.push(any, class::BEYOND_ASCII);
            }
            other => self.push_literal(other.into()),
        }
        self.rest = after;
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), Error> {
        let text = self.rest;
        let (simple, after) = match text.as_bytes().get(1) {
            Some(b'A') => (r"\A", &text[2..]),
            Some(b'z') => (r"\z", &text[2..]),
            Some(b'b') => (r"(?-u:\b)", &text[2..]),
            Some(b'B') => (r"(?-u:\B)", &text[2..]),
            Some(b'Q') => {
                let (quoted, after) = text[2..].split_once(r"\E").unwrap_or((&text[2..], ""));
                quoted.chars().for_each(|c| self.push_literal(c.into()));
                self.rest = after;
                return Ok(());
            }
            _ => {
                let mut class = Class::new();
                if let Some(after) = class.escape(text)? {
                    self.push_class(class, false);
                    self.rest = after;
                    return Ok(());
                }
                let (code, after) = escaped_character(text)?;
                self.push_literal(code);
                self.rest = after;
                return Ok(());
            }
        };
        self.push(simple, 1);
        self.rest = after;
        Ok(())
    }

    /// Repeats the last item with `operator`; `counts` are those of `{n,m}`.
    fn repeat(
        &mut self,
        operator: &str,
        counts: Option<Counts>,
        after: &'p str,
        last_repeat: Option<&'p str>,
    ) -> Result<(), Error> {
        let before = self.rest;
        let lazy = after.starts_with('?');
        let after = if lazy { &after[1..] } else { after };
        let operand = |from: &str| from[..from.len() - after.len()].to_owned();
        if let Some(last) = last_repeat {
            return Err(Error::RepeatOperator(operand(last)));
        }
        let lazy = lazy != self.flags.swap_greed;
        let item = self.level().items.pop().ok_or_else(|| Error::MissingRepeatArgument(operand(before)))?;
        self.endless |= counts.map_or(operator != "?", |counts| counts.max.is_none());
        let weight = counts.map_or(item.weight, |counts| counts.weight(item.weight));
        let states = counts.map_or(1, Counts::most) as usize * (item.states + 1);
        if weight > REPEAT_LIMIT {
            return Err(Error::RepeatSize(operand(before)));
        }
        let (open, close) = if item.atomic { ("", "") } else { ("(?:", ")") };
        let text = [open, &item.text, close, operator, if lazy { "?" } else { "" }].concat();
        self.level().items.push(Item { text, atomic: false, weight, states });
        self.rest = after;
        self.last_repeat = Some(before);
        Ok(())
    }

    fn repeat_counted(
        &mut self,
        counts: Option<Counts>,
        after: &'p str,
        last_repeat: Option<&'p str>,
    ) -> Result<(), Error> {
        let Some(counts) = counts else {
            let end = self.rest.len() - after.len();
            return Err(Error::RepeatSize(self.rest[..end].to_owned()));
        };
        let operator = match counts.max {
            Some(max) => format!("{{{},{max}}}", counts.min),
            None => format!("{{{},}}", counts.min),
        };
        self.repeat(&operator, Some(counts), after, last_repeat)
    }

    /// Reads `(?P<name>`, `(?<name>`, `(?flags:` or `(?flags)`.
    fn perl_group(&mut self) -> Result<(), Error> {
        let text = self.rest;
        let name_start = if text.len() > 4 && text.starts_with("(?P<") {
            4
        } else if text.len() > 3 && text.starts_with("(?<") {
            3
        } else {
            return self.flag_group();
        };
        let close = text.find('>').ok_or_else(|| Error::NamedCapture(text.to_owned()))?;
        let name = &text[name_start..close];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Error::NamedCapture(text[..=close].to_owned()));
        }
        self.rest = &text[close + 1..];
        self.open_capture(Some(name.to_owned()))
    }

    fn flag_group(&mut self) -> Result<(), Error> {
        let mut characters = self.rest[2..].chars();
        let mut flags = self.flags;
        let (mut on, mut dangling_minus) = (true, false);
        while let Some(c) = characters.next() {
            let flag = match c {
                'i' => &mut flags.fold_case,
                'm' => &mut flags.multi_line,
                's' => &mut flags.dot_matches_newline,
                'U' => &mut flags.swap_greed,
                '-' if on => {
                    (on, dangling_minus) = (false, true);
                    continue;
                }
                ':' if !dangling_minus => {
                    self.rest = characters.as_str();
                    self.open_level("(?:")?;
                    self.flags = flags;
                    return Ok(());
                }
                ')' if !dangling_minus => {
                    self.rest = characters.as_str();
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            };
            *flag = on;
            dangling_minus = false;
        }
        let end = self.rest.len() - characters.as_str().len();
        Err(Error::PerlSyntax(self.rest[..end].to_owned()))
    }

    fn open_capture(&mut self, name: Option<String>) -> Result<(), Error> {
        self.names.push(name);
        self.open_level("(")
    }

    fn open_level(&mut self, opening: &'static str) -> Result<(), Error> {
        if self.levels.len() > GROUP_LIMIT {
            return Err(Error::NestingDepth);
        }
        self.levels.push(Level {
            opening,
            outer_flags: self.flags,
            alternatives: String::new(),
            items: Vec::new(),
            weight: 1,
            states: 0,
        });
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), Error> {
        if self.levels.len() == 1 {
            return Err(Error::UnexpectedParen(self.pattern.to_owned()));
        }
        let item = self.close_level();
        self.level().items.push(item);
        Ok(())
    }

    /// Ends the innermost level and returns what it translates to.
    fn close_level(&mut self) -> Item {
        self.finish_alternative();
        let mut level = self.levels.pop().expect("there is an open level");
        level.alternatives.pop(); // the bar after the last one
        self.flags = level.outer_flags;
        let closing = if level.opening.is_empty() { "" } else { ")" };
        let text = [level.opening, &level.alternatives, closing].concat();
        Item { text, atomic: true, weight: level.weight, states: level.states + 2 }
    }

    fn finish_alternative(&mut self) {
        let level = self.level();
        for item in std::mem::take(&mut level.items) {
            level.alternatives.push_str(&item.text);
            level.weight = level.weight.max(item.weight);
            level.states = level.states.saturating_add(item.states);
        }
        level.alternatives.push('|');
        level.states += 1;
    }
}

/// The counts of `{min,max}`, none above the limit.
#[derive(Clone, Copy)]
struct Counts {
    min: u32,
    max: Option<u32>,
}

impl Counts {
    /// Returns how many copies of its operand a program holds at most.
    fn most(self) -> u32 {
        self.max.unwrap_or(self.min).max(1)
    }

    /// Returns the weight of something repeated so that weighs `inner`.
    fn weight(self, inner: u32) -> u32 {
        match self.max.unwrap_or(self.min) {
            0 if self.max.is_some() => 1,
            count => count.max(1) * inner,
        }
    }
}

/// Reads `{n}`, `{n,}` or `{n,m}` at the start of `text`: the counts, or none
/// where they are out of range, and what follows. Anything else is no
/// repetition but a literal brace.
fn repeat_counts(text: &str) -> Option<(Option<Counts>, &str)> {
    let (min, rest) = count(&text[1..])?;
    let (max, rest) = match rest.strip_prefix(',') {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => {
            let (max, rest) = count(rest)?;
            (Some(max), rest)
        }
    };
    let rest = rest.strip_prefix('}')?;
    let highest = max.unwrap_or(min);
    let valid = highest <= REPEAT_LIMIT && min <= highest;
    Some((valid.then_some(Counts { min, max }), rest))
}

/// Reads a decimal number without a leading zero; a huge one is cut.
fn count(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}
