//! What the program says, and where.

use std::process::Command;

#[test]
fn news_stands_on_standard_output_and_trouble_on_standard_error() {
    for (flag, on_output) in [("--log-info-stdout=true", true), ("--log-info-stdout=false", false)] {
        let mut controller = Command::new(env!("CARGO_BIN_EXE_bulla-controller"));
        // Outside of a cluster it cannot go on.
        let output = controller.arg(flag).env_clear().output().expect("it was built");
        let [out, err] =
            [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(output.status.code(), Some(2), "{out}{err}");
        let (news, trouble) = ("Starting sealed-secrets controller", "The controller cannot go on");
        assert_eq!((out.contains(news), err.contains(news)), (on_output, !on_output), "{flag}");
        assert!(err.contains(trouble) && !out.contains(trouble), "{flag}: {out}{err}");
    }
}
