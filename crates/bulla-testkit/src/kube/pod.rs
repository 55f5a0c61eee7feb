//! Programs that believe to be in a pod.

use std::os::unix::fs::FileExt as _;
use std::process::Command;

use super::kept::Kept;
use super::leaks::{Exhibit, Guard};
use super::{Cluster, Proxy};
use crate::{Sandbox, Tool};

/// Puts the folder `account` where containers find their ServiceAccount, for this process only.
const ENTER: &str = r#"
mount -t tmpfs tmpfs /run && mkdir -p "$0" && cp account/* "$0" && exec "$@"
"#;
/// The same, and nothing can be written below `/`, `/tmp` and `/run`.
const ENTER_SEALED: &str = r#"
mount -t tmpfs tmpfs /run && mkdir -p "$0" && cp account/* "$0" && mount -o remount,ro /run &&
mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && mount -o remount,bind,ro / && exec "$@"
"#;
/// Where that is, below a link to `/run`.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// A program with the in-cluster configuration of a ServiceAccount: token,
/// `ca.crt` and `namespace` where containers have them (in a mount namespace
/// of its own), `KUBERNETES_SERVICE_HOST` and `_PORT`; else nothing of the
/// caller's environment. Killed when dropped.
///
/// # Panics
/// Where a program of ours ends or is dropped and showed the canary, its token
/// or a sealing key: in its log, metrics, environment, arguments or
/// directories, in events or in SealedSecrets (`security.md` O-01).
pub struct Pod {
    kept: Kept,
    sandbox: Sandbox,
    /// Of a program of ours.
    guard: Option<Guard>,
    /// What was seen of it while it ran.
    seen: Vec<Exhibit>,
}

impl Drop for Pod {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.look();
        let Some(guard) = self.guard.take() else { return };
        self.seen.push(("the log".to_owned(), self.sandbox.read("log")));
        self.seen.extend(guard.of_traces(self.sandbox.root()));
        guard.judge(&self.seen);
    }
}

impl Pod {
    /// Starts the program as a ServiceAccount that exists.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[track_caller]
    pub fn start(cluster: &Cluster, namespace: &str, account: &str, tool: &Tool, arguments: &[&str]) -> Self {
        Self::enter(ENTER, None, cluster, [namespace, account], tool, arguments)
    }

    /// As [`Self::start`], but every request goes through a proxy.
    #[track_caller]
    pub fn behind(
        proxy: &Proxy,
        cluster: &Cluster,
        namespace: &str,
        account: &str,
        tool: &Tool,
        arguments: &[&str],
    ) -> Self {
        Self::enter(ENTER, Some(proxy), cluster, [namespace, account], tool, arguments)
    }

    /// As [`Self::start`], where `/`, `/tmp` and `/run` are read-only.
    #[track_caller]
    pub fn start_sealed(
        cluster: &Cluster,
        namespace: &str,
        account: &str,
        tool: &Tool,
        arguments: &[&str],
    ) -> Self {
        Self::enter(ENTER_SEALED, None, cluster, [namespace, account], tool, arguments)
    }

    /// As [`Self::start`], but in the mount namespace of the caller, which not
    /// every system lets its users leave: with `KUBECONFIG` and
    /// `POD_NAMESPACE` instead of files.
    #[track_caller]
    pub fn beside(
        cluster: &Cluster,
        namespace: &str,
        account: &str,
        tool: &Tool,
        arguments: &[&str],
    ) -> Self {
        let mut command = Command::new(tool.path());
        let (token, sandbox) = (cluster.token(namespace, account), Sandbox::new());
        let config = sandbox.write("kubeconfig", cluster.kubeconfig_text(namespace, &token));
        command.args(arguments).env("KUBECONFIG", config).env("POD_NAMESPACE", namespace);
        let guard = tool.is_ours.then(|| Guard::new(cluster, namespace, &token, arguments));
        Self::run(command, sandbox, guard)
    }

    #[track_caller]
    fn enter(
        script: &str,
        proxy: Option<&Proxy>,
        cluster: &Cluster,
        [namespace, account]: [&str; 2],
        tool: &Tool,
        arguments: &[&str],
    ) -> Self {
        let token = cluster.token(namespace, account);
        let sandbox = Sandbox::new();
        sandbox.write("account/token", &token);
        sandbox.write("account/namespace", namespace);
        sandbox.write("account/ca.crt", std::fs::read(cluster.ca_file()).expect("the server wrote it"));
        let program = match tool.called {
            // Called by a link, which is how the program sees its other name.
            Some(called) => {
                let link = sandbox.path(called);
                std::os::unix::fs::symlink(tool.path(), &link).expect("a link in a fresh directory");
                link
            }
            None => tool.path().to_owned(),
        };
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c", script, ACCOUNT])
            .arg(program)
            .args(arguments);
        command.env("KUBERNETES_SERVICE_HOST", "127.0.0.1");
        command.env("KUBERNETES_SERVICE_PORT", cluster.port.to_string());
        if let Some(proxy) = proxy {
            let config = cluster.kubeconfig_text_at(&proxy.url(), namespace, &token);
            command.env("KUBECONFIG", sandbox.write("kubeconfig", config));
        }
        let guard = tool.is_ours.then(|| Guard::new(cluster, namespace, &token, arguments));
        Self::run(command, sandbox, guard)
    }

    fn run(mut command: Command, sandbox: Sandbox, guard: Option<Guard>) -> Self {
        command.current_dir(sandbox.path("")).env("PATH", "/usr/bin:/bin");
        command.env("HOME", sandbox.home()).env("TMPDIR", sandbox.root().join("tmp"));
        let kept = Kept::start(&command, &sandbox.path("log"), Some(sandbox.root()));
        Self { kept, sandbox, guard, seen: Vec::new() }
    }

    /// Takes in what only a program that runs shows.
    fn look(&mut self) {
        let shown = |guard: &Guard| guard.of_process(self.pid());
        let shown = self.guard.as_ref().filter(|_| !self.has_ended()).map(shown);
        self.seen.extend(shown.into_iter().flatten());
    }

    /// What it has said so far, on both streams.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.sandbox.read("log")).into_owned()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.kept.pid()
    }

    /// Its resident memory in KiB.
    pub fn resident(&self) -> usize {
        self.memory("VmRSS:")
    }

    /// The most resident memory that it had so far, in KiB.
    pub fn peak(&self) -> usize {
        self.memory("VmHWM:")
    }

    fn memory(&self, field: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("Linux");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// What stands in its memory where it may write: heap, stacks, buffers.
    pub fn memory_image(&self) -> Vec<u8> {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.pid())).expect("it runs");
        let memory = std::fs::File::open(format!("/proc/{}/mem", self.pid())).expect("it is ours");
        let mut image = Vec::new();
        for line in
            maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw")))
        {
            let (start, rest) = line.split_once('-').expect("Linux");
            let end = rest.split(' ').next().expect("Linux");
            let [start, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).expect("Linux"));
            let mut region = vec![0; usize::try_from(end - start).expect("it fits")];
            // It may be unmapped since.
            if memory.read_exact_at(&mut region, start).is_ok() {
                image.append(&mut region);
            }
        }
        image
    }

    /// Seconds of processor time that it used so far.
    pub fn processor_time(&self) -> f64 {
        processor_time(self.pid())
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.kept.has_ended()
    }

    /// Sends a signal, such as `STOP`, `CONT` or `KILL`.
    pub fn signal(&self, signal: &str) {
        self.kept.signal(signal);
    }

    /// Sends a signal, such as `TERM`, and waits for the end: the exit code
    /// (128 + signal where that ended it), and all that it said.
    pub fn end_by(mut self, signal: &str) -> (i32, String) {
        self.look();
        self.kept.signal(signal);
        (self.kept.wait(), self.log())
    }
}

/// Seconds of processor time that a process used so far, user and system.
pub fn processor_time(pid: u32) -> f64 {
    /// Of the kernel's clock, as programs see it on every architecture.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    // Its name may hold anything; utime and stime are the 12th and 13th field after it.
    let (_, fields) = stat.rsplit_once(')').expect("Linux");
    let ticks =
        fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / TICKS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_grows_with_work_alone() {
        let pid = std::process::id();
        let before = processor_time(pid);
        let begin = std::time::Instant::now();
        while processor_time(pid) - before < 0.1 {
            assert!(begin.elapsed().as_secs() < 60, "work is not counted");
        }
    }
}
