//! Files for KMS keys, made and opened by us and by the original sops.

use bulla_testkit::{Sandbox, Server, Tool};

use crate::place::{
    PLAIN, all_open, change, closed, create_key, decrypt, encrypt, none_opens, sandbox, tools,
};

#[test]
fn every_program_opens_what_another_closed() {
    let (sandbox, key) = (sandbox(), create_key());
    for tool in tools() {
        encrypt(&sandbox, &tool, &["--kms", &key]).success();
        assert!(closed(&sandbox).contains(&format!("arn: {key}\n")), "{}", closed(&sandbox));
        all_open(&sandbox);
    }
}

#[test]
fn every_format_goes_both_ways() {
    let (sandbox, key) = (sandbox(), create_key());
    for (name, plain) in [
        ("a.json", "{\n\t\"password\": \"hunter2\"\n}\n"),
        ("a.env", "PASSWORD=hunter2\n"),
        ("a.ini", "[db]\npassword = hunter2\n"),
        ("a.bin", "hunter2"),
    ] {
        sandbox.write(name, plain);
        for (from, to) in [(Tool::bulla_as_sops(), Tool::sops()), (Tool::sops(), Tool::bulla_as_sops())] {
            let context = ["--encryption-context", "app:web,stage:live"];
            let line = [&["encrypt", "--kms", key.as_str()], &context[..], &[name]].concat();
            let outcome = sandbox.run(&from, &line).success();
            sandbox.write(name, outcome.stdout);
            let opened = sandbox.run(&to, &["decrypt", name]).success();
            assert_eq!(opened.out(), plain, "{name} {from:?}");
            sandbox.write(name, plain);
        }
    }
}

#[test]
fn the_key_of_the_environment_is_used() {
    let mut sandbox = sandbox();
    sandbox.set("SOPS_KMS_ARN", create_key());
    for tool in tools() {
        encrypt(&sandbox, &tool, &[]).success();
        all_open(&sandbox);
    }
}

#[test]
fn k_04_an_encryption_context_is_stored_and_must_fit() {
    let (sandbox, key) = (sandbox(), create_key());
    for tool in [Tool::bulla_as_sops(), Tool::sops()] {
        let options = ["--kms", &key, "--encryption-context", "stage:live,app:web"];
        encrypt(&sandbox, &tool, &options).success();
        let text = closed(&sandbox);
        assert!(text.contains("app: web\n") && text.contains("stage: live\n"), "{text}");
        all_open(&sandbox);
        change(&sandbox, "app: web", "app: other");
        let said = none_opens(&sandbox);
        assert!(said.contains("the encryption context is not the one that it was wrapped with"), "{said}");
    }
    let pairs = ["--kms", &key, "--encryption-context", "stage:live", "--encryption-context", "app:web"];
    encrypt(&sandbox, &Tool::bulla(), &pairs).success();
    all_open(&sandbox);
    let malformed = ["--kms", &key, "--encryption-context", "live"];
    let [ours, theirs] =
        [Tool::bulla_as_sops(), Tool::sops()].map(|tool| encrypt(&sandbox, &tool, &malformed));
    assert!(ours.code == 6 && theirs.code == 6, "{ours:?} {theirs:?}");
    assert_eq!(encrypt(&sandbox, &Tool::bulla(), &malformed).code, 2);
}

#[test]
fn an_alias_names_a_key() {
    let (sandbox, key) = (sandbox(), create_key());
    let name = "alias/deploy/of-this-test";
    let question = format!(r#"{{"AliasName":"{name}","TargetKeyId":"{key}"}}"#);
    Server::aws().call("TrentService.CreateAlias", &question).success();
    let (account, _) = key.split_once(":key/").expect("an ARN of a key");
    let alias = format!("{account}:{name}");
    for tool in tools() {
        encrypt(&sandbox, &tool, &["--kms", &alias]).success();
        assert!(closed(&sandbox).contains(&alias));
        all_open(&sandbox);
    }
}

#[test]
fn k_04_a_role_is_assumed_on_both_sides() {
    let (sandbox, key) = (sandbox(), create_key());
    let role = "arn:aws:iam::123456789012:role/deploy";
    for tool in tools() {
        encrypt(&sandbox, &tool, &["--kms", &format!("{key}+{role}")]).success();
        assert!(closed(&sandbox).contains(&format!("role: {role}\n")), "{}", closed(&sandbox));
        all_open(&sandbox);
    }
}

/// Puts two profiles in place of the variables.
fn with_profiles(sandbox: &mut Sandbox) {
    sandbox.unset("AWS_ACCESS_KEY_ID");
    sandbox.unset("AWS_SECRET_ACCESS_KEY");
    let section = |name| format!("[{name}]\naws_access_key_id = AKID\naws_secret_access_key = canary\n");
    sandbox.write("../home/.aws/credentials", section("work"));
    let config = "[profile deploy]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = work\n";
    sandbox.write("../home/.aws/config", config);
}

#[test]
fn k_04_a_profile_gives_the_credentials() {
    let (mut sandbox, key) = (sandbox(), create_key());
    with_profiles(&mut sandbox);
    // The original asks AWS itself for the role of a profile, whatever the endpoint.
    encrypt(&sandbox, &Tool::bulla(), &["--kms", &key, "--aws-profile", "deploy"]).success();
    assert_eq!(decrypt(&sandbox, &Tool::bulla_as_sops()).success().out(), PLAIN);
    for tool in tools() {
        encrypt(&sandbox, &tool, &["--kms", &key, "--aws-profile", "work"]).success();
        assert!(closed(&sandbox).contains("aws_profile: work\n"), "{}", closed(&sandbox));
        all_open(&sandbox);
    }
    change(&sandbox, "aws_profile: work", "aws_profile: gone");
    let said = none_opens(&sandbox);
    assert!(said.contains("there is no AWS profile \"gone\""), "{said}");
    change(&sandbox, "aws_profile: gone", "aws_profile: \"\"");
    let said = none_opens(&sandbox);
    assert!(said.contains("there are no AWS credentials"), "{said}");
    sandbox.set("AWS_PROFILE", "work");
    all_open(&sandbox);
}

#[test]
fn one_endpoint_can_be_set_per_service() {
    let (mut sandbox, key) = (sandbox(), create_key());
    encrypt(&sandbox, &Tool::bulla_as_sops(), &["--kms", &key]).success();
    sandbox.set("AWS_ENDPOINT_URL", bulla_testkit::nobody());
    none_opens(&sandbox);
    sandbox.set("AWS_ENDPOINT_URL_KMS", Server::aws().url);
    all_open(&sandbox);
}
