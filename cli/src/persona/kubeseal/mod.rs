//! The command line of kubeseal (`sealed-secrets.md` 4): pflag over client-go
//! and klog.

mod flags;
mod klog;
pub mod pflag;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::Path;

use bulla_core::{Context, SecretText};
use bulla_seal::Scope;

use crate::cluster::{Client, Configuration, Controller, Options};
use crate::command::sealed::{self, Form, Seal, Sink, remote};
use crate::env::KUBESEAL_VARIABLES;
use crate::error::{Exit, Failure};
use crate::ui::Ui;
use flags::FLAGS;
use pflag::{Parsed, Values};

/// The release of kubeseal whose command line this is.
const VERSION: &str = "0.36.6";

/// Understands a command line and does what it says; `arguments` are without
/// the program's name.
pub fn run(arguments: &[OsString], context: &Context, ui: &Ui) -> Result<(), Failure> {
    let usage = || pflag::usage(FLAGS);
    let say = |text: &str| {
        ui.data(text.as_bytes()).map_err(|error| Failure::new(Exit::Generic, crate::error::cause(&error)))
    };
    let values = match pflag::parse(FLAGS, arguments, &context.environment) {
        Parsed::Values(values, notices) => {
            say(&notices)?;
            values
        }
        Parsed::Help => {
            ui.say("Usage of kubeseal:");
            return say(&usage());
        }
        Parsed::Misused(message, notices) => {
            ui.say("Usage of kubeseal:");
            say(&format!("{notices}{}{message}\n", usage()))?;
            return Err(Failure::own(2, ""));
        }
    };
    if values.flag("version") {
        return say(&format!("kubeseal version: v{VERSION}\n"));
    }
    if values.flag("help") {
        return say(&format!("Usage of kubeseal:\n{}\n{}", usage(), variables()));
    }
    let call = Call { values: &values, context, ui };
    call.run().map_err(|error| Failure::new(Exit::Generic, format!("error: {error}")))
}

/// The variables, for `--help`.
fn variables() -> String {
    let width = KUBESEAL_VARIABLES.iter().map(|variable| variable.name.len()).max().unwrap_or_default();
    KUBESEAL_VARIABLES.iter().fold("Variables:\n".to_owned(), |text, variable| {
        text + &format!("  {:width$}   {}\n", variable.name, variable.purpose)
    })
}

/// One run of the program.
struct Call<'a> {
    values: &'a Values,
    context: &'a Context,
    ui: &'a Ui,
}

