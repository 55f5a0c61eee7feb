//! `status` of a SealedSecret (`sealed-secrets.md` 2, 5.5).

use serde_json::Value;

use crate::tree::{Fields, Tree};

/// What a controller last said about a SealedSecret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedSecretStatus {
    /// The generation that it is about; 0 means none.
    pub observed_generation: i64,
    /// The conditions, in their order.
    pub conditions: Vec<Condition>,
}

/// One of `status.conditions`; the schema keeps no other fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// `type`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// When it was written last, in RFC 3339; empty means not said.
    pub last_update_time: String,
    /// When `status` changed last, in RFC 3339; empty means not said.
    pub last_transition_time: String,
    /// A word for machines; mostly empty.
    pub reason: String,
    /// A text for people.
    pub message: String,
}

impl SealedSecretStatus {
    /// Reads the `status` of an object as far as it fits, so that no status,
    /// whoever wrote it, keeps an object from being looked at.
    pub fn from_value(status: Option<&Value>) -> Self {
        let Some(status) = status else { return Self::default() };
        let conditions = status["conditions"].as_array().into_iter().flatten();
        Self {
            observed_generation: status["observedGeneration"].as_i64().unwrap_or_default(),
            conditions: conditions.map(Condition::from_value).collect(),
        }
    }

    /// The condition of a type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// The status to be written.
    pub fn tree(&self) -> Tree {
        let mut fields = Fields::default();
        let generation = (self.observed_generation != 0).then_some(Tree::Int(self.observed_generation));
        fields.optional("observedGeneration", generation);
        fields.list("conditions", self.conditions.iter().map(Condition::tree).collect());
        fields.finish()
    }
}

impl Condition {
    fn from_value(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Self {
            kind: text("type"),
            status: text("status"),
            last_update_time: text("lastUpdateTime"),
            last_transition_time: text("lastTransitionTime"),
            reason: text("reason"),
            message: text("message"),
        }
    }

    fn tree(&self) -> Tree {
        let mut fields = Fields::default();
        fields.put("type", Tree::text(&self.kind));
        fields.put("status", Tree::text(&self.status));
        fields.text("lastUpdateTime", &self.last_update_time);
        fields.text("lastTransitionTime", &self.last_transition_time);
        fields.text("reason", &self.reason);
        fields.text("message", &self.message);
        fields.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_survives_reading_and_writing() {
        let text = "{\"observedGeneration\":2,\"conditions\":[{\"type\":\"Synced\",\"status\":\"False\",\"lastUpdateTime\":\"2026-01-02T03:04:05Z\",\"lastTransitionTime\":\"2026-01-02T03:04:04Z\",\"message\":\"m\"},{\"type\":\"Other\",\"status\":\"True\",\"reason\":\"R\"}]}";
        let status = SealedSecretStatus::from_value(Some(&serde_json::from_str(text).unwrap()));
        assert_eq!(status.condition("Synced").unwrap().message, "m");
        assert_eq!(crate::json_line(&status.tree()), text);
    }

    #[test]
    fn what_does_not_fit_counts_as_not_said() {
        for text in ["null", "5", "[]", "{\"conditions\":7}", "{\"observedGeneration\":\"x\"}"] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(SealedSecretStatus::from_value(Some(&value)), SealedSecretStatus::default(), "{text}");
        }
        let value = serde_json::from_str("{\"conditions\":[null,{\"type\":5,\"status\":\"True\"}]}").unwrap();
        assert_eq!(SealedSecretStatus::from_value(Some(&value)).conditions[1].status, "True");
        assert_eq!(SealedSecretStatus::from_value(None), SealedSecretStatus::default());
    }
}
