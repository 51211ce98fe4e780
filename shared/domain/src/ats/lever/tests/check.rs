//! What is told of a connection.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::ats::look::tests::{only_red, shown};
use crate::reason::Owner;

const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

fn page(entries: Value) -> HttpOutcome {
    json_answer(200, &json!({"data": entries}))
}

fn not_found() -> HttpOutcome {
    json_answer(404, &json!({"code": "ResourceNotFound", "message": "Ada Moss was not found"}))
}

fn forbidden() -> HttpOutcome {
    json_answer(403, &json!({"code": "ForbiddenError", "message": "The token of Ada Moss lacks a scope"}))
}

/// What Lever answers to an access that may do all that we need.
fn healthy(request: &str) -> HttpOutcome {
    if request.starts_with("GET opportunities?") {
        return page(json!([]));
    }
    match request {
        "GET stages?limit=100" => {
            page(json!([{"id": "lead-new", "text": "New"}, {"id": STAGE, "text": "Certn background check "}]))
        }
        "GET webhooks" => page(json!([
            {"id": "h0", "url": "https://other.example", "event": "candidateHired"},
            {"id": "h1", "url": "https://hub.example", "event": "candidateStageChange", "configuration": {}},
        ])),
        "GET opportunities/9a2f?expand=applications&expand=stage" => json_answer(
            200,
            &json!({"data": {
                "id": "9a2f", "name": "Ada Moss", "emails": ["ada@example.com"], "stage": {"id": STAGE, "text": "x"},
                "stageChanges": [{"toStageId": STAGE, "userId": "u1", "updatedAt": 5}],
                "applications": [{"id": "a1", "posting": "p1"}],
            }}),
        ),
        "GET postings/p1" => json_answer(200, &json!({"data": {"id": "p1", "tags": ["Certn Package: Ada"]}})),
        "GET users/u1" => json_answer(200, &json!({"data": {"id": "u1", "email": "rae@client.example"}})),
        _ if request.contains(NOTHING) => not_found(),
        _ => panic!("asked for {request}"),
    }
}

fn examined(
    connector: &Connector,
    sample: bool,
    special: &dyn Fn(&str) -> Option<HttpOutcome>,
) -> (Vec<Line>, Vec<String>) {
    let subject = sample.then(subject);
    let mut sent = Vec::new();
    let (lines, _) = play(connector.examine(subject.as_ref()), |request| {
        sent.push(line(request));
        special(sent.last().unwrap()).unwrap_or_else(|| healthy(sent.last().unwrap()))
    });
    assert!(sent.iter().all(|request| request.starts_with("GET ")), "{sent:?}");
    let told = format!("{lines:?}");
    assert!(!["Ada", "Moss", "ada@", "rae@", "jwt", "s e&cret"].iter().any(|private| told.contains(private)), "{told}");
    (lines, sent)
}

fn lines(sample: bool, special: &dyn Fn(&str) -> Option<HttpOutcome>) -> Vec<Line> {
    examined(&connector(json!({})), sample, special).0
}

fn at(place: &'static str, outcome: HttpOutcome) -> impl Fn(&str) -> Option<HttpOutcome> {
    move |request| request.starts_with(place).then(|| outcome.clone())
}

/// A connector whose token says that it has these scopes.
fn claiming(extra: Value, scope: &str) -> Connector {
    let claims = URL_SAFE_NO_PAD.encode(json!({"scope": scope}).to_string());
    let access = granted();
    let tokens = Tokens { access: Secret::new(format!("jwt.{claims}.jwt")), ..access.tokens };
    Connector::new(settings(extra), credentials(), Some(Access { tokens, ..access }))
}

