use proptest::prelude::*;

use super::*;
use crate::document::apply;

fn parse(source: &str, purpose: Purpose) -> Result<Document<'_>, FormatError> {
    Ini.parse(source.as_bytes(), purpose, &Limits::default())
}

fn plain(source: &str) -> Document<'_> {
    parse(source, Purpose::Plain).unwrap_or_else(|error| panic!("{source:?}: {error}"))
}

/// Writes a tree on one line: `[section] key=value #comment`.
fn outline(branch: &[Item<'_>]) -> String {
    let mut words = Vec::new();
    for item in branch {
        let name = |item: &Item<'_>| String::from_utf8_lossy(item.name().unwrap()).into_owned();
        match (&item.key, &item.node.value) {
            (Key::Comment(comment), _) => words.push(format!("#{}", String::from_utf8_lossy(&comment.text))),
            (_, Value::Map(items)) => words.push(format!("[{}] {}", name(item), outline(items))),
            (_, Value::Text(text)) => words.push(format!("{}={}", name(item), String::from_utf8_lossy(text))),
            _ => panic!("neither comment, section nor text"),
        }
    }
    words.join(" ").trim_end().to_owned()
}

fn read(source: &str) -> String {
    outline(&plain(source).branches[0])
}

fn refusal(source: &str, purpose: Purpose) -> String {
    parse(source, purpose).err().unwrap_or_else(|| panic!("{source:?} was accepted")).to_string()
}

fn metadata() -> Vec<Item<'static>> {
    let key = Item::entry(&b"enc"[..], Value::text("a\nb\n"));
    vec![
        Item::entry(&b"age"[..], Value::List(vec![Node::new(Value::Map(vec![key]))])),
        Item::entry(&b"version"[..], Value::text("3.13.3")),
    ]
}

fn with_metadata(source: &str) -> String {
    let edits = Ini.put_metadata(&plain(source), &metadata()).unwrap();
    String::from_utf8(apply(source.as_bytes(), edits)).unwrap()
}

fn without_metadata(source: &str) -> String {
    let document = parse(source, Purpose::Encrypted).unwrap();
    assert!(document.metadata.as_ref() == Some(&metadata()));
    let cuts = document.places[0].existing.iter().map(|range| Splice::new(range.clone(), "")).collect();
    String::from_utf8(apply(source.as_bytes(), cuts)).unwrap()
}

/// Puts `ENC[x]` in place of every value and comment.
fn sealed(source: &str) -> String {
    let document = plain(source);
    let mut edits = Vec::new();
    visit(&document.branches[0], &mut |item| {
        let value = match &item.key {
            Key::Comment(comment) => {
                let text = Cow::Borrowed(&b"ENC[x]"[..]);
                Value::Comment(crate::tree::Comment { text, inline: comment.inline })
            }
            _ => Value::text("ENC[x]"),
        };
        let slot = item.node.slot.unwrap();
        edits.push(Splice::new(slot.range(), Ini.render(&value, slot, &document).unwrap()));
    });
    String::from_utf8(apply(source.as_bytes(), edits)).unwrap()
}

fn visit(items: &[Item<'_>], leaf: &mut impl FnMut(&Item<'_>)) {
    for item in items {
        match &item.node.value {
            Value::Map(items) => visit(items, leaf),
            _ => leaf(item),
        }
    }
}

fn keys(path: &[&str]) -> Vec<Step> {
    path.iter().map(|key| Step::Key(key.as_bytes().to_vec())).collect()
}

fn set(source: &str, path: &[&str], value: Value<'_>) -> Result<String, String> {
    let edits = Ini.set(source.as_bytes(), &keys(path), &Node::new(value)).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(apply(source.as_bytes(), edits)).unwrap())
}

fn unset(source: &str, path: &[&str]) -> Result<String, String> {
    let edits = Ini.unset(source.as_bytes(), &keys(path)).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(apply(source.as_bytes(), edits)).unwrap())
}

