//! The documents that speed is measured with: 60,000 values, all of them
//! encrypted to some 10 MB.

use std::fmt::Write as _;

/// Values of a document, where nothing else is said.
pub(crate) const VALUES: usize = 60_000;
/// Values of one service of [`nested`].
const PER_SERVICE: usize = 20;

/// Shaped as real files are: teams of forty services, each with an image, a
/// number, a bool, a map of four, a map of ten variables and a list of three.
pub(crate) fn nested(values: usize) -> String {
    let mut words = Words(7);
    let mut text = String::new();
    for service in 0..values / PER_SERVICE {
        if service % 40 == 0 {
            let _ = writeln!(text, "team{:02}:", service / 40);
        }
        let (image, minor, replicas) = (words.next(8, 9), service % 30, service % 8 + 1);
        let _ = writeln!(text, "  service{service:04}:");
        let _ = writeln!(text, "    image: registry.example.org/applications/{image}:1.{minor}.0");
        let _ = writeln!(text, "    replicas: {replicas}\n    debug: {}\n    database:", service % 3 == 0);
        for key in ["host", "user", "password", "name"] {
            let _ = writeln!(text, "      {key}: {}", words.next(16, 40));
        }
        text.push_str("    environment:\n");
        for variable in 0..10 {
            let name = words.next(6, 16).to_uppercase();
            let _ = writeln!(text, "      APP_{name}_{variable}: {}", words.next(16, 48));
        }
        text.push_str("    hosts:\n");
        for _ in 0..3 {
            let _ = writeln!(text, "      - {}.service.example.org", words.next(8, 16));
        }
    }
    text
}

/// The worst case: one map with 60,000 keys.
pub(crate) fn flat() -> String {
    let mut words = Words(11);
    let mut text = String::new();
    for key in 0..VALUES {
        let _ = writeln!(text, "key{key:05}: {}", words.next(16, 48));
    }
    text
}

/// Words that are the same in every run.
struct Words(u64);

impl Words {
    /// A word of letters, `least` to `most` - 1 of them.
    fn next(&mut self, least: usize, most: usize) -> String {
        let length = least + self.number() as usize % (most - least);
        (0..length).map(|_| char::from(b'a' + (self.number() % 26) as u8)).collect()
    }

    /// xorshift64
    fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
