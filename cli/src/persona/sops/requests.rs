//! From a parsed subcommand to a request.

use std::ffi::OsString;
use std::path::PathBuf;

use super::commands::Verb;
use super::goflag::Values;
use super::{Call, Invocation};
use crate::error::{Exit, Failure};
use crate::go;
use crate::request::{
    Aws, Decrypt, Edit, Encrypt, ExecEnv, ExecFile, FileStatus, Formats, GroupsAdd, GroupsDelete, Input,
    KeyService, KeyTexts, NewFile, Request, Rotate, SelectionTexts, Session, Set, Sink, Unset, UpdateKeys,
    ValueSource,
};

pub(super) const IN_PLACE_STDIN: &str = "Error: cannot use --in-place when reading from stdin";
pub(super) const TWO_OUTPUTS: &str = "Error: cannot operate on both --output and --in-place";
pub(super) const NO_FILE: &str = "Error: no file specified";

/// Builds the request of a subcommand.
pub(super) fn invocation(call: Call<'_>) -> Invocation {
    let warnings = match call.verb {
        Verb::Decrypt | Verb::Edit | Verb::Encrypt | Verb::Publish | Verb::Rotate => {
            surplus(&call.positionals)
        }
        Verb::ExecEnv if call.positionals.len() == 2 && call.values.flag("background") => {
            let text = "exec-env's --background option is deprecated and will be removed in a future version of sops";
            vec![text.to_owned()]
        }
        _ => Vec::new(),
    };
    let mut session = session(call.global, call.values);
    // The one command that takes the global flag as well.
    session.verbose |= call.verb == Verb::KeyService && call.global.flag("verbose");
    match request(call) {
        Ok(request) => Invocation::Run { warnings, session, request: Box::new(request) },
        Err(failure) => Invocation::Fail(warnings, failure),
    }
}

fn request(call: Call<'_>) -> Result<Request, Failure> {
    let values = call.values;
    let mut positionals = call.positionals;
    match call.verb {
        Verb::Decrypt => decrypt(values, positionals),
        Verb::Encrypt => encrypt(values, positionals),
        Verb::Rotate => rotate(values, positionals),
        Verb::Edit => Ok(Request::Edit(Edit {
            input: input(values, Some(first(positionals)?)),
            new_file: new_file(values),
            show_keys: values.flag("show-master-keys"),
            ignore_mac: values.flag("ignore-mac"),
            needs_rule: false,
            changes_keys: false,
            sealed: None,
        })),
        Verb::Set => set(values, positionals),
        Verb::Unset => unset(values, positionals),
        Verb::FileStatus => Ok(Request::FileStatus(FileStatus {
            path: first(positionals)?,
            input_type: values.text("input-type").to_owned(),
        })),
        Verb::UpdateKeys => Ok(Request::UpdateKeys(UpdateKeys {
            paths: positionals.into_iter().map(PathBuf::from).collect(),
            yes: values.flag("yes"),
            input_type: values.text("input-type").to_owned(),
        })),
        Verb::GroupsAdd => groups_add(values, &positionals),
        Verb::GroupsDelete => groups_delete(values, &positionals),
        Verb::ExecEnv | Verb::ExecFile => {
            let (Some(command), Some(path), None) = (positionals.pop(), positionals.pop(), positionals.pop())
            else {
                return Err(Failure::new(Exit::Generic, "error: missing file to decrypt"));
            };
            exec(call.verb, values, path.into(), command)
        }
        Verb::KeyService => Ok(Request::KeyService(KeyService {
            network: values.text("network").to_owned(),
            address: values.text("address").to_owned(),
            prompt: values.flag("prompt"),
            strict: false,
            expose: false,
        })),
        _ => Err(Failure::new(Exit::Generic, "error: publish is not built in yet")),
    }
}

fn decrypt(values: &Values, positionals: Vec<OsString>) -> Result<Request, Failure> {
    let path = positionals.into_iter().next().map(PathBuf::from);
    if path.is_none() && values.flag("in-place") {
        return Err(Failure::new(Exit::Conflict, IN_PLACE_STDIN));
    }
    Ok(Request::Decrypt(Decrypt {
        sink: sink(values)?,
        input: input(values, path),
        extract: values.text("extract").to_owned(),
        ignore_mac: values.flag("ignore-mac"),
    }))
}

