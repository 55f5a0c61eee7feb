//! A proxy between a program and the API server that does to requests what a
//! test says (`security.md` 7, H3).

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Cluster, eventually};
use crate::wire;

/// A request that went through.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it came.
    pub at: Instant,
    /// As in `GET`.
    pub method: String,
    /// The path with its parameters.
    pub path: String,
    /// What kinds of answers the client takes.
    pub accept: String,
    /// The body; null where there is none.
    pub body: Value,
    /// The status that the client saw; 0 where it saw none.
    pub status: u16,
    /// When it saw that.
    pub answered: Option<Instant>,
}

impl Call {
    /// Whether it is to change an object that is no Lease.
    pub fn is_change(&self) -> bool {
        self.method != "GET" && !self.path.contains("/leases") && !self.path.contains("accessreviews")
    }

    /// Whether it is a watch.
    pub fn is_watch(&self) -> bool {
        self.path.contains("watch=true")
    }

    /// Whether it lists a kind, as in `secrets`.
    pub fn is_list(&self, kind: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        self.method == "GET" && !self.is_watch() && path.ends_with(&format!("/{kind}"))
    }

    /// Whether it overwrites nothing unseen: it makes an object, or carries a
    /// resource version.
    pub fn is_guarded(&self) -> bool {
        let version = &self.body["metadata"]["resourceVersion"];
        let condition = &self.body["preconditions"]["resourceVersion"];
        self.method == "POST" || version.is_string() || condition.is_string()
    }
}

