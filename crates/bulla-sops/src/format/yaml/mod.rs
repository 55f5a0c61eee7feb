//! YAML: read through `bulla-yaml`, written by splicing scalars, or in SOPS'
//! own layout (`sops.md` 7.1, 7.2).

mod loose;
mod place;
mod read;
mod render;
mod write;

use bulla_core::Limits;

use super::{Format, FormatError, Indent, Purpose, Step};
use crate::document::{Document, Slot, Splice};
use crate::tree::{Branch, Item, Node, Value};

/// The YAML format.
pub(super) struct Yaml;

impl Format for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    #[expect(clippy::case_sensitive_file_extension_comparisons, reason = "as sops")]
    fn claims(&self, path: &str) -> bool {
        path.ends_with(".yaml") || path.ends_with(".yml")
    }

    fn parse<'s>(
        &self,
        source: &'s [u8],
        purpose: Purpose,
        limits: &Limits,
    ) -> Result<Document<'s>, FormatError> {
        read::parse(source, purpose, limits)
    }

    fn emit(
        &self,
        branches: &[Branch<'_>],
        metadata: Option<&[Item<'_>]>,
        indent: &Indent,
    ) -> Result<Vec<u8>, FormatError> {
        write::emit(branches, metadata, indent)
    }

    fn render(&self, value: &Value<'_>, slot: Slot, document: &Document<'_>) -> Result<Vec<u8>, FormatError> {
        render::render(value, slot, document)
    }

    fn put_metadata(
        &self,
        document: &Document<'_>,
        metadata: &[Item<'_>],
    ) -> Result<Vec<Splice>, FormatError> {
        Ok(write::put_metadata(document, metadata))
    }

    fn emit_value(&self, value: &Value<'_>, _indent: &Indent) -> Result<Vec<u8>, FormatError> {
        Ok(write::emit_value(value))
    }

    fn set(&self, source: &[u8], path: &[Step], value: &Node<'_>) -> Result<Vec<Splice>, FormatError> {
        edit(source, path, |stream, document, steps, limits| {
            bulla_yaml::edit::set(stream, document, steps, &write::node(&value.value), limits)
        })
    }

    fn unset(&self, source: &[u8], path: &[Step]) -> Result<Vec<Splice>, FormatError> {
        edit(source, path, |stream, document, steps, limits| {
            bulla_yaml::edit::remove(stream, document, steps, limits)
        })
    }

    fn example(&self) -> Vec<u8> {
        b"hello: Write your own; what you save is encrypted.\n\
          example_key: example_value\n\
          # A comment\n\
          example_array:\n    - example_value1\n    - example_value2\n\
          example_number: 1234.56789\n\
          example_booleans:\n    - true\n    - false\n"
            .to_vec()
    }
}

/// Runs an edit of the first document.
fn edit(
    source: &[u8],
    path: &[Step],
    run: impl FnOnce(
        &bulla_yaml::Stream<'_>,
        usize,
        &[bulla_yaml::edit::Step<'_>],
        &bulla_yaml::Limits,
    ) -> Result<Vec<bulla_yaml::edit::Splice>, bulla_yaml::edit::EditError>,
) -> Result<Vec<Splice>, FormatError> {
    let limits = bulla_yaml::Limits::default();
    let stream =
        bulla_yaml::parse(source, &limits).map_err(|error| FormatError::Syntax(error.to_string()))?;
    let mut steps = Vec::with_capacity(path.len());
    for step in path {
        steps.push(match step {
            Step::Index(index) => bulla_yaml::edit::Step::Index(*index),
            Step::Key(key) => bulla_yaml::edit::Step::Key(
                core::str::from_utf8(key)
                    .map_err(|_| FormatError::Path("the key is not UTF-8".to_owned()))?,
            ),
        });
    }
    let splices = run(&stream, 0, &steps, &limits).map_err(|error| FormatError::Path(error.to_string()))?;
    Ok(splices.into_iter().map(|splice| Splice::new(splice.range, splice.text)).collect())
}
