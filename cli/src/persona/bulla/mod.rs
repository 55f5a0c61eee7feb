//! The grammar of `bulla` itself.

mod arguments;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource as Origin;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

use crate::error::{Exit, Failure};
use crate::persona::sops::Invocation;
use crate::request::{
    Action, Decrypt, Edit, Encrypt, ExecEnv, ExecFile, FileStatus, Formats, Input, Inspect, KeyService,
    Keygen, Many, NewFile, Request, Session, Set, Sink, Unset, ValueSource, Verify,
};
use arguments::{Cli, Common, Place, Verb};

/// Understands a command line, the program's name included.
pub fn parse(arguments: Vec<OsString>) -> Invocation {
    let typed = command().try_get_matches_from(arguments).and_then(|typed| {
        refuse_sops(&typed)?;
        Cli::from_arg_matches(&typed)
    });
    let cli = match typed {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            return Invocation::Fail(Vec::new(), Failure::own(2, error.to_string().trim_end().to_owned()));
        }
        Err(error) => return Invocation::Show(error.to_string(), None),
    };
    let session = session(&cli.common);
    match request(cli.verb) {
        Ok(Answer::Request(request)) => Invocation::Run { warnings: Vec::new(), session, request },
        Ok(Answer::Text(text)) => Invocation::Show(text, None),
        Err(message) => Invocation::Fail(Vec::new(), Failure::own(2, message)),
    }
}

/// The verbs that work on no file of sops, so that options about them would
/// say nothing.
const OTHERS: [&str; 7] = ["completion", "keygen", "keys", "man", "reseal", "seal", "template"];
/// Those options, by their fields.
const ABOUT_SOPS: [&str; 6] = ["config", "indent", "key_order", "key_services", "local_keys", "no_layout"];

/// Refuses what is typed about files of sops where there are none. Variables
/// may be there for other commands.
fn refuse_sops(typed: &ArgMatches) -> Result<(), clap::Error> {
    let Some((verb, mut below)) = typed.subcommand().filter(|(verb, _)| OTHERS.contains(verb)) else {
        return Ok(());
    };
    let mut words = format!("bulla {verb}");
    while let Some((verb, lower)) = below.subcommand() {
        words = format!("{words} {verb}");
        below = lower;
    }
    let is_typed = |id: &&str| below.value_source(id) == Some(Origin::CommandLine);
    let Some(id) = ABOUT_SOPS.into_iter().find(is_typed) else { return Ok(()) };
    let mut command = Cli::command();
    let option = command.get_arguments().find(|argument| argument.get_id() == id).and_then(Arg::get_long);
    let text = format!("--{} is about files of sops; `{words}` works on none", option.unwrap_or(id));
    Err(command.error(ErrorKind::ArgumentConflict, text))
}

/// The grammar.
fn command() -> Command {
    let is_other = |verb: &Command| OTHERS.contains(&verb.get_name());
    // Only the verb that is typed is built, and by then it has what all share.
    let quiet = |verb: Command| if is_other(&verb) { verb.defer(without_sops) } else { verb };
    Cli::command().term_width(100).mut_subcommands(quiet)
}

/// A verb whose help does not speak of files of sops, nor does that of those below it.
fn without_sops(verb: Command) -> Command {
    verb.mut_args(|argument: Arg| {
        let is_about_sops = ABOUT_SOPS.contains(&argument.get_id().as_str());
        if is_about_sops { argument.hide(true) } else { argument }
    })
}

/// `bulla`, its verbs and theirs, with what all share in each of them.
pub(crate) fn commands() -> Vec<Command> {
    let mut command = command();
    command.build();
    let below = |command: &Command| -> Vec<Command> {
        command.get_subcommands().filter(|verb| verb.get_name() != "help").cloned().collect()
    };
    let verbs = below(&command);
    let nested = verbs.iter().flat_map(|verb| std::iter::once(verb.clone()).chain(below(verb)));
    std::iter::once(command).chain(nested).collect()
}

/// The completion script of a shell.
pub(crate) fn completion(shell: clap_complete::Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), "bulla", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The manual pages by name: `bulla` and one for each verb.
pub(crate) fn manual() -> Vec<(String, String)> {
    let page = |command: Command| {
        let name = command.get_display_name().unwrap_or("bulla").to_owned();
        let mut text = Vec::new();
        let rendered = clap_mangen::Man::new(command).title(&name).render(&mut text);
        // A vector takes everything.
        debug_assert!(rendered.is_ok());
        (name, String::from_utf8_lossy(&text).into_owned())
    };
    commands().into_iter().map(page).collect()
}

