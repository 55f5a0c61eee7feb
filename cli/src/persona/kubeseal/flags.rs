//! The flags of kubeseal. Names and defaults are the interface, the help texts
//! are ours.

use super::pflag::{Flag, Kind};

const fn flag(name: &'static str, kind: Kind, help: &'static str) -> Flag {
    Flag { name, short: None, kind, from_variable: true, deprecated: None, help }
}

const fn letter(name: &'static str, short: char, kind: Kind, help: &'static str) -> Flag {
    Flag { short: Some(short), ..flag(name, kind, help) }
}

const fn log(name: &'static str, kind: Kind, help: &'static str) -> Flag {
    Flag { from_variable: false, ..flag(name, kind, help) }
}

const OFF: Kind = Kind::Bool(false);
const TEXT: Kind = Kind::Text("");
const LOG: &str = "accepted; there are no log files";

/// All flags, in the order of their names.
pub(super) const FLAGS: &[Flag] = &[
    log("add_dir_header", OFF, LOG),
    flag("allow-empty-data", OFF, "seal a Secret that has no data"),
    log("alsologtostderr", OFF, LOG),
    log("alsologtostderrthreshold", Kind::Severity, LOG),
    flag("as", TEXT, "user to act as towards the cluster"),
    flag("as-group", Kind::Array, "group to act as; repeatable"),
    flag("as-uid", TEXT, "UID to act as"),
    flag("cert", TEXT, "certificate to seal to: a file or a URL (http, https, file)"),
    flag("certificate-authority", TEXT, "file with certificates to trust the API server by"),
    flag("client-certificate", TEXT, "file with a client certificate"),
    flag("client-key", TEXT, "file with its key"),
    flag("cluster", TEXT, "cluster of the kubeconfig to use"),
    flag("context", TEXT, "context of the kubeconfig to use"),
    flag("controller-name", Kind::Text("sealed-secrets-controller"), "name of the controller's Service"),
    flag("controller-namespace", Kind::Text("kube-system"), "namespace of the controller"),
    flag("disable-compression", OFF, "accepted; answers are never compressed"),
    flag("fetch-cert", OFF, "print the certificate; with --cert a copy of it"),
    letter("format", 'o', Kind::Text("json"), "form of the result: json or yaml"),
    flag("from-file", Kind::Texts, "with --raw: file that holds the value, as [KEY=]PATH"),
    flag("help", OFF, "print this list"),
    flag("insecure-skip-tls-verify", OFF, "trust whoever answers as the API server"),
    flag("kubeconfig", TEXT, "kubeconfig to use instead of those that KUBECONFIG lists"),
    log("legacy_stderr_threshold_behavior", Kind::Bool(true), LOG),
    log("log_backtrace_at", Kind::Trace, LOG),
    log("log_dir", TEXT, LOG),
    log("log_file", TEXT, LOG),
    log("log_file_max_size", Kind::Uint, LOG),
    log("logtostderr", Kind::Bool(true), LOG),
    flag("merge-into", TEXT, "seal into this SealedSecret file; what does not change keeps its place"),
    flag("name", TEXT, "name of the Secret; needed with --raw and scope strict"),
    letter("namespace", 'n', TEXT, "namespace of the Secret; one that says another is refused"),
    log("one_output", OFF, LOG),
    flag("password", TEXT, "password of basic authentication"),
    flag("proxy-url", TEXT, "proxy to the API server: http, https or socks5"),
    flag("raw", OFF, "seal one value, from --from-file or standard input"),
    flag("re-encrypt", OFF, "seal again with the newest key of the cluster"),
    flag("recovery-private-key", Kind::Texts, "file with private keys: PEM, Secret or List; repeatable"),
    flag("recovery-unseal", OFF, "unseal with the private keys given"),
    flag(
        "request-timeout",
        Kind::Text("0"),
        "how long one request may take: seconds, or as 1m30s; 0 means for ever",
    ),
    Flag { deprecated: Some("please use --re-encrypt instead"), ..flag("rotate", OFF, "") },
    flag("scope", Kind::Scope, "strict, namespace-wide or cluster-wide"),
    letter("sealed-secret-file", 'w', TEXT, "file for the result; .yaml and .yml make it YAML"),
    letter("secret-file", 'f', TEXT, "file to read instead of standard input"),
    flag("server", TEXT, "address of the API server"),
    log("skip_headers", OFF, LOG),
    log("skip_log_headers", OFF, LOG),
    log("stderrthreshold", Kind::Severity, LOG),
    flag("tls-server-name", TEXT, "name that the API server's certificate must have"),
    flag("token", TEXT, "bearer token for the API server"),
    flag("user", TEXT, "user of the kubeconfig to use"),
    flag("username", TEXT, "user of basic authentication"),
    Flag { short: Some('v'), ..log("v", Kind::Int, LOG) },
    flag("validate", OFF, "ask the cluster whether it can unseal the input"),
    flag("version", OFF, "print the version"),
    log("vmodule", Kind::Modules, LOG),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_letters_unique() {
        assert!(FLAGS.is_sorted_by(|one, other| one.name < other.name));
        let mut letters: Vec<char> = FLAGS.iter().filter_map(|flag| flag.short).collect();
        letters.sort_unstable();
        assert_eq!(letters, ['f', 'n', 'o', 'v', 'w']);
    }
}
