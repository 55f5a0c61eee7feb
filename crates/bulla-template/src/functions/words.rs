//! Functions on letter case and words.

use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::text::runes::{self, REPLACEMENT, decode, is_space, push};
use crate::value::{Text, Value};

const TEXT: &[Kind] = &[Kind::Text];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("camelcase", TEXT, |scope, args| run(scope, args, camel_case)),
    Function::new("initials", TEXT, |scope, args| run(scope, args, initials)),
    Function::new("kebabcase", TEXT, |scope, args| run(scope, args, |text| lower_case(text, '-'))),
    Function::new("lower", TEXT, |scope, args| run(scope, args, |text| cased(text, to_lower))),
    Function::new("nospace", TEXT, |scope, args| run(scope, args, without_space)),
    Function::new("snakecase", TEXT, |scope, args| run(scope, args, |text| lower_case(text, '_'))),
    Function::new("swapcase", TEXT, |scope, args| run(scope, args, swap_case)),
    Function::new("title", TEXT, |scope, args| run(scope, args, title)),
    Function::new("untitle", TEXT, |scope, args| run(scope, args, untitle)),
    Function::new("upper", TEXT, |scope, args| run(scope, args, |text| cased(text, to_upper))),
    Function::new("wrap", &[Kind::Int, Kind::Text], |scope, args| {
        wrap(scope, args.text(1), args.int(0), b"", false)
    }),
    Function::new("wrapWith", &[Kind::Int, Kind::Text, Kind::Text], |scope, args| {
        wrap(scope, args.text(2), args.int(0), args.text(1), true)
    }),
];

fn run(scope: &mut Scope<'_>, args: &Args<'_>, change: fn(&[u8]) -> Vec<u8>) -> Result<Value, Failure> {
    // Changing runes may triple the length.
    scope.meter.step(args.text(0).len() as u64 / 16)?;
    scope.meter.allocate(args.text(0).len() * 3)?;
    Ok(Value::Text(Text::from(change(args.text(0)))))
}

/// Simple case mapping: one rune for one rune.
pub(super) fn to_upper(rune: char) -> char {
    let mut upper = rune.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ => rune,
    }
}

/// Simple case mapping: one rune for one rune.
pub(super) fn to_lower(rune: char) -> char {
    match rune {
        '\u{130}' => 'i',
        _ => rune.to_lowercase().next().unwrap_or(rune),
    }
}

fn to_title(rune: char) -> char {
    match rune {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        _ => to_upper(rune),
    }
}

fn cased(text: &[u8], change: fn(char) -> char) -> Vec<u8> {
    runes::map(text, |rune, out| push(out, change(rune)))
}

/// Upper-cases the first letter of every word.
fn title(text: &[u8]) -> Vec<u8> {
    let mut last = ' ';
    runes::map(text, |rune, out| {
        push(out, if is_separator(last) { to_title(rune) } else { rune });
        last = rune;
    })
}

fn is_separator(rune: char) -> bool {
    if rune.is_ascii() {
        return !rune.is_ascii_alphanumeric() && rune != '_';
    }
    !rune.is_alphanumeric() && is_space(rune)
}

/// Lower-cases the first letter of every word between white space.
fn untitle(text: &[u8]) -> Vec<u8> {
    let mut starts = true;
    runes::map(text, |rune, out| {
        if is_space(rune) {
            starts = true;
            push(out, rune);
        } else {
            push(out, if starts { to_lower(rune) } else { rune });
            starts = false;
        }
    })
}

fn swap_case(text: &[u8]) -> Vec<u8> {
    let mut after_space = true;
    runes::map(text, |rune, out| {
        let swapped = if rune.is_uppercase() {
            after_space = false;
            to_lower(rune)
        } else if rune.is_lowercase() {
            let first = std::mem::take(&mut after_space);
            if first { to_title(rune) } else { to_upper(rune) }
        } else {
            after_space = is_space(rune);
            rune
        };
        push(out, swapped);
    })
}

/// The first byte of every word, read as Latin-1 as the original does.
fn initials(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut after_gap = true;
    for byte in text {
        let rune = char::from(*byte);
        if is_space(rune) {
            after_gap = true;
        } else if std::mem::take(&mut after_gap) {
            push(&mut out, rune);
        }
    }
    out
}

