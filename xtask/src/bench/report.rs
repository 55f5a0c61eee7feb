//! The sections of `docs/benchmarks.md`, and their lines for the terminal.

use std::fs;
use std::process::Command;

use super::measure::Cost;
use super::rows::Measured;
use super::template::{Line, Templates};
use super::world::{Who, World};
use crate::failure::Failure;
use crate::test::{ROPS, SEALED_SECRETS, SOPS};
use crate::workspace::Workspace;

/// Sizes of the programs, as a line of the table.
pub(super) fn sizes(world: &World) -> Result<String, Failure> {
    let mut sizes = [None; 3];
    for (size, who) in sizes.iter_mut().zip([Who::Sops, Who::Rops, Who::Ours]) {
        if let Some(program) = world.program(who) {
            *size = Some(fs::metadata(program)?.len());
        }
    }
    let line = size_line(&sizes);
    println!("{line}");
    Ok(line)
}

/// The section about SOPS, of these lines.
pub(super) fn sops(workspace: &Workspace, sizes: &str, rows: &[String]) -> String {
    format!(
        "Whole processes, medians of alternating runs: {NUMBERS}. *x* is how many times less ours takes than sops: \
         wall, processor, memory; a *must* and an *aim* without a word are about wall time.\n\n\
         | work | must | sops {} | rops {} | bulla {} | *x* | met |\n|---|---|---|---|---|---|---|\n{}\n{sizes}\n\n{NOTES}",
        SOPS.version,
        ROPS.version,
        version(workspace),
        rows.join("\n")
    )
}

/// The section about kubeseal, of these lines.
pub(super) fn sealing(rows: &[String]) -> String {
    format!(
        "Secrets of two values, a certificate of 4096 bits. Whole processes, medians of alternating runs: {NUMBERS}.\n\n\
         | work | must | kubeseal {} | bulla | *x* | met |\n|---|---|---|---|---|---|\n{}\n",
        SEALED_SECRETS.version,
        rows.join("\n")
    )
}

/// The section about the controller, of these lines.
pub(super) fn controller(rows: &[String]) -> String {
    format!(
        "{CONTROLLERS}\n| work | must | controller {} | bulla-controller | *x* | met |\n|---|---|---|---|---|---|\n{}\n",
        SEALED_SECRETS.version,
        rows.join("\n")
    )
}

/// The section about reading, of what the measurement printed.
pub(super) fn scan(line: &str) -> String {
    println!("{line}");
    format!("An encrypted file of 60,000 values, at least 150 MB/s wanted: {line}.\n")
}

/// The section about templates.
pub(super) fn templates(templates: &Templates) -> String {
    let lines = template_lines(templates).join("\n");
    println!("{lines}");
    format!(
        "`crates/bulla-template/benches/typical.tmpl` beside Go's text/template with sprig, \
         one thousand names beside Go's regexp; both print the same.\n\n\
         | work | must | Go | bulla | *x* | met |\n|---|---|---|---|---|---|\n{lines}\n"
    )
}

const NUMBERS: &str = "seconds of wall time / seconds of processor time / MiB of peak memory";

const CONTROLLERS: &str = "\
The original and ours in turn before one API server (kube-apiserver and etcd on the same processors), under the rights of \
the original's manifest, on the same objects, sealed to one key of 4096 bits. New objects are made while the controller \
runs, by four connections at once; the clock runs from the first request until the last Secret exists, that of *cold* \
and of restarts from the start of the process. CPU is the controller's own, until nothing has been written for five seconds. \
All is processed after a restart when the original has begun to unseal the last object, and when ours says that it knows \
all objects and none is left to do. Writes are requests to change a Secret or a SealedSecret, events new Event objects. \
After each run every object is Synced and every Secret has its own values. The floor is what aws-lc-rs takes for as many decryptions \
and nothing else, on all processors at once, in the same run. *x* is how many times less ours takes: wall, processor, memory. \
Medians of three runs of ours for the 200 objects, and of the original without limits; its other rows are one run.
";

const NOTES: &str = "\
The 60,000 values lie in 75 maps of forty services each, every service with an image, a number, a bool, a map of four, \
a map of ten variables and a list of three (`crates/bulla-sops/benches/documents/mod.rs`); sops encrypted the file, to one \
age key. `encrypt`, `rotate` and `set` include the check that the new file decrypts to what it should. The 1,000 small files \
are a loop of the shell for sops and one command for us; the floor beside it is what writing, syncing and renaming \
as many files of the same size takes by itself, by as many threads as we use, and 1.5 times that is as good as the aim. \
30,000 and 120,000 values show that time and memory grow as the file does.

