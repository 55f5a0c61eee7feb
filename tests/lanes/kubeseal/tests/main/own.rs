//! What our own verbs write, the original unseals.

use bulla_testkit::Tool;

use crate::pair::{sandbox, unseal};

#[test]
fn the_original_unseals_what_seal_and_reseal_wrote() {
    let sandbox = sandbox();
    sandbox.write("other.crt", include_str!("../../../../fixtures/seal/other.crt"));
    let (ours, theirs) = (Tool::bulla(), Tool::kubeseal());
    for (file, scope) in [("s.yaml", "strict"), ("s.json", "namespace-wide"), ("c.yaml", "cluster-wide")] {
        let seal = ["seal", "--cert", "cert.pem", "--name", "app", "-n", "shop", "--scope", scope];
        let made = ["--from-literal", "password=hunter2", "--to", file];
        sandbox.run(&ours, &[&seal[..], &made].concat()).success();
        assert_eq!(unseal(&sandbox, &theirs, file)["data"]["password"], "aHVudGVyMg==", "{file}");
        sandbox.run(&ours, &["reseal", "--cert", "other.crt", "--recovery-keys", "main.key", file]).success();
        sandbox.write("main.key", sandbox.read("other.key"));
        assert_eq!(unseal(&sandbox, &theirs, file)["data"]["password"], "aHVudGVyMg==", "{file}");
        sandbox.write("main.key", include_str!("../../../../fixtures/seal/main.key"));
    }
}
