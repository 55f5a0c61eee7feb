use super::*;

const FILE: &str = "\
# two objects
apiVersion: v1
kind: ConfigMap
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: app, namespace: x}
spec:
  encryptedData:
    a: AAAA # why
";

/// The text in which the first object is what `change` makes of it.
#[track_caller]
fn changed(text: &str, change: impl FnOnce(&mut SealedSecret)) -> String {
    let (place, old) = sealed_secrets(text).unwrap().remove(0);
    let mut new = old.clone();
    change(&mut new);
    rewrite(text, &[Change { place, old, new }]).unwrap()
}

fn put_b(object: &mut SealedSecret) {
    object.encrypted_data.insert("a".to_owned(), "BBBB".to_owned());
}

#[test]
fn objects_are_found_and_changed_where_they_stand() {
    let found = sealed_secrets(FILE).unwrap();
    assert_eq!((found.len(), found[0].0.document, found[0].1.metadata.name.as_str()), (1, 1, "app"));
    assert_eq!(changed(FILE, put_b), FILE.replace("AAAA", "BBBB"));
}

#[test]
fn every_part_that_an_edit_may_change_comes_and_goes() {
    let all = |object: &mut SealedSecret| {
        object.metadata.name = "b".to_owned();
        object.metadata.annotations.insert("x/y".to_owned(), "true".to_owned());
        object.encrypted_data.insert("0x1".to_owned(), "CCCC".to_owned());
        let template = &mut object.template;
        template.metadata.labels.insert("l".to_owned(), "no".to_owned());
        template.secret_type = "Opaque".to_owned();
        template.immutable = Some(true);
    };
    let expected = "\
# two objects
apiVersion: v1
kind: ConfigMap
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: b, namespace: x, annotations: {x/y: \"true\"}}
spec:
  encryptedData:
    a: AAAA # why
    \"0x1\": CCCC
  template:
    immutable: true
    metadata:
      labels:
        l: \"no\"
    type: Opaque
";
    let more = changed(FILE, all);
    assert_eq!(more, expected);
    let less = changed(&more, |object| {
        object.encrypted_data.remove("a");
        object.template.metadata.labels.clear();
        object.template.immutable = None;
    });
    let expected = expected.replace("    a: AAAA # why\n", "").replace("    immutable: true\n", "");
    assert_eq!(less, expected.replace("labels:\n        l: \"no\"", "labels: {}"));
}

#[test]
fn json_keeps_its_layout_too() {
    let text = "{\n  \"kind\": \"SealedSecret\",\n  \"spec\": {\"encryptedData\": {\"a\":\"AAAA\"}}\n}\n";
    assert_eq!(changed(text, put_b), text.replace("AAAA", "BBBB"));
    let more = changed(text, |object| {
        object.encrypted_data.insert("n".to_owned(), "CCCC".to_owned());
        object.template.immutable = Some(false);
    });
    assert!(serde_json::from_str::<serde_json::Value>(&more).is_ok(), "{more}");
    assert!(more.starts_with(&text[..text.len() - 5]), "{more}");
}

#[test]
fn every_style_is_kept_and_what_is_no_word_is_written_anew() {
    let head = "kind: SealedSecret\nspec:\n  encryptedData:";
    let set = |pairs: &[(&str, &str)]| {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        move |object: &mut SealedSecret| object.encrypted_data.extend(pairs)
    };
    let text = format!("{head} {{b: \"AA==\", a: AA==, 'c': 'AA=='}}\n");
    let new = changed(&text, set(&[("a", "BB=="), ("b", "CC=="), ("c", "DD==")]));
    assert_eq!(new, format!("{head} {{b: \"CC==\", a: BB==, 'c': 'DD=='}}\n"));
    let text = format!("{head}\n    a: !!str AAAA # x\n    b: >-\n      AA\n      AA\n    t: AAAA\n");
    let new = changed(&text, set(&[("a", "BBBB"), ("b", "CCCC"), ("t", "true"), ("new", "EEEE")]));
    assert!(new.contains("a: !!str BBBB # x\n") && new.ends_with("t: \"true\"\n    new: EEEE\n"), "{new}");
}

#[test]
fn escapes_of_json_alone_are_no_hindrance() {
    let text = "{\"kind\": \"SealedSecret\", \"a\": \"\\ud83d\\ude00\\/\", \"spec\": {\"encryptedData\": {\"a\": \"AAAA\"}}}";
    assert_eq!(changed(text, put_b), text.replace("AAAA", "BBBB"));
}

#[test]
fn what_is_not_meant_stays_whatever_leads_to_it() {
    for text in [
        "kind: List\nitems:\n- kind: SealedSecret\n  spec: {encryptedData: {a: &v AAAA}}\n- kind: Other\n  copy: *v\n",
        "kind: List\nitems:\n- kind: SealedSecret\n  spec: {encryptedData: {a: &v AAAA}}\nmetadata: {copy: *v}\n",
        "kind: SealedSecret\nspec: {encryptedData: {a: &v AAAA}}\nstatus: {copy: *v}\n",
        "kind: SealedSecret\nspec: {encryptedData: &v {a: AAAA}, template: {copy: *v}}\n",
    ] {
        let (place, old) = sealed_secrets(text).unwrap().remove(0);
        let mut new = old.clone();
        put_b(&mut new);
        let written = rewrite(text, &[Change { place, old, new }]);
        assert!(written.as_ref().is_err_and(|error| error == NOT_IN_PLACE), "{written:?}");
    }
}

#[test]
fn a_key_in_another_spelling_is_found_and_what_is_no_map_gives_way() {
    let set = |name: &'static str| {
        move |object: &mut SealedSecret| {
            object.encrypted_data.insert(name.to_owned(), "BBBB".to_owned());
        }
    };
    let head = "kind: SealedSecret\nspec:\n  encryptedData:";
    assert_eq!(changed(&format!("{head} {{y: AAAA}}\n"), set("true")), format!("{head} {{y: BBBB}}\n"));
    assert_eq!(changed(&format!("{head} \"\"\n"), set("a")), format!("{head}\n    a: BBBB\n"));
    let deep = format!("{head} {{a: AAAA}}\nx: {}{}\n", "{a: ".repeat(90), "}".repeat(90));
    assert_eq!(changed(&deep, put_b), deep.replace("AAAA", "BBBB"));
}

