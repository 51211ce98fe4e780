use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use insta::assert_snapshot;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::connection::tests::new_connection;
use crate::http::{HttpFailure, NotSent};
use crate::id::{AtsId, OrderId, PackageId};
use crate::request::Candidate;
use crate::talk::play;

fn credentials() -> Credentials {
    Credentials { api_keys: vec!["k1".into(), "k2".into()], webhook_secrets: vec!["s1".into()] }
}

fn connector() -> Connector {
    let mut settings = new_connection()["provider"].clone();
    settings.as_object_mut().unwrap().remove("kind");
    Connector::new(serde_json::from_value(settings).unwrap(), credentials(), Region::Ca)
}

fn json_answer(status: u16, body: Value) -> HttpOutcome {
    Ok(HttpResponse { status, headers: Vec::new(), body: body.to_string().into_bytes() })
}

fn group() -> GroupId {
    GroupId::parse("g1").unwrap()
}

fn case_id() -> ProviderOrderId {
    ProviderOrderId::parse("case-1").unwrap()
}

fn trouble_line(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Later { cause, after } => {
            format!("later{}: {cause}", after.map_or(String::new(), |after| format!(" after {after:?}")))
        }
        Trouble::Because { refusal, cause } => format!("{refusal}: {cause}"),
    }
}

/// Plays against the outcomes in turn, each of them once; every path must end in a slash.
fn against<T>(talk: Talk<T>, outcomes: Vec<HttpOutcome>) -> (T, Vec<String>) {
    let mut outcomes = outcomes.into_iter();
    let (answer, sent) = play(talk, |request| {
        assert!(request.url.path().ends_with('/'), "{request:?}");
        outcomes.next().unwrap()
    });
    assert_eq!(outcomes.next(), None, "not asked: {sent:?}");
    (answer, sent)
}

#[test]
fn a_challenge_is_echoed_only_where_it_is_harmless() {
    let check = |value: &str, expected: bool| assert_eq!(challenge(value), expected.then_some(value), "{value}");
    check("abc-DEF_1.2~3", true);
    check(&"x".repeat(256), true);
    check(&"x".repeat(257), false);
    for bad in ["", " a", "a b", "<b>", "a\n", "ä", "a/b", "a%20", "a+b", "a=b"] {
        check(bad, false);
    }
}

fn event(body: &str) -> String {
    let secrets = [Secret::from("s1")];
    let mac = Hmac::<Sha256>::new_from_slice(b"s1").unwrap().chain_update(body).finalize().into_bytes();
    let signature = Secret::new(data_encoding::HEXLOWER.encode(&mac));
    let headers = vec![("x-signature".to_owned(), signature)];
    let arrived = Webhook::received(headers, body.as_bytes().to_vec(), Timestamp::UNIX_EPOCH).unwrap();
    let webhook = arrived.verify(crate::webhook::Scheme::HmacSha256Hex { header: "x-signature", secrets: &secrets });
    let settings: Settings = serde_json::from_value(json!({})).unwrap();
    match settings.decode(&webhook.unwrap()) {
        Ok(ProviderEvent::Told { .. }) => unreachable!("Certn can be asked"),
        Ok(ProviderEvent::Changed { event, order, .. }) => format!("{event} changed {order}"),
        Ok(ProviderEvent::UnknownType { event }) => format!("{event} unknown"),
        Err(unreadable) => format!("{unreadable:?}"),
    }
}

#[test]
fn both_bodies_of_a_callback_are_read_and_the_status_in_them_is_not() {
    let check = |body: Value, expected: &str| assert_eq!(event(&body.to_string()), expected);
    let documented = json!({"id": "e1", "event_type": "CASE_STATUS_CHANGED", "object_id": "c1", "object_type": "CASE"});
    let mut seen =
        json!({"event_id": "e1", "event_type": "CASE_STATUS_CHANGED", "object_id": "c1", "object_type": "CASE"});
    check(documented, "e1 changed c1");
    check(seen.clone(), "e1 changed c1");
    seen["case_status"] = "COMPLETE".into();
    seen["created"] = "2026-11-01T10:00:00Z".into();
    seen["added"] = json!([1]);
    check(seen.clone(), "e1 changed c1");
    seen["id"] = "other".into();
    check(seen.clone(), "e1 changed c1");
    for (kind, expected) in [
        ("CASE_REPORT_READY", "e1 changed c1"),
        ("CHECK_STATUS_CHANGED", "e1 changed c1"),
        ("CASE_INPUT_CLAIMS_AUTOMATICALLY_GENERATED", "e1 unknown"),
        ("SOMETHING_NEW", "e1 unknown"),
    ] {
        seen["event_type"] = kind.into();
        check(seen.clone(), expected);
    }
    check(
        json!({"id": "e1", "event_type": "CHECK_STATUS_CHANGED", "object_id": "check", "case_id": "c1"}),
        "e1 changed c1",
    );
    for object in [Value::Null, json!(5), json!("../users"), json!("")] {
        check(json!({"id": "e1", "event_type": "SOMETHING_NEW", "object_id": object}), "e1 unknown");
    }
    check(json!({"id": "e1", "event_type": "SOMETHING_NEW"}), "e1 unknown");
    check(
        json!({"id": "e1", "event_type": "CASE_STATUS_CHANGED", "object_id": "c1", "case_id": {"id": "c2"}}),
        "e1 changed c1",
    );
    for malformed in [
        json!([]),
        json!({"id": "e1", "event_type": "CASE_STATUS_CHANGED", "object_id": null}),
        json!({"id": "e1", "event_type": "CASE_STATUS_CHANGED", "object_id": ".."}),
        json!({"id": null, "event_type": "SOMETHING_NEW"}),
        json!({"id": "", "event_type": "CASE_STATUS_CHANGED", "object_id": "c1"}),
        json!({"event_type": "CASE_STATUS_CHANGED", "object_id": "c1"}),
        json!({"id": "e1", "object_id": "c1"}),
        json!({"id": "e1", "event_type": "CASE_STATUS_CHANGED"}),
        json!({"id": "e1", "event_type": "CASE_STATUS_CHANGED", "object_id": "../users"}),
    ] {
        check(malformed, "Malformed(\"not an event of Certn\")");
    }
    assert_eq!(event("{"), "Malformed(\"the body is not the JSON of an event\")");
}

