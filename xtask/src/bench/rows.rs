//! The rows: what is done, by whom, how often.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::measure::{Cost, Invocation, median};
use super::world::{MANY, Who, World};
use crate::failure::Failure;

/// One line of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What the time must be, and the aim, as fractions of that of sops.
    pub(super) goal: &'static str,
    /// Runs of each program.
    runs: usize,
    work: Work,
}

enum Work {
    Decrypt(&'static str),
    Flat,
    Many,
    Rotate,
    Seal(&'static str),
    Set,
    Start,
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "start",
        title: "start and print the version (rops: its help)",
        goal: "-",
        runs: 15,
        work: Work::Start,
    },
    Row {
        name: "decrypt-small",
        title: "decrypt one small age file",
        goal: "1/3, aim 1/5; memory 1/3",
        runs: 15,
        work: Work::Decrypt("small"),
    },
    Row {
        name: "decrypt",
        title: "decrypt YAML with 60,000 values",
        goal: "1/10, aim 1/20; memory 1/3",
        runs: 5,
        work: Work::Decrypt("nested"),
    },
    Row {
        name: "rotate",
        title: "rotate the same file, result checked",
        goal: "1/6, aim 1/10",
        runs: 5,
        work: Work::Rotate,
    },
    Row { name: "set", title: "set one value in it", goal: "1/8, aim 1/15", runs: 5, work: Work::Set },
    Row {
        name: "set-flat",
        title: "set one value of one map with 60,000 keys",
        goal: "-",
        runs: 1,
        work: Work::Flat,
    },
    Row {
        name: "rotate-many",
        title: "rotate 1,000 small files",
        goal: "1/8, aim 1/20 or 1.5 x the floor",
        runs: 1,
        work: Work::Many,
    },
];

/// What kubeseal does; these rows are a table of their own.
pub(super) const SEALING: &[Row] = &[
    Row {
        name: "seal",
        title: "seal one Secret with --cert",
        goal: "aim 1/3; memory 1/3",
        runs: 15,
        work: Work::Seal("secret.yaml"),
    },
    Row {
        name: "seal-many",
        title: "seal 1,000 Secrets in one call",
        goal: "aim: wall 1/5, processor 1/3",
        runs: 5,
        work: Work::Seal("secrets.yaml"),
    },
];

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
                // Ours is quick: what takes the original minutes can be
                // repeated for us.
                let times = if self.runs == 1 && *who == Who::Ours { 3 } else { 1 };
                for _ in 0..times {
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
                world.shell(who, &format!("exec \"$0\" decrypt --format yaml < {name}.rops.yaml"))
            }
            (Self::Decrypt(name), _) => world.invocation(who, &["decrypt", &format!("{name}.yaml")]),
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
            Self::Decrypt(_) | Self::Seal(_) | Self::Start => Ok(()),
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
