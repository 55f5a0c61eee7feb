//! The rows of the security requirements that `docs/security.md` lists: each
//! has a test that is named after it.

use std::collections::BTreeSet;
use std::path::Path;

use super::tree;
use crate::failure::Failure;

/// The page with the table.
const PAGE: &str = "docs/security.md";

/// All rows of the table that no test is named after.
pub(super) fn check(root: &Path) -> Result<Vec<String>, Failure> {
    let page = std::fs::read_to_string(root.join(PAGE))?;
    let mut tested = BTreeSet::new();
    for path in tree::files(root)?.iter().filter(|path| tree::is_rust(path)) {
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        tested.extend(text.lines().filter_map(tree::function).filter_map(row_of).map(str::to_owned));
    }
    let untested = |row: &String| !tested.contains(&row.to_lowercase().replace('-', "_"));
    let rows = listed(&page);
    if rows.is_empty() {
        return Ok(vec![format!("{PAGE} lists no rows")]);
    }
    let findings = rows.into_iter().filter(untested);
    Ok(findings.map(|row| format!("{PAGE} lists {row}, and no test is named after it")).collect())
}

/// The rows of the table: lines that begin as `| F-01 |`.
fn listed(page: &str) -> Vec<String> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    let rows = cells.map(|(cell, _)| cell).filter(|cell| {
        let (letter, number) = cell.split_once('-').unwrap_or_default();
        letter.len() == 1 && number.len() == 2 && number.bytes().all(|digit| digit.is_ascii_digit())
    });
    rows.map(str::to_owned).collect()
}

/// `f_02` of `f_02_alias_bomb_is_refused`.
fn row_of(name: &str) -> Option<&str> {
    let row = name.get(..4)?;
    let (letter, number) = row.split_once('_')?;
    let is_row = letter.len() == 1 && number.bytes().all(|digit| digit.is_ascii_digit());
    (is_row && name[4..].starts_with('_')).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_tests_meet() {
        let page = "| row | promise |\n|---|---|\n| F-02 | bombs |\n| not-a | x |\n";
        assert_eq!(listed(page), ["F-02"]);
        assert_eq!(row_of("f_02_alias_bomb_is_refused"), Some("f_02"));
        assert_eq!((row_of("reads_all"), row_of("f_2_x"), row_of("f_02")), (None, None, None));
    }
}
