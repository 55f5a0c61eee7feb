//! What several files do together, against fixtures of OpenSSL and Go.

use super::certificate::{Certificate, cert_sans};
use super::chain::filter_cert_chain;
use super::issue::{
    Pair, Subject, build_custom_cert, gen_ca, gen_ca_with_key, gen_private_key,
    gen_self_signed_cert_with_key, gen_signed_cert_with_key,
};
use super::jwk::{jwk_private_key_pem, jwk_public_key_pem};
use super::pkcs12::{full_pem_to_pkcs12, pem_to_pkcs12, pem_truststore_to_pkcs12, pkcs12_cert, pkcs12_key};
use super::rsa::rsa_decrypt;
use super::testing::Counter;
use super::{BASE64, Error, MAX_ITERATIONS, der, keys::PrivateKey, name, pem};
use base64::Engine as _;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/fixtures/crypto/", $name))
    };
}

const NOW: i64 = 1_700_000_000;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn chain() -> String {
    [fixture!("leaf.crt").as_slice(), fixture!("intermediate.crt"), fixture!("root.crt")].map(text).concat()
}

#[test]
fn key_stores_of_openssl_are_read() {
    for (password, store) in [
        ("1234", fixture!("modern.pfx").as_slice()),
        ("", fixture!("empty.pfx")),
        ("1234", fixture!("legacy.pfx")),
        ("1234", fixture!("rc2.pfx")),
        ("p\u{e4}ssword", fixture!("aes.pfx")),
        ("", fixture!("plain.pfx")),
    ] {
        assert_eq!(pkcs12_key(password, store).unwrap(), text(fixture!("leaf.p8")));
        assert_eq!(pkcs12_cert(password, store).unwrap(), chain());
        assert!(matches!(pkcs12_key("wrong", store), Err(Error::Password)));
    }
}

#[test]
fn o_02_damaged_key_stores_are_refused_without_a_word_of_them() {
    let store = fixture!("modern.pfx");
    for at in (0..store.len()).step_by(5) {
        let mut damaged = store.to_vec();
        damaged[at] ^= 0x41;
        match pkcs12_key("1234", &damaged).map_err(|error| error.to_string()) {
            Err(error) => assert!(!error.contains("1234") && error.len() < 80, "{error}"),
            // The parameters of the digest are none and not looked at.
            Ok(key) => assert_eq!(key, text(fixture!("leaf.p8"))),
        }
        assert!(pkcs12_key("1234", &store[..at]).is_err());
    }
}

#[test]
fn d_02_a_key_store_cannot_ask_for_endless_iterations() {
    // The iterations of the MAC are the last field of the store.
    let with = |count: u32| {
        let mut fields = der::sequence_of(fixture!("modern.pfx")).unwrap();
        let (version, safe) = (fields.field().unwrap().whole, fields.field().unwrap().whole);
        let mut mac = fields.sequence().unwrap();
        let (info, salt) = (mac.field().unwrap().whole, mac.field().unwrap().whole);
        der::sequence(&[version, safe, &der::sequence(&[info, salt, &der::small(count)])])
    };
    assert!(pkcs12_key("1234", &with(2048)).is_ok());
    assert!(matches!(pkcs12_key("1234", &with(2049)), Err(Error::Password)));
    assert!(matches!(pkcs12_key("1234", &with(MAX_ITERATIONS)), Err(Error::Password)));
    assert!(matches!(pkcs12_key("1234", &with(MAX_ITERATIONS + 1)), Err(Error::Iterations)));
    // An empty password is tried in two forms, which share the bound.
    assert!(matches!(pkcs12_key("", &with(MAX_ITERATIONS / 2)), Err(Error::Password)));
    assert!(matches!(pkcs12_key("", &with(MAX_ITERATIONS / 2 + 1)), Err(Error::Iterations)));
}

#[test]
fn written_key_stores_can_be_read() {
    let random = Counter::default();
    for password in ["", "1234", "p\u{e4}\u{20ac}"] {
        let chain = chain();
        let all = full_pem_to_pkcs12(&random, chain.as_bytes(), fixture!("leaf.key"), password).unwrap();
        let all = BASE64.decode(all).unwrap();
        assert_eq!(pkcs12_cert(password, &all).unwrap(), chain);
        assert_eq!(pkcs12_key(password, &all).unwrap(), text(fixture!("leaf.p8")));
        let one = pem_to_pkcs12(&random, chain.as_bytes(), fixture!("leaf.p8"), password).unwrap();
        assert_eq!(pkcs12_cert(password, &BASE64.decode(one).unwrap()).unwrap(), text(fixture!("leaf.crt")));
    }
    assert!(full_pem_to_pkcs12(&random, b"", fixture!("leaf.key"), "").is_err());
    assert!(full_pem_to_pkcs12(&random, chain().as_bytes(), b"", "").is_err());
    assert!(pem_to_pkcs12(&random, chain().as_bytes(), fixture!("leaf.key"), "\u{1f600}").is_err());
}

