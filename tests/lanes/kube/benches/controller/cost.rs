//! What one run of one controller cost.

use crate::stage::{Stage, Who};

/// New objects, and a start with all of them in place.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Seconds until all Secrets were there.
    pub(crate) wall: f64,
    /// Seconds of processor time until nothing more was written.
    pub(crate) cpu: f64,
    /// MiB before the first object.
    pub(crate) idle: f64,
    /// MiB after the last.
    pub(crate) after: f64,
    /// The most MiB.
    pub(crate) peak: f64,
    pub(crate) restart: Restart,
}

/// A start with everything in place.
#[derive(Clone, Copy, Default)]
pub(crate) struct Restart {
    /// Seconds from the start of the process until all objects were processed.
    pub(crate) wall: f64,
    /// Seconds of processor time until nothing more was written.
    pub(crate) cpu: f64,
    /// Requests to change a Secret or a SealedSecret.
    pub(crate) writes: f64,
    /// New events.
    pub(crate) events: f64,
}

/// Objects that come to a controller that runs; then it starts again.
pub(crate) fn new_objects(stage: &Stage, who: Who, flags: &[&str], count: usize) -> Cost {
    let objects = stage.objects(count);
    let controller = stage.start(who, flags);
    controller.works(stage);
    let (idle, before) = (mib(controller.pod.resident()), controller.pod.processor_time());
    let begin = std::time::Instant::now();
    stage.create(&objects);
    stage.all_there(count);
    let wall = begin.elapsed().as_secs_f64();
    stage.settle();
    let pod = &controller.pod;
    let (cpu, after, peak) = (pod.processor_time() - before, mib(pod.resident()), mib(pod.peak()));
    stage.check(count);
    controller.end();
    let restart = restart(stage, who, flags, count);
    stage.clear();
    Cost { wall, cpu, idle, after, peak, restart }
}

/// A controller that starts where objects wait for it.
pub(crate) fn cold(stage: &Stage, who: Who, flags: &[&str], count: usize) -> Cost {
    stage.create(&stage.objects(count));
    let begin = std::time::Instant::now();
    let controller = stage.start(who, flags);
    stage.all_there(count);
    let wall = begin.elapsed().as_secs_f64();
    stage.settle();
    let pod = &controller.pod;
    let (cpu, after, peak) = (pod.processor_time(), mib(pod.resident()), mib(pod.peak()));
    stage.check(count);
    controller.end();
    Cost { wall, cpu, after, peak, ..Cost::default() }
}

/// A controller that starts where all is done.
pub(crate) fn restart(stage: &Stage, who: Who, flags: &[&str], count: usize) -> Restart {
    let writes = || stage.writes(&["secrets", "sealedsecrets"]);
    let (written, told) = (writes(), stage.count("events"));
    let controller = stage.start(who, flags);
    let wall = controller.been_through(count);
    stage.settle();
    let cpu = controller.pod.processor_time();
    let (writes, events) = (writes() - written, stage.count("events") - told);
    stage.check(count);
    controller.end();
    Restart { wall, cpu, writes, events: events as f64 }
}

/// The middle one of a number of some costs.
pub(crate) fn median<T>(costs: &[T], number: impl Fn(&T) -> f64) -> f64 {
    let mut numbers: Vec<f64> = costs.iter().map(number).collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn mib(kib: usize) -> f64 {
    kib as f64 / 1024.0
}
