//! Programs that run beside a test until it ends them.

use std::io::Write;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::{Outcome, Sandbox, Tool};

/// How long a service may take to start and to end.
const DEADLINE: Duration = Duration::from_secs(20);

/// A running program; killed when it is dropped.
pub struct Service {
    child: Option<Child>,
}

impl Service {
    /// Starts a program and waits until `ready` says that it can be used.
    ///
    /// # Panics
    /// Where it ends before, or takes too long.
    #[track_caller]
    pub fn start(sandbox: &Sandbox, tool: &Tool, arguments: &[&str], ready: impl Fn() -> bool) -> Self {
        let child = sandbox.command(tool, arguments).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{tool:?}: {error}"));
        let start = Instant::now();
        while !ready() {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                panic!("{tool:?} {arguments:?} ended at once: {status}");
            }
            assert!(start.elapsed() < DEADLINE, "{tool:?} {arguments:?} does not get ready");
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { child: Some(child) }
    }

    /// Types into its standard input.
    #[track_caller]
    pub fn write(&mut self, text: &str) {
        let input = self.child.as_mut().and_then(|child| child.stdin.as_mut());
        input.expect("it runs").write_all(text.as_bytes()).expect("it reads its input");
    }

    /// Sends a signal, such as `TERM`, waits for the end and gives what was said.
    ///
    /// # Panics
    /// Where it does not end.
    #[track_caller]
    pub fn end_by(mut self, signal: &str) -> Outcome {
        let mut child = self.child.take().expect("it runs");
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &child.id().to_string()]).status().expect("kill is there");
        let start = Instant::now();
        while child.try_wait().expect("a child can be waited for").is_none() {
            if start.elapsed() > DEADLINE {
                child.kill().expect("a child can be killed");
                panic!("the service does not end by {signal}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = child.wait_with_output().expect("its output can be read");
        Outcome::new(output.status, output.stdout, output.stderr)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
