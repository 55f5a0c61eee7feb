//! The 98 templates whose answers come from Go's text/template and sprig.

use bulla_template::{Library, MissingKey, Settings, TemplateError};

use crate::seams::data;
use crate::{render, settings};

const CASES: &str = include_str!("../fixtures/go-template/cases.jsonl");
const DATA: &str = include_str!("../fixtures/go-template/data.json");

/// Returns line and, for failures of execution, column of a message of Go.
fn place(message: &str) -> (usize, Option<usize>) {
    let rest = message.strip_prefix("template: x:").unwrap();
    let mut numbers = rest.split(':').map_while(|part| part.parse().ok());
    (numbers.next().unwrap(), numbers.next())
}

/// What a text of YAML means.
fn yaml_as_json(yaml: &str) -> String {
    let settings = settings(Library::ExternalSecrets, MissingKey::Error);
    let output =
        render("{{ fromYaml .yaml | toJson }}", &data(&serde_json::json!({ "yaml": yaml })), settings)
            .unwrap();
    String::from_utf8_lossy(output.expose()).into_owned()
}

#[test]
fn all_templates_give_what_go_gives() {
    let values = data(&serde_json::from_str(DATA).unwrap());
    let mut count = 0;
    for line in CASES.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap();
        let template = text("template");
        let result = render(template, &values, settings(Library::ExternalSecrets, MissingKey::Error));
        match result {
            Ok(output) => {
                assert_eq!(text("error"), "", "{template}: Go refuses");
                let output = String::from_utf8_lossy(output.expose());
                // The stored answers come of a `toYaml` that wrote JSON, which is
                // YAML; the lane `interop` asks for the bytes.
                if template.contains("toYaml") {
                    assert_eq!(yaml_as_json(&output), text("output"), "{template}: {output}");
                } else {
                    assert_eq!(output, text("output"), "{template}");
                }
            }
            Err(error) => {
                assert_ne!(text("error"), "", "{template}: {error}");
                let (line, column) = place(text("error"));
                assert_eq!(error.position().line, line, "{template}: {error}");
                if let (Some(column), TemplateError::Execute { position, .. }) = (column, &error) {
                    assert_eq!(position.column, column, "{template}: {error}");
                }
            }
        }
        count += 1;
    }
    assert_eq!(count, 98);
}

#[test]
fn delimiters_are_those_of_the_settings() {
    let values = data(&serde_json::json!({ "user": "anna" }));
    let settings = Settings {
        left: "<%".to_owned(),
        right: "%>".to_owned(),
        ..settings(Library::ExternalSecrets, MissingKey::Error)
    };
    let output = render("{{ <%- .user -%> }} <%/* c */%>%>", &values, settings).unwrap();
    assert_eq!(output.expose(), b"{{anna}} %>");
}
