//! Names of mounts and keys (`security.md` K-01).

/// Where a transit key lies: the mount's path and the key's name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyPath<'a> {
    pub(crate) engine: Vec<&'a str>,
    pub(crate) name: &'a str,
}

impl<'a> KeyPath<'a> {
    /// Checks both texts; slashes around the mount's path mean nothing.
    /// Returns `None` for names that could lead to another path of the API.
    pub(crate) fn parse(engine: &'a str, name: &'a str) -> Option<Self> {
        let engine: Vec<&str> = engine.trim_matches('/').split('/').collect();
        let valid = is_segment(name) && engine.iter().all(|segment| is_segment(segment));
        valid.then_some(Self { engine, name })
    }
}

/// True for one segment of a path that is a name and nothing else.
pub(crate) fn is_segment(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    !matches!(text, "" | "." | "..") && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_01_names_are_segments_of_plain_characters() {
        for (engine, name) in [("transit", "one"), ("a/b.c/d_e-f", "..."), ("/transit/", "Key.1")] {
            let path = KeyPath::parse(engine, name).unwrap();
            assert_eq!((path.engine.join("/"), path.name), (engine.trim_matches('/').to_owned(), name));
        }
    }

    #[test]
    fn k_01_names_that_lead_elsewhere_are_refused() {
        let names = [
            "",
            ".",
            "..",
            "../../sys/seal",
            "a/b",
            "/",
            "a/..",
            "%2e%2e",
            "..%2f..",
            "a%00",
            "a?x=1",
            "a#b",
            "a;b",
            "a b",
            "a\\b",
            "a\r\nX: y",
            "a\0",
            "é",
            "\u{ff0e}\u{ff0e}",
            "a:b",
            "a@b",
            "a&b",
            "a=b",
            "~a",
            "*",
            "a+b",
            "$a",
            "a,b",
            "(a)",
            "\u{202e}a",
        ];
        for name in names {
            assert_eq!(KeyPath::parse("transit", name), None, "name {name:?}");
        }
        for engine in ["", "/", ".", "..", "a/../b", "a//b", "../sys", "transit/%2e%2e/sys", "a?b", "a b/c"] {
            assert_eq!(KeyPath::parse(engine, "one"), None, "engine {engine:?}");
        }
    }
}
