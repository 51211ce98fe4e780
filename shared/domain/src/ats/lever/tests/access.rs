//! Granted access, and what is arranged with it.

use super::*;

const REDIRECT: &str = "https://hub.example/lever/callback?a=b";

fn redirect() -> Url {
    REDIRECT.parse().unwrap()
}

fn lever(credentials: Credentials) -> AtsCredentials {
    AtsCredentials::Lever(credentials)
}

fn of_another_kind() -> AtsCredentials {
    serde_json::from_value(json!({"kind": "icims", "username": "api", "password": "pw"})).unwrap()
}

#[test]
fn the_consent_page_asks_for_the_api_by_its_audience() {
    let page = |extra: Value| {
        let page = settings(extra).consent_page(&lever(credentials()), &redirect(), &Secret::from("c.n.s")).unwrap();
        page.as_str().replace('&', "\n&")
    };
    assert_snapshot!(page(json!({})), @"
    https://auth.lever.co/authorize?client_id=client
    &redirect_uri=https%3A%2F%2Fhub.example%2Flever%2Fcallback%3Fa%3Db
    &response_type=code
    &state=c.n.s
    &audience=https%3A%2F%2Fapi.lever.co%2Fv1%2F
    &scope=offline_access+opportunities%3Awrite%3Aadmin+applications%3Aread%3Aadmin+notes%3Awrite%3Aadmin+postings%3Aread%3Aadmin+stages%3Aread%3Aadmin+tags%3Aread%3Aadmin+users%3Aread%3Aadmin+webhooks%3Awrite%3Aadmin
    &prompt=consent
    ");
    assert_snapshot!(page(json!({"environment": "sandbox", "scopes": ["offline_access"]})), @"
    https://sandbox-lever.auth0.com/authorize?client_id=client
    &redirect_uri=https%3A%2F%2Fhub.example%2Flever%2Fcallback%3Fa%3Db
    &response_type=code
    &state=c.n.s
    &audience=https%3A%2F%2Fapi.sandbox.lever.co%2Fv1%2F
    &scope=offline_access
    &prompt=consent
    ");
    assert_eq!(settings(json!({})).consent_page(&of_another_kind(), &redirect(), &Secret::from("s")), None);
}

/// The request of a talk for tokens, and what it came to.
fn asked(talk: Talk<Result<Tokens, NoTokens>>, outcome: HttpOutcome) -> (String, Result<Tokens, NoTokens>) {
    let mut sent = String::new();
    let (tokens, _) = play(talk, |request| {
        let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.expose().as_str())).collect();
        assert_eq!(headers, [("content-type", "application/x-www-form-urlencoded")]);
        assert_eq!((request.system.name, request.system.limit, request.sending), ("lever", None, Sending::Once));
        assert!((request.system.allows)(Region::Ca, request.url.host_str().unwrap()) && sent.is_empty());
        sent = format!("{} {}", request.url, String::from_utf8_lossy(request.body.as_ref().unwrap().expose()));
        outcome.clone()
    });
    (sent, tokens)
}

fn exchanged(extra: Value, outcome: HttpOutcome) -> (String, Result<Tokens, NoTokens>) {
    asked(settings(extra).exchange(&lever(credentials()), &Secret::from("c+1"), &redirect(), start()), outcome)
}

fn refreshed(outcome: HttpOutcome) -> (String, Result<Tokens, NoTokens>) {
    asked(settings(json!({})).refresh(&lever(credentials()), &granted().tokens, start()), outcome)
}

#[test]
fn tokens_are_asked_for_with_a_form_and_once() {
    assert_snapshot!(exchanged(json!({}), answer(500, "")).0, @"https://auth.lever.co/oauth/token grant_type=authorization_code&client_id=client&client_secret=s+e%26cret&code=c%2B1&redirect_uri=https%3A%2F%2Fhub.example%2Flever%2Fcallback%3Fa%3Db");
    assert_snapshot!(exchanged(json!({"environment": "sandbox"}), answer(500, "")).0, @"https://sandbox-lever.auth0.com/oauth/token grant_type=authorization_code&client_id=client&client_secret=s+e%26cret&code=c%2B1&redirect_uri=https%3A%2F%2Fhub.example%2Flever%2Fcallback%3Fa%3Db");
    assert_snapshot!(refreshed(answer(500, "")).0, @"https://auth.lever.co/oauth/token grant_type=refresh_token&client_id=client&client_secret=s+e%26cret&refresh_token=refresh-1");
    let other = settings(json!({})).refresh(&of_another_kind(), &granted().tokens, start());
    assert!(matches!(other, Talk::Done(Err(NoTokens::Client))));
}

