//! Files for a transit key, made and opened by us and by the original sops.

use bulla_testkit::{Outcome, Sandbox, Server, Tool, nobody, required};

const PLAIN: &str = "password: hunter2\nlist:\n    - 1\n    - true\n";

/// A sandbox logged in to Vault, and the URI of a new key in an engine `engine`.
fn prepare(engine: &str) -> (Sandbox, String) {
    let vault = Server::vault();
    vault.request("POST", &format!("/v1/sys/mounts/{engine}"), r#"{"type":"transit"}"#).success();
    vault.request("POST", &format!("/v1/{engine}/keys/one"), "{}").success();
    let mut sandbox = Sandbox::new();
    sandbox.set("VAULT_TOKEN", required("BULLA_LANE_VAULT_TOKEN"));
    sandbox.write("plain.yaml", PLAIN);
    (sandbox, format!("{}/v1/{engine}/keys/one", vault.url))
}

fn encrypt(sandbox: &Sandbox, tool: &Tool, uri: &str) -> Outcome {
    let outcome = sandbox.run(tool, &["encrypt", "--hc-vault-transit", uri, "plain.yaml"]);
    sandbox.write("closed.yaml", &outcome.stdout);
    outcome
}

fn decrypt(sandbox: &Sandbox, tool: &Tool) -> Outcome {
    sandbox.run(tool, &["decrypt", "closed.yaml"])
}

/// Asserts that both programs fail to decrypt; returns what ours says.
#[track_caller]
fn both_fail(sandbox: &Sandbox) -> String {
    let [ours, theirs] = [Tool::bulla_as_sops(), Tool::sops()].map(|tool| decrypt(sandbox, &tool));
    assert_eq!((ours.code, theirs.code), (128, 128), "ours: {ours:?}\nthe original: {theirs:?}");
    assert!(ours.stdout.is_empty() && !ours.err().contains("hunter2"), "{ours:?}");
    ours.err_in_one_line()
}

#[test]
fn the_original_opens_what_we_closed() {
    let (sandbox, uri) = prepare("ours");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    assert_eq!(decrypt(&sandbox, &Tool::sops()).success().out(), PLAIN);
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
}

#[test]
fn we_open_what_the_original_closed() {
    let (sandbox, uri) = prepare("theirs");
    encrypt(&sandbox, &Tool::sops(), &uri).success();
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
}

#[test]
fn an_engine_may_lie_deep() {
    let (sandbox, uri) = prepare("team/a/transit");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    assert_eq!(decrypt(&sandbox, &Tool::sops()).success().out(), PLAIN);
    encrypt(&sandbox, &Tool::sops(), &uri).success();
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
}

#[test]
fn the_token_may_lie_in_the_home_directory() {
    let (mut sandbox, uri) = prepare("home");
    let token = required("BULLA_LANE_VAULT_TOKEN").display().to_string();
    sandbox.write("../home/.vault-token", token + "\n");
    sandbox.unset("VAULT_TOKEN");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    assert_eq!(decrypt(&sandbox, &Tool::sops()).success().out(), PLAIN);
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
}

#[test]
fn a_wrong_token_is_denied_and_not_shown() {
    let (mut sandbox, uri) = prepare("denied");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    sandbox.set("VAULT_TOKEN", "canary-token");
    let said = both_fail(&sandbox);
    assert!(said.contains("permission denied (status 403)"), "{said}");
    assert!(!said.contains("canary-token"), "{said}");
}

#[test]
fn a_server_that_is_down_fails_as_in_the_original() {
    let (mut sandbox, uri) = prepare("down");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    let closed = String::from_utf8(sandbox.read("closed.yaml")).expect("text");
    sandbox.write("closed.yaml", closed.replace(&Server::vault().url, &nobody()));
    sandbox.set("VAULT_MAX_RETRIES", "0");
    let said = both_fail(&sandbox);
    assert!(said.contains("cannot be reached"), "{said}");
}

#[test]
fn a_deleted_key_fails_as_in_the_original() {
    let (sandbox, uri) = prepare("deleted");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    let vault = Server::vault();
    vault.request("POST", "/v1/deleted/keys/one/config", r#"{"deletion_allowed":true}"#).success();
    vault.request("DELETE", "/v1/deleted/keys/one", "").success();
    let said = both_fail(&sandbox);
    assert!(said.contains("(status 400)"), "{said}");
}

#[test]
fn an_engine_that_is_not_there_fails_as_in_the_original() {
    let (sandbox, uri) = prepare("unmounted");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    Server::vault().request("DELETE", "/v1/sys/mounts/unmounted", "").success();
    let said = both_fail(&sandbox);
    // Which status it is depends on the version of Vault.
    assert!(said.contains("(status 404)") || said.contains("(status 403)"), "{said}");
    let missing = [Tool::bulla_as_sops(), Tool::sops()].map(|tool| encrypt(&sandbox, &tool, &uri).code);
    assert!(missing[0] != 0 && missing[0] == missing[1], "{missing:?}");
}

#[test]
fn k_02_an_allow_list_decides_as_in_the_original() {
    let (mut sandbox, uri) = prepare("allowed");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    let url = Server::vault().url;
    for list in ["all", &url, &format!("https://other.example.org,{url}/")] {
        sandbox.set("SOPS_HC_VAULT_ALLOWLIST", list);
        for tool in [Tool::bulla_as_sops(), Tool::sops()] {
            assert_eq!(decrypt(&sandbox, &tool).success().out(), PLAIN, "{list} {tool:?}");
        }
    }
    for list in ["none", "https://other.example.org"] {
        sandbox.set("SOPS_HC_VAULT_ALLOWLIST", list);
        let said = both_fail(&sandbox);
        assert!(said.contains("Allowlist does not allow"), "{list}: {said}");
    }
}

#[test]
fn k_02_the_users_own_server_is_the_only_one() {
    let (mut sandbox, uri) = prepare("own");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success();
    sandbox.set("VAULT_ADDR", "https://vault.example.org");
    let refused = decrypt(&sandbox, &Tool::bulla_as_sops());
    assert_eq!(refused.code, 128, "{refused:?}");
    sandbox.set("VAULT_ADDR", Server::vault().url);
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
}

#[test]
fn copies_of_a_file_ask_the_server_once() {
    let (mut sandbox, uri) = prepare("copies");
    let closed = encrypt(&sandbox, &Tool::bulla_as_sops(), &uri).success().stdout;
    let names = ["one.yaml", "two.yaml", "three.yaml", "four.yaml"];
    for name in names {
        sandbox.write(name, &closed);
    }
    // A token that is good for one request.
    let made = Server::vault().request("POST", "/v1/auth/token/create", r#"{"num_uses":1}"#).success();
    let (_, token) = made.split_once(r#""client_token":""#).expect("a token");
    sandbox.set("VAULT_TOKEN", token.split('"').next().expect("a token"));
    let line = [&["verify", "--with-keys"], &names[..]].concat();
    sandbox.run(&Tool::bulla(), &line).success();
    assert_eq!(sandbox.run(&Tool::bulla(), &line).code, 2, "the token is used up");
}
