//! What a program of ours that plays a pod may show nobody (`security.md`
//! O-01): values with the canary in them, its token, the sealing keys.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::Value;

use super::Cluster;
use crate::{Server, shows_canary};

/// In every private key in PEM.
const PRIVATE: &str = "PRIVATE KEY";
/// Lines of a key that are shorter may stand in other texts by chance.
const LINE: usize = 32;
/// How long a page of metrics is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the sandbox of a pod holds besides what its program writes.
const HANDED: [&str; 4] = ["work/account", "work/kubeconfig", "work/log", "work/log.ended"];

/// Something that can be seen, and what it is.
pub(super) type Exhibit = (String, Vec<u8>);

/// What is known about a pod whose program is to show nothing.
pub(super) struct Guard {
    api: Server,
    /// Paths of what everybody may read who may look at its work.
    readable: [String; 2],
    /// Path of the sealing keys.
    keys: String,
    metrics: Option<u16>,
    token: String,
}

impl Guard {
    pub(super) fn new(cluster: &Cluster, namespace: &str, token: &str, arguments: &[&str]) -> Self {
        let is_narrow = arguments.contains(&"--all-namespaces=false");
        let space = if is_narrow { format!("namespaces/{namespace}/") } else { String::new() };
        let port =
            |argument: &&str| argument.strip_prefix("--listen-metrics-addr=127.0.0.1:")?.parse::<u16>().ok();
        let label = "labelSelector=sealedsecrets.bitnami.com%2Fsealed-secrets-key";
        Self {
            api: cluster.api(),
            readable: [
                format!("/api/v1/{space}events"),
                format!("/apis/bitnami.com/v1alpha1/{space}sealedsecrets"),
            ],
            keys: format!("/api/v1/namespaces/{namespace}/secrets?{label}"),
            metrics: arguments.iter().filter_map(port).next_back(),
            token: token.to_owned(),
        }
    }

    /// What a process that runs shows: to its neighbors, and to who scrapes it.
    pub(super) fn of_process(&self, pid: u32) -> Vec<Exhibit> {
        let process = Path::new("/proc").join(pid.to_string());
        // It may end meanwhile.
        let read = |name: &str| (name.to_owned(), std::fs::read(process.join(name)).unwrap_or_default());
        let mut exhibits = vec![read("cmdline"), read("environ")];
        exhibits.extend(self.scrape().map(|page| ("metrics".to_owned(), page)));
        exhibits
    }

    /// The page of metrics; none where nobody listens, or nobody answers
    /// because the program is stopped or about to end.
    fn scrape(&self) -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.metrics?)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").ok()?;
        let mut page = Vec::new();
        stream.read_to_end(&mut page).ok()?;
        Some(page)
    }

    /// What it left in its directories and in the cluster.
    pub(super) fn of_traces(&self, root: &Path) -> Vec<Exhibit> {
        let mut exhibits = Vec::new();
        files(root, root, &mut exhibits);
        exhibits.extend(self.readable.iter().filter_map(|path| {
            let text = self.read(path)?;
            Some((path.clone(), text.into_bytes()))
        }));
        exhibits
    }

    /// What the API server answers; none where it is gone or does not know the kind.
    fn read(&self, path: &str) -> Option<String> {
        TcpStream::connect(self.api.url.strip_prefix("http://")?).ok()?;
        let answer = self.api.request("GET", path, "");
        (answer.status != 404).then(|| answer.success())
    }

    /// # Panics
    /// Where an exhibit shows what it may not, with the line that does.
    pub(super) fn judge(&self, exhibits: &[Exhibit]) {
        let keys = lines(&self.read(&self.keys).unwrap_or_default());
        for (name, bytes) in exhibits {
            let text = String::from_utf8_lossy(bytes);
            let leak = |text: &str| self.leak(text, &keys);
            if let Some(what) = leak(&text) {
                let line = text.lines().find(|line| leak(line).is_some()).unwrap_or_default();
                panic!("O-01: {name} shows {what}: {line}");
            }
        }
    }

    fn leak(&self, text: &str, keys: &[String]) -> Option<String> {
        if let Some(form) = shows_canary(text.as_bytes()) {
            return Some(format!("the canary ({form})"));
        }
        if text.contains(&self.token) {
            return Some("the token".to_owned());
        }
        let is_there = |part: &String| text.contains(part.as_str());
        encoded(PRIVATE).iter().chain(keys).any(is_there).then(|| "a private key".to_owned())
    }
}

/// All files below a directory but those that it was handed.
fn files(root: &Path, directory: &Path, exhibits: &mut Vec<Exhibit>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_handed = HANDED.iter().any(|handed| root.join(handed) == path);
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !is_handed => files(root, &path, exhibits),
            Ok(kind) if kind.is_file() && !is_handed => {
                exhibits.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default()));
            }
            _ => {}
        }
    }
}

/// A text raw and as parts of base64, wherever it stands in what is encoded.
fn encoded(text: &str) -> Vec<String> {
    let shifted = (0..3).map(|shift: usize| {
        let encoded = STANDARD_NO_PAD.encode([&[0; 3][..shift], text.as_bytes()].concat());
        encoded[(shift * 8).div_ceil(6)..(shift + text.len()) * 8 / 6].to_owned()
    });
    shifted.chain([text.to_owned()]).collect()
}

/// The lines of the keys of a list of Secrets, which are base64.
fn lines(list: &str) -> Vec<String> {
    let list: Value = serde_json::from_str(list).unwrap_or_default();
    let keys = list["items"].as_array().into_iter().flatten().filter_map(|secret| {
        let pem = STANDARD.decode(secret["data"]["tls.key"].as_str()?).ok()?;
        Some(String::from_utf8_lossy(&pem).into_owned())
    });
    let lines = keys.flat_map(|pem| pem.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.len() >= LINE && !line.starts_with('-')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_base64_wherever_it_stands() {
        for before in ["", "-", "--", "-----BEGIN RSA "] {
            let whole = STANDARD.encode(format!("{before}{PRIVATE}-----\nMII"));
            assert!(encoded(PRIVATE).iter().any(|part| whole.contains(part)), "{before}");
        }
        assert!(!encoded(PRIVATE).iter().any(|part| "-----BEGIN CERTIFICATE-----".contains(part)));
    }

    #[test]
    fn of_keys_the_long_lines_count() {
        let line = "A".repeat(64);
        let pem = format!("-----BEGIN RSA PRIVATE KEY-----\n{line}\nAB==\n-----END RSA PRIVATE KEY-----\n");
        let list = serde_json::json!({"items": [{"data": {"tls.key": STANDARD.encode(pem)}}, {"data": {}}]});
        assert_eq!(lines(&list.to_string()), [line]);
    }
}
