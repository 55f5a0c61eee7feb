use super::*;
use crate::request::{Sink, ValueSource};

fn parse_line(line: &str) -> Invocation {
    let arguments = shlex::split(line).unwrap().into_iter().map(OsString::from).collect();
    parse(arguments, &Environment::default())
}

fn request(line: &str) -> Request {
    match parse_line(line) {
        Invocation::Run { request, .. } => *request,
        Invocation::Show(text, _) => panic!("{line}: {text}"),
        Invocation::Fail(_, failure) => panic!("{line}: {failure}"),
    }
}

fn failure(line: &str) -> (u8, String) {
    match parse_line(line) {
        Invocation::Fail(_, failure) | Invocation::Show(_, Some(failure)) => (failure.code, failure.message),
        _ => panic!("{line} is accepted"),
    }
}

fn shown(line: &str) -> String {
    match parse_line(line) {
        Invocation::Show(text, _) => text,
        _ => panic!("{line} shows nothing"),
    }
}

#[test]
fn subcommands_take_flags_behind_the_file() {
    let Request::Decrypt(decrypt) = request("decrypt f.yaml --extract '[\"a\"]' -i") else { panic!() };
    assert_eq!(decrypt.input.path, Some("f.yaml".into()));
    assert_eq!((decrypt.extract.as_str(), decrypt.sink), ("[\"a\"]", Sink::InPlace));
}

#[test]
fn the_flag_style_does_not() {
    let Invocation::Run { warnings, request, .. } = parse_line("f.yaml -d") else { panic!() };
    assert!(matches!(*request, Request::Edit(_)));
    assert_eq!(warnings.len(), 2);
    assert!(warnings[1].contains("is \"-d\", which looks like a flag"), "{warnings:?}");
}

#[test]
fn flags_of_the_root_that_a_subcommand_has_itself_do_nothing_before_it() {
    let Invocation::Run { session, request, .. } = parse_line(
        "--config c --indent 0 --mac-only-encrypted --age X --verbose --keyservice tcp://a encrypt f",
    ) else {
        panic!()
    };
    let Request::Encrypt(encrypt) = *request else { panic!() };
    assert!(encrypt.new_file.keys.is_empty() && session.key_services.is_empty() && !session.verbose);
    assert_eq!((session.config.as_str(), session.indent, session.mac_only_encrypted), ("c", Some(0), true));
    assert!(session.local_keys);
}

#[test]
fn of_several_modes_the_last_one_counts() {
    let Invocation::Run { warnings, request, .. } = parse_line("-e -d f") else { panic!() };
    assert!(matches!(*request, Request::Decrypt(_)));
    assert!(warnings[0].starts_with("More than one command"));
}

#[test]
fn the_set_flag_splits_behind_the_first_bracket_and_blank() {
    let Request::Set(set) = request(r#"--set '["a"][0] {"x": "] "}' f"#) else { panic!() };
    assert_eq!(set.index, "[\"a\"][0]");
    assert!(matches!(&set.value, ValueSource::Argument(value) if value == r#"{"x": "] "}"#));
    assert_eq!(failure("--set x f"), (7, "Invalid --set format".to_owned()));
}

#[test]
fn misuse_fails_with_the_codes_and_texts_of_sops() {
    for (line, code, text) in [
        ("", 100, "Error: no file specified"),
        ("-e", 100, "Error: no file specified"),
        ("--", 100, "Error: no file specified"),
        ("-i --output x f", 8, "Error: cannot operate on both --output and --in-place"),
        ("decrypt -i", 8, "Error: cannot use --in-place when reading from stdin"),
        ("encrypt", 8, "Error: must specify --filename-override when reading from stdin"),
        ("rotate", 100, "Error: no file specified"),
        ("edit", 100, "Error: no file specified"),
        ("filestatus", 100, "Error: no file specified"),
        ("unset f", 100, "Error: no file specified, or index is missing"),
        ("set --value-file --value-stdin f i", 1, "Error: cannot use both --value-file and --value-stdin"),
        ("exec-env f", 1, "error: missing file to decrypt"),
        ("exec-file f a b", 1, "error: missing file to decrypt"),
        (
            "exec-env --background --same-process f c",
            8,
            "Error: The --same-process flag cannot be used with --background",
        ),
        ("groups add x", 1, "error: no positional arguments allowed"),
        ("groups delete -f x", 1, "error: exactly one positional argument (index) required"),
        (
            "groups delete -f x 1x",
            1,
            "failed to parse [index] argument: strconv.ParseUint: parsing \"1x\": invalid syntax",
        ),
        ("groups foo", 3, "No help topic for 'foo'"),
        ("completion fish", 3, "No help topic for 'fish'"),
        ("help nope", 3, "No help topic for 'nope'"),
        ("--nope", 1, "flag provided but not defined: -nope"),
        ("encrypt --nope", 1, "flag provided but not defined: -nope"),
        ("publish f", 1, "error: publish is not built in yet"),
    ] {
        assert_eq!(failure(line), (code, text.to_owned()), "{line}");
    }
}

#[test]
fn usage_errors_print_help_on_standard_output() {
    assert!(shown("--nope").starts_with("Incorrect Usage. flag provided but not defined: -nope\n\nNAME:\n"));
    let text = shown("decrypt --nope");
    assert!(
        text.starts_with(
            "Incorrect Usage: flag provided but not defined: -nope\n\nNAME:\n   sops decrypt - "
        )
    );
}

#[test]
fn help_wins_over_everything_behind_it() {
    for line in ["-h", "--help f", "help", "h", "-v --help"] {
        assert!(shown(line).contains("COMMANDS:\n"), "{line}");
    }
    for line in ["help decrypt", "decrypt f -h", "decrypt --help"] {
        assert!(shown(line).starts_with("NAME:\n   sops decrypt - "), "{line}");
    }
    assert!(shown("groups help add").starts_with("NAME:\n   sops groups add - "));
    assert!(shown("groups").contains("   add      "));
}

#[test]
fn the_version_is_alone_on_the_first_line() {
    assert_eq!(shown("--version").lines().next(), Some("sops 3.13.3"));
    assert_eq!(shown("-v --disable-version-check").lines().next(), Some("sops 3.13.3"));
}

#[test]
fn completion_suggests_commands_and_flags() {
    assert!(shown("--generate-bash-completion").starts_with("completion\nexec-env\n"));
    assert_eq!(shown("groups --generate-bash-completion"), "add\ndelete\nhelp\nh\n");
    assert_eq!(shown("decrypt --in --generate-bash-completion"), "--in-place\n--input-type\n");
    assert!(shown("completion bash").contains("complete -o bashdefault"));
    assert!(shown("completion zsh").starts_with("#compdef sops\n"));
}
