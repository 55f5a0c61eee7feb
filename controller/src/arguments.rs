//! The command line and its variables: those of the original, and few of our
//! own (`sealed-secrets.md` 5.1).

mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use bulla_core::Environment;
use bulla_seal::reconcile::Rules;
use bulla_seal::{KeyOrder, NewKey, Precedence, Renewal, UnsealOptions};
use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, Parser, ValueEnum, value_parser};

use self::values::{duration, number, pairs, positive, rfc1123z, seconds, truth};
use crate::http::Rate;
use crate::reconcile::{self, Reconciler};
use crate::telemetry::{Format, Log};
use crate::{env, leader};

/// The release of the original whose role this is.
pub(crate) const VERSION: &str = "0.36.6";
/// The file in which a pod finds its namespace.
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// How long certificates hold, as Go writes it.
static KEY_TTL: LazyLock<String> =
    LazyLock::new(|| bulla_template::duration_text(bulla_seal::KEY_VALIDITY * 1_000_000_000));
/// Characters that a key prefix may have, so that five more still fit a name.
const MAX_PREFIX: usize = 245;

/// What `--help` says below the flags.
const VARIABLES: &str = "\
Every flag but --help has a variable: SEALED_SECRETS_KEY_PREFIX counts where --key-prefix is not given, and is left out where it cannot be read.
POD_NAMESPACE names the namespace of the controller and its keys, KUBECONFIG a kubeconfig in place of the pod's service account.";

/// What a command line asks for.
pub(crate) enum Asked {
    /// To run.
    Run(Box<Settings>),
    /// To print a text.
    Show(String),
}

/// What the controller is to do.
pub(crate) struct Settings {
    /// Which reconcilers run.
    pub(crate) reconcilers: Vec<&'static Reconciler>,
    /// How the leader is found.
    pub(crate) election: leader::Rules,
    /// Where the keys are.
    pub(crate) namespace: String,
    /// Namespaces to look after; empty means all.
    pub(crate) namespaces: Vec<String>,
    /// Which SealedSecrets are looked after; empty means all.
    pub(crate) label_selector: String,
    /// How names of key Secrets begin.
    pub(crate) key_prefix: String,
    /// Which key is the newest.
    pub(crate) key_order: KeyOrder,
    /// When new keys are made.
    pub(crate) renewal: Renewal,
    /// How new keys are made.
    pub(crate) new_key: NewKey,
    /// How objects are unsealed.
    pub(crate) unseal: UnsealOptions,
    /// What is not written.
    pub(crate) rules: Rules,
    /// Whether Secrets are deleted with their SealedSecrets by us.
    pub(crate) old_gc_behavior: bool,
    /// Whether status is written.
    pub(crate) update_status: bool,
    /// Whether Secrets are watched.
    pub(crate) watches_secrets: bool,
    /// How often a failure is tried again quickly.
    pub(crate) quick_retries: u32,
    /// Address of the HTTP API.
    pub(crate) listen: String,
    /// Address of the metrics.
    pub(crate) listen_metrics: String,
    /// How often the HTTP API may be asked about SealedSecrets.
    pub(crate) rate: Rate,
    /// What is logged, and how.
    pub(crate) log: Log,
}

