//! Whole files through the public interface, with a fixed data key.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod groups;
mod properties;
mod support;

use bulla_core::{DataKey, Limits};
use bulla_sops::{
    CryptError, DecryptOptions, EncryptedFile, Encryption, Indent, Layouting, Reuse, Rule, Selection, encrypt,
};
use support::{data_key, format, open, request, seal};

const VECTOR: &[u8] = include_bytes!("../../../tests/fixtures/sops/vector.enc.yaml");

fn hex(text: &str) -> [u8; 32] {
    core::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

#[test]
fn the_published_file_decrypts_to_what_sops_prints() {
    // sops.md 3.11
    let key = DataKey::new(hex("ece0b5ad3cf2da78d57a462acb6846331777d65a63c2b68c5e883575ae40e17b"));
    let limits = Limits::default();
    let file = EncryptedFile::parse(VECTOR, format("yaml"), &limits).unwrap();
    let indent = Indent::default();
    let decrypted = file.decrypt(&key, DecryptOptions::default(), &indent).unwrap();
    let text = String::from_utf8(decrypted.text(&indent, &limits).unwrap()).unwrap();
    let expected = "# top\na: hello\n\"n\":\n    # in n\n    i: 42\n    f: 1.5\n    b: true\n    z: null\n    e: \"\"\n    \
                    d: 2024-01-02T00:00:00Z\nl:\n    # in l\n    # inline\n    - x\n    - 7\np_unencrypted: plain\n";
    assert_eq!(text, expected);
}

const DOCUMENTS: &[&str] = &[
    "a: 1\n",
    "a: 1",
    "a: 1\n\n\n",
    "# top\n\na: hello # why\nb:\n  - x   # one\n  # between\n  - 'y'\n  - \"z\\t\"\n# end\n",
    "---\n# c\na: 0x1F\nb: 1.50\nc: 014\nd: 2024-01-02\ne: ~\nf: \"\"\ng: yes\n",
    "a: |\n  line 1\n  line 2\nb: |-\n    strip\nc: |+\n  keep\n\n\nd: >\n  folded\n  text\n",
    "a: &x secret\nb: *x\nc: &m {k: v, n: 1}\nd: *m\ne:\n  <<: *m\n  z: 1\n",
    "{a: 1, \"b\": [x, 'y', \"z\"], c: {d: e}}\n",
    "{a: 1}",
    "{ a: 1 , }\n",
    "{}\n",
    "---\n",
    "a: !custom x\nb: !!str 12\nc: !!binary aGVsbG8=\nd: !x {k: v}\n",
    "a: 1\n---\nb: 2\n# c\n---\n---\nc: [1, 2]\n",
    "a: 1\n...\n",
    "  a: 1\n  b:\n    c: 2\n",
    "a:   spaced   \nb:\n- x\n- - y\n  - z\n- k: v\n  l: w\n",
    "a: plain over\n  several lines\nb: \"double \\\n  folded\"\nc: 'single\n\n  quoted'\n",
    "? complex\n: value\n\"quoted key\": v\n'k': v\n",
    "a: \"emoji \u{1F600}\"\nb: \u{e9}t\u{e9}\nc: \"\\u00e9\"\n",
    "a: x\r\nb: y\r\n",
    "a:\n  b: 1\n  # trailing in a\nc: 2\n\n# far away\n",
    "list:\n  # c1\n\n  # c2\n  - a\n\n  # foot\n",
    "a: |2\n    indented\n  text\nb: |\n\n  leading blank\n",
    "x_unencrypted: |\n  keep me\ny: # comment after key\n  z: 1\n",
    "a: | # note\n  text\nb: [ # flow comment\n  1, 2 ]\n",
    "#\n# a\n#b\na: 1 #\n",
    "k: -0\nl: .inf\nm: 1e3\nn: +1\no: 1_000\np: 0b11\nq: 0o17\nr: 1.\n",
    "k: '1'\nl: \"1\"\nm: 'it''s'\nn: \"\\\"\"\n",
];

#[test]
fn every_byte_of_a_yaml_document_comes_back() {
    for document in DOCUMENTS {
        let encrypted = seal("yaml", document.as_bytes());
        let decrypted = open("yaml", &encrypted);
        assert_eq!(
            String::from_utf8_lossy(&decrypted),
            *document,
            "through {}",
            String::from_utf8_lossy(&encrypted)
        );
    }
}

#[test]
fn ordinary_documents_need_no_layout_field() {
    for document in [
        "# top\na: hello\nb:\n  - x\n  - 7\nc: |\n  multi\n  line\n",
        "a: \"quoted\"\nb: 'single'\n\nc:\n    d: true\n",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  password: \"pa ss\"\n  # comment\n  n: \"1\"\n",
    ] {
        let encrypted = String::from_utf8(seal("yaml", document.as_bytes())).unwrap();
        assert!(!encrypted.contains("layout:"), "{encrypted}");
    }
}

#[test]
fn c_02_written_nonces_have_32_bytes_and_tags_16() {
    let encrypted = String::from_utf8(seal("yaml", b"a: s3cret\nb: 1\n# comment\nc: true\n")).unwrap();
    let parts = |name: &str| -> Vec<usize> {
        let found = encrypted.match_indices(name).map(|(at, _)| &encrypted[at + name.len()..]);
        found.map(|rest| rest.find([',', ']']).unwrap()).collect()
    };
    // Base64 with padding: 44 characters are 32 bytes or 31, told apart by the padding.
    let (nonces, tags) = (parts(",iv:"), parts(",tag:"));
    assert_eq!((nonces.len(), tags.len()), (5, 5), "{encrypted}");
    assert!(nonces.iter().all(|length| *length == 44) && tags.iter().all(|length| *length == 24));
}

#[test]
fn c_06_a_missing_or_altered_mac_is_refused_without_a_digest() {
    let encrypted = String::from_utf8(seal("yaml", b"a: s3cret\nb_unencrypted: x\n")).unwrap();
    let altered = encrypted.replace("b_unencrypted: x", "b_unencrypted: y");
    let start = encrypted.find("    mac: ").unwrap();
    let end = start + encrypted[start..].find('\n').unwrap() + 1;
    let without = format!("{}{}", &encrypted[..start], &encrypted[end..]);
    for text in [altered, without] {
        let file = EncryptedFile::parse(text.as_bytes(), format("yaml"), &Limits::default()).unwrap();
        let error = file.decrypt(&data_key(), DecryptOptions::default(), &Indent::default()).err().unwrap();
        assert!(matches!(error, CryptError::Mac(_)));
        assert!(!error.to_string().contains("s3cret") && error.to_string().len() < 100);
    }
}

#[test]
fn a_comment_that_no_node_holds_is_hidden_and_comes_back() {
    let document = "a: 1\n\n# canary one\n---\n# kept\n\nb: 2 # canary two\n...\n# canary three\n";
    let encrypted = seal("yaml", document.as_bytes());
    assert!(
        !String::from_utf8_lossy(&encrypted).contains("canary"),
        "{}",
        String::from_utf8_lossy(&encrypted)
    );
    assert_eq!(String::from_utf8_lossy(&open("yaml", &encrypted)), document);
}

#[test]
fn aliases_between_plain_and_encrypted_places_are_expanded() {
    for document in [
        "x_unencrypted: &a plain\ny: *a\nz_unencrypted: *a\n",
        "x: &a secret\ny_unencrypted: *a\nz: *a\n",
        "x_unencrypted:\n    f: 1.\ny: &b {k: v}\nz_unencrypted: *b\n",
    ] {
        let encrypted = seal("yaml", document.as_bytes());
        assert_eq!(String::from_utf8_lossy(&open("yaml", &encrypted)), document);
    }
}

/// The field of the metadata, without what follows it.
fn layout_of(text: &str) -> &str {
    let start = text.find("    layout: ").unwrap();
    let end = text[start..].find('\n').unwrap();
    &text[start..=start + end]
}

#[test]
fn a_stale_forged_or_missing_layout_changes_no_data() {
    // A scalar over two lines needs a layout.
    let document = "a: plain over\n  several lines\nb: value\n";
    let encrypted = String::from_utf8(seal("yaml", document.as_bytes())).unwrap();
    // Of the same data key, for another text.
    let other = String::from_utf8(seal("yaml", b"a: plain over\n  other lines\nb: other\n")).unwrap();
    let own = layout_of(&encrypted);
    let flipped = own.replacen("data:", "data:AAAA", 1);
    let values = |text: &[u8]| {
        let limits = Limits::default();
        let file = EncryptedFile::parse(text, format("yaml"), &limits).unwrap();
        let indent = Indent::default();
        let file = file.decrypt(&data_key(), DecryptOptions::default(), &indent).unwrap();
        String::from_utf8(file.text(&indent, &limits).unwrap()).unwrap()
    };
    assert_eq!(values(encrypted.as_bytes()), document);
    for layout in [layout_of(&other), &flipped, "", "    layout: garbage\n"] {
        let text = values(encrypted.replace(own, layout).as_bytes());
        assert!(text.contains("several") && text.contains("value") && !text.contains("other"), "{text}");
    }
}

#[test]
fn a_plain_alias_of_an_encrypted_anchor_is_written_out_in_place() {
    let plain = "# kept\npw: &p   'x y'\nother:   *p   # too\nlist: [ *p, 1 ]\nb: &b\n  pw: 0x1F\n  n: 1\n\ncopy: *b\nq: &q {a: 1}\nr: *q\n";
    let (key, limits) = (data_key(), Limits::default());
    let request = Encryption {
        selection: Selection::new(Rule::EncryptedRegex, "^pw$").unwrap(),
        ..request(&key, &limits)
    };
    let yaml = format("yaml");
    let sealed =
        encrypt(plain.as_bytes(), yaml, yaml, Layouting::Keep, &mut Reuse::default(), &request).unwrap();
    assert_eq!(open("yaml", &sealed), plain.as_bytes());
    let text = String::from_utf8(sealed).unwrap();
    for visible in ["# kept\npw: &p   'ENC[", "\nother:   x y   # too\n", "\nlist: [ x y, 1 ]\n", "\nr: *q\n"]
    {
        assert!(text.contains(visible), "{visible:?} in {text}");
    }
    let layout = text.lines().find(|line| line.trim().starts_with("layout:")).unwrap();
    assert!(layout.len() < plain.len() + 160, "only the aliases travel: {layout}");
}

#[test]
fn odd_documents_of_other_formats_come_back() {
    for (name, document) in [
        ("binary", &b""[..]),
        ("binary", b"\x00\xff"),
        ("ini", b"\xf9==\n-=#\x00"),
        ("ini", b"[a]\nk = v ; c\n"),
        ("dotenv", b"A=1\nB="),
        ("json", b"{\"a\":1.50,\"b\":[]}"),
        ("json", b"{}"),
    ] {
        let encrypted = seal(name, document);
        assert_eq!(open(name, &encrypted), document, "{name}: {}", String::from_utf8_lossy(&encrypted));
    }
}

#[test]
fn no_selected_comment_stays_readable() {
    for (name, document) in [
        ("ini", "a=#canary\n"),
        ("ini", "; canary\n[s] ; canary\nk=1 ; canary\n; canary\n"),
        ("dotenv", "#canary\nA=\n"),
        ("yaml", "# canary\na: # canary\n  - ~ # canary\n# canary\n"),
        ("yaml", "a: {} # canary\n\n# canary\n---\n# canary\n"),
        ("yaml", "a: [ # canary\n  1 # canary\n  ] # canary\n# canary\n"),
    ] {
        let encrypted = seal(name, document.as_bytes());
        let text = String::from_utf8_lossy(&encrypted);
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(String::from_utf8_lossy(&open(name, &encrypted)), document);
    }
}

/// Opens with the fixed key.
fn opened<'e>(name: &str, encrypted: &'e [u8]) -> bulla_sops::DecryptedFile<'e> {
    let file = EncryptedFile::parse(encrypted, format(name), &Limits::default()).unwrap();
    file.decrypt(&data_key(), DecryptOptions::default(), &Indent::default()).unwrap()
}

