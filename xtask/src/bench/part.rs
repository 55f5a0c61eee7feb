//! The parts of `docs/benchmarks.md`. Each is measured and written by itself;
//! what is not measured stays as it is.

use std::fmt::Write as _;

use super::{controller, rows};

/// A section of the document.
pub(super) struct Part {
    /// By which it is chosen.
    pub(super) name: &'static str,
    heading: &'static str,
}

pub(super) const SOPS: Part = Part { name: "sops", heading: "SOPS" };
pub(super) const SEALING: Part = Part { name: "sealing", heading: "Sealing" };
pub(super) const CONTROLLER: Part = Part { name: "controller", heading: "The controller of SealedSecrets" };
pub(super) const SCAN: Part = Part { name: "scan", heading: "Reading YAML" };
pub(super) const TEMPLATE: Part = Part { name: "template", heading: "Templates" };

/// All, in the order of the document.
pub(super) const PARTS: [&Part; 5] = [&SOPS, &SEALING, &CONTROLLER, &SCAN, &TEMPLATE];

impl Part {
    /// Names of its rows; none where it is measured as a whole only.
    pub(super) fn rows(&self) -> Vec<&'static str> {
        let names = |rows: &'static [rows::Row]| rows.iter().map(|row| row.name).collect();
        match self.name {
            "sops" => names(rows::ROWS),
            "sealing" => names(rows::SEALING),
            "controller" => controller::ROWS.to_vec(),
            _ => Vec::new(),
        }
    }

    /// Its section of a document, without the heading.
    fn section<'a>(&self, document: &'a str) -> Option<&'a str> {
        let (_, rest) = document.split_once(&format!("\n## {}\n\n", self.heading))?;
        Some(rest.split_once("\n## ").map_or(rest, |(section, _)| section))
    }
}

/// The document with these sections anew. A section ends with a line's end.
pub(super) fn renewed(document: &str, sections: &[(&Part, String)]) -> String {
    let mut text = INTRODUCTION.to_owned();
    for part in PARTS {
        let new = sections.iter().find(|(own, _)| own.name == part.name).map(|(_, section)| section.as_str());
        if let Some(section) = new.or_else(|| part.section(document)) {
            let _ = write!(text, "\n## {}\n\n{section}", part.heading);
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Benchmarks

Written by `cargo xtask bench --write`, or a part by itself, such as `cargo xtask bench controller --write`; do not edit.
The originals and ours ran in turn in one go, at the time and on the machine that each part names.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_written_anew_and_the_others_stay() {
        let all: Vec<(&Part, String)> =
            PARTS.iter().map(|part| (*part, format!("{} first\n\n| a |\n", part.name))).collect();
        let first = renewed("", &all);
        assert_eq!(renewed(&first, &[]), first);
        let second = renewed(&first, &[(&CONTROLLER, "second\n".to_owned())]);
        assert_eq!(second, first.replace("controller first\n\n| a |\n", "second\n"));
        assert!(renewed("", &[(&SCAN, "x\n".to_owned())]).ends_with("\n## Reading YAML\n\nx\n"));
    }

    #[test]
    fn rows_and_parts_have_names_of_their_own() {
        let mut names: Vec<&str> = PARTS.iter().flat_map(|part| part.rows()).collect();
        names.extend(PARTS.iter().map(|part| part.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