#[test]
fn a_trust_store_holds_no_key_and_is_as_long_as_that_of_go() {
    let store = pem_truststore_to_pkcs12(&Counter::default(), fixture!("mixed.pem"), "changeit").unwrap();
    let store = BASE64.decode(store).unwrap();
    assert!(pkcs12_key("changeit", &store).is_err());
    assert_eq!(store.len(), 2201);
}

#[test]
fn names_are_written_as_go_writes_them() {
    let (block, _) = pem::decode(fixture!("root.crt")).unwrap();
    let subject = Certificate::parse(&block.bytes).unwrap().subject;
    assert_eq!(
        name::to_text(&subject).unwrap(),
        r"CN=Root #1,O=Example\, Inc.,C=DE,1.2.840.113549.1.9.1=#0c10726f6f74406578616d706c652e636f6d"
    );
}

#[test]
fn chains_are_ordered_and_filtered() {
    let filter = |kind, input: &[u8]| filter_cert_chain(kind, input).unwrap();
    for (kind, certificate) in [
        ("leaf", fixture!("leaf.crt").as_slice()),
        ("intermediate", fixture!("intermediate.crt")),
        ("root", fixture!("root.crt")),
        ("other", b""),
    ] {
        assert_eq!(filter(kind, fixture!("mixed.pem")), text(certificate), "{kind}");
    }
    assert_eq!(filter("leaf", fixture!("root.crt")), "");
    assert_eq!(filter("intermediate", fixture!("leaf.crt")), "");
    assert_eq!(filter("root", fixture!("leaf.crt")), "");
    let disjunct = [fixture!("leaf.crt").as_slice(), fixture!("root.crt")].concat();
    assert!(matches!(filter_cert_chain("leaf", &disjunct), Err(Error::Chain(_))));
    assert!(matches!(filter_cert_chain("leaf", b""), Err(Error::Chain(_))));
}

#[test]
fn alternative_names_come_by_type() {
    let names = ["a.example.com", "*.example.com", "10.0.0.1", "2001:db8::1", "1.2.3.4"];
    let names = [&names[..], &["a@example.com", "https://example.com/x?y=1"]].concat();
    assert_eq!(cert_sans(fixture!("leaf.crt")).unwrap(), names);
    assert!(cert_sans(fixture!("root.crt")).unwrap().is_empty());
    assert!(cert_sans(fixture!("leaf.key")).is_err());
}

#[test]
fn t_damaged_certificates_do_not_panic() {
    let (block, _) = pem::decode(fixture!("leaf.crt")).unwrap();
    for at in 0..block.bytes.len() {
        for byte in [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff] {
            let mut damaged = block.bytes.clone();
            damaged[at] = byte;
            let _either = Certificate::parse(&damaged);
        }
        assert!(Certificate::parse(&block.bytes[..at]).is_err());
    }
}

