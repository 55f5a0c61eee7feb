//! YAML by way of JSON, as sigs.k8s.io/yaml reads and writes it.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;
