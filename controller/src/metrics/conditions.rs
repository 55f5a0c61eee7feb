//! `condition_info`: what the conditions of all SealedSecrets say, as the watch
//! sees them. So it is right after a restart, too, at which nothing is unsealed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bulla_api::Condition;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType};

use crate::cluster::Key;
use crate::seen::Sealed;

const HELP: &str =
    "Current SealedSecret condition status. Values are -1 (false), 0 (unknown or absent), 1 (true)";

/// The conditions that are known.
#[derive(Clone)]
pub(crate) struct Conditions {
    desc: Desc,
    known: Arc<Mutex<BTreeMap<Key, Shown>>>,
}

/// What is shown of one object.
struct Shown {
    instance: Box<str>,
    /// Types with -1, 0 or 1.
    conditions: Box<[(Box<str>, i8)]>,
}

impl Conditions {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let labels = ["namespace", "name", "condition", "ss_app_kubernetes_io_instance"];
        let labels = labels.map(str::to_owned).to_vec();
        let desc = Desc::new(super::theirs("condition_info"), HELP.to_owned(), labels, HashMap::new())?;
        Ok(Self { desc, known: Arc::default() })
    }

    /// An object was seen.
    pub(crate) fn seen(&self, key: &Key, object: &Sealed) {
        let conditions: Box<[_]> = object
            .status
            .conditions
            .iter()
            .filter(|condition| !condition.kind.is_empty())
            .map(condition)
            .collect();
        if conditions.is_empty() {
            self.gone(key);
            return;
        }
        self.known().insert(key.clone(), Shown { instance: object.instance.clone(), conditions });
    }

    /// An object was deleted.
    pub(crate) fn gone(&self, key: &Key) {
        self.known().remove(key);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, Shown>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn condition(condition: &Condition) -> (Box<str>, i8) {
    let value = match condition.status.as_str() {
        "False" => -1,
        "True" => 1,
        _ => 0,
    };
    (condition.kind.as_str().into(), value)
}

impl Collector for Conditions {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut metrics = Vec::new();
        for (key, shown) in &*self.known() {
            for (condition, value) in &shown.conditions {
                // In the order of their names, as libraries write them.
                let labels = [
                    ("condition", condition),
                    ("name", &key.name),
                    ("namespace", &key.namespace),
                    ("ss_app_kubernetes_io_instance", &shown.instance),
                ];
                metrics
                    .push(gauge(labels.map(|(name, value)| label(name, value)).to_vec(), f64::from(*value)));
            }
        }
        vec![super::family(&self.desc, MetricType::GAUGE, metrics)]
    }
}

fn label(name: &str, value: &str) -> LabelPair {
    let mut label = LabelPair::default();
    label.set_name(name.to_owned());
    label.set_value(value.to_owned());
    label
}

fn gauge(labels: Vec<LabelPair>, value: f64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    let mut metric = Metric::from_label(labels);
    metric.set_gauge(gauge);
    metric
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;
    use serde_json::{Value, json};

    use super::*;
    use crate::seen::INSTANCE;

    fn object(status: &Value) -> Sealed {
        let labels = json!({INSTANCE: "a\"b"});
        let metadata = json!({"namespace": "x", "name": "n", "labels": labels});
        serde_json::from_value(json!({"metadata": metadata, "status": status})).unwrap()
    }

    #[test]
    fn every_condition_is_shown_until_it_or_its_object_is_gone() {
        let conditions = Conditions::new().unwrap();
        let key = Key { namespace: "x".into(), name: "n".into() };
        let shown = || {
            let families = conditions.collect();
            if families[0].get_metric().is_empty() {
                return Vec::new();
            }
            let text = TextEncoder::new().encode_to_string(&families).unwrap();
            text.lines().skip(2).map(str::to_owned).collect()
        };
        let line = |condition: &str, value: i8| {
            format!(
                "sealed_secrets_controller_condition_info{{condition=\"{condition}\",name=\"n\",namespace=\"x\",ss_app_kubernetes_io_instance=\"a\\\"b\"}} {value}"
            )
        };
        conditions.seen(&key, &object(&json!({})));
        assert_eq!(shown(), [""; 0]);
        let of = |kind: &str, status: &str| json!({"type": kind, "status": status});
        let two = json!({"conditions": [of("Synced", "False"), of("Ready", "True"), {"type": "Odd"}, {"status": "True"}]});
        conditions.seen(&key, &object(&two));
        assert_eq!(shown(), [line("Synced", -1), line("Ready", 1), line("Odd", 0)]);
        conditions.seen(&key, &object(&json!({"conditions": [of("Synced", "Unknown")]})));
        assert_eq!(shown(), [line("Synced", 0)]);
        conditions.gone(&key);
        assert_eq!(shown(), [""; 0]);
    }
}
