//! The rows: what is done, by whom, how often.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::measure::{Cost, Invocation, median};
use super::world::{self, MANY, PLAIN, Who, World};
use crate::failure::Failure;

/// One line of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) goal: Goal,
    /// Runs of each program.
    runs: usize,
    work: Work,
}

/// How many times less than the original ours has to take.
#[derive(Clone, Copy, Default)]
pub(super) struct Goal {
    /// Wall time, without which the row is missed.
    must: Option<f64>,
    /// Wall time to aim at.
    aim: Option<f64>,
    /// Processor time to aim at.
    cpu: Option<f64>,
    /// Memory to aim at.
    memory: Option<f64>,
}

const NO_GOAL: Goal = Goal { must: None, aim: None, cpu: None, memory: None };

const fn goal(must: f64, aim: f64) -> Goal {
    Goal { must: Some(must), aim: Some(aim), ..NO_GOAL }
}

impl Goal {
    /// As fractions of what the original takes.
    pub(super) fn text(&self) -> String {
        let Self { must, aim, cpu, memory } = *self;
        let parts = [("", must), ("aim ", aim), ("processor ", cpu), ("memory ", memory)];
        let texts: Vec<String> =
            parts.iter().filter_map(|(what, times)| times.map(|times| format!("{what}1/{times}"))).collect();
        if texts.is_empty() { "-".to_owned() } else { texts.join(", ") }
    }

    /// Whether ours meets it; where it meets less than all, what.
    pub(super) fn verdict(&self, original: &Cost, ours: &Cost) -> &'static str {
        let is_met =
            |times: Option<f64>, original: f64, ours: f64| times.is_none_or(|times| ours * times <= original);
        let Self { must, aim, cpu, memory } = *self;
        let has_aim = is_met(aim, original.wall, ours.wall)
            && is_met(cpu, original.cpu, ours.cpu)
            && is_met(memory, original.memory, ours.memory);
        match (must, has_aim) {
            (None, true) if aim.is_none() => "-",
            _ if !is_met(must, original.wall, ours.wall) => "MISSED",
            (_, true) => "yes",
            (Some(_), false) => "but for the aim",
            (None, false) => "aim missed",
        }
    }
}