fn encrypt(values: &Values, positionals: Vec<OsString>) -> Result<Request, Failure> {
    let path = positionals.into_iter().next().map(PathBuf::from);
    if path.is_none() && values.flag("in-place") {
        return Err(Failure::new(Exit::Conflict, IN_PLACE_STDIN));
    }
    if path.is_none() && values.text("filename-override").is_empty() {
        let text = "Error: must specify --filename-override when reading from stdin";
        return Err(Failure::new(Exit::Conflict, text));
    }
    Ok(Request::Encrypt(Encrypt {
        sink: sink(values)?,
        input: input(values, path),
        new_file: new_file(values),
    }))
}

fn rotate(values: &Values, positionals: Vec<OsString>) -> Result<Request, Failure> {
    let path = first(positionals)?;
    Ok(Request::Rotate(Rotate {
        sink: sink(values)?,
        input: input(values, Some(path)),
        add: keys(values, "add-"),
        remove: keys(values, "rm-"),
        aws: aws(values),
        ignore_mac: values.flag("ignore-mac"),
        needs_rule: false,
    }))
}

fn set(values: &Values, positionals: Vec<OsString>) -> Result<Request, Failure> {
    let (from_file, from_stdin) = (values.flag("value-file"), values.flag("value-stdin"));
    if from_file && from_stdin {
        let text = "Error: cannot use both --value-file and --value-stdin";
        return Err(Failure::new(Exit::Generic, text));
    }
    let (count, text) = if from_stdin {
        (
            2,
            "Error: file specified, or index and value are missing. Need precisely 2 positional arguments since --value-stdin is used.",
        )
    } else {
        (
            3,
            "Error: no file specified, or index and value are missing. Need precisely 3 positional arguments.",
        )
    };
    if positionals.len() != count {
        return Err(Failure::new(Exit::NoFile, text));
    }
    let mut positionals = positionals.into_iter();
    let path = positionals.next().map(PathBuf::from);
    let index = positionals.next().map(text_of).transpose()?.unwrap_or_default();
    let value = match positionals.next() {
        None => ValueSource::Stdin,
        Some(path) if from_file => ValueSource::File(path.into()),
        Some(value) => ValueSource::Argument(text_of(value)?),
    };
    Ok(Request::Set(Set {
        input: input(values, path),
        index,
        value,
        ignore_mac: values.flag("ignore-mac"),
        idempotent: values.flag("idempotent"),
        needs_rule: false,
    }))
}

fn unset(values: &Values, positionals: Vec<OsString>) -> Result<Request, Failure> {
    let Ok([path, index]) = <[OsString; 2]>::try_from(positionals) else {
        return Err(Failure::new(Exit::NoFile, "Error: no file specified, or index is missing"));
    };
    Ok(Request::Unset(Unset {
        input: input(values, Some(path.into())),
        index: text_of(index)?,
        ignore_mac: values.flag("ignore-mac"),
        idempotent: values.flag("idempotent"),
    }))
}

fn groups_add(values: &Values, positionals: &[OsString]) -> Result<Request, Failure> {
    if !positionals.is_empty() {
        return Err(Failure::new(Exit::Generic, "error: no positional arguments allowed"));
    }
    let joined = |name: &str| values.texts(name).join(",");
    Ok(Request::GroupsAdd(GroupsAdd {
        path: values.text("file").into(),
        in_place: values.flag("in-place"),
        keys: KeyTexts {
            kms: joined("kms"),
            gcp_kms: joined("gcp-kms"),
            hckms: joined("hckms"),
            azure_kv: joined("azure-kv"),
            pgp: joined("pgp"),
            hc_vault: joined("hc-vault-transit"),
            age: joined("age"),
        },
        aws: aws(values),
        threshold: values.int("shamir-secret-sharing-threshold"),
    }))
}

fn groups_delete(values: &Values, positionals: &[OsString]) -> Result<Request, Failure> {
    let [index] = positionals else {
        let text = "error: exactly one positional argument (index) required";
        return Err(Failure::new(Exit::Generic, text));
    };
    let index = index.to_string_lossy();
    let index = index.parse().map_err(|error: core::num::ParseIntError| {
        let reason = match error.kind() {
            core::num::IntErrorKind::PosOverflow => "value out of range",
            _ => "invalid syntax",
        };
        let index = go::quote(&index);
        Failure::logged(format!(
            "failed to parse [index] argument: strconv.ParseUint: parsing {index}: {reason}"
        ))
    })?;
    Ok(Request::GroupsDelete(GroupsDelete {
        path: values.text("file").into(),
        in_place: values.flag("in-place"),
        index,
        threshold: values.int("shamir-secret-sharing-threshold"),
    }))
}

