//! TLS to an API server: whom to trust, who we are, and Go's words for what
//! goes wrong.

use std::error::Error;
use std::sync::Arc;

use bulla_core::civil::rfc3339;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};

use super::access::Identity;

/// Makes the configuration of connections.
///
/// `authorities` in PEM are trusted instead of the system's; `insecure` trusts
/// everybody.
pub(super) fn configuration(
    authorities: Option<&[u8]>,
    insecure: bool,
    identity: Option<&Identity>,
) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let builder =
        builder.dangerous().with_custom_certificate_verifier(verifier(authorities, insecure, &provider)?);
    Ok(match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = Arc::new(certified_key(identity)?);
            builder.with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(key)))
        }
    })
}

fn verifier(
    authorities: Option<&[u8]>,
    insecure: bool,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    if insecure {
        return Ok(Arc::new(Trust { provider: Arc::clone(provider), authorities: None }));
    }
    let Some(pem) = authorities else {
        let system = rustls_platform_verifier::Verifier::new(Arc::clone(provider));
        return Ok(Arc::new(system.map_err(|error| error.to_string())?));
    };
    let trusted: Vec<CertificateDer<'static>> = certificates(pem);
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(trusted.iter().cloned());
    if added == 0 {
        let why = if trusted.is_empty() {
            "unable to parse bytes as PEM block"
        } else {
            "no valid certificate authority data seen"
        };
        return Err(format!("unable to load root certificates: {why}"));
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let inner = builder.build().map_err(|error| error.to_string())?;
    let authorities = Some(Authorities { inner, trusted });
    Ok(Arc::new(Trust { provider: Arc::clone(provider), authorities }))
}

fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}

/// A certificate with its key, checked to belong together.
pub(super) fn certified_key(identity: &Identity) -> Result<CertifiedKey, String> {
    let chain = certificates(&identity.certificate);
    if chain.is_empty() {
        return Err("tls: failed to find any PEM data in certificate input".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose())
        .map_err(|_| "tls: failed to find any PEM data in key input".to_owned())?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => "tls: private key does not match public key".to_owned(),
        _ => "tls: failed to parse private key".to_owned(),
    })
}

/// Whom to trust, where that is not the system's choice.
#[derive(Debug)]
struct Trust {
    provider: Arc<CryptoProvider>,
    /// None trusts whoever answers: `--insecure-skip-tls-verify`.
    authorities: Option<Authorities>,
}

