//! What is typed after `bulla template`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(in crate::persona::bulla) enum TemplateVerb {
    /// Render one template and print the result; an error names the place, never a value
    #[command(
        after_help = "Examples:\n  bulla template test config.tmpl --data values.yaml\n  bulla template test --engine sealed-secrets config.tmpl --data secret.yaml\n  echo '{{ .user | upper }}' | bulla template test - --data values.json\n\nExit 0 rendered, 1 the template failed, 2 could not start."
    )]
    Test(TemplateTest),
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct TemplateTest {
    /// The template's text; - is standard input
    path: PathBuf,
    /// YAML or JSON map of the values, or a Secret of Kubernetes; - is standard input
    #[arg(long, value_name = "DATA")]
    data: PathBuf,
    /// Whose functions and whose treatment of missing keys
    #[arg(long, value_enum, default_value_t = Engine::ExternalSecrets)]
    engine: Engine,
    /// What a missing key gives: <no value>, an empty text or an error [default: as the engine]
    #[arg(long, value_enum)]
    missing_key: Option<MissingKey>,
    /// Left delimiter, as --template-left-delimiter of the controller
    #[arg(long, value_name = "TEXT", default_value = "{{")]
    left_delimiter: String,
    /// Right delimiter
    #[arg(long, value_name = "TEXT", default_value = "}}")]
    right_delimiter: String,
}

/// Whose templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    ExternalSecrets,
    SealedSecrets,
}

/// Go's option `missingkey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MissingKey {
    Default,
    Error,
    Zero,
}

impl From<TemplateTest> for crate::request::TemplateTest {
    fn from(typed: TemplateTest) -> Self {
        let file = |path: PathBuf| Some(path).filter(|path| path.as_os_str() != "-");
        Self {
            path: file(typed.path),
            data: file(typed.data),
            library: match typed.engine {
                Engine::ExternalSecrets => bulla_template::Library::ExternalSecrets,
                Engine::SealedSecrets => bulla_template::Library::SealedSecrets,
            },
            missing_key: typed.missing_key.map(|missing_key| match missing_key {
                MissingKey::Default => bulla_template::MissingKey::Invalid,
                MissingKey::Error => bulla_template::MissingKey::Error,
                MissingKey::Zero => bulla_template::MissingKey::Zero,
            }),
            left_delimiter: typed.left_delimiter,
            right_delimiter: typed.right_delimiter,
        }
    }
}
