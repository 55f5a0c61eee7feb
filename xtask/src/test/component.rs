//! What the lanes need that this repository does not build: versions, sources
//! and the variables by which a lane gets them.

/// A program or a set of programs of one origin.
pub(crate) struct Component {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(super) source: Source,
    /// Set for the lane: the path of the program, or of the folder of programs.
    pub(crate) variable: &'static str,
    /// What the variable holds, below the component's `bin` folder; empty for the folder itself.
    pub(super) value: &'static str,
    /// Programs, or files of sources, that must be there afterwards.
    pub(super) programs: &'static [&'static str],
}

/// How a component comes about. What is built here is pinned: Go programs are verified by the checksum
/// database (packages) or by a `go.sum` in this repository (modules).
pub(super) enum Source {
    /// `cargo install` of this package, with the lock file that it was published with.
    Crate(&'static str),
    /// `go install` of these packages at the component's version.
    GoPackages(&'static [&'static str]),
    /// All programs of the Go module in this folder, with these variables of its packages (`NAME=VALUE`) set.
    GoModule(&'static str, &'static [&'static str]),
    /// A folder of a Go module's sources, at the component's version: module and folder.
    GoSources(&'static str, &'static str),
    /// The programs that the Go module in this folder lists as its tools, built with this tag.
    GoTools(&'static str, &'static str),
    /// A Python environment of its own, with what this file of pinned requirements lists.
    Python(&'static str),
    /// A package of the system (Debian's name), because its programs are more than files.
    System(&'static str),
}

/// age with its key generator and plugins (filippo.io/age).
pub(super) const AGE: Component = Component {
    name: "age",
    version: "1.3.1",
    source: Source::GoPackages(&[
        "filippo.io/age/cmd/age",
        "filippo.io/age/cmd/age-inspect",
        "filippo.io/age/cmd/age-keygen",
        "filippo.io/age/cmd/age-plugin-batchpass",
        "filippo.io/age/extra/age-plugin-pq",
        "filippo.io/age/extra/age-plugin-tag",
        "filippo.io/age/extra/age-plugin-tagpq",
    ]),
    variable: "BULLA_LANE_AGE",
    value: "",
    programs: &[
        "age",
        "age-inspect",
        "age-keygen",
        "age-plugin-batchpass",
        "age-plugin-pq",
        "age-plugin-tag",
        "age-plugin-tagpq",
    ],
};

/// Small programs that ask Go's libraries what they make of an input, and how long it takes them.
pub(crate) const ORACLE: Component = Component {
    name: "oracle",
    version: "1",
    source: Source::GoModule("tests/servers/oracle", &[]),
    variable: "BULLA_LANE_ORACLE",
    value: "",
    programs: &["gjson", "regexp", "template", "timing", "yaml"],
};

/// The other program in Rust that a user might pick: for measurements only.
pub(crate) const ROPS: Component = Component {
    name: "rops",
    version: "0.1.7",
    source: Source::Crate("rops-cli"),
    variable: "BULLA_LANE_ROPS",
    value: "rops",
    programs: &["rops"],
};

/// The reference of the formats and of the command line.
pub(crate) const SOPS: Component = Component {
    name: "sops",
    version: "3.13.3",
    source: Source::GoPackages(&["github.com/getsops/sops/v3/cmd/sops"]),
    variable: "BULLA_LANE_SOPS",
    value: "sops",
    programs: &["sops"],
};

/// The reference of sealing: kubeseal and the controller.
pub(crate) const SEALED_SECRETS: Component = Component {
    name: "sealed-secrets",
    version: "0.36.6",
    source: Source::GoPackages(&[
        "github.com/bitnami-labs/sealed-secrets/cmd/controller",
        "github.com/bitnami-labs/sealed-secrets/cmd/kubeseal",
    ]),
    variable: "BULLA_LANE_SEALED_SECRETS",
    value: "",
    programs: &["controller", "kubeseal"],
};

/// A Kubernetes API with what makes it alive, as far as no node is needed.
pub(crate) const KUBERNETES: Component = Component {
    name: "kubernetes",
    version: "1.36.3",
    source: Source::GoModule(
        "tests/servers/kubernetes",
        &[
            "k8s.io/component-base/version.gitMajor=1",
            "k8s.io/component-base/version.gitMinor=36",
            "k8s.io/component-base/version.gitVersion=v1.36.3",
        ],
    ),
    variable: "BULLA_LANE_KUBERNETES",
    value: "",
    programs: &["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"],
};

/// Programs that judge what `deploy/` holds.
pub(super) const MANIFESTS: Component = Component {
    name: "manifests",
    version: "1",
    // Without the tag, promtool knows where the machines of thirty clouds are.
    source: Source::GoTools("tests/servers/manifests", "remove_all_sd"),
    variable: "BULLA_LANE_MANIFESTS",
    value: "",
    programs: &["flux-health", "glua", "helm", "promtool"],
};

/// The schemas of Kubernetes' own kinds.
pub(super) const KUBERNETES_VALIDATE: Component = Component {
    name: "kubernetes-validate",
    version: "1.37.0",
    source: Source::Python("tests/servers/kubernetes-validate/requirements.txt"),
    variable: "BULLA_LANE_KUBERNETES_VALIDATE",
    value: "kubernetes-validate",
    programs: &["kubernetes-validate"],
};

/// The original's chart (2.18.4), as its release 0.36.6 holds it.
pub(super) const SEALED_SECRETS_CHART: Component = Component {
    name: "sealed-secrets-chart",
    version: SEALED_SECRETS.version,
    source: Source::GoSources("github.com/bitnami-labs/sealed-secrets", "helm/sealed-secrets"),
    variable: "BULLA_LANE_SEALED_SECRETS_CHART",
    value: "",
    programs: &["Chart.yaml"],
};

/// GnuPG with its agent; each test has a home directory of its own.
pub(super) const GPG: Component = Component {
    name: "gpg",
    version: "2.2",
    source: Source::System("gnupg"),
    variable: "BULLA_LANE_GPG",
    value: "gpg",
    programs: &["gpg", "gpg-agent", "gpgconf"],
};

/// Compiles what a test lets the controller load.
pub(super) const CC: Component = Component {
    name: "cc",
    version: "12",
    source: Source::System("build-essential"),
    variable: "BULLA_LANE_CC",
    value: "cc",
    programs: &["cc"],
};

/// Kills and refuses at single system calls.
pub(super) const STRACE: Component = Component {
    name: "strace",
    version: "6.1",
    source: Source::System("strace"),
    variable: "BULLA_LANE_STRACE",
    value: "strace",
    programs: &["strace"],
};

/// AWS, as far as KMS with encryption contexts and STS.
pub(super) const MOTO: Component = Component {
    name: "moto",
    version: "5.2.1",
    source: Source::Python("tests/servers/moto/requirements.txt"),
    variable: "BULLA_LANE_MOTO",
    value: "moto_server",
    programs: &["moto_server"],
};

/// The real Vault core in a small program of ours.
pub(super) const VAULT: Component = Component {
    name: "vault",
    version: "1.13.1",
    source: Source::GoModule("tests/servers/vault", &[]),
    variable: "BULLA_LANE_VAULT_SERVER",
    value: "vault",
    programs: &["vault"],
};
