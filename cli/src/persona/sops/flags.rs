//! The flags of sops' commands. Lists that several commands share come
//! first; names and variables are the interface, the help texts are ours.

use super::goflag::{Flag, Kind};

const fn switch(names: &'static [&'static str], help: &'static str) -> Flag {
    Flag { names, kind: Kind::Bool, variable: None, help }
}

const fn text(names: &'static [&'static str], help: &'static str) -> Flag {
    Flag { names, kind: Kind::Text(""), variable: None, help }
}

const fn texts(names: &'static [&'static str], help: &'static str) -> Flag {
    Flag { names, kind: Kind::Texts, variable: None, help }
}

const fn variable(names: &'static [&'static str], variable: &'static str, help: &'static str) -> Flag {
    Flag { names, kind: Kind::Text(""), variable: Some(variable), help }
}

/// Where data keys are wrapped and unwrapped.
pub const KEY_SERVICES: &[Flag] = &[
    Flag {
        names: &["enable-local-keyservice"],
        kind: Kind::BoolTrue,
        variable: Some("SOPS_ENABLE_LOCAL_KEYSERVICE"),
        help: "wrap and unwrap data keys in this process",
    },
    Flag {
        names: &["keyservice"],
        kind: Kind::Texts,
        variable: Some("SOPS_KEYSERVICE"),
        help: "also ask the key service at `tcp://HOST:PORT` or `unix:///PATH`; repeatable",
    },
];

/// Which kinds of key are tried first.
pub const ORDER: &[Flag] = &[variable(
    &["decryption-order"],
    "SOPS_DECRYPTION_ORDER",
    "comma-separated kinds of key, tried in this order",
)];

/// Format of the encrypted file.
pub const INPUT_TYPE: &[Flag] =
    &[text(&["input-type"], "format of the input: yaml, json, dotenv, ini or binary (default: by its name)")];

/// Format of the result.
pub const OUTPUT_TYPE: &[Flag] = &[text(
    &["output-type"],
    "format of the result: yaml, json, dotenv, ini or binary (default: by its name)",
)];

/// Where the result goes.
pub const OUTPUT: &[Flag] = &[
    switch(&["in-place", "i"], "replace the file instead of printing the result"),
    text(&["output"], "write the result to this file"),
];

/// `-i` alone.
pub const IN_PLACE: &[Flag] =
    &[switch(&["in-place", "i"], "replace the file instead of printing the result")];

/// A name to judge the file by.
pub const FILENAME: &[Flag] =
    &[text(&["filename-override"], "choose rule and formats as if the file had this name")];

/// Leave the MAC unchecked.
pub const IGNORE_MAC: &[Flag] = &[switch(&["ignore-mac"], "do not check the MAC")];

/// Part of a file.
pub const EXTRACT: &[Flag] = &[text(&["extract"], "print only this part, for example '[\"key\"][0]'")];

/// Shamir threshold.
pub const THRESHOLD: &[Flag] = &[Flag {
    names: &["shamir-secret-sharing-threshold"],
    kind: Kind::Int,
    variable: None,
    help: "number of key groups that are needed to decrypt",
}];

/// Encryption context of AWS KMS.
pub const CONTEXT: &[Flag] =
    &[text(&["encryption-context"], "comma-separated key:value pairs for AWS KMS keys")];

/// AWS profile.
pub const AWS_PROFILE: &[Flag] = &[text(&["aws-profile"], "profile for requests to AWS")];

/// Master keys of a new file.
pub const KEYS: &[Flag] = &[
    variable(&["kms", "k"], "SOPS_KMS_ARN", "comma-separated ARNs of AWS KMS keys"),
    variable(&["gcp-kms"], "SOPS_GCP_KMS_IDS", "comma-separated resource ids of GCP KMS keys"),
    variable(&["hckms"], "SOPS_HUAWEICLOUD_KMS_IDS", "comma-separated Huawei Cloud KMS keys (REGION:UUID)"),
    variable(&["azure-kv"], "SOPS_AZURE_KEYVAULT_URLS", "comma-separated URLs of Azure Key Vault keys"),
    variable(
        &["hc-vault-transit"],
        "SOPS_VAULT_URIS",
        "comma-separated URIs of Vault transit keys (https://HOST:8200/v1/transit/keys/NAME)",
    ),
    variable(&["pgp", "p"], "SOPS_PGP_FP", "comma-separated PGP fingerprints"),
    variable(&["age", "a"], "SOPS_AGE_RECIPIENTS", "comma-separated age recipients"),
];

/// Which values are encrypted.
pub const SELECTION: &[Flag] = &[
    text(&["unencrypted-suffix"], "leave values readable whose key ends with this"),
    text(&["encrypted-suffix"], "encrypt only values whose key ends with this"),
    text(&["unencrypted-regex"], "leave values readable whose key matches this"),
    text(&["encrypted-regex"], "encrypt only values whose key matches this"),
];

/// Which values are encrypted, judged by comments.
pub const COMMENT_SELECTION: &[Flag] = &[
    text(&["unencrypted-comment-regex"], "leave values readable that follow a comment matching this"),
    text(&["encrypted-comment-regex"], "encrypt only values that follow a comment matching this"),
];

