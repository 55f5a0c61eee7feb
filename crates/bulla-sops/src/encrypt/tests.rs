use super::*;
use crate::format::{Step, by_name};
use crate::selection::Rule;
use crate::tree::Node;

/// YAML in which something goes wrong on the way.
struct Broken {
    drops_layout: bool,
    swaps_values: bool,
}

static FORGETFUL: Broken = Broken { drops_layout: true, swaps_values: false };
static SWAPPING: Broken = Broken { drops_layout: false, swaps_values: true };

fn yaml() -> &'static dyn Format {
    by_name("yaml").unwrap()
}

impl Format for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn claims(&self, _: &str) -> bool {
        false
    }

    fn parse<'s>(
        &self,
        source: &'s [u8],
        purpose: Purpose,
        limits: &Limits,
    ) -> Result<Document<'s>, FormatError> {
        yaml().parse(source, purpose, limits)
    }

    /// Swapped values are each encrypted as the other one's, so that the
    /// MAC is right.
    fn emit(
        &self,
        branches: &[Branch<'_>],
        metadata: Option<&[Item<'_>]>,
        indent: &Indent,
    ) -> Result<Vec<u8>, FormatError> {
        let mut branches = branches.to_vec();
        if let Some([first, second, ..]) = branches.first_mut().map(Vec::as_mut_slice)
            && self.swaps_values
            && metadata.is_some()
        {
            core::mem::swap(&mut first.key, &mut second.key);
        }
        yaml().emit(&branches, metadata, indent)
    }

    fn render(&self, node: &Value<'_>, slot: Slot, document: &Document<'_>) -> Result<Vec<u8>, FormatError> {
        yaml().render(node, slot, document)
    }

    fn put_metadata(
        &self,
        document: &Document<'_>,
        metadata: &[Item<'_>],
    ) -> Result<Vec<Splice>, FormatError> {
        let is_kept = |item: &&Item<'_>| !self.drops_layout || item.name() != Some(b"layout");
        let metadata: Vec<_> = metadata.iter().filter(is_kept).cloned().collect();
        yaml().put_metadata(document, &metadata)
    }

    fn emit_value(&self, value: &Value<'_>, indent: &Indent) -> Result<Vec<u8>, FormatError> {
        yaml().emit_value(value, indent)
    }

    fn set(&self, source: &[u8], path: &[Step], value: &Node<'_>) -> Result<Vec<Splice>, FormatError> {
        yaml().set(source, path, value)
    }

    fn unset(&self, source: &[u8], path: &[Step]) -> Result<Vec<Splice>, FormatError> {
        yaml().unset(source, path)
    }

    fn example(&self) -> Vec<u8> {
        yaml().example()
    }
}

/// Lends a request with a fixed key and an age recipient that nobody has.
pub(crate) fn with_request<T>(run: impl FnOnce(&Encryption<'_>) -> T) -> T {
    with_limits(&Limits::default(), |request| run(request))
}

/// Maps in a hundred others, with long keys; what comes next is indented by a
/// hundred spaces. Also the length of that place's path in bytes.
pub(crate) fn long_path() -> (String, usize) {
    let key = "k".repeat(1_000);
    let text = (0..100).fold(String::new(), |text, depth| text + &" ".repeat(depth) + &key + ":\n");
    (text, 100 * (key.len() + 1))
}

/// As [`with_request`]; the selection may be changed.
pub(crate) fn with_limits<T>(limits: &Limits, run: impl FnOnce(&mut Encryption<'_>) -> T) -> T {
    let data_key = DataKey::new([7; 32]);
    run(&mut Encryption {
        data_key: &data_key,
        groups: vec![vec![WrappedKey {
            key: crate::keys::age("age1"),
            enc: "x\n".into(),
            created_at: String::new(),
        }]],
        shamir_threshold: 0,
        selection: Selection::of_file(Rule::UnencryptedSuffix, "_unencrypted"),
        mac_only_encrypted: false,
        version: "3.13.3".to_owned(),
        last_modified: "2025-01-02T03:04:05Z".to_owned(),
        random: &bulla_crypto::SystemRandom,
        limits,
    })
}

fn encrypted(
    plain: &str,
    input: &'static dyn Format,
    output: &'static Broken,
) -> Result<Vec<u8>, EncryptError> {
    with_request(|request| {
        encrypt(plain.as_bytes(), input, output, Layouting::Keep, &mut Reuse::default(), request)
    })
}

#[test]
fn a_layout_that_cannot_be_kept_is_an_error() {
    let result = encrypted("a: 0x1F\n", &FORGETFUL, &FORGETFUL);
    assert!(matches!(result, Err(EncryptError::Layout)));
    assert!(encrypted("a: b\n", &FORGETFUL, &FORGETFUL).is_ok());
}

/// The MAC covers values in their order, and not their keys.
#[test]
fn c_10_after_a_conversion_every_value_is_compared() {
    let plain = r#"{"a_unencrypted": "one", "b_unencrypted": "two"}"#;
    assert!(matches!(encrypted(plain, by_name("json").unwrap(), &SWAPPING), Err(EncryptError::Check)));
    assert!(encrypted(plain, by_name("json").unwrap(), &FORGETFUL).is_ok());
}