/// Brings the exit codes of sops down to those of this grammar: 1 failed, 2
/// could not start.
pub fn exit_code(failure: &Failure) -> u8 {
    match failure.code {
        2 => 2,
        code if code == Exit::NotModified as u8 => 0,
        _ => 1,
    }
}

enum Answer {
    Request(Box<Request>),
    Text(String),
}

fn session(common: &Common) -> Session {
    Session {
        config: common.config.clone().unwrap_or_default(),
        local_keys: common.local_keys,
        key_services: common.key_services.clone(),
        decryption_order: common.key_order.join(","),
        indent: common.indent,
        no_layout: common.no_layout,
        verbose: common.verbose,
        ..Session::default()
    }
}

fn request(verb: Verb) -> Result<Answer, String> {
    let request = match verb {
        Verb::Completion { shell } => {
            return Ok(Answer::Text(completion(shell)));
        }
        Verb::Man => {
            return Ok(Answer::Text(manual().into_iter().map(|(_, page)| page).collect()));
        }
        Verb::Decrypt(verb) => decrypt(verb)?,
        Verb::Edit(verb) => Request::Edit(Edit {
            input: verb.look.input(Some(verb.path)),
            new_file: verb.new_file.into(),
            show_keys: verb.show_keys,
            sealed: Some(verb.sealed.into()),
            ..Edit::default()
        }),
        Verb::Encrypt(verb) => encrypt(verb)?,
        Verb::ExecEnv(verb) => exec_env(verb),
        Verb::ExecFile(verb) => exec_file(verb),
        Verb::FileStatus(verb) => Request::FileStatus(FileStatus {
            path: verb.path,
            input_type: verb.input_type.unwrap_or_default(),
        }),
        Verb::Groups { verb: arguments::GroupsVerb::Add(verb) } => Request::GroupsAdd((*verb).into()),
        Verb::Groups { verb: arguments::GroupsVerb::Delete(verb) } => Request::GroupsDelete(verb.into()),
        Verb::Inspect(verb) => Request::Inspect(Inspect {
            path: verb.path,
            input_type: verb.input_type.unwrap_or_default(),
            recovery_keys: verb.recovery_keys,
            certificates: verb.cert,
            report: verb.output.into(),
        }),
        Verb::KeyService(verb) => Request::KeyService(KeyService {
            network: verb.network,
            address: verb.address,
            prompt: verb.prompt,
            strict: true,
            expose: verb.expose,
        }),
        Verb::Keys { verb } => Request::Keys(verb.into()),
        Verb::Keygen(verb) => Request::Keygen(Keygen { to: verb.to, post_quantum: verb.post_quantum }),
        Verb::Reseal(verb) => Request::Reseal(verb.into()),
        Verb::Rotate(verb) => rotate(verb),
        Verb::Seal(verb) => seal(verb)?,
        Verb::Set(verb) => set(verb),
        Verb::Template { verb: arguments::TemplateVerb::Test(verb) } => template_test(verb)?,
        Verb::Unset(verb) => Request::Unset(Unset {
            input: verb.look.input(Some(verb.path)),
            index: verb.index,
            ignore_mac: false,
            idempotent: verb.idempotent,
        }),
        Verb::UpdateKeys(verb) => update_keys(verb)?,
        Verb::Verify(verb) => Request::Verify(Verify {
            paths: verb.paths,
            with_keys: verb.with_keys,
            allow_empty: verb.allow_empty,
            report: verb.output.into(),
        }),
    };
    Ok(Answer::Request(Box::new(request)))
}

fn exec_env(verb: arguments::ExecEnv) -> Request {
    Request::ExecEnv(ExecEnv {
        path: verb.path,
        command: verb.command,
        pristine: verb.pristine,
        user: verb.user.unwrap_or_default(),
        ..ExecEnv::default()
    })
}

fn exec_file(verb: arguments::ExecFile) -> Request {
    Request::ExecFile(ExecFile {
        path: verb.path,
        command: verb.command,
        no_fifo: verb.no_fifo,
        filename: verb.filename.unwrap_or_default(),
        user: verb.user.unwrap_or_default(),
        formats: Formats { output: verb.output_type.unwrap_or_default(), ..Formats::default() },
        ..ExecFile::default()
    })
}

fn rotate(verb: arguments::Rotate) -> Request {
    Request::Many(Many {
        paths: verb.many.paths,
        action: Action::Rotate {
            add: Box::new(verb.add.into()),
            remove: Box::new(verb.remove.into()),
            aws: verb.aws.into(),
        },
        dry_run: verb.many.dry_run,
        report: verb.many.output.into(),
    })
}

