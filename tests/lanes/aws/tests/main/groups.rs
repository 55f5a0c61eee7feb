//! Several keys: creation rules, groups, rotation, new recipients, order.

use bulla_testkit::{Sandbox, Silent, Tool, nobody};

use crate::place::{
    PLAIN, all_open, change, closed, create_key, decrypt, encrypt, none_opens, sandbox, tools,
};

/// Three groups with a KMS key each, of which two are needed; the second
/// group has a second key.
fn with_groups(sandbox: &Sandbox) -> [String; 4] {
    let keys = [(); 4].map(|()| create_key());
    let [a, b, c, d] = &keys;
    let rules = format!(
        "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      \
         - kms: [{{arn: '{a}', context: {{app: web}}}}]\n      \
         - kms: [{{arn: '{b}'}}, {{arn: '{c}', role: 'arn:aws:iam::123456789012:role/x'}}]\n      \
         - kms: [{{arn: '{d}'}}]\n"
    );
    sandbox.write(".sops.yaml", rules);
    keys
}

/// The ARN of a key that is not there.
fn gone(key: &str) -> String {
    let (account, _) = key.split_once(":key/").expect("an ARN of a key");
    format!("{account}:key/00000000-0000-0000-0000-000000000000")
}

#[test]
fn enough_groups_open_a_file() {
    let sandbox = sandbox();
    let [a, b, _, d] = with_groups(&sandbox);
    for tool in tools() {
        encrypt(&sandbox, &tool, &[]).success();
        assert!(closed(&sandbox).contains("shamir_threshold: 2\n"), "{}", closed(&sandbox));
        all_open(&sandbox);
        // One group less, and in another the second key.
        change(&sandbox, &a, &gone(&a));
        change(&sandbox, &b, &gone(&b));
        all_open(&sandbox);
        change(&sandbox, &d, &gone(&d));
        let said = none_opens(&sandbox);
        assert!(said.contains("Group 0: FAILED") && said.contains("Group 1: SUCCESS"), "{said}");
    }
}

/// The original ends with a nil pointer over such a rule.
#[test]
fn a_null_in_the_context_of_a_rule_counts_as_absent() {
    let (sandbox, key) = (sandbox(), create_key());
    let kms = format!("[{{arn: '{key}', context: {{app: web, none: null}}}}]");
    sandbox.write(".sops.yaml", format!("creation_rules:\n  - key_groups:\n      - kms: {kms}\n"));
    encrypt(&sandbox, &Tool::bulla_as_sops(), &[]).success();
    let text = closed(&sandbox);
    assert!(text.contains("app: web\n") && !text.contains("none"), "{text}");
    all_open(&sandbox);
}

#[test]
fn flat_rules_take_lists_a_profile_and_a_context() {
    let mut sandbox = sandbox();
    let credentials = "[work]\naws_access_key_id = AKID\naws_secret_access_key = canary\n";
    sandbox.write("../home/.aws/credentials", credentials);
    sandbox.unset("AWS_ACCESS_KEY_ID");
    sandbox.unset("AWS_SECRET_ACCESS_KEY");
    let [a, b] = [(); 2].map(|()| create_key());
    for kms in [format!("'{a}, {b}'"), format!("['{a}', '{b}']")] {
        sandbox.write(".sops.yaml", format!("creation_rules:\n  - kms: {kms}\n    aws_profile: work\n"));
        for tool in tools() {
            encrypt(&sandbox, &tool, &[]).success();
            assert_eq!(closed(&sandbox).matches("aws_profile: work\n").count(), 2, "{}", closed(&sandbox));
            all_open(&sandbox);
        }
        // The original forgets this one where the keys are those of a rule.
        for tool in [Tool::bulla_as_sops(), Tool::bulla()] {
            encrypt(&sandbox, &tool, &["--encryption-context", "app:web"]).success();
            assert_eq!(closed(&sandbox).matches("app: web\n").count(), 2, "{}", closed(&sandbox));
            all_open(&sandbox);
        }
    }
}

