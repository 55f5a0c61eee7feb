//! Rows L and O of the security requirements through the program: files,
//! children, and what is said about failures.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::sandbox::{RECIPIENT, Sandbox, good, put, read};

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn l_01_a_link_stays_a_link_and_other_names_are_reported() {
    let sandbox = Sandbox::new();
    let path = |name: &str| sandbox.path().join(name);
    symlink("flat.yaml", path("link.yaml")).unwrap();
    good(&sandbox.sops(&["rotate", "-i", "link.yaml"]));
    assert!(path("link.yaml").symlink_metadata().unwrap().is_symlink());
    assert!(good(&sandbox.sops(&["decrypt", "flat.yaml"])).contains("USER: admin\n"));
    std::fs::hard_link(path("flat.yaml"), path("other.yaml")).unwrap();
    let outcome = sandbox.sops(&["set", "flat.yaml", "[\"USER\"]", "\"other\""]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("hard links"), "{}", outcome.stderr);
}

#[test]
fn l_03_new_files_are_private_existing_ones_keep_their_mode_and_shared_links_are_refused() {
    let sandbox = Sandbox::new();
    let path = |name: &str| sandbox.path().join(name);
    good(&sandbox.sops(&["decrypt", "--output", "new.yaml", "flat.yaml"]));
    assert_eq!(mode(&path("new.yaml")), 0o600);
    set_mode(&path("flat.yaml"), 0o640);
    good(&sandbox.sops(&["decrypt", "-i", "flat.yaml"]));
    assert_eq!(mode(&path("flat.yaml")), 0o640);
    put(&sandbox, "shared/x", "");
    set_mode(&path("shared"), 0o777);
    symlink(path("victim"), path("shared/out.yaml")).unwrap();
    put(&sandbox, "victim", "precious");
    let outcome = sandbox.sops(&["decrypt", "--output", "shared/out.yaml", "enc.yaml"]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("symbolic link in a directory that others may write to"));
    assert_eq!(read(&sandbox, "victim"), "precious");
}

#[test]
fn l_06_a_child_gets_the_values_and_nothing_odd() {
    let sandbox = Sandbox::new();
    let run = |line: &str| sandbox.run(&shlex::split(line).unwrap());
    let text = good(&run("X=outside sops exec-env flat.yaml 'echo $USER $X'"));
    assert_eq!(text, "admin outside\n");
    let text = good(&run("X=outside sops exec-env --pristine flat.yaml env"));
    assert!(
        text.contains("USER=admin\n") && !text.contains("outside") && !text.contains("AGE-SECRET"),
        "{text}"
    );
    // No value stands in an argument of anybody.
    let look = "sops exec-env flat.yaml 'cat /proc/$PPID/cmdline /proc/$$/cmdline | tr \"\\000\" \" \"'";
    let text = good(&run(look));
    assert!(text.contains("exec-env") && !text.contains("admin"), "{text}");
    for key in ["A-B", "1A", "A B", ""] {
        put(&sandbox, "names.yaml", &format!("\"{key}\": value\n"));
        good(&sandbox.sops(&["encrypt", "-i", "--age", RECIPIENT, "names.yaml"]));
        let text = good(&sandbox.sops(&["exec-env", "names.yaml", "env"]));
        assert!(!text.contains("value"), "{key:?}: {text}");
    }
    let file = "sops exec-file flat.yaml 'test -p {} && cat {}'";
    assert!(good(&run(file)).contains("USER: admin\n"));
}

#[test]
fn l_07_no_link_leads_out_of_a_directory() {
    let sandbox = Sandbox::new();
    let path = |name: &str| sandbox.path().join(name);
    let flat = read(&sandbox, "flat.yaml");
    put(&sandbox, "d/inside.yaml", &flat);
    put(&sandbox, "outside/far.yaml", &flat);
    symlink(path("flat.yaml"), path("d/link.yaml")).unwrap();
    symlink(path("outside"), path("d/folder")).unwrap();
    good(&sandbox.bulla(&["rotate", "d"]));
    assert_ne!(read(&sandbox, "d/inside.yaml"), flat);
    assert_eq!(read(&sandbox, "flat.yaml"), flat);
    assert_eq!(read(&sandbox, "outside/far.yaml"), flat);
}

#[test]
fn l_07_temporaries_of_a_killed_run_are_no_files_to_work_on() {
    let sandbox = Sandbox::new();
    let json = read(&sandbox, "enc.bin");
    let left = format!("d/.bulla-{:032x}.tmp", 5);
    put(&sandbox, &left, &json);
    put(&sandbox, "d/flat.yaml", &read(&sandbox, "flat.yaml"));
    let listed = good(&sandbox.bulla(&["rotate", "--dry-run", "d"]));
    assert_eq!(listed.lines().count(), 1, "{listed}");
    good(&sandbox.bulla(&["rotate", "d"]));
    assert!(!sandbox.path().join(left).exists(), "swept");
}