/// Certificates to trust.
#[derive(Debug)]
struct Authorities {
    inner: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl Authorities {
    /// Trusts a server whose own certificate is one of these, as Go does:
    /// whoever issued it, and even where it says that it is an authority. Its
    /// times and its use were checked before its issuer was looked for; the
    /// use not where it is an authority.
    fn trusts_itself(
        &self,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let alone = self.inner.verify_server_cert(certificate, &[], name, &[], now);
        match alone {
            Err(rustls::Error::InvalidCertificate(why)) if is_about_the_issuer(&why) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }
}

/// Whether nothing is wrong with a certificate but who issued it, or that it
/// is an issuer itself.
fn is_about_the_issuer(why: &CertificateError) -> bool {
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => true,
        CertificateError::Other(OtherError(error)) => {
            matches!(error.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.authorities {
            None => Ok(ServerCertVerified::assertion()),
            Some(authorities) if authorities.trusted.contains(end_entity) => {
                authorities.trusts_itself(end_entity, server_name, now)
            }
            Some(Authorities { inner, .. }) => {
                inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The error of TLS behind another error.
pub(super) fn behind<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let io = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match io {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// What Go would say.
pub(super) fn say(error: &rustls::Error) -> String {
    let refused = |why: String| format!("tls: failed to verify certificate: x509: {why}");
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => refused("certificate signed by unknown authority".to_owned()),
            CertificateError::NotValidForNameContext { expected, presented } => {
                refused(wrong_name(expected, presented))
            }
            CertificateError::ExpiredContext { time, not_after } => {
                refused(expired(*time, "after", *not_after))
            }
            CertificateError::NotValidYetContext { time, not_before } => {
                refused(expired(*time, "before", *not_before))
            }
            other => refused(format!("{other:?}")),
        },
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        rustls::Error::AlertReceived(alert) => format!("remote error: tls: {}", alert_text(*alert)),
        other => format!("tls: {other}"),
    }
}

fn expired(now: UnixTime, side: &str, limit: UnixTime) -> String {
    let [now, limit] = [now, limit].map(|time| rfc3339(time.as_secs() as i64));
    format!("certificate has expired or is not yet valid: current time {now} is {side} {limit}")
}

/// `presented` has entries as `DnsName("a")` and `IpAddress(127.0.0.1)`.
fn wrong_name(expected: &ServerName<'_>, presented: &[String]) -> String {
    let wanted = expected.to_str();
    let is_address = matches!(expected, ServerName::IpAddress(_));
    let kind = if is_address { "IpAddress(" } else { "DnsName(" };
    let names: Vec<&str> = presented
        .iter()
        .filter_map(|name| name.strip_prefix(kind))
        .map(|name| name.trim_end_matches(')').trim_matches('"'))
        .collect();
    match names.as_slice() {
        [] if is_address => {
            format!("cannot validate certificate for {wanted} because it doesn't contain any IP SANs")
        }
        [] => format!("certificate is not valid for any names, but wanted to match {wanted}"),
        names => format!("certificate is valid for {}, not {wanted}", names.join(", ")),
    }
}

fn alert_text(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::AccessDenied => "access denied".to_owned(),
        AlertDescription::BadCertificate => "bad certificate".to_owned(),
        AlertDescription::CertificateExpired => "expired certificate".to_owned(),
        AlertDescription::CertificateRequired => "certificate required".to_owned(),
        AlertDescription::CertificateRevoked => "revoked certificate".to_owned(),
        AlertDescription::CertificateUnknown => "unknown certificate".to_owned(),
        AlertDescription::HandshakeFailure => "handshake failure".to_owned(),
        AlertDescription::InternalError => "internal error".to_owned(),
        AlertDescription::ProtocolVersion => "protocol version not supported".to_owned(),
        AlertDescription::UnknownCA => "unknown certificate authority".to_owned(),
        AlertDescription::UnrecognisedName => "unrecognized name".to_owned(),
        AlertDescription::UnsupportedCertificate => "unsupported certificate".to_owned(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_fit_are_told_as_go_does() {
        let presented = ["DnsName(\"a.example\")", "IpAddress(10.0.0.1)", "DnsName(\"b.example\")"];
        let presented = presented.map(str::to_owned);
        let text = |name: &str, presented: &[String]| {
            wrong_name(&ServerName::try_from(name.to_owned()).unwrap(), presented)
        };
        assert_eq!(text("c", &presented), "certificate is valid for a.example, b.example, not c");
        assert_eq!(text("127.0.0.1", &presented), "certificate is valid for 10.0.0.1, not 127.0.0.1");
        assert_eq!(text("c", &[]), "certificate is not valid for any names, but wanted to match c");
        let none = "cannot validate certificate for ::1 because it doesn't contain any IP SANs";
        assert_eq!(text("::1", &[]), none);
    }

    #[test]
    fn authorities_and_keys_must_be_some() {
        let refused = |pem: &[u8]| configuration(Some(pem), false, None).err().unwrap();
        assert_eq!(refused(b"x"), "unable to load root certificates: unable to parse bytes as PEM block");
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(refused(broken).ends_with("no valid certificate authority data seen"));
        let identity =
            Identity { certificate: broken.to_vec(), key: bulla_core::SecretBytes::new(b"canary".to_vec()) };
        assert_eq!(certified_key(&identity).err().unwrap(), "tls: failed to find any PEM data in key input");
    }
}
