use super::*;

#[tokio::test]
async fn a_code_becomes_tokens_that_rotate() {
    let mut hub = Hub::new().await;
    let first = hub.refresh.clone();
    assert!(MARKERS.iter().any(|marker| first.contains(marker)) && hub.access.split('.').count() == 3);
    assert_eq!(hub.get("stages").await.status, 200);
    hub.wait(3600);
    let expired = hub.get("stages").await;
    assert_eq!((expired.status, &expired.body["code"]), (401, &json!("UnauthorizedError")));
    let answer = hub.refreshed(&first).await;
    assert_eq!((answer.status, &answer.body["expires_in"]), (200, &json!(3600)));
    hub.keep(&answer);
    assert_eq!(hub.get("stages").await.status, 200);
    for dead in [first, hub.refresh.clone()] {
        let answer = hub.refreshed(&dead).await;
        assert_eq!((answer.status, &answer.body["error"]), (403, &json!("invalid_grant")));
        assert_eq!(answer.body["error_description"], "Unknown or invalid refresh token.");
    }
    assert_eq!((hub.lever.refreshes("acme"), hub.lever.refresh_reuses("acme")), (1, 1));
    hub.authorize(&SCOPES).await;
    assert_eq!(hub.refreshed(&hub.refresh).await.status, 200);
    hub.assert_violations(0);
}

#[tokio::test]
async fn revoking_ends_everything_but_the_webhooks() {
    let mut hub = Hub::new().await;
    let webhook = json!({ "url": "https://hub.example/w", "event": "candidateStageChange" });
    assert_eq!(hub.post("webhooks", webhook).await.status, 201);
    hub.lever.revoke("acme");
    assert_eq!((hub.get("stages").await.status, hub.refreshed(&hub.refresh).await.status), (401, 403));
    hub.authorize(&SCOPES).await;
    assert_eq!(hub.get("webhooks").await.body["data"].as_array().unwrap().len(), 1);
    let options = Options { revocation_ends_access: false, lists_own_consent_only: true, ..Options::default() };
    hub.lever.set_options("acme", options);
    hub.lever.revoke("acme");
    assert_eq!((hub.get("stages").await.status, hub.refreshed(&hub.refresh).await.status), (200, 403));
    hub.authorize(&SCOPES).await;
    assert_eq!(hub.get("webhooks").await.body, json!({ "data": [] }));
    hub.lever.end_access_tokens("acme");
    assert_eq!((hub.get("stages").await.status, hub.refreshed(&hub.refresh).await.status), (401, 200));
    hub.assert_violations(0);
}

#[tokio::test]
async fn consent_needs_a_super_admin_and_a_right_authorization() {
    let hub = Hub::new().await;
    let url = hub.authorize_url(&SCOPES, &[]);
    assert!(hub.lever.consent_as("acme", &url, RECRUITER).is_err() && hub.lever.consent("other", &url).is_err());
    let refused = hub.lever.refuse_consent(&url).unwrap();
    assert!(refused.starts_with(&format!("{CALLBACK}?error=access_denied&")) && refused.ends_with("state=s%2F1"));
    for (change, shown) in
        [(("redirect_uri", "https://hub.example/callback/"), "undefined"), (("client_id", "nobody"), "Unknown client")]
    {
        assert_eq!(hub.lever.consent("acme", &hub.authorize_url(&SCOPES, &[change])), Err(shown.to_owned()));
    }
    let sandbox = url.replace("auth.lever.co", "sandbox-lever.auth0.com");
    assert_eq!(hub.lever.consent("acme", &sandbox), Err("Unknown client".to_owned()));
    let redirect = hub.lever.consent_as("acme", &url, SUPER_ADMIN).unwrap();
    assert_eq!(hub.exchange(&code(&redirect), "https://hub.example").await.status, 403);
    assert_eq!(hub.exchange(&code(&redirect), CALLBACK).await.status, 403);
    hub.assert_violations(0);
    let more = hub.authorize_url(&["files:write:admin"], &[("state", "")]);
    assert!(hub.lever.consent("acme", &more).is_ok());
    hub.assert_violations(2);
}

#[tokio::test]
async fn an_audience_without_its_slash_grants_offline_access_alone() {
    let mut hub = Hub::new().await;
    let url = hub.authorize_url(&SCOPES, &[("audience", "https://api.lever.co/v1")]);
    let answer = hub.exchange(&code(&hub.lever.consent("acme", &url).unwrap()), CALLBACK).await;
    assert_eq!((answer.status, &answer.body["scope"]), (200, &json!("offline_access")));
    hub.keep(&answer);
    assert_eq!(hub.get("stages").await.status, 401);
    hub.authorize(&["stages:read:admin"]).await;
    assert!(hub.refresh.is_empty());
    let missing = hub.get("webhooks").await;
    assert_eq!((hub.get("stages").await.status, missing.status), (200, 403));
    hub.lever.set_secret("client", "another secret");
    let wrong = hub.refreshed("any").await;
    let body = json!({ "error": "access_denied", "error_description": "Unauthorized" });
    assert_eq!((wrong.status, wrong.body), (401, body));
    hub.assert_violations(0);
}

#[tokio::test]
async fn a_browser_accepts_on_the_page() {
    let hub = Hub::new().await;
    let path = hub.authorize_url(&SCOPES, &[]).replace("https://auth.lever.co", &hub.lever.url());
    let page = hub.http.get(path).send().await.unwrap().text().await.unwrap();
    let links: Vec<String> =
        page.split('"').filter(|part| part.starts_with("/authorize/")).map(str::to_owned).collect();
    assert_eq!(links.len(), 2, "{page}");
    for (link, field) in links.iter().zip(["?code=", "?error=access_denied"]) {
        let link = format!("{}{}", hub.lever.url(), link.replace("&amp;", "&"));
        let answer = hub.http.get(link).send().await.unwrap();
        let location = answer.headers()[header::LOCATION].to_str().unwrap();
        assert!(location.starts_with(&format!("{CALLBACK}{field}")), "{location}");
    }
    hub.assert_violations(0);
}

#[tokio::test]
async fn a_token_opens_the_hosts_of_its_account() {
    let mut hub = Hub::new().await;
    hub.host = "api.sandbox.lever.co";
    let foreign = hub.get("stages").await;
    assert_eq!(foreign.body["message"], "Unable to find a signing key that matches");
    assert_eq!(foreign.status, 403);
    hub.lever.set_options("acme", Options { moved_to: Some("api-eu.lever.co".to_owned()), ..Options::default() });
    hub.host = "api.lever.co";
    let moved = hub.get("stages?limit=1").await;
    assert_eq!(moved.status, 301);
    assert_eq!(moved.headers[header::LOCATION], "https://api-eu.lever.co/v1/stages?limit=1");
    hub.host = "api-eu.lever.co";
    assert_eq!(hub.get("stages").await.status, 200);
    hub.assert_violations(0);
    hub.lever
        .set_options("acme", Options { moved_to: Some("api.lever.co.evil.example".to_owned()), ..Options::default() });
    hub.host = "api.lever.co.evil.example";
    assert_eq!(hub.get("stages").await.status, 200);
    hub.assert_violations(1);
}