#[test]
fn o_02_parser_errors_hold_no_text_of_the_file() {
    let sandbox = Sandbox::new();
    let canary = "canary9f2c7e51";
    for (name, text) in [
        ("b.yaml", format!("a: [{canary}\nb: }}\n")),
        ("c.yaml", format!("{canary}: {canary}: x\n")),
        ("d.yaml", format!("a: \"{canary}\\q\"\n")),
        ("e.yaml", format!("a: !!int {canary}\n")),
        ("f.yaml", format!("a: *{canary}\n")),
        ("b.json", format!("{{\"a\": \"{canary}\" \"{canary}\"}}")),
        ("c.json", format!("{{\"a\": {canary}}}")),
        ("d.json", format!("{{\"a\": \"{canary}\\x\"}}")),
        ("e.json", format!("{{\"a\": 1}} {canary}")),
        ("b.ini", format!("[{canary}\n")),
        ("c.ini", format!("{canary}\n")),
        ("b.env", format!("{canary}\n")),
    ] {
        put(&sandbox, name, &text);
        for line in [
            &["encrypt", "--age", RECIPIENT, name][..],
            &["decrypt", name],
            &["rotate", "--verbose", "-i", name],
        ] {
            let outcome = sandbox.sops(line);
            assert!(!outcome.stderr.contains(canary), "{line:?}: {}", outcome.stderr);
            assert_ne!(outcome.code, 0, "{line:?}");
            assert!(outcome.stdout.is_empty(), "{line:?}");
        }
    }
}

#[test]
fn o_05_credentials_in_addresses_and_tokens_are_not_shown() {
    let sandbox = Sandbox::new();
    let line = "VAULT_TOKEN=hvs.canary9f2c VAULT_ADDR=http://user:canary9f2c@127.0.0.1:1 sops encrypt --verbose \
                --hc-vault-transit http://user:canary9f2c@127.0.0.1:1/v1/transit/keys/one plain.yaml";
    let outcome = sandbox.run(&shlex::split(line).unwrap());
    assert_ne!(outcome.code, 0);
    assert!(!outcome.stderr.contains("canary9f2c"), "{}", outcome.stderr);
}

#[test]
fn o_06_nothing_that_is_shown_holds_a_digest() {
    let sandbox = Sandbox::new();
    for line in [
        &["sops", "decrypt", "--verbose", "tampered.yaml"][..],
        &["sops", "filestatus", "flat.yaml"],
        &["inspect", "flat.yaml"],
        &["inspect", "--output", "json", "flat.yaml"],
        &["verify", "--output", "json", "flat.yaml"],
        &["rotate", "flat.yaml"],
    ] {
        let outcome = sandbox.bulla(line);
        let shown = String::from_utf8_lossy(&outcome.stdout).into_owned() + &outcome.stderr;
        let digest = shown.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() >= 32);
        assert_eq!(digest, None, "{line:?}: {shown}");
    }
}

#[test]
fn r_03_a_file_marked_read_only_fails_before_any_key_is_used() {
    let sandbox = Sandbox::new();
    let path = sandbox.path().join("flat.yaml");
    set_mode(&path, 0o444);
    let before = read(&sandbox, "flat.yaml");
    let outcome = sandbox.sops(&["set", "flat.yaml", "[\"USER\"]", "\"other\""]);
    // To root every file is writable.
    if outcome.code == 0 {
        assert_eq!(mode(&path), 0o444);
    } else {
        assert_eq!(outcome.code, 3, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("permission denied"), "{}", outcome.stderr);
        assert_eq!(read(&sandbox, "flat.yaml"), before);
    }
}

#[test]
fn l_04_vim_is_told_to_leave_no_traces() {
    let sandbox = Sandbox::new();
    put(&sandbox, "bin/vim", "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\n");
    set_mode(&sandbox.path().join("bin/vim"), 0o755);
    let words = ["sops", "edit", "flat.yaml"].map(str::to_owned);
    let editor = format!("EDITOR={}/bin/vim", sandbox.path().display());
    assert_eq!(sandbox.run(&[&[editor][..], &words].concat()).code, 200);
    let arguments = read(&sandbox, "arguments");
    let lines: Vec<&str> = arguments.lines().collect();
    assert_eq!(lines[..3], ["-n", "-i", "NONE"], "{arguments}");
    assert!(lines[4].contains("noundofile") && lines[4].contains("nobackup"), "{arguments}");
    assert!(lines.last().unwrap().ends_with("/flat.yaml"), "{arguments}");
}

