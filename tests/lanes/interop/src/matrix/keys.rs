//! Key types, and a pair of sandboxes that hold a key of each.

use bulla_testkit::{AgeKey, GpgHome, Server, required};

use crate::Twins;

/// The names of the key types, in the order of the matrix.
pub const KEYS: &[&str] = &["age", "age-pq", "ssh", "pgp", "kms", "vault", "age+pgp", "2 of 3 groups"];

const SSH_KEY: &str = include_str!("../../../../fixtures/age/id_ed25519");

const SSH_RECIPIENT: &str = include_str!("../../../../fixtures/age/id_ed25519.pub");

/// Sandboxes with a key of every type, usable by both programs.
pub struct Keyring {
    /// Where the programs run.
    pub twins: Twins,
    /// Another age recipient, for verbs that add one.
    pub another: String,
    age_pq: String,
    ssh: String,
    pgp: String,
    kms: String,
    vault: String,
    _gpg: GpgHome,
}

impl Default for Keyring {
    fn default() -> Self {
        Self::new()
    }
}

impl Keyring {
    /// Makes all keys.
    ///
    /// # Panics
    /// Where a server or program of the lane does not answer.
    pub fn new() -> Self {
        let mut twins = Twins::new();
        let home = &mut twins.theirs;
        let pq = AgeKey::generate_post_quantum(home, "pq.txt");
        let another = AgeKey::generate(home, "another.txt");
        let identities = [&twins.key, &pq, &another].map(|key| home.read(&key.file)).concat();
        let file = home.write("keys.txt", identities).display().to_string();
        let ssh = home.write("id_ed25519", SSH_KEY).display().to_string();
        let gpg = GpgHome::install(home);
        let pgp = gpg.generate(home, "matrix");
        let gpg_home = home.home().join("g").display().to_string();
        let (vault, aws) = (Server::vault(), Server::aws());
        vault.request("POST", "/v1/sys/mounts/matrix", r#"{"type":"transit"}"#).success();
        vault.request("POST", "/v1/matrix/keys/one", "{}").success();
        let made = aws.call("TrentService.CreateKey", "{}").success();
        let (_, arn) = made.split_once(r#""Arn": ""#).expect("a key has a name");
        let kms = arn.chars().take_while(|c| *c != '"').collect();
        let token = required("BULLA_LANE_VAULT_TOKEN").display().to_string();
        for (name, value) in [
            ("SOPS_AGE_KEY_FILE", file.as_str()),
            ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &ssh),
            ("GNUPGHOME", &gpg_home),
            ("VAULT_TOKEN", &token),
            ("AWS_ACCESS_KEY_ID", "AKIDOFMATRIX"),
            ("AWS_SECRET_ACCESS_KEY", "of-the-matrix"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &aws.url),
        ] {
            twins.set(name, value);
        }
        Self {
            another: another.recipient,
            age_pq: pq.recipient,
            ssh: SSH_RECIPIENT.trim().to_owned(),
            pgp,
            kms,
            vault: format!("{}/v1/matrix/keys/one", vault.url),
            _gpg: gpg,
            twins,
        }
    }

    /// The flags that name the keys of type `key`; none where only a creation
    /// rule can say it.
    pub fn flags(&self, key: &str) -> Option<Vec<&str>> {
        Some(match key {
            "age" => vec!["--age", &self.twins.key.recipient],
            "age-pq" => vec!["--age", &self.age_pq],
            "ssh" => vec!["--age", &self.ssh],
            "pgp" => vec!["--pgp", &self.pgp],
            "kms" => vec!["--kms", &self.kms],
            "vault" => vec!["--hc-vault-transit", &self.vault],
            "age+pgp" => vec!["--age", &self.twins.key.recipient, "--pgp", &self.pgp],
            _ => return None,
        })
    }

    /// The keys of type `key` as lines of a creation rule, with `more` age
    /// recipients.
    pub fn rule(&self, key: &str, more: &[&str]) -> String {
        let own = match key {
            "age" | "age+pgp" => Some(self.twins.key.recipient.as_str()),
            "age-pq" => Some(self.age_pq.as_str()),
            "ssh" => Some(self.ssh.as_str()),
            _ => None,
        };
        let age = own.into_iter().chain(more.iter().copied()).collect::<Vec<_>>().join(",");
        let age = if age.is_empty() { age } else { format!("    age: {age}\n") };
        match key {
            "pgp" | "age+pgp" => format!("{age}    pgp: {}\n", self.pgp),
            "kms" => format!("{age}    kms: {}\n", self.kms),
            "vault" => format!("{age}    hc_vault_transit_uri: {}\n", self.vault),
            "2 of 3 groups" => self.groups(more),
            _ => age,
        }
    }

    fn groups(&self, more: &[&str]) -> String {
        let age = [&[self.twins.key.recipient.as_str()], more].concat().join(", ");
        format!(
            "    shamir_threshold: 2\n    key_groups:\n      - age: [{age}]\n      - pgp: [{}]\n      \
             - hc_vault: ['{}']\n",
            self.pgp, self.vault
        )
    }
}
