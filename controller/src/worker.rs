//! Threads for work that everything else goes before: each does one piece at a
//! time, at the lowest priority. One does what strangers ask for, each request
//! with a budget (`security.md` S-06), another unseals large objects.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The thread; it ends when this is dropped.
pub(crate) struct Worker(Sender<Job>);

impl Worker {
    pub(crate) fn start(name: &str) -> std::io::Result<Self> {
        let (jobs, queue) = channel::<Job>();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            lower_priority();
            for job in queue {
                // A panic is the error of that piece and of no other.
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        })?;
        Ok(Self(jobs))
    }

    /// Runs `work` there when its turn comes, unless nobody waits for it any
    /// more; none where it panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = oneshot::channel();
        let job = move || {
            if !done.is_closed() {
                let _ = done.send(work());
            }
        };
        self.0.send(Box::new(job)).ok()?;
        result.await.ok()
    }
}

/// What one request may cost: time of this thread, however busy the machine is.
pub(crate) struct Budget {
    end: Duration,
}

impl Budget {
    pub(crate) fn of(time: Duration) -> Self {
        Self { end: spent() + time }
    }

    /// Whether there is some left.
    pub(crate) fn is_left(&self) -> bool {
        spent() < self.end
    }
}

/// The processor time that this thread has used.
fn spent() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Makes everybody else go before this thread.
fn lower_priority() {
    // On Linux the niceness of process 0 is that of the calling thread.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, 19);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn s_06_one_thread_of_the_lowest_priority_outlives_a_panic() {
        let worker = Worker::start("test").unwrap();
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let own = niceness();
        let told = worker.run(move || (std::thread::current().id(), niceness())).await.unwrap();
        assert_eq!(told.1, 19);
        assert_eq!(worker.run(|| -> u8 { panic!("as hostile input may") }).await, None);
        assert_eq!(worker.run(|| std::thread::current().id()).await, Some(told.0));
        assert_eq!(niceness(), own, "nobody else gets slower");
    }

    #[test]
    fn a_budget_counts_work_and_no_waiting() {
        let budget = Budget::of(Duration::from_millis(40));
        std::thread::sleep(Duration::from_millis(60));
        assert!(budget.is_left());
        while budget.is_left() {
            std::hint::black_box(bulla_core::civil::rfc3339(1));
        }
    }
}
