//! Fresh age keys, made by the original key generator.

use crate::{Sandbox, Tool};

/// A key pair that lies in the sandbox and in no other place.
pub struct AgeKey {
    /// The public half, as in `age1...`.
    pub recipient: String,
    /// The file with the secret half, relative to the working directory.
    pub file: String,
}

impl AgeKey {
    /// Makes a key pair (X25519) in the file `name`.
    #[track_caller]
    pub fn generate(sandbox: &Sandbox, name: &str) -> Self {
        Self::generate_with(sandbox, name, &[])
    }

    /// Makes a post-quantum key pair in the file `name`.
    #[track_caller]
    pub fn generate_post_quantum(sandbox: &Sandbox, name: &str) -> Self {
        Self::generate_with(sandbox, name, &["-pq"])
    }

    /// Makes a key pair and lets every program in the sandbox decrypt with it.
    #[track_caller]
    pub fn install(sandbox: &mut Sandbox) -> Self {
        let key = Self::generate(sandbox, "keys.txt");
        sandbox.set("SOPS_AGE_KEY_FILE", sandbox.path(&key.file));
        key
    }

    #[track_caller]
    fn generate_with(sandbox: &Sandbox, name: &str, options: &[&str]) -> Self {
        let keygen = Tool::age("age-keygen");
        sandbox.run(&keygen, &[options, &["-o", name]].concat()).success();
        let recipient = sandbox.run(&keygen, &["-y", name]).success().out().trim().to_owned();
        Self { recipient, file: name.to_owned() }
    }
}