#[test]
fn a_healthy_connection_has_no_red_line() {
    let (with, sent) = examined(&connector(json!({})), true, &|_| None);
    assert_snapshot!(shown(&with), @r#"
    + reachable (hub operator): the API answers
    + credentials (ATS administrator): the access is taken
    + scopes (ATS administrator): reading tried
    + trigger_stage (ATS administrator): 1 of 2 stages
    + webhook (ATS administrator): there, for every candidate's change of stage
    + posting_tags (ATS administrator): readable, 1 of them
    + requester (ATS administrator): readable, with an address
    + perform_as (hub operator): tags and notes are written in nobody's name
    "#);
    assert_snapshot!(sent.join("\n"), @r#"
    GET stages?limit=100
    GET opportunities?stage_id=7c26&limit=1&include=id
    GET opportunities/00000000-0000-4000-8000-000000000000?expand=applications&expand=stage
    GET opportunities/00000000-0000-4000-8000-000000000000/notes?limit=1
    GET postings/00000000-0000-4000-8000-000000000000
    GET users/00000000-0000-4000-8000-000000000000
    GET webhooks
    GET opportunities/9a2f?expand=applications&expand=stage
    GET postings/p1
    GET users/u1
    "#);
    assert_snapshot!(shown(&lines(false, &|_| None)), @r#"
    + reachable (hub operator): the API answers
    + credentials (ATS administrator): the access is taken
    + scopes (ATS administrator): reading tried
    + trigger_stage (ATS administrator): 1 of 2 stages
    + webhook (ATS administrator): there, for every candidate's change of stage
    ? posting_tags (ATS administrator): no application is known yet to look at
    ? requester (ATS administrator): no application is known yet to look at
    + perform_as (hub operator): tags and notes are written in nobody's name
    "#);
}

#[test]
fn without_an_access_nothing_is_asked_and_nothing_told() {
    let connector = Connector::new(settings(json!({})), credentials(), None);
    let (told, sent) = examined(&connector, true, &|_| unreachable!());
    assert!(sent.is_empty());
    assert!(told.len() == 8 && told.iter().all(|line| line.saw == "no access is granted"), "{}", shown(&told));
}

#[test]
fn what_stops_the_look_is_the_only_line_that_is_told() {
    let of = |outcome: HttpOutcome| {
        let (item, owner, _) = only_red(&lines(true, &move |_| Some(outcome.clone())));
        (item, owner)
    };
    let code = |status, message: &str| json_answer(status, &json!({"code": "x", "message": message}));
    assert_eq!(of(code(401, "Ada Moss")), ("credentials", Owner::AtsAdmin));
    assert_eq!(of(code(403, "Unable to find a signing key that matches")), ("credentials", Owner::AtsAdmin));
    assert_eq!(of(code(429, "")), ("reachable", Owner::HubOperator));
    assert_eq!(of(answer(502, "<h1>Ada Moss</h1>")), ("reachable", Owner::HubOperator));
    assert_eq!(of(Err(HttpFailure::NotSent(NotSent::Connect))), ("reachable", Owner::HubOperator));
    let (item, ..) = only_red(&lines(true, &at("GET users/0", code(401, ""))));
    assert_eq!(item, "credentials");
}

#[test]
fn each_missing_scope_is_named_once() {
    let red = |special: &dyn Fn(&str) -> Option<HttpOutcome>| {
        let told = lines(true, special);
        let (item, owner, _) = only_red(&told);
        assert_eq!((item, owner), ("scopes", Owner::AtsAdmin));
        told.into_iter().find(|line| line.item == "scopes").unwrap().saw
    };
    assert_snapshot!(red(&at("GET stages", forbidden())), @"missing: stages:read:admin");
    assert_snapshot!(red(&at("GET opportunities", forbidden())), @"missing: opportunities:write:admin, notes:write:admin");
    assert_snapshot!(red(&|request| (request.contains("expand=applications")).then(forbidden)), @"missing: applications:read:admin");
    assert_snapshot!(red(&|request| (request.contains("/notes")).then(forbidden)), @"missing: notes:write:admin");
    assert_snapshot!(red(&at("GET postings", forbidden())), @"missing: postings:read:admin");
    assert_snapshot!(red(&at("GET users", forbidden())), @"missing: users:read:admin");
    assert_snapshot!(red(&at("GET webhooks", forbidden())), @"missing: webhooks:write:admin");
    assert_snapshot!(only_red(&lines(false, &at("GET users", forbidden()))).2, @"Lever does not let the integration use users:read:admin. Please make sure that the integration's app has this in Lever, then have Lever's Super Admin follow the authorization link of the connection and accept once more.");
}

#[test]
fn what_may_be_written_is_told_by_the_token() {
    let red = |extra: Value, scope: &str| {
        let (told, _) = examined(&claiming(extra, scope), false, &|_| None);
        let (item, owner, sentence) = only_red(&told);
        assert_eq!(item, "scopes");
        format!("{}: {sentence}", owner.name())
    };
    assert_snapshot!(red(json!({}), "opportunities:read:admin notes:write:admin webhooks:write:admin"), @"ATS administrator: Lever does not let the integration use opportunities:write:admin. Please make sure that the integration's app has this in Lever, then have Lever's Super Admin follow the authorization link of the connection and accept once more.");
    let scopes = json!({"scopes": ["offline_access", "opportunities:write:admin", "webhooks:write:admin"]});
    assert_snapshot!(red(scopes, "opportunities:write:admin webhooks:write:admin"), @"hub operator: The connection does not ask Lever for notes:write:admin. Please add this to ats.scopes of the connection, then have Lever's Super Admin follow the authorization link of the connection and accept once more.");
    let all = claiming(json!({}), "opportunities:write:admin notes:write:admin webhooks:write:admin");
    assert!(examined(&all, false, &|_| None).0.iter().all(|line| line.sentence.is_none()));
}

#[test]
fn stage_webhook_user_and_requester_have_their_lines() {
    let red = |sample: bool, special: &dyn Fn(&str) -> Option<HttpOutcome>| {
        let (item, owner, sentence) = only_red(&lines(sample, special));
        format!("{item} ({}): {sentence}", owner.name())
    };
    assert_snapshot!(red(false, &at("GET stages", page(json!([{"id": "lead-new", "text": "New"}])))), @r#"trigger_stage (ATS administrator): In Lever there is no stage "Certn Background Check", so that no move of a candidate can start a background check. Please add it to the pipeline, or give the stage that is meant this name again; it is found within ten minutes."#);
    assert_snapshot!(red(false, &at("GET webhooks", page(json!([])))), @"webhook (ATS administrator): Lever does not tell the integration of every candidate's change of stage any more: the webhook that the integration made was deleted or changed (ours is not among the 0 webhooks of the integration). Please have the operator send the authorization link of the connection, and follow it as Super Admin once more: the webhook is then made anew.");
    let ours = |event: &str, origins: Value| {
        let configuration = json!({"conditions": {"origins": origins}});
        at("GET webhooks", page(json!([{"id": "h1", "event": event, "configuration": configuration}])))
    };
    assert_snapshot!(red(false, &ours("candidateStageChange", json!(["applied", "sourced", "referred", "agency", "internal"]))), @"webhook (ATS administrator): Lever does not tell the integration of every candidate's change of stage any more: the webhook that the integration made was deleted or changed (ours leaves out candidates of the origins university). Please have the operator send the authorization link of the connection, and follow it as Super Admin once more: the webhook is then made anew.");
    assert_snapshot!(red(false, &ours("candidateHired", Value::Null)), @"webhook (ATS administrator): Lever does not tell the integration of every candidate's change of stage any more: the webhook that the integration made was deleted or changed (ours is for another event). Please have the operator send the authorization link of the connection, and follow it as Super Admin once more: the webhook is then made anew.");
    assert!(lines(false, &ours("candidateStageChange", json!([]))).iter().all(|line| line.sentence.is_none()));
    let nameless = at("GET users/u1", json_answer(200, &json!({"data": {"id": "u1", "email": " "}})));
    assert_snapshot!(red(true, &nameless), @"requester (ATS administrator): The user who moved the latest candidate into the stage has no e-mail address in Lever, so that the background check provider cannot tell who orders. Please give every user who starts checks the e-mail address that they have at the provider.");
    let performing = |user: HttpOutcome| {
        let special = at("GET users/u7", user);
        let (told, _) = examined(&connector(json!({"perform_as": "u7"})), false, &special);
        let (item, owner, _) = only_red(&told);
        assert_eq!((item, owner), ("perform_as", Owner::HubOperator));
    };
    performing(not_found());
    performing(json_answer(200, &json!({"data": {"id": "u7", "email": "x", "deactivatedAt": 5}})));
}

#[test]
fn an_application_that_cannot_be_looked_at_is_no_fault_of_the_connection() {
    let check = |place: &'static str, outcome: HttpOutcome| {
        let told = lines(true, &at(place, outcome));
        assert!(told.iter().all(|line| line.sentence.is_none()), "{}", shown(&told));
        let untold: Vec<_> = told.iter().filter(|line| line.found == crate::checklist::Found::NotTold).collect();
        untold.iter().map(|line| line.item).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(check("GET opportunities/9a2f", forbidden()), "posting_tags requester");
    assert_eq!(check("GET opportunities/9a2f", not_found()), "posting_tags requester");
    assert_eq!(check("GET postings/p1", forbidden()), "posting_tags");
    assert_eq!(check("GET users/u1", not_found()), "requester");
}
