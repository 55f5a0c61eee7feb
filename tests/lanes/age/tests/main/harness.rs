//! The programs that the other tests of this lane rely on.

use bulla_testkit::{AgeKey, Sandbox, Tool};

#[test]
fn the_original_opens_what_the_original_closed_for_every_kind_of_key() {
    let sandbox = Sandbox::new();
    let classic = AgeKey::generate(&sandbox, "classic.txt");
    let hybrid = AgeKey::generate_post_quantum(&sandbox, "hybrid.txt");
    assert!(classic.recipient.starts_with("age1") && hybrid.recipient.starts_with("age1pq1"));
    let age = Tool::age("age");
    for key in [classic, hybrid] {
        let closed = sandbox.run_with_input(&age, &["-a", "-r", &key.recipient], b"hunter2").success();
        assert!(closed.out().starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
        let opened = sandbox.run_with_input(&age, &["-d", "-i", &key.file], &closed.stdout).success();
        assert_eq!(opened.stdout, b"hunter2");
    }
}

#[test]
fn a_plugin_is_found_on_the_search_path() {
    let mut sandbox = Sandbox::new();
    let age = Tool::age("age");
    sandbox.prepend_path(age.path().parent().unwrap());
    sandbox.set("AGE_PASSPHRASE", "correct horse");
    sandbox.set("AGE_PASSPHRASE_WORK_FACTOR", "10");
    let closed = sandbox.run_with_input(&age, &["-e", "-j", "batchpass"], b"hunter2").success();
    let opened = sandbox.run_with_input(&age, &["-d", "-j", "batchpass"], &closed.stdout).success();
    assert_eq!(opened.stdout, b"hunter2");
}