#[test]
fn values_read_as_the_library_reads_them() {
    for (source, expected) in [
        ("", "[DEFAULT]"),
        ("\u{feff}a = 1\r\n", "[DEFAULT] a=1"),
        (" a:b=c \n", "[DEFAULT] a=b=c"),
        ("a=\nb = \n", "[DEFAULT] a= b="),
        ("a = 'x' \nb = \"y\"\nc = \"x\" y\n", "[DEFAULT] a=x b=y c=\"x\" y"),
        ("a = \"x;y\"\n", "[DEFAULT] a=\"x #y\""),
        ("a = `x#y`\nb = \"\"\"z;\"\"\"\n", "[DEFAULT] a=x#y b=z;"),
        ("a = \"\"\"x\n # y\n\"\"\"\nb=1", "[DEFAULT] a=x\n # y\n b=1"),
        ("a = x \\\n  y \\\n # z\nb=1", "[DEFAULT] a=x y # z b=1"),
        ("a = x \\\n\nb=1", "[DEFAULT] a=x  b=1"),
        ("\"k k\" = 1\n`a=b` = 2\n\"\"\"q\"r\"\"\" = 3\n", "[DEFAULT] k k=1 a=b=2 q\"r=3"),
        ("- = x\n- = y\n[s]\n- = z\n", "[DEFAULT] #1=x #2=y [s] #1=z"),
        ("[a]\nk=1\n[a]\nk=2\n[DEFAULT]\nk=3", "[DEFAULT]  [a] k=1 [a] k=2 [DEFAULT] k=3"),
        ("[a ] b]\nk=1\n", "[DEFAULT]  [a ] b] k=1"),
    ] {
        assert_eq!(read(source), expected);
    }
}

#[test]
fn comments_belong_to_the_key_or_section_below_or_beside() {
    for (source, expected) in [
        ("# a\n\n ;b\nk = 1 ; c\n", "[DEFAULT] k=1 #a\n;b #c"),
        ("; s\n[a] # t\nk=1\n", "[DEFAULT]  [a] #s\n# t k=1"),
        ("### x\nk=1\n#\nl=2\n", "[DEFAULT] k=1 #x l=2 #"),
        ("k=1\n# end\n", "[DEFAULT] k=1 #end"),
        ("k=`1` ; dropped by the library\n", "[DEFAULT] k=1 #dropped by the library"),
    ] {
        assert_eq!(read(source), expected);
    }
}

#[test]
fn no_value_and_no_comment_stays_readable_and_quotes_stay() {
    let source = "# a\nk = 'v' ; b\nl = `w` ; c\nm = x \\\n y\n; s\n[t] ; u\nn=\"\"\"z\n\"\"\"\n# end";
    let expected = "# ENC[x]\nk = 'ENC[x]' ; ENC[x]\nl = `ENC[x]` ; ENC[x]\nm = ENC[x]\n; ENC[x]\n[t]\nn=\"\"\"ENC[x]\"\"\"\n# ENC[x]";
    assert_eq!(sealed(source), expected);
    assert_eq!(
        read(expected),
        "[DEFAULT] k=ENC[x] #ENC[x] #ENC[x] l=ENC[x] #ENC[x] m=ENC[x] [t] #ENC[x] n=ENC[x] #ENC[x]"
    );
}

#[test]
fn metadata_are_appended_and_leave_no_trace() {
    let block = "[sops]\nage__list_0__map_enc = a\\nb\\n\nversion              = 3.13.3";
    for (source, expected) in [
        ("", format!("{block}\n")),
        ("a=1\n", format!("a=1\n\n{block}\n")),
        ("[a]\nk=1", format!("[a]\nk=1\n\n{block}")),
        ("\n", format!("\n\n{block}\n")),
        ("a=1\r\n", format!("a=1\r\n\r\n{block}\n").replace('\n', "\r\n").replace("\r\r", "\r")),
    ] {
        assert_eq!(with_metadata(source), expected);
    }
    for source in
        ["", "a=1", "a=1\n\n\n", "\n\n", "# c", "[a]", "a=1\r", "a=1\r\nb=2", "a = x \\", "a = `x\n`\n; y\n"]
    {
        let text = with_metadata(source);
        assert_eq!(without_metadata(&text), source);
        let document = parse(&text, Purpose::Encrypted).unwrap();
        let again = apply(text.as_bytes(), Ini.put_metadata(&document, &metadata()).unwrap());
        assert_eq!(String::from_utf8(again).unwrap(), text);
    }
}

#[test]
fn metadata_are_found_between_sections_and_with_real_line_breaks() {
    let block = "[sops]\nversion=3.13.3\nage__list_0__map_enc=\"\"\"a\nb\n\"\"\"\n";
    assert_eq!(
        without_metadata(&format!("[a]\nk=1\n\n{block}\n; c\n[b]\nl=2\n")),
        "[a]\nk=1\n\n; c\n[b]\nl=2\n"
    );
    let text = format!("[a]\nk=1\n; lost\n{block}");
    let document = parse(&text, Purpose::Encrypted).unwrap();
    assert_eq!(outline(&document.branches[0]), "[DEFAULT]  [a] k=1 #lost");
}

