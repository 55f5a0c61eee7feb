use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use bulla_core::{Random, RandomError, SecretBytes, SecretText, Timestamp};

use super::*;

const DATA_KEY: &[u8] = b"a data key of thirty-two bytes..";
const KINDS: [&str; 5] = ["rsa2048", "cv25519", "nistp256", "nistp384", "nistp521"];
const NOW: Timestamp = 1_800_000_000;
/// While `expired` was valid.
const THEN: Timestamp = 1_577_880_000;

struct Counted(AtomicUsize);

impl Random for Counted {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed) as u8);
        Ok(())
    }
}

fn random() -> Counted {
    Counted(AtomicUsize::new(0))
}

struct Broken;

impl Random for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError)
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/../../tests/fixtures/pgp/keys/{name}.asc", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn ring(names: &[&str]) -> KeyRing {
    let mut ring = KeyRing::default();
    for name in names {
        assert_eq!(ring.add(&fixture(&format!("{name}.key"))), Ok(1));
    }
    ring
}

fn nobody(_: &str) -> Result<SecretText, String> {
    Err("nobody is here".to_owned())
}

fn open(ring: &KeyRing, message: &[u8]) -> Result<Vec<u8>, NativeError> {
    ring.decrypt(message, &nobody).map(|secret| secret.expose().to_vec())
}

fn seal_at(ring: &KeyRing, name: &str, now: Timestamp) -> Result<String, NativeError> {
    ring.encrypt(name, &SecretBytes::new(DATA_KEY.to_vec()), now, &random())
}

fn seal(ring: &KeyRing, name: &str) -> Result<String, NativeError> {
    seal_at(ring, name, NOW)
}

/// A message with these packets inside, for the only key of the ring.
fn sealed_packets(ring: &KeyRing, packets: &[u8]) -> Vec<u8> {
    let certificate = ring.certificate(0);
    let recipient = usable::recipient(certificate, None, NOW).unwrap();
    seal::seal_packets(&recipient, packets, &random()).unwrap().into_bytes()
}

/// A packet of the new format with a length of four octets.
fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0xc0 | tag, 0xff][..], &(body.len() as u32).to_be_bytes(), body].concat()
}

fn literal(data: &[u8]) -> Vec<u8> {
    packet(11, &[b"b\0\0\0\0\0", data].concat())
}

fn compressed(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(vec![2], flate2::Compression::best());
    encoder.write_all(content).unwrap();
    packet(8, &encoder.finish().unwrap())
}

#[test]
fn messages_of_gpg_open_with_keys_of_every_kind() {
    let all = ring(&KINDS);
    for kind in KINDS {
        assert_eq!(open(&ring(&[kind]), &fixture(&format!("{kind}.message"))).unwrap(), DATA_KEY, "{kind}");
        assert_eq!(open(&all, &fixture(&format!("{kind}.message"))).unwrap(), DATA_KEY, "{kind}");
    }
}

#[test]
fn what_was_sealed_opens_and_never_looks_the_same() {
    for kind in KINDS {
        let ring = ring(&[kind]);
        let random = random();
        let secret = SecretBytes::new(DATA_KEY.to_vec());
        let name = format!("{kind}@example.org");
        let messages = [(); 2].map(|()| ring.encrypt(&name, &secret, NOW, &random).unwrap());
        assert_ne!(messages[0], messages[1]);
        for message in messages {
            assert!(message.starts_with("-----BEGIN PGP MESSAGE-----\n\n"), "{message}");
            assert!(message.ends_with("\n-----END PGP MESSAGE-----"), "{message}");
            assert_eq!(open(&ring, message.as_bytes()).unwrap(), DATA_KEY, "{kind}");
        }
    }
}

#[test]
fn several_blocks_and_binary_keys_are_read() {
    let mut both = fixture("cv25519.key");
    both.extend(fixture("nistp256.key"));
    let mut ring = KeyRing::default();
    assert_eq!(ring.add(&both), Ok(2));
    let blocks = armor::read(&both, &["PRIVATE KEY BLOCK"], "key").unwrap();
    let joined = [blocks[0].as_slice(), blocks[1].as_slice()].concat();
    let mut binary = KeyRing::default();
    assert_eq!(binary.add(&joined), Ok(2));
    for ring in [ring, binary] {
        assert_eq!(open(&ring, &fixture("nistp256.message")).unwrap(), DATA_KEY);
    }
}

#[test]
fn a_key_is_named_as_for_gpg() {
    let ring = ring(&["cv25519", "rsa2048"]);
    let primary = "334C663082DA29F6EB33911CBC314B1E92199045";
    let subkey = format!("{:X}", {
        use pgp::types::KeyDetails as _;
        ring.certificate(0).public_subkeys[0].key.fingerprint()
    });
    let exact = format!("{subkey}!");
    for name in [
        primary,
        &primary.to_lowercase(),
        &primary[24..],
        &primary[32..],
        &subkey,
        &exact,
        "CV25519@example.org",
    ] {
        let message = seal(&ring, name).unwrap();
        assert_eq!(open(&ring, message.as_bytes()).unwrap(), DATA_KEY, "{name}");
    }
    assert_eq!(seal(&ring, &format!("{primary}!")), Err(NativeError::Unusable(primary.to_owned())));
    for stranger in ["cv25519", "5", "45", "a@example.org", "85D77543B3D624B63CEA9E6DBC17301B491B3F21"] {
        assert_eq!(seal(&ring, stranger), Err(NativeError::NoPublicKey(stranger.to_owned())));
    }
}

