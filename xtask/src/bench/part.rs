//! The parts of `docs/benchmarks.md`. Each is measured and written by itself;
//! what is not measured stays as it is.

use std::fmt::Write as _;

use super::{controller, rows};

/// A section of the document.
pub(super) struct Part {
    /// By which it is chosen.
    pub(super) name: &'static str,
    heading: &'static str,
    /// Names of its rows; none where it is measured as a whole only.
    pub(super) rows: &'static [&'static str],
}

pub(super) const SOPS: Part =
    Part { name: "sops", heading: "SOPS", rows: &names::<{ rows::ROWS.len() }>(rows::ROWS) };
pub(super) const SEALING: Part =
    Part { name: "sealing", heading: "Sealing", rows: &names::<{ rows::SEALING.len() }>(rows::SEALING) };
pub(super) const CONTROLLER: Part =
    Part { name: "controller", heading: "The controller of SealedSecrets", rows: controller::ROWS };
pub(super) const SCAN: Part = Part { name: "scan", heading: "Reading YAML", rows: &[] };
pub(super) const TEMPLATE: Part = Part { name: "template", heading: "Templates", rows: &[] };

/// All, in the order of the document.
pub(super) const PARTS: [&Part; 5] = [&SOPS, &SEALING, &CONTROLLER, &SCAN, &TEMPLATE];

const fn names<const COUNT: usize>(rows: &[rows::Row]) -> [&'static str; COUNT] {
    let (mut names, mut number) = ([""; COUNT], 0);
    while number < COUNT {
        names[number] = rows[number].name;
        number += 1;
    }
    names
}

impl Part {
    /// Its section of a document, without the heading.
    fn section<'a>(&self, document: &'a str) -> Option<&'a str> {
        let (_, rest) = document.split_once(&format!("\n## {}\n\n", self.heading))?;
        Some(rest.split_once("\n## ").map_or(rest, |(section, _)| section))
    }
}

/// The document with this section, which ends with a line break, anew.
pub(super) fn renewed(document: &str, part: &Part, section: &str) -> String {
    let mut text = INTRODUCTION.to_owned();
    for one in PARTS {
        let section = if one.name == part.name { Some(section) } else { one.section(document) };
        if let Some(section) = section {
            let _ = write!(text, "\n## {}\n\n{section}", one.heading);
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Benchmarks

Written by `cargo xtask bench --write`, or part by part, as with `cargo xtask bench controller --write`; do not edit.
The originals and ours took turns in one run, at the time and on the machine that each part names.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_written_anew_and_the_others_stay() {
        let first = PARTS.iter().fold(String::new(), |text, part| {
            renewed(&text, part, &format!("{} first\n\n| a |\n", part.name))
        });
        let second = renewed(&first, &CONTROLLER, "second\n");
        assert_eq!(second, first.replace("controller first\n\n| a |\n", "second\n"));
        assert!(renewed("", &SCAN, "x\n").ends_with("\n## Reading YAML\n\nx\n"));
    }

    #[test]
    fn rows_and_parts_have_names_of_their_own() {
        let mut names: Vec<&str> = PARTS.iter().flat_map(|part| part.rows).copied().collect();
        names.extend(PARTS.iter().map(|part| part.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