#[test]
fn l_05_an_editor_that_dies_leaves_the_file_and_no_draft() {
    let sandbox = Sandbox::new();
    let runtime = sandbox.path().join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    set_mode(&runtime, 0o700);
    let before = read(&sandbox, "flat.yaml");
    for editor in
        ["sh -c \"kill -9 $$\"", "sh -c \"echo x > $0; exit 3\"", "rm", "false", "/nonexistent/editor"]
    {
        let words = ["sops", "edit", "flat.yaml"].map(str::to_owned);
        let variables = [format!("EDITOR={editor}"), format!("XDG_RUNTIME_DIR={}", runtime.display())];
        let outcome = sandbox.run(&[&variables[..], &words].concat());
        assert!(outcome.code > 0 && outcome.code != 101, "{editor}: {}", outcome.stderr);
        assert_eq!(read(&sandbox, "flat.yaml"), before, "{editor}");
        assert_eq!(std::fs::read_dir(&runtime).unwrap().count(), 0, "{editor}");
    }
    // A text that cannot be written is kept, and said where.
    let words = ["sops", "edit", "flat.yaml"].map(str::to_owned);
    let editor = "EDITOR=sh -c \"echo more: 1 >> $0; rm flat.yaml; mkdir flat.yaml\"".to_owned();
    let outcome =
        sandbox.run(&[&[editor, format!("XDG_RUNTIME_DIR={}", runtime.display())][..], &words].concat());
    assert!(outcome.code > 0 && outcome.code != 101, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Your text is kept in "), "{}", outcome.stderr);
    assert_eq!(std::fs::read_dir(&runtime).unwrap().count(), 1);
}

#[test]
fn l_05_a_text_that_grew_too_large_is_kept() {
    let sandbox = Sandbox::new();
    let runtime = sandbox.path().join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    set_mode(&runtime, 0o700);
    let before = read(&sandbox, "flat.yaml");
    let variables = [
        "EDITOR=sh -c \"seq 90000 >> $0\"",
        "BULLA_MAX_FILE_SIZE=20000",
        &format!("XDG_RUNTIME_DIR={}", runtime.display()),
    ];
    let outcome = sandbox.own(&variables, &["sops", "edit", "flat.yaml"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("larger than 20000 bytes"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Your text is kept in "), "{}", outcome.stderr);
    let kept = std::fs::read_dir(&runtime).unwrap().next().unwrap().unwrap().path().join("flat.yaml");
    assert!(std::fs::read_to_string(kept).unwrap().ends_with("\n90000\n"));
    assert_eq!(read(&sandbox, "flat.yaml"), before);
}

/// With the keys in the draft, more can fail after the editor.
#[test]
fn l_05_a_text_whose_keys_cannot_be_used_is_kept() {
    for (change, code, said) in [
        // A port where nobody listens.
        (
            "s|^sops:|&\\n    hc_vault: [{vault_address: 'http://127.0.0.1:1', engine_path: t, key_name: k, \
             created_at: '2020-01-01T00:00:00Z', enc: ''}]|",
            128,
            "cannot be reached",
        ),
        ("s|^    version: .*|    version: none|", 202, "Failed to compare document version"),
    ] {
        let sandbox = Sandbox::new();
        let runtime = sandbox.path().join("runtime");
        std::fs::create_dir(&runtime).unwrap();
        set_mode(&runtime, 0o700);
        let before = read(&sandbox, "flat.yaml");
        put(&sandbox, "change.sed", &format!("{change}\ns|admin|precious|\n"));
        let editor = format!("EDITOR=sed -i -f {}/change.sed", sandbox.path().display());
        let words = ["sops", "edit", "-s", "flat.yaml"].map(str::to_owned);
        let variables = [editor, format!("XDG_RUNTIME_DIR={}", runtime.display())];
        let outcome = sandbox.run(&[&variables[..], &words].concat());
        assert_eq!(outcome.code, code, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("Your text is kept in "), "{}", outcome.stderr);
        let kept = std::fs::read_dir(&runtime).unwrap().next().unwrap().unwrap().path().join("flat.yaml");
        assert!(std::fs::read_to_string(kept).unwrap().contains("precious"));
        assert_eq!(read(&sandbox, "flat.yaml"), before);
    }
}

#[test]
fn files_that_vanish_or_cannot_be_read_end_in_a_clear_text() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join("folder.yaml")).unwrap();
    symlink("nowhere", sandbox.path().join("dangling.yaml")).unwrap();
    symlink("loop.yaml", sandbox.path().join("loop.yaml")).unwrap();
    for name in ["folder.yaml", "dangling.yaml", "loop.yaml", "missing.yaml", "flat.yaml/below.yaml"] {
        for verb in [&["decrypt"][..], &["rotate", "-i"], &["encrypt", "-i", "--age", RECIPIENT]] {
            let outcome = sandbox.sops(&[verb, &[name]].concat());
            assert!(outcome.code > 0 && outcome.code != 101, "{name}: {}", outcome.stderr);
            assert!(outcome.stdout.is_empty() && !outcome.stderr.trim().is_empty(), "{verb:?} {name}");
        }
    }
}