/// What becomes of a request.
pub enum Fault {
    /// It is answered by the proxy: status, lines of headers that end in CR LF, body.
    Answer(u16, &'static str, String),
    /// It is done, but the answer is lost.
    CutAfter,
    /// Of a watch, each event is replaced by some.
    Events(Box<dyn FnMut(Value) -> Vec<Value> + Send>),
    /// It is held back until [`Proxy::release`] and passed on then.
    Hold,
    /// It is done, but the answer is held back until [`Proxy::release`] and lost then.
    HoldAfter,
    /// It is held back until [`Proxy::release`] and lost then.
    HoldBefore,
    /// Nothing.
    Pass,
    /// It is passed on later.
    Wait(Duration),
}

type Plan = Box<dyn FnMut(&Call) -> Fault + Send>;

struct State {
    upstream: u16,
    plan: Mutex<Plan>,
    calls: Mutex<Vec<Call>>,
    held: AtomicU64,
    released: AtomicU64,
}

/// A proxy; it serves for as long as the test program runs.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// Starts a proxy that passes everything on.
    pub fn start(cluster: &Cluster) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State {
            upstream: cluster.plain_port(),
            plan: Mutex::new(Box::new(|_| Fault::Pass)),
            calls: Mutex::default(),
            held: AtomicU64::new(0),
            released: AtomicU64::new(0),
        });
        let serving = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                // A broken connection is its own end and nobody else's.
                std::thread::spawn(move || state.serve(client).unwrap_or_default());
            }
        });
        Self { port, state }
    }

    /// As in `http://127.0.0.1:40000`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on `plan` says what becomes of each request.
    pub fn plan(&self, plan: impl FnMut(&Call) -> Fault + Send + 'static) {
        *self.state.plan.lock().expect("no plan panics") = Box::new(plan);
    }

    /// From now on the `number`th change (from 1) meets a fault, and nothing else.
    pub fn at_change(&self, number: usize, mut fault: impl FnMut() -> Fault + Send + 'static) {
        let mut count = 0;
        self.plan(move |call| {
            count += usize::from(call.is_change());
            if call.is_change() && count == number { fault() } else { Fault::Pass }
        });
    }

    /// From now on everything is passed on.
    pub fn pass(&self) {
        self.plan(|_| Fault::Pass);
    }

    /// All requests so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().expect("no holder panics").clone()
    }

    /// What can be said of all requests so far, where copying them would take long.
    pub fn look<T>(&self, look: impl FnOnce(&[Call]) -> T) -> T {
        look(&self.state.calls.lock().expect("no holder panics"))
    }

    /// The requests so far that changed or were to change something.
    pub fn changes(&self) -> Vec<Call> {
        self.look(|calls| calls.iter().filter(|call| call.is_change()).cloned().collect())
    }

    /// Waits until a request is held back.
    #[track_caller]
    pub fn wait_until_held(&self) {
        let state = &self.state;
        eventually("a request that is held back", || {
            (state.held.load(Ordering::SeqCst) > state.released.load(Ordering::SeqCst)).then_some(())
        });
    }

    /// Lets go of what is held back.
    pub fn release(&self) {
        self.state.released.store(self.state.held.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

impl State {
    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let request = wire::request(&mut client)?;
        let Some(call) = parsed(&request) else { return Ok(()) };
        let fault = (self.plan.lock().expect("no plan panics"))(&call);
        let number = {
            let mut calls = self.calls.lock().expect("no holder panics");
            calls.push(call);
            calls.len() - 1
        };
        match fault {
            Fault::Answer(status, headers, body) => {
                self.saw(number, status);
                let length = body.len();
                let kind = "Content-Type: application/json\r\nConnection: close";
                write!(
                    client,
                    "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{kind}\r\n{headers}\r\n{body}"
                )
            }
            Fault::CutAfter => self.ask(&request)?.read_to_end(&mut Vec::new()).map(drop),
            Fault::Events(change) => self.relay(number, &mut self.ask(&request)?, &mut client, Some(change)),
            Fault::Hold => {
                self.hold();
                self.relay(number, &mut self.ask(&request)?, &mut client, None)
            }
            Fault::HoldAfter => {
                self.ask(&request)?.read_to_end(&mut Vec::new())?;
                self.hold();
                Ok(())
            }
            Fault::HoldBefore => {
                self.hold();
                Ok(())
            }
            Fault::Pass => self.relay(number, &mut self.ask(&request)?, &mut client, None),
            Fault::Wait(pause) => {
                std::thread::sleep(pause);
                self.relay(number, &mut self.ask(&request)?, &mut client, None)
            }
        }
    }

    fn saw(&self, number: usize, status: u16) {
        let call = &mut self.calls.lock().expect("no holder panics")[number];
        (call.status, call.answered) = (status, Some(Instant::now()));
    }

    fn hold(&self) {
        let own = self.held.fetch_add(1, Ordering::SeqCst) + 1;
        while self.released.load(Ordering::SeqCst) < own {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Passes a request on, as HTTP/1.0: the answer ends with the connection.
    fn ask(&self, request: &str) -> std::io::Result<TcpStream> {
        let mut server = TcpStream::connect(("127.0.0.1", self.upstream))?;
        server.write_all(request.replacen(" HTTP/1.1\r\n", " HTTP/1.0\r\n", 1).as_bytes())?;
        Ok(server)
    }

    /// Passes an answer on as it comes, the events of a watch changed.
    fn relay(
        &self,
        number: usize,
        server: &mut TcpStream,
        client: &mut TcpStream,
        mut change: Option<Box<dyn FnMut(Value) -> Vec<Value> + Send>>,
    ) -> std::io::Result<()> {
        // A client that hangs up ends the watch at the server, too.
        let (watched, ends) = (client.try_clone()?, server.try_clone()?);
        std::thread::spawn(move || {
            let mut watched = watched;
            let _ = watched.read(&mut [0]);
            let _ = ends.shutdown(Shutdown::Both);
        });
        let (mut pending, mut has_head, mut buffer) = (Vec::new(), false, [0; 16 * 1024]);
        loop {
            let length = server.read(&mut buffer)?;
            if length == 0 {
                let _ = client.write_all(&pending);
                return client.shutdown(Shutdown::Both);
            }
            pending.extend_from_slice(&buffer[..length]);
            if !has_head {
                let Some(end) = pending.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
                has_head = true;
                let head = String::from_utf8_lossy(&pending[..end]).into_owned();
                self.saw(number, head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0));
                client.write_all(&pending.drain(..end + 4).collect::<Vec<u8>>())?;
            }
            let Some(change) = &mut change else {
                client.write_all(&std::mem::take(&mut pending))?;
                continue;
            };
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                for event in change(serde_json::from_slice(&line).expect("an event is JSON")) {
                    client.write_all(format!("{event}\n").as_bytes())?;
                }
            }
        }
    }
}

fn parsed(request: &str) -> Option<Call> {
    let (head, body) = request.split_once("\r\n\r\n")?;
    let mut words = head.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let body = serde_json::from_str(body).unwrap_or_default();
    let accept = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("accept").then(|| value.to_owned())
    });
    let accept = accept.unwrap_or_default();
    Some(Call { at: Instant::now(), method, path, accept, body, status: 0, answered: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(head: &str, body: &str) -> Call {
        parsed(&format!("{head} HTTP/1.1\r\nHost: x\r\n\r\n{body}")).unwrap()
    }

    #[test]
    fn requests_are_told_apart() {
        let list = call("GET /api/v1/namespaces/n/secrets?limit=500", "");
        assert!(list.is_list("secrets") && !list.is_watch() && !list.is_change());
        assert!(call("GET /api/v1/secrets?watch=true", "").is_watch());
        let accepting = parsed("GET /api HTTP/1.1\r\naccept: a;b=c,d\r\n\r\n").unwrap();
        assert_eq!(accepting.accept, "a;b=c,d");
        assert!(!call("GET /api/v1/namespaces/n/secrets/one", "").is_list("secrets"));
        assert!(!call("PUT /apis/coordination.k8s.io/v1/namespaces/n/leases/l", "{}").is_change());
        let put = |body: &str| call("PUT /api/v1/namespaces/n/secrets/one", body);
        assert!(put("{}").is_change() && !put("{}").is_guarded());
        assert!(put(r#"{"metadata": {"resourceVersion": "7"}}"#).is_guarded());
        assert!(call("POST /api/v1/namespaces/n/secrets", "{}").is_guarded());
        assert!(!call("DELETE /api/v1/namespaces/n/secrets/one", "").is_guarded());
    }
}