/// The envelopes of a text, the MAC's aside.
fn envelopes(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let lines = text.lines().filter(|line| !line.contains("mac") && !line.contains("layout"));
    let found = lines.filter_map(|line| Some(line[line.find("ENC[")?..=line.rfind(']')?].to_owned()));
    found.collect()
}

#[test]
fn c_03_what_does_not_change_keeps_its_ciphertext_whichever_way_the_file_changes() {
    let (key, limits) = (data_key(), Limits::default());
    let step = |name: &str| bulla_sops::Step::Key(name.as_bytes().to_vec());
    for (name, plain, added) in [
        ("yaml", "a: one\nb: 'two'\nc:\n  d: three\n", "e: four\n"),
        ("json", "{\n  \"a\": \"one\",\n  \"b\": \"two\"\n}\n", ""),
        ("dotenv", "a=one\nb=two\n", "e=four\n"),
        ("ini", "[s]\na = one\nb = two\n", "e = four\n"),
    ] {
        let request = request(&key, &limits);
        let before = seal(name, plain.as_bytes());
        let old = envelopes(&before);
        let path = |last: &str| if name == "ini" { vec![step("s"), step(last)] } else { vec![step(last)] };
        let text = bulla_sops::Value::text("new");
        let set =
            bulla_sops::set(opened(name, &before), &path("z"), text, Layouting::Keep, &request).unwrap();
        let new = envelopes(&set);
        assert!(old.iter().all(|envelope| new.contains(envelope)), "{name}: set");
        assert_eq!(new.len(), old.len() + 1, "{name}: set");
        let unset = bulla_sops::unset(&opened(name, &before), &path("a"), Layouting::Keep, &request).unwrap();
        assert_eq!(envelopes(&unset), old[1..], "{name}: unset");
        let edited = format!("{}{added}", plain.replace("two", "TWO"));
        let file = opened(name, &before);
        let edited = bulla_sops::reencrypt(&file, edited.as_bytes(), Layouting::Keep, &request).unwrap();
        let kept = envelopes(&edited).into_iter().filter(|envelope| old.contains(envelope)).count();
        assert_eq!(kept, old.len() - 1, "{name}: edit");
        assert_ne!(envelopes(&edited), old, "{name}: edit");
    }
}

