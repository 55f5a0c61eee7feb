//! What goes wrong, here and in the original.

use std::time::Instant;

use bulla_testkit::{Fake, Silent, Tool, nobody};

use crate::place::{all_open, change, create_key, decrypt, encrypt, none_opens, sandbox};

#[test]
fn a_key_that_is_not_there_fails_as_in_the_original() {
    let (sandbox, key) = (sandbox(), create_key());
    encrypt(&sandbox, &Tool::bulla_as_sops(), &["--kms", &key]).success();
    let (account, _) = key.split_once(":key/").expect("an ARN of a key");
    let gone = format!("{account}:key/00000000-0000-0000-0000-000000000000");
    change(&sandbox, &key, &gone);
    none_opens(&sandbox);
    let refused =
        [Tool::bulla_as_sops(), Tool::sops()].map(|tool| encrypt(&sandbox, &tool, &["--kms", &gone]));
    assert!(refused[0].code != 0 && refused[0].code == refused[1].code, "{refused:?}");
    let said = refused[0].err();
    assert!(said.contains("there is no such key or alias (NotFoundException, status 400)"), "{said}");
}

#[test]
fn another_key_than_that_of_the_file_fails_as_in_the_original() {
    let (sandbox, key, other) = (sandbox(), create_key(), create_key());
    encrypt(&sandbox, &Tool::sops(), &["--kms", &key]).success();
    change(&sandbox, &key, &other);
    let said = none_opens(&sandbox);
    assert!(said.contains("failed to decrypt sops data key with AWS KMS: "), "{said}");
    change(&sandbox, &other, &key);
    all_open(&sandbox);
}

#[test]
fn k_03_a_malformed_arn_fails_as_in_the_original() {
    let (sandbox, key) = (sandbox(), create_key());
    encrypt(&sandbox, &Tool::sops(), &["--kms", &key]).success();
    change(&sandbox, &key, "arn:aws:kms:us-east-1:me:key/one");
    let said = none_opens(&sandbox);
    assert!(said.contains("no valid ARN found in \"arn:aws:kms:us-east-1:me:key/one\""), "{said}");
    for arn in ["alias/one", "arn:aws:kms:us-east-1/evil:1:key/one"] {
        let codes =
            [Tool::bulla_as_sops(), Tool::bulla()].map(|tool| encrypt(&sandbox, &tool, &["--kms", arn]).code);
        assert!(codes.iter().all(|code| *code != 0), "{arn}: {codes:?}");
    }
}

#[test]
fn a_server_that_is_down_fails_as_in_the_original() {
    let (mut sandbox, key) = (sandbox(), create_key());
    encrypt(&sandbox, &Tool::bulla_as_sops(), &["--kms", &key]).success();
    sandbox.set("AWS_ENDPOINT_URL", nobody());
    let said = none_opens(&sandbox);
    assert!(said.contains("the server cannot be reached: Connection refused"), "{said}");
}

#[test]
fn answers_that_are_not_of_aws_fail_and_are_not_shown() {
    let (mut sandbox, key) = (sandbox(), create_key());
    encrypt(&sandbox, &Tool::bulla_as_sops(), &["--kms", &key]).success();
    let short = r#"{"KeyId":"x","Plaintext":"Y2FuYXJ5"}"#;
    for (status, body) in [
        ("200 OK", "canary"),
        ("200 OK", "<html>canary</html>"),
        ("200 OK", "{\"Plaintext\":\"canary"),
        // A data key of six bytes.
        ("200 OK", short),
        ("400 Bad Request", r#"{"__type":"canary canary","message":"canary"}"#),
        ("500 Internal Server Error", "canary"),
        ("302 Found", "canary"),
    ] {
        let fake =
            Fake::start(vec![Fake::answer(status, "Content-Type: application/x-amz-json-1.1\r\n", body)]);
        sandbox.set("AWS_ENDPOINT_URL", &fake.url);
        let outcome = decrypt(&sandbox, &Tool::bulla_as_sops());
        assert!(outcome.code == 128 && outcome.stdout.is_empty(), "{status} {body}: {outcome:?}");
        assert!(!outcome.err().contains("canary") && !outcome.err().contains("Y2FuYXJ5"), "{outcome:?}");
        assert_eq!(fake.requests().len(), 1);
    }
}

#[test]
fn k_06_a_silent_server_is_given_up_after_thirty_seconds() {
    let (mut sandbox, key) = (sandbox(), create_key());
    encrypt(&sandbox, &Tool::bulla_as_sops(), &["--kms", &key]).success();
    let silent = Silent::new();
    sandbox.set("AWS_ENDPOINT_URL", &silent.url);
    let start = Instant::now();
    let outcome = decrypt(&sandbox, &Tool::bulla_as_sops());
    let seconds = start.elapsed().as_secs();
    assert!((29..45).contains(&seconds), "{seconds} s");
    assert_eq!(outcome.code, 128, "{outcome:?}");
    // Of the client's limit and the one around it either may be first.
    let said = outcome.err_in_one_line();
    let texts = ["there was no answer in time", "no answer within 30 s"];
    assert!(texts.iter().any(|text| said.contains(text)), "{outcome:?}");
}
