//! Programs that give credentials (`client.authentication.k8s.io`), as EKS,
//! GKE and AKS use them.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use bulla_core::civil::parse_rfc3339;
use bulla_core::{Environment, SecretBytes, SecretText, Timestamp};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::access::{Identity, PluginCall};
use super::kubeconfig::{Plugin, clean};
use super::tls;
use crate::error::cause;
use crate::process::{find_program, spawn};

/// What a program gave.
pub(super) struct Login {
    pub(super) token: Option<SecretText>,
    pub(super) identity: Option<Identity>,
    /// When it is over; absent means never.
    pub(super) expires: Option<Timestamp>,
}

/// Runs the program. It may talk to the user through standard error, and
/// through standard input where that is a terminal and it wants so.
pub(super) fn run(call: &PluginCall, environment: &Environment, is_terminal: bool) -> Result<Login, String> {
    let plugin = &call.plugin;
    let interactive = match plugin.interactive_mode.as_str() {
        "Always" if !is_terminal => {
            return Err(
                "exec plugin cannot support interactive mode: standard input is not a terminal".to_owned()
            );
        }
        "Never" => false,
        _ => is_terminal,
    };
    let mut spec = json!({"interactive": interactive});
    if let Some(cluster) = &call.cluster {
        spec["cluster"] = cluster.clone();
    }
    let told = json!({"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec});
    let name = clean(Path::new(&plugin.command));
    let program = find_program(name.as_os_str(), environment).ok_or_else(|| missing(&name, plugin))?;
    let mut command = Command::new(program);
    command.args(&plugin.args).current_dir(environment.directory());
    command.env_clear().envs(environment.variables());
    command.envs(plugin.env.iter().map(|variable| (&variable.name, &variable.value)));
    command.env("KUBERNETES_EXEC_INFO", told.to_string());
    command.stdin(if interactive { Stdio::inherit() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = spawn(&mut command)
        .and_then(Child::wait_with_output)
        .map_err(|error| format!("exec: fork/exec {}: {}", name.display(), cause(&error)))?;
    let text = Zeroizing::new(output.stdout);
    if !output.status.success() {
        let code = output.status.code().unwrap_or(-1);
        return Err(format!("exec: executable {} failed with exit code {code}", name.display()));
    }
    read(&text, &plugin.api_version)
}

fn missing(name: &Path, plugin: &Plugin) -> String {
    let mut text = format!(
        "exec: executable {} not found\n\nIt looks like you are trying to use a client-go credential plugin that is not installed.\n\nTo learn more about this feature, consult the documentation available at:\n      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins",
        name.display()
    );
    if !plugin.install_hint.is_empty() {
        text.push_str("\n\n");
        text.push_str(&printable(&plugin.install_hint));
    }
    text
}

/// A hint without anything that a terminal would take for a command.
fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |out, character| {
        if character.is_control() && !matches!(character, '\t'..='\r') {
            return out + &format!("U+{:04X}", u32::from(character));
        }
        out + character.encode_utf8(&mut [0; 4])
    })
}

/// Reads what the program printed. What is wrong with it is said without
/// quoting it.
fn read(text: &[u8], version: &str) -> Result<Login, String> {
    let value =
        bulla_api::parse(text).map_err(|_| "decoding stdout: it is neither JSON nor YAML".to_owned())?;
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    if field("kind") != "ExecCredential" {
        return Err("decoding stdout: it is no ExecCredential".to_owned());
    }
    if field("apiVersion") != version {
        return Err(format!(
            "exec plugin is configured to use API version {version}, plugin returned version {}",
            field("apiVersion")
        ));
    }
    let status = value.get("status").filter(|status| !status.is_null());
    let status = status.ok_or("exec plugin didn't return a status field")?;
    let field = |name: &str| status.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let token = field("token").map(|token| SecretText::new(token.to_owned()));
    let identity = match (field("clientCertificateData"), field("clientKeyData")) {
        (None, None) if token.is_none() => {
            return Err("exec plugin didn't return a token or cert/key pair".to_owned());
        }
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            let key = SecretBytes::new(key.as_bytes().to_vec());
            let identity = Identity { certificate: certificate.as_bytes().to_vec(), key };
            tls::certified_key(&identity)
                .map_err(|error| format!("failed parsing client key/certificate: {error}"))?;
            Some(identity)
        }
        _ => return Err("exec plugin returned only certificate or key, not both".to_owned()),
    };
    let expires = match field("expirationTimestamp") {
        None => None,
        Some(time) => {
            Some(parse_rfc3339(time).ok_or("decoding stdout: expirationTimestamp is no time of RFC 3339")?)
        }
    };
    Ok(Login { token, identity, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "client.authentication.k8s.io/v1";

    fn error(status: &str) -> String {
        let text = format!("{{\"kind\":\"ExecCredential\",\"apiVersion\":\"{V1}\",\"status\":{status}}}");
        read(text.as_bytes(), V1).err().unwrap_or_default()
    }

    #[test]
    fn what_programs_print_is_read_or_refused_in_the_words_of_the_reference() {
        assert_eq!(error("{\"token\":\"t\",\"expirationTimestamp\":\"2026-01-02T03:04:05Z\"}"), "");
        assert_eq!(error("null"), "exec plugin didn't return a status field");
        assert_eq!(error("{}"), "exec plugin didn't return a token or cert/key pair");
        let half = "exec plugin returned only certificate or key, not both";
        assert_eq!(error("{\"clientKeyData\":\"canary\"}"), half);
        let both = error("{\"clientCertificateData\":\"canary\",\"clientKeyData\":\"canary\"}");
        assert!(both.starts_with("failed parsing client key/certificate: tls: "), "{both}");
        assert!(
            error("{\"token\":\"canary\",\"expirationTimestamp\":\"soon\"}").starts_with("decoding stdout: ")
        );
        let old = "kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1beta1\n";
        let text = read(old.as_bytes(), V1).err().unwrap();
        assert!(text.ends_with("plugin returned version client.authentication.k8s.io/v1beta1"), "{text}");
        assert!(!read(b"canary", V1).err().unwrap().contains("canary"));
    }

    #[test]
    fn hints_hold_no_escape_sequences() {
        assert_eq!(printable("a\u{1b}[1mb\nc"), "aU+001B[1mb\nc");
    }
}
