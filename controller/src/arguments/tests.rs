use super::testing::{try_settings as settings, try_settings_as};
use super::*;

fn read_settings(arguments: &[&str], variables: &[(&str, &str)]) -> Settings {
    settings(arguments, variables).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn defaults_are_those_of_the_original() {
    let settings = read_settings(&[], &[]);
    assert!(settings.namespaces.is_empty() && settings.update_status && settings.watches_secrets);
    assert_eq!((settings.key_prefix.as_str(), settings.new_key.bits), ("sealed-secrets-key", 4096));
    assert_eq!((settings.renewal.period, settings.new_key.validity), (720 * 3600, 87_600 * 3600));
    assert!(settings.unseal.accepts_v1_data && !settings.old_gc_behavior);
    assert_eq!((settings.listen.as_str(), settings.listen_metrics.as_str()), (":8080", ":8081"));
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the page of the repository is written anew")]
fn the_committed_help_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/help/bulla-controller.txt");
    let help = try_settings_as("bulla-controller", &["--help"], &[]).map(|_| ()).unwrap_err();
    if std::env::vars().any(|(name, _)| name == "BULLA_REFERENCE_WRITE") {
        std::fs::write(&path, &help).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == help, "{} differs: run `cargo xtask gen`", path.display());
}

#[test]
fn what_the_originals_chart_passes_is_accepted() {
    let all = [
        "--update-status",
        "--key-prefix",
        "k",
        "--key-renew-period",
        "0",
        "--key-ttl",
        "1h",
        "--rate-limit",
        "3",
        "--rate-limit-burst",
        "4",
        "--log-info-stdout",
        "--log-level",
        "ERROR",
        "--log-format",
        "json",
        "--max-unseal-retries",
        "6",
        "--kubeclient-qps",
        "-1",
        "--kubeclient-burst",
        "20",
        "--watch-for-secrets",
        "--skip-recreate",
        "--privatekey-annotations",
        "a=b",
        "--listen-addr",
        "127.0.0.1:1",
        "--listen-metrics-addr",
        ":2",
        "--key-cutoff-time",
        "Mon, 02 Jan 2006 15:04:05 -0700",
        "--my-cn",
        "c",
        "--read-timeout=1m",
        "--write-timeout=1m",
        "--label-selector=a=b",
        "--key-order-priority=other",
    ];
    let read = read_settings(&all, &[]);
    assert_eq!((read.renewal.period, read.quick_retries, read.label_selector.as_str()), (0, 6, "a=b"));
    assert_eq!((read.log.level, read.log.format == Format::Json), (tracing::Level::ERROR, true));
}

#[test]
fn switches_take_a_value_behind_an_equals_sign_only() {
    let read = read_settings(&["--update-status=false", "--skip-recreate", "--key-size", "2048"], &[]);
    assert!(!read.update_status && !read.watches_secrets);
    assert_eq!(read.new_key.bits, 2048);
    for argument in ["--update-status=x", "--key-size=1024", "--key-prefix=A", "--key-ttl=30d", "--unknown"] {
        assert!(settings(&[argument], &[]).is_err(), "{argument}");
    }
}

#[test]
fn what_the_original_bears_is_borne_by_who_takes_its_place() {
    let words =
        ["controller", "--update-status", "false", "--max-unseal-retries", "-1", "--skip-recreate", "x"];
    let read = read_settings(&words, &[]);
    assert!(read.update_status && !read.watches_secrets, "a word is no value of a switch");
    assert_eq!(read.quick_retries, 0);
    let as_own = |words: &[&str]| super::testing::try_settings_as("bulla-controller", words, &[]);
    assert!(as_own(&[]).is_ok());
    for words in [&["controller"][..], &["--update-status", "false"]] {
        assert!(as_own(words).err().unwrap().contains("unexpected argument"), "{words:?}");
    }
    let read = read_settings(&["--key-size=0x1000", "--rate-limit=0x3", "--listen-addr=localhost:http"], &[]);
    assert_eq!((read.new_key.bits, read.rate.per_second, read.listen.as_str()), (4096, 3, "localhost:http"));
    for refused in ["--key-prefix=", "--rate-limit=0", "--rate-limit-burst=-1", "--max-unseal-retries=x"] {
        assert!(settings(&[refused], &[]).is_err(), "{refused}");
    }
}

#[test]
fn variables_of_old_names_and_of_any_address_count() {
    let variables = [
        ("SEALED_SECRETS_KEY_RENEW_PERIOD", "1h"),
        ("SEALED_SECRETS_LISTEN_METRICS_ADDR", "localhost:8081"),
        ("SEALED_SECRETS_ROTATE_PERIOD", "3s"),
    ];
    let read = read_settings(&[], &variables);
    assert_eq!((read.renewal.period, read.listen_metrics.as_str()), (3, "localhost:8081"));
    assert_eq!(read_settings(&["--key-renew-period=2h"], &variables).renewal.period, 7200);
}

#[test]
fn variables_set_flags_and_the_command_line_wins() {
    let variables = [
        ("SEALED_SECRETS_KEY_RENEW_PERIOD", "1h"),
        ("SEALED_SECRETS_KEY_TTL", "nonsense"),
        ("SEALED_SECRETS_UPDATE_STATUS", "false"),
        ("POD_NAMESPACE", "own"),
    ];
    let settings = read_settings(&["--key-renew-period=2h", "--additional-namespaces=a,own,,b"], &variables);
    assert_eq!((settings.renewal.period, settings.new_key.validity), (7200, 87_600 * 3600));
    assert!(!settings.update_status);
    assert_eq!(settings.namespaces, ["own", "a", "b"]);
    assert_eq!(read_settings(&["--all-namespaces=false"], &variables).namespaces, ["own"]);
}

#[test]
fn called_as_controller_it_is_the_originals_role_and_no_other() {
    let as_own = |list: &str| super::testing::try_settings_as("/bin/bulla-controller", &[list], &[]);
    assert_eq!(as_own("--controllers=unsealer").ok().unwrap().reconcilers.len(), 1);
    assert!(as_own("--controllers=external").err().unwrap().contains("not built in yet"));
    assert_eq!(read_settings(&[], &[]).reconcilers[0].name, "sealed-secrets");
    assert!(settings(&["--controllers=unsealer"], &[]).err().unwrap().contains("bulla-controller"));
}

#[test]
fn the_leader_is_found_with_the_durations_of_client_go_unless_told_otherwise() {
    let election = read_settings(&[], &[]).election;
    let all = [election.lasts, election.deadline, election.retry].map(|duration| duration.as_secs());
    assert_eq!((election.is_on, all), (true, [15, 10, 2]));
    let short = [
        "--leader-elect-lease-duration=3s",
        "--leader-elect-renew-deadline=1500ms",
        "--leader-elect-retry-period=.5s",
    ];
    assert_eq!(read_settings(&short, &[]).election.deadline, Duration::from_millis(1500));
    assert!(!read_settings(&["--leader-elect=false"], &[]).election.is_on);
    for wrong in [
        "--leader-elect-lease-duration=10s",
        "--leader-elect-retry-period=0",
        "--leader-elect-retry-period=-1s",
    ] {
        assert!(settings(&[wrong], &[]).is_err(), "{wrong}");
    }
}

#[test]
fn t_03_and_t_04_have_switches_back_to_what_the_original_does() {
    let rules = read_settings(&[], &[]).rules;
    assert!(!rules.allows_privileged_types && !rules.adopts_any);
    let rules = read_settings(&["--allow-privileged-secret-types", "--allow-adopting-any-secret"], &[]).rules;
    assert!(rules.allows_privileged_types && rules.adopts_any);
}

#[test]
fn the_version_has_the_form_that_scripts_look_for() {
    let shown = settings(&["--version"], &[]).err().unwrap();
    assert_eq!(shown, format!("controller version: v{VERSION}\n"));
}

#[test]
fn cutoff_times_are_read_as_date_prints_them() {
    assert_eq!(rfc1123z("Mon, 02 Jan 2006 15:04:05 -0700"), Some(1_136_239_445));
    assert_eq!(rfc1123z("Thu, 01 Jan 1970 00:00:00 +0000"), Some(0));
    for text in ["", "2006-01-02", "Mon, 02 Jan 2006 15:04:05 MST", "Mon, 31 Feb 2006 15:04:05 +0000"] {
        assert_eq!(rfc1123z(text), None, "{text}");
        assert!(text.is_empty() || settings(&[&format!("--key-cutoff-time={text}")], &[]).is_err());
    }
}

#[test]
fn lists_of_pairs_keep_what_follows_the_first_equals_sign() {
    let read = read_settings(&["--privatekey-labels=a=b=c,d="], &[]);
    assert_eq!(read.new_key.labels["a"], "b=c");
    assert_eq!(read.new_key.labels["d"], "");
    assert!(settings(&["--privatekey-labels=a"], &[]).is_err());
}
