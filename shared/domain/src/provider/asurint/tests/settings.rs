use super::*;

fn problems(way: &str, change: impl FnOnce(&mut Value), credentials: &Credentials) -> Vec<String> {
    settings_with(way, change).problems(credentials).into_iter().map(|invalid| invalid.field).collect()
}

#[test]
fn settings_that_are_right_have_no_problems() {
    for way in WAYS {
        assert_eq!(problems(way, |_| (), &credentials()), [""; 0], "{way}");
    }
    let settings = settings_with("json", |_| ());
    assert_eq!((settings.ambiguous, settings.signature, settings.polls), (Ambiguous::Hold, Signature::Required, false));
    assert_eq!((settings.intended_use, settings.report_host.as_str()), (0, "asurint.com"));
    let again: Settings = serde_json::from_value(serde_json::to_value(&settings).unwrap()).unwrap();
    assert_eq!(again, settings);
}

#[test]
fn each_wrong_setting_is_named() {
    let check = |way: &str, field: &str, value: Value| {
        let wrong = problems(
            way,
            |settings| *settings.pointer_mut(&format!("/{field}")).unwrap() = value.clone(),
            &credentials(),
        );
        assert_eq!(wrong, [format!("provider.{}", field.replace('/', "."))], "{way} {value}");
    };
    for client in ["", " ", "A\nB", "é", &"x".repeat(201)] {
        check("json", "client_id", json!(client));
    }
    let addresses = [
        "http://api.asurint.com/",
        "https://asurint.com.evil.example/",
        "https://evilasurint.com/",
        "https://hub@api.asurint.com/",
        "https://api.asurint.com:8443/",
        "https://api.asurint.com/?a=b",
        "https://api.asurint.com/#a",
        "https://127.0.0.1/",
    ];
    for address in addresses {
        check("json", "base_url", json!(address));
        check("one step", "gateway/url", json!(address));
        check("two steps", "gateway/base_url", json!(address));
    }
    check("json", "base_url", Value::Null);
    check("one step", "gateway", Value::Null);
    check("one step", "account_id", Value::Null);
    check("one step", "account_id", json!(" "));
    check("one step", "location_id", Value::Null);
}

#[test]
fn each_wrong_addition_is_named() {
    let check = |way: &str, field: &str, value: Value, named: &str| {
        let wrong = problems(way, |settings| settings[field] = value.clone(), &credentials());
        assert_eq!(wrong, [format!("provider.{named}")], "{way} {value}");
    };
    for name in ["", "a b", "1a", "x:y", "a=\"", "reference1", "uri", "xmlns"] {
        check("one step", "invitation", json!({"name": name, "value": "1"}), "invitation.name");
    }
    check("one step", "invitation", json!({"name": "invite", "value": " "}), "invitation.value");
    check("one step", "polls", json!(true), "polls");
    check("one step", "base_url", json!("https://api.asurint.com/"), "base_url");
    check("json", "gateway", json!({"form": "one_step", "url": "https://orders.asurint.com/in"}), "gateway");
    for host in ["", "com", ".asurint.com", "asurint.com.", "Asurint.com", "a b.com", "10.0.0.1", "-a.com", "a..com"] {
        check("json", "report_host", json!(host), "report_host");
    }
    for email in ["", "hr", "h r@client.example", "a@b@c"] {
        check("json", "fallback_requester_email", json!(email), "fallback_requester_email");
    }
    for packages in [json!([]), json!([{"id": "p1", "name": " "}])] {
        check("json", "packages", packages, "packages");
    }
    for paths in
        [json!([]), json!([""]), json!(["a//b"]), json!(["a/"]), json!(["@a/b"]), json!(["a b"]), json!(["a@b"])]
    {
        check("one step", "postback_paths", json!({"status": paths}), "postback_paths.status");
    }
}

#[test]
fn each_wrong_credential_is_named() {
    let check = |change: fn(&mut Credentials), field: &str| {
        let mut credentials = credentials();
        change(&mut credentials);
        assert_eq!(problems("json", |_| (), &credentials), [format!("provider_credentials.{field}")]);
    };
    check(|credentials| credentials.username.clear(), "username");
    check(|credentials| credentials.username = "a:b".to_owned(), "username");
    check(|credentials| credentials.password = " ".into(), "password");
    check(|credentials| credentials.password = "a\nb".into(), "password");
    check(|credentials| credentials.signing_secrets.clear(), "signing_secrets");
    check(|credentials| credentials.signing_secrets.push(" ".into()), "signing_secrets");
    check(|credentials| credentials.signing_secrets = vec!["a".into(), "b".into(), "c".into()], "signing_secrets");
    let unsigned = Credentials { signing_secrets: Vec::new(), ..credentials() };
    assert_eq!(problems("json", |settings| settings["signature"] = json!("if_present"), &unsigned), [""; 0]);
}

#[test]
fn an_unknown_setting_is_refused() {
    for (pointer, name) in [("", "ssn"), ("/gateway", "ssn"), ("/gateway", "base_url")] {
        let mut settings = settings_of("one step");
        settings.pointer_mut(pointer).unwrap()[name] = json!("x");
        let read = serde_json::from_value::<Settings>(settings);
        assert_eq!(read.is_err(), name == "ssn" || pointer == "/gateway", "{pointer} {name}");
    }
    for codec in ["xml", "JSON", ""] {
        let mut settings = settings_of("json");
        settings["codec"] = json!(codec);
        assert!(serde_json::from_value::<Settings>(settings).is_err());
    }
    for location in ["", "a b", ".."] {
        let mut settings = settings_of("one step");
        settings["location_id"] = json!(location);
        assert!(serde_json::from_value::<Settings>(settings).is_err());
    }
}

#[test]
fn neither_a_password_nor_an_address_prints() {
    let connector = connector("one step");
    let printed = format!("{connector:?}");
    assert!(!printed.contains("p<&>") && !printed.contains("s1\"") && !printed.contains("hr@"), "{printed}");
    let (_, requests) = against(connector.place(&new_order(), &correlation()), vec![accepted("one step")]);
    assert_eq!(format!("{:?}", requests[0]), "POST orders.asurint.com/in");
}
