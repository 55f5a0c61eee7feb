//! The values that klog's flags take. There are no log files, but what klog
//! refuses is refused.

use crate::go;

/// A whole number without a sign, as Go's flags read it.
pub(super) fn check_uint(text: &str) -> Result<(), String> {
    let is_unsigned = text.starts_with(|first: char| first.is_ascii_digit());
    let is_decimal = text.len() == 1 || !text.starts_with('0');
    let fits = is_decimal && text.parse::<u64>().is_ok() || go::parse_int(text).is_ok();
    if is_unsigned && fits { Ok(()) } else { Err("parse error".to_owned()) }
}

/// A number, or with `is_severity` the name of one.
pub(super) fn check_int(text: &str, is_severity: bool) -> Result<(), String> {
    const SEVERITIES: [&str; 4] = ["INFO", "WARNING", "ERROR", "FATAL"];
    if text.parse::<i32>().is_ok() || is_severity && SEVERITIES.contains(&text.to_uppercase().as_str()) {
        return Ok(());
    }
    let is_number = text.strip_prefix(['-', '+']).unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
    let what = if is_number && text.len() > 1 { "value out of range" } else { "invalid syntax" };
    Err(format!("strconv.ParseInt: parsing {}: {what}", go::quote(text)))
}

/// `file.go:234`, or nothing.
pub(super) fn check_trace(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let place = text.split_once(':').filter(|(file, _)| file.contains('.'));
    match place.and_then(|(_, line)| line.parse::<i64>().ok()) {
        None => Err("syntax error: expect file.go:234".to_owned()),
        Some(..=0) => Err("negative or zero value for level".to_owned()),
        Some(_) => Ok(()),
    }
}

/// `pattern=N`, separated by commas.
pub(super) fn check_modules(text: &str) -> Result<(), String> {
    let check = |rule: &str| {
        let rule = rule.split_once('=').filter(|(pattern, _)| !pattern.is_empty());
        match rule.and_then(|(_, level)| level.parse::<i32>().ok()) {
            None => Err("syntax error: expect comma-separated list of filename=N".to_owned()),
            Some(..0) => Err("negative value for vmodule level".to_owned()),
            Some(_) => Ok(()),
        }
    };
    text.split(',').filter(|rule| !rule.is_empty()).try_for_each(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_klog_refuses_is_refused_in_its_words() {
        type Check = fn(&str) -> Result<(), String>;
        type Case = (Check, &'static [&'static str], &'static [(&'static str, &'static str)]);
        let cases: [Case; 5] = [
            (
                check_uint,
                &["0", "1_000", "0x10", "18446744073709551615"],
                &[("-1", "parse error"), ("09", "parse error"), ("+1", "parse error"), ("", "parse error")],
            ),
            (
                |text| check_int(text, false),
                &["-1", "7"],
                &[
                    ("", "strconv.ParseInt: parsing \"\": invalid"),
                    ("99999999999", "strconv.ParseInt: parsing \"99999999999\": value out of range"),
                    ("INFO", "strconv."),
                ],
            ),
            (|text| check_int(text, true), &["info", "5"], &[("x", "strconv.")]),
            (
                check_trace,
                &["", "a.go:1", ".:+1"],
                &[
                    ("a:1", "syntax error"),
                    ("a.go:1:2", "syntax error"),
                    ("x", "syntax error"),
                    ("a.go:0", "negative or zero"),
                ],
            ),
            (
                check_modules,
                &["", ",", "a=+1,b=0"],
                &[
                    ("=1", "syntax error"),
                    ("a=1=2", "syntax error"),
                    ("a", "syntax error"),
                    ("a=1,b=-1", "negative value"),
                ],
            ),
        ];
        for (check, good, bad) in cases {
            for text in good {
                assert_eq!(check(text), Ok(()), "{text}");
            }
            for (text, told) in bad {
                assert!(check(text).unwrap_err().starts_with(told), "{text}");
            }
        }
    }
}
