//! The key provider for master keys of kind `kms`.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::{Answer, Environment, KeyProvider, Kind, MasterKey, ProviderError, SecretBytes};
use tokio::sync::Mutex;

use crate::arn::Arn;
use crate::failure;
use crate::route::Route;

const NAME: &str = "kms";

/// Time for one key (`security.md` K-06), with everything that it takes to
/// get credentials.
const DEADLINE: Duration = Duration::from_secs(30);

/// Wraps and unwraps data keys with keys of AWS KMS.
///
/// A master key has the fields `arn` (of a key or an alias; the request goes
/// to its region), `context` (the encryption context), `aws_profile` (whose
/// credentials are used, those of the environment if empty) and `role` (ARN of
/// a role that is assumed first). Credentials come from where the AWS command
/// line has them: variables, profiles with all that they can name, web
/// identity tokens, and the metadata services of hosts and containers.
/// `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_KMS` and `AWS_ENDPOINT_URL_STS`
/// replace AWS's own servers.
///
/// Must be used inside a Tokio runtime with its drivers for network and time.
/// One operation takes 30 seconds at most.
pub struct KmsProvider {
    environment: Environment,
    deadline: Duration,
    clients: Mutex<BTreeMap<Route, Client>>,
}

impl KmsProvider {
    /// Builds a provider; nothing is read and nothing is connected to yet.
    pub fn new(environment: Environment) -> Self {
        Self { environment, deadline: DEADLINE, clients: Mutex::default() }
    }

    async fn client(&self, key: &MasterKey, arn: &Arn<'_>) -> Result<Client, ProviderError> {
        let [profile, role] = ["aws_profile", "role"].map(|field| key.text(field).to_owned());
        let route = Route { region: arn.region.to_owned(), profile, role };
        let mut clients = self.clients.lock().await;
        if let Some(client) = clients.get(&route) {
            return Ok(client.clone());
        }
        let client = route.client(&self.environment).await?;
        clients.insert(route, client.clone());
        Ok(client)
    }

    async fn encrypt(&self, key: &MasterKey, secret: &SecretBytes) -> Result<String, ProviderError> {
        let arn = arn(key)?;
        let request = self.client(key, &arn).await?.encrypt().key_id(arn.text);
        let request = request.plaintext(Blob::new(secret.expose())).set_encryption_context(context(key));
        let answer = request.send().await.map_err(|error| failure::of_call(&error))?;
        match answer.ciphertext_blob {
            Some(blob) if !blob.as_ref().is_empty() => Ok(STANDARD.encode(blob)),
            _ => Err(ProviderError::new(Kind::Unexpected, "the answer holds no wrapped key")),
        }
    }

    async fn decrypt(&self, key: &MasterKey, wrapped: &str) -> Result<SecretBytes, ProviderError> {
        let arn = arn(key)?;
        let wrapped: String = wrapped.chars().filter(|c| !"\r\n".contains(*c)).collect();
        let blob = STANDARD.decode(wrapped);
        let blob =
            blob.map_err(|_| ProviderError::new(Kind::Unexpected, "the wrapped data key is not base64"))?;
        let request = self.client(key, &arn).await?.decrypt().key_id(arn.text);
        let request = request.ciphertext_blob(Blob::new(blob)).set_encryption_context(context(key));
        let answer = request.send().await.map_err(|error| failure::of_call(&error))?;
        match answer.plaintext.map(Blob::into_inner) {
            Some(secret) if !secret.is_empty() => Ok(SecretBytes::new(secret)),
            _ => Err(ProviderError::new(Kind::Unexpected, "the answer holds no data key")),
        }
    }

    /// Ends `operation` in time and gives its failure the provider's words.
    async fn bounded<T>(
        &self,
        verb: &str,
        operation: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let answer = tokio::time::timeout(self.deadline, operation).await;
        let what = || format!("failed to {verb} sops data key with AWS KMS");
        answer.unwrap_or_else(|_| Err(failure::timed_out())).map_err(|error| error.within(&what()))
    }
}

impl KeyProvider for KmsProvider {
    fn serves(&self, kind: &str) -> bool {
        kind == NAME
    }

    /// Wraps `secret` with the key that the field `arn` names; returns KMS's
    /// ciphertext in base64.
    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        Box::pin(self.bounded("encrypt", self.encrypt(key, secret)))
    }

    fn unwrap<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        Box::pin(self.bounded("decrypt", self.decrypt(key, wrapped)))
    }
}

fn arn(key: &MasterKey) -> Result<Arn<'_>, ProviderError> {
    let text = key.text("arn");
    Arn::parse(text).ok_or_else(|| {
        let form = "arn:aws:kms:REGION:ACCOUNT:key/ID or .../alias/NAME";
        ProviderError::new(
            Kind::InvalidConfig,
            format!("no valid ARN found in {text:?}: it must look like {form}"),
        )
    })
}

fn context(key: &MasterKey) -> Option<HashMap<String, String>> {
    let context = key.map("context").filter(|context| !context.is_empty())?;
    Some(context.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests;