#[test]
fn json_web_keys_become_pem() {
    assert_eq!(jwk_public_key_pem(fixture!("rsa-public.jwk")).unwrap(), text(fixture!("rsa.pub")));
    assert_eq!(jwk_public_key_pem(fixture!("leaf-public.jwk")).unwrap(), text(fixture!("leaf.pub")));
    assert_eq!(jwk_private_key_pem(fixture!("rsa.jwk")).unwrap(), text(fixture!("rsa.p8")));
    assert_eq!(jwk_private_key_pem(fixture!("leaf.jwk")).unwrap(), text(fixture!("leaf.p8")));
    // RFC 8037 A.1 and A.2.
    let public = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    let private = format!(r#"{{{public},"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}"#);
    let pem = jwk_public_key_pem(format!("{{{public}}}").as_bytes()).unwrap();
    assert!(pem.contains("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
    let pem = jwk_private_key_pem(private.as_bytes()).unwrap();
    assert!(pem.contains("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"));
    assert!(jwk_public_key_pem(private.as_bytes()).is_err());
    assert!(jwk_private_key_pem(format!("{{{public}}}").as_bytes()).is_err());
}

#[test]
fn json_web_keys_that_contradict_themselves_are_refused() {
    let key: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(fixture!("rsa.jwk")).unwrap();
    for member in ["d", "dp", "dq", "e", "n", "p", "q", "qi"] {
        let mut changed = key.clone();
        changed.insert(member.into(), "AAEC".into());
        assert!(jwk_private_key_pem(&serde_json::to_vec(&changed).unwrap()).is_err(), "{member}");
        changed.remove(member);
        let optional = matches!(member, "dp" | "dq" | "qi");
        assert_eq!(jwk_private_key_pem(&serde_json::to_vec(&changed).unwrap()).is_ok(), optional, "{member}");
    }
    assert!(jwk_public_key_pem(br#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#).is_err());
    assert!(jwk_public_key_pem(br#"{"kty":"oct","k":"AAAA"}"#).is_err());
    assert!(jwk_public_key_pem(b"[]").is_err());
}

#[test]
fn rsa_ciphertexts_of_openssl_are_decrypted() {
    for (hash, data) in [
        ("SHA1", fixture!("oaep-sha1.bin")),
        ("SHA256", fixture!("oaep-sha256.bin")),
        ("None", fixture!("oaep-sha256.bin")),
        ("SHA512", fixture!("oaep-sha512.bin")),
    ] {
        for key in [fixture!("rsa.key").as_slice(), fixture!("rsa.p8")] {
            assert_eq!(rsa_decrypt("RSA-OAEP", hash, data, key).unwrap(), b"hello");
        }
        assert!(rsa_decrypt("RSA-OAEP", hash, &data[1..], fixture!("rsa.key")).is_err());
        assert!(rsa_decrypt("RSA-OAEP", hash, data, fixture!("leaf.key")).is_err());
    }
    assert!(rsa_decrypt("RSA-OAEP", "SHA1", fixture!("oaep-sha256.bin"), fixture!("rsa.key")).is_err());
    assert_eq!(rsa_decrypt("None", "", b"data", b"").unwrap(), b"data");
    assert!(rsa_decrypt("RSA-PKCS1", "", b"data", b"").is_err());
}

/// The certificate of a pair, parsed.
fn parsed(pair: &Pair) -> Certificate {
    let (block, rest) = pem::decode(pair.cert.as_bytes()).unwrap();
    assert!(rest.is_empty());
    Certificate::parse(&block.bytes).unwrap()
}

#[test]
fn an_authority_signs_certificates() {
    let random = Counter::default();
    let ca = gen_ca(&random, NOW, "ca", 10).unwrap();
    assert!(ca.key.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    let subject = Subject { common_name: "a", ips: &["10.0.0.1", "::1"], names: &["a.example.com"] };
    let signed = gen_signed_cert_with_key(&random, NOW, &subject, 10, &ca, fixture!("leaf.p8")).unwrap();
    assert_eq!(signed.key, text(fixture!("leaf.key")));
    assert_eq!(parsed(&signed).authority_key_id, parsed(&ca).subject_key_id);
    assert!(parsed(&ca).is_root() && parsed(&ca).subject_key_id.is_some());
    assert_eq!(cert_sans(signed.cert.as_bytes()).unwrap(), ["a.example.com", "10.0.0.1", "::1"]);

    let other = Pair { cert: ca.cert, key: text(fixture!("rsa.key")).into() };
    let refused = gen_signed_cert_with_key(&random, NOW, &subject, 10, &other, fixture!("leaf.key"));
    assert!(matches!(refused, Err(Error::Mismatch)));
}

#[test]
fn certificates_are_valid_from_now_for_the_days_asked_for() {
    for (days, until) in [
        (1, "231115221320Z"),
        (-1, "231113221320Z"),
        (9_544, "491231221320Z"),
        (9_545, "20500101221320Z"),
        (36_525, "21231115221320Z"),
    ] {
        let pair = gen_ca_with_key(&Counter::default(), NOW, "ca", days, fixture!("leaf.key")).unwrap();
        let raw = parsed(&pair).raw;
        for time in ["231114221320Z", until] {
            assert!(raw.windows(time.len()).any(|window| window == time.as_bytes()), "{days} {time}");
        }
    }
}

#[test]
fn only_what_can_be_in_a_certificate_gets_there() {
    let issue = |subject: &Subject<'_>| {
        gen_self_signed_cert_with_key(&Counter::default(), NOW, subject, 1, fixture!("leaf.key"))
    };
    assert!(issue(&Subject::default()).is_ok());
    assert!(issue(&Subject { ips: &["10.0.0.256"], ..Subject::default() }).is_err());
    assert!(issue(&Subject { names: &["b\u{fc}cher.example"], ..Subject::default() }).is_err());
}

#[test]
fn generated_keys_have_the_forms_of_sprig() {
    for (kind, label) in [("ecdsa", "EC PRIVATE KEY"), ("ed25519", "PRIVATE KEY")] {
        let key = gen_private_key(&Counter::default(), kind).unwrap();
        assert!(key.starts_with(&format!("-----BEGIN {label}-----\n")));
        assert_eq!(PrivateKey::from_typed_pem(key.as_bytes()).unwrap().to_pem(), key);
    }
    assert_eq!(gen_private_key(&Counter::default(), "x").unwrap(), "Unknown type x");
    assert!(matches!(gen_private_key(&Counter::default(), "dsa"), Err(Error::Unsupported(_))));
}

#[test]
fn a_custom_certificate_is_checked() {
    let encode = |bytes: &[u8]| BASE64.encode(bytes).into_bytes();
    let (cert, key) = (encode(fixture!("leaf.crt")), encode(fixture!("leaf.key")));
    let pair = build_custom_cert(&cert, &key).unwrap();
    assert_eq!(
        (pair.cert.as_bytes(), pair.key.as_bytes()),
        (&fixture!("leaf.crt")[..], &fixture!("leaf.key")[..])
    );
    assert!(build_custom_cert(&key, &cert).is_err());
    assert!(build_custom_cert(b"?", &key).is_err());
}