#[test]
fn rotation_adds_and_removes_keys() {
    let sandbox = sandbox();
    let [a, b] = [(); 2].map(|()| create_key());
    for tool in [Tool::bulla_as_sops(), Tool::sops()] {
        encrypt(&sandbox, &tool, &["--kms", &a]).success();
        let old = closed(&sandbox);
        let line = ["rotate", "--in-place", "--add-kms", &b, "--rm-kms", &a, "closed.yaml"];
        sandbox.run(&tool, &line).success();
        assert!(!closed(&sandbox).contains(&a) && closed(&sandbox).contains(&b), "{}", closed(&sandbox));
        all_open(&sandbox);
        assert_ne!(old.lines().next(), closed(&sandbox).lines().next());
    }
    encrypt(&sandbox, &Tool::sops(), &["--kms", &a]).success();
    let line = ["rotate", "closed.yaml", "--add-kms", &b, "--encryption-context", "app:web"];
    sandbox.run(&Tool::bulla(), &line).success();
    assert!(closed(&sandbox).contains("app: web"), "{}", closed(&sandbox));
    all_open(&sandbox);
    sandbox.run(&Tool::bulla(), &["rotate", "closed.yaml", "--rm-kms", &a]).success();
    assert!(!closed(&sandbox).contains(&a), "{}", closed(&sandbox));
    all_open(&sandbox);
}

#[test]
fn new_rules_reach_the_files() {
    let sandbox = sandbox();
    let [a, b] = [(); 2].map(|()| create_key());
    let updates: [(Tool, &[&str]); 3] = [
        (Tool::bulla_as_sops(), &["updatekeys", "--yes", "closed.yaml"]),
        (Tool::bulla(), &["updatekeys", "--yes", "closed.yaml"]),
        (Tool::sops(), &["updatekeys", "--yes", "closed.yaml"]),
    ];
    for (tool, line) in updates {
        sandbox.write(".sops.yaml", format!("creation_rules:\n  - kms: '{a}'\n"));
        encrypt(&sandbox, &tool, &[]).success();
        sandbox.write(".sops.yaml", format!("creation_rules:\n  - kms: '{b}'\n"));
        sandbox.run(&tool, line).success();
        assert!(!closed(&sandbox).contains(&a) && closed(&sandbox).contains(&b), "{}", closed(&sandbox));
        all_open(&sandbox);
    }
}

#[test]
fn a_group_is_added_and_deleted() {
    let sandbox = sandbox();
    let [a, b, c] = [(); 3].map(|()| create_key());
    for tool in [Tool::bulla_as_sops(), Tool::sops()] {
        encrypt(&sandbox, &tool, &["--kms", &a]).success();
        let options = ["--file", "closed.yaml", "--in-place"];
        for key in [&b, &c] {
            let add =
                ["--kms", key, "--encryption-context", "app:web", "--shamir-secret-sharing-threshold", "2"];
            sandbox.run(&tool, &[&["groups", "add"], &options[..], &add].concat()).success();
            assert!(closed(&sandbox).contains("key_groups:"), "{}", closed(&sandbox));
            all_open(&sandbox);
        }
        sandbox.run(&tool, &[&["groups", "delete"], &options[..], &["1"]].concat()).success();
        assert!(!closed(&sandbox).contains(&b), "{}", closed(&sandbox));
        all_open(&sandbox);
    }
}

#[test]
fn the_order_decides_who_is_asked() {
    let (mut sandbox, key) = (sandbox(), create_key());
    sandbox.run(&Tool::bulla(), &["keygen", "--to", "keys.txt"]).success();
    let text = String::from_utf8(sandbox.read("keys.txt")).expect("text");
    let recipient = text.split_whitespace().find(|word| word.starts_with("age1")).expect("a recipient");
    encrypt(&sandbox, &Tool::bulla_as_sops(), &["--kms", &key, "--age", recipient]).success();
    // No age key at hand: KMS opens it, whatever the order.
    all_open(&sandbox);
    sandbox.set("SOPS_AGE_KEY_FILE", sandbox.path("keys.txt"));
    let silent = Silent::new();
    sandbox.set("AWS_ENDPOINT_URL", &silent.url);
    all_open(&sandbox);
    assert!(!silent.was_called(), "KMS was asked though the age key comes first");
    sandbox.set("AWS_ENDPOINT_URL", nobody());
    sandbox.set("SOPS_DECRYPTION_ORDER", "kms,age");
    all_open(&sandbox);
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).out(), PLAIN);
}
