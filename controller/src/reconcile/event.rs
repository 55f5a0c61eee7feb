//! Events about objects (`sealed-secrets.md` 5.4).

use bulla_core::civil::rfc3339;
use serde_json::{Value, json};

use crate::World;

/// Who speaks, as in the original.
const COMPONENT: &str = "sealed-secrets";
/// Bytes that an object's name may give to its event's.
const MAX_NAME: usize = 230;

/// Writes an event about the object that `about` refers to, and logs it. One
/// that cannot be written is only logged.
pub(crate) async fn publish(world: &World, about: &Value, is_warning: bool, reason: &str, message: &str) {
    let kind = if is_warning { "Warning" } else { "Normal" };
    let text = |name: &str| about[name].as_str().unwrap_or_default();
    tracing::info!(
        "Event(v1.ObjectReference{{Kind:{:?}, Namespace:{:?}, Name:{:?}, UID:{:?}, APIVersion:{:?}, ResourceVersion:{:?}, FieldPath:\"\"}}): type: '{kind}' reason: '{reason}' {message}",
        text("kind"),
        text("namespace"),
        text("name"),
        text("uid"),
        text("apiVersion"),
        text("resourceVersion"),
    );
    let mut unique = [0; 8];
    // Names that meet cost an event, nothing else.
    let _ = world.random.fill(&mut unique);
    let time = rfc3339(world.clock.now());
    let name = text("name");
    let name = &name[..name.floor_char_boundary(MAX_NAME)];
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": format!("{name}.{:016x}", u64::from_be_bytes(unique)),
            "namespace": about["namespace"],
        },
        "involvedObject": about,
        "type": kind,
        "reason": reason,
        "message": message,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    });
    if let Err(error) = world.cluster.create_event(text("namespace"), &event).await {
        tracing::warn!(reason, error = error.to_string(), "The event could not be written");
    }
}
