//! Generated documents through both programs, in both directions.

use bulla_testkit::{Outcome, Tool};
use lane_interop::{Twins, full, generate};

/// What the two programs made of one document.
#[derive(Default, Debug)]
struct Count {
    /// Documents that the original does not encrypt; ours must not either,
    /// unless it is listed in `docs/sops.md` as better.
    refused: usize,
    /// Round trips that gave the same bytes where the same bytes are due.
    equal: usize,
}

struct Case<'t> {
    twins: &'t Twins,
    name: String,
    document: Vec<u8>,
    failures: Vec<String>,
}

impl Case<'_> {
    fn fail(&mut self, what: &str, detail: &dyn std::fmt::Debug) {
        let document = String::from_utf8_lossy(&self.document).into_owned();
        self.failures.push(format!("{}: {what}\n{document}\n---\n{detail:?}", self.name));
    }

    fn ours(&self, verb: &str, file: &str) -> Outcome {
        let key: &[&str] = if verb == "encrypt" { &["--age", &self.twins.key.recipient] } else { &[] };
        self.twins.ours.run(&Tool::bulla_as_sops(), &[&[verb], key, &[file]].concat())
    }

    fn theirs(&self, verb: &str, file: &str) -> Outcome {
        let key: &[&str] = if verb == "encrypt" { &["--age", &self.twins.key.recipient] } else { &[] };
        self.twins.theirs.run(&Tool::sops(), &[&[verb], key, &[file]].concat())
    }

    fn run(&mut self, count: &mut Count) {
        let name = self.name.clone();
        let encrypted_name = format!("enc.{name}");
        self.twins.write(&name, &self.document);
        let theirs = self.theirs("encrypt", &name);
        let ours = self.ours("encrypt", &name);
        if theirs.code != 0 || ours.code != 0 {
            count.refused += 1;
            if ours.code != theirs.code {
                self.fail("exit codes of encrypt differ", &(ours, theirs));
            }
            return;
        }
        // Theirs, opened by ours as by theirs.
        self.twins.write(&encrypted_name, &theirs.stdout);
        let expected = self.theirs("decrypt", &encrypted_name);
        let opened = self.ours("decrypt", &encrypted_name);
        if opened.stdout != expected.stdout || opened.code != expected.code {
            self.fail("the original's file decrypts differently", &(opened, &expected));
            return;
        }
        // Ours, opened by ours: every byte.
        self.twins.write(&encrypted_name, &ours.stdout);
        let back = self.ours("decrypt", &encrypted_name);
        if back.stdout != self.document {
            self.fail("our file does not give the document back", &(back, ours));
            return;
        }
        // Ours, opened by theirs: as if it had encrypted the document itself.
        let opened = self.theirs("decrypt", &encrypted_name);
        if opened.stdout != expected.stdout {
            self.fail("the original reads our file differently", &(opened, ours, expected));
            return;
        }
        count.equal += 1;
    }
}

fn run(extension: &str, documents: u64, make: impl Fn(u64) -> Vec<u8>) {
    let twins = Twins::new();
    let documents = if full() { documents * 10 } else { documents };
    let (mut count, mut failures) = (Count::default(), Vec::new());
    for number in 0..documents {
        let name = format!("{number}.{extension}");
        let mut case = Case { twins: &twins, name, document: make(number), failures: Vec::new() };
        case.run(&mut count);
        failures.append(&mut case.failures);
    }
    let shown = failures.iter().take(5).cloned().collect::<Vec<_>>().join("\n==========\n");
    assert!(failures.is_empty(), "{} of {documents} documents failed:\n{shown}", failures.len());
    assert!(count.equal * 2 > documents as usize, "{count:?} of {documents}");
}

#[test]
fn yaml_documents_pass_both_ways() {
    run("yaml", 600, |number| generate::yaml(number).into_bytes());
}

#[test]
fn json_documents_pass_both_ways() {
    run("json", 150, |number| generate::json(number).into_bytes());
}

#[test]
fn dotenv_documents_pass_both_ways() {
    run("env", 100, |number| generate::dotenv(number).into_bytes());
}

#[test]
fn ini_documents_pass_both_ways() {
    run("ini", 100, |number| generate::ini(number).into_bytes());
}

#[test]
fn binary_files_pass_both_ways() {
    run("bin", 50, generate::binary);
}
