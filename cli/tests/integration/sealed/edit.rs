//! `edit` on SealedSecrets, and what else changes them where they stand.

use super::{OTHER_OBJECT, SECRET, sandbox};
use crate::sandbox::{Sandbox, good, put, read};

/// Seals `secret.yaml` into `s.yaml` and edits that with a command of the shell.
fn edit(sandbox: &Sandbox, script: &str) -> crate::sandbox::Outcome {
    put(sandbox, "editor.sh", script);
    let edit = ["edit", "s.yaml", "--recovery-keys", "main.key,other.key", "--cert", "other.crt"];
    sandbox.own(&["EDITOR=sh editor.sh", &format!("TMPDIR={}", sandbox.path().display())], &edit)
}

#[test]
fn a_sealed_secret_is_edited_as_a_secret_and_only_what_changed_is_sealed_anew() {
    let sandbox = sandbox();
    let secret = SECRET.replace("  password", "  over: \"no\"\n  lines: \"a\\nb\\n\"\n  password");
    put(&sandbox, "secret.yaml", &format!("{secret}data: {{raw: /w==}}\n"));
    good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "secret.yaml", "--to", "s.yaml"]));
    let text = format!(
        "# by hand\n{}{OTHER_OBJECT}",
        read(&sandbox, "s.yaml").replace("  template:", "  template: # t")
    );
    put(&sandbox, "s.yaml", &text);
    let script = "grep -q '  raw: /w==' $1 && grep -q 'password: hunter2' $1 || exit 1\nsed -i -e 's/hunter2/hunter3/' -e 's/^  namespace: shop/&\\n  labels: {app: db}/' -e '/over: /d' $1\necho 'type: own/type' >> $1\n";
    let outcome = edit(&sandbox, script);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let edited = read(&sandbox, "s.yaml");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let (old, new) = (lines(&text), lines(&edited));
    let gone: Vec<_> = old.difference(&new).collect();
    let come: Vec<_> = new.difference(&old).map(|line| line.trim()).collect();
    assert_eq!(gone.len(), 2, "password and over: {gone:?}");
    assert_eq!(come.len(), 4, "{come:?}");
    assert!(
        come.contains(&"type: own/type") && come.contains(&"labels:") && come.contains(&"app: db"),
        "{come:?}"
    );
    assert!(edited.starts_with("# by hand\n") && edited.ends_with(OTHER_OBJECT), "{edited}");
    let line =
        ["kubeseal", "--recovery-unseal", "--recovery-private-key", "main.key,other.key", "-f", "s.yaml"];
    let secret: serde_json::Value = serde_json::from_str(&good(&sandbox.bulla(&line))).unwrap();
    assert_eq!(
        secret["data"],
        serde_json::json!({"password": "aHVudGVyMw==", "lines": "YQpiCg==", "raw": "/w=="})
    );
    assert_eq!((&secret["type"], &secret["metadata"]["labels"]["app"]), (&"own/type".into(), &"db".into()));
    // The same text again, or one that means the same, is no change.
    for script in ["true", "echo >> $1"] {
        let outcome = edit(&sandbox, script);
        assert!(outcome.code == 0 && outcome.stderr.contains("File has not changed"), "{}", outcome.stderr);
    }
    assert_eq!(read(&sandbox, "s.yaml"), edited);
}

