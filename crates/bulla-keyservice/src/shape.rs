//! What a freshly wrapped key looks like (`security.md` C-10): a key service
//! that answers with anything else must not get into a file.

/// Bytes of a wrapped key at most.
const LIMIT: usize = 64 << 10;

/// Returns true where `wrapped` may be the `enc` text of a key of this kind.
pub(crate) fn fits(kind: &str, wrapped: &str) -> bool {
    if wrapped.is_empty() || wrapped.len() > LIMIT {
        return false;
    }
    match kind {
        "age" => is_armor(wrapped, "AGE ENCRYPTED FILE"),
        "pgp" => is_armor(wrapped, "PGP MESSAGE"),
        "hc_vault" => {
            wrapped.starts_with("vault:v") && wrapped.bytes().all(|byte| is_base64(byte) || byte == b':')
        }
        _ => wrapped.bytes().all(is_base64),
    }
}

fn is_armor(wrapped: &str, label: &str) -> bool {
    let wrapped = wrapped.trim_end();
    let plain = |byte: u8| byte == b'\n' || byte == b'\r' || byte == b' ' || byte.is_ascii_graphic();
    wrapped.bytes().all(plain)
        && wrapped.strip_prefix("-----BEGIN ").is_some_and(|rest| rest.starts_with(&format!("{label}-----")))
        && wrapped.ends_with(&format!("-----END {label}-----"))
}

/// Both alphabets, with and without padding.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_10_a_wrapped_key_has_the_shape_of_its_kind() {
        let age = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n";
        let pgp = "-----BEGIN PGP MESSAGE-----\n\nhF4D\n-----END PGP MESSAGE-----";
        assert!(fits("age", age) && fits("pgp", pgp));
        assert!(fits("hc_vault", "vault:v1:AAAA+/==") && fits("kms", "AQIC+/=="));
        assert!(fits("azure_kv", "ab-_") && fits("gcp_kms", "CiQA") && fits("hckms", "AAAA"));
        for (kind, wrapped) in [
            ("age", ""),
            ("age", "garbage"),
            ("age", pgp),
            ("age", "-----BEGIN AGE ENCRYPTED FILE-----\n"),
            ("age", "-----BEGIN AGE ENCRYPTED FILE-----\n\u{1b}\n-----END AGE ENCRYPTED FILE-----"),
            ("pgp", age),
            ("hc_vault", "vault:"),
            ("hc_vault", "vault:v1:a b"),
            ("kms", "not base64\n"),
            ("kms", ""),
        ] {
            assert!(!fits(kind, wrapped), "{kind} {wrapped:?}");
        }
        assert!(!fits("kms", &"A".repeat(LIMIT + 1)));
    }
}
