//! Wildcard patterns: `*` any text, `?` one character, `\` takes the next
//! character as it is.

use super::{Budget, Error};

/// A character; bytes that are not UTF-8 all count as U+FFFD.
fn characters(text: &[u8]) -> Vec<char> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        out.extend(chunk.valid().chars());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

enum Token {
    Any,
    One,
    Exactly(char),
}

/// The pattern in pieces. A backslash at the end matches itself behind a star
/// and nothing elsewhere (the original compares from the end there).
fn tokens(pattern: &[u8]) -> Option<Vec<Token>> {
    let mut out = Vec::new();
    let mut star = false;
    let mut characters = characters(pattern).into_iter();
    while let Some(character) = characters.next() {
        out.push(match character {
            '*' => {
                star = true;
                Token::Any
            }
            '?' => Token::One,
            '\\' => match characters.next() {
                Some(next) => Token::Exactly(next),
                None if star => Token::Exactly('\\'),
                None => return None,
            },
            other => Token::Exactly(other),
        });
    }
    Some(out)
}

/// Whether `pattern` matches the whole of `text`. Only the last star is ever
/// tried again, so the steps are at most the product of the lengths; they are
/// charged.
pub(super) fn matches(budget: &mut Budget, text: &[u8], pattern: &[u8]) -> Result<bool, Error> {
    budget.charge(text.len() + pattern.len())?;
    let Some(pattern) = tokens(pattern) else { return Ok(false) };
    let text = characters(text);
    let (mut at, mut piece) = (0, 0);
    let mut retry = None;
    while at < text.len() {
        budget.charge(1)?;
        let step = match pattern.get(piece) {
            Some(Token::Any) => {
                retry = Some((piece + 1, at));
                piece += 1;
                continue;
            }
            Some(Token::One) => true,
            Some(Token::Exactly(character)) => *character == text[at],
            None => false,
        };
        if step {
            (at, piece) = (at + 1, piece + 1);
        } else if let Some((behind, from)) = retry {
            retry = Some((behind, from + 1));
            (at, piece) = (from + 1, behind);
        } else {
            return Ok(false);
        }
    }
    Ok(pattern[piece..].iter().all(|token| matches!(token, Token::Any)))
}
