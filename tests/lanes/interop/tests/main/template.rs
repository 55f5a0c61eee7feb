//! Generated templates, asked of Go's text/template with sprig as well.

use bulla_template::{Library, TemplateError, function_names};
use lane_interop::templates::{EXTERNAL_FUNCTIONS, Question, callers, questions};
use lane_interop::{Oracle, full};

/// The table of what differs on purpose.
const DOCUMENTED: &str = include_str!("../../../../../crates/bulla-template/src/lib.rs");

/// A row of the table, and the questions that it may excuse.
type Row = (&'static str, fn(&Question, &Theirs) -> bool);

/// Rows about the result.
const RESULTS: &[Row] = &[
    ("numeric verbs and `%#v` on times", |question, _| {
        let format = question.template.split('"').nth(1).unwrap_or_default();
        question.template.contains("(toDate")
            && (format.contains("%#v") || format.contains(|verb: char| "bcdeEfgGoOtUwz".contains(verb)))
    }),
    ("a JSON web key whose RSA numbers are empty", |question, theirs| {
        question.template.contains(r#""e": """#) && theirs.error.is_empty()
    }),
    ("text behind a JSON web key", |question, _| question.template.contains("}x` }}")),
    ("`fromYaml` errors", |question, theirs| {
        question.template.contains("fromYaml") && theirs.output.contains("Error:")
    }),
    ("`%p`", |question, _| question.template.contains("printf \"%p\"")),
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

/// Returns what differs: the result or the place of the error.
fn difference(ours: &Result<String, TemplateError>, theirs: &Theirs) -> Option<&'static str> {
    match ours {
        Ok(output) if theirs.error.is_empty() && *output == theirs.output => None,
        Err(error) if !theirs.error.is_empty() => {
            let (line, column) = theirs.position();
            let place = error.position();
            let same = place.line == line && column.is_none_or(|column| column == place.column);
            let is_operand = matches!(error, TemplateError::Execute { function: None, .. });
            // In Go an operand whose type does not fit is blamed on what was
            // evaluated last; the table says so.
            let excused = is_operand && place.line == line;
            if same || excused { None } else { Some("the place of the error") }
        }
        _ => Some("the result"),
    }
}

#[test]
fn generated_templates_give_what_go_gives() {
    for (row, _) in RESULTS {
        assert!(DOCUMENTED.contains(&format!("| {row} |")), "{row}: not in the crate's table");
    }
    let questions = questions(if full() { 20 } else { 1 });
    assert!(questions.len() >= 1_500, "{} templates", questions.len());
    let lines: Vec<_> = questions.iter().map(Question::line).collect();
    let answers = Oracle::template().ask(&lines);
    let (mut differences, mut equal) = (Vec::new(), 0);
    for (question, answer) in questions.iter().zip(answers) {
        let theirs = Theirs::parse(&answer);
        let ours = question.render();
        match difference(&ours, &theirs) {
            None => equal += usize::from(ours.is_ok()),
            Some("the result") if RESULTS.iter().any(|(_, excuses)| excuses(question, &theirs)) => {}
            Some(what) => differences.push(format!(
                "{what}: missingkey={} {:?}\n  ours   {ours:?}\n  theirs {:?} {:?}",
                question.mode, question.template, theirs.output, theirs.error
            )),
        }
    }
    let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {} differ:\n{shown}", differences.len(), lines.len());
    assert!(equal * 2 > lines.len(), "only {equal} of {} templates succeed", lines.len());
}

#[test]
fn every_function_is_asked_with_five_shapes_of_arguments() {
    let questions = questions(1);
    let callers = callers(&questions);
    let few = |name: &&str| callers.get(name).map_or(0, std::collections::BTreeSet::len) < 5;
    let names = function_names(Library::SealedSecrets);
    let poor: Vec<_> = names.into_iter().chain(EXTERNAL_FUNCTIONS.iter().copied()).filter(few).collect();
    assert_eq!(poor, Vec::<&str>::new());
}
