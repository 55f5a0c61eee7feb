//! Writes templates for comparison with another engine, one JSON object a line
//! (see `render.rs` beside this): every function with several shapes of
//! arguments, every statement, `printf` with its verbs and flags, missing keys
//! in all modes, nested definitions. The same number gives the same templates:
//! `generate [ROUNDS] [SEED]`.
//!
//! Not generated, because two engines cannot agree on them: what is random,
//! reads the clock, or depends on the order in which Go walks a map.

use std::io::Write as _;

use serde_json::{Value, json};

/// Functions and the kinds of their parameters: `s` string, `i` int, `f`
/// float, `b` bool, `a` anything, `m` map, `l` list, `t` time; a `*` repeats
/// the last. Others name a pool of their own.
const FUNCTIONS: &str = "
abbrev i s|abbrevboth i i s|add a*|add1 n|add1f n|addf n*|adler32sum s|all a*|any a*|append l a
atoi s|b32dec b32|b32enc s|b64dec b64|b64enc s|base path|biggest n*|camelcase word|cat a*|ceil n|chunk i l
clean path|coalesce a*|compact l|concat l*|contains s s|date layout t|dateInZone layout t zone
dateModify dur t|date_in_zone layout t zone|date_modify dur t|deepCopy a|deepEqual a a|default a a
dict s a s a|dig s s a m|dir path|div n n|divf n n|duration durs|durationRound dur|empty a|ext path|fail s
first l|float64 n|floor n|fromJson json|get m s|has a l|hasKey m s|hasPrefix s s|hasSuffix s s|hello
htmlDate t|htmlDateInZone t zone|indent i s|initial l|initials word|int n|int64 n|isAbs path|join s l
kebabcase word|kindIs kind a|kindOf a|last l|list a*|lower word|max n*|maxf n*|merge m m|mergeOverwrite m m
min n*|minf n*|mod n n|mul n*|mulf n n|mustAppend l a|mustChunk i l|mustCompact l|mustDateModify dur t
mustDeepCopy a|mustFirst l|mustFromJson json|mustHas a l|mustInitial l|mustLast l|mustMerge m m
mustMergeOverwrite m m|mustPrepend l a|mustPush l a|mustRegexFind re s|mustRegexFindAll re s i
mustRegexMatch re s|mustRegexReplaceAll re s repl|mustRegexReplaceAllLiteral re s repl|mustRegexSplit re s i
mustRest l|mustReverse l|mustSlice l i i|mustToDate layout datetext|mustToJson a|mustToPrettyJson a
mustToRawJson a|mustUniq l|mustWithout l a|must_date_modify dur t|nindent i s|nospace word|omit m s|osBase path
osClean path|osDir path|osExt path|osIsAbs path|pick m s|pluck s m m|plural s s i|prepend l a|push l a|quote a*
regexFind re s|regexFindAll re s i|regexMatch re s|regexQuoteMeta s|regexReplaceAll re s repl
regexReplaceAllLiteral re s repl|regexSplit re s i|repeat i s|replace s s s|rest l|reverse l|round n i
semver ver|semverCompare cons ver|seq i*|set m s a|sha1sum s|sha256sum s|sha512sum s|slice l i i|snakecase word
sortAlpha l|split s s|splitList s s|splitn s i s|squote a*|sub n n|subf n n|substr i i s|swapcase word
ternary a a b|title word|toDate layout datetext|toDecimal n|toJson a|toPrettyJson a|toRawJson a|toString a
toStrings a|trim word|trimAll s s|trimPrefix s s|trimSuffix s s|trimall s s|trunc i s|tuple a*|typeIs kind a
typeIsLike kind a|typeOf a|uniq l|unixEpoch t|unset m s|until i|untilStep i i i|untitle word|upper word
urlJoin urlmap|urlParse url|without l a a|wrap i word|wrapWith i s word
and a*|call a|eq a a|ge c c|gt c c|html a*|index idx|js a*|le c c|len a|lt c c|ne a a|not a|or a*|print a*
println a*|urlquery a*";

