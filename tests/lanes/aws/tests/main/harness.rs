//! What the other tests of this lane rely on.

use bulla_testkit::Server;

use crate::place::{create_key, field};

#[test]
fn the_encryption_context_is_bound_to_the_ciphertext() {
    let aws = Server::aws();
    let key = create_key();
    assert!(key.starts_with("arn:aws:kms:us-east-1:"), "{key}");
    let question =
        format!(r#"{{"KeyId":"{key}","Plaintext":"aHVudGVyMg==","EncryptionContext":{{"app":"one"}}}}"#);
    let blob = field(&aws.call("TrentService.Encrypt", &question).success(), "CiphertextBlob");
    let decrypt = |app: &str| {
        let question = format!(r#"{{"CiphertextBlob":"{blob}","EncryptionContext":{{"app":"{app}"}}}}"#);
        aws.call("TrentService.Decrypt", &question)
    };
    assert_eq!(field(&decrypt("one").success(), "Plaintext"), "aHVudGVyMg==");
    let refused = decrypt("two");
    assert!(refused.status == 400 && refused.body.contains("InvalidCiphertext"), "{refused:?}");
}