/// Keys to add and to remove.
pub const CHANGE_KEYS: &[Flag] = &[
    text(&["add-gcp-kms"], "add these GCP KMS keys"),
    text(&["rm-gcp-kms"], "remove these GCP KMS keys"),
    text(&["add-hckms"], "add these Huawei Cloud KMS keys"),
    text(&["rm-hckms"], "remove these Huawei Cloud KMS keys"),
    text(&["add-azure-kv"], "add these Azure Key Vault keys"),
    text(&["rm-azure-kv"], "remove these Azure Key Vault keys"),
    text(&["add-kms"], "add these AWS KMS keys"),
    text(&["rm-kms"], "remove these AWS KMS keys"),
    text(&["add-hc-vault-transit"], "add these Vault transit keys"),
    text(&["rm-hc-vault-transit"], "remove these Vault transit keys"),
    text(&["add-age"], "add these age recipients"),
    text(&["rm-age"], "remove these age recipients"),
    text(&["add-pgp"], "add these PGP fingerprints"),
    text(&["rm-pgp"], "remove these PGP fingerprints"),
];

/// Show the metadata in the editor.
pub const SHOW_KEYS: &[Flag] = &[switch(&["show-master-keys", "s"], "show the metadata in the editor")];

/// How `set` gets its value.
pub const SET: &[Flag] = &[
    switch(&["value-file"], "take the value from the file named in its place"),
    switch(&["value-stdin"], "take the value from standard input"),
    switch(&["idempotent"], "write nothing where the value is there already"),
];

/// What `unset` does about a missing value.
pub const UNSET: &[Flag] = &[switch(&["idempotent"], "succeed where there is nothing to remove")];

/// How a program is run.
pub const EXEC: &[Flag] = &[
    switch(&["background"], "do not wait for the command (deprecated)"),
    text(&["user"], "run the command as this user"),
];

/// How `exec-env` runs a program.
pub const EXEC_ENV: &[Flag] = &[
    switch(&["pristine"], "give the command nothing but the decrypted values"),
    switch(&["same-process"], "replace this process by the command"),
];

/// How `exec-file` runs a program.
pub const EXEC_FILE: &[Flag] = &[
    switch(&["no-fifo"], "use a regular file instead of a pipe"),
    text(&["filename"], "name of the temporary file (default: tmp-file)"),
];

/// No questions.
pub const YES: &[Flag] = &[switch(&["yes", "y"], "do not ask")];

/// No `layout` field; sops has no such flag.
pub const NO_LAYOUT: &[Flag] = &[switch(
    &["no-layout"],
    "write no layout field: details that cannot stay visible are laid out anew (or BULLA_LAYOUT=off)",
)];

/// More talk.
pub const VERBOSE: &[Flag] = &[switch(&["verbose"], "log what happens")];

/// How files are published.
pub const PUBLISH: &[Flag] = &[
    switch(&["omit-extensions"], "leave the file's extension out of the destination"),
    switch(&["recursive"], "publish everything in a directory"),
];

/// Where the key service listens.
pub const LISTEN: &[Flag] = &[
    Flag { names: &["network", "net"], kind: Kind::Text("tcp"), variable: None, help: "tcp or unix" },
    Flag {
        names: &["address", "addr"],
        kind: Kind::Text("127.0.0.1:5000"),
        variable: None,
        help: "address or socket path to listen on",
    },
    switch(&["prompt"], "ask before every answer"),
];

/// File whose groups change.
pub const GROUP_FILE: &[Flag] = &[text(&["file", "f"], "the file to change")];

/// Keys of a new group.
pub const GROUP_KEYS: &[Flag] = &[
    texts(&["pgp"], "PGP fingerprint in the new group; repeatable"),
    texts(&["kms"], "ARN of an AWS KMS key in the new group; repeatable"),
    texts(&["gcp-kms"], "GCP KMS key in the new group; repeatable"),
    texts(&["hckms"], "Huawei Cloud KMS key in the new group; repeatable"),
    texts(&["azure-kv"], "Azure Key Vault key in the new group; repeatable"),
    texts(&["hc-vault-transit"], "Vault transit key in the new group; repeatable"),
    texts(&["age"], "age recipient in the new group; repeatable"),
];

/// What only the command without a subcommand has.
pub const ROOT: &[Flag] = &[
    switch(&["decrypt", "d"], "decrypt the file"),
    switch(&["encrypt", "e"], "encrypt the file"),
    switch(&["rotate", "r"], "encrypt the file anew with a new data key"),
    text(&["set"], "set a value, for example '[\"key\"][0] {\"some\": true}'"),
    switch(&["mac-only-encrypted"], "let the MAC cover encrypted values only"),
    variable(&["config"], "SOPS_CONFIG", "configuration file, instead of searching for .sops.yaml"),
    Flag { names: &["indent"], kind: Kind::Int, variable: None, help: "blanks to indent YAML or JSON by" },
    Flag {
        names: &["disable-version-check"],
        kind: Kind::Bool,
        variable: Some("SOPS_DISABLE_VERSION_CHECK"),
        help: "accepted for compatibility: there is no check for new versions",
    },
    switch(&["check-for-updates"], "accepted for compatibility: there is no check for new versions"),
];

/// Flags of every command.
pub const HELP: &[Flag] = &[switch(&["help", "h"], "show help")];

/// The version flag of the root.
pub const VERSION: &[Flag] = &[switch(&["version", "v"], "print the version")];