#[test]
fn a_key_that_ended_decrypts_and_does_not_encrypt() {
    let expired = ring(&["expired"]);
    assert_eq!(open(&expired, &fixture("expired.message")).unwrap(), DATA_KEY);
    assert!(matches!(seal(&expired, "expired@example.org"), Err(NativeError::Expired(_))));
    assert!(seal_at(&expired, "expired@example.org", THEN).is_ok());
    let before = seal_at(&expired, "expired@example.org", THEN - 86_400);
    assert!(matches!(before, Err(NativeError::Unusable(_))), "{before:?}");
    let revoked = ring(&["revoked"]);
    assert_eq!(open(&revoked, &fixture("revoked.message")).unwrap(), DATA_KEY);
    assert!(matches!(seal(&revoked, "revoked@example.org"), Err(NativeError::Revoked(_))));
}

#[test]
fn a_passphrase_is_asked_for_once() {
    let ring = ring(&["locked"]);
    let message = fixture("locked.message");
    let asked = AtomicUsize::new(0);
    let answer = |text: &'static str| {
        let asked = &asked;
        move |prompt: &str| {
            assert!(prompt.starts_with("Enter passphrase for the OpenPGP key "), "{prompt}");
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(SecretText::new(text.to_owned()))
        }
    };
    assert!(matches!(open(&ring, &message), Err(NativeError::Locked { .. })));
    assert!(matches!(ring.decrypt(&message, &answer("wrong")), Err(NativeError::WrongPassphrase(_))));
    for _ in 0..2 {
        assert_eq!(ring.decrypt(&message, &answer("open sesame")).unwrap().expose(), DATA_KEY);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn a_message_for_others_is_told_by_their_key_ids() {
    let ring = ring(&["cv25519"]);
    let text = open(&ring, &fixture("rsa2048.message")).unwrap_err().to_string();
    let id = text.strip_prefix("no secret key ").unwrap();
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
}

#[test]
fn c_12_without_randomness_nothing_is_sealed() {
    let secret = SecretBytes::new(DATA_KEY.to_vec());
    let sealed = ring(&["cv25519"]).encrypt("cv25519@example.org", &secret, NOW, &Broken);
    assert_eq!(sealed, Err(NativeError::Random));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let ring = ring(&["cv25519"]);
    let message = armor::read(&fixture("cv25519.message"), &["MESSAGE"], "message").unwrap();
    for position in 0..message[0].len() {
        let mut changed = message[0].to_vec();
        changed[position] ^= 1 << (position % 8);
        // A bit that nothing depends on may flip: the length's encoding, the key id of a session key.
        if let Ok(opened) = open(&ring, &changed) {
            assert_eq!(opened, DATA_KEY, "{position}");
        }
    }
    for length in 0..message[0].len() {
        assert!(open(&ring, &message[0][..length]).is_err(), "{length}");
    }
}

#[test]
fn content_without_integrity_protection_is_refused() {
    let message = armor::read(&fixture("cv25519.message"), &["MESSAGE"], "message").unwrap();
    let length = usize::from(message[0][1]) + 2;
    let unprotected = [&message[0][..length], &packet(9, &[0; 60])].concat();
    assert_eq!(open(&ring(&["cv25519"]), &unprotected), Err(NativeError::NoIntegrity));
}

#[test]
fn packets_around_the_data_are_read_as_gpg_reads_them() {
    let ring = ring(&["cv25519"]);
    let mut signed = packet(4, &[3, 0, 8, 22, 1, 2, 3, 4, 5, 6, 7, 8, 1]).repeat(2000);
    signed.extend(literal(DATA_KEY));
    let mut layers = literal(DATA_KEY);
    for _ in 0..3 {
        layers = compressed(&layers);
    }
    for packets in [literal(DATA_KEY), compressed(&literal(DATA_KEY)), layers.clone(), signed] {
        assert_eq!(open(&ring, &sealed_packets(&ring, &packets)).unwrap(), DATA_KEY);
    }
    for packets in [
        compressed(&layers),
        vec![],
        literal(&[]),
        packet(8, &[]),
        packet(8, &[2, 1, 2]),
        packet(11, &[]),
        packet(1, &[3]),
        literal(DATA_KEY)[..20].to_vec(),
        compressed(&literal(&vec![0; MESSAGE_LIMIT])),
        compressed(&literal(&vec![0; 1 << 20])),
    ] {
        assert_eq!(open(&ring, &sealed_packets(&ring, &packets)), Err(NativeError::Damaged));
    }
    let bzip2 = open(&ring, &sealed_packets(&ring, &packet(8, &[3, b'B', b'Z'])));
    assert!(matches!(bzip2, Err(NativeError::Unsupported(_))), "{bzip2:?}");
}

#[test]
fn what_is_longer_than_its_limit_is_refused() {
    let ring = ring(&["cv25519"]);
    assert_eq!(open(&ring, &vec![b' '; MESSAGE_LIMIT + 1]), Err(NativeError::TooLong(MESSAGE_LIMIT)));
    let file = vec![0x99; KEY_FILE_LIMIT + 1];
    assert_eq!(KeyRing::default().add(&file), Err(NativeError::TooLong(KEY_FILE_LIMIT)));
}

#[test]
fn what_is_no_key_or_message_is_refused() {
    let age = b"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n";
    for file in [&b""[..], b"text", age, &[0xff; 100], &[0x99, 0, 1], &fixture("cv25519.message")] {
        assert_eq!(KeyRing::default().add(file), Err(NativeError::Malformed("key")), "{file:?}");
    }
    for message in [&b""[..], b"text", age, &[0xff; 100], &fixture("cv25519.key")] {
        let refused = open(&ring(&["cv25519"]), message);
        assert_eq!(refused, Err(NativeError::Malformed("message")), "{message:?}");
    }
    let mut ring = ring(&["cv25519"]);
    assert!(ring.add(b"text").is_err());
    assert_eq!(open(&ring, &fixture("cv25519.message")).unwrap(), DATA_KEY);
}
