//! The reconcilers: one file or folder each, one line in the list.

pub(crate) mod event;
mod sealed_secret;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::World;
use crate::keys::Ring;

/// A reconciler.
pub(crate) struct Reconciler {
    /// By which `--controllers` chooses it.
    pub(crate) name: &'static str,
    /// Starts it; it ends in time after it was told to.
    pub(crate) start: Start,
}

/// World, keys, and what becomes true when the process ends.
type Start = fn(
    Arc<World>,
    watch::Receiver<Arc<Ring>>,
    watch::Receiver<bool>,
) -> BoxFuture<'static, Result<(), String>>;

/// All reconcilers.
pub(crate) const RECONCILERS: &[Reconciler] = &[sealed_secret::RECONCILER];

/// Process roles: what `--controllers` takes for several reconcilers.
const ROLES: &[(&str, &[&str])] = &[("external", &[]), ("gitops", &[]), ("unsealer", &["sealed-secrets"])];

/// The reconcilers that a list of names and roles chooses; `*` is all of them.
pub(crate) fn chosen(list: &str) -> Result<Vec<&'static Reconciler>, String> {
    let mut names = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match ROLES.iter().find(|(role, _)| *role == word) {
            Some((role, [])) => return Err(format!("--controllers: the role {role} is not built in yet")),
            Some((_, preset)) => names.extend_from_slice(preset),
            None => names.push(word),
        }
    }
    let is_known = |name: &&str| *name == "*" || RECONCILERS.iter().any(|known| known.name == *name);
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        let known: Vec<&str> = RECONCILERS.iter().map(|known| known.name).collect();
        let roles: Vec<&str> = ROLES.iter().map(|(role, _)| *role).collect();
        let (known, roles) = (known.join(", "), roles.join(", "));
        return Err(format!("--controllers: there is no {unknown:?}; controllers: {known}; roles: {roles}"));
    }
    let all = RECONCILERS.iter().filter(|known| names.iter().any(|name| *name == "*" || *name == known.name));
    let all: Vec<_> = all.collect();
    if all.is_empty() { Err("--controllers: chooses nothing".to_owned()) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_roles_choose_each_reconciler_once() {
        let names = |list: &str| -> Result<Vec<&str>, String> {
            Ok(chosen(list)?.iter().map(|reconciler| reconciler.name).collect())
        };
        for list in ["*", "unsealer", "sealed-secrets", " sealed-secrets ,unsealer,*"] {
            assert_eq!(names(list).unwrap(), ["sealed-secrets"], "{list}");
        }
        for (list, part) in [
            ("external", "the role external is not built in yet"),
            ("unsealer,gitops", "the role gitops is not built in yet"),
            (
                "nonsense",
                "there is no \"nonsense\"; controllers: sealed-secrets; roles: external, gitops, unsealer",
            ),
            ("", "chooses nothing"),
        ] {
            assert!(names(list).unwrap_err().ends_with(part), "{list}");
        }
    }

    #[test]
    fn every_role_names_reconcilers_that_exist() {
        for name in ROLES.iter().flat_map(|(_, names)| names.iter()) {
            assert!(RECONCILERS.iter().any(|known| known.name == *name), "{name}");
        }
    }
}
