//! One value envelope in a file that is otherwise sound: of odd inputs the text
//! of the envelope, of even ones type, NUL and plaintext, encrypted properly.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_crypto::ValueCipher;
use bulla_sops::DecryptOptions;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    let envelope = if first % 2 == 1 { String::from_utf8_lossy(rest).into_owned() } else { sealed(rest) };
    if envelope.contains(['"', '\\', '\n', '\r', '\0']) {
        return;
    }
    let file = format!(
        r#"{{"a": "{envelope}", "sops": {{"lastmodified": "2026-11-24T00:00:00Z", "version": "3.13.3", "mac": "x"}}}}"#
    );
    let options = DecryptOptions { ignore_mac: true, ..DecryptOptions::default() };
    let _ = bulla_fuzz::open(bulla_fuzz::format("json"), file.as_bytes(), options);
});

fn sealed(input: &[u8]) -> String {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let kind = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let nonce = [7; 32];
    let sealed =
        ValueCipher::new(&bulla_fuzz::data_key()).seal(&nonce, b"a:", parts.next().unwrap_or_default());
    let [data, iv, tag] =
        [sealed.ciphertext.as_slice(), &nonce, &sealed.tag].map(|part| STANDARD.encode(part));
    format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]")
}
