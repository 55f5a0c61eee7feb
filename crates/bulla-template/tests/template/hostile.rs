//! Templates that try to exhaust the process (`security.md` D-02): each ends
//! in time with an error of the budget or of the template.

use std::time::{Duration, Instant};

use bulla_template::{Budget, Data, Library, MissingKey, Settings, Template, TemplateError};

use crate::seams::{FixedClock, Sequence};
use crate::{render, settings};

/// Deep inside, so that a recursion on the machine's stack would show.
const STACK: usize = 2 << 20;
/// Debug builds on a busy machine are several times slower than what D-02
/// measures.
const LIMIT: Duration = Duration::from_secs(15);

const TEMPLATES: &[&str] = &[
    "{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
    "{{ define \"a\" }}{{ template \"b\" . }}{{ end }}{{ define \"b\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
    "{{ define \"r\" }}{{ if true }}{{ with 1 }}{{ range 1 }}{{ template \"r\" . }}{{ end }}{{ end }}{{ end }}{{ end }}{{ template \"r\" . }}",
    "{{ define \"r\" }}{{ template \"r\" . }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
    "{{ repeat 1000000000 \"x\" }}",
    "{{ repeat 9223372036854775807 \"xx\" }}",
    "{{ repeat 1000000 \"x\" | repeat 1000000 }}",
    "{{ $x := \"x\" }}{{ range until 100 }}{{ $x = repeat 2 $x }}{{ end }}",
    "{{ $x := \"x\" }}{{ range until 1000 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}",
    "{{ $x := \"x\" }}{{ range until 1000 }}{{ $x = cat $x $x }}{{ end }}",
    "{{ range until 1000000000 }}{{ end }}",
    "{{ range 1000000000 }}{{ end }}",
    "{{ range 9223372036854775807 }}x{{ end }}",
    "{{ range until 3000 }}{{ range until 3000 }}{{ end }}{{ end }}",
    "{{ range 10000 }}{{ range 10000 }}{{ range 10000 }}{{ end }}{{ end }}{{ end }}",
    "{{ untilStep 0 9223372036854775807 1 }}",
    "{{ untilStep -9223372036854775807 9223372036854775807 1 }}",
    "{{ seq 1 1000000000 }}",
    "{{ seq 0 1 9223372036854775806 }}",
    "{{ indent 1000000000 \"x\" }}",
    "{{ nindent 1000000 (repeat 1000 \"\\n\") }}",
    "{{ printf \"%1000000d\" 1 | printf \"%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s\" }}{{ range 99 }}{{ printf \"%999999d\" 1 }}{{ end }}",
    "{{ range 1000 }}{{ $x := printf \"%999999d\" 1 }}{{ end }}",
    "{{ range 1000 }}{{ $x := printf \"%.999999f\" 1.5 }}{{ end }}",
    "{{ printf \"%*d\" 999999 1 | repeat 100 }}",
    "{{ range 10 }}{{ $x := genPrivateKey \"ed25519\" }}{{ end }}",
    "{{ range 10 }}{{ $x := bcrypt \"x\" }}{{ end }}",
    "{{ range 10 }}{{ $x := htpasswd \"u\" \"p\" }}{{ end }}",
    "{{ range 10 }}{{ $x := derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}{{ end }}",
    "{{ range 10 }}{{ $x := genPrivateKey \"ecdsa\" }}{{ end }}",
    "{{ randBytes 1000000000 }}",
    "{{ randAlphaNum 1000000000 }}",
    "{{ randNumeric 9223372036854775807 }}",
    "{{ range 1000000 }}{{ $x := randAscii 1000 }}{{ end }}",
    "{{ shuffle (repeat 10000000 \"ab\") }}",
    "{{ regexReplaceAll \"\" (repeat 1000000 \"x\") (repeat 1000 \"y\") }}",
    "{{ regexFindAll \".\" (repeat 20000000 \"x\") -1 }}",
    "{{ regexMatch \"(x+x+)+y\" (repeat 30000000 \"x\") }}",
    "{{ mustRegexMatch \"((a{1,100}){1,100}){1,100}\" (repeat 10000 \"a\") }}",
    "{{ range $i := until 100000 }}{{ $x := regexMatch (printf \"a{1000}b%d\" $i) \"aaaa\" }}{{ end }}",
    "{{ replace \"\" (repeat 10000 \"y\") (repeat 10000 \"x\") }}",
    "{{ replace \"x\" (repeat 100000 \"y\") (repeat 100000 \"x\") }}",
    "{{ splitList \"\" (repeat 30000000 \"x\") }}",
    "{{ split \"x\" (repeat 30000000 \"x\") }}",
    "{{ join (repeat 100000 \"x\") (until 100000) }}",
    "{{ wrapWith 1 (repeat 100000 \"y\") (repeat 100000 \"x\") }}",
    "{{ $l := list 1 }}{{ range 100000 }}{{ $l = list $l }}{{ end }}{{ $l }}",
    "{{ $l := list 1 }}{{ range 100 }}{{ $l = list $l $l }}{{ end }}{{ $l }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toJson $d }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}",
    "{{ $d := dict }}{{ $e := dict }}{{ $_ := set $d \"d\" $d }}{{ $_ = set $e \"d\" $e }}{{ deepEqual $d $e }}",
    "{{ $d := dict }}{{ $e := dict }}{{ $_ := set $d \"d\" $d }}{{ $_ = set $e \"d\" $e }}{{ merge $d $e }}",
    "{{ $d := dict \"l\" 1 }}{{ range 100 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ toJson $d }}",
    "{{ $c := dict }}{{ range 500000 }}{{ $n := dict }}{{ $_ := set $c \"n\" $n }}{{ $c = $n }}{{ end }}",
    "{{ $l := list }}{{ range 100000 }}{{ $l = append $l 1 }}{{ end }}",
    "{{ uniq (until 100000) }}",
    "{{ range until 1000 }}{{ $x := uniq (until 1000) }}{{ end }}",
    "{{ fromJson (repeat 1000000 \"[\") }}{{ range 999999999 }}{{ end }}",
    "{{ mustFromJson (printf \"%s1%s\" (repeat 100000 \"[\") (repeat 100000 \"]\")) }}",
    "{{ range 1000 }}{{ repeat 10000 \"x\" }}{{ end }}",
    "{{ range 1000000 }}{{ now | date \"2006-01-02T15:04:05Z07:00\" }}{{ end }}",
    "{{ abbrev 99999999 (repeat 33000000 \"x\") }}",
    "{{ range $i, $_ := until 30000 }}{{ $x := semverCompare (repeat 1000 \">=1 \") \"1.0.0\" }}{{ end }}",
];

