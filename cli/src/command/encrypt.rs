//! `encrypt`: make an encrypted file from a plain one.

use std::path::Path;

use bulla_core::MasterKey;
use bulla_sops::rules::CreationRule;
use bulla_sops::{
    DEFAULT_SUFFIX, Encryption, Format, Layouting, Purpose, Reuse, Rule, Selection, VERSION, group,
};

use crate::app::{App, encrypting, encryption_context, format_of, master_keys, plain_text, wrapping};
use crate::error::{Exit, Failure};
use crate::request::{Encrypt, NewFile, SelectionTexts};
use crate::ui::Level;

/// How a new file will be encrypted.
pub(super) struct Plan {
    groups: Vec<Vec<MasterKey>>,
    threshold: u32,
    selection: Selection,
    mac_only_encrypted: bool,
}

/// Runs the command.
pub(super) fn run(app: &App<'_>, request: &Encrypt) -> Result<(), Failure> {
    if let Some(path) = &request.input.path {
        app.check_exists(path)?;
    }
    let name = app.judged_name(&request.input);
    let (indent, asked) = app.indent(&name)?;
    let formats = &request.input.formats;
    let input = format_of(&formats.input, &name);
    let output = format_of(&formats.output, &name);
    let plan = Plan::new(app, &name, &request.new_file, input)?;
    let path = request.input.path.as_ref().map(|path| app.absolute(path));
    let opened = app.take(path.as_deref(), &request.sink)?;
    let layouting = app.layouting(indent, asked, &formats.output);
    let text = plan.encrypt(app, &opened.bytes, input, output, layouting)?;
    app.put(&text, opened.target)
}

impl Plan {
    /// Decides how the file `name` will be encrypted: the command line goes
    /// before the creation rule.
    pub(super) fn new(
        app: &App<'_>,
        name: &Path,
        new_file: &NewFile,
        input: &'static dyn Format,
    ) -> Result<Self, Failure> {
        let loaded = app.configuration().find(app, name)?;
        let rule = match &loaded {
            Some(loaded) => loaded.creation_rule(name)?,
            None => None,
        };
        let (selection, mac_only_encrypted) = selection(app, &new_file.selection, rule, input)?;
        let groups = groups(app, new_file, rule)?;
        let threshold = if new_file.threshold == 0 {
            rule.map_or(0, |rule| rule.shamir_threshold)
        } else {
            u32::try_from(new_file.threshold).map_err(|_| bad_threshold(new_file.threshold))?
        };
        for key in groups.iter().flatten() {
            let identity = bulla_sops::keys::identity(key);
            app.ui.log("CMD", Level::Debug, "Encrypting the data key", &[("key", &identity)]);
        }
        Ok(Self { groups, threshold, selection, mac_only_encrypted })
    }

    /// Encrypts `plain`.
    pub(super) fn encrypt(
        &self,
        app: &App<'_>,
        plain: &[u8],
        input: &'static dyn Format,
        output: &'static dyn Format,
        layouting: Layouting,
    ) -> Result<Vec<u8>, Failure> {
        let random = &*app.context.random;
        let data_key =
            group::new_data_key(random).map_err(|error| Failure::new(Exit::Generic, error.to_string()))?;
        let wrapped = app.wrap(&self.groups, self.threshold, &data_key)?;
        let (groups, shamir_threshold) = wrapped.map_err(|error| {
            // What is wrong with the file itself is said first, as in sops.
            let parsed = input.parse(plain, Purpose::Plain, &app.limits);
            parsed.err().map_or_else(|| wrapping(&error), |error| plain_text(&error))
        })?;
        let encryption = Encryption {
            data_key: &data_key,
            groups,
            shamir_threshold,
            selection: self.selection.clone(),
            mac_only_encrypted: self.mac_only_encrypted,
            version: VERSION.to_owned(),
            last_modified: app.now(),
            random,
            limits: &app.limits,
        };
        bulla_sops::encrypt(plain, input, output, layouting, &mut Reuse::default(), &encryption)
            .map_err(|error| encrypting(&error))
    }
}

/// A threshold that no number of groups can have.
pub(super) fn bad_threshold(threshold: i64) -> Failure {
    Failure::new(Exit::Generic, format!("the Shamir threshold {threshold} must be between 2 and 255"))
}

fn groups(
    app: &App<'_>,
    new_file: &NewFile,
    rule: Option<&CreationRule>,
) -> Result<Vec<Vec<MasterKey>>, Failure> {
    let Some(context) = encryption_context(&new_file.aws.context) else {
        let text = "Encryption context contains a non-string value, context will not be used";
        app.ui.log("AWSKMS", Level::Warning, text, &[]);
        return Err(Failure::new(Exit::EncryptionContext, "Invalid KMS encryption context format"));
    };
    if !new_file.keys.is_empty() {
        return Ok(vec![master_keys(&new_file.keys, &new_file.aws)?]);
    }
    rule.map(|rule| rule.key_groups(&context)).ok_or_else(|| {
        Failure::new(
            Exit::Generic,
            "config file not found, or has no creation rules, and no keys provided through command line options",
        )
        .hint("name keys by a flag such as --age, or write a .sops.yaml with creation rules")
    })
}

/// The rule of the command line and that of the configuration are merged
/// field by field; at most one may be left.
fn selection(
    app: &App<'_>,
    texts: &SelectionTexts,
    rule: Option<&CreationRule>,
    input: &'static dyn Format,
) -> Result<(Selection, bool), Failure> {
    let mac_only = app.session.mac_only_encrypted || rule.is_some_and(|rule| rule.mac_only_encrypted);
    let mut rules: Vec<(Rule, &str)> = [
        (Rule::UnencryptedSuffix, &texts.unencrypted_suffix),
        (Rule::EncryptedSuffix, &texts.encrypted_suffix),
        (Rule::EncryptedRegex, &texts.encrypted_regex),
        (Rule::UnencryptedRegex, &texts.unencrypted_regex),
        (Rule::EncryptedCommentRegex, &texts.encrypted_comment_regex),
        (Rule::UnencryptedCommentRegex, &texts.unencrypted_comment_regex),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(rule, text)| (rule, text.as_str()))
    .collect();
    if let Some((rule, text)) = rule.and_then(|rule| rule.selection.as_ref())
        && !rules.iter().any(|(given, _)| given == rule)
    {
        rules.push((*rule, text));
    }
    if input.name() == "binary" {
        for (rule, _) in &rules {
            app.ui.warn(&format!(
                "{} has no effect on a binary file, which is encrypted as a whole",
                rule.field()
            ));
        }
        return Ok((Selection::everything(), false));
    }
    match rules.as_slice() {
        [] => {
            let selection = Selection::new(Rule::UnencryptedSuffix, DEFAULT_SUFFIX);
            Ok((selection.map_err(|error| Failure::new(Exit::Generic, error.to_string()))?, mac_only))
        }
        [(rule, text)] => {
            let selection = Selection::new(*rule, text);
            Ok((selection.map_err(|error| Failure::new(Exit::Generic, error.to_string()))?, mac_only))
        }
        _ => Err(Failure::new(
            Exit::Conflict,
            "Error: cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, \
             unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex in the same file",
        )),
    }
}
