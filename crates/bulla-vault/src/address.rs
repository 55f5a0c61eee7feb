//! Which servers a data key and a token may go to (`security.md` K-02 and
//! section 10.3).

use std::fmt;

use bulla_core::Environment;
use reqwest::Url;

use crate::name::is_segment;

const LIST: &str = "SOPS_HC_VAULT_ALLOWLIST";

/// Why nothing is sent. No text of an address that was not understood is
/// repeated, for it could hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("the address is not a plain http or https URL")]
    Invalid,
    #[error("entry {0} of {LIST} is not a plain http or https URL")]
    ListEntry(usize),
    #[error("Allowlist does not allow {0}")]
    NotListed(String),
    #[error("VAULT_ADDR names another server than {0}; to use this one, list it in {LIST}")]
    OtherServer(String),
    #[error("{0} is not encrypted; to use it all the same, list it in {LIST} or set VAULT_ADDR to it")]
    Unencrypted(String),
}

/// The address of a server: scheme, host and port, and perhaps a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl Address {
    /// Reads an address with nothing in it that programs understand in
    /// different ways: no user-info, query, fragment or escape.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = |c: char| c.is_ascii_graphic() && !"@\\%?#\"<>`{}|^".contains(c);
        let url = Url::parse(text).ok().filter(|_| text.chars().all(plain))?;
        let web = ["http", "https"].contains(&url.scheme()) && url.host_str().is_some();
        let path = url.path().trim_matches('/');
        let path_is_plain = path.is_empty() || path.split('/').all(is_segment);
        (web && path_is_plain).then_some(Self(url))
    }

    /// Builds the URL of a path of the API below this address.
    pub(crate) fn join<'a>(&self, segments: impl Iterator<Item = &'a str>) -> Option<Url> {
        let mut url = self.0.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
        Some(url)
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    fn has_origin_of(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// True where `other` has the same origin and lies at or below this path.
    fn covers(&self, other: &Self) -> bool {
        let [own, path] = [self, other].map(|address| address.0.path().trim_end_matches('/'));
        let rest = path.strip_prefix(own);
        self.has_origin_of(other) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Decides whether `address` may be used; returns what the user should be
/// told about it.
pub(crate) fn admit(address: &Address, environment: &Environment) -> Result<Vec<String>, AddressError> {
    let own = environment.text("VAULT_ADDR");
    let is_own = own.and_then(Address::parse).is_some_and(|own| own.has_origin_of(address));
    let (mut is_named, mut messages) = (is_own, Vec::new());
    match environment.text(LIST).map(str::trim) {
        Some("all") => {}
        Some("none") => return Err(AddressError::NotListed(address.to_string())),
        Some(list) => {
            if !is_listed(list, address)? {
                return Err(AddressError::NotListed(address.to_string()));
            }
            is_named = true;
        }
        None if is_own => {}
        None if own.is_some() => return Err(AddressError::OtherServer(address.to_string())),
        None => messages.push(format!(
            "the file names the Vault server {address}, which gets your token; set VAULT_ADDR or {LIST} \
             to allow only the servers you know"
        )),
    }
    if !address.is_encrypted() && !address.is_loopback() {
        if !is_named {
            return Err(AddressError::Unencrypted(address.to_string()));
        }
        messages.push(format!("the connection to {address} is not encrypted"));
    }
    Ok(messages)
}

fn is_listed(list: &str, address: &Address) -> Result<bool, AddressError> {
    let mut found = false;
    // A bad entry anywhere is an error, so that a slip does not go unnoticed.
    for (index, entry) in list.split(',').enumerate() {
        let entry = Address::parse(entry).ok_or(AddressError::ListEntry(index + 1))?;
        found |= entry.covers(address);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(address: &str, variables: &[(&str, &str)]) -> Result<Vec<String>, AddressError> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let environment = Environment::new(variables, std::path::PathBuf::new());
        admit(&Address::parse(address).ok_or(AddressError::Invalid)?, &environment)
    }

    #[test]
    fn k_02_an_address_is_a_plain_url() {
        for text in ["https://vault.example.org", "http://127.0.0.1:8200/", "https://[::1]:8200/a/b"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text.trim_end_matches('/'));
        }
        for text in [
            "",
            "vault.example.org",
            "file:///etc",
            "ftp://a",
            "https://",
            "https://user@a",
            "https://u:p@a",
            "https://@a",
            "https://a?b",
            "https://a#b",
            "https://a/%2e%2e/b",
            "https://a\\b",
            "https://a b",
            "https://a\n.b",
            "unix:///run/vault",
            "https://a/b//c",
            "https://a%2eb",
            "https://v\u{e4}ult",
            "https://a:99999",
            "javascript:alert(1)",
        ] {
            assert_eq!(Address::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn k_02_the_allow_list_compares_origins_and_whole_segments() {
        let allows = |list: &str, address: &str| decide(address, &[(LIST, list)]);
        for (list, address) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example/", "https://A.example:443/"),
            ("https://b.example, https://a.example:8200", "https://a.example:8200"),
            ("https://a.example/x", "https://a.example/x"),
            ("https://a.example/x/", "https://a.example/x/y"),
            ("all", "https://a.example"),
        ] {
            assert_eq!(allows(list, address), Ok(Vec::new()), "{list} {address}");
        }
        for (list, address) in [
            ("none", "https://a.example"),
            ("https://a.example", "https://a.example.evil.org"),
            ("https://a.example", "https://a.example:8200"),
            ("https://a.example", "http://a.example"),
            ("https://a.example/x", "https://a.example/xy"),
            ("https://a.example/x", "https://a.example"),
            ("http://127.0.0.1:8200", "http://127.0.0.1:82000".trim_end_matches('0')),
        ] {
            let refused = allows(list, address);
            assert_eq!(refused, Err(AddressError::NotListed(address.to_owned())), "{list} {address}");
        }
    }

    #[test]
    fn k_02_bad_entries_of_the_allow_list_are_errors() {
        for (list, entry) in
            [("https://a,", 2), ("https://", 1), ("https://a,b,https://c", 2), ("all,none", 1)]
        {
            assert_eq!(decide("https://a", &[(LIST, list)]), Err(AddressError::ListEntry(entry)), "{list}");
        }
    }

    #[test]
    fn k_02_without_a_list_the_own_server_decides() {
        let own = [("VAULT_ADDR", "https://vault.example.org:8200/ui")];
        assert_eq!(decide("https://vault.example.org:8200", &own), Ok(Vec::new()));
        for address in
            ["https://evil.example.org", "https://vault.example.org", "http://vault.example.org:8200"]
        {
            assert_eq!(decide(address, &own), Err(AddressError::OtherServer(address.to_owned())));
        }
        // One that is not understood allows nothing.
        let unclear = decide("https://a.example", &[("VAULT_ADDR", "unix:///run/vault")]);
        assert_eq!(unclear, Err(AddressError::OtherServer("https://a.example".to_owned())));
        let both = [own[0], (LIST, "https://other.example.org")];
        assert_eq!(decide("https://other.example.org", &both), Ok(Vec::new()));
        assert!(matches!(decide("https://vault.example.org:8200", &both), Err(AddressError::NotListed(_))));
    }

    #[test]
    fn k_02_without_list_and_own_server_the_user_is_told() {
        let messages = decide("https://vault.example.org", &[]).unwrap();
        assert_eq!(messages.len(), 1);
        assert!(messages[0].contains("https://vault.example.org"), "{messages:?}");
    }

    #[test]
    fn k_02_an_unencrypted_server_must_be_named() {
        let address = "http://vault.vault.svc:8200";
        for variables in [&[][..], &[(LIST, "all")]] {
            assert_eq!(decide(address, variables), Err(AddressError::Unencrypted(address.to_owned())));
        }
        for variables in
            [&[("VAULT_ADDR", address)][..], &[(LIST, address)], &[("VAULT_ADDR", address), (LIST, "all")]]
        {
            let told = decide(address, variables).unwrap();
            assert_eq!(told, [format!("the connection to {address} is not encrypted")]);
        }
        for loopback in ["http://127.0.0.1:8200", "http://[::1]:8200", "http://localhost:8200"] {
            assert_eq!(decide(loopback, &[(LIST, "all")]), Ok(Vec::new()));
        }
        for other in ["http://localhost.example.org", "http://10.0.0.1", "http://127.0.0.1.example.org"] {
            assert!(matches!(decide(other, &[(LIST, "all")]), Err(AddressError::Unencrypted(_))), "{other}");
        }
    }
}