/// Source expressions of a kind.
fn pool(kind: &str) -> &'static [&'static str] {
    match kind {
        "a" => &[
            "nil", "true", "false", "0", "1", "-7", "1.5", "1e6", "1e21", "\"\"", "\"s\"", ".user", ".list", ".m", "(list 1 2)",
            "(list)", "(dict)", "(dict \"a\" 1)", "(until 3)", ".num", ".f", "'x'", "(list \"a\" (list 1 nil) .m)",
            "(split \",\" .csv)", "(int64 5)", "(semver \"1.2.3\")", "\"<&>\u{2028}é\"", "(fromJson .json)",
            "(toDate \"2006-01-02\" \"2020-02-29\")", ".missing", "(1 | add 2)", "(index \"abc\" 1)", "0x10",
            "(chunk 2 (list 1 2 3))", "(dict \"k\" nil)", "1i",
        ],
        "n" => &[
            "0", "1", "-1", "7", "2.5", "-2.5", "\"12\"", "\"0x1f\"", "\"017\"", "\"08\"", "\"1.5\"", "\"x\"", "\"12.00\"",
            "true", "nil", ".num", ".f", "9223372036854775807", "1e19", "(len .list)", ".list", "\"1_000\"", "0.1", "0.2",
            "1e-7", "123456789.125", "\" 5\"",
        ],
        "c" => &[
            "0", "1", "-1", "2.5", ".num", "\"a\"", "\"b\"", ".user", "(int64 1)", "(index \"abc\" 1)", "true", "nil", ".list",
            "(len .user)", ".missing",
        ],
        "s" => &[
            "\"\"", "\"a\"", "\"abc\"", "\"a b c\"", "\",\"", ".user", ".csv", ".password", "\"äöü ß\"", "\"l1\\nl2\\n\"",
            "`back\\slash`", "\"x-y_z\"", "\"\\xff\\xfe\"", "\"日本語\"", ".multi", "\"$1 ${1}x\"", "1", ".list", "\"  pad  \"",
            "\"aaa\"",
        ],
        "word" => &[
            "\"hello world\"", "\"HelloWorld\"", "\"HTTPServer\"", "\"foo_bar-baz\"", "\"first  second\"", "\"__a_b__\"",
            "\"Bld4Floor3rd\"", "\"HTTP2xx\"", "\"ÄRGER über\"", "\"a1b2\"", "\"\"", "\"x\"", ".password", "\"a.b/c d\"",
            "\"one\\ttwo\\nthree\"", "\"日本語 abc\"", "\"aaa bbb cccccccc dd\"", "\"-a\"", "\"A\"", "\"no1-2_3 go\"", "\"ALLCAPS\"",
            "\"ﬀ ǆ\"", "\"it's o'clock\"",
        ],
        "i" => &["0", "1", "-1", "2", "3", "5", "8", "12", "(len .list)", "(int \"4\")", "(add 1 2)", "\"2\"", "2.0", "-3", "7"],
        "b" => &["true", "false", ".bool", "1", "(eq 1 1)"],
        "m" => &[
            ".m", "(dict)", "(dict \"a\" 1 \"b\" (dict \"c\" 2))", "nil", "(dict \"x\" \"\" \"y\" (dict \"z\" 9 \"w\" 1))", ".user",
            "(dict \"a\" \"\" \"l\" (list 1) \"n\" nil)", "(fromJson .json)", "(dict \"l\" (list 2 3) \"b\" false \"a\" 0)",
        ],
        "l" => &[
            ".list", "(list)", "(list 1 2 3)", "(list \"b\" \"a\" \"c\" \"a\")", "(until 4)", "(splitList \",\" .csv)", "nil",
            ".user", ".m", "(list 1 \"\" nil 0 \"x\")", "(list 1 1.0 \"1\" 1)", "(regexFindAll \"z\" \"abc\" -1)", "(list .m .m)",
            "(rest (list))", "(list (list 1) (list 1))",
        ],
        "t" => &[
            "(toDate \"2006-01-02 15:04:05\" \"2020-02-29 13:14:15\")", "(toDate \"2006-01-02\" \"1999-12-31\")", "1589000000",
            "(int64 0)", "(toDate \"2006-01-02T15:04:05Z07:00\" \"2021-07-01T01:02:03+02:00\")", "-1",
            "(toDate \"2006-01-02\" \"bad\")", "(toDate \"2006-01-02 15:04:05.000\" \"2006-05-06 23:59:59.125\")",
            "(toDate \"2006-01-02 15:04 MST\" \"2021-07-01 10:00 CET\")",
        ],
        "layout" => &[
            "\"2006-01-02\"", "\"02 Jan 06 15:04 MST\"", "\"Monday, 2 January 2006 3:04:05 PM\"",
            "\"2006-01-02T15:04:05.999999999Z07:00\"", "\"_2 Mon 002 __2\"", "\"06 1 2 3 4 5 pm\"", "\"15h04m05.000s -0700\"",
            "\"Z0700 Z07 -07 -07:00 -070000\"", "\"2006-01-02 15:04:05\"", "\"\"", "\"no layout 20\"", "\"Jan _2006 Januar Monde\"",
            "\"15:04:05,000 .00 05.999\"",
        ],
        "datetext" => &[
            "\"2020-02-29\"", "\"2020-02-30\"", "\"29 Feb 20 13:14 CET\"", "\"Saturday, 29 February 2020 1:14:15 PM\"",
            "\"2020-02-29T13:14:15.5+05:30\"", "\"2020-02-29T13:14:15Z\"", "\"20 2 29 1 14 15 pm\"", "\"13h14m15.123s +0200\"",
            "\"2020-02-29 13:14:15\"", "\"\"", "\"2020-02-29 25:14:15\"", "\"x\"", "\" 5 Sat 060  60\"",
        ],
        "zone" => &["\"UTC\"", "\"Europe/Berlin\"", "\"America/New_York\"", "\"Nowhere/At_All\"", "\"\"", "\"Asia/Kolkata\"", "\"Local\""],
        "dur" => &["\"1h\"", "\"-1.5h\"", "\"36h15m\"", "\"bad\"", "\"\"", "\"1m30.5s\"", "\"100ms\"", "\"9000h\"", "\"1us2ns\"", "\"+5s\""],
        "durs" => &["\"95\"", "\"0\"", "\"-61\"", "\"x\"", "(int64 3661)", "5", "\"86400\"", "nil"],
        "path" => &[
            "\"\"", "\"/\"", "\"a/b/../c\"", "\"/a//b/./c/\"", "\"../../x\"", "\"file.tar.gz\"", "\"/dir.d/file\"", "\"a/\"", "\"..\"",
            "\"/..\"", "\".hidden\"", "\"a/b.c/\"", "\"//\"",
        ],
        "b64" => &[
            "\"aGVsbG8=\"", "\"aGVsbG8\"", "\"aGVs\\nbG8=\"", "\"\"", "\"a\"", "\"ab=c\"", "\"!!!!\"", "\"YQ==\"", "\"YQ==x\"", "\"YR==\"",
            "\"YQ=\"", "\"=\"", "\"aGVsbG8=\\n\"", "\"aGVsb\"", "\"YQ=a\"", "\"aGVs\\n\"", "\"a\\nb\"", "\"Y=\"",
        ],
        "b32" => &[
            "\"ME======\"", "\"MFRGG===\"", "\"mfrgg===\"", "\"ME\"", "\"\"", "\"MFRGGZDF\"", "\"1\"", "\"ME=====\"", "\"MF======\"",
            "\"ME======X\"", "\"MF\\nRGG===\"", "\"MFR=====\"", "\"========\"", "\"ME=A====\"", "\"MFRGGZDFM\"",
        ],
        "json" => &[
            ".json", "\"{}\"", "\"[1,2.50,-3e2]\"", "`{\"a\":{\"b\":null},\"a\":1}`", "\"nul\"", "\"\"", "`\"\\u00e9\\ud800x\"`",
            "\"[1,]\"", "\" true \"", "\"1e400\"", "\"01\"", "`{\"k\":\"\\n\\t\\\"\"}`", "`{\"x\":[[],{}]} `", "\"12345678901234567890\"",
            "`\"\\x01\"`", "\"-\"", "\"1.\"",
        ],
        "re" => &[
            "\"a+\"", "\"[a-c]\"", "\"(\\\\w)(\\\\d)?\"", "\"^\"", "\"\"", "\"(\"", "\"a|b|\"", "\",\"", "\"(?i)A\"", "\"\\\\s+\"", "\"x*\"", "\"(?P<n>[a-z])\"",
            "\"[^a]\"", "\"$\"",
        ],
        "repl" => &["\"X\"", "\"\"", "\"$1\"", "\"${1}y\"", "\"$n-$0\"", "\"$$\"", "\"${n}\"", "\"$1x\"", "\"$\""],
        "ver" => &[
            "\"1.2.3\"", "\"v1.2\"", "\"1\"", "\"1.2.3-alpha.1+build.5\"", "\"01.2.3\"", "\"1.2.3.4\"", "\"\"", "\"x\"", "\"2.0.0-rc.1\"", "\"0.2.4\"",
            "\"1.2.3-01\"", "\"0.0.3\"", "\"1.10.0\"",
        ],
        "cons" => &[
            "\">=1.2\"", "\"^1.2.3\"", "\"~1.2\"", "\"1.x\"", "\"1.2 - 1.4\"", "\"<2 || >3\"", "\"!=1.2.3\"", "\">1.2,<2\"", "\"*\"", "\"^0.2.3\"",
            "\"^0.0.3\"", "\"=1.2.3\"", "\"bad\"", "\"\"", "\">=1.0.0-0\"", "\"<=1.2\"", "\">1\"", "\"~>1\"", "\"=> 1.2 =< 3\"", "\"!=1.x\"", "\"^0\"", "\"~0.2.3\"",
        ],
        "url" => &[
            ".url", "\"http://a.b:80/p%20q?x=1&y=2#frag\"", "\"mailto:a@b.c\"", "\"/rel/path?q\"", "\"//host/p\"", "\"http://[::1]:8080/\"",
            "\"\"", "\"http://u:p%40ss@h/\"", "\"a:b:c\"", "\"http://h/%zz\"", "\"*\"", "\"http://h:bad/\"", "\"1http://x\"", "\"http://a b/\"",
            "\"HTTP://X.Y?\"", "\"postgres://u:p@h1:1,h2:2/db\"", "\"rel:colon/x\"", "\"#f\"", "\"http://h/ä?ö#ü\"",
        ],
        "urlmap" => &[
            "(urlParse .url)", "(dict \"scheme\" \"http\" \"host\" \"h:1\" \"path\" \"/a b\")", "(dict)", "(dict \"path\" \"x:y\")",
            "(dict \"scheme\" \"mailto\" \"opaque\" \"a@b\")", "(dict \"host\" \"h\" \"path\" \"p\" \"query\" \"q=1\" \"fragment\" \"f g\")",
            "(dict \"scheme\" 1)", "(dict \"scheme\" \"s\" \"host\" \"h\" \"userinfo\" \"u:p@w\")", "(dict \"scheme\" \"s\" \"path\" \"/p\")",
            "(urlParse \"http://a/%2f?b#c%20d\")",
        ],
        "kind" => &["\"string\"", "\"int\"", "\"float64\"", "\"slice\"", "\"map\"", "\"[]interface {}\"", "\"bool\"", "\"semver.Version\"", "\"invalid\"", "\"ptr\""],
        "idx" => &[
            ".list 0", ".list 3", ".list 4", ".list -1", ".m \"x\"", ".m \"y\" \"z\"", ".m \"nope\"", ".user 1", ".num 1", ".list \"a\"", ".m 1",
            "nil 1", ".", ". \"tls.crt\"", "(list (list 1 2)) 0 1", ".m nil", "(split \",\" .csv) \"_9\"", ".list (int64 1)", ".list 1.0", ".missing \"a\"",
        ],
        "f" => &["0.5", "0.3", "1", "\"x\""],
        _ => &["nil"],
    }
}