#[test]
fn f_03_duplicate_keys_are_refused_when_encrypting_and_in_metadata() {
    let source = "[a]\nk=secret\nl=1\nk=2\n";
    assert_eq!(refusal(source, Purpose::Plain), "duplicate key in INI at line 4");
    let document = parse(source, Purpose::Encrypted).unwrap();
    assert_eq!(outline(&document.branches[0]), "[DEFAULT]  [a] k=2 l=1");
    assert_eq!(document.warnings, ["duplicate key in INI at line 4 was kept as it is"]);
    assert_eq!(refusal("[sops]\nmac=1\nmac=2\n", Purpose::Encrypted), "duplicate key in metadata at line 3");
    assert_eq!(refusal("[sops]\na=1\n[sops]\n", Purpose::Encrypted), "Found duplicate sops entry");
}

#[test]
fn f_04_text_that_the_library_ignores_is_refused_when_encrypting() {
    for source in
        ["[a] secret\n", "k = `v` secret\n", "k = \"\"\"v\n\"\"\" secret ; c\n", "\"k\" secret = v\n"]
    {
        assert!(refusal(source, Purpose::Plain).starts_with("text that INI readers ignore at line "));
        assert_eq!(parse(source, Purpose::Encrypted).unwrap().warnings.len(), 1);
    }
}

#[test]
fn f_06_malformed_lines_are_refused_by_number_without_their_text() {
    for (source, message) in [
        ("a=1\nhunter2\n", "invalid INI at line 2: neither = nor : behind a key"),
        ("= x\n", "invalid INI at line 1: empty key"),
        ("\"\"=x\n", "invalid INI at line 1: empty key"),
        ("\"a=x\n", "invalid INI at line 1: key without a closing quote"),
        ("[a\n", "invalid INI at line 1: section without a closing bracket"),
        ("[]\n", "invalid INI at line 1: section without a name"),
        ("\na=`x\ny\n", "invalid INI at line 2: value without a closing quote"),
    ] {
        assert_eq!(refusal(source, Purpose::Encrypted), message);
    }
}

#[test]
fn output_is_laid_out_as_by_the_library() {
    let entry = |key: &'static str, value| Item::entry(key.as_bytes(), value);
    let comment = |text: &'static str| Item::comment(text.as_bytes(), false, None);
    let section = vec![
        comment("about"),
        entry("a", Value::text("1")),
        comment("on a\n#more"),
        entry("long", Value::text("x;y")),
        entry("q=", Value::text("a\nb")),
        entry("b`", Value::text(" x")),
        entry("e", Value::Float(1.0)),
        entry("n", Value::Null),
    ];
    let branch = vec![
        entry("DEFAULT", Value::Map(vec![])),
        entry("s", Value::Map(section)),
        entry("t", Value::Map(vec![])),
    ];
    let text = Ini.emit(&[branch], Some(&metadata()), &Indent::default()).unwrap();
    let expected = "; about\n[s]\n; on a\n# more\na        = 1\nlong     = `x;y`\n`q=`     = \"\"\"a\nb\"\"\"\n\"\"\"b`\"\"\" = \" x\"\ne        = 1.0\nn        = <nil>\n\n[t]\n\n[sops]\nage__list_0__map_enc = a\\nb\\n\nversion              = 3.13.3\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn trees_of_another_depth_are_refused() {
    let emit = |value| Ini.emit(&[vec![Item::entry(&b"s"[..], value)]], None, &Indent::default());
    assert!(emit(Value::text("x")).is_err());
    assert!(emit(Value::Map(vec![Item::entry(&b"k"[..], Value::List(vec![]))])).is_err());
    let reserved = vec![Item::entry(&b"sops"[..], Value::Map(vec![]))];
    assert!(Ini.emit(&[reserved], Some(&metadata()), &Indent::default()).is_err());
}

