//! `spec.template.data` means the same to both.

use bulla_testkit::Tool;

use crate::pair::{both, run, sandbox, unseal};

/// Templates without chance in them.
const TEMPLATES: [&str; 24] = [
    "{{ .user }}:{{ .password }}",
    "{{ index . \"password\" | b64enc }}",
    "{{ .gone }}",
    "{{ .gone | default \"d\" }}",
    "{{ toJson . }}",
    "{{ .password | quote }} {{ .user | squote }}",
    "{{ range $k, $v := . }}{{ $k }}={{ len $v }};{{ end }}",
    "{{ printf \"%-10s|%5d|%q\" .user 7 .password }}",
    "{{- if eq .user \"admin\" -}} yes {{- else -}} no {{- end -}}",
    "{{ with .user }}{{ . | upper | repeat 2 }}{{ end }}",
    "{{ define \"x\" }}<{{ . }}>{{ end }}{{ template \"x\" .user }}",
    "{{ .password | sha256sum }}",
    "{{ (fromJson .json).list | join \"-\" }}",
    "{{ (fromJson .json).number }}",
    "{{ .user | trunc 2 }}{{ .user | substr 1 3 }}",
    "{{ regexReplaceAll \"[aeiou]\" .password \"*\" }}",
    "{{ .lines | indent 2 }}{{ .lines | nindent 4 }}",
    "{{ splitList \"o\" .password }}",
    "{{ list 3 1 2 | sortAlpha | join \",\" }}",
    "{{ dict \"a\" .user \"b\" 2 | toPrettyJson }}",
    "{{ add 1 2 3 }} {{ div 7 2 }} {{ round 2.567 2 }} {{ atoi \"12\" | mul 3 }}",
    "{{ .password | b64enc | b64dec | trim | title }}",
    "{{ html .password }} {{ urlquery .password }} {{ js .password }}",
    "{{ semver \"1.2.3\" }} {{ ternary \"a\" \"b\" true }} {{ until 3 }}",
];

const SECRET: &str = "metadata: {name: app, namespace: shop}
stringData:
  user: admin
  password: correct <horse> & 'battery'
  json: '{\"list\": [\"a\", \"b\"], \"number\": 12}'
  lines: |
    one
    two
";

#[test]
fn templates_render_alike() {
    let sandbox = sandbox();
    let [ours, theirs] = both();
    sandbox.write("secret.yaml", SECRET);
    let sealed = run(&sandbox, &theirs, "--cert cert.pem -f secret.yaml").success();
    let mut object: serde_json::Value = serde_json::from_slice(&sealed.stdout).expect("JSON");
    for (index, template) in TEMPLATES.iter().enumerate() {
        object["spec"]["template"]["data"][format!("t{index:02}")] = (*template).into();
    }
    // Up to release 0.36 a template takes the place of an item of its name.
    object["spec"]["template"]["data"]["user"] = "{{ .user | b64enc }}".into();
    sandbox.write("sealed", object.to_string());
    let [ours, theirs] = [ours, theirs].map(|tool| unseal(&sandbox, &tool, "sealed"));
    for (name, value) in theirs["data"].as_object().expect("data") {
        assert_eq!(&ours["data"][name], value, "{name}");
    }
    assert_eq!(ours, theirs);
}

#[test]
fn templates_survive_a_merge() {
    let sandbox = sandbox();
    let [ours, theirs] = both();
    sandbox.write("secret.yaml", SECRET);
    let sealed = run(&sandbox, &theirs, "--cert cert.pem -f secret.yaml").success();
    let mut object: serde_json::Value = serde_json::from_slice(&sealed.stdout).expect("JSON");
    object["spec"]["template"]["data"]["conf"] = "{{ .user }}-{{ .more }}".into();
    sandbox.write("sealed.json", object.to_string());
    sandbox.write("more.yaml", "stringData: {more: x}\n");
    run(&sandbox, &ours, "--cert cert.pem --merge-into sealed.json -f more.yaml").success();
    assert_eq!(unseal(&sandbox, &theirs, "sealed.json")["data"]["conf"], "YWRtaW4teA==");
}

#[test]
fn s_12_a_failing_template_tells_no_value_where_the_original_does() {
    let sandbox = sandbox();
    let [ours, theirs] = both();
    sandbox.write("secret.yaml", "metadata: {name: app, namespace: shop}\nstringData: {password: canary}\n");
    let sealed = run(&sandbox, &theirs, "--cert cert.pem -f secret.yaml").success();
    let mut object: serde_json::Value = serde_json::from_slice(&sealed.stdout).expect("JSON");
    object["spec"]["template"]["data"]["conf"] = "{{ fail .password }}".into();
    sandbox.write("sealed", object.to_string());
    let answer =
        |tool: &Tool| run(&sandbox, tool, "--recovery-unseal --recovery-private-key main.key -f sealed");
    let (ours, theirs) = (answer(&ours), answer(&theirs));
    assert_eq!((ours.code, theirs.code), (1, 1));
    assert!(theirs.err().contains("canary") && !ours.err().contains("canary"), "{ours:?}");
    assert!(ours.err().starts_with("error: template: conf:1:"), "{ours:?}");
}