/// Templates that show a statement or a rule of the language.
const STATEMENTS: &[&str] = &[
    "plain", "", "{{/* only a comment */}}", "{{- /* c */ -}}", "a {{- 1 -}} b", "a{{ 1 -}}  \n\t b", "  {{- 2 }}", "{{ 3 -}}", "{{-3}}", "{{- -3 -}}",
    "{{if .bool}}T{{else}}F{{end}}", "{{if .empty}}T{{else if .user}}U{{else}}F{{end}}", "{{if and .user .empty}}1{{else if or .empty .num}}2{{end}}",
    "{{if not .empty}}x{{end}}", "{{if 0.0}}a{{else}}b{{end}}", "{{if nil}}x{{end}}", "{{if list}}a{{else}}b{{end}}", "{{if dict}}a{{else}}b{{end}}",
    "{{with .m}}{{.x}}{{end}}", "{{with .empty}}a{{else with .user}}{{.}}{{else}}c{{end}}", "{{with $x := .m}}{{$x.x}}{{.x}}{{end}}", "{{with nil}}a{{else}}b{{end}}",
    "{{range .list}}{{.}},{{end}}", "{{range $i, $x := .list}}{{$i}}{{$x}}{{end}}", "{{range $x := .m}}{{$x}};{{end}}", "{{range $k, $v := .m}}{{$k}}={{$v}};{{else}}none{{end}}",
    "{{range list}}x{{else}}none{{end}}", "{{range 4}}{{.}}{{end}}", "{{range $i := 3}}{{$i}}{{end}}", "{{range 0}}x{{else}}z{{end}}", "{{range -1}}x{{else}}n{{end}}",
    "{{range $i, $x := 3}}{{$i}}{{end}}", "{{range .user}}{{.}}{{end}}", "{{range .num}}x{{end}}", "{{range nil}}x{{else}}e{{end}}", "{{range true}}x{{end}}",
    "{{range until 5}}{{if eq . 1}}{{continue}}{{end}}{{if eq . 3}}{{break}}{{end}}{{.}}{{end}}", "{{range .list}}{{range $.list}}{{.}}{{break}}{{end}}{{end}}",
    "{{break}}", "{{continue}}", "{{range .list}}{{if true}}{{break}}{{end}}{{end}}ok", "{{range .list}}{{define \"d\"}}x{{end}}{{end}}",
    "{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}", "{{$x := 1}}{{if true}}{{$x = 5}}{{$x := 7}}{{$x}}{{end}}{{$x}}", "{{$x = 1}}", "{{$y}}", "{{$x := 1}}{{range .list}}{{$x = add $x 1}}{{end}}{{$x}}",
    "{{if $x := .user}}{{$x}}{{end}}", "{{if $x := .empty}}a{{else}}[{{$x}}]{{end}}", "{{if true}}{{$q := 1}}{{end}}{{$q}}", "{{$x := .m}}{{$x.y.z}}", "{{$.user}}", "{{$}}",
    "{{$i := 9}}{{range $i, $x := .list}}{{$i}}{{end}}{{$i}}", "{{$i := 9}}{{$x := 1}}{{range $i, $x = .list}}{{end}}{{$i}}{{$x}}", "{{$x := 1}}{{range $x = .list}}{{end}}{{$x}}",
    "{{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .user}}{{template \"t\"}}", "{{define \"t\"}}{{$}}{{.x}}{{end}}{{template \"t\" .m}}", "{{template \"none\"}}",
    "{{define \"a\"}}a{{template \"b\" .}}{{end}}{{define \"b\"}}b{{.}}{{end}}{{template \"a\" 1}}", "{{block \"k\" .m}}{{.x}}{{end}}{{template \"k\" dict \"x\" 5}}",
    "{{define \"a\"}}1{{end}}{{define \"a\"}}2{{end}}", "{{define \"a\"}} {{end}}{{define \"a\"}}2{{end}}{{template \"a\"}}", "{{define \"r\"}}{{if .}}{{len .}}{{template \"r\" rest .}}{{end}}{{end}}{{template \"r\" list 1 2 3}}",
    "{{define \"v\"}}{{$x}}{{end}}", "{{$x := 1}}{{define \"v\"}}{{$y := 2}}{{$y}}{{end}}{{template \"v\"}}{{$x}}", "{{define \"t\"}}{{.a.b}}{{end}}{{template \"t\" .m}}", "{{template \"t\" $z := 3}}{{$z}}{{define \"t\"}}({{.}}){{end}}",
    "{{define}}{{end}}", "{{define \"a\"}}", "{{define \"a\"}}{{else}}{{end}}", "{{define \"x\"}}x{{end}}", "{{template}}", "{{template 1}}", "{{block \"b\"}}{{end}}", "{{template \"a\" 1 2}}{{define \"a\"}}{{end}}",
    "{{if true}}{{define \"q\"}}Q{{end}}{{end}}{{template \"q\"}}", "{{1 | 2}}", "{{1 | add}}", "{{nil}}", "{{true}}{{false}}", "{{1 2}}", "{{.user 1}}", "{{.m.x 1}}", "{{\"a\" | .user}}", "{{$x := 1}}{{2 | $x}}", "{{(1)}}", "{{(1 | add 2)}}",
    "{{(.m).x}}", "{{(index .list 0).x}}", "{{(.m.y).z}}", "{{.m.y.z.w}}", "{{.list.x}}", "{{.num.x}}", "{{(dict \"a\" nil).a.b}}", "{{(dict \"a\" nil).a}}", "{{(dict \"a\" nil).z}}", "{{nil.x}}", "{{1.x}}", "{{\"s\".x}}", "{{..x}}", "{{. .user}}",
    "{{.m.missing}}", "{{.missing}}", "{{.missing.deeper}}", "{{.missing | default 1}}", "{{if .missing}}a{{else}}b{{end}}", "{{range .missing}}a{{else}}b{{end}}", "{{with .missing}}a{{else}}b{{end}}", "{{.missing | upper}}", "{{upper .missing}}",
    "{{len .missing}}", "{{index .missing 1}}", "{{eq .missing nil}}", "{{eq .missing 1}}", "{{print .missing}}", "{{printf \"%v %s %d\" .missing .missing .missing}}", "{{html .missing}}", "{{list .missing 1}}", "{{quote .missing}}", "{{.missing | toJson}}", "{{hasKey .missing \"a\"}}",
    "{{(split \",\" .csv)._7}}", "{{(split \",\" .csv)._7 | quote}}", "{{$x := .missing}}{{$x}}", "{{$x := .missing}}{{$x.y}}", "{{.m.y.q.r}}", "{{and .missing 1}}", "{{or .missing 1}}", "{{not .missing}}", "{{coalesce .missing 2}}", "{{ternary 1 2 .missing}}", "{{(dict \"a\" .missing).a}}",
    "{{and}}", "{{or 0}}", "{{not}}", "{{and 1 0 (fail \"x\")}}", "{{or 1 (fail \"x\")}}", "{{and 1 (fail \"x\")}}", "{{0 | and 1}}", "{{2 | or 0}}", "{{eq 1}}", "{{eq}}", "{{eq 1 2 1}}", "{{lt 1}}", "{{ne 1 2 3}}", "{{eq .list .list}}", "{{eq .m nil}}", "{{lt true false}}",
    "{{eq (list) nil}}", "{{eq nil nil}}", "{{eq \"a\" nil}}", "{{eq 'a' 97}}", "{{eq (index \"a\" 0) 97}}", "{{lt (index \"a\" 0) -1}}", "{{eq 1.5 1.5 2.5}}", "{{eq true true}}", "{{eq 1i 1i}}", "{{lt 1i 2i}}", "{{eq .user .list}}",
    "{{0x1F}} {{0b11}} {{0o17}} {{017}} {{1_000}} {{1e3}} {{1.0}} {{1.50}} {{.5}} {{-0}} {{+5}} {{'\\n'}} {{'\\x41'}} {{'é'}} {{0x1p4}} {{1i}} {{1+2i}} {{5.}}", "{{9223372036854775807}}", "{{9223372036854775808}}", "{{18446744073709551616}}", "{{1e400}}", "{{0x}}", "{{08}}", "{{1__0}}", "{{''}}", "{{'ab'}}", "{{1a}}", "{{- 1}}",
    "{{\"\\u00e9\\t\\x41\\101\\\\\"}}", "{{\"\\z\"}}", "{{\"unterminated}}", "{{`raw\n\"x\"`}}", "{{`unterminated}}", "{{'x}}", "{{\"a\nb\"}}", "{{\"\\400\"}}", "{{\"\\ud800\"}}", "{{(1}}", "{{1)}}", "{{)}}", "{{()}}", "{{|}}", "{{1 |}}", "{{| 1}}", "{{1 | | 2}}", "{{", "{{}}", "{{ }}", "{{1", "}}", "{{end}}", "{{else}}", "{{if}}{{end}}", "{{if 1}}", "{{if 1}}{{else}}{{else}}{{end}}", "{{range}}{{end}}", "{{with}}{{end}}", "{{if 1}}{{else if}}{{end}}", "{{else if 1}}", "{{range 1}}{{else range 2}}{{end}}",
    "{{with 1}}{{else if 2}}{{end}}", "{{end 1}}", "{{if 1}}{{end 2}}", "{{#}}", "{{@}}", "{{.a.}}", "{{.1a}}", "{{$1}}{{$}}", "{{$x$y}}", "{{a.b}}", "{{.x|upper}}", "{{ .user|upper|lower }}", "{{.user,}}", "{{$a, $b := 1}}", "{{$a, $b, $c := .list}}", "{{range $a, 1}}{{end}}", "{{range $a, $b, $c := .list}}{{end}}", "{{$x :=}}", "{{$x : = 1}}", "{{x := 1}}", "{{:=}}", "{{/* unclosed", "{{/* x */ 1}}", "{{ /* x */ }}", "{{\"a\" \"b\"}}", "{{printf}}", "{{printf 1}}", "{{printf \"x\"}}", "{{print}}", "{{len 1}}", "{{len nil}}", "{{len}}", "{{len 1 2}}",
    "{{call}}", "{{call nil}}", "{{call .user}}", "{{call 1 2}}", "{{slice .list 1 2}}", "{{slice .list}}", "{{slice .list 1}}", "{{slice .list 0 9}}", "{{upper 1}}", "{{trunc \"a\" \"b\"}}", "{{trunc 1.0 \"abc\"}}", "{{trunc 1.5 \"abc\"}}", "{{ternary 1 2 3}}", "{{round 1.25 1}} {{round 1.25 1 0.3}} {{round \"2.7\" 0}} {{round -1.5 0}}", "{{round 1 2 3 4}}", "{{round 1 2 \"x\"}}",
    "{{(semver \"v1.2.3-a+b\").Major}}{{(semver \"1.2.3-a+b\").Prerelease}}{{(semver \"1.2.3-a+b\").Metadata}}{{(semver \"v1.2\").Original}}", "{{(semver \"1.2.3\").Nope}}", "{{semver \"1.2.3\" | typeOf}}", "{{(toDate \"2006-01-02\" \"2020-05-06\").Year}}{{(toDate \"2006-01-02\" \"2020-05-06\").Month}}{{(toDate \"2006-01-02\" \"2020-05-06\").Weekday}}{{(toDate \"2006-01-02\" \"2020-05-06\").YearDay}}", "{{(toDate \"2006-01-02\" \"2020-01-31\").AddDate 0 1 0}}", "{{(toDate \"2006-01-02\" \"2020-01-31\").Format \"Jan 2\"}}", "{{(toDate \"2006-01-02\" \"2020-01-31\").Unix}}", "{{$a := toDate \"2006-01-02\" \"2020-01-31\"}}{{$b := toDate \"2006-01-02\" \"2020-02-02\"}}{{$b.Sub $a}} {{($b.Sub $a).Hours}} {{$a.Before $b}} {{$a.After $b}} {{$a.Equal $a}}", "{{toDate \"2006-01-02\" \"2020-01-31\"}}", "{{(toDate \"2006-01-02\" \"2020-01-31\").Month | printf \"%d %v %s\"}}",
    "{{$d := dict}}{{$_ := set $d \"a\" 1}}{{$_ = set $d \"b\" (list 1 2)}}{{$d}}{{unset $d \"a\"}}{{keys $d}}{{values $d}}", "{{$d := dict \"a\" (dict \"b\" 1)}}{{$e := deepCopy $d}}{{$_ := set $e.a \"b\" 2}}{{$d}}{{$e}}", "{{$d := dict \"a\" 1}}{{$e := $d}}{{$_ := set $e \"b\" 2}}{{$d}}", "{{keys (dict \"b\" 1 \"a\" 2) | sortAlpha}}", "{{values (dict \"a\" 1)}}", "{{dict \"a\"}}", "{{dict 1 2 nil 3}}", "{{dig \"a\" \"b\" 9 (dict \"a\" (dict \"b\" 5))}}", "{{dig \"a\" \"b\" 9 (dict \"a\" 1)}}", "{{dig \"a\" (dict)}}", "{{dig 1 2 (dict)}}", "{{dig \"a\" 1 .user}}",
    "{{list 1 2 | join \"-\"}}", "{{range $i, $e := list \"a\" 1 nil}}{{$i}}{{$e}}{{end}}", "{{untilStep 10 0 -3}}{{untilStep 0 10 -1}}{{untilStep 5 5 1}}{{untilStep 0 5 0}}", "{{seq}}|{{seq 3}}|{{seq -3}}|{{seq 2 5}}|{{seq 5 2}}|{{seq 0 2 10}}|{{seq 10 -3 0}}|{{seq 1 2 3 4}}|{{seq 5 1 2}}", "{{toJson (rest (list))}}{{toJson (initial (list 1))}}{{toJson (concat)}}{{toJson (list)}}{{toJson (keys (dict))}}", "{{div 7 0}}", "{{mod 7 0}}", "{{div -7 2}} {{mod -7 2}}", "{{divf 1 0}}", "{{divf 1 3}} {{divf 2 3}} {{mulf 1.1 1.1}} {{addf 0.1 0.2}} {{subf 0.3 0.1}} {{add1f 0.7}}",
    "{{.user}}\n{{.nope}}\n", "line1\nline2 {{ .m\n.x }} {{ .user.x }}", "{{ if .user }}\n  a\n{{- end }}\nb", "{{ range .list -}}\n  {{ . }}\n{{ end -}}\n done", "x {{- /* a */ -}} y {{- /* b */}} z", "{{\n.user\n|\nupper\n}}", "{{with .m}}{{$.user}}{{end}}", "{{ .m | toJson | fromJson | toJson }}", "{{ toJson . | len }}", "{{ $.m.y | toPrettyJson }}",
    "{{- range $k, $v := dict \"b\" 2 \"a\" 1 }}\n{{ $k }}: {{ $v | quote }}\n{{- end }}", "{{ $s := .csv | splitList \",\" }}{{ range $i, $v := $s }}{{ if $i }};{{ end }}{{ $v }}{{ end }}", "{{ printf \"%s:%s@tcp(%s:%s)\" .user .password .host .port }}", "{{ .json | fromJson | toRawJson | b64enc | b64dec }}", "{{ index .list 0 | upper | repeat 3 | trunc 2 | quote }}",
];

