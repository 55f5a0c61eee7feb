//! What changes in the key groups of a file.

use std::fmt::Write as _;

use bulla_core::{MasterKey, one_line};
use bulla_sops::{Metadata, keys};
use serde_json::{Value, json};

/// What changes, group by group: as sets of identities, in the order of the
/// rule.
pub(crate) struct Diff {
    groups: Vec<Group>,
    /// The Shamir threshold before and after.
    pub(super) threshold: (u32, u32),
}

/// Identities of keys.
struct Group {
    kept: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
}

impl Diff {
    /// Compares the groups of a file with those that it is to have.
    pub(super) fn new(metadata: &Metadata, wanted: &[Vec<MasterKey>], threshold: u32) -> Self {
        let groups = metadata.groups.len().max(wanted.len());
        let group = |number: usize| {
            let before: Vec<String> = metadata
                .groups
                .get(number)
                .map(|group| group.iter().map(|wrapped| keys::identity(&wrapped.key)).collect())
                .unwrap_or_default();
            let after: Vec<String> = wanted
                .get(number)
                .map(|group| group.iter().map(keys::identity).collect())
                .unwrap_or_default();
            let (kept, added) = after.iter().cloned().partition(|key| before.contains(key));
            let removed = before.into_iter().filter(|key| !after.contains(key)).collect();
            Group { kept, added, removed }
        };
        Self { groups: (0..groups).map(group).collect(), threshold: (metadata.shamir_threshold, threshold) }
    }

    /// Returns true where nothing changes.
    pub(crate) fn is_empty(&self) -> bool {
        let is_same = |group: &Group| group.added.is_empty() && group.removed.is_empty();
        self.groups.iter().all(is_same) && self.threshold.0 == self.threshold.1
    }

    /// Returns true where somebody loses access.
    pub(crate) fn removes_keys(&self) -> bool {
        self.groups.iter().any(|group| !group.removed.is_empty())
    }

    /// The text of sops, which names what stays as well.
    pub(super) fn text(&self) -> String {
        let mut text = threshold_text(self.threshold);
        for (number, group) in self.groups.iter().enumerate() {
            let _ = writeln!(text, "Group {}", number + 1);
            for (mark, keys) in [("   ", &group.kept), ("+++", &group.added), ("---", &group.removed)] {
                for key in keys {
                    let _ = writeln!(text, "{mark} {key}");
                }
            }
        }
        text
    }

    /// Lines that name what changes, safe for a terminal. Groups have numbers
    /// where there is more than one.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, group) in self.groups.iter().enumerate() {
            let place = if self.groups.len() > 1 { format!("group {}: ", number + 1) } else { String::new() };
            for (mark, keys) in [('+', &group.added), ('-', &group.removed)] {
                lines.extend(keys.iter().map(|key| format!("{mark} {place}{}", one_line(key.as_bytes()))));
            }
        }
        let (before, after) = self.threshold;
        if before != after {
            lines.push(format!("shamir_threshold: {before} -> {after}"));
        }
        lines
    }

    /// What changes, as JSON: `groups` that do, and the `shamir_threshold` if
    /// it does.
    pub(crate) fn json(&self) -> Value {
        let groups = self.groups.iter().enumerate();
        let changed = groups.filter(|(_, group)| !(group.added.is_empty() && group.removed.is_empty()));
        let groups: Vec<Value> = changed
            .map(|(number, group)| {
                json!({ "group": number + 1, "added": group.added, "removed": group.removed })
            })
            .collect();
        let (before, after) = self.threshold;
        let mut changes = json!({ "groups": groups });
        if before != after {
            changes["shamir_threshold"] = json!({ "before": before, "after": after });
        }
        changes
    }
}

fn threshold_text((before, after): (u32, u32)) -> String {
    if before > 0 && before == after {
        return format!("shamir_threshold: {after}\n");
    }
    let mut text = String::new();
    if after > 0 {
        let _ = writeln!(text, "+++ shamir_threshold: {after}");
    }
    if before > 0 {
        let _ = writeln!(text, "--- shamir_threshold: {before}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_print_as_in_sops() {
        for (before, after, expected) in [
            (2, 2, "shamir_threshold: 2\n"),
            (3, 2, "+++ shamir_threshold: 2\n--- shamir_threshold: 3\n"),
            (0, 2, "+++ shamir_threshold: 2\n"),
            (0, 0, ""),
        ] {
            assert_eq!(threshold_text((before, after)), expected);
        }
    }
}
