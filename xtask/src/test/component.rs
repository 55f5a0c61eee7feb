//! What the lanes need that this repository does not build: versions, sources
//! and the variables by which a lane gets them.

/// A program or a set of programs of one origin.
pub(crate) struct Component {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) source: Source,
    /// Set for the lane: the path of the program, or of the folder of programs.
    pub(crate) variable: &'static str,
    /// What the variable holds, below the component's `bin` folder; empty for the folder itself.
    pub(crate) value: &'static str,
    /// Programs that must be there afterwards.
    pub(crate) programs: &'static [&'static str],
}

/// How a component comes about. Go programs are verified by the checksum
/// database (packages) or by a `go.sum` in this repository (modules).
pub(crate) enum Source {
    /// `go install` of these packages at the component's version.
    GoPackages(&'static [&'static str]),
    /// All programs of the Go module in this folder.
    GoModule(&'static str),
}

/// age with its key generator and plugins (filippo.io/age).
pub(crate) const AGE: Component = Component {
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

/// Four small programs that ask Go's libraries what they make of an input.
pub(crate) const ORACLE: Component = Component {
    name: "oracle",
    version: "1",
    source: Source::GoModule("tests/servers/oracle"),
    variable: "BULLA_LANE_ORACLE",
    value: "",
    programs: &["gjson", "regexp", "template", "yaml"],
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