/// What sops prints attaches a comment to another container when it is read
/// again; sops leaves it encrypted then (sops.md 7.1).
#[test]
fn a_comment_that_was_encrypted_for_a_container_nearby_is_found() {
    let (key, limits) = (data_key(), Limits::default());
    for (plain, at, to, moved) in [
        // Out of the map before, into the map behind, from a list to the map around it.
        ("a:\n  b: 1\n  # c\n  d: 2\ne: 3\n", "  #", "e:", "a:\n  b: 1\n  d: 2\n# c\ne: 3\n"),
        ("a: 1\n# c\nb:\n  d: 2\n", "#", "  d:", "a: 1\nb:\n  # c\n  d: 2\n"),
        ("a:\n  - x\n  # c\n  - z\nb: 2\n", "  #", "b:", "a:\n  - x\n  - z\n# c\nb: 2\n"),
    ] {
        let text = String::from_utf8(seal("yaml", plain.as_bytes())).unwrap();
        let indent = moved.lines().find(|line| line.contains("# c")).unwrap().split('#').next().unwrap();
        let line = text.lines().find(|line| line.starts_with(at)).unwrap();
        let text = text.replacen(&format!("{line}\n"), "", 1);
        let place = text.find(&format!("\n{to}")).unwrap() + 1;
        let text = format!("{}{indent}{}\n{}", &text[..place], line.trim_start(), &text[place..]);
        let file = opened("yaml", text.as_bytes());
        assert_eq!(file.plain_comments, 0, "{text}");
        let decrypted = file.text(&Indent::default(), &limits).unwrap();
        assert_eq!(String::from_utf8(decrypted).unwrap(), moved);
        // Written again, it is encrypted for where it stands now.
        let request = request(&key, &limits);
        let edited = moved.replace("1\n", "one\n").replace("x\n", "one\n");
        let again = bulla_sops::reencrypt(&file, edited.as_bytes(), Layouting::Keep, &request).unwrap();
        assert!(!envelopes(&again).iter().any(|envelope| line.contains(envelope.as_str())), "{text}");
        assert_eq!(String::from_utf8(open("yaml", &again)).unwrap(), edited);
    }
    // What no container nearby opens stays as it is.
    let text = String::from_utf8(seal("yaml", b"# c\na: 1\n")).unwrap();
    let other = String::from_utf8(seal("yaml", b"far:\n  # c\n  b: 1\n")).unwrap();
    let foreign = other.lines().nth(1).unwrap().trim_start();
    let text = text.replacen(text.lines().next().unwrap(), foreign, 1);
    assert_eq!(opened("yaml", text.as_bytes()).plain_comments, 1);
}

