//! The programs of `tests/servers/oracle`, which ask Go's libraries.

use std::path::Path;

use bulla_testkit::{Sandbox, Tool, required};

/// One of the programs; questions and answers are lines.
pub struct Oracle {
    tool: Tool,
    sandbox: Sandbox,
}

impl Oracle {
    /// go-yaml v3: a file name a line in, its nodes as a line of JSON out.
    pub fn yaml() -> Self {
        Self::named("yaml")
    }

    /// gjson: `[document, path]` in, `[path, exists, text, raw]` out.
    pub fn gjson() -> Self {
        Self::named("gjson")
    }

    /// Go's regexp: `[pattern, input]` in, `[pattern, input, match]` out, or
    /// `[pattern, input, "ERR", error]`; with a replacement as the third, all matches,
    /// the replaced text and the parts follow.
    pub fn regexp() -> Self {
        Self::named("regexp")
    }

    /// Go's text/template with sprig: `{"T", "D", "M", "S", "E"}` in (see the program), `{"t", "out", "err"}` out.
    pub fn template() -> Self {
        Self::named("template")
    }

    /// Writes a document for a question that names files, and gives its full name.
    pub fn document(&self, name: &str, content: &[u8]) -> String {
        self.sandbox.write(name, content).display().to_string()
    }

    /// Asks all questions in one run.
    ///
    /// # Panics
    /// Where the program fails or does not answer every question.
    #[track_caller]
    pub fn ask(&self, questions: &[String]) -> Vec<String> {
        let input = questions.join("\n");
        let none: [&Path; 0] = [];
        let outcome = self.sandbox.run_with_input(&self.tool, &none, input.as_bytes()).success();
        let answers: Vec<String> = outcome.out().lines().map(str::to_owned).collect();
        assert_eq!(answers.len(), questions.len(), "an answer for every question");
        answers
    }

    fn named(name: &str) -> Self {
        Self { tool: Tool::at(required("BULLA_LANE_ORACLE").join(name)), sandbox: Sandbox::new() }
    }
}