/// Verbs, flags and widths of `printf`.
const FORMATS: &[&str] = &[
    "%v", "%+v", "%#v", "%T", "%s", "%q", "%#q", "%+q", "%x", "%X", "% x", "%#x", "%d", "%5d", "%-5d|", "%05d", "%+d", "% d", "%b", "%o", "%O", "%#o", "%c", "%U", "%#U",
    "%e", "%E", "%f", "%.2f", "%8.3f", "%-8.1f|", "%08.2f", "%+.1f", "%g", "%.3g", "%G", "%#g", "%t", "%8s", "%-8s|", "%.2s", "%08s", "%.3q", "%6.2f%%", "%*d", "%[1]v %[1]T", "%[2]v", "%!", "%", "%z", "%w", "%3c|",
    "%-10q|", "%x", "%.0f", "%.10g", "%#v", "%06d", "%-06d|", "%+05d", "%#b", "%.3d", "%8.3d", "%x %X", "%v %v", "%d %s", "no verb", "%s%s%s", "%.*f", "%[3]d", "%[x]d", "%1", "%5t|", "%5v|", "%05v", "%-5v|", "%p", "%b", "% X", "%#X", "%.1x", "%20.10e|", "%+q", "%.5v",
];

struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn from(&mut self, kind: &str) -> &'static str {
        let pool = pool(kind);
        pool[self.below(pool.len())]
    }
}

