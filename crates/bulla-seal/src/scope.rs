//! How far a sealed value may travel (`sealed-secrets.md` 1.2).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The annotation of scope `cluster-wide`.
pub const CLUSTER_WIDE: &str = "sealedsecrets.bitnami.com/cluster-wide";
/// The annotation of scope `namespace-wide`.
pub const NAMESPACE_WIDE: &str = "sealedsecrets.bitnami.com/namespace-wide";

/// What a sealed value is bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Namespace and name.
    #[default]
    Strict,
    /// The namespace.
    NamespaceWide,
    /// Nothing.
    ClusterWide,
}

/// A word that names no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of: strict, namespace-wide, cluster-wide")]
pub struct UnknownScope;

impl Scope {
    /// Reads the scope of an object from its annotations. Only the value
    /// `true` counts, and `cluster-wide` comes first.
    pub fn of(annotations: &BTreeMap<String, String>) -> Self {
        let is_set = |name| annotations.get(name).is_some_and(|value| value == "true");
        if is_set(CLUSTER_WIDE) {
            Self::ClusterWide
        } else if is_set(NAMESPACE_WIDE) {
            Self::NamespaceWide
        } else {
            Self::Strict
        }
    }

    /// Makes annotations say this scope and no other.
    pub fn annotate(self, annotations: &mut BTreeMap<String, String>) {
        annotations.remove(NAMESPACE_WIDE);
        annotations.remove(CLUSTER_WIDE);
        if let Some(name) = self.annotation() {
            annotations.insert(name.to_owned(), "true".to_owned());
        }
    }

    /// The annotation that says this scope; none for `strict`.
    pub fn annotation(self) -> Option<&'static str> {
        match self {
            Self::Strict => None,
            Self::NamespaceWide => Some(NAMESPACE_WIDE),
            Self::ClusterWide => Some(CLUSTER_WIDE),
        }
    }

    /// The OAEP label of values of an object with this namespace and name.
    pub fn label(self, namespace: &str, name: &str) -> Vec<u8> {
        match self {
            Self::Strict => format!("{namespace}/{name}").into_bytes(),
            Self::NamespaceWide => namespace.as_bytes().to_vec(),
            Self::ClusterWide => Vec::new(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Strict => "strict",
            Self::NamespaceWide => "namespace-wide",
            Self::ClusterWide => "cluster-wide",
        })
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    /// Reads a scope's name; empty means strict.
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        match text {
            "" | "strict" => Ok(Self::Strict),
            "namespace-wide" => Ok(Self::NamespaceWide),
            "cluster-wide" => Ok(Self::ClusterWide),
            _ => Err(UnknownScope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_the_word_true_sets_a_scope_and_cluster_wide_wins() {
        for (pairs, scope) in [
            (&[][..], Scope::Strict),
            (&[(CLUSTER_WIDE, "true")], Scope::ClusterWide),
            (&[(NAMESPACE_WIDE, "true")], Scope::NamespaceWide),
            (&[(CLUSTER_WIDE, "true"), (NAMESPACE_WIDE, "true")], Scope::ClusterWide),
            (&[(CLUSTER_WIDE, "True"), (NAMESPACE_WIDE, "1")], Scope::Strict),
            (&[(CLUSTER_WIDE, ""), (NAMESPACE_WIDE, "true")], Scope::NamespaceWide),
        ] {
            assert_eq!(Scope::of(&annotations(pairs)), scope, "{pairs:?}");
        }
    }

    #[test]
    fn annotating_leaves_one_scope_and_everything_else() {
        let mut both = annotations(&[(CLUSTER_WIDE, "true"), (NAMESPACE_WIDE, "true"), ("a", "b")]);
        Scope::NamespaceWide.annotate(&mut both);
        assert_eq!(both, annotations(&[(NAMESPACE_WIDE, "true"), ("a", "b")]));
        Scope::Strict.annotate(&mut both);
        assert_eq!(both, annotations(&[("a", "b")]));
    }

    #[test]
    fn labels_and_names_are_those_of_the_reference() {
        for (name, label) in [("strict", "ns/n"), ("namespace-wide", "ns"), ("cluster-wide", "")] {
            let scope: Scope = name.parse().unwrap();
            assert_eq!(scope.to_string(), name);
            assert_eq!(scope.label("ns", "n"), label.as_bytes());
        }
        assert_eq!("".parse(), Ok(Scope::Strict));
        assert!("Strict".parse::<Scope>().is_err());
    }
}