/// Drops white space; if there is any, the bytes are read as Latin-1 as the
/// original does.
fn without_space(text: &[u8]) -> Vec<u8> {
    if !text.iter().any(|byte| is_space(char::from(*byte))) {
        return text.to_vec();
    }
    let mut out = Vec::new();
    for byte in text {
        let rune = char::from(*byte);
        if !is_space(rune) {
            push(&mut out, rune);
        }
    }
    out
}

fn is_connector(rune: char) -> bool {
    rune == '-' || rune == '_' || is_space(rune)
}

/// `some_words` to `SomeWords`; leading connectors stay.
fn camel_case(text: &[u8]) -> Vec<u8> {
    let mut runes = runes::runes(text).map(|(_, rune, _)| rune).peekable();
    let mut out = Vec::new();
    while let Some(rune) = runes.next_if(|rune| is_connector(*rune)) {
        push(&mut out, rune);
    }
    let Some(first) = runes.next() else { return out };
    let mut in_capitals = first.is_uppercase();
    let mut current = to_upper(first);
    for next in runes {
        let last = current;
        current = next;
        if is_connector(next) && is_connector(last) {
            push(&mut out, last);
        } else if is_connector(last) {
            in_capitals = next.is_uppercase();
            current = to_upper(next);
        } else {
            if in_capitals {
                if next.is_uppercase() {
                    current = to_lower(next);
                } else {
                    in_capitals = false;
                }
            }
            push(&mut out, last);
        }
    }
    push(&mut out, current);
    out
}

/// The kinds of words that [`lower_case`] joins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Alphabet,
    Capitals,
    Connector,
    Invalid,
    Number,
    Other,
    Punctuation,
}

impl Word {
    fn is_name(self) -> bool {
        matches!(self, Self::Alphabet | Self::Number)
    }

    /// Whether a connector belongs before a word of this kind.
    fn wants_connector(self) -> bool {
        !matches!(self, Self::Connector | Self::Punctuation)
    }
}

/// `SomeWords` to `some_words`.
fn lower_case(text: &[u8], connector: char) -> Vec<u8> {
    let mut out = Vec::new();
    if text.is_empty() {
        return out;
    }
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            write_lower(&mut out, kind, word, connector);
        }
        let (before, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match before {
            Word::Number => (kind, word, rest) = write_names(&mut out, (kind, word, rest), connector),
            Word::Connector => write_lower(&mut out, before, last, connector),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if kind.wants_connector() {
                    push(&mut out, connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind == Word::Alphabet {
                    // Lower-case letters after a number: the number begins a word.
                    push(&mut out, connector);
                    write_lower(&mut out, Word::Number, number, connector);
                    (kind, word, rest) = write_names(&mut out, (kind, word, rest), connector);
                } else {
                    write_lower(&mut out, Word::Number, number, connector);
                    if kind.wants_connector() {
                        push(&mut out, connector);
                    }
                }
            }
        }
    }
    write_lower(&mut out, kind, word, connector);
    out
}

/// Tells which runes belong to a word.
type Fits<'f> = dyn Fn(char) -> bool + 'f;

/// A word's kind, the word, and what follows it.
type Cut<'t> = (Word, &'t [u8], &'t [u8]);

/// Writes letters and numbers as long as they follow each other, then a
/// connector, if the next word wants one.
fn write_names<'t>(out: &mut Vec<u8>, first: Cut<'t>, connector: char) -> Cut<'t> {
    let (mut kind, mut word, mut rest) = first;
    while kind.is_name() {
        write_lower(out, kind, word, connector);
        (kind, word, rest) = if rest.is_empty() { (Word::Invalid, rest, rest) } else { next_word(rest) };
    }
    if kind != Word::Invalid && kind.wants_connector() {
        push(out, connector);
    }
    (kind, word, rest)
}

fn write_lower(out: &mut Vec<u8>, kind: Word, word: &[u8], connector: char) {
    if !matches!(kind, Word::Capitals | Word::Connector) {
        out.extend_from_slice(word);
        return;
    }
    for (_, rune, _) in runes::runes(word) {
        push(out, if is_connector(rune) { connector } else { to_lower(rune) });
    }
}

/// The next rune that is well formed and how far it reaches; malformed bytes
/// before it count to its width.
fn next_valid(text: &[u8], otherwise: char) -> (char, usize) {
    let mut width = 0;
    while width < text.len() {
        let (rune, size) = decode(&text[width..]);
        width += size;
        if rune != REPLACEMENT {
            return (rune, width);
        }
    }
    (otherwise, width)
}

