//! What the other tests of this lane rely on.

use bulla_testkit::Server;

#[test]
fn transit_encrypts_and_decrypts() {
    let vault = Server::vault();
    vault.request("POST", "/v1/sys/mounts/harness", r#"{"type":"transit"}"#).success();
    vault.request("POST", "/v1/harness/keys/one", "{}").success();
    let encrypted =
        vault.request("POST", "/v1/harness/encrypt/one", r#"{"plaintext":"aHVudGVyMg=="}"#).success();
    let start = encrypted.find("vault:v1:").expect("a ciphertext of key version 1");
    let ciphertext: String = encrypted[start..].chars().take_while(|c| *c != '"').collect();
    let question = format!(r#"{{"ciphertext":"{ciphertext}"}}"#);
    let decrypted = vault.request("POST", "/v1/harness/decrypt/one", &question).success();
    assert!(decrypted.contains(r#""plaintext":"aHVudGVyMg==""#), "{decrypted}");
}

#[test]
fn a_path_without_a_mount_is_refused_in_vaults_own_words() {
    let answer = Server::vault().request("POST", "/v1/nowhere/decrypt/one", "{}");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("no handler for route"), "{}", answer.body);
}
