//! Names of KMS keys (`sops.md` 4.3, `security.md` K-03).

/// Longest name of a region; the longest today has 14 characters.
const REGION_LENGTH: usize = 32;

/// What a request needs to know of the ARN of a key or an alias.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) text: &'a str,
    pub(crate) region: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads `arn:aws*:kms:REGION:ACCOUNT:key/ID` or `...:alias/NAME`. The
    /// region becomes part of a host's name, so nothing but `[a-z0-9-]` is in
    /// it; the account is digits only.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let [Some("arn"), Some(partition), Some("kms"), Some(region), Some(account), Some(resource)] =
            std::array::from_fn(|_| parts.next())
        else {
            return None;
        };
        let id = resource.strip_prefix("key/").or_else(|| resource.strip_prefix("alias/"))?;
        let is_partition = partition.strip_prefix("aws").is_some_and(|rest| {
            rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        });
        let is_region = (1..=REGION_LENGTH).contains(&region.len())
            && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_account = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_id = !id.is_empty() && !id.chars().any(char::is_control);
        (is_partition && is_region && is_account && is_id).then_some(Self { text, region })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_03_an_arn_of_kms_names_a_region() {
        for (text, region) in [
            ("arn:aws:kms:us-west-2:107501996527:key/612d5f0p-p1l3-45e6-aca6-a5b005693a48", "us-west-2"),
            ("arn:aws:kms:eu-central-1:1:alias/deploy/prod", "eu-central-1"),
            ("arn:aws-cn:kms:cn-north-1:1:key/a", "cn-north-1"),
            ("arn:aws-us-gov:kms:us-gov-west-1:1:key/mrk-a:b", "us-gov-west-1"),
            ("arn:aws-iso_b:kms:us-isob-east-1:1:key/a", "us-isob-east-1"),
        ] {
            assert_eq!(Arn::parse(text), Some(Arn { text, region }), "{text}");
        }
    }

    #[test]
    fn k_03_other_texts_are_refused_before_a_host_is_built() {
        let long = format!("arn:aws:kms:{}:1:key/a", "a".repeat(33));
        for text in [
            "",
            "alias/deploy",
            "612d5f0p-p1l3-45e6-aca6-a5b005693a48",
            "arn:aws:kms:us-east-1:1:key/",
            "arn:aws:kms:us-east-1:1:alias/",
            "arn:aws:kms:us-east-1:1:secret/a",
            "arn:aws:kms:us-east-1:1",
            "arn:aws:kms::1:key/a",
            "arn:aws:kms:us-east-1::key/a",
            "arn:aws:kms:us-east-1:12a:key/a",
            "arn:aws:kms:us-east-1:\u{661}:key/a",
            "arn:aws:kms:US-EAST-1:1:key/a",
            "arn:aws:kms:evil.example.org/:1:key/a",
            "arn:aws:kms:us-east-1.evil.example.org:1:key/a",
            "arn:aws:kms:us-east-1@evil:1:key/a",
            "arn:aws:kms:a:b:1:key/a",
            "arn:aws:s3:us-east-1:1:key/a",
            "arn:gcp:kms:us-east-1:1:key/a",
            "arn:aws.evil:kms:us-east-1:1:key/a",
            "arn:aws:kms:us-east-1:1:key/a\nb",
            " arn:aws:kms:us-east-1:1:key/a",
            &long,
        ] {
            assert_eq!(Arn::parse(text), None, "{text:?}");
        }
    }
}
