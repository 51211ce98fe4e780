//! What may be set.

use super::*;

#[test]
fn only_hosts_of_lever_are_called() {
    let check = |system: &System, host: &str, expected: bool| {
        for region in Region::ALL {
            assert_eq!((system.allows)(region, host), expected, "{host}");
        }
    };
    for host in
        ["lever.co", "api.lever.co", "api.sandbox.lever.co", "api.eu.lever.co", "api-eu.lever.co", "auth.lever.co"]
    {
        check(&SYSTEM, host, true);
    }
    for foreign in [
        "evillever.co",
        "lever.co.evil.com",
        "api.lever.co.",
        ".lever.co",
        "a..lever.co",
        "a_b.lever.co",
        "lever.com",
        "",
    ] {
        check(&SYSTEM, foreign, false);
        check(&LOGIN, foreign, false);
    }
    for (host, login, api) in [
        ("auth.lever.co", true, true),
        ("sandbox-lever.auth0.com", true, false),
        ("api.lever.co", false, true),
        ("evil.auth0.com", false, false),
    ] {
        check(&LOGIN, host, login);
        check(&SYSTEM, host, api);
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
    for api_base in ["https://api.eu.lever.co/v1", "https://lever.co/v1/"] {
        check(json!({"api_base": api_base}), &[]);
    }
    for api_base in [
        "http://api.lever.co/v1",
        "https://api.lever.co:8443/v1",
        "https://u@api.lever.co/v1",
        "https://api.lever.co/v1?a=b",
        "https://api.lever.co/v1#f",
        "https://evil.com/v1",
        "https://sandbox-lever.auth0.com/v1",
    ] {
        check(json!({"api_base": api_base}), &["ats.api_base"]);
    }
    for text in ["", " ", "a\nb", &"x".repeat(201)] {
        for name in ["trigger_stage", "package_prefix", "default_package"] {
            check(json!({name: text}), &[&format!("ats.{name}")]);
        }
        check(json!({"status_words": {"completed": text}}), &["ats.status_words"]);
        check(json!({"status_words": {"error": text}}), &["ats.status_words"]);
        check(json!({"status_tag": text}), &["ats.status_tag"]);
    }
    check(json!({"status_tag": "{status}"}), &[]);
    check(json!({"status_tag": "{provider}"}), &["ats.status_tag"]);
    check(json!({"status_tag": "{provider} package: {status}"}), &["ats.status_tag"]);
    check(json!({"max_age_hours": 0}), &["ats.max_age_hours"]);
    check(json!({"max_age_hours": 337}), &["ats.max_age_hours"]);
    check(json!({"scopes": []}), &["ats.scopes"]);
    check(json!({"scopes": ["notes:write:admin"]}), &["ats.scopes"]);
    for scope in ["notes:write", "notes:write:admin offline_access", "", "ä:admin"] {
        check(json!({"scopes": ["offline_access", scope]}), &["ats.scopes"]);
    }
    let scopes: Vec<String> =
        (0..20).map(|n| format!("x{n}:read:admin")).chain(["offline_access".to_owned()]).collect();
    check(json!({"scopes": scopes}), &["ats.scopes"]);
    check(json!({"scopes": scopes[1..]}), &[]);
    let blank = Credentials { client_id: " ".to_owned(), client_secret: Secret::from("") };
    with(json!({}), blank, &["ats_credentials.client_id", "ats_credentials.client_secret"]);
}

#[test]
fn nothing_but_a_known_setting_is_taken() {
    for unknown in [
        json!({"environment": "live"}),
        json!({"preset": "certn_classic"}),
        json!({"status_words": {"held": "x"}}),
        json!({"perform_as": "a/b"}),
        json!({"group_from": "level"}),
    ] {
        assert!(serde_json::from_value::<Settings>(unknown.clone()).is_err(), "{unknown}");
    }
    let stored = serde_json::to_value(settings(json!({"group_from": "none"}))).unwrap();
    assert_eq!(serde_json::from_value::<Settings>(stored).unwrap(), settings(json!({})));
}

#[test]
fn the_providers_name_is_put_in_once_wherever_there_is_a_place_for_it() {
    let all = json!({
        "trigger_stage": "{provider} stage", "package_prefix": "{provider}:", "default_package": "{provider} Basic",
        "status_tag": "{status} by {provider}", "status_words": {"completed": "{provider} done"},
    });
    let named = serde_json::from_value::<Settings>(all).unwrap().naming("Asurint");
    assert_eq!(
        (named.trigger_stage.as_str(), named.package_prefix.as_str(), named.default_package.as_deref()),
        ("Asurint stage", "Asurint:", Some("Asurint Basic"))
    );
    assert_eq!(named.tag(OrderStatus::Completed, None), "Asurint done by Asurint");
    assert_eq!(named.clone().naming("Certn"), named);
}

#[test]
fn the_base_follows_the_environment_unless_it_is_set() {
    let url = |extra: Value| {
        let (_, sent) = lines(connector(extra.clone()).read_request(&subject(), None), |_| answer(500, ""));
        assert_eq!(sent.len(), 1);
        settings(extra).base().to_string()
    };
    assert_eq!(url(json!({})), "https://api.lever.co/v1");
    assert_eq!(url(json!({"environment": "sandbox"})), "https://api.sandbox.lever.co/v1");
    assert_eq!(url(json!({"api_base": "https://api.eu.lever.co/v1/"})), "https://api.eu.lever.co/v1/");
}

#[test]
fn the_rules_of_lever() {
    let rules: &dyn AtsRules = &settings(json!({}));
    assert!(rules.authorizes().is_some() && !rules.traits().takes_password && !rules.traits().names_groups);
    assert!(rules.traits().takes_links_without_login && !rules.traits().shows_single_checks);
    assert!(Region::ALL.into_iter().all(|region| rules.keeps_data_outside(region)));
    assert!(settings(json!({"group_from": "team"})).traits().names_groups);
}
