//! The rows: what is done, what it must be, what it was.

use crate::cost::{Cost, Restart, cold, median, new_objects, restart};
use crate::floor;
use crate::stage::{Stage, Who};

/// Lifts the original's limits; ours has none.
const UNLIMITED: [&str; 1] = ["--kubeclient-qps=-1"];

type Row = fn(&Stage);

/// In the order in which they run: the last leaves more keys behind.
const ROWS: [(&str, Row); 4] = [
    ("unseal", unseal),
    ("unseal-unlimited", unseal_unlimited),
    ("unseal-many", unseal_many),
    ("restart-keys", restart_keys),
];

/// Measures the rows of these names, or all where there are none.
pub(crate) fn measure(wanted: &[String]) {
    let unknown = wanted.iter().find(|name| !ROWS.iter().any(|(known, _)| known == name));
    assert_eq!(unknown, None, "no such row");
    let stage = Stage::new();
    for (name, row) in ROWS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            eprintln!("== {name}");
            row(&stage);
        }
    }
}

fn unseal(stage: &Stage) {
    let count = 200;
    // That of the original takes minutes.
    let theirs = [new_objects(stage, Who::Original, &[], count)];
    let ours = [(); 3].map(|()| new_objects(stage, Who::Ours, &[], count));
    new_line(
        "200 new SealedSecrets of 2 values until all Secrets exist, default flags",
        count,
        &theirs,
        &ours,
        100.0,
        None,
    );
    restart_line("restart with these, all in place", &theirs, &ours);
    for (work, limit, number) in [
        ("memory with no object", 15.0, (|cost| cost.idle) as fn(&Cost) -> f64),
        ("memory after the 200", 20.0, |cost| cost.after),
    ] {
        let [theirs, ours] = [median(&theirs, number), median(&ours, number)];
        let cells = [format!("{theirs:.1} MiB"), format!("{ours:.1} MiB")];
        line(work, &format!("<= {limit} MiB"), cells, times(theirs, ours), ours <= limit);
    }
}

fn unseal_unlimited(stage: &Stage) {
    let count = 200;
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        theirs.push(new_objects(stage, Who::Original, &UNLIMITED, count));
        ours.push(new_objects(stage, Who::Ours, &UNLIMITED, count));
    }
    new_line("the 200 with `--kubeclient-qps=-1`", count, &theirs, &ours, 3.0, Some(3.0));
    restart_line("restart with these and `--kubeclient-qps=-1`", &theirs, &ours);
}

fn unseal_many(stage: &Stage) {
    let count = 10_000;
    let [theirs, ours] = [Who::Original, Who::Ours].map(|who| {
        let cost = cold(stage, who, &UNLIMITED, count);
        stage.clear();
        cost
    });
    let floor = floor::rsa_4096(2 * count);
    let text = |cost: &Cost| format!("{:.1} s, {:.1} s CPU, peak {:.1} MiB", cost.wall, cost.cpu, cost.peak);
    line(
        "10,000 SealedSecrets of 2 values, cold, `--kubeclient-qps=-1`",
        "CPU <= 1.5 x the floor, peak <= 64 MiB",
        [text(&theirs), format!("{} (floor {floor:.1} s CPU: {:.2} x)", text(&ours), ours.cpu / floor)],
        format!(
            "{} / {} / {}",
            times(theirs.wall, ours.wall),
            times(theirs.cpu, ours.cpu),
            times(theirs.peak, ours.peak)
        ),
        ours.cpu <= 1.5 * floor && ours.peak <= 64.0,
    );
}

fn restart_keys(stage: &Stage) {
    let count = 1_000;
    stage.make_keys(13);
    let [theirs, ours] = [Who::Original, Who::Ours].map(|who| {
        cold(stage, who, &UNLIMITED, count);
        let restart = restart(stage, who, &UNLIMITED, count);
        stage.clear();
        restart
    });
    line(
        "restart with 1,000 objects in place and 13 keys, sealed to the oldest, `--kubeclient-qps=-1`",
        "CPU <= 1/50",
        [restart_text(&theirs), restart_text(&ours)],
        format!("{} / {}", times(theirs.wall, ours.wall), times(theirs.cpu, ours.cpu)),
        theirs.cpu >= 50.0 * ours.cpu,
    );
}

/// A line about new objects: so many times faster, and with so many times less processor time.
fn new_line(work: &str, count: usize, theirs: &[Cost], ours: &[Cost], faster: f64, less: Option<f64>) {
    let walls = [median(theirs, |cost| cost.wall), median(ours, |cost| cost.wall)];
    let cpus = [median(theirs, |cost| cost.cpu), median(ours, |cost| cost.cpu)];
    let each = |cpu: f64| format!("{:.1} ms CPU each", cpu * 1e3 / count as f64);
    let text = |wall: f64, cpu: f64| format!("{wall:.2} s, {}", each(cpu));
    let floor = each(floor::rsa_4096(2 * count));
    let must = match less {
        Some(less) => format!("{faster} x faster, CPU <= 1/{less}"),
        None => format!("{faster} x faster"),
    };
    line(
        work,
        &must,
        [text(walls[0], cpus[0]), format!("{} (floor {floor})", text(walls[1], cpus[1]))],
        format!("{} / {}", times(walls[0], walls[1]), times(cpus[0], cpus[1])),
        walls[0] >= faster * walls[1] && less.is_none_or(|less| cpus[0] >= less * cpus[1]),
    );
}

fn restart_line(work: &str, theirs: &[Cost], ours: &[Cost]) {
    let middle = |costs: &[Cost]| Restart {
        wall: median(costs, |cost| cost.restart.wall),
        cpu: median(costs, |cost| cost.restart.cpu),
        writes: median(costs, |cost| cost.restart.writes),
        events: median(costs, |cost| cost.restart.events),
    };
    let (theirs, ours) = (middle(theirs), middle(ours));
    line(
        work,
        "<= 0.3 s CPU, 0 writes, 0 events",
        [restart_text(&theirs), restart_text(&ours)],
        format!("{} / {}", times(theirs.wall, ours.wall), times(theirs.cpu, ours.cpu)),
        ours.cpu <= 0.3 && ours.writes == 0.0 && ours.events == 0.0,
    );
}

fn restart_text(restart: &Restart) -> String {
    let Restart { wall, cpu, writes, events } = restart;
    format!("{wall:.2} s, {cpu:.2} s CPU, {writes} writes, {events} events")
}

/// How many times less ours takes.
fn times(theirs: f64, ours: f64) -> String {
    format!("{:.1}", theirs / ours)
}

fn line(work: &str, must: &str, [theirs, ours]: [String; 2], times: String, is_met: bool) {
    let verdict = if is_met { "yes" } else { "MISSED" };
    println!("bench | {work} | {must} | {theirs} | {ours} | {times} | {verdict}");
}