#[test]
fn a_pair_of_tokens_is_read_with_its_life() {
    let check = |body: &Value| {
        let shown = |tokens: Result<Tokens, NoTokens>| match tokens {
            Err(why) => format!("{why:?}"),
            Ok(tokens) => {
                let Tokens { access, refresh, expires_at, refreshed_at } = &tokens;
                assert_eq!(format!("{access:?} {refresh:?} {refreshed_at}"), format!("*** *** {}", start()));
                let lives = start().duration_until(*expires_at).as_secs();
                format!("{} {} {lives}", access.expose(), refresh.expose())
            }
        };
        let (exchanged, refreshed) =
            (shown(exchanged(json!({}), json_answer(200, body)).1), shown(refreshed(json_answer(200, body)).1));
        if exchanged == refreshed { exchanged } else { format!("{exchanged}, refreshed {refreshed}") }
    };
    let full = json!({"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 3600});
    let with = |name: &str, value: Value| {
        let mut body = full.clone();
        body[name] = value;
        check(&body)
    };
    assert_snapshot!(check(&full), @"a r 3600");
    assert_snapshot!(with("expires_in", json!(60)), @"a r 60");
    assert_snapshot!(with("expires_in", json!("60")), @"a r 60");
    assert_snapshot!(with("expires_in", Value::Null), @"a r 3600");
    assert_snapshot!(with("expires_in", json!("soon")), @"a r 3600");
    assert_snapshot!(with("expires_in", json!(-1)), @"a r 0");
    assert_snapshot!(with("expires_in", json!(i64::MAX)), @"a r 31536000");
    assert_snapshot!(with("refresh_token", Value::Null), @"Client, refreshed a refresh-1 3600");
    assert_snapshot!(with("refresh_token", json!(" ")), @"Client, refreshed a refresh-1 3600");
    assert_snapshot!(with("access_token", json!("")), @"Unavailable");
    assert_snapshot!(with("access_token", Value::Null), @"Unavailable");
    assert_snapshot!(check(&json!([])), @"Unavailable");
}

#[test]
fn why_there_are_no_tokens_is_told_apart() {
    let check = |status: u16, body: &str| {
        let (exchanged, refreshed) = (exchanged(json!({}), answer(status, body)).1, refreshed(answer(status, body)).1);
        assert_eq!(exchanged, refreshed);
        exchanged.unwrap_err()
    };
    let error = |error: &str| json!({"error": error, "error_description": "x"}).to_string();
    for status in [400, 401, 403] {
        assert_eq!(check(status, &error("invalid_grant")), NoTokens::Revoked);
        assert_eq!(check(status, &error("access_denied")), NoTokens::Client);
        assert_eq!(check(status, &error("invalid_client")), NoTokens::Client);
    }
    assert_eq!(check(401, "Unauthorized"), NoTokens::Client);
    for (status, body) in [
        (400, error("invalid_request")),
        (403, "<h1>Forbidden</h1>".to_owned()),
        (404, error("invalid_grant")),
        (429, String::new()),
        (500, error("invalid_grant")),
        (503, error("access_denied")),
        (301, error("invalid_grant")),
        (200, "<h1>".to_owned()),
    ] {
        assert_eq!(check(status, &body), NoTokens::Unavailable, "{status} {body}");
    }
    for failure in [HttpFailure::Unclear("time-out"), HttpFailure::NotSent(NotSent::Connect)] {
        assert_eq!(refreshed(Err(failure.clone())).1, Err(NoTokens::Unavailable));
        assert_eq!(exchanged(json!({}), Err(failure)).1, Err(NoTokens::Unavailable));
    }
}

#[test]
fn the_trigger_stages_are_found_by_id_or_name_on_every_page() {
    let first = json!({"data": [
        {"id": "lead-new", "text": "New lead"}, {"id": "7c26", "text": " certn background check"}, {"text": "no id"}, 7,
    ], "next": "n", "hasNext": true});
    let second = json!({"data": [{"id": "offer", "text": "Offer"}, {"id": "8d", "text": "Certn Background Check"}]});
    let check = |stage: &str| {
        let talk = settings(json!({"trigger_stage": stage})).trigger_stages(&granted());
        let (stages, sent) = lines(talk, |line| match line {
            "GET stages?limit=100" => json_answer(200, &first),
            "GET stages?limit=100&offset=n" => json_answer(200, &second),
            _ => panic!("{line}"),
        });
        assert_eq!(sent.len(), 2);
        stages.unwrap().iter().map(AtsId::as_str).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(check("Certn Background Check"), "7c26, 8d");
    assert_eq!(check("offer"), "offer");
    assert_eq!(check("lead-new"), "lead-new");
    assert_eq!(check("Another"), "");
    let refused = |status: u16| {
        let (stages, _) = lines(settings(json!({})).trigger_stages(&granted()), |_| answer(status, ""));
        trouble_line(&stages.unwrap_err())
    };
    assert_snapshot!([401, 403, 404, 429].map(refused).join("\n"), @r#"
    ats_credentials "": lever: stages: HTTP 401 code -
    ats_permission "stages": lever: stages: HTTP 403 code -
    ats_permission "stages": lever: stages: HTTP 404 code -
    later: lever: stages: HTTP 429 code -
    "#);
}

fn address() -> Url {
    "https://hub.example/ca/lever/c/t".parse().unwrap()
}

fn known() -> HttpOutcome {
    json_answer(
        200,
        &json!({"data": [
            {"id": "h1", "event": "candidateStageChange", "url": address(), "configuration": {"conditions": {}}},
            {"id": "h2", "event": "candidateStageChange", "url": "https://hub.example/ca/lever/c/another"},
            {"id": "h3", "event": "candidateHired", "url": address()}, {"id": "h4"}, 7,
        ]}),
    )
}

fn made(created: &HttpOutcome, deleted: u16) -> String {
    let talk = settings(json!({})).make_hook(&granted(), &address());
    let (key, sent) = lines(talk, |line| match line {
        "GET webhooks" => known(),
        line if line.starts_with("DELETE webhooks/") => answer(deleted, ""),
        line if line.starts_with("POST webhooks ") => created.clone(),
        _ => panic!("{line}"),
    });
    assert!(!format!("{key:?}").contains("5e17"));
    let key = key.map_or_else(|trouble| trouble_line(&trouble), |key| format!("{} {}", key.id, key.token.expose()));
    format!("{}\n{key}", sent.join("\n"))
}

#[test]
fn a_webhook_is_made_in_place_of_those_for_the_same_address() {
    let hook = json!({"id": "h9", "url": address(), "configuration": {"conditions": {}, "signatureToken": "5e17"}});
    let once = json!({"data": hook});
    assert_snapshot!(made(&json_answer(201, &once), 204), @r#"
    GET webhooks
    DELETE webhooks/h1
    DELETE webhooks/h3
    POST webhooks {"configuration":{"conditions":{"origins":["applied","sourced","referred","university","agency","internal"]}},"event":"candidateStageChange","url":"https://hub.example/ca/lever/c/t"}
    h9 5e17
    "#);
    let last = |created: HttpOutcome, deleted: u16| {
        let lines = made(&created, deleted);
        let kinds: Vec<&str> = lines.lines().map(|line| line.split(" {").next().unwrap()).collect();
        kinds[1..].join(", ")
    };
    assert_snapshot!(last(json_answer(201, &json!({"data": once})), 404), @"DELETE webhooks/h1, DELETE webhooks/h3, POST webhooks, h9 5e17");
    for configuration in [json!({"conditions": {}}), json!({"signatureToken": " "}), Value::Null] {
        let without = json!({"data": {"id": "h9", "configuration": configuration}});
        assert_eq!(
            last(json_answer(201, &without), 204),
            "DELETE webhooks/h1, DELETE webhooks/h3, POST webhooks, DELETE webhooks/h9, later: lever: the new webhook came without its key"
        );
    }
    assert_snapshot!(last(json_answer(201, &json!({})), 204), @"DELETE webhooks/h1, DELETE webhooks/h3, POST webhooks, later: lever: an answer that is not the expected JSON");
    assert_snapshot!(last(answer(403, ""), 204), @r#"DELETE webhooks/h1, DELETE webhooks/h3, POST webhooks, ats_permission "webhooks": lever: webhooks: HTTP 403 code -"#);
    assert_snapshot!(last(answer(201, ""), 500), @"DELETE webhooks/h1, DELETE webhooks/h3, later: lever: webhooks: HTTP 500 code -");
}

#[test]
fn every_webhook_for_an_address_is_deleted() {
    let check = |listed: &HttpOutcome, deleted: u16| {
        let (done, sent) = lines(settings(json!({})).delete_hooks(&granted(), &address()), |line| {
            if line == "GET webhooks" { listed.clone() } else { answer(deleted, "") }
        });
        format!("{} | {}", sent.join(", "), done.map_or_else(|trouble| trouble_line(&trouble), |()| "done".to_owned()))
    };
    assert_snapshot!(check(&known(), 204), @"GET webhooks, DELETE webhooks/h1, DELETE webhooks/h3 | done");
    assert_snapshot!(check(&known(), 404), @"GET webhooks, DELETE webhooks/h1, DELETE webhooks/h3 | done");
    assert_snapshot!(check(&known(), 401), @r#"GET webhooks, DELETE webhooks/h1, DELETE webhooks/h3 | ats_credentials "": lever: webhooks: HTTP 401 code -"#);
    assert_snapshot!(check(&answer(200, r#"{"data": []}"#), 204), @"GET webhooks | done");
    assert_snapshot!(check(&answer(404, ""), 204), @r#"GET webhooks | ats_permission "webhooks": lever: webhooks: HTTP 404 code -"#);
}

#[test]
fn lost_triggers_are_looked_for_stage_by_stage() {
    let of = |id: &str, stage: Value| json!({"id": id, "name": "Ada Moss", "stage": stage});
    let pages = [
        (
            "7c26&",
            json!({"data": [of("a1", json!("7c26")), of("a2", json!({"id": "7c26", "text": "x"})), 7], "next": "n"}),
        ),
        ("offset=n", json!({"data": [of("a3", Value::Null), of("a4", json!("offer"))], "hasNext": false, "next": "m"})),
        ("8d&", json!({"data": [of("b1", json!("8d"))]})),
    ];
    let stages = [id("8d"), id("7c26")];
    let talk = settings(json!({})).entered_since(&granted(), &stages, start());
    let (subjects, sent) = lines(talk, |line| {
        let page = pages
            .iter()
            .rev()
            .find(|(part, _)| line.contains(part) && (*part == "offset=n" || !line.contains("offset")));
        json_answer(200, &page.unwrap().1)
    });
    let shown = |subject: &Subject| {
        assert_eq!((&subject.request, &subject.requester), (&None, &None));
        format!("{} at {}", subject.application, subject.status)
    };
    assert_snapshot!(subjects.unwrap().iter().map(shown).collect::<Vec<_>>().join(", "), @"a1 at 7c26, a2 at 7c26, a3 at 7c26, b1 at 8d");
    assert_snapshot!(sent.join("\n"), @"
    GET opportunities?stage_id=7c26&advanced_at_start=1793527200000&archived=false&include=id&include=stage&limit=100
    GET opportunities?stage_id=7c26&advanced_at_start=1793527200000&archived=false&include=id&include=stage&limit=100&offset=n
    GET opportunities?stage_id=8d&advanced_at_start=1793527200000&archived=false&include=id&include=stage&limit=100
    ");
    let (none, sent) = lines(settings(json!({})).entered_since(&granted(), &[], start()), |_| unreachable!());
    assert_eq!((none, sent.len()), (Ok(Vec::new()), 0));
    let (refused, _) = lines(settings(json!({})).entered_since(&granted(), &stages, start()), |_| answer(403, ""));
    assert_snapshot!(trouble_line(&refused.unwrap_err()), @r#"ats_permission "opportunities": lever: opportunities: HTTP 403 code -"#);
}

#[test]
fn the_admin_is_told_what_only_they_can_do() {
    let next = settings(json!({})).next_steps();
    let after = next.after.join("\n");
    assert!(next.stage.contains(r#""Certn Background Check""#), "{next:?}");
    assert!(after.contains("Candidate Stage Change") && after.contains("Certn Package: "), "{next:?}");
}

#[test]
fn neither_the_connector_nor_its_secrets_print_a_token() {
    let printed = format!("{:?} {:?} {:?}", connector(json!({})), credentials(), granted());
    for secret in ["jwt", "refresh-1", "s e&cret", "lever-test-signature-token"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
