//! The key provider for master keys of kind `hc_vault`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bulla_core::{Answer, Environment, KeyProvider, Kind, MasterKey, ProviderError, SecretBytes};
use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::address::{Address, admit};
use crate::client;
use crate::name::KeyPath;
use crate::settings;

const NAME: &str = "hc_vault";

/// Shows the user a message.
pub type MessageDisplay = Arc<dyn Fn(&str) + Send + Sync>;

/// Wraps and unwraps data keys with transit keys.
///
/// The address of a master key is used where `SOPS_HC_VAULT_ALLOWLIST` allows
/// it: `all`, `none`, or a list of origins with or without a path. Where that
/// is not set, only the origin of `VAULT_ADDR` is; where that is not set
/// either, every address is, and the user is told once. A process that acts
/// for others sets the list to its operator's, or to `none`. Plain `http` to
/// another host must be named by one of the two variables.
///
/// Must be used inside a Tokio runtime with its drivers for network and time.
/// One operation takes 30 seconds at most.
pub struct VaultProvider {
    environment: Environment,
    message: Option<MessageDisplay>,
    encrypted: OnceLock<Client>,
    plain: OnceLock<Client>,
    told: Mutex<BTreeSet<String>>,
}

/// A way to a key: where it is, and a client that may go there.
struct Route<'a> {
    address: Address,
    path: KeyPath<'a>,
    client: &'a Client,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: String,
}

impl VaultProvider {
    /// Builds a provider; nothing is read and nothing is connected to yet.
    pub fn new(environment: Environment, message: Option<MessageDisplay>) -> Self {
        let (encrypted, plain) = (OnceLock::new(), OnceLock::new());
        Self { environment, message, encrypted, plain, told: Mutex::default() }
    }

    fn route<'a>(&'a self, key: &'a MasterKey) -> Result<Route<'a>, ProviderError> {
        let invalid = |reason: String| ProviderError::new(Kind::InvalidConfig, reason);
        let path = KeyPath::parse(key.text("engine_path"), key.text("key_name")).ok_or_else(|| {
            invalid("the engine's path or the key's name has characters that are not allowed".into())
        })?;
        let address = Address::parse(key.text("vault_address"))
            .ok_or_else(|| invalid(crate::address::AddressError::Invalid.to_string()))?;
        let messages = admit(&address, &self.environment).map_err(|error| invalid(error.to_string()))?;
        for message in &messages {
            self.tell(message);
        }
        let client = self.client(address.is_encrypted())?;
        Ok(Route { address, path, client })
    }

    fn client(&self, encrypted: bool) -> Result<&Client, ProviderError> {
        let cell = if encrypted { &self.encrypted } else { &self.plain };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        if encrypted && settings::skips_verification(&self.environment)? {
            self.tell("VAULT_SKIP_VERIFY is set: the server's certificate is not verified");
        }
        let client = client::build(&self.environment, encrypted)?;
        Ok(cell.get_or_init(|| client))
    }

    /// Shows a message that was not shown before.
    fn tell(&self, message: &str) {
        let is_new = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(message.to_owned());
        if let Some(show) = self.message.as_ref().filter(|_| is_new) {
            show(message);
        }
    }

    /// Calls `operation` on a key with one field of input.
    async fn call<T: DeserializeOwned>(
        &self,
        operation: &str,
        key: &MasterKey,
        (field, value): (&str, &str),
    ) -> Result<T, ProviderError> {
        let route = self.route(key).map_err(|failure| error(operation, "Vault", failure))?;
        let place = format!("Vault at {}", route.address);
        let segments = std::iter::once("v1").chain(route.path.engine).chain([operation, route.path.name]);
        let answer = async {
            let url = route.address.join(segments);
            let url =
                url.ok_or_else(|| ProviderError::new(Kind::InvalidConfig, "the address takes no path"))?;
            let token = settings::token(&self.environment)?;
            let headers = client::headers(&self.environment, token.as_ref())?;
            let body = serde_json::to_vec(&BTreeMap::from([(field, value)]))
                .map_err(|_| ProviderError::new(Kind::Unexpected, "the request cannot be written"))?;
            let answer = client::write(route.client, url, headers, body).await;
            answer.map_err(|mut failure: ProviderError| {
                if failure.kind == Kind::Denied && token.is_none() {
                    failure.reason.push_str(", and there is no token in VAULT_TOKEN or ~/.vault-token");
                }
                failure
            })
        };
        answer.await.map_err(|failure| error(operation, &place, failure))
    }

    async fn encrypt(&self, key: &MasterKey, secret: &SecretBytes) -> Result<String, ProviderError> {
        let plaintext = Zeroizing::new(STANDARD.encode(secret.expose()));
        let answer: Encrypted = self.call("encrypt", key, ("plaintext", &plaintext)).await?;
        let text = answer.ciphertext;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let failure = ProviderError::new(Kind::Unexpected, "the reply holds no ciphertext");
            return Err(error("encrypt", "Vault", failure));
        }
        Ok(text)
    }

    async fn decrypt(&self, key: &MasterKey, wrapped: &str) -> Result<SecretBytes, ProviderError> {
        let answer: Decrypted = self.call("decrypt", key, ("ciphertext", wrapped)).await?;
        let plaintext = Zeroizing::new(answer.plaintext);
        match STANDARD.decode(plaintext.as_bytes()) {
            Ok(secret) if !secret.is_empty() => Ok(SecretBytes::new(secret)),
            _ => Err(error(
                "decrypt",
                "Vault",
                ProviderError::new(Kind::Unexpected, "the reply holds no data key"),
            )),
        }
    }
}

impl KeyProvider for VaultProvider {
    fn serves(&self, kind: &str) -> bool {
        kind == NAME
    }

    /// Wraps `secret` with the key that the fields `vault_address`,
    /// `engine_path` and `key_name` name; returns `vault:vN:...`.
    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        Box::pin(self.encrypt(key, secret))
    }

    fn unwrap<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        Box::pin(self.decrypt(key, wrapped))
    }
}

fn error(operation: &str, place: &str, error: ProviderError) -> ProviderError {
    error.within(&format!("failed to {operation} sops data key with {place}"))
}

#[cfg(test)]
mod tests;
