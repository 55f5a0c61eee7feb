//! Key services: each program's server with each program's client.

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bulla_testkit::{AgeKey, GpgHome, Outcome, Sandbox, Service, Tool};

const PLAIN: &str = "password: hunter2\nlist:\n    - 1\n    - true\n";

fn tools() -> [Tool; 2] {
    [Tool::bulla_as_sops(), Tool::sops()]
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Starts a key service in `home`; gives its address as clients name it.
#[track_caller]
fn serve(home: &Sandbox, tool: &Tool, network: &str, more: &[&str]) -> (Service, String) {
    let place = if network == "tcp" {
        format!("127.0.0.1:{}", free_port())
    } else {
        // A service that a test killed leaves its socket.
        let path = home.path("keys.sock");
        let _ = std::fs::remove_file(&path);
        path.display().to_string()
    };
    let arguments = [&["keyservice", "--network", network, "--address", &place], more].concat();
    let ready = || match network {
        "tcp" => TcpStream::connect(&place).is_ok(),
        _ => UnixStream::connect(&place).is_ok(),
    };
    (Service::start(home, tool, &arguments, ready), format!("{network}://{place}"))
}

/// A home with an age key and a PGP key, and the flags that name them.
fn home() -> (Sandbox, GpgHome, [[String; 2]; 2]) {
    let mut home = Sandbox::new();
    let age = AgeKey::install(&mut home);
    let gpg = GpgHome::install(&mut home);
    let fingerprint = gpg.generate(&home, "somebody");
    (home, gpg, [["--age".into(), age.recipient], ["--pgp".into(), fingerprint]])
}

/// A sandbox without any key, whose only way to one is a key service.
fn away(address: &str) -> Sandbox {
    let mut away = Sandbox::new();
    away.set("SOPS_KEYSERVICE", address);
    away.set("SOPS_ENABLE_LOCAL_KEYSERVICE", "false");
    away.write("plain.yaml", PLAIN);
    away
}

#[test]
fn every_client_works_with_every_service() {
    let (home, _gpg, keys) = home();
    for server in tools() {
        for network in ["tcp", "unix"] {
            let (_service, address) = serve(&home, &server, network, &[]);
            let remote = ["--enable-local-keyservice=false", "--keyservice", &address];
            for client in tools() {
                for [flag, key] in &keys {
                    let case = format!("{server:?} {network} {client:?} {flag}");
                    let away = Sandbox::new();
                    away.write("plain.yaml", PLAIN);
                    let encrypt = [&["encrypt", flag, key], &remote[..], &["plain.yaml"]].concat();
                    let closed = away.run(&client, &encrypt);
                    assert_eq!(closed.code, 0, "{case}: {closed:?}");
                    away.write("closed.yaml", &closed.stdout);
                    home.write("closed.yaml", &closed.stdout);
                    let decrypt = [&["decrypt"], &remote[..], &["closed.yaml"]].concat();
                    assert_eq!(away.run(&client, &decrypt).success().out(), PLAIN, "{case}");
                    assert_eq!(home.run(&Tool::sops(), &["decrypt", "closed.yaml"]).success().out(), PLAIN);
                    assert_ne!(away.run(&client, &["decrypt", "closed.yaml"]).code, 0, "{case}: no key here");
                }
            }
        }
    }
}

#[test]
fn every_command_asks_the_service() {
    let (home, _gpg, [[_, age], [_, pgp]]) = home();
    let (_service, address) = serve(&home, &Tool::bulla_as_sops(), "unix", &[]);
    for client in tools() {
        let mut away = away(&address);
        away.set("EDITOR", "sed -i s/hunter2/hunter3/");
        away.write(".sops.yaml", format!("creation_rules:\n  - age: {age}\n    pgp: {pgp}\n"));
        for line in [
            &["encrypt", "--in-place", "--age", &age, "plain.yaml"][..],
            &["set", "plain.yaml", "[\"added\"]", "\"x\""],
            &["unset", "plain.yaml", "[\"list\"]"],
            &["rotate", "--in-place", "plain.yaml"],
            &["updatekeys", "--yes", "plain.yaml"],
            &["groups", "add", "--file", "plain.yaml", "--pgp", &pgp, "--in-place"],
            &["edit", "plain.yaml"],
            &["exec-env", "plain.yaml", "test $password = hunter3"],
            &["exec-file", "plain.yaml", "grep -q hunter3 {}"],
            &["--rotate", "--in-place", "plain.yaml"],
        ] {
            let outcome = away.run(&client, line);
            assert_eq!(outcome.code, 0, "{client:?} {line:?}: {outcome:?}");
        }
        let read = away.run(&client, &["--decrypt", "plain.yaml"]).success();
        assert_eq!(read.out(), "password: hunter3\nadded: x\n", "{client:?}");
    }
    // Our own grammar, many files at once.
    let away = away(&address);
    for number in 0..20 {
        away.write(&format!("many/{number}.yaml"), PLAIN);
    }
    let bulla = Tool::bulla();
    away.run(&bulla, &["encrypt", "--in-place", "--age", &age, "many"]);
    let files: Vec<String> = (0..20).map(|number| format!("many/{number}.yaml")).collect();
    let all = |verb: &[&str]| {
        let mut line: Vec<&str> = verb.to_vec();
        line.extend(files.iter().map(String::as_str));
        away.run(&bulla, &line).success();
    };
    all(&["encrypt", "--in-place", "--age", &age]);
    all(&["rotate"]);
    all(&["decrypt", "--in-place"]);
    assert_eq!(away.read("many/19.yaml"), PLAIN.as_bytes());
}

#[test]
fn a_service_that_is_down_costs_only_what_it_would_have_opened() {
    let (home, _gpg, [[_, age], _]) = home();
    let down = format!("tcp://127.0.0.1:{}", free_port());
    let (_service, up) = serve(&home, &Tool::sops(), "tcp", &[]);
    home.write("plain.yaml", PLAIN);
    let closed = home.run(&Tool::sops(), &["encrypt", "--age", &age, "plain.yaml"]).success().stdout;
    home.write("closed.yaml", &closed);
    for client in tools() {
        // The local key opens it; the service that is down is asked in vain.
        let line = ["decrypt", "--keyservice", &down, "closed.yaml"];
        assert_eq!(home.run(&client, &line).success().out(), PLAIN);
        // Of two services the second one opens it.
        let away = away(&format!("{down},{up}"));
        away.write("closed.yaml", &closed);
        assert_eq!(away.run(&client, &["decrypt", "closed.yaml"]).success().out(), PLAIN);
        let encrypted = away.run(&client, &["encrypt", "--age", &age, "plain.yaml"]).success();
        assert!(encrypted.out().contains("BEGIN AGE ENCRYPTED FILE"));
        // With neither there is no way.
        let line = ["decrypt", "--enable-local-keyservice=false", "--keyservice", &down, "closed.yaml"];
        let failed = home.run(&client, &line);
        let said = failed.err();
        assert_eq!((failed.code, failed.out()), (128, String::new()), "{failed:?}");
        assert!(said.contains(down.trim_start_matches("tcp://")) && said.contains("refused"), "{said}");
        let line = ["encrypt", "--enable-local-keyservice=false", "--keyservice", &down, "--age", &age];
        assert_eq!(home.run(&client, &[&line[..], &["plain.yaml"]].concat()).code, 1);
    }
}

/// Standard error with the times masked.
fn masked(outcome: &Outcome) -> String {
    let said = outcome.err();
    let mask = |line: &str| match (line.find("time=\""), line.find("\" level=")) {
        (Some(start), Some(end)) => format!("{}{}\n", &line[..start], &line[end..]),
        _ => format!("{line}\n"),
    };
    said.lines().map(mask).collect()
}

#[test]
fn a_signal_ends_both_servers_alike() {
    let home = Sandbox::new();
    let path = home.path("keys.sock").display().to_string();
    for network in ["tcp", "unix"] {
        for signal in ["INT", "TERM"] {
            let place = if network == "tcp" { format!("127.0.0.1:{}", free_port()) } else { path.clone() };
            let said = tools().map(|tool| {
                let line = ["keyservice", "--network", network, "--address", &place, "--verbose"];
                let ready = || match network {
                    "tcp" => TcpStream::connect(&place).is_ok(),
                    _ => UnixStream::connect(&place).is_ok(),
                };
                let service = Service::start(&home, &tool, &line, ready);
                // The original listens before it watches for signals.
                std::thread::sleep(Duration::from_millis(300));
                let outcome = service.end_by(signal);
                assert!(!home.path("keys.sock").exists(), "{tool:?}");
                outcome
            });
            assert_eq!((said[0].code, said[0].out()), (0, String::new()));
            let told = masked(&said[0]);
            assert!(told.lines().count() == 2 && told.contains("Caught signal "), "{told}");
            // Whether the original ends with an error is a race in it.
            assert!(masked(&said[1]).starts_with(&told), "{said:?}");
        }
    }
}

#[test]
fn places_that_cannot_be_listened_on_fail_alike() {
    let home = Sandbox::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken.local_addr().map(|address| (taken, address.to_string())).expect("bound");
    for place in [
        &["--address", "127.0.0.1:xx"][..],
        &["--address", "localhost"],
        &["--address", &taken.1],
        &["--network", "foo", "--address", "x"],
        &["--net", "unix", "--addr", "/nonexistent/keys.sock"],
    ] {
        let line = [&["keyservice"], place].concat();
        let outcomes = tools().map(|tool| home.run(&tool, &line));
        let told = outcomes.each_ref().map(|outcome| (outcome.code, outcome.out(), masked(outcome)));
        assert_eq!(told[0], told[1], "{place:?}");
    }
}

#[test]
fn a_server_that_prompts_asks_and_obeys() {
    let (home, _gpg, keys) = home();
    home.write("plain.yaml", PLAIN);
    for [flag, key] in &keys {
        let closed = home.run(&Tool::sops(), &["encrypt", flag, key, "plain.yaml"]).success().stdout;
        for server in tools() {
            for client in tools() {
                let (mut service, address) = serve(&home, &server, "unix", &["--prompt"]);
                let away = away(&address);
                away.write("closed.yaml", &closed);
                service.write("n\n");
                let refused = away.run(&client, &["decrypt", "closed.yaml"]);
                assert_eq!(refused.code, 128, "{server:?} {client:?}: {refused:?}");
                assert!(refused.err().contains("PermissionDenied"), "{refused:?}");
                service.write("y\n");
                let read = away.run(&client, &["decrypt", "closed.yaml"]);
                assert_eq!(read.out(), PLAIN, "{server:?} {client:?}: {read:?}");
                // The code is no part of it: the original ends with 0 or 1, as it happens.
                let said = service.end_by("TERM").out();
                let asked = said.matches("Received decrypt request using ").count();
                assert_eq!(asked, 2, "{said}");
                assert!(said.contains("Respond to request? (y/n): "), "{said}");
                assert!(
                    flag == "--age" || said.contains(&format!("PGP key with fingerprint {key}.")),
                    "{said}"
                );
            }
        }
    }
}
