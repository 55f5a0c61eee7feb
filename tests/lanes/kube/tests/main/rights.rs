//! The rights that our manifests give.

use bulla_testkit::kube::Cluster;

const AS: &str = "--as=system:serviceaccount:kube-system:sealed-secrets-controller";

/// The objects of a folder of `deploy/kustomize`.
pub(crate) fn manifests(cluster: &Cluster, folder: &str) -> String {
    let folder = format!("{}/../../../deploy/kustomize/{folder}", env!("CARGO_MANIFEST_DIR"));
    cluster.kubectl(&["kustomize", &folder]).success().out()
}

/// What of the overlay `as-upstream` gives rights, for a controller in another namespace.
pub(crate) fn of_the_original(cluster: &Cluster, namespace: &str) -> String {
    let manifests = manifests(cluster, "overlays/as-upstream");
    let kinds = ["v1\nkind: ServiceAccount\n", "rbac.authorization.k8s.io/v1\n"];
    let gives = |document: &&str| {
        kinds.iter().any(|kind| document.trim_start().starts_with(&format!("apiVersion: {kind}")))
    };
    let own = |document: &str| {
        let own = document.replace("namespace: kube-system", &format!("namespace: {namespace}"));
        // The one name that belongs to the cluster and cannot be shared.
        let name = format!("\n  name: {namespace}\n");
        let is_binding = own.contains("kind: ClusterRoleBinding\n");
        if is_binding { own.replacen("\n  name: sealed-secrets-controller\n", &name, 1) } else { own }
    };
    manifests.split("---\n").filter(gives).map(own).collect::<Vec<_>>().join("---\n")
}

pub(crate) fn may(cluster: &Cluster, words: &str) -> bool {
    let mut arguments = vec!["auth", "can-i", AS];
    arguments.extend(words.split_whitespace());
    cluster.kubectl(&arguments).out().trim() == "yes"
}

#[test]
fn p_02_the_unsealer_may_what_it_needs_and_no_more() {
    let cluster = Cluster::start();
    cluster.apply(&manifests(&cluster, "base"));
    let allowed = [
        "watch sealedsecrets.bitnami.com -A",
        "update sealedsecrets.bitnami.com --subresource=status -A",
        "create secrets -A",
        "update secrets -A",
        "watch secrets -A",
        "patch events -A",
        "get namespaces -A",
        "create leases.coordination.k8s.io -n kube-system",
        "get leases.coordination.k8s.io/sealed-secrets-controller -n kube-system",
        "update leases.coordination.k8s.io/sealed-secrets-controller -n kube-system",
    ];
    for words in allowed {
        bulla_testkit::kube::eventually(words, || may(&cluster, words).then_some(()));
    }
    let denied = [
        "delete secrets -A",
        "deletecollection secrets -A",
        "patch secrets -A",
        "update sealedsecrets.bitnami.com -A",
        "delete sealedsecrets.bitnami.com -A",
        "create sealedsecrets.bitnami.com -A",
        "list namespaces -A",
        "create namespaces -A",
        "get pods -A",
        "create pods -A",
        "create pods --subresource=exec -A",
        "get configmaps -A",
        "create serviceaccounts --subresource=token -n kube-system",
        "create deployments.apps -A",
        "create clusterrolebindings.rbac.authorization.k8s.io -A",
        "escalate clusterroles.rbac.authorization.k8s.io -A",
        "bind clusterroles.rbac.authorization.k8s.io -A",
        "impersonate users -A",
        "get nodes -A",
        "update leases.coordination.k8s.io/another -n kube-system",
        "create leases.coordination.k8s.io -n default",
        "update customresourcedefinitions.apiextensions.k8s.io -A",
        "create services --subresource=proxy -n kube-system",
    ];
    for words in denied {
        assert!(!may(&cluster, words), "{words}");
    }
    cluster.apply(&manifests(&cluster, "overlays/as-upstream"));
    for words in [
        "delete secrets -A",
        "get services/http:sealed-secrets-controller: --subresource=proxy -n kube-system",
    ] {
        bulla_testkit::kube::eventually(words, || may(&cluster, words).then_some(()));
    }
}