enum Work {
    Decrypt(&'static str),
    Encrypt,
    Flat,
    Many,
    Rotate,
    Seal(&'static str),
    Set,
    Start,
}

pub(super) const ROWS: &[Row] = &[
    row("start", "start and print the version (rops: its help)", NO_GOAL, 15, Work::Start),
    row(
        "decrypt-small",
        "decrypt one small age file",
        Goal { memory: Some(3.0), ..goal(3.0, 5.0) },
        15,
        Work::Decrypt("small.yaml"),
    ),
    row("decrypt-half", "decrypt YAML with 30,000 values", NO_GOAL, 5, Work::Decrypt("half.yaml")),
    row(
        "decrypt",
        "decrypt YAML with 60,000 values",
        Goal { memory: Some(3.0), ..goal(10.0, 20.0) },
        5,
        Work::Decrypt("nested.yaml"),
    ),
    row("decrypt-double", "decrypt YAML with 120,000 values", NO_GOAL, 3, Work::Decrypt("double.yaml")),
    row("decrypt-json", "decrypt JSON with 60,000 values", NO_GOAL, 3, Work::Decrypt("nested.json")),
    row("encrypt", "encrypt YAML with 60,000 values, result checked", NO_GOAL, 3, Work::Encrypt),
    row("rotate", "rotate the same file, result checked", goal(6.0, 10.0), 5, Work::Rotate),
    row("set", "set one value in it", goal(8.0, 15.0), 5, Work::Set),
    row("set-flat", "set one value of one map with 60,000 keys", NO_GOAL, 3, Work::Flat),
    row("rotate-many", "rotate 1,000 small files", goal(8.0, 20.0), 3, Work::Many),
];

/// What kubeseal does; these rows are a table of their own.
pub(super) const SEALING: &[Row] = &[
    row(
        "seal",
        "seal one Secret with --cert",
        Goal { aim: Some(3.0), memory: Some(3.0), ..NO_GOAL },
        15,
        Work::Seal("secret.yaml"),
    ),
    row(
        "seal-many",
        "seal 1,000 Secrets in one call",
        Goal { aim: Some(5.0), cpu: Some(3.0), ..NO_GOAL },
        5,
        Work::Seal("secrets.yaml"),
    ),
];

const fn row(name: &'static str, title: &'static str, goal: Goal, runs: usize, work: Work) -> Row {
    Row { name, title, goal, runs, work }
}

/// The costs of a row by column.
pub(super) struct Measured {
    pub(super) row: &'static Row,
    /// Those of sops, or of kubeseal.
    pub(super) original: Option<Cost>,
    pub(super) rops: Option<Cost>,
    pub(super) ours: Cost,
    /// Seconds of bare writing, for the row with many files.
    pub(super) floor: Option<f64>,
}

impl Row {
    /// Runs all programs in turn, as often as the row says.
    pub(super) fn measure(&'static self, world: &World) -> Result<Measured, Failure> {
        println!("== {}", self.name);
        let programs: Vec<(Who, Invocation)> = [Who::Sops, Who::Kubeseal, Who::Rops, Who::Ours]
            .into_iter()
            .filter_map(|who| self.work.invocation(world, who).map(|invocation| (who, invocation)))
            .collect();
        let mut costs: Vec<Vec<Cost>> = programs.iter().map(|_| Vec::new()).collect();
        let mut floors = Vec::new();
        for _ in 0..self.runs {
            for ((who, invocation), costs) in programs.iter().zip(&mut costs) {
                self.work.prepare(world)?;
                match invocation.run() {
                    Ok(cost) => costs.push(cost),
                    Err(failure) if *who == Who::Rops => println!("{failure}"),
                    Err(failure) => return Err(failure),
                }
                if matches!(self.work, Work::Many) && *who == Who::Ours {
                    floors.push(Cost { wall: floor(&world.folder)?, ..Cost::default() });
                }
            }
        }
        let of = |wanted: Who| {
            let position = programs.iter().position(|(who, _)| *who == wanted)?;
            (!costs[position].is_empty()).then(|| median(&costs[position]))
        };
        let floor = (!floors.is_empty()).then(|| median(&floors).wall);
        let ours = of(Who::Ours).ok_or_else(|| Failure::broken("bench: our own program did not run"))?;
        let original = of(Who::Sops).or_else(|| of(Who::Kubeseal));
        Ok(Measured { row: self, original, rops: of(Who::Rops), ours, floor })
    }
}

const PATH: &str = r#"["team03"]["service0130"]["database"]["password"]"#;

impl Work {
    /// The command of a column; `None` for what its program cannot do.
    fn invocation(&self, world: &World, who: Who) -> Option<Invocation> {
        match (self, who) {
            (Self::Seal(name), Who::Kubeseal | Who::Ours) => {
                persona(world, who, "kubeseal", &["--cert", "cert.pem", "--secret-file", name])
            }
            (Self::Seal(_), _) | (_, Who::Kubeseal) => None,
            (Self::Start, Who::Rops) => world.invocation(who, &["--help"]),
            (Self::Start, _) => world.invocation(who, &["--version"]),
            // With standard input from a script rops takes no path.
            (Self::Decrypt(name), Who::Rops) => {
                let format = world::extension(name);
                world.shell(who, &format!("exec \"$0\" decrypt --format {format} < rops.{name}"))
            }
            (Self::Decrypt(name), _) => world.invocation(who, &["decrypt", name]),
            (Self::Encrypt, Who::Rops) => world.shell(who, &world.rops_encrypts(PLAIN)),
            (Self::Encrypt, _) => persona(world, who, "sops", &["encrypt", "--age", &world.recipient, PLAIN]),
            (_, Who::Rops) => None,
            (Self::Rotate, _) => persona(world, who, "sops", &["rotate", "-i", "work.yaml"]),
            (Self::Set, _) => persona(world, who, "sops", &["set", "work.yaml", PATH, "\"changed\""]),
            (Self::Flat, _) => {
                persona(world, who, "sops", &["set", "work.yaml", "[\"key31415\"]", "\"changed\""])
            }
            (Self::Many, Who::Sops) => {
                world.shell(who, "for file in many/*.yaml; do \"$0\" rotate -i \"$file\" || exit 1; done")
            }
            (Self::Many, _) => world.invocation(who, &["rotate", "many"]),
        }
    }

    /// Makes the files that a run changes.
    fn prepare(&self, world: &World) -> Result<(), Failure> {
        match self {
            Self::Decrypt(_) | Self::Encrypt | Self::Seal(_) | Self::Start => Ok(()),
            Self::Flat => world.restore("flat.yaml", "work.yaml"),
            Self::Many => world.restore_many(),
            Self::Rotate | Self::Set => world.restore("nested.yaml", "work.yaml"),
        }
    }
}

/// The same words for the original and for ours called by its `name`.
fn persona(world: &World, who: Who, name: &str, arguments: &[&str]) -> Option<Invocation> {
    match who {
        Who::Ours => world.invocation(who, &[&[name], arguments].concat()),
        Who::Kubeseal | Who::Rops | Who::Sops => world.invocation(who, arguments),
    }
}

/// Seconds that it takes to write all of the many files anew and do nothing
/// else: write, sync, rename, by as many threads as there are processors.
fn floor(folder: &Path) -> Result<f64, Failure> {
    let many = folder.join("many");
    let bytes = fs::read(folder.join("small.yaml"))?;
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let start = Instant::now();
    std::thread::scope(|scope| {
        let work = || -> std::io::Result<()> {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= MANY {
                    return Ok(());
                }
                let temporary = many.join(format!("{number:04}.tmp"));
                let mut file = File::create(&temporary)?;
                file.write_all(&bytes)?;
                file.sync_all()?;
                fs::rename(&temporary, many.join(format!("{number:04}.yaml")))?;
            }
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(result) => Ok(result?),
            Err(_) => Err(Failure::broken("bench: a writer died")),
        })
    })?;
    Ok(start.elapsed().as_secs_f64())
}
