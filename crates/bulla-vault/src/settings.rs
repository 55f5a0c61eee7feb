//! What the `VAULT_*` variables say, except the address.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bulla_core::{Environment, SecretText};
use reqwest::{Certificate, Identity};
use zeroize::Zeroizing;

/// Time for one key (`security.md` K-06); `VAULT_CLIENT_TIMEOUT` may shorten it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Bytes of a certificate, key or token file at most.
const FILE_LIMIT: u64 = 1 << 20;

/// Files of a directory of certificates at most.
const FILES_LIMIT: usize = 1000;

/// A variable, or the file that it names, cannot be used. Its value is not
/// repeated.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {reason}")]
pub(crate) struct SettingsError {
    variable: &'static str,
    reason: String,
}

fn wrong(variable: &'static str, reason: impl Into<String>) -> SettingsError {
    SettingsError { variable, reason: reason.into() }
}

/// Returns the token of `VAULT_TOKEN`, else of the file `~/.vault-token`.
/// Without one, requests go out without: an agent may add its own.
pub(crate) fn token(environment: &Environment) -> Result<Option<SecretText>, SettingsError> {
    if let Some(token) = environment.text("VAULT_TOKEN") {
        return Ok(Some(SecretText::new(token.to_owned())));
    }
    let Some(home) = environment.home() else { return Ok(None) };
    let bytes = match read(&home.join(".vault-token")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| wrong("~/.vault-token", error.to_string()))?,
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("~/.vault-token", "it is not text"))?;
    let token = text.trim();
    Ok((!token.is_empty()).then(|| SecretText::new(token.to_owned())))
}

/// Returns how long a request may take.
pub(crate) fn deadline(environment: &Environment) -> Result<Duration, SettingsError> {
    const NAME: &str = "VAULT_CLIENT_TIMEOUT";
    let Some(text) = environment.text(NAME) else { return Ok(DEADLINE) };
    let wanted =
        duration(text.trim()).ok_or_else(|| wrong(NAME, "it is not a duration such as 15 or 1m30s"))?;
    Ok(if wanted.is_zero() { DEADLINE } else { wanted.min(DEADLINE) })
}

/// Reads seconds without a unit, or numbers each with one.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let units = [("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (unit, seconds) = units.into_iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        sum += number * seconds;
    }
    Duration::try_from_secs_f64(sum).ok().filter(|_| !text.is_empty())
}

