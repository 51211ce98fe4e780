//! Tokens, addresses, refusals.

use super::*;

#[test]
fn the_list_is_asked_for_with_a_token_and_by_the_put_shape() {
    let asked = |extra: Value| {
        let (_, sent) = play(settings(extra).list(&AtsCredentials::Pageup(credentials())), |request| {
            assert!(request.grant.is_some() && request.headers.is_empty() && request.body.is_none());
            answer(204, "")
        });
        sent.join(", ")
    };
    assert_snapshot!(asked(json!({})), @"GET /v3/6784/recruitment/backgroundchecks");
    assert_snapshot!(asked(json!({"put_shape": "workcompliance", "background_check_path": "workcompliance/invitations"})), @"GET /v3/6784/workcompliance/invitations?status=pending");
    let of_another_kind: AtsCredentials =
        serde_json::from_value(json!({"kind": "icims", "username": "api", "password": "pw"})).unwrap();
    let (page, sent) = play(settings(json!({})).list(&of_another_kind), |_| unreachable!());
    assert_eq!(
        (trouble_line(&page.unwrap_err()), sent.len()),
        (r#"ats_credentials "": the secret is of another kind"#.to_owned(), 0)
    );
}

#[test]
fn every_refusal_of_pageup_has_one_meaning() {
    let check = |outcome: HttpOutcome| {
        let view = of(OrderStatus::PendingCandidate);
        let (written, sent) =
            play(connector(json!({})).write(&subject(), &view, None, Entry::New), |_| outcome.clone());
        assert_eq!(sent.len(), 1, "{sent:?}");
        let (put, list) =
            (trouble_line(&written.unwrap_err()), trouble_line(&listed(json!({}), &outcome).unwrap_err()));
        assert!(!put.contains("Moss") && !list.contains("Moss"), "{put} | {list}");
        if put == list { put } else { format!("{put} | list: {list}") }
    };
    let refused = |status| {
        check(answer(status, r#"[{"message": "Ada Moss may not"}, {"field": "result.url", "message": "Moss"}]"#))
    };
    assert_snapshot!([400, 401, 403, 404, 408, 409, 422, 429, 500, 503, 302].map(refused).join("\n"), @r#"
    ats_option_missing "result.url": pageup: HTTP 400 field result.url
    ats_credentials "": pageup: HTTP 401 field result.url
    ats_permission "result.url": pageup: HTTP 403 field result.url
    ats_record_gone "": pageup: HTTP 404 field result.url | list: ats_permission "tenant": pageup: HTTP 404 field result.url
    later: pageup: HTTP 408 field result.url
    ats_option_missing "result.url": pageup: HTTP 409 field result.url
    ats_option_missing "result.url": pageup: HTTP 422 field result.url
    later after 7200s: pageup: HTTP 429 field result.url
    later: pageup: HTTP 500 field result.url
    later: pageup: HTTP 503 field result.url
    later: pageup: HTTP 302 field result.url
    "#);
    assert_snapshot!(check(answer(400, "<h1>Ada Moss</h1>")), @r#"ats_option_missing "": pageup: HTTP 400 field -"#);
    assert_snapshot!(check(answer(403, "")), @r#"ats_permission "": pageup: HTTP 403 field -"#);
    assert_snapshot!(check(Err(HttpFailure::Unclear("time-out"))), @"later: pageup: time-out");
    let not_sent = |why| check(Err(HttpFailure::NotSent(why)));
    let budget = NotSent::Budget(Duration::from_secs(7));
    assert_snapshot!([NotSent::Connect, NotSent::Deadline, budget, NotSent::ForeignHost].map(not_sent).join("\n"), @r#"
    later: pageup: no connection
    later: pageup: not enough time left to ask
    later after 7s: pageup: our call budget is spent
    provider_refused "host": pageup: the host is not on the allow-list
    "#);
    let tokens = [NoToken::Credentials, NoToken::Permission, NoToken::Unavailable];
    assert_snapshot!(tokens.map(|why| not_sent(NotSent::NoToken(why))).join("\n"), @r#"
    ats_credentials "": pageup: the token endpoint refuses the client
    ats_permission "scope": pageup: the scope is not granted
    later: pageup: no access token (Unavailable)
    "#);
}

fn grant(extra: Value) -> Grant {
    let mut grants = Vec::new();
    let _ = play(
        connector(extra.clone()).write(&subject(), &of(OrderStatus::PendingCandidate), None, Entry::New),
        |request| {
            grants.extend(request.grant.clone());
            answer(200, "")
        },
    );
    let _ = play(settings(extra).list(&AtsCredentials::Pageup(credentials())), |request| {
        grants.extend(request.grant.clone());
        answer(204, "")
    });
    let told = |grant: &Grant| (grant.request.url.clone(), grant.request.body.clone());
    assert_eq!(told(&grants[0]), told(&grants[1]));
    *grants.remove(0)
}

fn token(status: u16, body: &str) -> String {
    let response = HttpResponse { status, headers: Vec::new(), body: body.into() };
    match (grant(json!({})).read)(&response) {
        Ok(AccessToken { token, lives }) => format!("{} for {lives:?}", token.expose()),
        Err(why) => format!("{why:?}"),
    }
}

#[test]
fn a_token_lives_half_a_minute_less_than_pageup_says() {
    assert_snapshot!(token(200, r#"{"access_token": "t1", "expires_in": 300, "token_type": "Bearer", "scope": "x"}"#), @"t1 for 270s");
    assert_snapshot!(token(200, r#"{"access_token": "t1", "expires_in": 3600}"#), @"t1 for 3570s");
    assert_snapshot!(token(200, r#"{"access_token": "t1"}"#), @"t1 for 270s");
    assert_snapshot!(token(200, r#"{"access_token": "t1", "expires_in": null}"#), @"t1 for 270s");
    assert_snapshot!(token(200, r#"{"access_token": "t1", "expires_in": 10}"#), @"t1 for 0ns");
}

#[test]
fn without_a_token_it_is_known_who_can_help() {
    let error =
        |status, error: &str| token(status, &json!({"error": error, "error_description": "Ada Moss"}).to_string());
    assert_snapshot!(error(400, "invalid_client"), @"Credentials");
    assert_snapshot!(error(401, "invalid_client"), @"Credentials");
    assert_snapshot!(error(400, "unauthorized_client"), @"Credentials");
    assert_snapshot!(error(400, "invalid_scope"), @"Permission");
    assert_snapshot!(error(403, "access_denied"), @"Permission");
    assert_snapshot!(token(403, "<h1>Forbidden</h1>"), @"Permission");
    assert_snapshot!(token(401, ""), @"Credentials");
    let unavailable =
        [(500, "{}"), (503, ""), (429, "{}"), (404, ""), (302, ""), (200, "<h1>Sign in</h1>"), (200, "{}"), (204, "")];
    for (status, body) in unavailable {
        assert_eq!(token(status, body), "Unavailable", "{status} {body}");
    }
}

#[test]
fn a_token_is_asked_for_as_the_client_and_with_the_scope_that_is_set() {
    let asked = |extra: Value| {
        let Grant { request, .. } = grant(extra);
        let [(name, kind)] = request.headers.as_slice() else { panic!("{:?}", request.headers) };
        assert_eq!((*name, kind.expose().as_str()), ("content-type", "application/x-www-form-urlencoded"));
        assert!(!format!("{request:?}").contains("cret"));
        let form = String::from_utf8(request.body.unwrap().expose().clone()).unwrap();
        format!("{} {form}", request.method)
    };
    assert_snapshot!(asked(json!({})), @"POST grant_type=client_credentials&client_id=client&client_secret=s+e%26cret&scope=Public.BackgroundCheck.Read+Public.BackgroundCheck.Write");
    assert_snapshot!(asked(json!({"scope": " Compliance.Read  "})), @"POST grant_type=client_credentials&client_id=client&client_secret=s+e%26cret&scope=Compliance.Read");
    assert_snapshot!(asked(json!({"scope": ""})), @"POST grant_type=client_credentials&client_id=client&client_secret=s+e%26cret");
    assert_snapshot!(asked(json!({"scope": " "})), @"POST grant_type=client_credentials&client_id=client&client_secret=s+e%26cret");
}

#[test]
fn every_environment_and_data_centre_has_its_addresses() {
    let check = |extra: Value| {
        let settings = settings(extra);
        assert_eq!(settings.problems(&credentials()), []);
        let urls = [settings.token_url(), settings.url(&["1", "statuses"])];
        assert!(urls.iter().all(|url| (SYSTEM.allows)(Region::Ca, url.host_str().unwrap())), "{urls:?}");
        urls.map(String::from).join(" ")
    };
    assert_snapshot!(check(json!({})), @"https://login.dc2.pageuppeople.com/connect/token https://api.dc2.pageuppeople.com/v3/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"data_centre": "dc5"})), @"https://login.dc5.pageuppeople.com/connect/token https://api.dc5.pageuppeople.com/v3/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"environment": "uat", "data_centre": "dc10"})), @"https://loginuat.dc10.pageuppeople.com/connect/token https://apiuat.dc10.pageuppeople.com/v3/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"token_url": "https://acme.login.pageuppeople.com/connect/token"})), @"https://acme.login.pageuppeople.com/connect/token https://api.dc2.pageuppeople.com/v3/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"api_base": "https://apiuat.dc0.pageuppeople.com/v4/tenants/6784/"})), @"https://login.dc2.pageuppeople.com/connect/token https://apiuat.dc0.pageuppeople.com/v4/tenants/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"api_base": "https://api.dc3.pageuppeople.com"})), @"https://login.dc2.pageuppeople.com/connect/token https://api.dc3.pageuppeople.com/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"background_check_path": "background-checks"})), @"https://login.dc2.pageuppeople.com/connect/token https://api.dc2.pageuppeople.com/v3/6784/background-checks/1/statuses");
}

#[test]
fn a_field_that_pageup_names_is_quoted_in_a_cause() {
    let field = format!("Ada Moss <ada@example.com> said\n{}", "x".repeat(5000));
    let page = listed(json!({}), &answer(400, &json!([{"field": field}]).to_string()));
    let cause = page.unwrap_err().cause().to_string();
    assert!(cause.chars().count() < 100 && !cause.contains('\n'), "{} characters", cause.chars().count());
}

#[test]
fn a_tokens_life_may_be_a_text_and_an_empty_token_is_none() {
    assert_eq!(token(200, r#"{"access_token": "t1", "expires_in": "3600"}"#), "t1 for 3570s");
    assert_eq!(token(200, r#"{"access_token": "t1", "expires_in": 3600.0}"#), "t1 for 3570s");
    assert_eq!(token(200, r#"{"access_token": "", "expires_in": 3600}"#), "Unavailable");
}
