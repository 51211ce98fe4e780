//! What is told of a connection.

use super::*;
use crate::ats::look::tests::{only_red, shown};
use crate::reason::Owner;

fn examined(extra: Value, outcome: &HttpOutcome) -> Vec<Line> {
    let (lines, sent) = play(connector(extra).examine(Some(&subject())), |request| {
        assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/connect/token"));
        outcome.clone()
    });
    assert!(sent.len() <= 1, "{sent:?}");
    let told = format!("{lines:?}");
    assert!(!["s e&cret", "token-1", "Moss"].iter().any(|private| told.contains(private)), "{told}");
    lines
}

fn token(scope: Option<&str>) -> HttpOutcome {
    answer(200, &json!({"access_token": "token-1", "expires_in": 300, "scope": scope}).to_string())
}

#[test]
fn a_healthy_connection_has_no_red_line_and_its_list_is_left_alone() {
    assert_snapshot!(shown(&examined(json!({}), &token(None))), @r#"
    + data_centre (hub operator): tokens from login.dc2.pageuppeople.com, calls to api.dc2.pageuppeople.com
    + reachable (hub operator): login.dc2.pageuppeople.com answers
    + credentials (ATS administrator): login.dc2.pageuppeople.com takes the client id and secret
    + scope (ATS administrator): granted as asked for: Public.BackgroundCheck.Read, Public.BackgroundCheck.Write
    ? tenant (hub operator): not asked, as reading the list may take invitations off it: that tenant 6784 and the path are right is assumed until the poller's next look
    ? statuses (hub operator): not asked: which status words PageUp takes is only learned by writing one
    "#);
    let all = "Public.BackgroundCheck.Write Public.BackgroundCheck.Read Other";
    let scope = |lines: &[Line]| shown(lines).lines().find(|row| row.contains(" scope ")).unwrap().to_owned();
    assert_snapshot!(scope(&examined(json!({}), &token(Some(all)))), @"+ scope (ATS administrator): 3 granted");
    assert_snapshot!(scope(&examined(json!({"scope": ""}), &token(Some(all)))), @"+ scope (ATS administrator): 3 granted");
    assert_snapshot!(scope(&examined(json!({"scope": ""}), &token(None))), @"? scope (ATS administrator): no scope is set, and PageUp does not say which ones it grants");
}

#[test]
fn each_answer_of_the_token_endpoint_has_its_line() {
    let red = |outcome: HttpOutcome| {
        let (item, owner, sentence) = only_red(&examined(json!({}), &outcome));
        format!("{item} ({}): {sentence}", owner.name())
    };
    let refused = |error: &str| answer(400, &json!({"error": error, "error_description": "Ada Moss"}).to_string());
    assert_snapshot!(red(refused("invalid_client")), @"credentials (ATS administrator): PageUp does not accept the client id and client secret of the integration at login.dc2.pageuppeople.com. Please ask PageUp Professional Services for the client id and client secret of this customer, and for which data centre and environment they are, and give all four to the operator of the integration.");
    assert_snapshot!(red(refused("invalid_scope")), @"scope (ATS administrator): PageUp accepts the integration's client id but does not grant it the scopes Public.BackgroundCheck.Read, Public.BackgroundCheck.Write. Please ask PageUp Professional Services to grant this client the background check scopes for reading and for writing, or to say what they are called.");
    assert_snapshot!(red(token(Some("Public.BackgroundCheck.Read"))), @"scope (ATS administrator): PageUp accepts the integration's client id but does not grant it the scopes Public.BackgroundCheck.Write. Please ask PageUp Professional Services to grant this client the background check scopes for reading and for writing, or to say what they are called.");
    assert_snapshot!(red(answer(404, "Ada Moss")), @"reachable (hub operator): What answers at login.dc2.pageuppeople.com is not PageUp's token endpoint. Please compare data_centre, environment and token_url of the connection with what PageUp gave for the client id.");
    assert_snapshot!(red(answer(503, "Ada Moss")), @"reachable (hub operator): PageUp gives the integration no usable answer just now (pageup: HTTP 503). Nothing has to be changed in PageUp: please run the check again in a few minutes, and if it stays so, look at PageUp's status page and at the host in the connection's settings.");
    let item = |outcome: HttpOutcome| only_red(&examined(json!({}), &outcome)).0;
    assert_eq!(item(answer(200, "<h1>Sign in</h1>")), "reachable");
    assert_eq!(item(answer(429, "")), "reachable");
    assert_eq!(item(Err(HttpFailure::Unclear("time-out"))), "reachable");
}

#[test]
fn hosts_of_two_data_centres_or_environments_are_told_without_a_call() {
    let asks = |extra: Value| {
        let (lines, sent) = play(connector(extra).examine(None), |_| token(None));
        (lines, sent.len())
    };
    let check = |extra: Value| {
        let (lines, sent) = asks(extra);
        assert_eq!((only_red(&lines).0, only_red(&lines).1, sent), ("data_centre", Owner::HubOperator, 0));
    };
    check(json!({"token_url": "https://login.dc3.pageuppeople.com/connect/token"}));
    check(json!({"token_url": "https://loginuat.dc2.pageuppeople.com/connect/token"}));
    check(json!({"api_base": "https://apiuat.dc2.pageuppeople.com/v3/6784"}));
    check(json!({"environment": "uat", "token_url": "https://acme.login.pageuppeople.com/connect/token"}));
    for good in [
        json!({"token_url": "https://acme.login.pageuppeople.com/connect/token"}),
        json!({"environment": "uat", "token_url": "https://acme.loginuat.pageuppeople.com/connect/token"}),
        json!({"environment": "uat", "data_centre": "dc10"}),
    ] {
        let (lines, sent) = asks(good);
        assert!(sent == 1 && lines.iter().all(|line| line.sentence.is_none()), "{}", shown(&lines));
    }
}