fn new_order() -> NewOrder {
    NewOrder {
        package: PackageId::parse("p1").unwrap(),
        package_name: "Standard".to_owned(),
        group: Some(group()),
        requester_email: None,
        application: AtsId::parse("24680").unwrap(),
        job: None,
        ordered_by: UserId::parse("u1").ok(),
        candidate: Candidate {
            given_name: Some(Secret::from("Ada")),
            family_name: Some(Secret::from("Moss")),
            email: Some(Secret::from("ada@example.com")),
        },
    }
}

#[test]
fn an_order_is_an_invitation_with_at_most_the_name() {
    let body = |change: fn(&mut NewOrder)| {
        let mut order = new_order();
        change(&mut order);
        wire::order_body(&order).to_string()
    };
    assert_snapshot!(body(|_| ()), @r#"{"email_address":"ada@example.com","group":"g1","input_claims":{"name":{"family_name":"Moss","given_name":"Ada","type":"LEGAL"}},"ordered_by":"u1","package":"p1","return_invite_link":false,"send_invite_email":true}"#);
    assert_snapshot!(body(|order| order.ordered_by = None), @r#"{"email_address":"ada@example.com","group":"g1","input_claims":{"name":{"family_name":"Moss","given_name":"Ada","type":"LEGAL"}},"package":"p1","return_invite_link":false,"send_invite_email":true}"#);
    assert_snapshot!(body(|order| order.candidate.given_name = None), @r#"{"email_address":"ada@example.com","group":"g1","ordered_by":"u1","package":"p1","return_invite_link":false,"send_invite_email":true}"#);
    assert_snapshot!(body(|order| order.candidate.family_name = None), @r#"{"email_address":"ada@example.com","group":"g1","ordered_by":"u1","package":"p1","return_invite_link":false,"send_invite_email":true}"#);
}

fn correlation() -> Correlation {
    Correlation { order: OrderId::parse("order").unwrap(), callback: None }
}

fn is(reading: Reading) -> Truth {
    match reading {
        Reading::Is(truth) => *truth,
        other => unreachable!("{other:?}"),
    }
}

fn case(status: &str, score: Value) -> Value {
    json!({"id": "case-1", "short_id": "C1", "overall_status": status, "overall_score": score,
        "modified": "2026-11-01T10:00:00Z", "input_claims": {"name": {"given_name": "Ada"}}, "checks": [{"id": 1}]})
}

fn read_case(body: Value) -> String {
    match against(connector().read(&case_id()), vec![json_answer(200, body)]).0 {
        Err(trouble) => trouble_line(&trouble),
        Ok(Reading::Gone) => "gone".to_owned(),
        Ok(Reading::OnlyTold) => unreachable!("Certn can be asked"),
        Ok(Reading::Is(truth)) => {
            let by = truth.action_by.map_or(String::new(), |by| format!(" by {by:?}"));
            let result =
                truth.result.map_or(String::new(), |result| format!(" = {:?} {:?}", result.code, result.label));
            let awaits = if truth.awaits_score.is_some() { ", awaits score" } else { "" };
            format!("{}{by}{result}{awaits}", truth.status.code())
        }
    }
}

#[test]
fn every_status_word_has_one_meaning_and_an_unknown_one_is_in_progress() {
    let words = [
        "DRAFT",
        "CASE_ORDERED",
        "INVITE_UNDELIVERABLE",
        "APPLICANT_EXPIRED",
        "APPLICANT_INVITED",
        "APPLICANT_OPENED",
        "APPLICANT_STARTED",
        "APPLICANT_SUBMITTED",
        "IN_DISPUTE",
        "IN_PROGRESS",
        "APPLICANT_ACTION_REQUIRED",
        "CLIENT_ACTION_REQUIRED",
        "CANCELLED",
        "COMPLETE",
        "APPLICANT_DECLINED",
        "complete",
        "SOMETHING_NEW",
        "",
    ];
    let line = |word: &&str| {
        let (without, with) = (read_case(case(word, Value::Null)), read_case(case(word, json!("CLEAR"))));
        format!("{word}: {without} | {with}")
    };
    assert_snapshot!(words.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
    DRAFT: received | received
    CASE_ORDERED: pending_candidate | pending_candidate
    INVITE_UNDELIVERABLE: undeliverable | undeliverable
    APPLICANT_EXPIRED: expired | expired
    APPLICANT_INVITED: pending_candidate | pending_candidate
    APPLICANT_OPENED: pending_candidate | pending_candidate
    APPLICANT_STARTED: candidate_started | candidate_started
    APPLICANT_SUBMITTED: in_progress | in_progress
    IN_DISPUTE: in_dispute | in_dispute
    IN_PROGRESS: in_progress | in_progress
    APPLICANT_ACTION_REQUIRED: action_required by Candidate | action_required by Candidate
    CLIENT_ACTION_REQUIRED: action_required by Client | action_required by Client
    CANCELLED: cancelled | cancelled
    COMPLETE: in_progress, awaits score | completed = Clear "Clear"
    APPLICANT_DECLINED: declined | declined
    complete: in_progress | in_progress
    SOMETHING_NEW: in_progress | in_progress
    : in_progress | in_progress
    "#);
    assert_eq!(read_case(json!({"id": "case-1"})), "in_progress");
    assert_eq!(read_case(json!({"id": "case-1", "overall_status": null, "short_id": null})), "in_progress");
    for no_score in ["", " "] {
        assert_eq!(read_case(case("COMPLETE", json!(no_score))), "in_progress, awaits score");
    }
}

#[test]
fn every_score_has_one_result_and_an_unknown_one_is_never_clear() {
    let long = "L".repeat(60);
    let scores = ["CLEAR", "REVIEW", "REJECT", "NOT_APPLICABLE", "RESTRICTED", "clear", "Amber\n light", long.as_str()];
    let lines = scores.map(|score| read_case(case("COMPLETE", json!(score))));
    assert_snapshot!(lines.join("\n"), @r#"
    completed = Clear "Clear"
    completed = Review "Review"
    completed = Ineligible "Reject"
    completed = NotApplicable "Not applicable"
    completed = Restricted "Restricted"
    completed = Custom "clear"
    completed = Custom "Amber light"
    completed = Custom "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL…"
    "#);
}

#[test]
fn an_order_is_read_gone_or_in_trouble() {
    let (gone, sent) = against(connector().read(&case_id()), vec![json_answer(404, json!({}))]);
    assert_eq!(gone, Ok(Reading::Gone));
    assert_eq!(sent, ["GET /api/public/cases/case-1/"]);
    assert_snapshot!(read_case(json!({"id": 5})), @"later: certn: an answer that is not the expected JSON");
    assert_snapshot!(read_case(json!([])), @"later: certn: an answer that is not the expected JSON");
}

#[test]
fn every_attribute_at_fault_has_its_reason() {
    let line = |attr: &str, code: &str| {
        let error = json!({"code": code, "detail": "Ada Moss <ada@example.com>", "attr": attr});
        let body = json!({"type": "validation_error", "errors": [error]});
        let (outcome, _) = against(connector().place(&new_order(), &correlation()), vec![json_answer(400, body)]);
        let PostOutcome::NoEffect(trouble) = outcome else { panic!("{outcome:?}") };
        assert!(!format!("{trouble:?}").contains("ada"), "{trouble:?}");
        trouble_line(&trouble)
    };
    let table = [
        ("email_address", "invalid"),
        ("package", "does_not_exist"),
        ("group", "invalid"),
        ("ordered_by", "does_not_exist"),
        ("ordered_by", "not_in_group"),
        ("input_claims.name.given_name", "blank"),
        ("permissible_purpose", "required"),
        ("", ""),
    ];
    assert_snapshot!(table.map(|(attr, code)| line(attr, code)).join("\n"), @"
    invalid_email: certn: HTTP 400 type=validation_error code=invalid attr=email_address
    unknown_package: certn: HTTP 400 type=validation_error code=does_not_exist attr=package
    unknown_group: certn: HTTP 400 type=validation_error code=invalid attr=group
    requester_unknown: certn: HTTP 400 type=validation_error code=does_not_exist attr=ordered_by
    requester_not_in_group: certn: HTTP 400 type=validation_error code=not_in_group attr=ordered_by
    missing_candidate_data: certn: HTTP 400 type=validation_error code=blank attr=input_claims.name.given_name
    provider_refused: certn: HTTP 400 type=validation_error code=required attr=permissible_purpose
    provider_refused: certn: HTTP 400 type=validation_error code= attr=
    ");
}

#[test]
fn placing_an_order_has_one_of_three_outcomes() {
    let check = |outcome: HttpOutcome| {
        let (placed, sent) = play(connector().place(&new_order(), &correlation()), |request| {
            assert_eq!((request.sending, request.lane), (Sending::Once, Lane::Orders));
            outcome.clone()
        });
        assert!(sent.iter().all(|line| line == "POST /api/public/cases/order-package/"), "{sent:?}");
        let line = match placed {
            PostOutcome::Accepted(truth) => {
                format!("accepted {} {:?} {}", truth.order, truth.short_id, truth.status.code())
            }
            PostOutcome::NoEffect(trouble) => format!("no effect, {}", trouble_line(&trouble)),
            PostOutcome::Unclear(cause) => format!("unclear, {cause}"),
        };
        format!("{line} ({} sent)", sent.len())
    };
    let limited =
        HttpResponse { status: 429, headers: vec![("retry-after".to_owned(), "12".to_owned())], body: vec![] };
    let page = HttpResponse { status: 502, headers: vec![], body: b"<h1>Bad gateway</h1>".to_vec() };
    assert_snapshot!(check(json_answer(201, case("CASE_ORDERED", Value::Null))), @r#"accepted case-1 Some("C1") pending_candidate (1 sent)"#);
    assert_snapshot!(check(json_answer(200, case("APPLICANT_INVITED", Value::Null))), @r#"accepted case-1 Some("C1") pending_candidate (1 sent)"#);
    assert_snapshot!(check(json_answer(201, json!({"short_id": "C1"}))), @"unclear, certn: HTTP 201 without an id (1 sent)");
    assert_snapshot!(check(json_answer(401, json!({"type": "client_error"}))), @"no effect, provider_credentials: certn: HTTP 401 type=client_error code= attr= (2 sent)");
    assert_snapshot!(check(json_answer(403, json!({"type": "client_error"}))), @"no effect, provider_permission: certn: HTTP 403 type=client_error code= attr= (1 sent)");
    assert_snapshot!(check(json_answer(404, json!({"type": "client_error"}))), @"no effect, unknown_package: certn: HTTP 404 type=client_error code= attr= (1 sent)");
    assert_snapshot!(check(json_answer(422, json!("ada@example.com"))), @"no effect, provider_refused: certn: HTTP 422 type= code= attr= (1 sent)");
    assert_snapshot!(check(Ok(limited)), @"no effect, later after 12s: certn: HTTP 429 type= code= attr= (1 sent)");
    assert_snapshot!(check(json_answer(408, json!({}))), @"unclear, certn: HTTP 408 (1 sent)");
    assert_snapshot!(check(json_answer(409, json!({}))), @"unclear, certn: HTTP 409 (1 sent)");
    assert_snapshot!(check(json_answer(500, json!({"type": "server_error"}))), @"unclear, certn: HTTP 500 (1 sent)");
    assert_snapshot!(check(Ok(page)), @"unclear, certn: HTTP 502 (1 sent)");
    assert_snapshot!(check(Err(HttpFailure::Unclear("time-out"))), @"unclear, certn: time-out (1 sent)");
    assert_snapshot!(check(Err(HttpFailure::NotSent(NotSent::Connect))), @"no effect, later: certn: no connection (1 sent)");
    assert_snapshot!(check(Err(HttpFailure::NotSent(NotSent::Budget(Duration::from_secs(3))))), @"no effect, later after 3s: certn: our call budget is spent (1 sent)");
}

#[test]
fn the_second_key_is_tried_once_and_only_after_a_401() {
    let check = |keys: &[&str], statuses: &[u16]| {
        let keys = keys.iter().map(|key| Secret::from(*key)).collect();
        let connector = Connector { keys, ..connector() };
        let (mut statuses, mut used) = (statuses.iter(), Vec::new());
        let (read, _) = play(connector.read(&case_id()), |request| {
            let [(name, key)] = request.headers.as_slice() else { panic!("{:?}", request.headers) };
            used.push(format!("{name}: {}", key.expose()));
            json_answer(*statuses.next().unwrap(), case("DRAFT", Value::Null))
        });
        let line = read.map_or_else(|trouble| trouble_line(&trouble), |reading| is(reading).order.to_string());
        format!("{} | {line}", used.join(", "))
    };
    assert_snapshot!(check(&["k1", "k2"], &[200]), @"authorization: Api-Key k1 | case-1");
    assert_snapshot!(check(&["k1", "k2"], &[401, 200]), @"authorization: Api-Key k1, authorization: Api-Key k2 | case-1");
    assert_snapshot!(check(&["k1", "k2"], &[401, 401]), @"authorization: Api-Key k1, authorization: Api-Key k2 | provider_credentials: certn: HTTP 401 type= code= attr=");
    assert_snapshot!(check(&["k1"], &[401]), @"authorization: Api-Key k1 | provider_credentials: certn: HTTP 401 type= code= attr=");
    assert_snapshot!(check(&["k1", "k2"], &[403]), @"authorization: Api-Key k1 | provider_permission: certn: HTTP 403 type= code= attr=");
    assert_snapshot!(check(&["k1", "k2"], &[401, 500]), @"authorization: Api-Key k1, authorization: Api-Key k2 | later: certn: HTTP 500 type= code= attr=");
}

fn modern(results: Value, next: Value) -> HttpOutcome {
    json_answer(200, json!({"results": results, "pagination": {"result_count": 9, "next_page": next}}))
}

fn classic(results: Value, next: Value) -> HttpOutcome {
    json_answer(200, json!({"count": 9, "next": next, "previous": null, "results": results}))
}

fn packages(outcomes: Vec<HttpOutcome>) -> String {
    let (packages, sent) = against(connector().packages(), outcomes);
    let named = |package: &Package| format!("{} {:?} {}", package.id, package.name, package.orderable);
    let line = packages.map_or_else(|t| trouble_line(&t), |all| all.iter().map(named).collect::<Vec<_>>().join(", "));
    format!("{line} | {}", sent.join(", "))
}

#[test]
fn a_list_is_read_in_both_envelopes_to_its_last_page() {
    let (one, two) = (json!([{"id": "p1", "name": "One"}]), json!([{"id": "p2", "name": "Two", "is_active": false}]));
    let (null, none) = (Value::Null, json!([]));
    assert_snapshot!(packages(vec![modern(one.clone(), null.clone())]), @r#"p1 "One" true | GET /api/public/packages/?page=1&page_size=100"#);
    assert_snapshot!(packages(vec![modern(one.clone(), json!(2)), modern(two.clone(), null.clone())]), @r#"p1 "One" true, p2 "Two" false | GET /api/public/packages/?page=1&page_size=100, GET /api/public/packages/?page=2&page_size=100"#);
    let next = json!("https://evil.example/?page=2");
    assert_snapshot!(packages(vec![classic(one.clone(), next), classic(two, null.clone())]), @r#"p1 "One" true, p2 "Two" false | GET /api/public/packages/?page=1&page_size=100, GET /api/public/packages/?page=2&page_size=100"#);
    assert_snapshot!(packages(vec![classic(none.clone(), null)]), @" | GET /api/public/packages/?page=1&page_size=100");
    let nulls = json!([{"id": "p1", "name": null, "is_active": null}]);
    assert_snapshot!(packages(vec![modern(nulls, Value::Null)]), @r#"p1 "" true | GET /api/public/packages/?page=1&page_size=100"#);
    assert_snapshot!(packages(vec![modern(one, json!(2)), json_answer(500, json!({}))]), @"later: certn: HTTP 500 type= code= attr= | GET /api/public/packages/?page=1&page_size=100, GET /api/public/packages/?page=2&page_size=100");
    assert_snapshot!(packages(vec![json_answer(200, json!({"items": []}))]), @"later: certn: an answer that is not the expected JSON | GET /api/public/packages/?page=1&page_size=100");
    let endless = packages((0..10).map(|_| modern(none.clone(), json!(2))).collect());
    assert!(endless.ends_with("page=10&page_size=100"), "{endless}");
}

#[test]
fn a_package_is_orderable_where_it_is_active_and_not_kept_from_ats_use() {
    let check = |fields: Value, expected: bool| {
        let mut package = json!({"id": "p1", "name": "One"});
        package.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let line = packages(vec![modern(json!([package]), Value::Null)]);
        assert!(line.starts_with(&format!("p1 \"One\" {expected} |")), "{line}");
    };
    check(json!({}), true);
    check(json!({"is_active": true, "ats_use": true}), true);
    check(json!({"is_active": false}), false);
    check(json!({"is_ats_enabled": false}), false);
    check(json!({"is_ats_package": false}), false);
    check(json!({"ats_enabled": false}), false);
    check(json!({"ats_enabled": true, "is_ats_enabled": false}), false);
}

#[test]
fn a_package_says_whether_it_is_marked_and_what_its_orders_are_labelled_with() {
    let read = |fields: Value| {
        let mut package = json!({"id": "p1", "name": "One"});
        package.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let (packages, _) = against(connector().packages(), vec![modern(json!([package]), Value::Null)]);
        let package = packages.unwrap().remove(0);
        (package.marked_for_ats, package.tags.join(", "))
    };
    assert_eq!(read(json!({})), (None, String::new()));
    assert_eq!(
        read(json!({"ats_use": true, "tags": ["ATS", {"name": "Audit"}, 7]})),
        (Some(true), "ATS, Audit".to_owned())
    );
    assert_eq!(read(json!({"ats_enabled": true, "is_ats_enabled": false, "tags": null})), (Some(false), String::new()));
    assert_eq!(read(json!({"ats_use": "yes", "tags": "x"})), (None, String::new()));
}

#[test]
fn groups_are_listed_over_all_pages_with_whether_they_are_active() {
    let one = json!([{"id": "g1", "name": "Head office", "is_active": true, "parent_id": null}]);
    let two = json!([{"id": "g2", "name": null, "is_active": false}, {"id": "g3"}]);
    let (groups, sent) = against(connector().groups(), vec![modern(one, json!(2)), modern(two, Value::Null)]);
    let groups: Vec<_> = groups.unwrap().into_iter().map(|g| format!("{} {} {}", g.id, g.name, g.active)).collect();
    assert_eq!(groups, ["g1 Head office true", "g2  false", "g3  true"]);
    assert_eq!(sent[1], "GET /api/public/groups/?page=2&page_size=100");
}

fn standing(outcomes: Vec<HttpOutcome>) -> String {
    let email = Secret::from("rec@example.com");
    let (standing, sent) = against(connector().standing(Some(&group()), Some(&email)), outcomes);
    let line = standing.map_or_else(|t| trouble_line(&t), |s| format!("{:?} {:?}", s.group, s.requester));
    format!("{line} | {}", sent.len())
}

#[test]
fn a_requester_is_a_user_with_the_very_address_and_a_member_of_the_group() {
    let active = || json_answer(200, json!({"id": "g1", "is_active": true}));
    let users = |users: &[(&str, &str, bool)]| {
        let users = users.iter().map(|(id, email, active)| json!({"id": id, "email": email, "is_active": active}));
        modern(users.collect(), Value::Null)
    };
    let rec = || users(&[("u1", "Rec@Example.com ", true)]);
    assert_snapshot!(standing(vec![active(), rec(), rec()]), @r#"Active Some(Member(UserId("u1"))) | 3"#);
    assert_snapshot!(standing(vec![active(), rec(), users(&[])]), @r#"Active Some(OutsideGroup(UserId("u1"))) | 3"#);
    assert_snapshot!(standing(vec![active(), rec(), users(&[("u2", "rec@example.com", true)])]), @r#"Active Some(OutsideGroup(UserId("u1"))) | 3"#);
    assert_snapshot!(standing(vec![active(), users(&[])]), @"Active Some(Unknown) | 2");
    assert_snapshot!(standing(vec![active(), users(&[("u2", "other.rec@example.com", true)])]), @"Active Some(Unknown) | 2");
    let nulls = json!([{"id": "u0", "email": null}, {"id": "u1", "email": "rec@example.com", "is_active": null}]);
    let nulls = || modern(nulls.clone(), Value::Null);
    assert_snapshot!(standing(vec![json_answer(200, json!({"is_active": null})), nulls(), nulls()]), @r#"Active Some(Member(UserId("u1"))) | 3"#);
    assert_snapshot!(standing(vec![active(), users(&[("u1", "rec@example.com", false)])]), @"Active Some(Unknown) | 2");
    assert_snapshot!(standing(vec![json_answer(200, json!({"is_active": false}))]), @"Inactive None | 1");
    assert_snapshot!(standing(vec![json_answer(404, json!({}))]), @"Unknown None | 1");
    assert_snapshot!(standing(vec![json_answer(403, json!({}))]), @"provider_permission: certn: HTTP 403 type= code= attr= | 1");
    assert_snapshot!(standing(vec![active(), json_answer(500, json!({}))]), @"later: certn: HTTP 500 type= code= attr= | 2");
    assert_snapshot!(standing(vec![active(), rec(), json_answer(429, json!({}))]), @"later: certn: HTTP 429 type= code= attr= | 3");
    let (without, sent) = against(connector().standing(Some(&group()), None), vec![active()]);
    assert_eq!((without.unwrap().requester, sent.len()), (None, 1));
}

fn found_orders(found: Result<Findings, Trouble>) -> Vec<ProviderOrderId> {
    match found.unwrap() {
        Findings::Orders(truths) => truths.into_iter().map(|truth| truth.order).collect(),
        Findings::Untold(why) => unreachable!("{why}"),
    }
}

fn lookup(email: &str) -> Lookup {
    Lookup {
        order: OrderId::parse("order").unwrap(),
        email: Some(Secret::from(email)),
        group: Some(group()),
        ordered_by: UserId::parse("u1").ok(),
        placed_after: "2026-11-01T10:00:00Z".parse().unwrap(),
    }
}

#[test]
fn a_lookup_finds_only_cases_with_the_very_address_where_the_answer_names_it() {
    let check = |address: Value, expected: bool| {
        let (mut found, other) = (case("DRAFT", Value::Null), "other@example.com");
        found["email_address"] = address.clone();
        let page = json!([found, {"id": "case-2", "email_address": other}]);
        let (found, _) = against(connector().find(&lookup(" Ada@example.com")), vec![modern(page, Value::Null)]);
        let found: Vec<_> = found_orders(found);
        assert_eq!(found, expected.then(case_id).into_iter().collect::<Vec<_>>(), "{address}");
    };
    check(json!("ada@example.com"), true);
    check(json!(" ADA@Example.com "), true);
    check(json!(null), true);
    check(json!(""), true);
    check(json!("ada@example.co"), false);
    check(json!("ada+1@example.com"), false);
}

#[test]
fn every_call_has_its_exact_path_and_query() {
    let (email, lookup) = (Secret::from("rec+1@example.com"), lookup("rec+1@example.com"));
    let (active, rec) = (json_answer(200, json!({})), json!([{"id": "u1", "email": "rec+1@example.com"}]));
    let (first, second) = (modern(rec.clone(), Value::Null), modern(rec, Value::Null));
    let mut sent = against(connector().standing(Some(&group()), Some(&email)), vec![active, first, second]).1;
    let (found, finding) =
        against(connector().find(&lookup), vec![modern(json!([case("DRAFT", Value::Null)]), Value::Null)]);
    assert_eq!(found_orders(found), [case_id()]);
    sent.extend(finding);
    let unnamed = Lookup { ordered_by: None, ..lookup };
    sent.extend(against(connector().find(&unnamed), vec![modern(json!([]), Value::Null)]).1);
    assert_snapshot!(sent.join("\n"), @"
    GET /api/public/groups/g1/
    GET /api/public/users/?email=rec%2B1%40example.com&is_active=true&page=1&page_size=100
    GET /api/public/users/?email=rec%2B1%40example.com&is_active=true&group=g1&page=1&page_size=100
    GET /api/public/cases/?email_address=rec%2B1%40example.com&group=g1&order_timeframe_after=2026-11-01T10%3A00%3A00Z&ordered_by=u1&page=1&page_size=100
    GET /api/public/cases/?email_address=rec%2B1%40example.com&group=g1&order_timeframe_after=2026-11-01T10%3A00%3A00Z&page=1&page_size=100
    ");
}

#[test]
fn a_report_file_is_made_awaited_and_handed_over_as_a_secret() {
    let mut bodies = Vec::new();
    let (made, sent) = play(connector().make_report(&case_id()), |request| {
        bodies.extend(request.body.as_ref().map(|body| String::from_utf8(body.expose().clone()).unwrap()));
        json_answer(201, json!({"case_report_file_id": "f1"}))
    });
    assert_eq!((made, sent), (Ok("f1".to_owned()), vec!["POST /api/public/cases/case-1/generate-report/".to_owned()]));
    assert_eq!(bodies, [r#"{"language":"en-CA"}"#]);
    let check = |body: Value, expected: Result<ReportFile, &str>| {
        let (file, sent) = against(connector().report_file("f1"), vec![json_answer(200, body)]);
        assert_eq!(sent, ["GET /api/public/cases/report-files/f1/"]);
        assert_eq!(file.map_err(|trouble| trouble_line(&trouble)), expected.map_err(str::to_owned));
    };
    let ready = || Ok(ReportFile::Ready(Secret::from("https://files.example/1")));
    check(json!({"status": "PREPARING"}), Ok(ReportFile::Preparing));
    check(json!({"status": "PREPARING", "pdf_url": "https://files.example/1"}), Ok(ReportFile::Preparing));
    check(json!({"status": "COMPLETE", "pdf_url": "https://files.example/1"}), ready());
    check(json!({"status": "COMPLETE", "pdf_url": null, "url": "https://files.example/1"}), ready());
    check(json!({"status": "COMPLETE", "pdf_url": null}), Ok(ReportFile::Failed));
    check(json!({"status": "COMPLETE", "pdf_url": "", "url": ""}), Ok(ReportFile::Failed));
    check(json!({"status": null}), Ok(ReportFile::Preparing));
    check(json!({"status": "FAILED", "pdf_url": null}), Ok(ReportFile::Failed));
    check(json!("<html>"), Err("later: certn: an answer that is not the expected JSON"));
}

#[test]
fn the_event_list_goes_on_from_the_last_event_that_was_seen() {
    let event = |id: &str, kind: &str| json!({"event_id": id, "event_type": kind, "object_id": format!("case-{id}")});
    let check = |cursor: Option<&str>, outcome: HttpOutcome| {
        let (page, sent) = against(connector().events_after(cursor), vec![outcome]);
        let changed = |page: &EventPage| page.changed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let line =
            page.map_or_else(|t| trouble_line(&t), |p| format!("[{}] {:?} {}", changed(&p), p.cursor, p.has_more));
        format!("{line} | {}", sent.join(", "))
    };
    let two = json!([event("1", "CASE_STATUS_CHANGED"), event("2", "SOMETHING_NEW")]);
    assert_snapshot!(check(None, modern(two.clone(), json!(2))), @r#"[case-1] Some("2") true | GET /api/public/events/"#);
    assert_snapshot!(check(Some("0"), classic(two, Value::Null)), @r#"[case-1] Some("2") false | GET /api/public/events/?last_processed_event_id=0"#);
    let odd = json!([
        event("1", "CASE_STATUS_CHANGED"),
        {"event_id": "2", "event_type": "CASE_STATUS_CHANGED", "object_id": null},
        {"event_id": "3", "event_type": "CASE_STATUS_CHANGED", "object_id": {"id": "c3"}},
        {"event_id": "4", "event_type": null, "object_id": "c4"},
        {"event_id": null, "event_type": "CASE_STATUS_CHANGED", "object_id": "c5"},
        "not even an event",
        {"event_id": 6, "event_type": "CASE_STATUS_CHANGED", "object_id": "c6"},
        {"event_id": "7", "event_type": "CASE_STATUS_CHANGED"},
    ]);
    assert_snapshot!(check(None, modern(odd, Value::Null)), @r#"[case-1] Some("7") false | GET /api/public/events/"#);
    assert_snapshot!(check(Some("0"), modern(json!([{"event_id": "8"}, {}]), Value::Null)), @r#"[] Some("8") false | GET /api/public/events/?last_processed_event_id=0"#);
    assert_snapshot!(check(Some("2"), modern(json!([]), Value::Null)), @"[] None false | GET /api/public/events/?last_processed_event_id=2");
    assert_snapshot!(check(Some("2"), json_answer(503, json!({}))), @"later: certn: HTTP 503 type= code= attr= | GET /api/public/events/?last_processed_event_id=2");
}

#[test]
fn the_portal_address_must_name_the_case_and_stay_at_certn() {
    let check = |portal_url: &str, expected: bool| {
        let settings = Settings { portal_url: portal_url.to_owned(), ..connector().settings };
        let fields: Vec<String> = settings.problems(&credentials()).into_iter().map(|invalid| invalid.field).collect();
        let refused: &[&str] = if expected { &[] } else { &["provider.portal_url"] };
        assert_eq!(fields, refused, "{portal_url}");
    };
    check("https://client.certn.co/{region}/cases/{case_id}/", true);
    check("https://client.certn.co/cases?id={case_id}", true);
    check("https://client.certn.co/{region}/cases/", false);
    check("https://client.certn.co.evil.example/{case_id}", false);
    check("http://client.certn.co/{case_id}", false);
    check("{case_id}", false);
}

#[test]
fn each_region_has_its_own_host_and_portal() {
    let check = |region: Region, host: &str, portal: &str| {
        let connector = Connector { region, ..connector() };
        let portal_link = connector.settings.portal_link(region, &case_id()).unwrap();
        assert_eq!(connector.url(&["events"], &[]).as_str(), format!("https://{host}/api/public/events/"));
        assert_eq!(((SYSTEM.allows)(region, host), portal_link.as_str()), (true, portal));
    };
    check(Region::Ca, "api.ca.certn.co", "https://client.certn.co/ca/cases/case-1/");
    check(Region::Uk, "api.uk.certn.co", "https://client.certn.co/uk/cases/case-1/");
    check(Region::Au, "api.au.certn.co", "https://client.certn.co/au/cases/case-1/");
}

proptest! {
    #[test]
    fn no_text_of_a_detail_or_a_message_reaches_a_cause(status in 200_u16..600, detail in "[A-Z]{6,20}@example\\.com") {
        let error = json!({"code": "invalid", "detail": detail, "attr": "email_address", "message": detail});
        let body = json!({"type": "validation_error", "errors": [error], "detail": detail, "overall_status": detail});
        let (read, _) = play(connector().read(&case_id()), |_| json_answer(status, body.clone()));
        let (placed, _) = play(connector().place(&new_order(), &correlation()), |_| json_answer(status, body.clone()));
        let (listed, _) = play(connector().packages(), |_| json_answer(status, body.clone()));
        let printed = format!("{read:?} {placed:?} {listed:?}");
        prop_assert!(!printed.contains(&detail), "{}", printed);
        if let Err(trouble) = read {
            prop_assert!(!trouble.cause().to_string().contains(&detail));
        }
    }
}

fn checks_of(checks: Value) -> String {
    let mut body = case("IN_PROGRESS", Value::Null);
    body["checks"] = checks;
    let (read, _) = against(connector().read(&case_id()), vec![json_answer(200, body)]);
    let shown = |truth: Truth| {
        let mark = |finished| if finished { "+" } else { "-" };
        let lines = truth.checks.iter().map(|check| format!("{}{}", mark(check.finished), check.name));
        lines.collect::<Vec<_>>().join(", ")
    };
    read.map_or_else(|trouble| trouble_line(&trouble), |reading| shown(is(reading)))
}

#[test]
fn the_checks_of_a_case_are_named_in_a_persons_words() {
    let check = |kind: &str, expected: &str| {
        assert_eq!(checks_of(json!([{"type": kind, "status": "IN_PROGRESS"}])), expected, "{kind}");
    };
    check("CRIMINAL_RECORD_REPORT_1", "-Criminal record report");
    check("IDENTITY_VERIFICATION_12", "-Identity verification");
    check("BASIC_CANADIAN_CRIMINAL_RECORD_REPORT_1", "-Basic canadian criminal record report");
    check("MOTOR_VEHICLE_RECORD", "-Motor vehicle record");
    check("CREDIT2GO_1", "-Credit2go");
    check("école_1", "-École");
    for nameless in ["", "1", "_1", "__"] {
        check(nameless, "");
    }
    assert_eq!(checks_of(json!(null)), "");
    assert_eq!(checks_of(json!([])), "");
    assert_snapshot!(checks_of(json!([{"id": 1}, {"type": null, "status": null}, {"type": "CREDIT_REPORT_1"}])), @"-Credit report");
}

#[test]
fn a_check_is_finished_once_nothing_more_comes_of_it() {
    let statuses = [
        "COMPLETE",
        "CANCELLED",
        "SUPERSEDED",
        "complete",
        "COMPLETED",
        "IN_PROGRESS",
        "IN_DISPUTE",
        "APPLICANT_ACTION_REQUIRED",
        "CLIENT_ACTION_REQUIRED",
        "SOMETHING_NEW",
        "",
    ];
    let all = statuses.map(|status| json!({"type": format!("{status} X_1"), "status": status}));
    assert_snapshot!(checks_of(Value::from_iter(all)).replace(" x", "").replace(", ", "\n"), @"
    +Complete
    +Cancelled
    +Superseded
    -Complete
    -Completed
    -In progress
    -In dispute
    -Applicant action required
    -Client action required
    -Something new
    -X
    ");
}

#[test]
fn nothing_that_a_check_found_is_taken_along() {
    let found = json!([{
        "id": "MARK", "short_id": "MARK", "type": "CRIMINAL_RECORD_REPORT_1", "status": "COMPLETE", "score": "MARK",
        "sub_score": "MARK", "result": "MARK", "output_claims": {"name": {"given_name": "MARK"}, "records": ["MARK"]},
        "input_claims": {"birth_date": "MARK"}, "MARK": "MARK",
    }]);
    let mut body = case("COMPLETE", json!("CLEAR"));
    body["checks"] = found.clone();
    body["output_claims"] = found;
    let read = against(connector().read(&case_id()), vec![json_answer(200, body.clone())]).0.map(is).unwrap();
    let listed = modern(json!([body]), Value::Null);
    let found = against(connector().find(&lookup("ada@example.com")), vec![listed]).0.unwrap();
    assert_eq!(found, Findings::Orders(vec![read.clone()]));
    assert!(!format!("{read:?}").to_uppercase().contains("MARK"), "{read:?}");
    assert_snapshot!(format!("{:?}", read.checks), @r#"[CheckProgress { name: "Criminal record report", finished: true }]"#);
}

#[test]
fn checks_of_another_shape_do_not_hide_how_a_case_stands() {
    for checks in [
        json!(["check-1"]),
        json!([{"type": {"id": 1}}]),
        json!([{"type": 5, "status": "COMPLETE"}]),
        json!({}),
        json!([null]),
    ] {
        let mut body = case("COMPLETE", json!("CLEAR"));
        body["checks"] = checks.clone();
        assert_eq!(read_case(body), "completed = Clear \"Clear\"", "{checks}");
    }
}

#[test]
fn the_name_of_a_check_is_quoted() {
    let line = checks_of(json!([{"type": format!("A\n{}", "X".repeat(9000)), "status": ""}]));
    assert!(line.chars().count() < 60 && !line.contains('\n'), "{}", line.chars().count());
}