impl Call<'_> {
    /// The modes, in the reference's order.
    fn run(&self) -> Result<(), String> {
        let values = self.values;
        let is_raw = values.flag("raw");
        if !values.texts("from-file").is_empty() && !is_raw {
            return Err("--from-file requires --raw".to_owned());
        }
        self.check_input()?;
        let mut sink = self.sink()?;
        let keys = values.texts("recovery-private-key");
        if values.flag("recovery-unseal") {
            let input = self.input()?;
            sealed::unseal(self.context, self.ui, &input, keys, &self.form(), &mut sink)?;
            return sink.finish(self.context);
        }
        if !keys.is_empty() && std::io::stderr().is_terminal() {
            self.ui.say(
                "warning: ignoring --recovery-private-key because unseal command not chosen with --recovery-unseal",
            );
        }
        if values.flag("validate") {
            let client = self.client()?;
            return remote::validate(&self.controller(&client)?, &self.input()?);
        }
        if self.re_encrypts() {
            let client = self.client()?;
            self.re_encrypt(&self.controller(&client)?, &mut sink)?;
            return sink.finish(self.context);
        }
        let certificate = match values.text("cert") {
            "" => {
                let client = self.client()?;
                self.controller(&client)?.certificate()?
            }
            name => sealed::certificate::open(self.context, self.ui, name)?,
        };
        if values.flag("fetch-cert") {
            sink.write(self.ui, &certificate)?;
            return sink.finish(self.context);
        }
        let key = sealed::certificate::key(&certificate, self.context.clock.now())?;
        let target = values.text("merge-into");
        if !target.is_empty() {
            return sealed::merge(
                self.context,
                self.ui,
                &self.input()?,
                Path::new(target),
                &key,
                &self.seal(),
            );
        }
        if is_raw {
            let sealed = self.raw(&key)?;
            sink.write(self.ui, sealed.as_bytes())?;
        } else {
            let secrets = sealed::secrets(self.ui, &self.input()?)?;
            sealed::seal_all(self.context, self.ui, &secrets, &key, &self.seal(), &mut sink)?;
        }
        sink.finish(self.context)
    }

    fn client(&self) -> Result<Client, String> {
        Client::connect(self.context, &self.options())
    }

    fn controller<'c>(&'c self, client: &'c Client) -> Result<Controller<'c>, String> {
        let namespace = self.values.text("controller-namespace");
        Controller::find(client, namespace, self.values.text("controller-name"))
    }

    fn re_encrypts(&self) -> bool {
        self.values.flag("re-encrypt") || self.values.flag("rotate")
    }

    fn re_encrypt(&self, controller: &Controller<'_>, sink: &mut Sink) -> Result<(), String> {
        let (input, form) = (self.input()?, self.form());
        if self.values.text("sealed-secret-file").is_empty() && !self.output().is_empty() {
            return remote::re_encrypt_in_place(controller, self.ui, &input, &form, sink);
        }
        remote::re_encrypt(controller, self.ui, &input, &form, sink)
    }

    /// The flags of client-go.
    fn options(&self) -> Options {
        let text = |name| self.values.text(name).to_owned();
        let secret = |name| Some(text(name)).filter(|text| !text.is_empty()).map(SecretText::new);
        Options {
            kubeconfig: text("kubeconfig"),
            context: text("context"),
            cluster: text("cluster"),
            user: text("user"),
            namespace: self.demanded_namespace().to_owned(),
            server: text("server"),
            certificate_authority: text("certificate-authority"),
            insecure_skip_tls_verify: self.values.flag("insecure-skip-tls-verify"),
            tls_server_name: text("tls-server-name"),
            proxy_url: text("proxy-url"),
            token: secret("token"),
            username: text("username"),
            password: secret("password"),
            client_certificate: text("client-certificate"),
            client_key: text("client-key"),
            impersonate: text("as"),
            impersonate_uid: text("as-uid"),
            impersonate_groups: self.values.texts("as-group").to_vec(),
            disable_compression: self.values.flag("disable-compression"),
            request_timeout: text("request-timeout"),
        }
    }

    /// The namespace that was asked for, without the word that kubectl allows
    /// in front of it.
    fn demanded_namespace(&self) -> &str {
        let text = self.values.text("namespace");
        let rest = ["namespaces/", "namespace/", "ns/"].iter().find_map(|word| {
            let (start, rest) = text.split_at_checked(word.len())?;
            (start.eq_ignore_ascii_case(word) && !rest.is_empty()).then_some(rest)
        });
        rest.unwrap_or(text)
    }

    /// The namespace to work in where no object names one.
    fn namespace(&self) -> Result<String, String> {
        Configuration::load(&self.context.environment, &self.options())?.namespace()
    }

    fn check_input(&self) -> Result<(), String> {
        let path = self.values.text("secret-file");
        if !path.is_empty() {
            return std::fs::File::open(self.context.environment.directory().join(path))
                .map(drop)
                .map_err(|_| "Could not read file specified with --secret-file".to_owned());
        }
        if !self.values.flag("raw") && !self.values.flag("fetch-cert") && std::io::stdin().is_terminal() {
            self.ui.say("(tty detected: expecting json/yaml k8s resource in stdin)");
        }
        Ok(())
    }

    fn input(&self) -> Result<Vec<u8>, String> {
        sealed::read(self.context, self.values.text("secret-file"))
    }

    fn sink(&self) -> Result<Sink, String> {
        Sink::open(self.context, self.output())
    }

    /// The file for the result; empty means standard output. A file that is
    /// sealed again takes its own place.
    fn output(&self) -> &str {
        match self.values.text("sealed-secret-file") {
            "" if self.re_encrypts() => self.values.text("secret-file"),
            path => path,
        }
    }

    /// The form of the result; the name of the output file comes first.
    fn form(&self) -> Form {
        let path = Path::new(self.output());
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            return Form::Yaml;
        }
        Form::named(self.values.text("format"))
    }

    fn scope(&self) -> Scope {
        self.values.text("scope").parse().unwrap_or_default()
    }

    fn seal(&self) -> Seal {
        let values = self.values;
        let demanded_namespace = self.demanded_namespace().to_owned();
        // Who gives no namespace and has no kubeconfig has none: that is told
        // where one is missed.
        let default_namespace =
            if demanded_namespace.is_empty() { self.namespace().unwrap_or_default() } else { String::new() };
        Seal {
            options: bulla_seal::SealOptions {
                name: values.text("name").to_owned(),
                namespace: String::new(),
                demanded_namespace,
                default_namespace,
                scope: self.scope(),
                allow_empty: values.flag("allow-empty-data"),
            },
            form: self.form(),
        }
    }

    fn raw(&self, key: &bulla_seal::PublicKey) -> Result<String, String> {
        let values = self.values;
        let scope = self.scope();
        let name = values.text("name");
        let mut namespace = String::new();
        if scope < Scope::ClusterWide {
            namespace = self.namespace()?;
            if name.is_empty() && scope < Scope::NamespaceWide {
                return Err(format!("must provide the --name flag with --raw and --scope {scope}"));
            }
        }
        let path = match values.texts("from-file") {
            [] => {
                if std::io::stdin().is_terminal() {
                    self.ui.say("(tty detected: expecting a secret to encrypt in stdin)");
                }
                ""
            }
            [one] => one.split_once('=').map_or(one.as_str(), |(_, path)| path),
            _ => {
                return Err(
                    "must provide only one --from-file when encrypting a single item with --raw".to_owned()
                );
            }
        };
        if path.is_empty() && !values.texts("from-file").is_empty() {
            return Err("open : no such file or directory".to_owned());
        }
        let value = sealed::read(self.context, path)?;
        sealed::raw(self.context, key, &value, &scope.label(&namespace, name))
    }
}