/// What is tried for comments that no container opens is bounded for the whole
/// file: one that comes behind too many of them is not looked for.
#[test]
fn f_01_few_comments_are_tried_in_a_file_of_long_paths() {
    let keys =
        (0..100).fold(String::new(), |text, depth| text + &" ".repeat(depth) + &"k".repeat(1_000) + ":\n");
    let other = String::from_utf8(seal("yaml", b"far:\n  # c\n  b: 1\n")).unwrap();
    let foreign = other.lines().nth(1).unwrap().trim_start();
    let indent = " ".repeat(100);
    for (count, found) in [(2, 1), (20, 0)] {
        let plain = format!("{keys}{indent}a: 1\n{indent}# c\n{indent}b: 2\nz: 3\n");
        let text = String::from_utf8(seal("yaml", plain.as_bytes())).unwrap();
        // The comment moves behind its container, the foreign ones into it.
        let own = text.lines().find(|line| line.trim_start().starts_with('#')).unwrap();
        let foreign = format!("{indent}{foreign}\n").repeat(count);
        let text = text.replacen(&format!("{own}\n"), &foreign, 1);
        let text = text.replacen("\nz:", &format!("\n{}\nz:", own.trim_start()), 1);
        assert_eq!(opened("yaml", text.as_bytes()).plain_comments, count + 1 - found, "{count}");
    }
}