Our program holds the clients of age, OpenPGP, AWS KMS and Vault, each made when a file first needs it; GCP, Azure and Huawei, \
which are not built in yet, are part of the size of sops. rops has age and AWS KMS. It reads a file that it encrypted \
itself, and has no command that does just what stands as a dash. Where nearly all is the loading of a program, at the start and \
with one small file, a smaller program has less to load, and its pages count as memory. When it encrypts, it takes less \
memory, too: it does not read its result again.
";

/// A line about sops.
pub(super) fn row_line(measured: &Measured) -> String {
    let row = measured.row;
    let shown = |cost: &Option<Cost>| cost.as_ref().map_or_else(|| "-".to_owned(), cost_text);
    let floor = measured.floor.map_or_else(String::new, |floor| format!(" (floor {floor:.2})"));
    let (sops, rops, ours) = (shown(&measured.original), shown(&measured.rops), cost_text(&measured.ours));
    let (goal, times, met) = judged(measured);
    format!("| {} | {goal} | {sops} | {rops} | {ours}{floor} | {times} | {met} |", row.title)
}

/// A line about kubeseal.
pub(super) fn sealing_line(measured: &Measured) -> String {
    let row = measured.row;
    let kubeseal = measured.original.as_ref().map_or_else(|| "-".to_owned(), cost_text);
    let (ours, (goal, times, met)) = (cost_text(&measured.ours), judged(measured));
    format!("| {} | {goal} | {kubeseal} | {ours} | {times} | {met} |", row.title)
}

/// The goal, how many times less ours takes, and whether that is enough.
fn judged(measured: &Measured) -> (String, String, &'static str) {
    let (goal, ours) = (&measured.row.goal, &measured.ours);
    let (times, met) = measured.original.map_or_else(
        || ("-".to_owned(), "-"),
        |original| (times_text(&original, ours), goal.verdict(&original, ours)),
    );
    (goal.text(), times, met)
}

fn cost_text(cost: &Cost) -> String {
    format!("{:.3} / {:.3} / {:.1}", cost.wall, cost.cpu, cost.memory)
}

fn times_text(original: &Cost, ours: &Cost) -> String {
    let times = |theirs: f64, ours: f64| if ours > 0.0 { theirs / ours } else { f64::INFINITY };
    let (wall, cpu) = (times(original.wall, ours.wall), times(original.cpu, ours.cpu));
    format!("{wall:.1} / {cpu:.1} / {:.1}", times(original.memory, ours.memory))
}

fn size_line(sizes: &[Option<u64>; 3]) -> String {
    let [sops, rops, ours] = sizes.map(|size| match size {
        Some(bytes) => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
        None => "-".to_owned(),
    });
    format!("| size of the program | - | {sops} | {rops} | {ours} | - | - |")
}

fn template_lines(templates: &Templates) -> Vec<String> {
    let micro = |nanoseconds: u64| format!("{:.1} us", nanoseconds as f64 / 1e3);
    let line = |line: Line| {
        let Line { work, must, go, ours, is_met } = line;
        let (theirs, ours, times) = match go {
            Some(go) => (micro(go), micro(ours), format!("{:.1}", go as f64 / ours.max(1) as f64)),
            None => ("-".to_owned(), format!("{:.1} KiB", ours as f64 / 1024.0), "-".to_owned()),
        };
        let verdict = is_met.map_or("-", |is_met| if is_met { "yes" } else { "MISSED" });
        format!("| {work} | {must} | {theirs} | {ours} | {times} | {verdict} |")
    };
    templates.lines().into_iter().map(line).collect()
}

/// The machine as it was before anything was measured.
pub(super) struct Machine {
    load: String,
}

impl Machine {
    pub(super) fn now() -> Self {
        Self { load: load() }
    }

    /// Date, machine and how busy it was.
    pub(super) fn text(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let model = model.trim_start_matches([' ', '\t', ':']);
        let date = said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]);
        let kernel = said("uname", &["-sr"]);
        let (rustc, go) = (said("rustc", &["--version"]), said("go", &["version"]));
        let first = self.load.split(' ').next().and_then(|word| word.parse::<f64>().ok());
        let busy = if first.is_some_and(|first| first > cores as f64) {
            " **The machine was busy with other work: wall times say little.**"
        } else {
            ""
        };
        format!(
            "{date}, {model}, {cores} processors, {kernel}; {rustc}; {go}. Load before {}, after {}.{busy}",
            self.load,
            load()
        )
    }
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn version(workspace: &Workspace) -> String {
    let packages = workspace.metadata["packages"].as_array();
    let bulla = packages.into_iter().flatten().find(|package| package["name"] == "bulla");
    bulla.and_then(|package| package["version"].as_str()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_says_how_many_times_less_ours_takes() {
        let cost = |wall, cpu, memory| Cost { wall, cpu, memory };
        assert_eq!(times_text(&cost(2.0, 3.0, 180.0), &cost(0.1, 0.1, 45.0)), "20.0 / 30.0 / 4.0");
    }
}