/// Unseals SealedSecrets in a Kubernetes cluster.
#[derive(Parser)]
#[command(name = "controller", disable_version_flag = true, args_override_self = true, after_help = VARIABLES, term_width = 100)]
struct Flags {
    /// Accept the deprecated whole-secret form spec.data
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", value_parser = truth)]
    accept_deprecated_v1_data: bool,
    /// Look after these namespaces and the controller's own
    #[arg(long, value_name = "LIST", default_value = "")]
    additional_namespaces: String,
    /// Look after all namespaces
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", value_parser = truth)]
    all_namespaces: bool,
    /// Take over Secrets annotated as managed or patch whatever they are, as the original does: those of other controllers, of types that give rights, of Helm
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = truth)]
    allow_adopting_any_secret: bool,
    /// Make Secrets of types that give rights to whoever makes them
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = truth)]
    allow_privileged_secret_types: bool,
    /// Which controllers run, as a list of names and roles: * (all), sealed-secrets; unsealer. Not when called as controller
    #[arg(long, value_name = "LIST")]
    controllers: Option<String>,
    /// Replace a newest key from before this time when starting (RFC 1123, numeric zone)
    #[arg(long, value_name = "TIME", default_value = "")]
    key_cutoff_time: String,
    /// Which time makes a key the newest: CertNotBefore or SecretCreationTimestamp
    #[arg(long, value_name = "TIME", default_value = "CertNotBefore")]
    key_order_priority: String,
    /// How the names of key Secrets begin
    #[arg(long, value_name = "TEXT", default_value = "sealed-secrets-key")]
    key_prefix: String,
    /// How old the newest key may become; 0 never renews
    #[arg(long, alias = "rotate-period", value_name = "DURATION", default_value = "720h0m0s", value_parser = seconds)]
    key_renew_period: i64,
    /// Bits of new keys: 2048, 3072, 4096 or 8192
    #[arg(long, value_name = "BITS", default_value_t = 4096, value_parser = number::<usize>)]
    key_size: usize,
    /// How long the certificates of new keys hold
    #[arg(long, value_name = "DURATION", default_value = KEY_TTL.as_str(), value_parser = seconds)]
    key_ttl: i64,
    /// Accepted; requests are not limited at this end
    #[arg(long, value_name = "N", default_value_t = 10, allow_hyphen_values = true, value_parser = number::<i64>)]
    kubeclient_burst: i64,
    /// Accepted; requests are not limited at this end
    #[arg(long, value_name = "N", default_value_t = 5.0, allow_hyphen_values = true)]
    kubeclient_qps: f32,
    /// Look after SealedSecrets with these labels only
    #[arg(long, value_name = "SELECTOR", default_value = "")]
    label_selector: String,
    /// Let one of several replicas work, which a Lease in the controller's namespace tells; without the right to use Leases there is a warning and no election
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", value_parser = truth)]
    leader_elect: bool,
    /// How long the other replicas wait after the leader's last sign of life
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    leader_elect_lease_duration: Duration,
    /// How long after its last renewal of the Lease the leader writes
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    leader_elect_renew_deadline: Duration,
    /// Name of the Lease
    #[arg(long, value_name = "NAME", default_value = "sealed-secrets-controller")]
    leader_elect_resource_name: String,
    /// The pause between attempts to get or to renew the Lease
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration)]
    leader_elect_retry_period: Duration,
    /// Where /healthz, /readyz, /v1/cert.pem, /v1/verify and /v1/rotate are served
    #[arg(long, value_name = "ADDRESS", default_value = ":8080")]
    listen_addr: String,
    /// Where /metrics is served
    #[arg(long, value_name = "ADDRESS", default_value = ":8081")]
    listen_metrics_addr: String,
    /// text or json
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: String,
    /// Log at level INFO to standard output
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", value_parser = truth)]
    log_info_stdout: bool,
    /// INFO, WARN or ERROR
    #[arg(long, value_name = "LEVEL", default_value = "INFO")]
    log_level: String,
    /// How often a failure is tried again quickly; later attempts come with growing pauses, without an end
    #[arg(long, value_name = "N", default_value_t = 5, allow_hyphen_values = true, value_parser = number::<i64>)]
    max_unseal_retries: i64,
    /// Common name of the certificates of new keys
    #[arg(long, value_name = "TEXT", default_value = "")]
    my_cn: String,
    /// Delete the Secret that a deleted SealedSecret controlled, instead of leaving it to the garbage collector
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = truth)]
    old_gc_behavior: bool,
    /// Annotations of new key Secrets, as K=V,K=V
    #[arg(long, value_name = "LIST", default_value = "", value_parser = pairs)]
    privatekey_annotations: BTreeMap<String, String>,
    /// Labels of new key Secrets, as K=V,K=V
    #[arg(long, value_name = "LIST", default_value = "", value_parser = pairs)]
    privatekey_labels: BTreeMap<String, String>,
    /// How many requests to /v1/verify and /v1/rotate, taken together, are answered each second
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = positive)]
    rate_limit: u32,
    /// How many of them may come at once beyond the first
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = number::<u32>)]
    rate_limit_burst: u32,
    /// Accepted; a request may take 30 seconds
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = seconds)]
    read_timeout: i64,
    /// Do not watch Secrets: deleted ones are not made again
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = truth)]
    skip_recreate: bool,
    /// Who wins where a name stands in encryptedData and in template.data
    #[arg(long, value_name = "WHO", default_value = "template")]
    template_precedence: Winner,
    /// Write the status of SealedSecrets
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", value_parser = truth)]
    update_status: bool,
    /// Print the version
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = truth)]
    version: bool,
    /// Accepted; a request may take 30 seconds
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = seconds)]
    write_timeout: i64,
    /// Accepted; key Secrets are always watched
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = truth)]
    watch_for_secrets: bool,
}

