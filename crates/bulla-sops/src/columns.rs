//! Texts in lines of a limited width, as sops prints them.

/// Columns of its longer texts.
const COLUMNS: usize = 75;

/// Breaks a text at blanks into lines of at most 75 characters; a longer word
/// stays whole.
pub(crate) fn wrapped(text: &str) -> String {
    lines(text, COLUMNS).join("\n")
}

/// Breaks a text at blanks into lines of at most `columns` characters.
pub(crate) fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > columns {
                lines.push(core::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_move_to_the_next_line_where_they_would_stand_out() {
        assert_eq!(lines("ab cd efgh\n\ni", 5), ["ab cd", "efgh", "", "i"]);
        assert_eq!(lines("abcdefgh ij", 5), ["abcdefgh", "ij"]);
    }
}
