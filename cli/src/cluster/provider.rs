//! Credentials of `auth-provider`, the predecessor of plugins. Of its kinds
//! only `oidc` is left.

use bulla_core::SecretText;

use super::kubeconfig::AuthProvider;

/// The token that a provider has at hand.
pub(super) fn token(provider: &AuthProvider) -> Result<SecretText, String> {
    match provider.name.as_str() {
        "oidc" => {}
        "gcp" => {
            return Err(
                "The gcp auth plugin has been removed.\nPlease use the \"gke-gcloud-auth-plugin\" kubectl/client-go credential plugin instead.\nSee https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke for further details"
                    .to_owned(),
            );
        }
        "azure" => {
            return Err(
                "The azure auth plugin has been removed.\nPlease use the https://github.com/Azure/kubelogin kubectl/client-go credential plugin instead.\nSee https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins for further details"
                    .to_owned(),
            );
        }
        name => return Err(format!("no Auth Provider found for name {}", crate::go::quote(name))),
    }
    for setting in ["idp-issuer-url", "client-id"] {
        if provider.setting(setting).is_empty() {
            return Err(format!("Must provide {setting}"));
        }
    }
    match provider.setting("id-token") {
        "" => Err("No valid id-token, and cannot refresh without refresh-token".to_owned()),
        token => Ok(SecretText::new(token.to_owned())),
    }
}
