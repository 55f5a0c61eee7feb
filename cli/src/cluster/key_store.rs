//! The Secrets with sealing keys in a controller's namespace
//! (`sealed-secrets.md` 1.5).

use bulla_api::{DecodeError, Secret, json_line, secrets_of_list};
use bulla_seal::reconcile::KEY_LABEL;
use zeroize::Zeroizing;

use super::client::{Call, Client};
use super::controller::segment;
use super::status::ApiError;
use crate::percent;

/// What is taken.
const JSON: &str = "application/json";
/// HTTP's code for a name that is taken.
const CONFLICT: u16 = 409;
/// HTTP's codes for who may not, and where to no purpose: such an answer is
/// given before the object is looked at.
const UNREAD: [u16; 3] = [401, 403, 404];

/// The Secrets of a namespace.
pub struct KeyStore<'c> {
    client: &'c Client,
    path: String,
}

impl<'c> KeyStore<'c> {
    /// The Secrets of the namespace of a controller; asks nothing yet. Fails
    /// for what is no name of a namespace.
    pub fn new(client: &'c Client, namespace: &str) -> Result<Self, ApiError> {
        let path = format!("/api/v1/namespaces/{}/secrets", segment("namespace", namespace)?);
        Ok(Self { client, path })
    }

    /// All Secrets with a key, whatever their label says, and the one that has
    /// the beginning of their names for a name: the only one up to release 0.8,
    /// without a label.
    pub fn keys(&self, prefix: &str) -> Result<Vec<Secret>, ApiError> {
        let path = format!("{}?labelSelector={}", self.path, percent::encoded(KEY_LABEL, b"-."));
        let answer = Zeroizing::new(self.client.call(&Call::get(&path, JSON, ("secrets", "")))?);
        let mut secrets = secrets_of_list(&answer).map_err(|error| unreadable(&error))?;
        if !secrets.iter().any(|secret| secret.metadata.name == prefix) {
            secrets.extend(self.secret(prefix)?.filter(|secret| secret.data.contains_key("tls.key")));
        }
        Ok(secrets)
    }

    /// The Secret of this name, where there is one.
    pub fn secret(&self, name: &str) -> Result<Option<Secret>, ApiError> {
        let path = format!("{}/{}", self.path, segment("resource name", name)?);
        match self.client.call(&Call::get(&path, JSON, ("secrets", name))) {
            Ok(answer) => read(answer).map(Some),
            Err(ApiError::Refused { code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a Secret and returns it as it is stored; nothing where its name is
    /// taken.
    pub fn create(&self, secret: &Secret) -> Result<Option<Secret>, ApiError> {
        let body = Zeroizing::new(json_line(&secret.tree()).into_bytes());
        let call = Call::post(&self.path, JSON, &body, ("secrets", &secret.metadata.name));
        match self.client.call(&call) {
            Ok(answer) => read(answer).map(Some),
            Err(ApiError::Refused { code: CONFLICT, .. }) => Ok(None),
            Err(error) => Err(reduced(error)),
        }
    }
}

fn read(answer: Vec<u8>) -> Result<Secret, ApiError> {
    Secret::from_text(&Zeroizing::new(answer)).map_err(|error| unreadable(&error))
}

fn unreadable(error: &DecodeError) -> ApiError {
    ApiError::Transport(format!("the answer of the API server cannot be read: {error}"))
}

/// A refusal without what it may repeat of the key: what webhooks and admission
/// policies say, and all that comes of reading the object.
fn reduced(error: ApiError) -> ApiError {
    let ApiError::Refused { code, message } = error else { return error };
    let denied = ["denied the request", "denied request"];
    let message = match denied.iter().find_map(|word| Some(message.find(word)? + word.len())) {
        Some(end) => message[..end].to_owned(),
        None if UNREAD.contains(&code) => message,
        None => format!("the API server does not take the Secret ({code})"),
    };
    ApiError::Refused { code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_01_a_refusal_repeats_nothing_of_the_key() {
        let told =
            |code, text: &str| reduced(ApiError::Refused { code, message: text.to_owned() }).to_string();
        assert_eq!(
            told(403, "admission webhook \"w\" denied the request: canary"),
            "admission webhook \"w\" denied the request"
        );
        let policy =
            "secrets \"n\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request";
        assert_eq!(told(422, &format!("{policy}: canary")), policy);
        for code in [400, 422, 500] {
            let reduced = format!("the API server does not take the Secret ({code})");
            assert_eq!(told(code, "data[a]: canary"), reduced);
        }
        let right = "secrets is forbidden: User \"u\" cannot create resource \"secrets\"";
        assert_eq!(told(403, right), right);
    }
}
