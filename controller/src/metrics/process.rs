//! What Go's client library shows of a process, under its names: dashboards
//! draw it.

use std::collections::HashMap;

use bulla_core::Timestamp;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, Metric, MetricFamily, MetricType};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

const COUNTER: MetricType = MetricType::COUNTER;
const GAUGE: MetricType = MetricType::GAUGE;

/// One metric: name behind `process_`, kind, help.
type Row = (&'static str, MetricType, &'static str);

const ROWS: [Row; 9] = [
    ("cpu_seconds_total", COUNTER, "Total user and system CPU time spent in seconds."),
    ("max_fds", GAUGE, "Maximum number of open file descriptors."),
    ("network_receive_bytes_total", COUNTER, "Number of bytes received by the process over the network."),
    ("network_transmit_bytes_total", COUNTER, "Number of bytes sent by the process over the network."),
    ("open_fds", GAUGE, "Number of open file descriptors."),
    ("resident_memory_bytes", GAUGE, "Resident memory size in bytes."),
    ("start_time_seconds", GAUGE, "Start time of the process since unix epoch in seconds."),
    ("virtual_memory_bytes", GAUGE, "Virtual memory size in bytes."),
    ("virtual_memory_max_bytes", GAUGE, "Maximum amount of virtual memory available in bytes."),
];

/// Reads them when asked.
pub(super) struct Process {
    start: Timestamp,
    descs: Vec<Desc>,
}

impl Process {
    pub(super) fn new(start: Timestamp) -> Result<Self, prometheus::Error> {
        let desc = |(name, _, help): Row| {
            Desc::new(format!("process_{name}"), help.to_owned(), Vec::new(), HashMap::new())
        };
        Ok(Self { start, descs: ROWS.into_iter().map(desc).collect::<Result<_, _>>()? })
    }

    /// The values of [`ROWS`]; none where the system does not tell.
    fn values(&self) -> [Option<f64>; ROWS.len()] {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let limit = |resource| getrlimit(resource).current.unwrap_or(u64::MAX) as f64;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let memory = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kibibytes| kibibytes * 1024.0)
        };
        let network = std::fs::read_to_string("/proc/self/net/netstat").unwrap_or_default();
        let descriptors = std::fs::read_dir("/proc/self/fd").ok().map(|all| all.count() as f64);
        [
            Some(cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9),
            Some(limit(Resource::Nofile)),
            of_network(&network, "InOctets"),
            of_network(&network, "OutOctets"),
            descriptors,
            memory("VmRSS:"),
            Some(self.start as f64),
            memory("VmSize:"),
            Some(limit(Resource::As)),
        ]
    }
}

/// A number of the group `IpExt`: a line of names, and one of numbers.
fn of_network(netstat: &str, name: &str) -> Option<f64> {
    let mut lines = netstat.lines().filter_map(|line| line.strip_prefix("IpExt: "));
    let at = lines.next()?.split(' ').position(|found| found == name)?;
    lines.next()?.split(' ').nth(at)?.parse().ok()
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let all = self.descs.iter().zip(ROWS).zip(self.values());
        all.filter_map(|((desc, (_, kind, _)), value)| Some(family(desc, kind, value?))).collect()
    }
}

fn family(desc: &Desc, kind: MetricType, value: f64) -> MetricFamily {
    let mut metric = Metric::default();
    if kind == COUNTER {
        let mut counter = Counter::default();
        counter.set_value(value);
        metric.set_counter(counter);
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        metric.set_gauge(gauge);
    }
    super::family(desc, kind, vec![metric])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_everything() {
        let process = Process::new(7).unwrap();
        let values = process.values().map(|value| value.unwrap_or(-1.0));
        assert!(values.iter().all(|value| *value >= 0.0), "{values:?}");
        let [cpu, _, _, _, open, resident, start, size, most] = values;
        assert!(cpu > 0.0 && open >= 3.0 && resident > 1e5 && size >= resident && most >= size, "{values:?}");
        assert_eq!((start.to_string().as_str(), process.collect().len()), ("7", ROWS.len()));
        assert_eq!(of_network("IpExt: A InOctets\nIpExt: 1 22\n", "InOctets"), Some(22.0));
    }
}