fn call(draw: &mut Draw, signature: &str) -> String {
    let mut words = signature.split_whitespace();
    let name = words.next().unwrap_or_default();
    let mut args = Vec::new();
    for word in words {
        let kind = word.trim_end_matches('*');
        let count = if word.ends_with('*') { draw.below(4) } else { 1 };
        for _ in 0..count.max(usize::from(matches!(name, "and" | "or" | "max" | "min"))) {
            args.push(draw.from(kind));
        }
    }
    // A tenth has an argument too many or too few; some are piped.
    match draw.below(12) {
        0 => {
            args.pop();
        }
        1 => args.push(draw.from("a")),
        _ => {}
    }
    let piped = draw.below(4) == 0 && !args.is_empty() && args.last() != Some(&"nil");
    let shown = if piped {
        let last = args.pop().unwrap_or_default();
        format!("{last} | {name} {}", args.join(" "))
    } else {
        format!("{name} {}", args.join(" "))
    };
    match draw.below(3) {
        0 => format!("{{{{ {shown} }}}}"),
        1 => format!("{{{{ ({shown}) | toJson }}}}"),
        _ => format!("{{{{ ({shown}) | printf \"%v|%T\" }}}}"),
    }
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|arg| arg.parse().expect("a number"));
    let rounds = numbers.next().unwrap_or(8);
    let mut draw = Draw(numbers.next().unwrap_or(1) as u64);
    let data: Value =
        serde_json::from_str(include_str!("../tests/fixtures/go-template/data.json")).expect("fixture");
    let mut out = std::io::stdout().lock();
    let mut write = |template: &str, mode: &str| {
        let line = json!({"T": template, "D": data, "M": mode});
        writeln!(out, "{line}").expect("the output is open");
    };
    for statement in STATEMENTS {
        for mode in ["error", "default", "zero"] {
            write(statement, mode);
        }
    }
    for signature in FUNCTIONS.split(['|', '\n']).filter(|line| !line.is_empty()) {
        for _ in 0..rounds {
            let template = call(&mut draw, signature);
            write(&template, ["error", "default", "zero"][draw.below(3)]);
        }
    }
    for format in FORMATS {
        for _ in 0..rounds {
            let (first, second) = (draw.from("a"), draw.from("n"));
            let template = match draw.below(5) {
                0 => format!("{{{{ printf {format:?} {first} {second} }}}}"),
                1 => format!("{{{{ printf {format:?} }}}}"),
                _ => format!("{{{{ printf {format:?} {first} }}}}"),
            };
            write(&template, "default");
        }
    }
}
