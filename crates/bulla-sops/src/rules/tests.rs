use super::*;
use crate::keys::identity;

fn groups_of(rule: &CreationRule) -> Vec<Vec<String>> {
    rule.key_groups(&BTreeMap::new()).iter().map(|group| group.iter().map(identity).collect()).collect()
}

#[test]
fn the_first_rule_whose_path_matches_wins() {
    let config = Config::parse(
        b"creation_rules:\n  - path_regex: \\.dev\\.yaml$\n    age: age1dev\n  - age: age1a, age1b\n    pgp: [AB CD, EF]\n",
    )
    .unwrap();
    let rule = config.creation_rule("x.dev.yaml").unwrap().unwrap();
    assert_eq!(groups_of(rule), [["age1dev"]]);
    let rule = config.creation_rule("x.yaml").unwrap().unwrap();
    assert_eq!(groups_of(rule), [["age1a", "age1b", "ABCD", "EF"]]);
    assert!(config.warnings.is_empty());
}

#[test]
fn no_list_of_rules_is_no_config_and_no_match_is_an_error() {
    assert!(
        Config::parse(b"stores:\n  yaml:\n    indent: 2\n").unwrap().creation_rule("x").unwrap().is_none()
    );
    assert!(Config::parse(b"").unwrap().creation_rule("x").unwrap().is_none());
    let config = Config::parse(b"creation_rules: []\n").unwrap();
    assert!(matches!(config.creation_rule("x"), Err(ConfigError::NoMatch)));
}

#[test]
fn key_groups_merge_and_drop_duplicates() {
    let config = Config::parse(
        b"creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [age1a, age1a]\n        merge:\n          - pgp: [FF]\n      - kms:\n          - arn: arn:aws:kms:r:1:key/k\n            context: {a: b, n: null}\n        hc_vault: ['https://v/v1/t/keys/k']\n",
    )
    .unwrap();
    let rule = config.creation_rule("x").unwrap().unwrap();
    let expected: [Vec<&str>; 2] =
        [vec!["FF", "age1a"], vec!["arn:aws:kms:r:1:key/k|a:b", "https://v/v1/t/keys/k"]];
    assert_eq!(groups_of(rule), expected);
    assert_eq!(rule.shamir_threshold, 2);
}

#[test]
fn unknown_fields_warn_with_the_nearest_known_name() {
    let config = Config::parse(b"creation_rules:\n  - age: age1x\n    encrypted-regex: ^data$\n").unwrap();
    assert_eq!(
        config.warnings,
        [
            "creation_rules[0]: unknown field \"encrypted-regex\" has no effect; did you mean \"encrypted_regex\"?"
        ]
    );
}

#[test]
fn destination_rules_that_are_of_no_use_warn_and_spoil_nothing_else() {
    for (rule, warning) in [
        ("path_regex: (", "destination_rules[0] is of no use: "),
        ("s3_bucket: a, gcs_bucket: b", "you can only use one per rule"),
        ("s3_buckt: a", "s3_bucket"),
        ("path_regex: a", "no destination configured"),
    ] {
        let text = format!("creation_rules: [{{age: age1x}}]\ndestination_rules: [{{{rule}}}]\n");
        let config = Config::parse(text.as_bytes()).unwrap();
        assert!(config.warnings.iter().any(|said| said.contains(warning)), "{rule}: {:?}", config.warnings);
        assert!(config.creation_rule("a").is_ok(), "{rule}");
    }
    let whole =
        Config::parse(b"destination_rules: [{path_regex: a, s3_bucket: b, omit_extensions: true}]").unwrap();
    assert!(whole.warnings.is_empty() && whole.destination_rule("a").unwrap().omit_extensions);
}

#[test]
fn f_05_invalid_expressions_and_two_selectors_are_errors() {
    for text in [
        "creation_rules:\n  - encrypted_regex: '('\n",
        "creation_rules:\n  - path_regex: '('\n",
        "creation_rules:\n  - encrypted_regex: a\n    unencrypted_suffix: b\n",
    ] {
        let config = Config::parse(text.as_bytes()).unwrap();
        assert!(config.creation_rule("x").is_err(), "{text}");
    }
}

#[test]
fn a_wrong_rule_spoils_neither_the_settings_nor_files_of_rules_before_it() {
    for wrong in ["encrypted_regex: '('", "path_regex: '('", "hc_vault_transit_uri: nowhere"] {
        let text = format!(
            "stores:\n  yaml:\n    indent: 2\ncreation_rules:\n  - path_regex: good\n    age: age1x\n  - {wrong}\n"
        );
        let config = Config::parse(text.as_bytes()).unwrap();
        assert_eq!(config.indent.yaml, Some(2));
        assert_eq!(groups_of(config.creation_rule("good").unwrap().unwrap()), [["age1x"]]);
        assert!(config.creation_rule("other").is_err(), "{wrong}");
    }
}

#[test]
fn anchors_and_merge_keys_work() {
    let config = Config::parse(
        b"creation_rules:\n  - &base\n    path_regex: a\n    age: age1x\n  - <<: *base\n    path_regex: b\n",
    )
    .unwrap();
    assert_eq!(groups_of(config.creation_rule("b").unwrap().unwrap()), [["age1x"]]);
}

#[test]
fn wrong_forms_are_errors() {
    for text in ["creation_rules: 1\n", "- a\n", "creation_rules:\n  - kms: {}\n    age: {}\n", "a: [\n"] {
        assert!(Config::parse(text.as_bytes()).is_err(), "{text}");
    }
}
