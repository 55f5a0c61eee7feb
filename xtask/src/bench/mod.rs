//! `cargo xtask bench`: the originals beside ours in one run, whole processes,
//! medians of alternating runs.

#[path = "../../../crates/bulla-sops/benches/documents/mod.rs"]
mod documents;
mod library;
mod measure;
mod report;
mod rows;
mod template;
mod world;

pub(crate) use measure::{LAUNCH, launch};

use crate::failure::Failure;
use crate::workspace::Workspace;
use report::Report;

/// What to measure.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Write the result to `docs/benchmarks.md`.
    write: bool,
    /// Only these rows; empty for all.
    only: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self::default();
        for argument in arguments {
            match argument.as_str() {
                "--write" => options.write = true,
                name if name == TEMPLATE || name == SCAN || all_rows().any(|row| row.name == name) => {
                    options.only.push(name.to_owned());
                }
                other => {
                    let known: Vec<&str> = all_rows().map(|row| row.name).collect();
                    let text =
                        format!("bench: no row {other}; there are: {}, {SCAN}, {TEMPLATE}", known.join(", "));
                    return Err(Failure::usage(text));
                }
            }
        }
        if options.write && !options.only.is_empty() {
            return Err(Failure::usage("bench: --write needs all rows"));
        }
        Ok(options)
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == name)
    }
}

/// All rows of whole processes.
fn all_rows() -> impl Iterator<Item = &'static rows::Row> {
    rows::ROWS.iter().chain(rows::SEALING)
}

const TEMPLATE: &str = "template";
const SCAN: &str = "scan";

/// Builds, measures, reports; fails where templates miss a goal.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    let mut report = Report::start();
    if all_rows().any(|row| options.wants(row.name)) {
        let world = world::World::make(&workspace)?;
        report.sizes(&world)?;
        for row in rows::ROWS.iter().filter(|row| options.wants(row.name)) {
            report.row(row.measure(&world)?);
        }
        for row in rows::SEALING.iter().filter(|row| options.wants(row.name)) {
            report.sealing(row.measure(&world)?);
        }
    }
    if options.wants(SCAN) {
        report.scan(&library::scan(&workspace)?);
    }
    if options.wants(TEMPLATE) {
        report.template(template::measure(&workspace)?);
    }
    if options.write {
        std::fs::write(workspace.root.join("docs/benchmarks.md"), report.markdown(&workspace))?;
    }
    report.templates().map_or(Ok(()), template::Templates::check)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, Failure> {
        Options::parse(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn rows_are_picked_by_name() {
        let options = parse("set template").unwrap();
        assert!(options.wants("set") && options.wants(TEMPLATE) && !options.wants("rotate"));
        assert!(parse("").unwrap().wants("rotate"));
    }

    #[test]
    fn an_unknown_row_names_the_known_ones() {
        let failure = parse("speed").unwrap_err().to_string();
        assert!(failure.contains("speed") && failure.contains("rotate-many"), "{failure}");
        assert!(parse("--write set").is_err());
    }
}
