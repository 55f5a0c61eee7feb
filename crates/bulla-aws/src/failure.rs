//! Why AWS gave no usable answer: a kind and a text, never a text of AWS or
//! of whoever answered in its place, except for two that have a fixed form:
//! the code of an error and the ARN of the caller.

use std::error::Error;

use aws_config::profile::credentials::ProfileFileError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use bulla_core::{Kind, ProviderError, root_cause};

/// Longest code of an error that is repeated.
const CODE_LENGTH: usize = 64;

/// Longest ARN of a caller that is repeated.
const CALLER_LENGTH: usize = 256;

/// What became of a call. An error of our own below it, as of the role that
/// was to be assumed for it, is passed on.
pub(crate) fn of_call<E>(error: &SdkError<E, HttpResponse>) -> ProviderError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(own) = below::<ProviderError>(error) {
        return own.clone();
    }
    if let Some(credentials) = below::<CredentialsError>(error) {
        return of_credentials(credentials);
    }
    match error {
        SdkError::ServiceError(answer) => {
            let meta = answer.err().meta();
            refused(meta.code(), meta.message(), answer.raw().status().as_u16())
        }
        SdkError::TimeoutError(_) => timed_out(),
        SdkError::DispatchFailure(failure) => failure.as_connector_error().map_or_else(broken, of_connection),
        SdkError::ResponseError(_) => unusable(None),
        SdkError::ConstructionFailure(_) => {
            let text = format!("the request cannot be made: {}", root_cause(error));
            ProviderError::new(Kind::InvalidConfig, text)
        }
        _ => ProviderError::new(Kind::Unexpected, "the call failed"),
    }
}

/// Finds an error of one type among the causes of another.
fn below<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

pub(crate) fn timed_out() -> ProviderError {
    ProviderError::new(Kind::Unavailable, "there was no answer in time")
}

fn broken() -> ProviderError {
    ProviderError::new(Kind::Unavailable, "the connection broke")
}

fn unusable(status: Option<u16>) -> ProviderError {
    let status = status.map_or_else(String::new, |status| format!(" (status {status})"));
    ProviderError::new(Kind::Unexpected, format!("the answer is not one of AWS{status}"))
}

fn of_connection(error: &ConnectorError) -> ProviderError {
    match () {
        () if error.is_timeout() => timed_out(),
        () if error.is_io() => ProviderError::new(
            Kind::Unavailable,
            format!("the server cannot be reached: {}", root_cause(error)),
        ),
        () if error.is_user() => ProviderError::new(
            Kind::InvalidConfig,
            format!("the request cannot be sent: {}", root_cause(error)),
        ),
        () => broken(),
    }
}

/// What went wrong on the way to credentials. Programs and files that give
/// them may have said anything, so only profiles are described, by their
/// names and settings' names.
fn of_credentials(error: &CredentialsError) -> ProviderError {
    let (kind, reason) = match error {
        CredentialsError::CredentialsNotLoaded(_) => (
            Kind::InvalidConfig,
            "there are no AWS credentials in the environment, in a profile or on this host",
        ),
        CredentialsError::ProviderTimedOut(_) => (Kind::Unavailable, "no AWS credentials came in time"),
        CredentialsError::InvalidConfiguration(_) => {
            (Kind::InvalidConfig, "the settings for AWS credentials cannot be used")
        }
        _ => (Kind::Denied, "no AWS credentials could be had"),
    };
    let profile = below::<ProfileFileError>(error).map_or_else(String::new, |error| format!(": {error}"));
    ProviderError::new(kind, [reason, profile.as_str()].concat())
}

/// A service refused: by its code where that is known, else by the status.
fn refused(code: Option<&str>, message: Option<&str>, status: u16) -> ProviderError {
    let code = code.filter(|code| is_code(code)).unwrap_or_default();
    let meaning = meaning(code).or_else(|| meaning_of_status(status));
    let Some((kind, meaning)) = meaning else { return unusable(Some(status)) };
    let code = if code.is_empty() { String::new() } else { format!("{code}, ") };
    let caller = message.and_then(caller).map_or_else(String::new, |caller| format!(" to {caller}"));
    ProviderError::new(kind, format!("{meaning}{caller} ({code}status {status})"))
}

