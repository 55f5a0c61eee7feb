//! Transit keys through a key service: the client has no token.

use std::os::unix::net::UnixStream;

use bulla_testkit::{Sandbox, Server, Service, Tool, required};

const PLAIN: &str = "password: hunter2\n";

fn home(engine: &str) -> (Sandbox, String) {
    let vault = Server::vault();
    vault.request("POST", &format!("/v1/sys/mounts/{engine}"), r#"{"type":"transit"}"#).success();
    vault.request("POST", &format!("/v1/{engine}/keys/one"), "{}").success();
    let mut home = Sandbox::new();
    home.set("VAULT_TOKEN", required("BULLA_LANE_VAULT_TOKEN"));
    (home, format!("{}/v1/{engine}/keys/one", vault.url))
}

fn serve(home: &Sandbox, tool: &Tool) -> (Service, Sandbox) {
    let path = home.path("keys.sock");
    // A service that a test killed leaves its socket.
    let _ = std::fs::remove_file(&path);
    let line = ["keyservice", "--network", "unix", "--address", path.to_str().expect("UTF-8")];
    let service = Service::start(home, tool, &line, || UnixStream::connect(&path).is_ok());
    let mut away = Sandbox::new();
    away.set("SOPS_KEYSERVICE", format!("unix://{}", path.display()));
    away.set("SOPS_ENABLE_LOCAL_KEYSERVICE", "false");
    away.write("plain.yaml", PLAIN);
    (service, away)
}

#[test]
fn every_client_uses_a_transit_key_of_every_service() {
    let (mut home, uri) = home("served");
    home.set("VAULT_ADDR", Server::vault().url);
    for server in [Tool::bulla_as_sops(), Tool::sops()] {
        let (_service, away) = serve(&home, &server);
        for client in [Tool::bulla_as_sops(), Tool::sops()] {
            let closed = away.run(&client, &["encrypt", "--hc-vault-transit", &uri, "plain.yaml"]).success();
            away.write("closed.yaml", closed.stdout);
            let opened = away.run(&client, &["decrypt", "closed.yaml"]).success();
            assert_eq!(opened.out(), PLAIN, "{server:?} {client:?}");
        }
    }
}

#[test]
fn k_02_a_client_does_not_choose_where_the_token_of_the_service_goes() {
    let (home, uri) = home("unnamed");
    let (_service, away) = serve(&home, &Tool::bulla_as_sops());
    let refused = away.run(&Tool::sops(), &["encrypt", "--hc-vault-transit", &uri, "plain.yaml"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err().contains("does not allow"), "{refused:?}");
}