fn seal(verb: arguments::Seal) -> Result<Request, String> {
    place(&verb.place)?;
    let request = crate::request::Seal::from(verb);
    if !request.sources.is_empty() && !request.paths.is_empty() {
        return Err("a Secret is made of options or comes from a file, not both".to_owned());
    }
    if request.sources.is_empty() && !request.sources.secret_type.is_empty() {
        return Err("--type is for a Secret that is made of options".to_owned());
    }
    Ok(Request::Seal(request))
}

fn set(verb: arguments::Set) -> Request {
    Request::Set(Set {
        input: verb.look.input(Some(verb.path)),
        index: verb.index,
        value: match (verb.value, verb.value_file) {
            (Some(value), _) => ValueSource::Argument(value),
            (None, Some(path)) => ValueSource::File(path),
            (None, None) => ValueSource::Stdin,
        },
        ignore_mac: false,
        idempotent: verb.idempotent,
        needs_rule: false,
    })
}

fn template_test(verb: arguments::TemplateTest) -> Result<Request, String> {
    let request = crate::request::TemplateTest::from(verb);
    if request.path.is_none() && request.data.is_none() {
        return Err("only one of template and data can be standard input".to_owned());
    }
    Ok(Request::TemplateTest(request))
}

fn update_keys(verb: arguments::UpdateKeys) -> Result<Request, String> {
    if !verb.yes && !verb.many.dry_run {
        return Err("updatekeys changes who can read the files: add --yes, or --dry-run to see which".into());
    }
    Ok(Request::Many(Many {
        paths: verb.many.paths,
        action: Action::UpdateKeys,
        dry_run: verb.many.dry_run,
        report: verb.many.output.into(),
    }))
}

fn encrypt(verb: arguments::Encrypt) -> Result<Request, String> {
    let new_file: NewFile = verb.new_file.into();
    match place(&verb.place)? {
        Some(sink) => {
            let path = verb.place.paths.first().cloned();
            if path.is_none() && verb.look.name.is_none() {
                return Err("standard input needs a name to judge it by: --name FILE".to_owned());
            }
            let input = verb.look.input(path);
            Ok(Request::Encrypt(Encrypt { input, sink, new_file }))
        }
        None => Ok(many(verb.place, Action::Encrypt(Box::new(new_file)))),
    }
}

fn decrypt(verb: arguments::Decrypt) -> Result<Request, String> {
    match place(&verb.place)? {
        Some(sink) => Ok(Request::Decrypt(Decrypt {
            input: verb.look.input(verb.place.paths.first().cloned()),
            sink,
            extract: verb.extract.unwrap_or_default(),
            ignore_mac: verb.ignore_mac,
        })),
        None => Ok(many(verb.place, Action::Decrypt { ignore_mac: verb.ignore_mac })),
    }
}

/// Where the result of one file goes; `None` for many files in place.
fn place(place: &Place) -> Result<Option<Sink>, String> {
    if place.in_place {
        return if place.paths.is_empty() { Err("--in-place needs files".to_owned()) } else { Ok(None) };
    }
    if place.paths.len() > 1 {
        return Err("several files are only changed in place: add --in-place".to_owned());
    }
    Ok(Some(place.to.clone().map_or(Sink::Stdout, Sink::File)))
}

fn many(place: Place, action: Action) -> Request {
    Request::Many(Many { paths: place.paths, action, dry_run: place.dry_run, report: place.output.into() })
}

impl arguments::Look {
    fn input(self, path: Option<std::path::PathBuf>) -> Input {
        Input {
            path,
            filename: self.name.unwrap_or_default(),
            formats: Formats {
                input: self.input_type.unwrap_or_default(),
                output: self.output_type.unwrap_or_default(),
            },
        }
    }
}

impl From<arguments::NewFile> for NewFile {
    fn from(typed: arguments::NewFile) -> Self {
        let selection = crate::request::SelectionTexts {
            unencrypted_suffix: typed.unencrypted_suffix.unwrap_or_default(),
            encrypted_suffix: typed.encrypted_suffix.unwrap_or_default(),
            unencrypted_regex: typed.unencrypted_regex.unwrap_or_default(),
            encrypted_regex: typed.encrypted_regex.unwrap_or_default(),
            unencrypted_comment_regex: typed.unencrypted_comment_regex.unwrap_or_default(),
            encrypted_comment_regex: typed.encrypted_comment_regex.unwrap_or_default(),
        };
        Self { keys: typed.keys.into(), aws: typed.aws.into(), selection, threshold: typed.threshold.into() }
    }
}

#[cfg(test)]
mod tests;
