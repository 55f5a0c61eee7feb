//! `metadata` of objects.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::decode::{Decoder, Field};
use crate::tree::{Fields, Tree};

/// What objects say about themselves.
#[derive(Clone, Default, PartialEq)]
pub struct ObjectMeta {
    /// The name; empty means none.
    pub name: String,
    /// What the server makes a name from.
    pub generate_name: String,
    /// The namespace; empty means none.
    pub namespace: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Finalizers.
    pub finalizers: Vec<String>,
    /// Objects that this one goes with.
    pub owner_references: Vec<OwnerReference>,
    /// What only a server writes.
    pub server: ServerFields,
}

/// Fields that a server fills in.
#[derive(Clone, Default, PartialEq)]
pub struct ServerFields {
    /// `selfLink`.
    pub self_link: String,
    /// `uid`.
    pub uid: String,
    /// `resourceVersion`.
    pub resource_version: String,
    /// `generation`; 0 means none.
    pub generation: i64,
    /// `creationTimestamp`.
    pub creation_timestamp: Option<String>,
    /// `deletionTimestamp`.
    pub deletion_timestamp: Option<String>,
    /// `deletionGracePeriodSeconds`.
    pub deletion_grace_period_seconds: Option<i64>,
    /// `managedFields`, as they stand.
    pub managed_fields: Vec<Value>,
}

/// One of `ownerReferences`.
#[derive(Clone, Default, PartialEq)]
pub struct OwnerReference {
    /// `apiVersion` of the owner.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Whether it is the one controller.
    pub controller: Option<bool>,
    /// Whether its deletion waits for this object.
    pub block_owner_deletion: Option<bool>,
}

impl ObjectMeta {
    /// Reads metadata as far as it fits.
    pub fn from_value(value: &Value) -> Self {
        Self::read(&mut Decoder::new(false), Some(Field::whole(value)))
    }

    /// Whether an annotation is there and says `true`.
    pub fn is_annotated(&self, name: &str) -> bool {
        self.annotations.get(name).is_some_and(|value| value == "true")
    }

    /// The owner that is marked as the one controller.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }

    pub(crate) fn read(decoder: &mut Decoder, field: Option<Field<'_>>) -> Self {
        let Some(field) = field else { return Self::default() };
        let Some(object) = decoder.object(Some(&field), "v1.ObjectMeta") else { return Self::default() };
        let place = field.place("ObjectMeta");
        let at = |decoder: &Decoder, name: &str| decoder.field(object, place, name);
        let all = |decoder: &Decoder, name: &str| decoder.fields(object, place, name);
        // Evaluated in the order in which JSON made from YAML has the fields,
        // so that the first misfit is the reference's.
        let annotations = decoder.texts(all(decoder, "annotations"));
        let creation_timestamp = decoder.time(at(decoder, "creationTimestamp"));
        let deletion_grace_period_seconds = decoder.int(at(decoder, "deletionGracePeriodSeconds"));
        let deletion_timestamp = decoder.time(at(decoder, "deletionTimestamp"));
        let items = decoder.list(at(decoder, "finalizers"), "[]string");
        let finalizers = items.into_iter().map(|item| decoder.text(Some(item), "string")).collect();
        let generate_name = decoder.text(at(decoder, "generateName"), "string");
        let generation = decoder.int(at(decoder, "generation")).unwrap_or_default();
        let labels = decoder.texts(all(decoder, "labels"));
        let managed = decoder.list(at(decoder, "managedFields"), "[]v1.ManagedFieldsEntry");
        let name = decoder.text(at(decoder, "name"), "string");
        let namespace = decoder.text(at(decoder, "namespace"), "string");
        let owners = decoder.list(at(decoder, "ownerReferences"), "[]v1.OwnerReference");
        let owner_references = owners.iter().map(|item| OwnerReference::read(decoder, item)).collect();
        let server = ServerFields {
            resource_version: decoder.text(at(decoder, "resourceVersion"), "string"),
            self_link: decoder.text(at(decoder, "selfLink"), "string"),
            uid: decoder.text(at(decoder, "uid"), "types.UID"),
            generation,
            creation_timestamp,
            deletion_timestamp,
            deletion_grace_period_seconds,
            managed_fields: managed.iter().map(|item| item.value().clone()).collect(),
        };
        Self { name, generate_name, namespace, labels, annotations, finalizers, owner_references, server }
    }

    /// The object to be written.
    pub fn tree(&self) -> Tree {
        let server = &self.server;
        let mut fields = Fields::default();
        fields.text("name", &self.name);
        fields.text("generateName", &self.generate_name);
        fields.text("namespace", &self.namespace);
        fields.text("selfLink", &server.self_link);
        fields.text("uid", &server.uid);
        fields.text("resourceVersion", &server.resource_version);
        fields.optional("generation", (server.generation != 0).then_some(Tree::Int(server.generation)));
        fields.optional("creationTimestamp", server.creation_timestamp.as_ref().map(Tree::text));
        fields.optional("deletionTimestamp", server.deletion_timestamp.as_ref().map(Tree::text));
        fields.optional("deletionGracePeriodSeconds", server.deletion_grace_period_seconds.map(Tree::Int));
        fields.texts("labels", &self.labels);
        fields.texts("annotations", &self.annotations);
        fields.list("ownerReferences", self.owner_references.iter().map(OwnerReference::tree).collect());
        fields.list("finalizers", self.finalizers.iter().map(Tree::text).collect());
        fields.list("managedFields", server.managed_fields.iter().map(Tree::from).collect());
        fields.finish()
    }
}

impl OwnerReference {
    fn read(decoder: &mut Decoder, field: &Field<'_>) -> Self {
        let Some(object) = decoder.object(Some(field), "v1.OwnerReference") else { return Self::default() };
        let place = field.place("OwnerReference");
        let at = |decoder: &Decoder, name: &str| decoder.field(object, place, name);
        Self {
            api_version: decoder.text(at(decoder, "apiVersion"), "string"),
            block_owner_deletion: decoder.bool(at(decoder, "blockOwnerDeletion")),
            controller: decoder.bool(at(decoder, "controller")),
            kind: decoder.text(at(decoder, "kind"), "string"),
            name: decoder.text(at(decoder, "name"), "string"),
            uid: decoder.text(at(decoder, "uid"), "types.UID"),
        }
    }

    fn tree(&self) -> Tree {
        let mut fields = Fields::default();
        fields.put("apiVersion", Tree::text(&self.api_version));
        fields.put("kind", Tree::text(&self.kind));
        fields.put("name", Tree::text(&self.name));
        fields.put("uid", Tree::text(&self.uid));
        fields.optional("controller", self.controller.map(Tree::Bool));
        fields.optional("blockOwnerDeletion", self.block_owner_deletion.map(Tree::Bool));
        fields.finish()
    }
}