/// Who wins where a name stands twice.
#[derive(Clone, Copy, ValueEnum)]
enum Winner {
    /// encryptedData, as from release 0.37 on
    EncryptedData,
    /// template.data, as up to release 0.36
    Template,
}

/// Reads the command line over the variables of `environment`; an error says
/// what is wrong. Called as `controller` it is the original's role and no
/// other.
pub(crate) fn read(arguments: Vec<OsString>, environment: &Environment) -> Result<Asked, String> {
    let is_swapped = arguments.first().is_some_and(|name| Path::new(name).ends_with("controller"));
    let mut all = vec![OsString::from(if is_swapped { "controller" } else { "bulla-controller" })];
    all.extend(from_variables(environment));
    all.extend(arguments.into_iter().skip(1));
    let mut command = Flags::command();
    if is_swapped {
        // The original takes no notice of words that belong to no flag.
        command =
            command.arg(Arg::new("words").hide(true).num_args(0..).value_parser(value_parser!(OsString)));
    }
    let matches = match command.try_get_matches_from(all) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return Ok(Asked::Show(error.to_string())),
        Err(error) => return Err(error.to_string()),
    };
    let flags = Flags::from_arg_matches(&matches).map_err(|error| error.to_string())?;
    if flags.version {
        return Ok(Asked::Show(format!("controller version: v{VERSION}\n")));
    }
    let file = std::fs::read_to_string(NAMESPACE_FILE).unwrap_or_default();
    let namespace = [environment.text(env::NAMESPACE).unwrap_or_default(), file.trim(), "default"];
    let namespace = namespace.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    if is_swapped && flags.controllers.is_some() {
        return Err(
            "--controllers: called as controller, sealed-secrets is the only one; call it bulla-controller"
                .to_owned(),
        );
    }
    flags.settings(namespace).map(|settings| Asked::Run(Box::new(settings)))
}

/// The flags that variables set; those that cannot be read are left out, as
/// the original does.
fn from_variables(environment: &Environment) -> Vec<OsString> {
    let mut found = Vec::new();
    let variables: BTreeMap<_, _> = environment.variables().collect();
    for argument in Flags::command().get_arguments() {
        let aliases = argument.get_all_aliases().unwrap_or_default();
        for name in argument.get_long().into_iter().chain(aliases) {
            let variable = format!("{}{}", env::FLAGS, name.to_uppercase().replace('-', "_"));
            let Some(value) = variables.get(std::ffi::OsStr::new(&variable)) else { continue };
            let mut flag = OsString::from(format!("--{name}="));
            flag.push(value);
            let alone = [OsString::from("controller"), flag.clone()];
            if name != "help" && Flags::command().try_get_matches_from(alone).is_ok() {
                found.push(flag);
            }
        }
    }
    found
}