fn exec(verb: Verb, values: &Values, path: PathBuf, command: OsString) -> Result<Request, Failure> {
    let background = values.flag("background");
    let user = values.text("user").to_owned();
    if verb == Verb::ExecFile {
        return Ok(Request::ExecFile(ExecFile {
            path,
            formats: formats(values),
            command,
            background,
            no_fifo: values.flag("no-fifo"),
            filename: values.text("filename").to_owned(),
            user,
        }));
    }
    if background && values.flag("same-process") {
        let text = "Error: The --same-process flag cannot be used with --background";
        return Err(Failure::new(Exit::Conflict, text));
    }
    Ok(Request::ExecEnv(ExecEnv {
        path,
        command,
        background,
        pristine: values.flag("pristine"),
        same_process: values.flag("same-process"),
        user,
    }))
}

/// Warns of positionals that will not be used.
pub(super) fn surplus(positionals: &[OsString]) -> Vec<String> {
    let mut warnings = Vec::new();
    if positionals.len() > 1 {
        warnings
            .push("More than one positional argument provided. Only the first one will be used!".to_owned());
        let flag = positionals[1..]
            .iter()
            .rev()
            .map(|text| text.to_string_lossy())
            .find(|text| text.starts_with('-'));
        if let Some(flag) = flag {
            warnings.push(format!(
                "Note that one of the ignored positional argument is {}, which looks like a flag. \
                 Flags must always be provided before the first positional argument!",
                go::quote(&flag)
            ));
        }
    }
    warnings
}

/// What every command shares: some of it counts only before the subcommand.
pub(super) fn session(global: &Values, values: &Values) -> Session {
    Session {
        config: global.text("config").to_owned(),
        local_keys: values.flag("enable-local-keyservice"),
        key_services: values.texts("keyservice").to_vec(),
        decryption_order: values.text("decryption-order").to_owned(),
        indent: global.is_given("indent").then(|| global.int("indent")),
        mac_only_encrypted: global.flag("mac-only-encrypted"),
        no_layout: global.flag("no-layout") || values.flag("no-layout"),
        verbose: values.flag("verbose"),
    }
}

pub(super) fn first(positionals: Vec<OsString>) -> Result<PathBuf, Failure> {
    let first = positionals.into_iter().next();
    first.map(PathBuf::from).ok_or_else(|| Failure::new(Exit::NoFile, NO_FILE))
}

pub(super) fn sink(values: &Values) -> Result<Sink, Failure> {
    let output = values.text("output");
    match (values.flag("in-place"), output.is_empty()) {
        (true, false) => Err(Failure::new(Exit::Conflict, TWO_OUTPUTS)),
        (true, true) => Ok(Sink::InPlace),
        (false, false) => Ok(Sink::File(output.into())),
        (false, true) => Ok(Sink::Stdout),
    }
}

pub(super) fn input(values: &Values, path: Option<PathBuf>) -> Input {
    Input { path, filename: values.text("filename-override").to_owned(), formats: formats(values) }
}

fn formats(values: &Values) -> Formats {
    Formats { input: values.text("input-type").to_owned(), output: values.text("output-type").to_owned() }
}

pub(super) fn aws(values: &Values) -> Aws {
    Aws {
        profile: values.text("aws-profile").to_owned(),
        context: values.text("encryption-context").to_owned(),
    }
}

pub(super) fn new_file(values: &Values) -> NewFile {
    let text = |name: &str| values.text(name).to_owned();
    NewFile {
        keys: keys(values, ""),
        aws: aws(values),
        selection: SelectionTexts {
            unencrypted_suffix: text("unencrypted-suffix"),
            encrypted_suffix: text("encrypted-suffix"),
            unencrypted_regex: text("unencrypted-regex"),
            encrypted_regex: text("encrypted-regex"),
            unencrypted_comment_regex: text("unencrypted-comment-regex"),
            encrypted_comment_regex: text("encrypted-comment-regex"),
        },
        threshold: values.int("shamir-secret-sharing-threshold"),
    }
}

/// Reads the key flags with a prefix: none, `add-` or `rm-`.
pub(super) fn keys(values: &Values, prefix: &str) -> KeyTexts {
    let text = |name: &str| values.text(&format!("{prefix}{name}")).to_owned();
    KeyTexts {
        kms: text("kms"),
        gcp_kms: text("gcp-kms"),
        hckms: text("hckms"),
        azure_kv: text("azure-kv"),
        pgp: text("pgp"),
        hc_vault: text("hc-vault-transit"),
        age: text("age"),
    }
}

fn text_of(argument: OsString) -> Result<String, Failure> {
    argument.into_string().map_err(|_| Failure::new(Exit::Generic, "an argument is not valid UTF-8"))
}