fn external(text: &str) -> Result<(), TemplateError> {
    let data = Data::Texts([("password".to_owned(), b"hunter2".to_vec())].into());
    render(text, &data, settings(Library::ExternalSecrets, MissingKey::Error)).map(|_| ())
}

fn with_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap();
    thread.join().unwrap()
}

#[test]
fn d_02_hostile_templates_end_in_time() {
    assert!(TEMPLATES.len() >= 50);
    let mut faults = Vec::new();
    for text in TEMPLATES {
        let (result, took) = with_small_stack(move || {
            let start = Instant::now();
            (external(text), start.elapsed())
        });
        if result.is_ok() || took > LIMIT {
            faults.push(format!("{text}: {took:?}, {result:?}"));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

fn numbered(count: u32, part: fn(u32) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().concat()
}

#[test]
fn d_02_deeply_nested_source_is_refused() {
    let nested = [
        "{{ ".to_owned() + &"(".repeat(100_000) + "1" + &")".repeat(100_000) + " }}",
        "{{ if 1 }}".repeat(50_000) + &"{{ end }}".repeat(50_000),
        "{{ if 0 }}".to_owned() + &"{{ else if 0 }}".repeat(50_000) + "{{ end }}",
        "{{ range 1 }}".repeat(50_000),
        "{{ block \"a\" . }}".repeat(50_000),
        numbered(30_000, |number| format!("{{{{ define \"{number}\" }}}}x{{{{ end }}}}")),
        numbered(50_000, |number| format!("{{{{ $x{number} := 1 }}}}")),
        "{{ $x := 1 }}".repeat(50_000),
    ];
    for text in nested {
        with_small_stack(move || assert!(matches!(external(&text), Err(TemplateError::Parse { .. }))));
    }
}

#[test]
fn nesting_up_to_the_limit_fits_the_stack() {
    with_small_stack(|| {
        let text = "{{ with ".to_owned() + &"(list ".repeat(95) + &")".repeat(95) + " }}x{{ end }}";
        external(&text).unwrap();
        let text = "{{ if 1 }}".repeat(140) + "x" + &"{{ end }}".repeat(140);
        external(&text).unwrap();
        let recursion = "{{ define \"r\" }}{{ if . }}{{ template \"r\" sub . 1 }}{{ end }}{{ end }}{{ template \"r\" 60 }}";
        external(recursion).unwrap();
    });
}

#[test]
fn d_02_the_output_is_bounded() {
    let data = Data::Texts([("k".to_owned(), vec![b'x'; 600_000])].into());
    let result = render("{{ .k }}{{ .k }}", &data, settings(Library::SealedSecrets, MissingKey::Error));
    assert!(matches!(result, Err(TemplateError::Budget { .. })));
}

#[test]
fn a_key_generation_budget_of_zero_forbids_keys() {
    let template = Template::parse("{{ bcrypt \"x\" }}", Settings::sealed_secrets("k")).unwrap();
    let budget = Budget { key_generations: 0, ..Budget::default() };
    let result = template.render(&Data::Nil, &FixedClock, &Sequence::default(), budget);
    assert!(matches!(result, Err(TemplateError::Budget { .. })));
}

/// What a template can do to have a secret in an error.
const LEAKS: &[&str] = &[
    "{{ fail .password }}",
    "{{ .password | mustFromJson }}",
    "{{ .password | semver }}",
    "{{ semverCompare .password \"1\" }}",
    "{{ mustRegexMatch (print \"(\" .password) \"x\" }}",
    "{{ mustToDate \"2006\" .password }}",
    "{{ index . .password 1 }}",
    "{{ .password.x }}",
    "{{ .password | hexdec }}",
    "{{ urlParse (print .password \":\\x00\") }}",
    "{{ mustDateModify .password now }}",
    "{{ call .password }}",
    "{{ .password | filterPEM \"CERTIFICATE\" }}",
    "{{ .password | pkcs12key }}",
    "{{ .password | jwkPublicKeyPem }}",
    "{{ genSelfSignedCert \"cn\" (list .password) (list) 1 }}",
    "{{ dig .password 1 2 }}",
    "{{ buildCustomCert .password .password }}",
    "{{ rsaDecrypt \"RSA-OAEP\" \"SHA256\" .password .password }}",
    "{{ lt .password 1 }}",
    "{{ slice .password 1 2 }}",
    "{{ range true }}{{ .password }}{{ end }}",
    "{{ trunc .password \"x\" }}",
    "{{ (dict .password 1).nope }}",
    "{{ template .password }}",
];

#[test]
fn s_12_errors_hold_no_value() {
    for text in LEAKS {
        let error = external(text).expect_err(text);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("hunter2"), "{text}: {shown}");
        }
    }
}
