//! Tests that pages speak of: the rows of the security requirements that
//! `docs/security.md` lists have a test each that is named after them, and the
//! defects of `docs/sealed-secrets-defects.md` name theirs.

use std::collections::BTreeSet;
use std::path::Path;

use super::tree;
use crate::failure::Failure;

/// The page with the table of rows.
const PAGE: &str = "docs/security.md";
/// The page whose tables name tests in their last column.
const DEFECTS: &str = "docs/sealed-secrets-defects.md";

/// All rows that no test is named after, and all tests that are named and do
/// not exist.
pub(super) fn check(root: &Path) -> Result<Vec<String>, Failure> {
    let mut functions = BTreeSet::new();
    for path in tree::files(root)?.iter().filter(|path| tree::is_rust(path)) {
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        functions.extend(text.lines().filter_map(tree::function).map(str::to_owned));
    }
    let tested: BTreeSet<&str> = functions.iter().filter_map(|name| row_of(name)).collect();
    let (rows, named) = (
        listed(&std::fs::read_to_string(root.join(PAGE))?),
        named(&std::fs::read_to_string(root.join(DEFECTS))?),
    );
    if rows.is_empty() || named.is_empty() {
        return Ok(vec![format!("{PAGE} lists no rows, or {DEFECTS} no tests")]);
    }
    let untested = rows.iter().filter(|row| !tested.contains(&*row.to_lowercase().replace('-', "_")));
    let untested = untested.map(|row| format!("{PAGE} lists {row}, and no test is named after it"));
    let missing = named.iter().filter(|name| !functions.contains(*name));
    let missing = missing.map(|name| format!("{DEFECTS} names {name}, which does not exist"));
    Ok(untested.chain(missing).collect())
}

/// What stands in backticks in the last column of tables, below their heads;
/// a row without is there as it stands.
fn named(page: &str) -> Vec<String> {
    let cells = page.lines().filter_map(|line| line.strip_suffix(" |")?.rsplit_once("| "));
    let cells = cells.map(|(_, cell)| cell).filter(|cell| *cell != "test");
    let names = |cell: &str| -> Vec<String> {
        let names: Vec<String> = cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        if names.is_empty() { vec![cell.to_owned()] } else { names }
    };
    cells.flat_map(names).collect()
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

    #[test]
    fn tables_name_tests_in_their_last_column() {
        let page = "| defect | here | test |\n|---|---|---|\n| `a` | b | `one`, `two` |\n| a | b | none |\nno | table\n";
        assert_eq!(named(page), ["one", "two", "none"]);
    }
}
