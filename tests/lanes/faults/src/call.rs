//! System calls as strace tells them.

use std::collections::{BTreeMap, BTreeSet};

/// One system call of a run.
#[derive(Clone, Debug)]
pub struct Call {
    /// Thread that made it.
    pub thread: u32,
    /// As in `openat`.
    pub name: String,
    /// Everything behind the name: arguments and result.
    pub text: String,
    /// True for `close` of a directory that was open for listing. The
    /// standard library takes an error of that for a bug and panics.
    pub ends_listing: bool,
}

impl Call {
    /// Reads the log of `strace -f -o`; unfinished calls count where they began.
    pub fn parse_all(log: &str) -> Vec<Self> {
        let mut calls: Vec<Self> = Vec::new();
        for line in log.lines() {
            match Self::parse(line) {
                Some(call) => calls.push(call),
                None => Self::resume(line, &mut calls),
            }
        }
        let mut listings = BTreeSet::new();
        for call in &mut calls {
            if call.name == "openat" && call.text.contains("O_DIRECTORY") {
                listings.extend(call.result());
            } else if call.name == "close" {
                call.ends_listing = call.descriptor().is_some_and(|number| listings.remove(&number));
            }
        }
        calls
    }

    /// Adds the end of a call that another thread's lines interrupted.
    fn resume(line: &str, calls: &mut [Self]) {
        let Some((thread, rest)) = line.split_once(' ') else { return };
        let Some((_, end)) =
            rest.trim_start().strip_prefix("<... ").and_then(|rest| rest.split_once("resumed>"))
        else {
            return;
        };
        let thread = thread.parse().unwrap_or(0);
        if let Some(call) = calls.iter_mut().rev().find(|call| call.thread == thread) {
            call.text.push_str(end);
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let (thread, rest) = line.split_once(' ')?;
        let (name, text) = rest.trim_start().split_once('(')?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name.then(|| Self {
            thread: thread.parse().unwrap_or(0),
            name: name.to_owned(),
            text: text.to_owned(),
            ends_listing: false,
        })
    }

    /// The number behind the equals sign.
    pub fn result(&self) -> Option<i64> {
        self.text.rsplit_once(" = ")?.1.split(' ').next()?.parse().ok()
    }

    /// The first argument where it is a number, as of `fsync(4)`.
    pub fn descriptor(&self) -> Option<i64> {
        self.text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

/// The calls at which faults are worth trying, as name and number (strace
/// counts per thread, from 1): from the first call of a thread that mentions
/// `place` on, or from its start where `all`.
pub fn points(calls: &[Call], names: &[&str], place: &str, all: bool) -> Vec<(String, usize)> {
    // Per thread: whether it has come to the place, and how often it called what.
    let mut threads: BTreeMap<u32, (bool, BTreeMap<&str, usize>)> = BTreeMap::new();
    let mut found: BTreeSet<(&str, usize)> = BTreeSet::new();
    let mut excluded: BTreeSet<(&str, usize)> = BTreeSet::new();
    for call in calls {
        let (arrived, counts) = threads.entry(call.thread).or_insert_with(|| (all, BTreeMap::new()));
        *arrived |= call.text.contains(place);
        let count = counts.entry(&call.name).or_default();
        *count += 1;
        if *arrived && names.contains(&call.name.as_str()) {
            found.insert((call.name.as_str(), *count));
        }
        if call.ends_listing {
            excluded.insert((call.name.as_str(), *count));
        }
    }
    found.difference(&excluded).map(|&(name, number)| (name.to_owned(), number)).collect()
}
