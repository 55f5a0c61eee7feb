//! The lanes: which packages of `tests/lanes/` there are and what each is given.

use super::component::{
    AGE, CC, Component, GPG, KUBERNETES, KUBERNETES_VALIDATE, MANIFESTS, ORACLE, SEALED_SECRETS,
    SEALED_SECRETS_CHART, SOPS, STRACE,
};
use super::server::{AWS_SERVER, Server, VAULT_SERVER};

/// One package of tests against real components.
pub(crate) struct Lane {
    /// Directory below `tests/lanes/`; the package is `lane-<name>`.
    pub(crate) name: &'static str,
    /// Programs that the runner provides and hands over by variable.
    pub(crate) components: &'static [&'static Component],
    /// Servers that run while the lane does.
    pub(super) servers: &'static [&'static Server],
    /// A variable that only the caller can set; without it the lane does not run.
    pub(super) given: Option<&'static str>,
    /// Whether it runs our controller, which is built for such lanes only.
    pub(super) has_controller: bool,
}

impl Lane {
    pub(super) const fn new(name: &'static str, components: &'static [&'static Component]) -> Self {
        Self { name, components, servers: &[], given: None, has_controller: false }
    }

    const fn with(self, servers: &'static [&'static Server]) -> Self {
        Self { servers, ..self }
    }

    pub(super) fn uses(&self, server: &Server) -> bool {
        self.servers.iter().any(|own| own.component.name == server.component.name)
    }

    /// All components, those of the servers too.
    pub(super) fn all_components(&self) -> impl Iterator<Item = &'static Component> {
        let of_servers = self.servers.iter().map(|server| server.component);
        self.components.iter().copied().chain(of_servers)
    }
}

/// Every lane. A new one is a package and a row here.
pub(crate) const LANES: &[Lane] = &[
    Lane::new("age", &[&AGE]),
    Lane::new("aws", &[&SOPS]).with(&[&AWS_SERVER]),
    Lane {
        has_controller: true,
        ..Lane::new(
            "deploy",
            &[&KUBERNETES, &KUBERNETES_VALIDATE, &MANIFESTS, &SEALED_SECRETS, &SEALED_SECRETS_CHART],
        )
    },
    Lane::new("faults", &[&STRACE]),
    Lane { given: Some("BULLA_GOLDEN"), ..Lane::new("golden", &[&KUBERNETES]) },
    Lane::new("gpg", &[&GPG, &SOPS]),
    Lane::new("interop", &[&AGE, &GPG, &ORACLE, &SOPS]).with(&[&AWS_SERVER, &VAULT_SERVER]),
    Lane { has_controller: true, ..Lane::new("kube", &[&AGE, &CC, &KUBERNETES, &SEALED_SECRETS]) },
    Lane::new("kubeseal", &[&SEALED_SECRETS]),
    Lane::new("vault", &[&SOPS]).with(&[&VAULT_SERVER]),
];
