//! Ways to a cluster through proxies, of both programs.

use bulla_testkit::{ApiServer, ConnectProxy, Outcome, Sandbox, Silent, SocksProxy, Tool};

use crate::cluster::{CA, SERVER, masked, sandbox, with, works};
use crate::pair::{both, run};

/// Where a test names its proxy.
#[derive(Clone, Copy, Debug)]
enum Named {
    Flag,
    Kubeconfig,
    Variable(&'static str),
}

const EVERYWHERE: [Named; 3] = [Named::Flag, Named::Kubeconfig, Named::Variable("HTTPS_PROXY")];

/// Fetches a certificate from the server that only the proxy finds, or with
/// further words from another.
fn fetch(sandbox: &mut Sandbox, tool: &Tool, proxy: &str, named: Named, further: &str) -> Outcome {
    let mut flag = String::new();
    match named {
        Named::Flag => flag = format!("--proxy-url {proxy}"),
        Named::Kubeconfig => {
            let config = String::from_utf8(sandbox.read("config.yaml")).expect("text");
            let far = "server: 'https://api.example:6443'";
            sandbox.write("config.yaml", config.replace(far, &format!("{far}, proxy-url: '{proxy}'")));
        }
        Named::Variable(name) => sandbox.set(name, proxy),
    }
    run(sandbox, tool, &format!("--fetch-cert --cluster far {further} {flag}"))
}

/// The API server that proxies lead to, and its port.
fn server() -> (ApiServer, u16) {
    let server = ApiServer::start(Some(&SERVER), with(works));
    let port = server.url.rsplit(':').next().expect("a port").parse().expect("a number");
    (server, port)
}

/// The lines of the first head without the program's name, sorted: how many
/// connections there are is each program's own matter.
fn first(heads: &[String]) -> Vec<String> {
    let lines = heads.first().map(String::as_str).unwrap_or_default().lines();
    let mut lines: Vec<String> =
        lines.filter(|line| !line.starts_with("User-Agent") && !line.is_empty()).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn proxies_are_asked_to_connect_and_told_who_asks() {
    for secure in [None, Some(&SERVER)] {
        for login in ["", "ann:p%40w@"] {
            for named in [&EVERYWHERE[..], &[Named::Variable("https_proxy")]].concat() {
                let [ours, theirs] = both().map(|tool| {
                    let (server, port) = server();
                    let proxy = ConnectProxy::start(secure, port);
                    let mut sandbox = sandbox(&server.url);
                    // Where the system's certificates are, to ours.
                    sandbox.write("system.crt", CA);
                    sandbox.set("SSL_CERT_FILE", sandbox.path("system.crt"));
                    let url = proxy.url.replace("://", &format!("://{login}"));
                    let outcome = fetch(&mut sandbox, &tool, &url, named, "");
                    (outcome.code, outcome.out(), outcome.err(), first(&proxy.heads()))
                });
                assert_eq!((ours.0, &ours), (0, &theirs), "{named:?} {login}");
                assert_eq!(ours.3[0], "CONNECT api.example:6443 HTTP/1.1");
            }
        }
    }
    let (server, port) = server();
    let proxy = ConnectProxy::start(None, port);
    let address = proxy.url.strip_prefix("http://").expect("a URL");
    let mut sandbox = sandbox(&server.url);
    fetch(&mut sandbox, &both()[0], address, Named::Variable("HTTPS_PROXY"), "").success();
}

/// The original has the kubeconfig say for the proxy, too, whom to trust, and
/// shows it the client's certificate.
#[test]
fn a_proxy_of_https_must_be_known_to_the_system_whatever_the_kubeconfig_trusts() {
    for (at, tool) in both().iter().enumerate() {
        let (server, port) = server();
        let proxy = ConnectProxy::start(Some(&SERVER), port);
        let mut sandbox = sandbox(&server.url);
        let outcome = fetch(&mut sandbox, tool, &proxy.url, Named::Flag, "");
        assert_eq!((outcome.code, proxy.heads().is_empty()), [(1, true), (0, false)][at], "{outcome:?}");
        let text = "proxyconnect tcp: tls: failed to verify certificate: x509: certificate signed by unknown";
        assert_eq!(outcome.err().contains(text), at == 0, "{outcome:?}");
    }
}

#[test]
fn socks_proxies_are_told_who_asks_for_what() {
    let ways = EVERYWHERE.map(|named| (named, "socks5", ""));
    let further = [
        // A scheme that only the environment may name.
        (Named::Variable("HTTPS_PROXY"), "socks5h", ""),
        (Named::Flag, "socks5", "--cluster one"),
    ];
    for (named, scheme, line) in ways.into_iter().chain(further) {
        for login in ["", "ann:p%40w@", "ann@"] {
            let [ours, theirs] = both().map(|tool| {
                let (server, port) = server();
                let proxy = SocksProxy::start(port, 0);
                let mut sandbox = sandbox(&server.url);
                let url = format!("{scheme}://{login}{}", proxy.address);
                let outcome = fetch(&mut sandbox, &tool, &url, named, line);
                let port = server.url.rsplit(':').next().expect("a port");
                let told = proxy.told().first().map(|told| told.replace(port, "PORT"));
                (outcome.code, outcome.out(), outcome.err(), told)
            });
            assert_eq!((ours.0, &ours), (0, &theirs), "{named:?} {scheme} {login}");
        }
    }
}

#[test]
fn what_a_socks_proxy_refuses_is_told_as_the_original_tells_it() {
    for reply in 1..=9 {
        let [ours, theirs] = both().map(|tool| {
            let (server, port) = server();
            let proxy = SocksProxy::start(port, reply);
            let mut sandbox = sandbox(&server.url);
            let url = format!("socks5://{}", proxy.address);
            let outcome = fetch(&mut sandbox, &tool, &url, Named::Flag, "");
            (outcome.code, outcome.out(), outcome.err().replace(&proxy.address, "PROXY"))
        });
        assert_eq!(ours, theirs, "{reply}");
    }
}

#[test]
fn who_is_silent_is_waited_for_no_longer_than_said() {
    for proxy in [None, Some("http"), Some("https"), Some("socks5")] {
        let [ours, theirs] = both().map(|tool| {
            let silent = Silent::new();
            let sandbox = sandbox(&silent.url);
            let further = proxy.map_or_else(String::new, |scheme| {
                format!("--cluster far --proxy-url {}", silent.url.replacen("http", scheme, 1))
            });
            let outcome = run(&sandbox, &tool, &format!("--fetch-cert --request-timeout 1 {further}"));
            assert!(silent.was_called());
            let (code, out, err) = masked(&sandbox, &silent.url, &outcome);
            // Go has two texts and remarks, by which of its timers is the first, and where.
            let err = err.replace(" (Client.Timeout exceeded while awaiting headers)", "");
            let err = err.replace(" while waiting for connection", "");
            (code, out, err.replace("net/http: request canceled", "context deadline exceeded"))
        });
        assert_eq!(ours, theirs, "{proxy:?}");
    }
}
