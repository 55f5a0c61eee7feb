//! The functions that External Secrets adds, and certificates, through the
//! table: names, order of arguments, types.

use bulla_template::{Data, Library, MissingKey};

use crate::{render, settings};

fn shown(text: &str) -> String {
    let settings = settings(Library::ExternalSecrets, MissingKey::Error);
    let output = render(text, &Data::Nil, settings).unwrap_or_else(|error| panic!("{text}: {error}"));
    String::from_utf8_lossy(output.expose()).into_owned()
}

#[test]
fn key_stores_open_again() {
    let text = r#"{{ $key := genPrivateKey "ecdsa" }}{{ $pair := genSelfSignedCertWithKey "cn" (list "10.0.0.1") (list "a.example") 30 $key -}}
{{ $plain := fullPemToPkcs12 $pair.Cert $pair.Key | b64dec -}}
{{ $locked := pemToPkcs12Pass $pair.Cert $pair.Key "pw" | b64dec -}}
{{ pkcs12cert $plain | trim | eq (trim $pair.Cert) }} {{ pkcs12key $plain | contains "PRIVATE KEY" }}
{{- " " }}{{ $locked | pkcs12certPass "pw" | trim | eq (trim $pair.Cert) }} {{ certSANs $pair.Cert | join "," }}
{{- " " }}{{ print $pair.Cert $pair.Key | filterPEM "certificate" | trim | eq (trim $pair.Cert) }} {{ typeOf $pair }}"#;
    assert_eq!(shown(text), "true true true a.example,10.0.0.1 true sprig.certificate");
}

#[test]
fn a_signed_certificate_takes_the_value_of_gen_ca() {
    let text = r#"{{ $key := genPrivateKey "ecdsa" }}{{ $ca := genCAWithKey "ca" 365 $key -}}
{{ $cert := genSignedCertWithKey "cn" nil (list "b.example") 30 $ca $key }}{{ certSANs $cert.Cert }}"#;
    assert_eq!(shown(text), "[b.example]");
}

#[test]
fn ciphers_and_passwords_are_there() {
    assert_eq!(shown(r#"{{ encryptAES "k" "text" | decryptAES "k" }}"#), "text");
    let sum = shown(r#"{{ sha1sum "p" | hexdec | b64enc }}"#);
    assert_eq!(shown(r#"{{ htpasswd "u" "p" "sha" }}"#), format!("u:{{SHA}}{sum}"));
    let settings = settings(Library::ExternalSecrets, MissingKey::Error);
    assert!(render(r#"{{ htpasswd "u" "p" "sha" "x" }}"#, &Data::Nil, settings).is_err());
    assert_eq!(shown(r#"{{ bcrypt "p" | hasPrefix "$2a$10$" }}"#), "true");
}

#[test]
fn yaml_goes_there_and_back() {
    let text = r#"{{ $v := fromYaml "b: yes\na: [1, x]\nc: {d: 1.50}\n" }}{{ toYaml $v }}|{{ toJson $v }}"#;
    assert_eq!(
        shown(text),
        "a:\n- 1\n- x\nb: true\nc:\n  d: 1.5|{\"a\":[1,\"x\"],\"b\":true,\"c\":{\"d\":1.5}}"
    );
    assert_eq!(shown(r#"{{ (fromYaml "a: [").Error | hasPrefix "error converting YAML" }}"#), "true");
    assert_eq!(shown(r#"{{ fromYaml "- x" | toJson | contains "Error" }}"#), "true");
}