#[test]
fn l_05_an_edit_of_a_sealed_secret_that_fails_costs_nothing() {
    let sandbox = sandbox();
    put(&sandbox, "secret.yaml", SECRET);
    good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "secret.yaml", "--to", "s.yaml"]));
    let text = read(&sandbox, "s.yaml");
    for (script, message) in [
        ("echo 'kind: [' > $1", "the text is malformed"),
        ("echo > $1", "of 1 Secrets, 0 can be read"),
        ("sed -i s/^stringData/stringDat/ $1", "stringDat\\\" would get lost: only name,"),
        ("sed -i s/namespace:/Namespace:/ $1", "Namespace\\\" would get lost"),
        ("echo 'stringData: {a: b}' >> $1", "the name stands twice"),
        ("echo '  pin: 0123' >> $1; sed -i '/^type/d' $1", "stringData.pin has no quotes"),
        ("sed -i 's/^  name: db/  uid: u\\n&/' $1", "only name, namespace, labels,"),
        (
            "sed -i 's/^  name: db/&\\n  annotations: {a: hunter2}/; s/hunter2$/hunter2hunter2/' $1; sed -i 's/hunter2}/hunter2hunter2}/' $1",
            "holds the plaintext of item",
        ),
        ("false", "Could not run editor: exit status 1"),
    ] {
        let outcome = edit(&sandbox, script);
        assert_eq!(outcome.code, 1, "{script}");
        assert!(outcome.stderr.contains(message) && !outcome.stderr.contains("hunter"), "{}", outcome.stderr);
        assert_eq!(read(&sandbox, "s.yaml"), text);
    }
    // Somebody else wrote the file meanwhile.
    let file = sandbox.path().join("s.yaml");
    let outcome = edit(&sandbox, &format!("sed -i s/hunter2/new/ $1; echo '# more' >> {}", file.display()));
    assert_eq!(outcome.code, 1);
    let kept = outcome.stderr.lines().find_map(|line| line.strip_prefix("Your text is kept in ")).unwrap();
    let kept = kept.split(';').next().unwrap();
    assert!(std::fs::read_to_string(kept).unwrap().contains("password: new"));
    std::fs::remove_dir_all(std::path::Path::new(kept).parent().unwrap()).unwrap();
    assert_eq!(read(&sandbox, "s.yaml"), format!("{text}# more\n"));
    for line in [
        &["edit", "s.yaml"][..],
        &["edit", "s.yaml", "--recovery-keys", "main.key"],
        &["edit", "s.yaml", "--recovery-keys", "main.key", "--cert", "missing.crt"],
    ] {
        assert_eq!(sandbox.bulla(line).code, 2, "{line:?}");
    }
    let line = ["edit", "s.yaml", "--recovery-keys", "other.key", "--cert", "other.crt"];
    let outcome = sandbox.bulla(&line);
    assert!(outcome.code == 1 && outcome.stderr.contains("no key could decrypt secret (password)"));
    // The grammar of sops knows no SealedSecrets.
    assert!(sandbox.bulla(&["sops", "edit", "s.yaml"]).stderr.contains("metadata not found"));
}

#[test]
fn sealed_secrets_of_lists_are_inspected_moved_and_edited_where_they_stand() {
    let sandbox = sandbox();
    let item = SECRET.replace('\n', "\n    ").replace("# the database", "  -");
    for list in [
        format!("kind: List\nitems:\n- kind: List\n  items:\n  - kind: ConfigMap\n{}\n", item.trim_end()),
        r#"{"kind":"List","items":[{"kind":"Secret","metadata":{"name":"db","namespace":"shop"},"stringData":{"password":"hunter2"}}]}"#.to_owned(),
    ] {
        put(&sandbox, "s.yaml", &list);
        good(&sandbox.bulla(&["seal", "--cert", "valid.crt", "-i", "s.yaml"]));
        let sealed = read(&sandbox, "s.yaml").replace("ConfigMap", "ConfigMap # stays");
        put(&sandbox, "s.yaml", &sealed);
        let known = good(&sandbox.bulla(&["inspect", "s.yaml", "--recovery-keys", "main.key"]));
        assert!(known.contains("password  (opens with SHA256:"), "{known}");
        good(&sandbox.bulla(&["reseal", "--cert", "other.crt", "--recovery-keys", "main.key", "s.yaml"]));
        let moved = read(&sandbox, "s.yaml");
        let outcome = edit(&sandbox, "sed -i s/hunter2/changed/ $1");
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let edited = read(&sandbox, "s.yaml");
        for (old, new) in [(&sealed, &moved), (&moved, &edited)] {
            let lines = old.lines().zip(new.lines()).filter(|(old, new)| old != new);
            assert_eq!((lines.count(), old.lines().count()), (1, new.lines().count()), "{new}");
        }
    }
}