#[test]
fn set_keeps_quotes_and_spacing_and_makes_what_is_missing() {
    let source = "g=0\n[s]\nkey  = 'v' ; it`s\n\n[t]\n";
    for (path, value, expected) in [
        (&["s", "key"][..], Value::text("w"), "g=0\n[s]\nkey  = 'w' ; it`s\n\n[t]\n"),
        (&["s", "key"], Value::text("a#b"), "g=0\n[s]\nkey  = \"\"\"a#b\"\"\" ; it`s\n\n[t]\n"),
        (&["s", "k"], Value::Int(7), "g=0\n[s]\nkey  = 'v' ; it`s\nk    = 7\n\n[t]\n"),
        (&["t", "k"], Value::Bool(true), "g=0\n[s]\nkey  = 'v' ; it`s\n\n[t]\nk = true\n"),
        (&["DEFAULT", "h"], Value::Int(1), "g=0\nh=1\n[s]\nkey  = 'v' ; it`s\n\n[t]\n"),
        (&["u", "k"], Value::Int(1), "g=0\n[s]\nkey  = 'v' ; it`s\n\n[t]\n\n[u]\nk = 1\n"),
        (&["s"], Value::Map(vec![Item::entry(&b"x"[..], Value::Int(1))]), "g=0\n[s]\nx = 1\n\n[t]\n"),
    ] {
        assert_eq!(set(source, path, value).unwrap(), expected);
    }
    assert_eq!(set("", &["DEFAULT", "k"], Value::Int(1)).unwrap(), "k = 1\n");
    assert!(set(source, &["s"], Value::Int(1)).is_err());
    assert!(set(source, &["s", "k", "x"], Value::Int(1)).is_err());
    assert!(set(source, &["s", "k"], Value::List(vec![])).is_err());
}

#[test]
fn unset_removes_lines() {
    let source = "[s]\na = 1\nb = \"\"\"2\n\"\"\"\n\n; about t\n[t]\nc=3";
    assert_eq!(unset(source, &["s", "b"]).unwrap(), "[s]\na = 1\n\n; about t\n[t]\nc=3");
    assert_eq!(unset(source, &["t"]).unwrap(), "[s]\na = 1\nb = \"\"\"2\n\"\"\"");
    assert_eq!(unset(source, &["s"]).unwrap(), "\n; about t\n[t]\nc=3");
    assert_eq!(unset(source, &["z"]).unwrap_err(), "Key not found: z");
    assert_eq!(unset(source, &["s", "z"]).unwrap_err(), "Key not found: z");
}

#[test]
fn single_values_print_as_sops_prints_them() {
    let emit = |value| String::from_utf8(Ini.emit_value(&value, &Indent::default()).unwrap()).unwrap();
    assert_eq!(emit(Value::text("x")), "x");
    assert_eq!(emit(Value::Bool(true)), "true");
    assert!(
        Ini.emit_value(&Value::Map(vec![Item::entry(&b"k"[..], Value::Null)]), &Indent::default()).is_err()
    );
}

#[test]
fn the_example_is_laid_out_as_output_is() {
    let example = Ini.example();
    let document = Ini.parse(&example, Purpose::Plain, &Limits::default()).unwrap();
    let emitted = Ini.emit(&document.branches, None, &Indent::default()).unwrap();
    assert_eq!(
        read(core::str::from_utf8(&emitted).unwrap()),
        "[DEFAULT]  [Welcome!] #A comment hello=Write your own. What you save is encrypted. example_key=example_value"
    );
}

proptest! {
    #[test]
    fn every_readable_text_is_restored(source in "(([a-c]{1,2} ?[=:] ?|\\[[ab]\\]|[;#] ?|)[ -~é]{0,8}\r?\n){0,6}") {
        let Ok(document) = parse(&source, Purpose::Plain) else { return Ok(()) };
        prop_assert_eq!(without_metadata(&with_metadata(&source)), &source[..]);
        let mut edits = Vec::new();
        visit(&document.branches[0], &mut |item| {
            let value = match &item.key {
                Key::Comment(comment) => Value::Comment(comment.clone()),
                _ => item.node.value.clone(),
            };
            let slot = item.node.slot.unwrap();
            edits.push(Splice::new(slot.range(), Ini.render(&value, slot, &document).unwrap()));
        });
        let again = String::from_utf8(apply(source.as_bytes(), edits)).unwrap();
        prop_assert_eq!(read(&again), outline(&document.branches[0]));
    }

    #[test]
    fn f_06_no_input_panics(source: Vec<u8>, text in "[\\[\\]=:#;`\"'\\\\a\n\r ]{0,24}") {
        let _ = Ini.parse(&source, Purpose::Encrypted, &Limits::default());
        let _ = Ini.parse(text.as_bytes(), Purpose::Encrypted, &Limits::default());
        let _ = Ini.set(text.as_bytes(), &keys(&["DEFAULT", "a"]), &Node::new(Value::text("x")));
        let _ = Ini.unset(text.as_bytes(), &keys(&["a"]));
    }
}
