//! Ways to KMS: which region, and whose credentials.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_kms::Client;
use aws_types::os_shim_internal::{Env, Fs};
use bulla_core::{Environment, Kind, ProviderError};

use crate::http;
use crate::role::AssumedRole;

const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Variables that give credentials beside a profile.
const CREDENTIALS: [&str; 4] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

/// Variables that name a server in place of AWS's.
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_STS"];

/// What decides which client serves a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    pub(crate) region: String,
    /// Name of a profile; empty for what the environment says.
    pub(crate) profile: String,
    /// ARN of a role to assume; empty for none.
    pub(crate) role: String,
}

impl Route {
    /// Builds the client. Files are read, but nothing is asked yet.
    pub(crate) async fn client(&self, environment: &Environment) -> Result<Client, ProviderError> {
        let config = self.config(environment).await?;
        if self.role.is_empty() {
            return Ok(Client::new(&config));
        }
        let role = SharedCredentialsProvider::new(AssumedRole::new(&config, &self.role)?);
        Ok(Client::new(&config.into_builder().credentials_provider(role).build()))
    }

    async fn config(&self, environment: &Environment) -> Result<SdkConfig, ProviderError> {
        check_endpoints(environment)?;
        let env = self.variables(environment);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .env(env.clone())
            .region(Region::new(self.region.clone()))
            .http_client(http::client(environment)?)
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_DEADLINE).build());
        if !self.profile.is_empty() {
            check_profile(&env, &self.profile).await?;
            loader = loader.profile_name(self.profile.as_str());
        }
        Ok(loader.load().await)
    }

    /// The environment as the SDK sees it. A profile that a file names comes
    /// before the credentials of the environment, as it does in sops; the SDK
    /// would take these first.
    fn variables(&self, environment: &Environment) -> Env {
        let hidden = |name: &str| !self.profile.is_empty() && CREDENTIALS.contains(&name);
        let texts =
            environment.variables().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        let texts = texts.filter(|(name, value)| !value.is_empty() && !hidden(name));
        Env::from(texts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<HashMap<_, _>>())
    }
}

/// The SDK would ask AWS itself where it does not understand such a variable.
fn check_endpoints(environment: &Environment) -> Result<(), ProviderError> {
    let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    match ENDPOINTS.iter().find(|name| environment.text(name).is_some_and(|text| !is_url(text))) {
        Some(name) => {
            Err(ProviderError::new(Kind::InvalidConfig, format!("{name} is not an http or https URL")))
        }
        None => Ok(()),
    }
}

/// The SDK would look for other credentials where there is no such profile.
async fn check_profile(env: &Env, profile: &str) -> Result<(), ProviderError> {
    let name = Cow::Owned(profile.to_owned());
    let profiles = aws_config::profile::load(&Fs::real(), env, &EnvConfigFiles::default(), Some(name)).await;
    let profiles = profiles.map_err(|error| {
        ProviderError::new(Kind::InvalidConfig, format!("the AWS configuration cannot be read: {error}"))
    })?;
    match profiles.get_profile(profile) {
        Some(_) => Ok(()),
        None => Err(ProviderError::new(Kind::InvalidConfig, format!("there is no AWS profile {profile:?}"))),
    }
}