#[test]
fn several_documents_do_not_go_into_a_format_of_one() {
    let (key, limits) = (data_key(), Limits::default());
    let request = request(&key, &limits);
    let yaml = format("yaml");
    for name in ["json", "dotenv", "ini"] {
        let output = format(name);
        let reuse = &mut Reuse::default();
        let encrypted =
            bulla_sops::encrypt(b"a: 1\n---\nb: 2\n", yaml, output, Layouting::Keep, reuse, &request);
        let text = encrypted.unwrap_err().to_string();
        assert_eq!(text, format!("the text has 2 documents, and a file of the format {name} holds one"));
    }
}

/// As sops lays it out, an encrypted comment of a list is an item (sops.md 7.2).
#[test]
fn comments_of_lists_become_items_where_the_layout_is_that_of_sops() {
    let (key, limits) = (data_key(), Limits::default());
    let request = request(&key, &limits);
    let plain = b"l:\n  # c\n  - 1\n  - [{m: 2}] # d\nq:\n  # e\n  o: 3\n";
    let (yaml, json) = (format("yaml"), format("json"));
    let encrypted = |output, layouting| {
        let reuse = &mut Reuse::default();
        let text = bulla_sops::encrypt(plain, yaml, output, layouting, reuse, &request).unwrap();
        String::from_utf8(text).unwrap()
    };
    let text = encrypted(yaml, Layouting::Sops(Indent::default()));
    let (list, map) = text.split_once("\nq:").unwrap();
    assert_eq!((list.matches("- ENC[").count(), list.matches("#ENC[").count()), (3, 0), "{text}");
    assert_eq!(map.matches("#ENC[").count(), 1, "{text}");
    let decrypted = String::from_utf8(open("yaml", text.as_bytes())).unwrap();
    assert!(decrypted.contains("    # c\n    - 1\n") && decrypted.contains("# d"), "{decrypted}");
    assert_eq!(encrypted(yaml, Layouting::Keep).matches("#ENC[").count(), 3);
    assert_eq!(encrypted(json, Layouting::Keep).matches("type:comment").count(), 2);
}

