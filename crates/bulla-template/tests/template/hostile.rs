//! Templates that try to exhaust the process (`security.md` D-02): each ends
//! in time with an error of the budget or of the template.

use bulla_template::{Budget, Data, Library, MissingKey, Settings, Template, TemplateError};

use crate::seams::{FixedClock, Sequence};
use crate::{render, settings};

/// Deep inside, so that a recursion on the machine's stack would show.
const STACK: usize = 2 << 20;

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
    "{{ range 1000 }}{{ $x := genPrivateKey \"ed25519\" }}{{ end }}",
    "{{ range 100 }}{{ $x := bcrypt \"x\" }}{{ end }}",
    "{{ range 100 }}{{ $x := htpasswd \"u\" \"p\" }}{{ end }}",
    "{{ range 10 }}{{ $x := derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}{{ end }}",
    "{{ $x := list (repeat 2000000 \"x\") }}{{ derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}",
    "{{ range 1000 }}{{ $x := genPrivateKey \"ecdsa\" }}{{ end }}",
    "{{ range 10 }}{{ $x := genPrivateKey \"rsa\" }}{{ end }}",
    "{{ range 10 }}{{ $x := genCA \"cn\" 365 }}{{ end }}",
    "{{ $ca := genCA \"cn\" 365 }}{{ range 10 }}{{ $x := genSignedCert \"cn\" nil nil 365 $ca }}{{ end }}",
    "{{ range 10 }}{{ $x := genSelfSignedCert \"cn\" nil nil 365 }}{{ end }}",
    "{{ $k := genPrivateKey \"ecdsa\" }}{{ range 1000 }}{{ $x := genCAWithKey \"cn\" 365 $k }}{{ end }}",
    "{{ range 1000 }}{{ $x := pkcs12keyPass \"1234\" .store }}{{ end }}",
    "{{ range 1000 }}{{ $x := pkcs12cert .empty }}{{ end }}",
    "{{ range 1000 }}{{ $x := fullPemToPkcs12 .cert .key }}{{ end }}",
    "{{ range 1000 }}{{ $x := jwkPrivateKeyPem .jwk }}{{ end }}",
    "{{ range 1000 }}{{ $x := rsaDecrypt \"RSA-OAEP\" \"SHA1\" .sealed .rsa }}{{ end }}",
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
    external_within(text, Budget::default())
}

fn external_within(text: &str, budget: Budget) -> Result<(), TemplateError> {
    let entries: [(&str, &[u8]); 8] = [
        ("password", b"hunter2"),
        ("store", include_bytes!("../fixtures/crypto/modern.pfx")),
        ("empty", include_bytes!("../fixtures/crypto/empty.pfx")),
        ("cert", include_bytes!("../fixtures/crypto/leaf.crt")),
        ("key", include_bytes!("../fixtures/crypto/leaf.key")),
        ("jwk", include_bytes!("../fixtures/crypto/rsa.jwk")),
        ("sealed", include_bytes!("../fixtures/crypto/oaep-sha1.bin")),
        ("rsa", include_bytes!("../fixtures/crypto/rsa.key")),
    ];
    let entry = |(key, value): (&str, &[u8])| (key.to_owned(), value.to_vec());
    let data = Data::Texts(entries.map(entry).into());
    let settings = settings(Library::ExternalSecrets, MissingKey::Error);
    Template::parse(text, settings)?.render(&data, &FixedClock, &Sequence::default(), budget).map(|_| ())
}

fn with_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap();
    thread.join().unwrap()
}

/// The number of the template that [`one_template`] renders.
const CHOICE: &str = "BULLA_HOSTILE_TEMPLATE";
/// What a rendering may take, beside what the process had before (D-02).
const MEMORY: u64 = 32 << 10;
/// Of 32 MiB this function consists (scrypt), and a little stands beside it.
const MEMORY_OF_DERIVED_PASSWORDS: u64 = MEMORY + (2 << 10);

/// What the kernel counts for this process, in KiB; elsewhere than on Linux
/// nothing.
fn counted(name: &str) -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

/// Every template in a process of its own, where the kernel counts the memory.
/// The time is bounded by the steps; what they take is measured in release
/// builds, not here.
#[test]
fn d_02_hostile_templates_end_within_their_budget() {
    assert!(TEMPLATES.len() >= 50);
    let mut faults = Vec::new();
    for (number, text) in TEMPLATES.iter().enumerate() {
        let arguments = ["--exact", "--ignored", "--nocapture", "hostile::one_template"];
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child.args(arguments).env(CHOICE, number.to_string()).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let answer = shown.lines().find_map(|line| line.strip_prefix("refused with "));
        let used: Option<u64> = answer.and_then(|answer| answer.split_whitespace().next()?.parse().ok());
        let limit = if text.contains("derivePassword") { MEMORY_OF_DERIVED_PASSWORDS } else { MEMORY };
        if used.is_none_or(|used| used > limit) {
            faults.push(format!("{text}: {shown}"));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
#[ignore = "run by the test above, once for every template"]
fn one_template() {
    #[expect(clippy::disallowed_methods, reason = "the test above chooses by variable")]
    let number: usize = std::env::var(CHOICE).unwrap().parse().unwrap();
    // A first run has the code in memory; what it takes itself is little.
    let little = Budget { steps: 5_000, memory: 1 << 20, ..Budget::default() };
    let _ = with_small_stack(move || external_within(TEMPLATES[number], little));
    let before = counted("VmHWM:");
    let result = with_small_stack(move || external(TEMPLATES[number]));
    let used = counted("VmHWM:").saturating_sub(before);
    match result {
        Ok(()) => println!("not refused"),
        Err(error) => println!("refused with {used} KiB: {error}"),
    }
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
fn d_02_keys_and_slow_hashes_take_their_steps() {
    for text in [
        "genPrivateKey \"rsa\"",
        "genCA \"cn\" 1",
        "bcrypt \"x\"",
        "htpasswd \"u\" \"p\"",
        "derivePassword 1 \"pin\" \"p\" \"u\" \"s\"",
        "genSelfSignedCert \"cn\" nil nil 1",
        "pkcs12key \"\"",
        "jwkPrivateKeyPem \"\"",
        "rsaDecrypt \"\" \"\" \"\" \"\"",
    ] {
        let text = format!("{{{{ {text} }}}}");
        let template = Template::parse(&text, Settings::external_secrets("k")).unwrap();
        let budget = Budget { steps: 45_000, ..Budget::default() };
        let result = template.render(&Data::Nil, &FixedClock, &Sequence::default(), budget);
        assert!(matches!(result, Err(TemplateError::Budget { .. })), "{text}");
    }
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
