//! Generated templates, asked of Go's text/template with sprig as well.

use std::fmt::Write as _;

use bulla_template::{Library, TemplateError, function_names};
use lane_interop::templates::{Question, callers, keys, own_functions, questions};
use lane_interop::{Oracle, full};
use serde_json::json;

/// The table of what differs on purpose.
const DOCUMENTED: &str = include_str!("../../../../../crates/bulla-template/src/lib.rs");

/// A row of the table, the cases that it excuses, and how many of them there
/// are at most among the questions of one round. None at all is an error, too.
struct Row {
    name: &'static str,
    excuses: fn(&Case<'_>) -> bool,
    most: usize,
}

const ROWS: &[Row] = &[
    Row {
        name: "position of an operand whose type does not fit",
        excuses: |case| matches!(case.ours, Err(error) if case.is_place_of_operand(error)),
        most: 48,
    },
    Row {
        name: "numeric verbs and `%#v` on times",
        excuses: |case| {
            let format = case.question.template.split('"').nth(1).unwrap_or_default();
            let verb = format.trim_start_matches(|c: char| "%#+- .0123456789[]*".contains(c));
            let odd = format.contains("%#v") || verb.starts_with(|c: char| "bcdeEfgGoOtUwz!".contains(c));
            case.question.template.starts_with("{{ printf \"%")
                && case.question.template.contains("(toDate ")
                && odd
                && case.is_ok()
        },
        most: 8,
    },
    Row {
        name: "recursion, nesting, output, work",
        excuses: |case| {
            matches!(case.ours, Err(TemplateError::Budget { .. }))
                && case.theirs.error.is_empty()
                && case.theirs.output.len() > 1 << 20
                || case.question.template == "{{ seq 1000000 | len }}"
        },
        most: 2,
    },
    Row {
        name: "`deepCopy` of a version",
        excuses: |case| {
            let template = &case.question.template;
            template.contains("(semver ")
                && (template.contains("deepCopy") || template.contains("mustDeepCopy"))
                && case.is_ok()
                && case.theirs.output.contains("0.0.0")
        },
        most: 2,
    },
    Row {
        name: "`toYaml` of control characters U+007F to U+009F",
        excuses: |case| {
            case.question.template.starts_with("{{ toYaml ") && case.is_ok() && case.theirs.output.is_empty()
        },
        most: 2,
    },
    Row {
        name: "`toYaml` of U+0085, U+2028, and of a text of line breaks only",
        excuses: |case| {
            let template = &case.question.template;
            template.contains("toYaml")
                && ["\u{2028}", r"\u2028", r"\u0085", r#""\n\n""#].iter().any(|text| template.contains(text))
                && matches!(case.ours, Ok(output) if output.contains('"'))
                && case.theirs.error.is_empty()
        },
        most: 3,
    },
    Row {
        name: "`htpasswd` of External Secrets",
        excuses: |case| {
            case.question.is_external
                && case.question.template.contains("htpasswd \"u\" \"p\"")
                && case.ours.is_ok()
                && ["wrong number of args", "expected main.algorithm; got string"]
                    .iter()
                    .any(|text| case.theirs.error.contains(text))
        },
        most: 4,
    },
    Row {
        name: "empty lines behind the last certificate of a key store to be",
        excuses: |case| {
            [r#"(printf "%s\n" .chain)"#, r#"(printf "%s\n \t\n" .chain)"#]
                .iter()
                .any(|text| case.question.template.contains(text))
                && case.theirs.error.ends_with(": no PEM block")
        },
        most: 20,
    },
    Row {
        name: "a JSON web key whose RSA numbers are empty",
        excuses: |case| case.question.template.contains(r#""e": """#) && case.only_theirs(),
        most: 1,
    },
    Row {
        name: "text behind a JSON web key",
        excuses: |case| case.question.template.contains("}x` }}") && case.only_theirs(),
        most: 1,
    },
    Row {
        name: "`fromYaml` errors",
        excuses: |case| {
            let is_message =
                |text: &str| text.contains("error converting YAML") || text.contains("error unmarshaling");
            case.question.template.contains("fromYaml")
                && matches!(case.ours, Ok(output) if is_message(output))
                && is_message(&case.theirs.output)
        },
        most: 3,
    },
    Row {
        name: "`%p`",
        excuses: |case| case.question.template.starts_with("{{ printf \"%p\" ") && case.is_ok(),
        most: 1,
    },
];

/// What the oracle answered.
struct Theirs {
    output: String,
    error: String,
}

impl Theirs {
    fn parse(answer: &str) -> Self {
        let answer: serde_json::Value = serde_json::from_str(answer).expect("an answer is JSON");
        let text = |name: &str| answer[name].as_str().expect("of texts").to_owned();
        Self { output: text("out"), error: text("err") }
    }

    /// Line and, for failures of execution, column.
    fn position(&self) -> (usize, Option<usize>) {
        let rest = self.error.strip_prefix("template: x:").unwrap_or(&self.error);
        let mut numbers = rest.split(':').map_while(|part| part.parse().ok());
        (numbers.next().unwrap_or(0), numbers.next())
    }
}

/// One question with both answers.
struct Case<'q> {
    question: &'q Question,
    ours: &'q Result<String, TemplateError>,
    theirs: &'q Theirs,
}

impl Case<'_> {
    /// Whether the results are the same: the output, or that and where it fails.
    fn is_equal(&self) -> bool {
        match self.ours {
            Ok(output) => self.theirs.error.is_empty() && *output == self.theirs.output,
            Err(error) if !self.theirs.error.is_empty() => {
                let (line, column) = self.theirs.position();
                let place = error.position();
                place.line == line && column.is_none_or(|column| column == place.column)
            }
            Err(_) => false,
        }
    }

    /// Whether both sides give a text.
    fn is_ok(&self) -> bool {
        self.ours.is_ok() && self.theirs.error.is_empty()
    }

    /// Whether only Go gives a text.
    fn only_theirs(&self) -> bool {
        self.ours.is_err() && self.theirs.error.is_empty()
    }

    /// Whether both refuse an operand in the same line for the same reason, and
    /// only the column differs.
    fn is_place_of_operand(&self, error: &TemplateError) -> bool {
        let TemplateError::Execute { position, what, function: None, .. } = error else { return false };
        // Go names the value here.
        let words = [
            "range can't iterate over ",
            " to iterate over more than one variable",
            "can't give argument to non-function",
        ];
        let is_same = |word: &&str| what.contains(*word) && self.theirs.error.contains(*word);
        let is_reason = self.theirs.error.ends_with(&format!(">: {what}")) || words.iter().any(is_same);
        is_reason && position.line == self.theirs.position().0
    }

    fn describe(&self) -> String {
        let Self { question, ours, theirs } = self;
        format!(
            "missingkey={} {:?}\n  ours   {ours:?}\n  theirs {:?} {:?}",
            question.mode, question.template, theirs.output, theirs.error
        )
    }
}

/// Asks Go.
fn ask(questions: &[Question]) -> Vec<Theirs> {
    let lines: Vec<_> = questions.iter().map(Question::line).collect();
    Oracle::template().ask(&lines).iter().map(|answer| Theirs::parse(answer)).collect()
}

#[test]
fn generated_templates_give_what_go_gives() {
    let rounds = if full() { 20 } else { 1 };
    let questions = questions(rounds);
    assert!(questions.len() >= 1_500, "{} templates", questions.len());
    let (mut differences, mut equal, mut used) = (Vec::new(), 0, vec![Vec::new(); ROWS.len()]);
    for (question, theirs) in questions.iter().zip(ask(&questions)) {
        let ours = question.render();
        let case = Case { question, ours: &ours, theirs: &theirs };
        if case.is_equal() {
            equal += usize::from(ours.is_ok());
        } else if let Some(row) = ROWS.iter().position(|row| (row.excuses)(&case)) {
            used[row].push(case.describe());
        } else {
            differences.push(case.describe());
        }
    }
    let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {} differ:\n{shown}", differences.len(), questions.len());
    assert!(equal * 2 > questions.len(), "only {equal} of {} templates succeed", questions.len());
    let mut wrong = String::new();
    for (row, cases) in ROWS.iter().zip(used) {
        assert!(DOCUMENTED.contains(&format!("| {} |", row.name)), "{}: not in the crate's table", row.name);
        let (count, most) = (cases.len(), row.most * rounds);
        if !(1..=most).contains(&count) {
            let _ = writeln!(wrong, "{}: excuses {count}, at most {most}:\n{}", row.name, cases.join("\n"));
        }
    }
    assert!(wrong.is_empty(), "rows that excuse nothing or too much:\n{wrong}");
}

#[test]
fn every_function_is_asked_with_five_shapes_of_arguments() {
    let questions = questions(1);
    for (is_external, names) in [(false, function_names(Library::SealedSecrets)), (true, own_functions())] {
        let callers = callers(&questions, is_external);
        let few = |name: &&str| callers.get(name).map_or(0, std::collections::BTreeSet::len) < 5;
        assert_eq!(names.into_iter().filter(few).collect::<Vec<_>>(), Vec::<&str>::new());
    }
}

/// A question with functions of External Secrets.
fn external(template: &str, data: &serde_json::Value) -> Question {
    Question {
        template: template.to_owned(),
        mode: "error",
        data: data.clone(),
        is_secret: false,
        is_external: true,
    }
}

/// Renders one template on both sides: ours, then theirs.
#[track_caller]
fn both(template: &str, data: &serde_json::Value) -> [String; 2] {
    let question = external(template, data);
    let ours = question.render().unwrap_or_else(|error| panic!("{template}: {error}"));
    let theirs = ask(&[question]).remove(0);
    assert_eq!(theirs.error, "", "{template}");
    [ours, theirs.output]
}

/// Each writer of key stores with the password that it locks them with.
const KEY_STORES: &[(&str, &str)] = &[
    ("{{ pemToPkcs12 .leaf .leafKey }}", ""),
    (r#"{{ pemToPkcs12Pass .leaf .leafP8 "pä€" }}"#, "pä€"),
    (r#"{{ pemToPkcs12Pass .root .rsaKey "pw" }}"#, "pw"),
    ("{{ fullPemToPkcs12 .chain .leafKey }}", ""),
    (r#"{{ fullPemToPkcs12Pass .chain .rsaP8 "a longer password" }}"#, "a longer password"),
    (r#"{{ fullPemToPkcs12Pass (print .root .leaf) .leafKey "pw" }}"#, "pw"),
];

#[test]
fn key_stores_of_either_side_open_in_both() {
    for (writer, password) in KEY_STORES {
        let stores = both(writer, &keys());
        assert_ne!(stores[0], stores[1], "{writer}: salts are random");
        assert_eq!(stores[0].len(), stores[1].len(), "{writer}");
        for reader in ["pkcs12keyPass", "pkcs12certPass"] {
            let read = |store| {
                let data = json!({ "store": store, "password": password });
                both(&format!("{{{{ .store | b64dec | {reader} .password }}}}"), &data)
            };
            let [first, second] = [read(&stores[0]), read(&stores[1])];
            assert!(first[0].starts_with("-----BEGIN "), "{writer} {reader}");
            assert!(first.iter().chain(&second).all(|text| *text == first[0]), "{writer} {reader}");
        }
    }
}

#[test]
fn trust_stores_hold_in_go_what_those_of_go_hold() {
    for (writer, password, count) in [
        ("{{ pemTruststoreToPKCS12 .chain }}", "", 3),
        (r#"{{ pemTruststoreToPKCS12Pass (print .root .leaf) "pä€" }}"#, "pä€", 2),
    ] {
        let stores = both(writer, &keys());
        assert_eq!(stores[0].len(), stores[1].len(), "{writer}");
        let read = stores.map(|store| {
            let data = json!({ "store": store, "password": password });
            let theirs =
                ask(&[external("{{ .store | b64dec | oracleTrustStore .password }}", &data)]).remove(0);
            assert_eq!(theirs.error, "", "{writer}");
            theirs.output
        });
        assert_eq!(read[0], read[1], "{writer}");
        assert_eq!(read[0].matches("BEGIN CERTIFICATE").count(), count, "{writer}");
    }
}

#[test]
fn go_takes_the_password_that_we_hashed_and_no_other() {
    for writer in
        [r#"{{ bcrypt "pä" }}"#, r#"{{ htpasswd "u" "pä" "bcrypt" }}"#, r#"{{ htpasswd "u" "pä" "md5" }}"#]
    {
        let ours = external(writer, &json!({})).render().expect("it hashes");
        let data = json!({ "hash": ours.strip_prefix("u:").unwrap_or(&ours) });
        let check = |password: &str| {
            let template = format!("{{{{ oracleBcrypt {password:?} .hash }}}}");
            ask(&[external(&template, &data)]).remove(0).output
        };
        assert_eq!([check("pä"), check("pa")], ["true", "false"], "{writer}");
    }
}
