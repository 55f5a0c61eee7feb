//! Kubernetes objects as the reference's tools read and write them: our own
//! types for `SealedSecret` with its status, `Secret` and their metadata, the stream of JSON
//! or YAML documents that they come in, and the text that they become
//! (`sealed-secrets.md` 2, 4.4, 4.7).
//!
//! Reading keeps the rules of Go's `encoding/json` and sigs.k8s.io/yaml:
//! unknown fields are dropped, a YAML scalar becomes a string where a string
//! is wanted, errors have Go's texts. Error texts name types and places, never
//! a value. Nothing here does I/O.

mod base64;
mod crd;
mod decode;
mod json_value;
mod kind;
mod meta;
mod sealed_secret;
mod secret;
mod shape;
mod status;
mod stream;
mod tree;
mod wiped;
mod write;
mod yaml;

pub use self::base64::{Base64Error, decode as decode_base64, encode as encode_base64};
pub use crd::sealed_secret_crd;
pub use decode::DecodeError;
pub use json_value::Shallow;
pub use meta::{ObjectMeta, OwnerReference, ServerFields};
pub use sealed_secret::{API_VERSION, KIND, SealedSecret, SecretTemplate};
pub use secret::{Secret, list_items, secrets_of_list};
pub use status::{Condition, SealedSecretStatus};
pub use stream::{
    StreamError, all_secrets, is_json, json_documents, misreadings, parse_object as parse, sealed_secrets,
    secrets,
};
pub use tree::Tree;
pub use wiped::Wiped;
pub use write::{json, json_line, yaml};
pub use yaml::{key, value};
