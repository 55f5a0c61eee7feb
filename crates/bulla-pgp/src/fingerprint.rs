//! What may name a key on gpg's command line (`security.md` K-05).

/// Digits of a long key id.
const LONG_ID: usize = 16;

/// The name of a key: a fingerprint or key id in hex, with a `!` where gpg
/// must take exactly that subkey, or a mail address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint<'a>(&'a str);

impl<'a> Fingerprint<'a> {
    /// Checks the text of a metadata field or a command line; spaces inside
    /// it are not accepted. Returns `None` for anything that gpg could read
    /// as an option, a pattern or a file.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        (is_hex(text) || is_mail_address(text)).then_some(Self(text))
    }

    /// Returns the text as it was given.
    pub(crate) fn text(&self) -> &'a str {
        self.0
    }

    /// Returns the digits of a fingerprint or key id, in upper case; `None`
    /// for a mail address.
    pub(crate) fn hex(&self) -> Option<String> {
        let digits = self.0.strip_suffix('!').unwrap_or(self.0);
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        is_hex(self.0).then(|| digits.to_ascii_uppercase())
    }

    /// Returns the digits where exactly this key is meant, and not the best
    /// one of its certificate.
    pub(crate) fn exact(&self) -> Option<String> {
        self.hex().filter(|_| self.0.ends_with('!'))
    }

    /// Returns the long key id, with the `!` if there is one: the key that
    /// gpg is to trust. A mail address has none, and gpg refuses to trust it.
    pub(crate) fn long_id(&self) -> Option<&'a str> {
        if !is_hex(self.0) {
            return None;
        }
        let length = LONG_ID + usize::from(self.0.ends_with('!'));
        Some(&self.0[self.0.len().saturating_sub(length)..])
    }
}

fn is_hex(text: &str) -> bool {
    let digits = text.strip_suffix('!').unwrap_or(text);
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// True for the plain form `local@domain`. The local part may not start with
/// a character that means something to gpg in front of a user id.
fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = |part: &str, more: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    plain(local, "._%+-") && plain(domain, ".-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_05_only_hex_and_mail_addresses_name_a_key() {
        for text in [
            "85D77543B3D624B63CEA9E6DBC17301B491B3F21",
            "0x85d77543b3d624b6",
            "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4!",
            "first.last+tag@mail.example.org",
        ] {
            assert_eq!(Fingerprint::parse(text).map(|found| found.text()), Some(text));
        }
        for text in [
            "",
            "!",
            "0x",
            "-r",
            "--output=/etc/passwd",
            "-@example.org",
            "85D7 7543",
            "AB!!",
            "AB\n",
            "=Name <a@example.org>",
            "<a@example.org>",
            "@example.org",
            "a@",
            "a@b@c",
            "a@-b",
            "name",
            "../secring.gpg",
        ] {
            assert_eq!(Fingerprint::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_long_id_is_the_end_of_the_fingerprint() {
        let id = |text| Fingerprint::parse(text).unwrap().long_id();
        assert_eq!(id("85D77543B3D624B63CEA9E6DBC17301B491B3F21"), Some("BC17301B491B3F21"));
        assert_eq!(id("85D77543B3D624B63CEA9E6DBC17301B491B3F21!"), Some("BC17301B491B3F21!"));
        assert_eq!(id("491B3F21"), Some("491B3F21"));
        assert_eq!(id("a@example.org"), None);
    }
}
