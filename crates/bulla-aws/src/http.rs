//! The HTTP client below the SDK. The SDK's own knows no proxies and no
//! `AWS_CA_BUNDLE`, and reads answers without end.

use std::fs;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bulla_core::{Environment, Kind, ProviderError, Proxies};
use http_body_util::Limited;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Bytes of an answer at most.
const ANSWER_LIMIT: usize = 8 << 20;

/// Builds a client as `HTTPS_PROXY`, `NO_PROXY` and `AWS_CA_BUNDLE` say.
///
/// Requests without TLS go directly: they are for loopback addresses and for
/// the metadata services of hosts.
pub(crate) fn client(environment: &Environment) -> Result<SharedHttpClient, ProviderError> {
    let proxy = proxy(environment)?;
    let trust = trust(environment)?;
    let tls = TlsContext::builder().with_trust_store(trust).build();
    let tls = tls.map_err(|_| ProviderError::new(Kind::InvalidConfig, "no TLS client can be made"))?;
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        // No connection is kept: it would belong to a runtime that may be gone.
        let mut builder = Connector::builder().pool_max_idle_per_host(0).proxy_config(proxy.clone());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls.clone()).build()
    });
    Ok(SharedHttpClient::new(LimitedClient(client)))
}

fn proxy(environment: &Environment) -> Result<ProxyConfig, ProviderError> {
    let named = Proxies::of(environment);
    let Some(url) = named.https else { return Ok(ProxyConfig::disabled()) };
    let proxy = ProxyConfig::https(url);
    let proxy = proxy
        .map_err(|_| ProviderError::new(Kind::InvalidConfig, "HTTPS_PROXY is not the URL of a proxy"))?;
    Ok(proxy.no_proxy(named.direct))
}

/// The certificates of `AWS_CA_BUNDLE` and no others, or the system's.
fn trust(environment: &Environment) -> Result<TrustStore, ProviderError> {
    let Some(path) = environment.os("AWS_CA_BUNDLE") else { return Ok(TrustStore::default()) };
    let wrong = |reason: String| ProviderError::new(Kind::InvalidConfig, format!("AWS_CA_BUNDLE: {reason}"));
    let pem = fs::read(environment.directory().join(path)).map_err(|error| wrong(error.to_string()))?;
    // Looked at here, for the SDK would panic over what it cannot read.
    let mut roots = RootCertStore::empty();
    let all_fit = CertificateDer::pem_slice_iter(&pem)
        .all(|certificate| certificate.is_ok_and(|certificate| roots.add(certificate).is_ok()));
    if !all_fit || roots.is_empty() {
        return Err(wrong("it does not hold certificates in PEM".into()));
    }
    Ok(TrustStore::empty().with_pem_certificate(pem))
}

/// A client whose answers end.
#[derive(Debug)]
struct LimitedClient(SharedHttpClient);

#[derive(Debug)]
struct LimitedConnector(SharedHttpConnector);

impl HttpClient for LimitedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(LimitedConnector(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for LimitedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let limited = |body| SdkBody::from_body_1_x(Limited::new(body, ANSWER_LIMIT));
            answer.await.map(|answer| answer.map(limited))
        })
    }
}
