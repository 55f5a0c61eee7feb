//! A forged `layout` field under the right key: whatever it says, the values
//! are those that the file holds.
#![no_main]

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_crypto::ValueCipher;
use bulla_sops::{DecryptOptions, Indent, Purpose};

const PLAIN: &[u8] = b"# top\na: 0x1F # why\nb: &x 'y'\nc: *x\nd:\n  - 1.50\n  - \"z\\t\"\ne: |\n  text\n";

static ENCRYPTED: OnceLock<String> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|layout: &[u8]| {
    let yaml = bulla_fuzz::format("yaml");
    let encrypted = ENCRYPTED.get_or_init(|| {
        let encrypted = bulla_fuzz::seal(yaml, PLAIN).expect("the fixed document encrypts");
        String::from_utf8(encrypted).expect("YAML is text")
    });
    let start = encrypted.find("    layout: ").expect("the fixed document needs a layout field");
    let end = start + encrypted[start..].find('\n').expect("a line has an end");
    let forged = format!("{}    layout: {}{}", &encrypted[..start], sealed(layout), &encrypted[end..]);
    let text = bulla_fuzz::open(yaml, forged.as_bytes(), DecryptOptions::default());
    let text = text.expect("a layout field cannot break a file");
    assert_eq!(values(&text), values(PLAIN), "{}", String::from_utf8_lossy(&text));
});

fn sealed(layout: &[u8]) -> String {
    let nonce = [7; 32];
    let sealed = ValueCipher::new(&bulla_fuzz::data_key()).seal(&nonce, b"bulla layout 1", layout);
    let [data, iv, tag] =
        [sealed.ciphertext.as_slice(), &nonce, &sealed.tag].map(|part| STANDARD.encode(part));
    format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]")
}

/// The values of a document, as sops would lay them out.
fn values(text: &[u8]) -> Vec<u8> {
    let yaml = bulla_fuzz::format("yaml");
    let document =
        yaml.parse(text, Purpose::Plain, &bulla_fuzz::limits()).expect("decrypted text can be read");
    yaml.emit(&document.branches, None, &Indent::default()).expect("what was read can be written")
}