/// Letters only: no encoding of a data key, which always has a digit or a
/// sign of another kind, passes for a code.
fn is_code(text: &str) -> bool {
    (1..=CODE_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn meaning(code: &str) -> Option<(Kind, &'static str)> {
    Some(match code {
        "AccessDenied" | "AccessDeniedException" | "NotAuthorized" => (Kind::Denied, "access is denied"),
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            (Kind::Denied, "the AWS credentials have expired")
        }
        "AuthFailure"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "OptInRequired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => (Kind::Denied, "AWS does not accept the credentials"),
        "RegionDisabledException" => (Kind::Denied, "the region is not enabled for this account"),
        "NotFoundException" => (Kind::NotFound, "there is no such key or alias"),
        "DisabledException" => (Kind::InvalidConfig, "the key is disabled"),
        "KMSInvalidStateException" => (
            Kind::InvalidConfig,
            "the key is in a state in which it cannot be used, such as pending deletion",
        ),
        "InvalidKeyUsageException" => (Kind::InvalidConfig, "the key is not one that encrypts"),
        "InvalidArnException" | "ValidationError" | "ValidationException" => {
            (Kind::InvalidConfig, "AWS finds the name of the key or role invalid")
        }
        "IncorrectKeyException" => (Kind::Unexpected, "the data key was wrapped with another key"),
        "InvalidCiphertextException" => (
            Kind::Unexpected,
            "the wrapped data key is damaged, or the encryption context is not the one that it was wrapped with",
        ),
        "LimitExceededException"
        | "RequestLimitExceeded"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException" => (Kind::RateLimited, "AWS asks to slow down"),
        "DependencyTimeoutException"
        | "InternalFailure"
        | "KMSInternalException"
        | "KeyUnavailableException"
        | "ServiceUnavailable" => (Kind::Unavailable, "AWS failed"),
        _ => return None,
    })
}

fn meaning_of_status(status: u16) -> Option<(Kind, &'static str)> {
    Some(match status {
        401 | 403 => (Kind::Denied, "access is denied"),
        429 => (Kind::RateLimited, "AWS asks to slow down"),
        500.. => (Kind::Unavailable, "AWS failed"),
        400..=499 => (Kind::Unexpected, "AWS refused the request"),
        _ => return None,
    })
}

/// Finds the caller in `User: ARN is not authorized to perform: ...`, for who
/// one is taken for is what a denial is about.
fn caller(message: &str) -> Option<&str> {
    let (caller, _) = message.strip_prefix("User: ")?.split_once(" is not authorized to perform: ")?;
    let mut parts = caller.splitn(6, ':');
    let [Some("arn"), Some(partition), Some("iam" | "sts"), Some(""), Some(account), Some(name)] =
        std::array::from_fn(|_| parts.next())
    else {
        return None;
    };
    let is_partition = partition.starts_with("aws")
        && partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_/-".contains(&byte));
    (caller.len() <= CALLER_LENGTH && is_partition && is_account && is_name).then_some(caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_decide_the_kind() {
        for (code, status, kind, text) in [
            (
                Some("AccessDeniedException"),
                400,
                Kind::Denied,
                "access is denied (AccessDeniedException, status 400)",
            ),
            (
                Some("ThrottlingException"),
                400,
                Kind::RateLimited,
                "AWS asks to slow down (ThrottlingException, status 400)",
            ),
            (
                Some("SomethingNew"),
                400,
                Kind::Unexpected,
                "AWS refused the request (SomethingNew, status 400)",
            ),
            (Some("SomethingNew"), 500, Kind::Unavailable, "AWS failed (SomethingNew, status 500)"),
            (None, 403, Kind::Denied, "access is denied (status 403)"),
            (None, 429, Kind::RateLimited, "AWS asks to slow down (status 429)"),
            (None, 200, Kind::Unexpected, "the answer is not one of AWS (status 200)"),
            (None, 302, Kind::Unexpected, "the answer is not one of AWS (status 302)"),
            (
                Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
                400,
                Kind::Unexpected,
                "AWS refused the request (status 400)",
            ),
            (Some("has blanks in it"), 400, Kind::Unexpected, "AWS refused the request (status 400)"),
        ] {
            let failure = refused(code, Some("canary"), status);
            assert_eq!((failure.kind, failure.reason.as_str()), (kind, text));
        }
    }

    #[test]
    fn a_denial_names_the_caller_and_nothing_else_of_the_message() {
        let denied = |caller: &str| {
            let message =
                format!("User: {caller} is not authorized to perform: kms:Decrypt on resource: canary");
            refused(Some("AccessDeniedException"), Some(&message), 400).reason
        };
        let user = "arn:aws:iam::123456789012:user/dev/ann@example.org";
        assert_eq!(denied(user), format!("access is denied to {user} (AccessDeniedException, status 400)"));
        for other in [
            "canary",
            "arn:aws:iam::1234:user/canary",
            "arn:aws:iam::123456789012:user/ca nary",
            "arn:aws:kms::123456789012:key/canary",
            &format!("arn:aws:iam::123456789012:user/{}", "canary".repeat(50)),
        ] {
            assert_eq!(denied(other), "access is denied (AccessDeniedException, status 400)", "{other}");
        }
    }
}
