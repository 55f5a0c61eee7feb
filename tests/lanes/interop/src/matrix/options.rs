//! Options: how a file is encrypted, and what is done with it then.

/// One option of the matrix.
pub struct Choice {
    /// As the table shows it.
    pub name: &'static str,
    /// Arguments before the verb.
    pub global: &'static [&'static str],
    /// Arguments of `encrypt`.
    pub encrypt: &'static [&'static str],
    /// Lines of the creation rule.
    pub rule: &'static str,
    /// What happens to the encrypted file before it is read.
    pub step: Step,
}

/// What happens to an encrypted file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Nothing: it is decrypted.
    Read,
    /// It is encrypted and decrypted in place.
    InPlace,
    /// It goes in and out by standard input and output.
    Piped,
    /// It is encrypted and decrypted by the flags of the root command.
    Flags,
    /// It is decrypted into another format.
    Convert,
    /// One value is printed.
    Extract,
    /// It is given to a program, as a file.
    ExecFile,
    /// It is changed in place by this verb with these arguments; `PATH` stands for
    /// a value of the document, `AGE` for another recipient.
    Change(&'static [&'static str]),
    /// `updatekeys` after a recipient was added to the rule.
    UpdateKeys,
    /// An editor replaces `hunter2`.
    Edit,
}

const fn encrypt(name: &'static str, encrypt: &'static [&'static str]) -> Choice {
    Choice { name, global: &[], encrypt, rule: "", step: Step::Read }
}

const fn step(name: &'static str, step: Step) -> Choice {
    Choice { name, global: &[], encrypt: &[], rule: "", step }
}

/// All options.
pub const OPTIONS: &[Choice] = &[
    encrypt("(none)", &[]),
    encrypt("--unencrypted-suffix", &["--unencrypted-suffix", "_open"]),
    encrypt("--encrypted-suffix", &["--encrypted-suffix", "_secret"]),
    encrypt("--unencrypted-regex", &["--unencrypted-regex", "^(name|user)"]),
    encrypt("--encrypted-regex", &["--encrypted-regex", "secret$|^nested$"]),
    Choice { rule: "    unencrypted_comment_regex: keep\n", ..encrypt("unencrypted_comment_regex", &[]) },
    Choice { rule: "    encrypted_comment_regex: keep\n", ..encrypt("encrypted_comment_regex", &[]) },
    Choice {
        global: &["--mac-only-encrypted"],
        ..encrypt("--mac-only-encrypted", &["--encrypted-suffix", "_secret"])
    },
    Choice { global: &["--indent", "3"], ..encrypt("--indent", &[]) },
    Choice {
        rule: "    encrypted_regex: secret$\n    mac_only_encrypted: true\n",
        ..encrypt(".sops.yaml", &[])
    },
    step("--in-place", Step::InPlace),
    step("stdin, --filename-override", Step::Piped),
    step("-e, -d", Step::Flags),
    step("decrypt --output-type", Step::Convert),
    step("decrypt --extract", Step::Extract),
    step("exec-file", Step::ExecFile),
    step("set", Step::Change(&["set", "FILE", "PATH", "\"changed\""])),
    step("unset", Step::Change(&["unset", "FILE", "PATH"])),
    step("rotate", Step::Change(&["rotate", "--in-place", "FILE"])),
    step("rotate --add-age", Step::Change(&["rotate", "--in-place", "--add-age", "AGE", "FILE"])),
    step("groups add", Step::Change(&["groups", "add", "--in-place", "--file", "FILE", "--age", "AGE"])),
    step("updatekeys", Step::UpdateKeys),
    step("edit", Step::Edit),
];
