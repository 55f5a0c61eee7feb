//! What sops prints where no data key could be had.

use std::fmt::Write as _;

use super::GroupReport;
use crate::columns::{lines, wrapped};

/// Columns at which sops wraps the text of one error.
const WRAP_COLUMN: usize = 60;

/// The text of sops about groups that could not be opened (`sops.md` 6.9).
pub(super) fn report_text(groups: &[GroupReport], needed: usize) -> String {
    let mut text = "Failed to get the data key required to decrypt the SOPS file.\n".to_owned();
    for (number, group) in groups.iter().enumerate() {
        let outcome = if group.recovered { "SUCCESS" } else { "FAILED" };
        let _ = writeln!(text, "\nGroup {number}: {outcome}");
        for (key, reasons) in &group.failures {
            let _ = writeln!(text, "  {key}: FAILED");
            let bullets: Vec<String> = reasons.iter().map(|reason| bullet(reason)).collect();
            text.push_str(&bullets.join("\n"));
            text.push('\n');
        }
    }
    text.push('\n');
    let recovered = groups.iter().filter(|group| group.recovered).count();
    text.push_str(&wrapped(&if needed > 1 {
        format!(
            "Recovery failed because the file was encrypted with a Shamir threshold of {needed}, but only \
             {recovered} part(s) were successfully recovered, one for each successful key group. In order for SOPS \
             to recover the file, at least {needed} groups have to be successful. In order for a group to be \
             successful, decryption has to succeed with any of the keys in that key group."
        )
    } else {
        "Recovery failed because no master key was able to decrypt the file. In order for SOPS to recover the file, \
         at least one key has to be successful, but none were."
            .to_owned()
    }));
    text
}

fn bullet(reason: &str) -> String {
    format!("    - | {}", lines(reason, WRAP_COLUMN).join("\n      | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_groups_are_explained_as_in_sops() {
        let group = |recovered| GroupReport {
            recovered,
            failures: if recovered { Vec::new() } else { vec![("age1x".to_owned(), vec!["no".to_owned()])] },
        };
        let text = report_text(&[group(true), group(false)], 2);
        let expected = "Failed to get the data key required to decrypt the SOPS file.\n\n\
            Group 0: SUCCESS\n\nGroup 1: FAILED\n  age1x: FAILED\n    - | no\n\n\
            Recovery failed because the file was encrypted with a Shamir threshold of\n\
            2, but only 1 part(s) were successfully recovered, one for each successful\n\
            key group. In order for SOPS to recover the file, at least 2 groups have to\n\
            be successful. In order for a group to be successful, decryption has to\n\
            succeed with any of the keys in that key group.";
        assert_eq!(text, expected);
        assert!(report_text(&[group(false)], 1).ends_with(
            "decrypt the file. In\norder for SOPS to recover the file, at least one key has to be successful,\nbut none were."
        ));
    }
}