/// Letters that words are made of: all but the ideographs of CJK.
fn is_letter(rune: char) -> bool {
    rune.is_alphabetic()
        && !matches!(rune, '\u{3400}'..='\u{4D85}' | '\u{4E00}'..='\u{9FCC}' | '\u{20000}'..='\u{2B81D}')
}

fn is_punctuation(rune: char) -> bool {
    const ASCII: &str = "!\"#%&'()*,-./:;?@[\\]_{}";
    ASCII.contains(rune)
        || matches!(rune, '\u{A1}' | '\u{A7}' | '\u{AB}' | '\u{B6}' | '\u{B7}' | '\u{BB}' | '\u{BF}')
        || matches!(rune, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}' | '\u{3001}'..='\u{3003}')
        || matches!(rune, '\u{3008}'..='\u{3011}' | '\u{FF01}'..='\u{FF03}')
}

/// Returns where the runes that fit end. Malformed bytes belong to the rune
/// that follows, or to the word at its end.
fn while_rune(text: &[u8], from: usize, fits: &Fits<'_>) -> usize {
    let mut end = from;
    let mut last = runes::decode_last(&text[..from]).0;
    while end < text.len() {
        let (rune, width) = next_valid(&text[end..], last);
        if width == 0 || !fits(rune) {
            break;
        }
        end += width;
        last = rune;
    }
    end
}

fn next_word(text: &[u8]) -> Cut<'_> {
    let (first, width) = next_valid(text, REPLACEMENT);
    if first == REPLACEMENT {
        let (word, rest) = text.split_at(width);
        return (Word::Invalid, word, rest);
    }
    let small = |rune: char| is_letter(rune) && !rune.is_uppercase();
    let (kind, end) = if is_connector(first) {
        (Word::Connector, while_rune(text, width, &is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, while_rune(text, width, &is_punctuation))
    } else if first.is_uppercase() {
        (Word::Capitals, capitals(text, width, &small))
    } else if is_letter(first) {
        (Word::Alphabet, while_rune(text, width, &small))
    } else if first.is_numeric() {
        (Word::Number, while_rune(text, width, &char::is_numeric))
    } else {
        let other = |rune: char| {
            !is_connector(rune) && !is_letter(rune) && !rune.is_numeric() && !is_punctuation(rune)
        };
        (Word::Other, while_rune(text, width, &other))
    };
    let (word, rest) = text.split_at(end);
    (kind, word, rest)
}

/// The end of a word that begins with a capital: `Word`, `HTTP`, or `HTTP` of
/// `HTTPStatus`.
fn capitals(text: &[u8], width: usize, small: &Fits<'_>) -> usize {
    let (second, _) = next_valid(&text[width..], REPLACEMENT);
    if !second.is_uppercase() {
        return while_rune(text, width, small);
    }
    let end = while_rune(text, width, &char::is_uppercase);
    let (after, _) = next_valid(&text[end..], REPLACEMENT);
    if end < text.len() && is_letter(after) {
        let (_, last) = runes::decode_last(&text[..end]);
        return end - last;
    }
    end
}

/// Breaks lines at spaces, counting bytes; `cuts` breaks long words, too.
fn wrap(
    scope: &mut Scope<'_>,
    text: &[u8],
    width: i64,
    line_end: &[u8],
    cuts: bool,
) -> Result<Value, Failure> {
    let line_end: &[u8] = if line_end.is_empty() { b"\n" } else { line_end };
    let width = usize::try_from(width).unwrap_or(0).max(1);
    scope.meter.allocate(text.len())?;
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while text.len().saturating_sub(at) > width {
        if text[at] == b' ' {
            at += 1;
            continue;
        }
        scope.meter.allocate(line_end.len())?;
        let line = &text[at..=at + width];
        if let Some(space) = memchr::memrchr(b' ', line) {
            out.extend_from_slice(&text[at..at + space]);
            out.extend_from_slice(line_end);
            at += space + 1;
        } else if cuts {
            out.extend_from_slice(&text[at..at + width]);
            out.extend_from_slice(line_end);
            at += width;
        } else if let Some(space) = memchr::memchr(b' ', &text[at + width..]) {
            out.extend_from_slice(&text[at..at + width + space]);
            out.extend_from_slice(line_end);
            at += width + space + 1;
        } else {
            out.extend_from_slice(&text[at..]);
            at = text.len();
        }
    }
    out.extend_from_slice(&text[at..]);
    Ok(Value::Text(Text::from(out)))
}
