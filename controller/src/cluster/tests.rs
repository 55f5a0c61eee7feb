use super::*;

fn text(status: Value) -> String {
    reduced(&serde_json::from_value(status).unwrap())
}

#[test]
fn o_03_what_the_server_repeats_of_an_object_is_left_out() {
    let cause =
        |reason: &str, message: &str| json!({"reason": reason, "message": message, "field": "data[a]"});
    let invalid = json!({
        "code": 422, "message": "Secret \"n\" is invalid: canary",
        "details": {"kind": "Secret", "name": "n", "causes": [
            cause("FieldValueInvalid", "Invalid value: \"canary\": must be JSON"),
            cause("FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set"),
        ]},
    });
    assert_eq!(
        text(invalid),
        "Secret \"n\" is invalid: data[a]: Invalid, data[a]: Forbidden: field is immutable when `immutable` is set"
    );
    let webhook = "admission webhook \"w\" denied the request: canary";
    assert_eq!(text(json!({"code": 400, "message": webhook})), "admission webhook \"w\" denied the request");
    let policy = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request";
    let cause = json!({"message": "canary"});
    let denied = json!({
        "code": 422, "message": format!("secrets \"n\" is forbidden: {policy}: canary"),
        "details": {"kind": "secrets", "name": "n", "causes": [cause]},
    });
    assert_eq!(text(denied), format!("secrets \"n\" is forbidden: {policy}"));
    let quota = "secrets \"n\" is forbidden: exceeded quota: q";
    assert_eq!(text(json!({"code": 403, "message": quota})), quota);
}
