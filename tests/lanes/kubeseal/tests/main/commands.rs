//! The certificate by URL, output files, and what only a running program shows.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::pair::{both, run, sandbox, unseal};

const SECRET: &str = "metadata: {name: app, namespace: shop}\nstringData: {a: x}\n";

/// Serves one answer on a loopback port and returns its address.
fn serve(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).expect("a request");
            head.extend(byte);
        }
        let answer =
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).expect("the caller reads");
    });
    format!("http://{address}/v1/cert.pem")
}

#[test]
fn a_certificate_comes_by_url() {
    for tool in both() {
        let sandbox = sandbox();
        sandbox.write("secret.yaml", SECRET);
        let url = serve("200 OK", include_str!("../../../../fixtures/seal/valid.crt"));
        run(&sandbox, &tool, &format!("--cert {url} -f secret.yaml -w sealed.yaml")).success();
        assert_eq!(unseal(&sandbox, &tool, "sealed.yaml")["data"]["a"], "eA==");
        let file = format!("file://{}", sandbox.path("cert.pem").display());
        run(&sandbox, &tool, &format!("--cert {file} -f secret.yaml")).success();
    }
}

#[test]
fn a_server_without_the_certificate_fails_alike() {
    let [ours, theirs] = both().map(|tool| {
        let sandbox = sandbox();
        sandbox.write("secret.yaml", SECRET);
        let url = serve("404 Not Found", "no");
        let outcome = run(&sandbox, &tool, &format!("--cert {url} -f secret.yaml"));
        (outcome.code, outcome.err().replace(&url, "URL"))
    });
    assert_eq!(theirs, (1, "error: cannot fetch \"URL\": 404 Not Found\n".to_owned()));
    let (code, text) = ours;
    assert_eq!((code, text.lines().last()), (1, theirs.1.lines().last()));
}

#[test]
fn s_11_plain_http_is_warned_of() {
    let sandbox = sandbox();
    sandbox.write("secret.yaml", SECRET);
    let url = serve("200 OK", include_str!("../../../../fixtures/seal/valid.crt"));
    let [ours, _] = both();
    let outcome = run(&sandbox, &ours, &format!("--cert {url} -f secret.yaml")).success();
    assert!(outcome.err().starts_with("warning: the certificate comes over http://"), "{outcome:?}");
}

#[test]
fn the_output_file_stays_on_failure_and_keeps_its_mode_and_link_with_ours() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let sandbox = sandbox();
    let [ours, _] = both();
    sandbox.write("secret.yaml", SECRET);
    let file = sandbox.write("real.yaml", "old\n");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).expect("a mode");
    symlink("real.yaml", sandbox.path("out.yaml")).expect("a link");
    let failed = run(&sandbox, &ours, "--cert cert.pem -f nofile -w out.yaml");
    assert_eq!((failed.code, sandbox.read("real.yaml")), (1, b"old\n".to_vec()));
    run(&sandbox, &ours, "--cert cert.pem -f secret.yaml -w out.yaml").success();
    assert!(sandbox.read("real.yaml").starts_with(b"---\napiVersion: bitnami.com/v1alpha1\n"));
    assert!(sandbox.path("out.yaml").is_symlink());
    let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_third_broken_json_object_ends_with_an_error() {
    let sandbox = sandbox();
    let [ours, _] = both();
    let object = "{\"metadata\":{\"name\":\"app\",\"namespace\":\"shop\"},\"data\":{\"a\":\"Zm9v\"}}\n";
    sandbox.write("secrets.json", format!("{object}{object}{{"));
    // The original never ends here.
    let outcome = run(&sandbox, &ours, "--cert cert.pem -f secrets.json");
    assert_eq!((outcome.code, outcome.stdout.len()), (1, 0), "{outcome:?}");
}

#[test]
fn merging_does_not_panic_where_the_target_has_no_maps() {
    let sandbox = sandbox();
    let [ours, theirs] = both();
    sandbox.write("secret.yaml", "metadata: {labels: {a: b}, annotations: {c: d}}\nstringData: {a: x}\n");
    let target = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: app\n  namespace: shop\nspec: {}\n";
    sandbox.write("sealed.yaml", target);
    assert_eq!(run(&sandbox, &theirs, "--cert cert.pem --merge-into sealed.yaml -f secret.yaml").code, 2);
    sandbox.write("sealed.yaml", target);
    run(&sandbox, &ours, "--cert cert.pem --merge-into sealed.yaml -f secret.yaml").success();
    let secret = unseal(&sandbox, &theirs, "sealed.yaml");
    assert_eq!((&secret["data"]["a"], &secret["metadata"]["labels"]["a"]), (&"eA==".into(), &"b".into()));
}

#[test]
fn the_version_has_the_form_that_is_looked_for() {
    for tool in both() {
        let outcome = run(&sandbox(), &tool, "--version").success();
        assert_eq!(outcome.out(), "kubeseal version: v0.36.6\n");
    }
}
