//! What the other tests of this lane rely on.

use bulla_testkit::{GpgHome, Sandbox, Tool};

#[test]
fn a_fresh_key_opens_what_was_closed_for_it() {
    let mut sandbox = Sandbox::new();
    let home = GpgHome::install(&mut sandbox);
    let fingerprint = home.generate(&sandbox, "one");
    assert_eq!(fingerprint.len(), 40, "{fingerprint}");
    let encrypt = ["--batch", "--trust-model", "always", "--armor", "--recipient", &fingerprint, "--encrypt"];
    let closed = sandbox.run_with_input(&Tool::gpg(), &encrypt, b"hunter2").success();
    let opened = sandbox.run_with_input(&Tool::gpg(), &["--batch", "--decrypt"], &closed.stdout).success();
    assert_eq!(opened.stdout, b"hunter2");
}
