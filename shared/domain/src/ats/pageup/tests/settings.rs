//! What may be set.

use super::*;

#[test]
fn only_hosts_of_pageup_are_called() {
    let check = |host: &str, expected: bool| {
        for region in [Region::Ca, Region::Uk, Region::Au] {
            assert_eq!((SYSTEM.allows)(region, host), expected, "{host}");
        }
    };
    for n in 0..=99 {
        for name in ["login", "loginuat", "api", "apiuat"] {
            check(&format!("{name}.dc{n}.pageuppeople.com"), true);
        }
    }
    check("acme.login.pageuppeople.com", true);
    check("acme-2.loginuat.pageuppeople.com", true);
    for foreign in [
        "evilpageuppeople.com",
        "api.dc2.evilpageuppeople.com",
        "api.dc2.pageuppeople.com.evil.com",
        "api.dc2.pageuppeople.com.",
        "api.dcx.pageuppeople.com",
        "api.dc.pageuppeople.com",
        "api.dc100.pageuppeople.com",
        "api.dc-1.pageuppeople.com",
        "api.dc2x.pageuppeople.com",
        "api.dc2.dc2.pageuppeople.com",
        "x.api.dc2.pageuppeople.com",
        "a.b.login.pageuppeople.com",
        "a_b.login.pageuppeople.com",
        ".login.pageuppeople.com",
        "login.pageuppeople.com",
        "acme.api.pageuppeople.com",
        "careers.dc2.pageuppeople.com",
        "pageuppeople.com",
        "",
    ] {
        check(foreign, false);
    }
}

#[test]
fn every_setting_at_fault_is_named() {
    let with = |extra: Value, credentials: Credentials, expected: &[&str]| {
        let problems = settings(extra.clone()).problems(&credentials);
        let fields: Vec<&str> = problems.iter().map(|invalid| invalid.field.as_str()).collect();
        assert_eq!(fields, expected, "{extra}");
    };
    let check = |extra: Value, expected: &[&str]| with(extra, credentials(), expected);
    check(json!({}), &[]);
    for data_centre in ["dcX", "dc123", "", "dc", "2", "DC2", "dc2.evil.com", "dc 2"] {
        check(json!({"data_centre": data_centre}), &["ats.data_centre"]);
    }
    for token_url in [
        "https://login.dc2.pageuppeople.com.evil.com/connect/token",
        "https://evil.com/connect/token",
        "http://login.dc2.pageuppeople.com/connect/token",
        "https://login.dc2.pageuppeople.com:8443/connect/token",
        "https://api.dc2.pageuppeople.com/connect/token",
    ] {
        check(json!({"token_url": token_url}), &["ats.token_url"]);
    }
    for api_base in ["https://login.dc2.pageuppeople.com/v3", "http://api.dc2.pageuppeople.com/v3", "https://evil.com"]
    {
        check(json!({"api_base": api_base}), &["ats.api_base"]);
    }
    for path in ["", "/a", "a/", "a//b", "a/../b", "..", "./a", "a?b", "a b", "a%2fb", "a#b", "ä"] {
        check(json!({"background_check_path": path}), &["ats.background_check_path"]);
    }
    for label in ["in_progress", "completed", "failed"] {
        check(json!({"status_labels": {label: ""}}), &["ats.status_labels"]);
        check(json!({"status_labels": {label: " "}}), &["ats.status_labels"]);
    }
    for name in ["id", "application", "given_name", "family_name", "email", "package", "department", "requester"] {
        let field = format!("ats.field_paths.{name}");
        for paths in [json!([]), json!([""]), json!(["a", ""]), json!(["a".repeat(201)]), json!(vec!["a"; 11])] {
            check(json!({"field_paths": {name: paths}}), &[&field]);
        }
    }
    for (field, bad, good) in [
        ("poll_seconds", [0, 59, 3_601], [60, 3_600]),
        ("max_pages", [0, 101, 1_000], [1, 100]),
        ("message_limit", [10, 99, 4_001], [100, 4_000]),
    ] {
        bad.iter().for_each(|value| check(json!({field: value}), &[&format!("ats.{field}")]));
        good.iter().for_each(|value| check(json!({field: value}), &[]));
    }
    let nobody = || Credentials { client_id: Secret::from(""), client_secret: Secret::from("") };
    with(json!({}), Credentials { client_id: Secret::from(""), ..credentials() }, &["ats_credentials.client_id"]);
    with(
        json!({}),
        Credentials { client_secret: Secret::from(""), ..credentials() },
        &["ats_credentials.client_secret"],
    );
    let all = &["ats.data_centre", "ats.max_pages", "ats_credentials.client_id", "ats_credentials.client_secret"];
    with(json!({"data_centre": "x", "max_pages": 0}), nobody(), all);
}

#[test]
fn what_pageup_has_no_setting_for_is_refused() {
    let check = |extra: Value| {
        let mut json = json!({"tenant_id": "6784", "data_centre": "dc2"});
        json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert!(serde_json::from_value::<Settings>(json).is_err(), "{extra}");
    };
    check(json!({"datacentre": "dc2"}));
    check(json!({"field_paths": {"mobile": ["applicant.mobile"]}}));
    check(json!({"status_labels": {"pending": "Pending"}}));
    check(json!({"environment": "test"}));
    check(json!({"put_shape": "other"}));
    check(json!({"token_url": "not an address"}));
    check(json!({"tenant_id": "../6785"}));
    check(json!({"tenant_id": ""}));
    let more = json!({"client_id": "a", "client_secret": "b", "scope": "c"});
    assert!(serde_json::from_value::<Credentials>(more).is_err());
}

#[test]
fn pageup_is_asked_as_often_as_is_set_and_says_what_it_can() {
    let settings = settings(json!({"poll_seconds": 90, "max_pages": 7}));
    assert_eq!(settings.pace(), Pace { every: SignedDuration::from_secs(90), pages: 7 });
    assert!(matches!(settings.intake(), Intake::Poll(_)));
    assert!(
        settings.traits().names_groups
            && settings.traits().shows_single_checks
            && !settings.traits().takes_links_without_login
    );
}

#[test]
fn an_address_of_its_own_in_another_data_centre_lies_outside() {
    for extra in [
        json!({"api_base": "https://api.dc3.pageuppeople.com/v3/6784"}),
        json!({"token_url": "https://login.dc4.pageuppeople.com/connect/token"}),
    ] {
        assert!(settings(extra.clone()).keeps_data_outside(Region::Au), "{extra}");
    }
}

#[test]
fn an_address_with_a_password_or_a_query_is_refused() {
    for extra in [
        json!({"token_url": "https://u:secret@login.dc2.pageuppeople.com/connect/token"}),
        json!({"api_base": "https://u:secret@api.dc2.pageuppeople.com/v3/6784"}),
        json!({"api_base": "https://api.dc2.pageuppeople.com/v3/6784?x=1#y"}),
    ] {
        assert_eq!(settings(extra.clone()).problems(&credentials()).len(), 1, "{extra}");
    }
}

#[test]
fn blank_credentials_are_empty_ones() {
    let blank = Credentials { client_id: Secret::from(" "), client_secret: Secret::from("\n") };
    assert_eq!(settings(json!({})).problems(&blank).len(), 2);
}
