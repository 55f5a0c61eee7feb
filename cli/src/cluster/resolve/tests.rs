use super::*;

#[test]
fn limits_end_where_go_cannot_say_them() {
    let nanoseconds = |text: &str| timeout(text).unwrap().map(|limit| limit.as_nanos());
    let longest = Some(i64::MAX as u128);
    assert_eq!([nanoseconds("99999999999"), nanoseconds("18446744073709551615")], [longest; 2]);
    assert_eq!(
        [nanoseconds("2"), nanoseconds("1m"), nanoseconds("0"), nanoseconds("-1s")]
            .map(|limit| limit.map(|limit| limit / 1_000_000_000)),
        [Some(2), Some(60), None, None]
    );
    assert!(timeout("soon").is_err());
}

#[test]
fn only_a_bare_server_stands_for_the_pods_own() {
    let environment = Environment::new([], "/".into());
    let is_bare = |change: fn(&mut Options)| {
        let mut options = Options { server: "https://a".to_owned(), ..Options::default() };
        options.kubeconfig = "/dev/null".to_owned();
        change(&mut options);
        let configuration = Configuration::load(&environment, &options).unwrap();
        let (cluster, user) = (configuration.cluster(), configuration.user());
        let limit = timeout(&options.request_timeout).unwrap();
        configuration.access_to(&cluster, user, limit).unwrap().is_bare()
    };
    assert!(is_bare(|_| {}));
    for change in [
        (|options| options.token = Some(SecretText::new("t".to_owned()))) as fn(&mut Options),
        |options| options.password = Some(SecretText::new("p".to_owned())),
        |options| options.insecure_skip_tls_verify = true,
        |options| options.certificate_authority = "/dev/null".to_owned(),
        |options| options.tls_server_name = "b".to_owned(),
        |options| options.impersonate = "joe".to_owned(),
        |options| options.proxy_url = "http://p".to_owned(),
        |options| options.request_timeout = "3".to_owned(),
    ] {
        assert!(!is_bare(change));
    }
}
