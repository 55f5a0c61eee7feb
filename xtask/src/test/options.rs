//! The command line of `cargo xtask test`.

use super::lanes::{LANES, Lane};
use crate::failure::Failure;
use crate::workspace::in_ci;

/// What to run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    pub(super) plan_only: bool,
    /// The complete matrix of the lane interop.
    pub(super) full: bool,
    /// Only these lanes; empty for unit tests and all lanes.
    only: Vec<String>,
    without: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--plan" => options.plan_only = true,
                "--full" => options.full = true,
                "--lane" => options.only.extend(lane_names(rest.next())?),
                "--without" => options.without.extend(lane_names(rest.next())?),
                other => return Err(Failure::usage(format!("test: unknown option {other}"))),
            }
        }
        if in_ci() && !options.without.is_empty() {
            return Err(Failure::usage("test: --without is refused where CI=true"));
        }
        Ok(options)
    }

    /// Whether unit and documentation tests run.
    pub(super) fn units(&self) -> bool {
        self.only.is_empty()
    }

    pub(super) fn wants(&self, lane: &Lane) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == lane.name)
    }

    pub(super) fn leaves_out(&self, lane: &Lane) -> bool {
        self.without.iter().any(|name| name == lane.name)
    }
}

fn lane_names(argument: Option<&String>) -> Result<Vec<String>, Failure> {
    let names: Vec<String> = argument.map_or("", String::as_str).split(',').map(str::to_owned).collect();
    match names.iter().find(|name| !LANES.iter().any(|lane| lane.name == **name)) {
        None => Ok(names),
        Some(unknown) => {
            let known: Vec<&str> = LANES.iter().map(|lane| lane.name).collect();
            Err(Failure::usage(format!("test: no lane \"{unknown}\"; there are: {}", known.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, Failure> {
        Options::parse(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn lanes_are_picked_by_name() {
        let options = parse("--lane interop,age --full").unwrap();
        assert!(options.full && !options.units());
        assert!(LANES.iter().filter(|lane| options.wants(lane)).map(|lane| lane.name).eq(["age", "interop"]));
    }

    #[test]
    fn an_unknown_lane_names_the_known_ones() {
        let failure = parse("--lane cloud").unwrap_err().to_string();
        assert!(failure.contains("\"cloud\"") && failure.contains("golden"), "{failure}");
    }
}
