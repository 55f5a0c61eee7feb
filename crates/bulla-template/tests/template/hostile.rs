//! Templates that try to exhaust the process (`security.md` D-02): each ends
//! in time and memory, stopped by the bound and in the function that it aims at.

use bulla_template::{Budget, Data, Exhausted, Library, MissingKey, Settings, Template, TemplateError};

use crate::seams::{FixedClock, Sequence};
use crate::{render, settings};

/// Deep inside, so that a recursion on the machine's stack would show.
const STACK: usize = 2 << 20;

/// What must have stopped a template, the bound or `refused` and the function
/// (`-` for none), and the template.
const TEMPLATES: &[(&str, &str)] = &[
    ("depth -", "{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}"),
    (
        "depth -",
        "{{ define \"a\" }}{{ template \"b\" . }}{{ end }}{{ define \"b\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
    ),
    (
        "depth -",
        "{{ define \"r\" }}{{ if true }}{{ with 1 }}{{ range 1 }}{{ template \"r\" . }}{{ end }}{{ end }}{{ end }}{{ end }}{{ template \"r\" . }}",
    ),
    (
        "depth -",
        "{{ define \"r\" }}{{ template \"r\" . }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
    ),
    ("memory repeat", "{{ repeat 1000000000 \"x\" }}"),
    ("memory repeat", "{{ repeat 9223372036854775807 \"xx\" }}"),
    ("memory repeat", "{{ repeat 1000000 \"x\" | repeat 1000000 }}"),
    ("memory repeat", "{{ $x := \"x\" }}{{ range until 100 }}{{ $x = repeat 2 $x }}{{ end }}"),
    ("memory printf", "{{ $x := \"x\" }}{{ range until 1000 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}"),
    ("memory cat", "{{ $x := \"x\" }}{{ range until 1000 }}{{ $x = cat $x $x }}{{ end }}"),
    ("memory until", "{{ range until 1000000000 }}{{ end }}"),
    ("steps -", "{{ range 1000000000 }}{{ end }}"),
    ("steps -", "{{ range 9223372036854775807 }}x{{ end }}"),
    ("memory until", "{{ range until 3000 }}{{ range until 3000 }}{{ end }}{{ end }}"),
    ("steps -", "{{ range 10000 }}{{ range 10000 }}{{ range 10000 }}{{ end }}{{ end }}{{ end }}"),
    ("memory untilStep", "{{ untilStep 0 9223372036854775807 1 }}"),
    ("memory untilStep", "{{ untilStep -9223372036854775807 9223372036854775807 1 }}"),
    ("memory seq", "{{ seq 1 1000000000 }}"),
    ("memory seq", "{{ seq 0 1 9223372036854775806 }}"),
    ("memory indent", "{{ indent 1000000000 \"x\" }}"),
    ("memory nindent", "{{ nindent 1000000 (repeat 1000 \"\\n\") }}"),
    (
        "output -",
        "{{ printf \"%1000000d\" 1 | printf \"%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s\" }}{{ range 99 }}{{ printf \"%999999d\" 1 }}{{ end }}",
    ),
    ("memory printf", "{{ range 1000 }}{{ $x := printf \"%999999d\" 1 }}{{ end }}"),
    ("memory printf", "{{ range 1000 }}{{ $x := printf \"%.999999f\" 1.5 }}{{ end }}"),
    ("memory repeat", "{{ printf \"%*d\" 999999 1 | repeat 100 }}"),
    ("steps genPrivateKey", "{{ range 1000 }}{{ $x := genPrivateKey \"ed25519\" }}{{ end }}"),
    ("steps bcrypt", "{{ range 100 }}{{ $x := bcrypt \"x\" }}{{ end }}"),
    ("steps htpasswd", "{{ range 100 }}{{ $x := htpasswd \"u\" \"p\" }}{{ end }}"),
    (
        "steps derivePassword",
        "{{ range 10 }}{{ $x := derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}{{ end }}",
    ),
    (
        "memory derivePassword",
        "{{ $x := list (repeat 2000000 \"x\") }}{{ derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}",
    ),
    ("steps genPrivateKey", "{{ range 1000 }}{{ $x := genPrivateKey \"ecdsa\" }}{{ end }}"),
    ("steps genPrivateKey", "{{ range 10 }}{{ $x := genPrivateKey \"rsa\" }}{{ end }}"),
    ("steps genCA", "{{ range 10 }}{{ $x := genCA \"cn\" 365 }}{{ end }}"),
    (
        "steps genSignedCert",
        "{{ $ca := genCA \"cn\" 365 }}{{ range 10 }}{{ $x := genSignedCert \"cn\" nil nil 365 $ca }}{{ end }}",
    ),
    ("steps genSelfSignedCert", "{{ range 10 }}{{ $x := genSelfSignedCert \"cn\" nil nil 365 }}{{ end }}"),
    (
        "steps genCAWithKey",
        "{{ $k := genPrivateKey \"ecdsa\" }}{{ range 1000 }}{{ $x := genCAWithKey \"cn\" 365 $k }}{{ end }}",
    ),
    ("steps pkcs12keyPass", "{{ range 1000 }}{{ $x := pkcs12keyPass \"1234\" $.store }}{{ end }}"),
    ("steps pkcs12cert", "{{ range 1000 }}{{ $x := pkcs12cert $.empty }}{{ end }}"),
    ("steps fullPemToPkcs12", "{{ range 1000 }}{{ $x := fullPemToPkcs12 $.cert $.key }}{{ end }}"),
    ("steps jwkPrivateKeyPem", "{{ range 1000 }}{{ $x := jwkPrivateKeyPem $.jwk }}{{ end }}"),
    (
        "steps rsaDecrypt",
        "{{ range 1000 }}{{ $x := rsaDecrypt \"RSA-OAEP\" \"SHA1\" $.sealed $.rsa }}{{ end }}",
    ),
    ("memory randBytes", "{{ randBytes 1000000000 }}"),
    ("memory randAlphaNum", "{{ randAlphaNum 1000000000 }}"),
    ("memory randNumeric", "{{ randNumeric 9223372036854775807 }}"),
    ("memory randAscii", "{{ range 1000000 }}{{ $x := randAscii 1000 }}{{ end }}"),
    ("refused mustRegexMatch", "{{ mustRegexMatch \"((a{1,100}){1,100}){1,100}\" (repeat 10000 \"a\") }}"),
    (
        "memory regexMatch",
        "{{ range $i := until 100000 }}{{ $x := regexMatch (printf \"a{1000}b%d\" $i) \"aaaa\" }}{{ end }}",
    ),
    ("memory replace", "{{ replace \"\" (repeat 10000 \"y\") (repeat 10000 \"x\") }}"),
    ("memory replace", "{{ replace \"x\" (repeat 100000 \"y\") (repeat 100000 \"x\") }}"),
    ("memory join", "{{ join (repeat 100000 \"x\") (until 100000) }}"),
    ("memory wrapWith", "{{ wrapWith 1 (repeat 100000 \"y\") (repeat 100000 \"x\") }}"),
    ("depth list", "{{ $l := list 1 }}{{ range 100000 }}{{ $l = list $l }}{{ end }}{{ $l }}"),
    ("depth list", "{{ $l := list 1 }}{{ range 100 }}{{ $l = list $l $l }}{{ end }}{{ $l }}"),
    ("depth -", "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}"),
    ("depth toJson", "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toJson $d }}"),
    ("depth deepCopy", "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}"),
    (
        "depth deepEqual",
        "{{ $d := dict }}{{ $e := dict }}{{ $_ := set $d \"d\" $d }}{{ $_ = set $e \"d\" $e }}{{ deepEqual $d $e }}",
    ),
    (
        "depth merge",
        "{{ $d := dict }}{{ $e := dict }}{{ $_ := set $d \"d\" $d }}{{ $_ = set $e \"d\" $e }}{{ merge $d $e }}",
    ),
    (
        "depth toJson",
        "{{ $d := dict \"l\" 1 }}{{ range 100 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ toJson $d }}",
    ),
    (
        "memory set",
        "{{ $c := dict }}{{ range 500000 }}{{ $n := dict }}{{ $_ := set $c \"n\" $n }}{{ $c = $n }}{{ end }}",
    ),
    ("memory append", "{{ $l := list }}{{ range 100000 }}{{ $l = append $l 1 }}{{ end }}"),
    ("steps uniq", "{{ uniq (until 100000) }}"),
    ("steps uniq", "{{ range until 1000 }}{{ $x := uniq (until 1000) }}{{ end }}"),
    ("steps -", "{{ fromJson (repeat 1000000 \"[\") }}{{ range 999999999 }}{{ end }}"),
    (
        "refused mustFromJson",
        "{{ mustFromJson (printf \"%s1%s\" (repeat 100000 \"[\") (repeat 100000 \"]\")) }}",
    ),
    ("output -", "{{ range 1000 }}{{ repeat 10000 \"x\" }}{{ end }}"),
    ("steps date", "{{ range 1000000 }}{{ now | date \"2006-01-02T15:04:05Z07:00\" }}{{ end }}"),
    (
        "steps semverCompare",
        "{{ range $i, $_ := until 30000 }}{{ $x := semverCompare (repeat 1000 \">=1 \") \"1.0.0\" }}{{ end }}",
    ),
    (
        "steps eq",
        "{{ $x := repeat 4000000 \"x\" }}{{ $y := repeat 4000000 \"x\" }}{{ range 1000000000 }}{{ $_ := eq $x $y }}{{ end }}",
    ),
    (
        "steps lt",
        "{{ $x := repeat 4000000 \"x\" }}{{ $y := repeat 4000000 \"x\" }}{{ range 1000000000 }}{{ $_ := lt $x $y }}{{ end }}",
    ),
    (
        "steps hasPrefix",
        "{{ $x := repeat 4000000 \"x\" }}{{ $y := repeat 4000000 \"x\" }}{{ range 1000000000 }}{{ $_ := hasPrefix $x $y }}{{ end }}",
    ),
    (
        "steps contains",
        "{{ $x := repeat 4000000 \"x\" }}{{ $y := repeat 4000000 \"x\" }}{{ range 1000000000 }}{{ $_ := contains $x $y }}{{ end }}",
    ),
    (
        "steps typeIs",
        "{{ $x := repeat 4000000 \"x\" }}{{ $y := repeat 4000000 \"x\" }}{{ range 1000000000 }}{{ $_ := typeIs $x $y }}{{ end }}",
    ),
    ("steps trim", "{{ $x := repeat 9000000 \" \" }}{{ range 1000000000 }}{{ $_ := trim $x }}{{ end }}"),
    ("steps int", "{{ $x := repeat 9000000 \"1\" }}{{ range 1000000000 }}{{ $_ := int $x }}{{ end }}"),
    (
        "steps float64",
        "{{ $x := repeat 9000000 \"0\" }}{{ range 1000000000 }}{{ $_ := float64 $x }}{{ end }}",
    ),
    (
        "steps hasKey",
        "{{ $x := repeat 4000000 \"x\" }}{{ $y := repeat 4000000 \"x\" }}{{ $m := dict $x 1 }}{{ range 1000000000 }}{{ $_ := hasKey $m $y }}{{ end }}",
    ),
    (
        "steps index",
        "{{ $x := repeat 4000000 \"x\" }}{{ $y := repeat 4000000 \"x\" }}{{ $m := dict $x 1 }}{{ range 1000000000 }}{{ $_ := index $m $y }}{{ end }}",
    ),
    (
        "steps dig",
        "{{ $x := repeat 4000000 \"x\" }}{{ $y := repeat 4000000 \"x\" }}{{ $m := dict $x 1 }}{{ range 1000000000 }}{{ $_ := dig $y 1 $m }}{{ end }}",
    ),
    (
        "steps deepEqual",
        "{{ $a := dict }}{{ $b := dict \"0\" 1 }}{{ range $i := until 20000 }}{{ $_ := set $a (print $i) $i }}{{ $_ = set $b (print $i) (add $i 1) }}{{ end }}{{ range 1000000000 }}{{ $_ := deepEqual $a $b }}{{ end }}",
    ),
    (
        "steps compact",
        "{{ $l := splitList \",\" (repeat 60000 \",\") }}{{ range 1000000000 }}{{ $_ := compact $l }}{{ end }}",
    ),
    (
        "steps trimAll",
        "{{ $x := repeat 4000000 \"ab\" }}{{ range 1000000000 }}{{ $_ := trimAll $x \"x\" }}{{ end }}",
    ),
    (
        "steps toDate",
        "{{ $x := repeat 2000000 \"2006\" }}{{ range 1000000000 }}{{ $_ := toDate $x \"\" }}{{ end }}",
    ),
    ("memory replace", "{{ replace \"z\" \"\" (repeat 9000000 \"x\") }}"),
    ("memory shuffle", "{{ shuffle (repeat 4000000 \"ab\") }}"),
    ("memory splitList", "{{ splitList \"\" (repeat 4000000 \"x\") }}"),
    ("memory split", "{{ split \"x\" (repeat 4000000 \"x\") }}"),
    ("memory abbrev", "{{ abbrev 8000000 (repeat 9000000 \"x\") }}"),
    ("memory regexReplaceAll", "{{ regexReplaceAll \"\" (repeat 100000 \"x\") (repeat 1000 \"y\") }}"),
    ("memory regexFindAll", "{{ regexFindAll \".\" (repeat 1000000 \"x\") -1 }}"),
    (
        "steps regexMatch",
        "{{ $x := repeat 1000000 \"x\" }}{{ range 1000000000 }}{{ $_ := regexMatch \"(x+x+)+y\" $x }}{{ end }}",
    ),
    ("memory regexMatch", "{{ regexMatch \"a\" (repeat 4000000 \"\\xff\") }}"),
    ("memory regexMatch", "{{ regexMatch \"\\\\pL{40}\" \"x\" }}"),
    (
        "steps regexMatch",
        "{{ range 1000000000 }}{{ $_ := regexMatch (printf \"[\\\\pL%d-]\" (randInt 0 1000000)) \"x\" }}{{ end }}",
    ),
    ("memory regexReplaceAll", "{{ regexReplaceAll (repeat 1000 \"(a)\") (repeat 10000 \"a\") \"$1\" }}"),
    ("steps regexReplaceAll", "{{ regexReplaceAll (repeat 30 \"()\") (repeat 1000000 \"a\") \"$1\" }}"),
    (
        "steps Major",
        "{{ $v := semver (printf \"1.0.0-%s\" (repeat 2000000 \"a\")) }}{{ range 1000000000 }}{{ $_ := $v.Major }}{{ end }}",
    ),
    ("memory semverCompare", "{{ semverCompare (repeat 500000 \"1||\") \"1.0.0\" }}"),
    ("memory seq", "{{ $s := seq 1 1000000 }}{{ seq 1 1000000 }}"),
    ("steps regexFindAll", "{{ $_ := regexFindAll \".*[^A-Z]|[A-Z]\" (repeat 100000 \"A\") -1 }}"),
    (
        "steps regexReplaceAll",
        "{{ $x := repeat 5000 \"ab\" }}{{ range 300 }}{{ $_ := regexReplaceAll \"([ab]*a[ab]{10}c)|([ab])\" $x \"$2\" }}{{ end }}",
    ),
    (
        "steps regexMatch",
        "{{ $x := print (repeat 1000 \"\\\\pL\") \"(\" }}{{ range 1000000 }}{{ $_ := regexMatch $x \"a\" }}{{ end }}",
    ),
    ("steps dateInZone", "{{ range 1000000 }}{{ $_ := dateInZone \"\" 0 \"Africa/Casablanca\" }}{{ end }}"),
    ("memory urlJoin", "{{ urlJoin (dict \"userinfo\" (repeat 4000000 \"!\") \"host\" \"h\") }}"),
    (
        "memory urlJoin",
        "{{ $q := repeat 9000000 \"!\" }}{{ urlJoin (dict \"query\" $q \"opaque\" $q \"scheme\" $q) }}",
    ),
    ("output -", "{{ printf (repeat 1500000 \"%[\") }}"),
    ("memory printf", "{{ printf \"%q\" (repeat 5000000 \"\\xff\") }}"),
    ("memory toJson", "{{ toJson (repeat 3000000 \"<\") }}"),
    ("memory fromJson", "{{ fromJson (printf \"[%s0]\" (repeat 2000000 \"0,\")) }}"),
    ("memory fromJson", "{{ fromJson (printf \"[%s0]\" (repeat 1000000 \"{},\")) }}"),
    ("memory fromYaml", "{{ fromYaml (repeat 1000000 \"- a\\n\") }}"),
    ("memory clean", "{{ clean (repeat 3000000 \"a/\") }}"),
    ("memory genCA", "{{ genCA (repeat 5000000 \"x\") 1 }}"),
    (
        "memory genSelfSignedCert",
        "{{ genSelfSignedCert \"cn\" nil (concat (splitList \",\" (repeat 30000 \"a,\"))) 1 }}",
    ),
    ("memory certSANs", "{{ certSANs (repeat 1000 .cert) }}"),
    (
        "memory filterPEM",
        "{{ filterPEM \"A\" (printf \"-----BEGIN A-----\\n%s\" (repeat 600000 \"k: v\\n\")) }}",
    ),
    (
        "refused jwkPrivateKeyPem",
        "{{ jwkPrivateKeyPem (printf \"{\\\"kty\\\":\\\"RSA\\\",\\\"n\\\":%q,\\\"e\\\":\\\"AQAB\\\",\\\"d\\\":\\\"AQ\\\",\\\"p\\\":%q,\\\"q\\\":%q}\" (repeat 344 \"u\") (repeat 100000 \"u\") (repeat 100000 \"u\")) }}",
    ),
    ("memory repeat", "{{ repeat 1000000000 .password }}"),
    ("steps -", "{{ range 1000000000 }}{{ $_ := eq $.password \"hunter\" }}{{ end }}"),
    ("memory repeat", "{{ join .password (until 100000) | repeat 100 }}"),
    ("memory splitList", "{{ splitList .password (repeat 1500000 .password) }}"),
    ("memory wrapWith", "{{ wrapWith 1 (repeat 10000 .password) (repeat 1000 .password) }}"),
    ("memory repeat", "{{ printf (repeat 200000 \"%[1]s%[1]q\") .password | repeat 2 }}"),
    ("steps semverCompare", "{{ semverCompare (repeat 500000 .password) .password }}"),
    (
        "memory regexReplaceAll",
        "{{ regexReplaceAll \"n\" (repeat 100000 .password) (repeat 1000 .password) }}",
    ),
    ("memory repeat", "{{ toJson (dict .password (repeat 3000000 (printf \"%s<\" .password))) }}"),
    ("depth toJson", "{{ $d := dict }}{{ $_ := set $d .password $d }}{{ toJson $d }}"),
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
/// What a rendering may take in KiB, beside what the process had before (D-02).
const MEMORY: u64 = 32 << 10;
/// Of 32 MiB this function consists (scrypt), and a little stands beside it.
const MEMORY_OF_DERIVED_PASSWORDS: u64 = MEMORY + (2 << 10);
/// The time of the processor that a rendering may take, in milliseconds.
const TIME: u64 = 1_000;
/// The primes of an RSA key are found by chance, rarely only after seconds.
const TIME_OF_RSA_KEYS: u64 = 10_000;

/// What the kernel counts for this process, in KiB; elsewhere than on Linux
/// nothing.
fn counted(name: &str) -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

/// How long this thread had a processor, in milliseconds, whatever else the
/// machine did; elsewhere than on Linux nothing.
fn processor_time() -> u64 {
    let Ok(stat) = std::fs::read_to_string("/proc/thread-self/stat") else { return 0 };
    // Behind the name, in ticks of 10 ms: user and system time (proc_pid_stat(5)).
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum()
}

/// What a process has to say about its template.
struct Report {
    ended: String,
    kibibytes: u64,
    milliseconds: u64,
}

fn report(number: usize) -> Result<Report, String> {
    let arguments = ["--exact", "--ignored", "--nocapture", "hostile::one_template"];
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(arguments).env(CHOICE, number.to_string()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = shown.lines().find_map(|line| line.strip_prefix("ended: "));
    let fields: Vec<&str> = line.unwrap_or_default().splitn(3, ' ').collect();
    match fields[..] {
        [kibibytes, milliseconds, ended] if !shown.contains("hunter2") => Ok(Report {
            ended: ended.to_owned(),
            kibibytes: kibibytes.parse().unwrap(),
            milliseconds: milliseconds.parse().unwrap(),
        }),
        _ => Err(shown),
    }
}

/// Every template in a process of its own, where the kernel counts memory and
/// time. The engine is compiled with optimization for tests, too (`Cargo.toml`).
#[test]
fn d_02_hostile_templates_end_within_their_budget() {
    assert!(TEMPLATES.len() >= 50);
    let mut faults = Vec::new();
    for (number, (expected, text)) in TEMPLATES.iter().enumerate() {
        let memory = if text.contains("derivePassword") { MEMORY_OF_DERIVED_PASSWORDS } else { MEMORY };
        let makes_rsa = text.contains("genPrivateKey \"rsa\"")
            || ["genCA \"", "genSignedCert ", "genSelfSignedCert "].iter().any(|name| text.contains(name));
        let time = if makes_rsa { TIME_OF_RSA_KEYS } else { TIME };
        match report(number) {
            Ok(Report { ended, kibibytes, milliseconds })
                if ended == *expected && kibibytes <= memory && milliseconds <= time => {}
            Ok(Report { ended, kibibytes, milliseconds }) => {
                faults.push(format!("{text}: {ended} after {kibibytes} KiB, {milliseconds} ms"));
            }
            Err(shown) => faults.push(format!("{text}: {shown}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
#[ignore = "run by the test above, once for every template"]
fn one_template() {
    #[expect(clippy::disallowed_methods, reason = "the test above chooses by variable")]
    let number: usize = std::env::var(CHOICE).unwrap().parse().unwrap();
    let text = TEMPLATES[number].1;
    // A first run has the code in memory; what it takes itself is little.
    let little = Budget { steps: 5_000, memory: 1 << 20, ..Budget::default() };
    let _ = with_small_stack(move || external_within(text, little));
    let before = counted("VmHWM:");
    let (result, time) = with_small_stack(move || (external(text), processor_time()));
    let used = counted("VmHWM:").saturating_sub(before);
    let ended = match result {
        Ok(()) => "rendered".to_owned(),
        Err(error) => format!("{} # {error}", ending(&error)),
    };
    println!("ended: {used} {time} {}", ended.split(" # ").next().unwrap_or_default());
    println!("{ended}");
}

/// The bound and the function that an error names.
fn ending(error: &TemplateError) -> String {
    let (what, function) = match error {
        TemplateError::Budget { what, function, .. } => (format!("{what:?}").to_lowercase(), *function),
        TemplateError::Execute { function, .. } => ("refused".to_owned(), *function),
        other => (other.to_string(), None),
    };
    format!("{what} {}", function.unwrap_or("-"))
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
        "{{ list ".to_owned() + &"1 ".repeat(500_000) + "}}",
        "{{ 1 }}".repeat(140_000),
        "{{ $".to_owned() + &".a".repeat(200_000) + " }}",
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
    let render = |text| render(text, &data, settings(Library::SealedSecrets, MissingKey::Error));
    let tail = format!("{{{{ .k }}}}\n{{{{ 1 }}}}{}", "x".repeat(450_000));
    for (text, column) in [("{{ .k }}{{ .k }}", (1, 11)), (tail.as_str(), (2, 7))] {
        let error = render(text).expect_err("more than 1 MiB");
        assert!(matches!(error, TemplateError::Budget { what: Exhausted::Output, .. }));
        assert_eq!((error.position().line, error.position().column), column);
    }
}

#[test]
fn d_02_the_data_counts() {
    let data = Data::Texts([("k".to_owned(), vec![b'x'; 13 << 20])].into());
    let result = render("", &data, settings(Library::SealedSecrets, MissingKey::Error));
    assert!(matches!(result, Err(TemplateError::Budget { what: Exhausted::Memory, .. })));
}

#[test]
fn f_06_arithmetic_on_huge_numbers_wraps_around() {
    for (text, expected) in [
        ("{{ abbrevboth -9223372036854775808 7 \"abcdefghij\" }}", "...ghij"),
        ("{{ trunc -9223372036854775808 \"ab\" }}", "ab"),
        ("{{ substr -9223372036854775808 1 \"ab\" }}", "a"),
        ("{{ substr 1 9223372036854775807 \"ab\" }}", "b"),
        ("{{ seq 9223372036854775806 9223372036854775807 }}", ""),
        ("{{ untilStep 9223372036854775806 9223372036854775807 2 }}", "[9223372036854775806]"),
        ("{{ duration \"9223372036854775807\" }}", "-1s"),
        ("{{ durationRound -9223372036854775808 }}", "0s"),
        ("{{ sub -9223372036854775808 1 | add 1 }}", "-9223372036854775808"),
        ("{{ div -9223372036854775808 -1 }}", "-9223372036854775808"),
    ] {
        let data = Data::Nil;
        let output = render(text, &data, settings(Library::ExternalSecrets, MissingKey::Error)).expect(text);
        assert_eq!(String::from_utf8_lossy(output.expose()), expected, "{text}");
    }
    // Far beyond any calendar; a debug build would panic where a sum overflows.
    external("{{ $t := now }}{{ range 400 }}{{ $t = $t.AddDate 1000000000 99999 99999 }}{{ end }}").unwrap();
    external("{{ $t := now.AddDate 9223372036854775807 -9223372036854775808 1 }}{{ $t.Sub now }}").unwrap();
    external(
        "{{ date \"2006\" 9223372036854775807 }}{{ date_modify \"2562047h\" (now.AddDate 1000000000 0 0) }}",
    )
    .unwrap();
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
