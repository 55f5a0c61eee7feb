//! `cargo xtask bench`: the originals beside ours in one run, whole processes,
//! medians of alternating runs.

mod controller;
#[path = "../../../crates/bulla-sops/benches/documents/mod.rs"]
mod documents;
mod library;
mod measure;
mod part;
mod report;
mod rows;
mod template;
mod world;

pub(crate) use measure::{LAUNCH, launch};

use crate::failure::Failure;
use crate::workspace::Workspace;
use part::{PARTS, Part};
use report::Machine;
use rows::{Measured, Row};
use world::World;

/// Where `--write` puts the result.
const DOCUMENT: &str = "docs/benchmarks.md";

/// What to measure.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Write the result to `docs/benchmarks.md`.
    write: bool,
    /// Only these parts and rows; empty for all.
    only: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self::default();
        let parts: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        let rows: Vec<&str> = PARTS.iter().flat_map(|part| part.rows).copied().collect();
        for argument in arguments {
            if argument == "--write" {
                options.write = true;
            } else if parts.iter().chain(&rows).any(|name| name == argument) {
                options.only.push(argument.clone());
            } else {
                let (parts, rows) = (parts.join(", "), rows.join(", "));
                let text =
                    format!("bench: no part and no row {argument}; there are parts: {parts}; rows: {rows}");
                return Err(Failure::usage(text));
            }
        }
        if options.write && options.only.iter().any(|name| rows.contains(&name.as_str())) {
            return Err(Failure::usage("bench: --write needs all rows of a part"));
        }
        Ok(options)
    }

    fn has(&self, name: &str) -> bool {
        self.only.iter().any(|wanted| wanted == name)
    }

    /// Whether all of the part is to be measured.
    fn is_whole(&self, part: &Part) -> bool {
        self.only.is_empty() || self.has(part.name)
    }

    /// Whether something of the part is to be measured.
    fn wants(&self, part: &Part) -> bool {
        self.is_whole(part) || part.rows.iter().any(|row| self.has(row))
    }

    /// Names of the wanted rows of the part.
    fn wanted(&self, part: &Part) -> Vec<&'static str> {
        let rows = part.rows.iter().copied();
        rows.filter(|row| self.is_whole(part) || self.has(row)).collect()
    }
}

/// Builds, measures, reports; fails where reading or templates miss a goal.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    let bench = Bench { options, workspace: &workspace, machine: Machine::now() };
    if options.wants(&part::SOPS) || options.wants(&part::SEALING) {
        let world = World::make(&workspace, options.wants(&part::SOPS))?;
        bench.measure(&part::SOPS, |wanted| {
            let sizes = report::sizes(&world)?;
            let rows = measured(rows::ROWS, wanted, &world, report::row_line)?;
            Ok(report::sops(&workspace, &sizes, &rows))
        })?;
        bench.measure(&part::SEALING, |wanted| {
            Ok(report::sealing(&measured(rows::SEALING, wanted, &world, report::sealing_line)?))
        })?;
    }
    bench.measure(&part::CONTROLLER, |wanted| {
        Ok(report::controller(&controller::measure(&workspace, wanted)?))
    })?;
    bench.measure(&part::SCAN, |_| Ok(report::scan(&library::scan(&workspace)?)))?;
    let mut templates = None;
    bench.measure(&part::TEMPLATE, |_| {
        let measured = templates.insert(template::measure(&workspace)?);
        Ok(report::templates(measured))
    })?;
    templates.map_or(Ok(()), |templates| templates.check())
}

struct Bench<'a> {
    options: &'a Options,
    workspace: &'a Workspace,
    machine: Machine,
}

impl Bench<'_> {
    /// Measures a part if it is wanted, and writes it if that is; `work` takes
    /// the names of its wanted rows and gives the text of its section.
    fn measure(
        &self,
        part: &'static Part,
        work: impl FnOnce(&[&str]) -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        if !self.options.wants(part) {
            return Ok(());
        }
        let text = work(&self.options.wanted(part))?;
        if self.options.write {
            let path = self.workspace.root.join(DOCUMENT);
            let section = format!("{}\n\n{text}", self.machine.text());
            let renewed = part::renewed(&std::fs::read_to_string(&path)?, part, &section);
            std::fs::write(path, renewed)?;
        }
        Ok(())
    }
}

/// Measures the wanted rows and prints each as it comes.
fn measured(
    rows: &'static [Row],
    wanted: &[&str],
    world: &World,
    line: impl Fn(&Measured) -> String,
) -> Result<Vec<String>, Failure> {
    let wanted = rows.iter().filter(|row| wanted.contains(&row.name));
    let lines = wanted.map(|row| {
        let line = line(&row.measure(world)?);
        println!("{line}");
        Ok(line)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, Failure> {
        Options::parse(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn parts_and_rows_are_picked_by_name() {
        let options = parse("set template").unwrap();
        assert!(options.wanted(&part::SOPS) == ["set"] && options.wants(&part::TEMPLATE));
        assert!(!options.wants(&part::SEALING));
        assert_eq!(parse("").unwrap().wanted(&part::SOPS), part::SOPS.rows);
        let options = parse("controller --write").unwrap();
        assert!(options.wanted(&part::CONTROLLER).contains(&"unseal") && !options.wants(&part::SOPS));
    }

    #[test]
    fn an_unknown_row_names_the_known_ones() {
        let failure = parse("speed").unwrap_err().to_string();
        assert!(failure.contains("speed") && failure.contains("rotate-many"), "{failure}");
        assert!(parse("--write set").is_err());
    }
}
