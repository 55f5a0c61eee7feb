//! The same work on many things: by the calling thread and by helpers.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::{slice, thread, vec};

/// Has `consume` take what `work` makes of each job, in order. Up to `helpers`
/// threads work ahead of it; the calling thread does what it would have to wait
/// for. Threads take `batch` jobs at a time, enough to be worth a thread: where
/// there are no more, none is started. The threads of a `map` share the helpers
/// of those inside their jobs, so that all together stay `1 + helpers`.
pub fn map<J: Sync, R: Send, T>(
    jobs: &[J],
    batch: usize,
    helpers: usize,
    work: impl Fn(&J) -> R + Sync,
    consume: impl FnOnce(&mut dyn Iterator<Item = R>) -> T,
) -> T {
    let batches = jobs.chunks(batch.max(1));
    let count = batches.len();
    let around = AROUND.get();
    let helpers = ((1 + helpers) / around).saturating_sub(1).min(count.saturating_sub(1));
    let crew = Crew { batches, work, threads: around * (1 + helpers), taken: AtomicUsize::new(0) };
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..helpers {
            let (crew, sender) = (&crew, sender.clone());
            // Where the system gives no thread, there is one less.
            let _ = thread::Builder::new().spawn_scoped(scope, move || crew.help(&sender));
        }
        drop(sender);
        let done = (0..count).map(|_| None).collect();
        let mut results = Results { crew: &crew, receiver, done, next: 0, batch: Vec::new().into_iter() };
        let outcome = consume(&mut results);
        // What was not wanted is not made.
        crew.taken.store(count, Ordering::Relaxed);
        outcome
    })
}

thread_local! {
    /// Threads of the `map` whose job this thread is at.
    static AROUND: Cell<usize> = const { Cell::new(1) };
}

/// Puts [`AROUND`] back.
struct Back(usize);

impl Drop for Back {
    fn drop(&mut self) {
        AROUND.set(self.0);
    }
}

struct Crew<'j, J, W> {
    batches: slice::Chunks<'j, J>,
    work: W,
    threads: usize,
    /// Batches that somebody has begun.
    taken: AtomicUsize,
}

impl<J, R, W: Fn(&J) -> R> Crew<'_, J, W> {
    /// Does the next batch that nobody has begun, if there is one.
    fn step(&self) -> Option<(usize, Vec<R>)> {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let batch = self.batches.clone().nth(number)?;
        let _back = Back(AROUND.replace(self.threads));
        Some((number, batch.iter().map(&self.work).collect()))
    }

    fn help(&self, sender: &Sender<(usize, Vec<R>)>) {
        while let Some(done) = self.step() {
            if sender.send(done).is_err() {
                return;
            }
        }
    }
}

/// Results in the order of the jobs.
struct Results<'c, 'j, J, R, W> {
    crew: &'c Crew<'j, J, W>,
    receiver: Receiver<(usize, Vec<R>)>,
    /// What came before it was its turn.
    done: Vec<Option<Vec<R>>>,
    /// The batch behind `batch`.
    next: usize,
    batch: vec::IntoIter<R>,
}

impl<J, R, W: Fn(&J) -> R> Results<'_, '_, J, R, W> {
    /// The results of the next batch. `None` behind the last one, and where a
    /// helper died with it: that ends the scope with its panic.
    fn next_batch(&mut self) -> Option<Vec<R>> {
        loop {
            if let Some(batch) = self.done.get_mut(self.next)?.take() {
                self.next += 1;
                return Some(batch);
            }
            let come = self.receiver.try_recv().ok();
            let (number, batch) = come.or_else(|| self.crew.step()).or_else(|| self.receiver.recv().ok())?;
            self.done[number] = Some(batch);
        }
    }
}

impl<J, R, W: Fn(&J) -> R> Iterator for Results<'_, '_, J, R, W> {
    type Item = R;

    fn next(&mut self) -> Option<R> {
        loop {
            if let Some(result) = self.batch.next() {
                return Some(result);
            }
            self.batch = self.next_batch()?.into_iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;

    const BATCH: usize = 10;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        for count in [0, 1, BATCH, BATCH + 1, 10 * BATCH + 7] {
            let jobs: Vec<usize> = (0..count).collect();
            for helpers in [0, 1, 3] {
                let results: Vec<usize> =
                    map(&jobs, BATCH, helpers, |job| job + 1, |results| results.collect());
                assert_eq!(results, (1..=count).collect::<Vec<_>>());
            }
        }
    }

    /// How many threads worked on so many jobs for the calling one, which waits
    /// for as many as are expected, and long enough for one that is not.
    fn helpers_of(count: usize, helpers: usize, expected: usize) -> usize {
        let threads = Mutex::new(HashSet::new());
        let work = |(): &()| {
            threads.lock().unwrap().insert(thread::current().id());
        };
        map(&vec![(); count], BATCH, helpers, work, |results| {
            if expected == 0 {
                thread::sleep(Duration::from_millis(50));
            }
            let come = (0..60_000).any(|_| {
                thread::sleep(Duration::from_millis(1));
                threads.lock().unwrap().len() >= expected
            });
            assert!(come, "no helper came");
            assert_eq!(results.count(), count);
        });
        let mut threads = threads.into_inner().unwrap();
        threads.remove(&thread::current().id());
        threads.len()
    }

    #[test]
    fn a_thread_is_started_only_where_there_is_work_for_two() {
        assert_eq!(helpers_of(BATCH, 1, 0), 0);
        assert_eq!(helpers_of(2 * BATCH, 1, 1), 1);
    }

    #[test]
    fn the_threads_of_a_map_share_the_helpers_of_those_inside() {
        let most = |jobs: usize, helpers, expected| {
            let inner = |(): &()| helpers_of(3 * BATCH, helpers, expected);
            map(&vec![(); jobs], 1, helpers, inner, |results| results.max())
        };
        assert_eq!(most(1, 1, 1), Some(1), "a job that comes alone");
        assert_eq!(most(2, 1, 0), Some(0), "two jobs, two threads");
        assert_eq!(most(2, 3, 1), Some(1), "two jobs, four threads");
        assert_eq!(most(4, 3, 0), Some(0), "four jobs, four threads");
        assert_eq!(helpers_of(2 * BATCH, 1, 1), 1, "afterwards");
    }

    #[test]
    fn nobody_works_on_what_is_not_wanted_any_more() {
        let jobs = vec![(); 10_000 * BATCH];
        let done = AtomicUsize::new(0);
        let work = |(): &()| {
            thread::sleep(Duration::from_micros(1));
            done.fetch_add(1, Ordering::Relaxed)
        };
        assert!(map(&jobs, BATCH, 1, work, |results| results.next()).is_some());
        assert!(done.into_inner() < jobs.len() / 2);
    }
}