/// Returns true where `VAULT_SKIP_VERIFY` switches verification off.
pub(crate) fn skips_verification(environment: &Environment) -> Result<bool, SettingsError> {
    const NAME: &str = "VAULT_SKIP_VERIFY";
    match environment.text(NAME) {
        None | Some("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(false),
        Some("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(true),
        Some(_) => Err(wrong(NAME, "it is neither true nor false")),
    }
}

/// Returns the root certificates that replace the system's, if there are any.
pub(crate) fn roots(environment: &Environment) -> Result<Option<Vec<Certificate>>, SettingsError> {
    if let Some(file) = path(environment, "VAULT_CACERT") {
        let pem = read(&file).map_err(|error| wrong("VAULT_CACERT", error.to_string()))?;
        return certificates("VAULT_CACERT", &pem).map(Some);
    }
    if let Some(pem) = environment.text("VAULT_CACERT_BYTES") {
        return certificates("VAULT_CACERT_BYTES", pem.as_bytes()).map(Some);
    }
    path(environment, "VAULT_CAPATH").map(|directory| roots_in(&directory)).transpose()
}

fn roots_in(directory: &Path) -> Result<Vec<Certificate>, SettingsError> {
    const NAME: &str = "VAULT_CAPATH";
    let failed = |error: io::Error| wrong(NAME, error.to_string());
    let mut roots = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)?.take(FILES_LIMIT) {
        let file = entry.map_err(failed)?.path();
        if file.is_file() {
            roots.extend(certificates(NAME, &read(&file).map_err(failed)?)?);
        }
    }
    if roots.is_empty() { Err(wrong(NAME, "it holds no certificates")) } else { Ok(roots) }
}

fn certificates(variable: &'static str, pem: &[u8]) -> Result<Vec<Certificate>, SettingsError> {
    let certificates = Certificate::from_pem_bundle(pem).unwrap_or_default();
    if certificates.is_empty() {
        return Err(wrong(variable, "it holds no certificate in PEM"));
    }
    Ok(certificates)
}

/// Returns the certificate with its key that the client shows, if any.
pub(crate) fn identity(environment: &Environment) -> Result<Option<Identity>, SettingsError> {
    let [certificate, key] =
        ["VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY"].map(|name| (name, path(environment, name)));
    let (certificate, key) = match (certificate, key) {
        ((_, None), (_, None)) => return Ok(None),
        ((name, Some(_)), (other, None)) | ((other, None), (name, Some(_))) => {
            return Err(wrong(name, format!("{other} must be set with it")));
        }
        ((_, Some(certificate)), (_, Some(key))) => (certificate, key),
    };
    let mut pem = read(&certificate).map_err(|error| wrong("VAULT_CLIENT_CERT", error.to_string()))?;
    let key = read(&key).map_err(|error| wrong("VAULT_CLIENT_KEY", error.to_string()))?;
    let mut both = Zeroizing::new(Vec::with_capacity(pem.len() + key.len() + 1));
    both.append(&mut pem);
    both.push(b'\n');
    both.extend_from_slice(&key);
    let identity = Identity::from_pem(&both);
    identity.map(Some).map_err(|_| wrong("VAULT_CLIENT_CERT", "it and the key are not a usable pair in PEM"))
}

fn path(environment: &Environment, name: &str) -> Option<PathBuf> {
    environment.os(name).map(|path| environment.directory().join(path))
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 << 10));
    File::open(path)?.take(FILE_LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)], home: &Path) -> Environment {
        let home = [("HOME".into(), home.into())];
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Environment::new(home.into_iter().chain(variables), PathBuf::new())
    }

    #[test]
    fn the_token_comes_from_the_variable_or_the_trimmed_file() {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vault/home");
        let found = |variables: &[(&str, &str)], home: &Path| {
            token(&environment(variables, home)).unwrap().map(|token| token.expose().to_owned())
        };
        assert_eq!(found(&[("VAULT_TOKEN", "s.1")], &home).as_deref(), Some("s.1"));
        assert_eq!(found(&[("VAULT_TOKEN", "")], &home).as_deref(), Some("token-of-the-file"));
        assert_eq!(found(&[], Path::new("/nonexistent")), None);
    }

    #[test]
    fn durations_are_those_of_the_original_client() {
        for (text, milliseconds) in
            [("15", 15_000), ("1.5s", 1500), ("1m2s", 62_000), ("250ms", 250), ("1h", 3_600_000)]
        {
            assert_eq!(duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "1x", "-1", "1m2", "1..2s", "\u{661}s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn k_06_the_deadline_can_only_be_shortened() {
        let deadline = |text| deadline(&environment(&[("VAULT_CLIENT_TIMEOUT", text)], Path::new("")));
        for (text, seconds) in [("", 30), ("5", 5), ("60", 30), ("0", 30), ("2m", 30)] {
            assert_eq!(deadline(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        assert!(deadline("soon").is_err());
    }

    #[test]
    fn verification_is_skipped_for_true_only() {
        let skips = |text| skips_verification(&environment(&[("VAULT_SKIP_VERIFY", text)], Path::new("")));
        assert!(skips("1").unwrap() && skips("true").unwrap());
        assert!(!skips("").unwrap() && !skips("0").unwrap());
        assert!(skips("yes").is_err());
    }

    #[test]
    fn files_that_do_not_fit_are_errors_without_their_text() {
        let directory = tempfile::tempdir().unwrap();
        let error = |variables: &[(&str, &str)]| {
            let environment = environment(variables, Path::new(""));
            let roots = roots(&environment).map(|_| ());
            roots.and_then(|()| identity(&environment).map(|_| ())).unwrap_err().to_string()
        };
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let empty = directory.path().to_str().unwrap();
        assert!(error(&[("VAULT_CACERT", "/nonexistent")]).starts_with("VAULT_CACERT: No such file"));
        assert_eq!(error(&[("VAULT_CACERT", here)]), "VAULT_CACERT: it holds no certificate in PEM");
        let bytes = error(&[("VAULT_CACERT_BYTES", "secret")]);
        assert_eq!(bytes, "VAULT_CACERT_BYTES: it holds no certificate in PEM");
        assert_eq!(error(&[("VAULT_CAPATH", empty)]), "VAULT_CAPATH: it holds no certificates");
        let alone = error(&[("VAULT_CLIENT_KEY", here)]);
        assert_eq!(alone, "VAULT_CLIENT_KEY: VAULT_CLIENT_CERT must be set with it");
        let pair = error(&[("VAULT_CLIENT_CERT", here), ("VAULT_CLIENT_KEY", here)]);
        assert_eq!(pair, "VAULT_CLIENT_CERT: it and the key are not a usable pair in PEM");
    }
}
