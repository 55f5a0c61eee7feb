//! Keys of AWS KMS as a key provider: master keys of kind `kms` (`sops.md`
//! 4.3), through the official SDK.
//!
//! The region comes from a key's ARN, which is checked before anything is
//! sent; errors hold a code, a status and perhaps the ARN of the caller, but
//! never a body, a key or a token. Clients are made on first use.
//!
//! The SDK gets its environment from the `Environment` alone. Three variables
//! are the exception, read by its parts from the process: the places of the
//! system's root certificates (`SSL_CERT_FILE`, `SSL_CERT_DIR`),
//! `AWS_EXECUTION_ENV` for the header `User-Agent`, and
//! `SMITHY_CLIENT_SDK_CUSTOM_PARTITION` for names of servers in partitions of
//! the future. The entry for a given environment is behind the feature
//! `test-util` of `aws-config`, which holds nothing else.
//!
//! A profile with `credential_source = Environment` works where the
//! environment names it (`AWS_PROFILE`), not where a master key does: the SDK
//! offers no way to rank that profile above the variables and yet show them to
//! it.

mod arn;
mod failure;
mod http;
mod kms;
mod role;
mod route;

pub use kms::KmsProvider;