impl Flags {
    fn settings(self, namespace: &str) -> Result<Settings, String> {
        let of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=MAX_PREFIX).contains(&self.key_prefix.len()) || !self.key_prefix.bytes().all(of_name) {
            return Err(format!("--key-prefix: 1 to {MAX_PREFIX} characters of a-z, 0-9 and -"));
        }
        if ![2048, 3072, 4096, 8192].contains(&self.key_size) {
            return Err("--key-size: 2048, 3072, 4096 or 8192".to_owned());
        }
        let cutoff = match self.key_cutoff_time.as_str() {
            "" => None,
            text => Some(rfc1123z(text).ok_or("--key-cutoff-time: a time as of `date -R`")?),
        };
        let precedence = match self.template_precedence {
            Winner::EncryptedData => Precedence::Encrypted,
            Winner::Template => Precedence::Template,
        };
        let is_creation = self.key_order_priority == "SecretCreationTimestamp";
        Ok(Settings {
            reconcilers: reconcile::chosen(self.controllers.as_deref().unwrap_or("*"))?,
            election: self.election()?,
            namespace: namespace.to_owned(),
            namespaces: self.namespaces(namespace),
            key_order: if is_creation { KeyOrder::SecretCreationTimestamp } else { KeyOrder::CertNotBefore },
            renewal: Renewal { period: self.key_renew_period, cutoff },
            unseal: UnsealOptions { accepts_v1_data: self.accept_deprecated_v1_data, precedence },
            rules: Rules {
                adopts_any: self.allow_adopting_any_secret,
                allows_privileged_types: self.allow_privileged_secret_types,
                key_namespace: namespace.to_owned(),
                key_prefix: self.key_prefix.clone(),
            },
            new_key: NewKey {
                bits: self.key_size,
                validity: self.key_ttl,
                common_name: self.my_cn,
                labels: self.privatekey_labels,
                annotations: self.privatekey_annotations,
            },
            label_selector: self.label_selector,
            key_prefix: self.key_prefix,
            old_gc_behavior: self.old_gc_behavior,
            update_status: self.update_status,
            watches_secrets: !self.skip_recreate,
            quick_retries: u32::try_from(self.max_unseal_retries.max(0)).unwrap_or(u32::MAX),
            listen: self.listen_addr,
            listen_metrics: self.listen_metrics_addr,
            rate: Rate { per_second: self.rate_limit, burst: self.rate_limit_burst },
            log: Log {
                format: if self.log_format == "json" { Format::Json } else { Format::Text },
                level: self.log_level.parse().unwrap_or(tracing::Level::INFO),
                info_to_stdout: self.log_info_stdout,
            },
        })
    }

    fn election(&self) -> Result<leader::Rules, String> {
        let rules = leader::Rules {
            is_on: self.leader_elect,
            lease: self.leader_elect_resource_name.clone(),
            lasts: self.leader_elect_lease_duration,
            deadline: self.leader_elect_renew_deadline,
            retry: self.leader_elect_retry_period,
        };
        if rules.retry.is_zero() || rules.retry >= rules.deadline || rules.deadline >= rules.lasts {
            return Err("--leader-elect-retry-period must be shorter than --leader-elect-renew-deadline, and that shorter than --leader-elect-lease-duration".to_owned());
        }
        Ok(rules)
    }

    fn namespaces(&self, own: &str) -> Vec<String> {
        if self.all_namespaces && self.additional_namespaces.is_empty() {
            return Vec::new();
        }
        let mut all = vec![own.to_owned()];
        for name in self.additional_namespaces.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !all.iter().any(|known| known == name) {
                all.push(name.to_owned());
            }
        }
        all
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// The settings of a command line; an error may be a text that was asked for.
    pub(super) fn try_settings(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Settings, String> {
        try_settings_as("controller", arguments, variables)
    }

    pub(super) fn try_settings_as(
        name: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Settings, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let environment = Environment::new(variables, "/".into());
        let arguments = std::iter::once(name).chain(arguments.iter().copied());
        match read(arguments.map(OsString::from).collect(), &environment)? {
            Asked::Run(settings) => Ok(*settings),
            Asked::Show(text) => Err(text),
        }
    }

    /// The settings of a command line without variables.
    pub(crate) fn settings(arguments: &[&str]) -> Settings {
        try_settings(arguments, &[]).unwrap_or_else(|error| panic!("{error}"))
    }
}

#[cfg(test)]
mod tests;
