//! The functions that exist are the functions that are specified.

use bulla_template::{Library, function_names};

/// `external-secrets.md` 6.3.
const SPRIG: &str = include_str!("../fixtures/functions/external-secrets.txt");
/// `sealed-secrets.md` 3.
const SEALED: &str = include_str!("../fixtures/functions/sealed-secrets.txt");
/// `external-secrets.md` 6.2.
const OWN: &str = "certSANs filterCertChain filterPEM fromYaml fullPemToPkcs12 fullPemToPkcs12Pass \
    jwkPrivateKeyPem jwkPublicKeyPem pemToPkcs12 pemToPkcs12Pass pemTruststoreToPKCS12 \
    pemTruststoreToPKCS12Pass pkcs12cert pkcs12certPass pkcs12key pkcs12keyPass rsaDecrypt toYaml";

fn sorted(lists: &[&'static str]) -> Vec<&'static str> {
    let mut names: Vec<_> = lists.iter().flat_map(|list| list.split_whitespace()).collect();
    names.sort_unstable();
    names
}

#[test]
fn d_01_external_secrets_has_exactly_its_functions() {
    assert_eq!(function_names(Library::ExternalSecrets), sorted(&[SPRIG, OWN]));
}

#[test]
fn d_01_sealed_secrets_has_exactly_its_functions() {
    assert_eq!(function_names(Library::SealedSecrets), sorted(&[SEALED]));
}

#[test]
fn d_01_nothing_reaches_outside() {
    for library in [Library::ExternalSecrets, Library::SealedSecrets] {
        let names = function_names(library);
        for gone in ["env", "expandenv", "getHostByName", "getSecretKey", "lookup", "include", "tpl"] {
            assert!(!names.contains(&gone), "{gone}");
        }
    }
}

#[test]
fn random_functions_give_what_they_promise() {
    let lengths = "{{ randAlpha 9 | len }} {{ randAlphaNum 0 | len }} {{ randNumeric -1 | len }} \
        {{ randBytes 3 | b64dec | len }} {{ shuffle \"abc\" | len }} {{ regexMatch \"^[0-9]{20}$\" (randNumeric 20) }} \
        {{ regexMatch \"^[ -~]{50}$\" (randAscii 50) }} {{ $n := randInt 3 5 }}{{ and (ge $n 3) (lt $n 5) }}";
    let settings = crate::settings(Library::ExternalSecrets, bulla_template::MissingKey::Error);
    let output = crate::render(lengths, &bulla_template::Data::Nil, settings).unwrap();
    assert_eq!(output.expose(), b"9 0 0 3 3 true true true");
}
