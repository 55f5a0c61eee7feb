use super::*;

fn parsed(line: &str) -> Invocation {
    let words = shlex::split(line).unwrap();
    parse(std::iter::once("bulla".to_owned()).chain(words).map(OsString::from).collect())
}

fn request_of(line: &str) -> Request {
    match parsed(line) {
        Invocation::Run { request, .. } => *request,
        Invocation::Show(text, _) => panic!("{line}: {text}"),
        Invocation::Fail(_, failure) => panic!("{line}: {failure}"),
    }
}

#[test]
fn the_tree_of_commands_is_consistent() {
    Cli::command().debug_assert();
}

/// What variables hold is nobody's business on a shared screen.
#[test]
fn help_names_variables_without_their_values() {
    let commands = commands();
    let arguments = commands.iter().flat_map(Command::get_arguments);
    let mut variables = arguments.filter(|argument| argument.get_env().is_some()).peekable();
    assert!(variables.peek().is_some());
    for argument in variables {
        assert!(argument.is_hide_env_values_set(), "{}", argument.get_id());
    }
}

#[test]
fn options_about_files_of_sops_are_shown_where_there_are_such_files() {
    let help = |words: &str| match parsed(&format!("{words} --help")) {
        Invocation::Show(text, _) => text,
        _ => panic!("{words}"),
    };
    for verb in ["seal", "reseal", "keys list", "keygen", "template test"] {
        let help = help(verb);
        assert!(!help.contains("--keyservice") && !help.contains("--no-layout"), "{help}");
        assert!(help.contains("--verbose"), "{help}");
    }
    assert!(help("edit").contains("--keyservice") && help("keyservice").contains("--config"));
}

#[test]
fn options_about_files_of_sops_are_refused_where_there_are_none() {
    let options = [
        "--config f",
        "--indent 2",
        "--key-order age",
        "--keyservice unix:///s",
        "--enable-local-keyservice false",
        "--no-layout",
    ];
    assert_eq!(options.len(), ABOUT_SOPS.len());
    for (line, words) in [
        ("completion bash", "completion"),
        ("keygen", "keygen"),
        ("keys list", "keys list"),
        ("keys restore f", "keys restore"),
        ("man", "man"),
        ("reseal f --recovery-keys k", "reseal"),
        ("seal f", "seal"),
        ("template test f --data d", "template test"),
    ] {
        assert!(!matches!(parsed(&format!("--verbose {line}")), Invocation::Fail(..)), "{line}");
        for option in options {
            let name = option.split(' ').next().unwrap();
            let told = format!("{name} is about files of sops; `bulla {words}` works on none");
            for line in [format!("{option} {line}"), format!("{line} {option}")] {
                let Invocation::Fail(_, failure) = parsed(&line) else { panic!("{line}") };
                assert!(failure.code == 2 && failure.message.contains(&told), "{line}: {failure}");
            }
        }
    }
    assert!(matches!(request_of("--config f inspect g --indent 2"), Request::Inspect(_)));
}

#[test]
fn every_command_shows_an_example() {
    for command in &commands()[1..] {
        let help = command.clone().render_long_help().to_string();
        assert!(help.contains("Examples:"), "{}", command.get_name());
    }
}

#[test]
fn one_file_is_printed_and_many_are_changed_in_place() {
    assert!(matches!(request_of("decrypt f"), Request::Decrypt(Decrypt { sink: Sink::Stdout, .. })));
    assert!(matches!(request_of("decrypt f --to g"), Request::Decrypt(Decrypt { sink: Sink::File(_), .. })));
    assert!(matches!(request_of("decrypt -i f d"), Request::Many(_)));
    assert!(matches!(request_of("encrypt --age a --age b f"), Request::Encrypt(request)
        if request.new_file.keys.age == "a,b"));
    for line in ["decrypt f g", "encrypt -i", "encrypt", "updatekeys f", "nope", "set f"] {
        assert!(matches!(parsed(line), Invocation::Fail(_, Failure { code: 2, .. })), "{line}");
    }
}
