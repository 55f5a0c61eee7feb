//! Servers: started on free loopback ports when their programs are there,
//! stopped on every way out.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::component::{Component, MOTO, VAULT};
use super::provide;
use crate::command::last_lines;
use crate::failure::Failure;
use crate::workspace::{Workspace, in_ci};

/// A program that serves HTTP. `{port}` in its texts stands for the port.
pub(crate) struct Server {
    pub(super) component: &'static Component,
    arguments: &'static [&'static str],
    /// Path that answers 200 when the server is ready.
    ready: &'static str,
    deadline: Duration,
    /// What the lanes are told, by name.
    pub(super) variables: &'static [(&'static str, &'static str)],
}

/// KMS and STS of moto.
pub(super) const AWS_SERVER: Server = Server {
    component: &MOTO,
    arguments: &["-H", "127.0.0.1", "-p", "{port}"],
    ready: "/moto-api/",
    deadline: Duration::from_secs(30),
    variables: &[("BULLA_LANE_AWS", "http://127.0.0.1:{port}")],
};

/// Vault with transit and KV to be mounted by the tests.
pub(super) const VAULT_SERVER: Server = Server {
    component: &VAULT,
    arguments: &["127.0.0.1:{port}", "bulla-root"],
    ready: "/v1/sys/health",
    deadline: Duration::from_secs(20),
    variables: &[("BULLA_LANE_VAULT", "http://127.0.0.1:{port}"), ("BULLA_LANE_VAULT_TOKEN", "bulla-root")],
};

/// Stands between us and a server: when its standard input ends, because we
/// closed it or because we are gone in whatever way, the server is stopped.
const KEEPER: &str = r#"
"$@" </dev/null & server=$!
cat >/dev/null
kill -TERM $server
for tenth in $(seq 50); do kill -0 $server 2>/dev/null || exit 0; sleep 0.1; done
kill -KILL $server
"#;

/// A server that answers; dropping it stops it.
pub(super) struct Running {
    pub(super) server: &'static Server,
    port: u16,
    keeper: Child,
}

impl Running {
    pub(super) fn start(workspace: &Workspace, server: &'static Server) -> Result<Self, Failure> {
        let port = free_port()?;
        let name = server.component.name;
        let log = workspace.test_env().join("log").join(format!("{name}-server.txt"));
        let program = provide::value(workspace, server.component);
        let keeper = spawn(&program, server, port, &log)?;
        let running = Self { server, port, keeper };
        let deadline = server.deadline * if in_ci() { 4 } else { 1 };
        let start = Instant::now();
        while !answers(port, server.ready) {
            if start.elapsed() > deadline {
                let end = last_lines(&log, 40);
                let seconds = deadline.as_secs();
                return Err(Failure::broken(format!("{name}: not ready after {seconds} s\n{end}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        println!("{name} {} ready on port {port} after {:.1} s", server.component.version, seconds(start));
        Ok(running)
    }

    /// What the lanes are told.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.server.variables.iter().map(|(name, value)| (*name, with_port(value, self.port)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn spawn(program: &PathBuf, server: &Server, port: u16, log: &Path) -> Result<Child, Failure> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let output = File::create(log)?;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).arg(program);
    keeper.args(server.arguments.iter().map(|argument| with_port(argument, port)));
    // A group of its own: an interrupt typed at the terminal reaches us, not the keeper.
    keeper.process_group(0).stdin(Stdio::piped()).stdout(output.try_clone()?).stderr(output);
    Ok(keeper.spawn()?)
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

fn with_port(text: &str, port: u16) -> String {
    text.replace("{port}", &port.to_string())
}

fn seconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_the_keepers_input_stops_the_server() {
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper", "sh", "-c", "echo $$; exec sleep 60"]);
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut server = String::new();
        let mut out = keeper.stdout.take().unwrap();
        while !server.ends_with('\n') {
            let mut byte = [0];
            out.read_exact(&mut byte).unwrap();
            server.push(char::from(byte[0]));
        }
        drop(keeper.stdin.take());
        assert!(keeper.wait().unwrap().success());
        assert!(!Path::new("/proc").join(server.trim()).exists());
    }
}