#[test]
fn what_is_wrong_elsewhere_hinders_nobody() {
    let text = format!("data: {{a: b, a: c}}\n---\n{FILE}");
    assert_eq!(changed(&text, put_b), text.replace("AAAA", "BBBB"));
    assert!(sealed_secrets("kind: SealedSecret\nspec: {a: b, a: c}\n").is_err());
    assert_eq!(objects(&serde_json::json!({"kind": "SecretList", "items": null})).len(), 0);
}

#[test]
fn thousands_of_values_are_replaced_in_one_pass() {
    let values = |letter| (0..20_000).map(move |number| (format!("k{number}"), format!("{letter}AAA")));
    let lines: String =
        values('A').map(|(name, value)| ["    ", &name, ": ", &value, "\n"].concat()).collect();
    let text = format!("kind: SealedSecret\nspec:\n  encryptedData:\n{lines}");
    let new = changed(&text, |object| object.encrypted_data.extend(values('B')));
    assert_eq!(new, text.replace(": A", ": B"));
}

#[test]
fn what_says_it_is_one_and_is_none_is_an_error() {
    assert!(sealed_secrets("kind: SealedSecret\nspec: 5\n").is_err());
    assert!(sealed_secrets("{{ if .x }}\nkind: SealedSecret\n").is_err());
    assert_eq!(sealed_secrets("kind: Other\n").unwrap().len(), 0);
}