/// In sops' tree an alias is a copy, which does not change with its anchor,
/// nor the anchor with it; under a merge key as well.
#[test]
fn aliases_of_what_changes_are_written_out_and_other_lines_stay() {
    let (key, limits) = (data_key(), Limits::default());
    let request = request(&key, &limits);
    let step = |name: &str| bulla_sops::Step::Key(name.as_bytes().to_vec());
    let rest = "# odd\nh:   0x1F\ni: 'it' # why\n";
    for (plain, path, changed, removed) in [
        (
            "a: &x old\nb: *x\nc: *x # too\n",
            vec![step("a")],
            "a: &x new\nb: old\nc: old # too\n",
            "b: old\nc: old # too\n",
        ),
        (
            "a: &x {k: old, l: 1}\nb: *x\n",
            vec![step("a"), step("k")],
            "a: &x {k: new, l: 1}\nb:\n    k: old\n    l: 1\n",
            "a: &x {l: 1}\nb:\n    k: old\n    l: 1\n",
        ),
        (
            "a: &x old\nb: &y old\nc: *y\n",
            vec![step("a")],
            "a: &x new\nb: &y old\nc: *y\n",
            "b: &y old\nc: *y\n",
        ),
        (
            "a: &x\n  k: old # it\n  l: 1\nb:\n  <<: *x\n  m: 2\nc: {<<: [*x]}\n",
            vec![step("a"), step("k")],
            "a: &x\n  k: new # it\n  l: 1\nb:\n  <<:\n    k: old # it\n    l: 1\n  m: 2\nc: {<<: [{k: old, l: 1}]}\n",
            "a: &x\n  l: 1\nb:\n  <<:\n    k: old # it\n    l: 1\n  m: 2\nc: {<<: [{k: old, l: 1}]}\n",
        ),
        (
            "a: &x {k: old, l: 1}\nb: *x\nc: *x\n",
            vec![step("b"), step("k")],
            "a: &x {k: old, l: 1}\nb:\n    k: new\n    l: 1\nc: *x\n",
            "a: &x {k: old, l: 1}\nb:\n    l: 1\nc: *x\n",
        ),
        (
            "a: &x {k: old, l: 1}\nb:\n  <<: *x\n",
            vec![step("b"), step("<<"), step("k")],
            "a: &x {k: old, l: 1}\nb:\n  <<:\n    k: new\n    l: 1\n",
            "a: &x {k: old, l: 1}\nb:\n  <<:\n    l: 1\n",
        ),
    ] {
        let plain = format!("{plain}{rest}");
        let before = seal("yaml", plain.as_bytes());
        let value = bulla_sops::Value::text("new");
        let set = bulla_sops::set(opened("yaml", &before), &path, value, Layouting::Keep, &request).unwrap();
        assert_eq!(String::from_utf8(open("yaml", &set)).unwrap(), format!("{changed}{rest}"));
        let unset = bulla_sops::unset(&opened("yaml", &before), &path, Layouting::Keep, &request).unwrap();
        assert_eq!(String::from_utf8(open("yaml", &unset)).unwrap(), format!("{removed}{rest}"));
    }
}
