mod check;

use std::time::Duration;

use insta::assert_snapshot;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::http::{HttpFailure, NotSent};
use crate::id::{AtsId, OrderId};
use crate::order::LinkKind;
use crate::request::{AtsValue, Candidate};
use crate::status::{ActionBy, OrderResult, OrderStatus, ResultCode};
use crate::talk::play;
use crate::webhook::IssuedPassword;

fn settings(extra: Value) -> Settings {
    let mut json = json!({"customer_id": "7351", "trigger_statuses": ["1822"]});
    json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn connector(extra: Value) -> Connector {
    let credentials = Credentials { username: "api".to_owned(), password: Secret::from("pw") };
    Connector::new(settings(extra), credentials, None)
}

fn subject() -> Subject {
    let id = |text: &str| AtsId::parse(text).unwrap();
    Subject { application: id("24680"), request: None, requester: Some(id("5566")), status: id("1822") }
}

fn json_answer(status: u16, body: Value) -> HttpOutcome {
    Ok(HttpResponse { status, headers: Vec::new(), body: body.to_string().into_bytes() })
}

fn answer_with(status: u16, header: (&str, &str), body: &str) -> HttpOutcome {
    let headers = vec![(header.0.to_owned(), header.1.to_owned())];
    Ok(HttpResponse { status, headers, body: body.as_bytes().to_vec() })
}

fn trouble_line(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Later { cause, after } => {
            format!("later{}: {cause}", after.map_or(String::new(), |after| format!(" after {after:?}")))
        }
        Trouble::Because { refusal, cause } => format!("{refusal} {:?}: {cause}", refusal.about),
    }
}

fn decoded(settings: &Settings, change: impl FnOnce(&mut Value)) -> String {
    let mut event = json!({
        "eventType": "WorkFlowStatusChangeEvent", "customerId": "7351", "systemId": "24680", "personId": "11223",
        "jobId": "3344", "userId": "5566", "oldStatus": "1701", "newStatus": "1822",
        "links": [
            {"rel": "applicantWorkflow", "title": "Applicant Workflow", "url": "https://evil.example/24680"},
            {"rel": "user", "title": "Posting User", "url": "https://api.icims.com/customers/7351/people/5566"},
        ],
    });
    change(&mut event);
    let passwords = [IssuedPassword::new(&Secret::from("hook"), Timestamp::UNIX_EPOCH)];
    let authorization = Secret::new(format!("Basic {}", STANDARD.encode("u:hook")));
    let headers = vec![("authorization".to_owned(), authorization)];
    let arrived = Webhook::received(headers, event.to_string().into_bytes(), Timestamp::UNIX_EPOCH).unwrap();
    let webhook = arrived.verify(Scheme::Basic { user: "u", passwords: &passwords }).unwrap();
    let of = |s: &Subject| {
        format!("{} by {} at {}", s.application, s.requester.as_ref().map_or("-", |id| id.as_str()), s.status)
    };
    match settings.decode(&webhook) {
        Ok(AtsEvent::CheckRequested(subject)) => format!("check {}", of(&subject)),
        Ok(AtsEvent::LeftTrigger(subject)) => format!("left {}", of(&subject)),
        Ok(AtsEvent::NotForUs(why)) => why.code().to_owned(),
        Err(unreadable) => format!("{unreadable:?}"),
    }
}

#[test]
fn the_recorded_event_asks_for_a_check_in_each_of_its_forms() {
    let check = |change: fn(&mut Value)| {
        assert_eq!(decoded(&settings(json!({})), change), "check 24680 by 5566 at 1822");
    };
    check(|_| ());
    check(|event| event["eventType"] = "workflowstatuschangeevent".into());
    check(|event| event["addedByIcims"] = json!({"a": [1, null]}));
    check(|event| event["links"] = json!("not even a list"));
    check(|event| {
        for id in ["customerId", "systemId", "personId", "jobId", "userId", "oldStatus", "newStatus"] {
            event[id] = event[id].as_str().unwrap().parse::<i64>().unwrap().into();
        }
    });
}

#[test]
fn a_status_is_a_trigger_with_or_without_its_letter() {
    let check = |configured: &str, sent: &str, expected: &str| {
        let line = decoded(&settings(json!({"trigger_statuses": ["9", configured]})), |event| {
            event["newStatus"] = sent.into()
        });
        assert_eq!(line, expected);
    };
    check("1822", "1822", "check 24680 by 5566 at 1822");
    check("1822", "C1822", "check 24680 by 5566 at C1822");
    check("C1822", "1822", "check 24680 by 5566 at 1822");
    check("D10100", "D10100", "check 24680 by 5566 at D10100");
    check("1822", "1701", "left 24680 by 5566 at 1701");
    check("1822", "11822", "left 24680 by 5566 at 11822");
    check("1822", "X1822", "left 24680 by 5566 at X1822");
}

#[test]
fn another_event_is_not_for_us_and_a_malformed_one_is_refused() {
    let check = |change: fn(&mut Value)| decoded(&settings(json!({})), change);
    for other in ["AssessmentEvent", "ApplicationCompletedEvent", "OnboardPortalTaskEvent", "JobPostToWebEvent", ""] {
        assert_eq!(decoded(&settings(json!({})), |event| event["eventType"] = other.into()), "unknown_event_type");
    }
    assert_snapshot!(check(|event| *event = json!({"eventType": "RemoteLoginEvent", "customerId": 7351})), @"unknown_event_type");
    assert_snapshot!(check(|event| event["customerId"] = "7352".into()), @r#"Malformed("customerId is not the connection's")"#);
    assert_snapshot!(check(|event| event["systemId"] = Value::Null), @r#"Malformed("systemId or newStatus is missing")"#);
    assert_snapshot!(check(|event| event["systemId"] = " ".into()), @r#"Malformed("systemId or newStatus is missing")"#);
    assert_snapshot!(check(|event| event["systemId"] = "24680/../1".into()), @r#"Malformed("the body is not the JSON of an event")"#);
    assert_snapshot!(check(|event| event["newStatus"] = Value::Null), @r#"Malformed("systemId or newStatus is missing")"#);
    assert_snapshot!(check(|event| event["eventType"] = Value::Null), @r#"Malformed("the body is not the JSON of an event")"#);
    assert_snapshot!(check(|event| event["userId"] = Value::Null), @"check 24680 by - at 1822");
    assert_snapshot!(check(|event| *event = json!([])), @r#"Malformed("the body is not the JSON of an event")"#);
}

/// What iCIMS answers unless `special` says otherwise: the ids of job and person are not those of the event.
fn icims(special: &dyn Fn(&str) -> Option<HttpOutcome>, request: &HttpRequest) -> HttpOutcome {
    let [authorization] = request.headers.as_slice() else { panic!("{:?}", request.headers) };
    assert_eq!((authorization.0, authorization.1.expose().as_str()), ("authorization", "Basic YXBpOnB3"));
    let path = request.url.path().strip_prefix("/customers/7351/").unwrap();
    special(path).unwrap_or_else(|| match path {
        "applicantworkflows/24680" => json_answer(
            200,
            json!({
                "baseprofile": {"id": 3399, "value": "Nurse", "profile": "https://evil.example/jobs/1"},
                "associatedprofile": {"id": "11299", "value": "Ada Moss"},
                "status": {"id": "C1822", "value": "Background Check"}, "links": [],
            }),
        ),
        "people/11299" => json_answer(200, json!({"firstname": "Ada", "lastname": "Moss", "email": "ada@example.com"})),
        "jobs/3399" => json_answer(200, json!({"bgcpackagetype": [{"id": "D100", "value": "Standard"}]})),
        "people/5566" => json_answer(200, json!({"email": "rec@example.com"})),
        _ => panic!("asked for {path}"),
    })
}

fn read(extra: Value, special: &dyn Fn(&str) -> Option<HttpOutcome>) -> (String, Vec<String>) {
    let (read, sent) = play(connector(extra).read_request(&subject(), None), |request| icims(special, request));
    let line = match read {
        Err(trouble) => trouble_line(&trouble),
        Ok(request) => {
            let shown = |value: &Option<Secret>| value.as_ref().map_or("-".to_owned(), |value| value.expose().clone());
            let word = |value: &AtsValue| format!("{}={}", value.id.as_deref().unwrap_or("-"), value.text);
            let packages: Vec<String> = request.packages.iter().map(word).collect();
            let department = request.department.as_ref().map_or("-".to_owned(), word);
            let Candidate { given_name, family_name, email } = &request.candidate;
            format!(
                "trigger {:?}, packages [{}], department {department}, {} {} {}, requester {}",
                request.in_trigger_status,
                packages.join(", "),
                shown(given_name),
                shown(family_name),
                shown(email),
                shown(&request.requester_email)
            )
        }
    };
    (line, sent)
}

fn read_with(at: &str, outcome: HttpOutcome) -> String {
    read(json!({}), &|path| (path == at).then(|| outcome.clone())).0
}

#[test]
fn reading_a_request_asks_for_four_records_and_only_for_the_fields_of_an_order() {
    let (line, sent) = read(json!({}), &|_| None);
    assert_snapshot!(line, @"trigger Some(true), packages [D100=Standard], department -, Ada Moss ada@example.com, requester rec@example.com");
    assert_snapshot!(sent.join("\n"), @"
    GET /customers/7351/applicantworkflows/24680
    GET /customers/7351/people/11299?fields=firstname,lastname,email
    GET /customers/7351/jobs/3399?fields=bgcpackagetype
    GET /customers/7351/people/5566?fields=email
    ");
    let on_person = json!({"package_profile": "person", "package_field": "field123", "group_field": "jobfield9"});
    assert_snapshot!(read(on_person, &|_| None).1.join("\n"), @"
    GET /customers/7351/applicantworkflows/24680
    GET /customers/7351/people/11299?fields=firstname,lastname,email,field123
    GET /customers/7351/jobs/3399?fields=jobfield9
    GET /customers/7351/people/5566?fields=email
    ");
    assert_snapshot!(read(json!({"package_profile": "person"}), &|_| None).1[2], @"GET /customers/7351/jobs/3399?fields=jobtitle");
    let without_user = Subject { requester: None, ..subject() };
    let (_, sent) = play(connector(json!({})).read_request(&without_user, None), |request| icims(&|_| None, request));
    assert_eq!(sent.len(), 3);
}

#[test]
fn no_setting_makes_us_read_a_field_that_is_not_needed_for_an_order() {
    let credentials = Credentials { username: "api".to_owned(), password: Secret::from("pw") };
    let problems =
        |field: &str| settings(json!({"package_field": field, "group_field": field})).problems(&credentials).len();
    for never in [
        "usssn",
        "birthdate",
        "gender",
        "startdate",
        "hiredate",
        "salary",
        "education",
        "workexperience",
        "addresses",
        "licensecertification",
        "drivinglicensestate",
        "drivinglicensenumber",
        "Email",
        "a,b",
        "a&b=c",
        "",
    ] {
        assert_eq!(problems(never), 2, "{never}");
    }
    assert_eq!(problems("bgcpackagetype"), 0);
    assert_eq!(settings(json!({"trigger_statuses": []})).problems(&credentials)[0].field, "ats.trigger_statuses");
}

#[test]
fn a_user_name_that_basic_cannot_carry_is_refused() {
    let check = |username: &str, expected: &[&str]| {
        let credentials = Credentials { username: username.to_owned(), password: Secret::from("p:w") };
        let problems = settings(json!({})).problems(&credentials);
        assert_eq!(problems.iter().map(|invalid| invalid.field.as_str()).collect::<Vec<_>>(), expected, "{username}");
    };
    check("api", &[]);
    check("", &["ats_credentials.username"]);
    check("api:7351", &["ats_credentials.username"]);
}

#[test]
fn packages_come_as_a_list_a_single_value_or_plain_text() {
    let check = |field: Value| {
        let line = read_with("jobs/3399", json_answer(200, json!({"bgcpackagetype": field, "usssn": "dropped"})));
        line.split(", department").next().unwrap().replace("trigger Some(true), packages ", "")
    };
    assert_snapshot!(check(json!([{"id": "D1", "value": " Standard "}, {"id": 2, "value": "Plus"}])), @"[D1=Standard, 2=Plus]");
    assert_snapshot!(check(json!({"id": "D1", "value": "Standard", "formattedvalue": "Packages: Standard"})), @"[D1=Standard]");
    assert_snapshot!(check(json!({"formattedvalue": "Standard"})), @"[-=Standard]");
    assert_snapshot!(check(json!({"id": "D1"})), @"[D1=]");
    assert_snapshot!(check(json!(" Standard ")), @"[-=Standard]");
    assert_snapshot!(check(json!(["Standard", "", null, {}])), @"[-=Standard]");
    for empty in [json!([]), json!(""), Value::Null, json!({})] {
        assert_eq!(check(empty), "[]");
    }
}

#[test]
fn what_is_hidden_is_missing_and_never_invented() {
    assert_snapshot!(read_with("people/11299", json_answer(200, json!({"firstname": "Ada", "email": " "}))), @"trigger Some(true), packages [D100=Standard], department -, Ada - -, requester rec@example.com");
    assert_snapshot!(read_with("people/5566", json_answer(200, json!({}))), @"trigger Some(true), packages [D100=Standard], department -, Ada Moss ada@example.com, requester -");
    assert_snapshot!(read_with("people/5566", json_answer(404, json!({"errors": [{"errorCode": 2}]}))), @"trigger Some(true), packages [D100=Standard], department -, Ada Moss ada@example.com, requester -");
    assert_snapshot!(read_with("people/5566", json_answer(404, json!({"errors": [{"errorCode": 3}]}))), @"trigger Some(true), packages [D100=Standard], department -, Ada Moss ada@example.com, requester -");
    assert_snapshot!(read_with("people/5566", json_answer(503, json!({}))), @"later: icims: HTTP 503 code -");
    assert_snapshot!(read_with("people/5566", json_answer(401, json!({}))), @r#"ats_credentials "": icims: HTTP 401 code -"#);
    let workflow = |body: Value| read_with("applicantworkflows/24680", json_answer(200, body));
    assert_snapshot!(workflow(json!({"baseprofile": {"id": 3399}})), @r#"ats_permission "associatedprofile": icims: associatedprofile is not in the workflow"#);
    assert_snapshot!(workflow(json!({"associatedprofile": {"id": 11299}})), @r#"ats_permission "baseprofile": icims: baseprofile is not in the workflow"#);
    let unnamed = json!({"baseprofile": {"id": 3399}, "associatedprofile": {"id": 11299}});
    assert!(workflow(unnamed.clone()).starts_with("trigger None, "));
    let elsewhere = json!({"baseprofile": {"id": 3399}, "associatedprofile": {"id": 11299}, "status": {"id": "C1701"}});
    assert!(workflow(elsewhere).starts_with("trigger Some(false), "));
    let department = |field: Value| {
        let body = json!({"bgcpackagetype": "Standard", "unit": field});
        let special = |path: &str| (path == "jobs/3399").then(|| json_answer(200, body.clone()));
        read(json!({"group_field": "unit"}), &special).0
    };
    assert_snapshot!(department(json!({"id": "D7", "value": "Nursing"})), @"trigger Some(true), packages [-=Standard], department D7=Nursing, Ada Moss ada@example.com, requester rec@example.com");
    assert_snapshot!(department(Value::Null), @"trigger Some(true), packages [-=Standard], department -, Ada Moss ada@example.com, requester rec@example.com");
}

#[test]
fn every_refusal_of_icims_has_one_meaning() {
    let check = |outcome: HttpOutcome| {
        let line = read_with("applicantworkflows/24680", outcome.clone());
        assert_eq!(line, read_with("jobs/3399", outcome));
        line
    };
    let coded = |status, code: i64| {
        check(json_answer(status, json!({"errors": [{"errorCode": code, "errorMessage": "Ada Moss"}]})))
    };
    assert_snapshot!(coded(401, 9), @r#"ats_credentials "": icims: HTTP 401 code 9"#);
    assert_snapshot!(coded(404, 2), @r#"ats_record_gone "": icims: HTTP 404 code 2"#);
    assert_snapshot!(coded(404, 3), @r#"ats_permission "": icims: HTTP 404 code 3"#);
    assert_snapshot!(check(json_answer(404, json!({}))), @r#"ats_record_gone "": icims: HTTP 404 code -"#);
    assert_snapshot!(check(json_answer(403, json!({}))), @r#"ats_permission "": icims: HTTP 403 code -"#);
    assert_snapshot!(coded(400, 1), @r#"ats_required_field "": icims: HTTP 400 code 1"#);
    assert_snapshot!(check(answer_with(400, ("x-error", "1:hiredate:Ada Moss has no hire date: fill it"), "")), @r#"ats_required_field "hiredate": icims: HTTP 400 code 1"#);
    assert_snapshot!(check(answer_with(400, ("x-error", "1: Ada Moss has none"), "{}")), @r#"ats_required_field "": icims: HTTP 400 code 1"#);
    assert_snapshot!(check(answer_with(404, ("x-error", "3:associatedprofile:hidden"), "")), @r#"ats_permission "associatedprofile": icims: HTTP 404 code 3"#);
    assert_snapshot!(check(answer_with(400, ("x-error", "77:assessmentstatus:no such value"), "")), @r#"ats_option_missing "assessmentstatus": icims: HTTP 400 code 77"#);
    assert_snapshot!(check(json_answer(408, json!({}))), @"later: icims: HTTP 408 code -");
    assert_snapshot!(check(answer_with(408, ("x-ratelimit-reset", "9299"), "")), @"later: icims: HTTP 408 code -");
    assert_snapshot!(check(json_answer(429, json!({}))), @"later: icims: HTTP 429 code -");
    assert_snapshot!(check(answer_with(429, ("retry-after", "30"), "")), @"later after 30s: icims: HTTP 429 code -");
    assert_snapshot!(check(answer_with(429, ("x-ratelimit-reset", "9299"), "")), @"later after 9299s: icims: HTTP 429 code -");
    assert_snapshot!(coded(500, 0), @"later: icims: HTTP 500 code 0");
    assert_snapshot!(check(answer_with(503, ("content-type", "text/html"), "<h1>Ada Moss</h1>")), @"later: icims: HTTP 503 code -");
    assert_snapshot!(check(answer_with(200, ("content-type", "text/html"), "<h1>Sign in</h1>")), @"later: icims: an answer that is not the expected JSON");
    assert_snapshot!(check(Err(HttpFailure::Unclear("time-out"))), @"later: icims: time-out");
    assert_snapshot!(check(Err(HttpFailure::NotSent(NotSent::Budget(Duration::from_secs(7))))), @"later after 7s: icims: our call budget is spent");
}

fn view(status: OrderStatus) -> View {
    View {
        order: OrderId::parse("abcdefghijklmnopqrstuvwxyz").unwrap(),
        status,
        action_by: None,
        refusal: None,
        result: None,
        sentence: String::new(),
        package_name: Some("Certn Basic".to_owned()),
        reference: None,
        status_word: None,
        provider: String::new(),
        link: LinkKind::None,
        checks: Vec::new(),
        was_completed: false,
        at: "2026-11-01T22:05:00Z".parse().unwrap(),
    }
}

fn body_of(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body.as_ref().unwrap().expose()).unwrap()
}

/// Writes and gives the line of what came out, the requests, and the body of each.
fn written(view: &View, at: Entry<'_>, outcomes: Vec<HttpOutcome>) -> (String, Vec<String>, Vec<Value>) {
    let (mut outcomes, mut bodies) = (outcomes.into_iter(), Vec::new());
    let link = Url::parse("https://hub.example/r/1").unwrap();
    let link = (view.link == LinkKind::Report).then_some(&link);
    let (entry, sent) = play(connector(json!({})).write(&subject(), view, link, at), |request| {
        bodies.extend(request.body.as_ref().map(|_| body_of(request)));
        outcomes.next().unwrap()
    });
    let sent = sent.iter().map(|line| line.replace("/customers/7351/applicantworkflows/24680/fields", "…")).collect();
    (entry.unwrap_or_else(|trouble| trouble_line(&trouble)), sent, bodies)
}

fn created() -> HttpOutcome {
    answer_with(
        201,
        ("location", "https://api.icims.com/customers/7351/applicantworkflows/24680/fields/assessmentresults/88"),
        "",
    )
}

#[test]
fn an_entry_has_these_fields_and_no_other() {
    let completed = View {
        link: LinkKind::Report,
        checks: Vec::new(),
        was_completed: false,
        result: Some(OrderResult { code: ResultCode::Clear, label: "Clear".to_owned() }),
        ..view(OrderStatus::Completed)
    };
    assert_snapshot!(written(&completed, Entry::New, vec![created()]).2[0].to_string(), @r#"{"assessmentdate":"2026-11-01 10:05 PM","assessmentname":{"value":"Certn Basic"},"assessmentnotes":"Order abcdefghijklmnopqrstuvwxyz","assessmentresult":"Clear","assessmentstatus":{"id":"D37002019001"},"assessmenturl":"https://hub.example/r/1"}"#);
    let name = |extra: Value, view: &View| wire::entry(&settings(extra), view, None)["assessmentname"]["value"].clone();
    assert_eq!(name(json!({"entry_name": "Vendor"}), &completed), "Vendor");
    assert_eq!(name(json!({}), &View { package_name: None, ..completed }), "Background check");
}

#[test]
fn every_status_and_result_has_its_entry() {
    let line = |view: View| {
        let (name, entry) = (view.status.code(), wire::entry(&settings(json!({})), &view.named("Certn"), None));
        let field = |field: &str| entry[field].as_str().unwrap().to_owned();
        let node = entry["assessmentstatus"]["id"].as_str().unwrap().replace("D37002019", "…");
        format!("{name} | {node} | {} | {}", field("assessmentresult"), field("assessmentnotes"))
    };
    let mut lines: Vec<String> = OrderStatus::ALL.map(|status| line(view(status))).into();
    for by in [ActionBy::Candidate, ActionBy::Client] {
        let sentence = "{provider} is waiting.".to_owned();
        lines.push(line(View { action_by: Some(by), sentence, ..view(OrderStatus::ActionRequired) }));
    }
    for (code, label) in [(ResultCode::Review, "Review"), (ResultCode::Custom, "Amber"), (ResultCode::None, "")] {
        let result = Some(OrderResult { code, label: label.to_owned() });
        lines.push(line(View { result: result.clone(), ..view(OrderStatus::Completed) }));
        lines.push(line(View { result, ..view(OrderStatus::InDispute) }));
    }
    for (status, reason) in
        [(OrderStatus::Rejected, Reason::UnknownPackage), (OrderStatus::Held, Reason::PossibleDuplicate)]
    {
        lines.push(line(View { refusal: Some(Refusal::about(reason, "Standart")), ..view(status) }));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    received | …004 | Received | Order abcdefghijklmnopqrstuvwxyz
    held | …002 | On hold | Order abcdefghijklmnopqrstuvwxyz
    rejected | …002 | Not ordered | Order abcdefghijklmnopqrstuvwxyz
    pending_candidate | …004 | Invitation sent | Order abcdefghijklmnopqrstuvwxyz
    candidate_started | …004 | Candidate started | Order abcdefghijklmnopqrstuvwxyz
    in_progress | …003 | In progress | Order abcdefghijklmnopqrstuvwxyz
    action_required | …003 | Waiting for candidate | Order abcdefghijklmnopqrstuvwxyz
    in_dispute | …003 | In dispute | Order abcdefghijklmnopqrstuvwxyz
    completed | …001 | Completed | Order abcdefghijklmnopqrstuvwxyz
    cancelled | …002 | Cancelled | Order abcdefghijklmnopqrstuvwxyz
    declined | …002 | Candidate declined | Order abcdefghijklmnopqrstuvwxyz
    expired | …002 | Invitation expired | Order abcdefghijklmnopqrstuvwxyz
    undeliverable | …002 | Invitation not delivered | Order abcdefghijklmnopqrstuvwxyz
    action_required | …003 | Waiting for candidate | Certn is waiting. Order abcdefghijklmnopqrstuvwxyz
    action_required | …003 | Waiting for you | Certn is waiting. Order abcdefghijklmnopqrstuvwxyz
    completed | …001 | Review | Order abcdefghijklmnopqrstuvwxyz
    in_dispute | …003 | In dispute | Order abcdefghijklmnopqrstuvwxyz
    completed | …001 | Amber | Order abcdefghijklmnopqrstuvwxyz
    in_dispute | …003 | In dispute | Order abcdefghijklmnopqrstuvwxyz
    completed | …001 | No result given | Order abcdefghijklmnopqrstuvwxyz
    in_dispute | …003 | In dispute | Order abcdefghijklmnopqrstuvwxyz
    rejected | …002 | Unknown Package | The package "Standart" is not known to Certn. Ask your ATS administrator to correct it. (unknown_package) Order abcdefghijklmnopqrstuvwxyz
    held | …002 | Duplicate? | This looks like a repeat of an earlier order. Nothing was ordered; confirm to order again. (possible_duplicate) Order abcdefghijklmnopqrstuvwxyz
    "#);
}

#[test]
fn the_address_of_a_new_entry_is_where_icims_says_or_is_found_by_its_notes() {
    let check = |outcomes: Vec<HttpOutcome>| {
        let (line, sent, bodies) = written(&view(OrderStatus::PendingCandidate), Entry::New, outcomes);
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
        format!("{line} | {}", sent.join(", "))
    };
    let silent = || answer_with(201, ("content-type", "application/octet-stream"), "");
    let notes = "Order abcdefghijklmnopqrstuvwxyz";
    let entries = json!([{"entry": 1, "assessmentnotes": "Order other"}, {"entry": 2, "assessmentnotes": notes}]);
    let unclear = || Err(HttpFailure::Unclear("time-out"));
    assert_snapshot!(check(vec![created()]), @"88 | POST …/assessmentresults");
    assert_snapshot!(check(vec![answer_with(201, ("location", "/fields/assessmentresults/9/"), "")]), @"9 | POST …/assessmentresults");
    assert_snapshot!(check(vec![silent(), json_answer(200, entries.clone())]), @"2 | POST …/assessmentresults, GET …/assessmentresults");
    assert_snapshot!(check(vec![silent(), json_answer(200, json!({"assessmentresults": entries}))]), @"2 | POST …/assessmentresults, GET …/assessmentresults");
    assert_snapshot!(check(vec![silent(), json_answer(200, json!([]))]), @"later: icims: the new entry is not in its collection | POST …/assessmentresults, GET …/assessmentresults");
    assert_snapshot!(check(vec![unclear(), created()]), @"88 | POST …/assessmentresults, POST …/assessmentresults");
    assert_snapshot!(check(vec![unclear(), unclear()]), @"later: icims: time-out | POST …/assessmentresults, POST …/assessmentresults");
    assert_snapshot!(check(vec![unclear(), json_answer(404, json!({}))]), @r#"ats_record_gone "": icims: HTTP 404 code - | POST …/assessmentresults, POST …/assessmentresults"#);
    assert_snapshot!(check(vec![Err(HttpFailure::NotSent(NotSent::Connect))]), @"later: icims: no connection | POST …/assessmentresults");
    assert_snapshot!(check(vec![answer_with(400, ("x-error", "1:startdate:required"), "")]), @r#"ats_required_field "startdate": icims: HTTP 400 code 1 | POST …/assessmentresults"#);
    assert_snapshot!(check(vec![json_answer(500, json!({}))]), @"later: icims: HTTP 500 code - | POST …/assessmentresults");
}

#[test]
fn an_entry_is_changed_in_place_and_made_again_where_somebody_deleted_it() {
    let check = |outcomes: Vec<HttpOutcome>| {
        let (line, sent, bodies) = written(&view(OrderStatus::InProgress), Entry::At("88"), outcomes);
        // The change deletes a link that the state before had; a new entry has none to delete.
        assert_eq!(bodies[0]["assessmenturl"], Value::Null);
        assert!(bodies[0].as_object().unwrap().contains_key("assessmenturl"), "{bodies:?}");
        for made in &bodies[1..] {
            let mut change = made.clone();
            change["assessmenturl"] = Value::Null;
            assert_eq!(change, bodies[0]);
            assert!(!made.as_object().unwrap().contains_key("assessmenturl"), "{bodies:?}");
        }
        format!("{line} | {}", sent.join(", "))
    };
    let gone = || json_answer(404, json!({"errors": [{"errorCode": 2}]}));
    assert_snapshot!(check(vec![answer_with(204, ("x-warning", "4:lower case"), "")]), @"88 | PATCH …/assessmentresults/88");
    assert_snapshot!(check(vec![gone(), answer_with(201, ("location", "/a/99"), "")]), @"99 | PATCH …/assessmentresults/88, POST …/assessmentresults");
    assert_snapshot!(check(vec![gone(), gone()]), @r#"ats_record_gone "": icims: HTTP 404 code 2 | PATCH …/assessmentresults/88, POST …/assessmentresults"#);
    assert_snapshot!(check(vec![json_answer(404, json!({"errors": [{"errorCode": 3}]}))]), @r#"ats_permission "": icims: HTTP 404 code 3 | PATCH …/assessmentresults/88"#);
    assert_snapshot!(check(vec![Err(HttpFailure::Unclear("reset"))]), @"later: icims: reset | PATCH …/assessmentresults/88");
}

#[test]
fn after_a_write_without_a_known_outcome_the_entry_of_the_order_is_adopted_or_made() {
    let check = |outcomes: Vec<HttpOutcome>| {
        let (line, sent, bodies) = written(&view(OrderStatus::InProgress), Entry::Perhaps, outcomes);
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
        format!("{line} | {}", sent.join(", "))
    };
    let among = |notes: &str| {
        let other = json!({"entry": 87, "assessmentnotes": "Order zyxwvutsrqponmlkjihgfedcba"});
        json_answer(200, json!([other, {"entry": 1}, {"entry": 88, "assessmentnotes": notes}]))
    };
    let patched = || answer_with(204, ("x-warning", "4:lower case"), "");
    let full = "Order abcdefghijklmnopqrstuvwxyz";
    assert_snapshot!(check(vec![among(full), patched()]), @"88 | GET …/assessmentresults, PATCH …/assessmentresults/88");
    assert_snapshot!(check(vec![among("Wait… (held_expired) Order abcdefgh"), patched()]), @"88 | GET …/assessmentresults, PATCH …/assessmentresults/88");
    assert_snapshot!(check(vec![among(&format!("Order zyx was before. {full}\n")), patched()]), @"88 | GET …/assessmentresults, PATCH …/assessmentresults/88");
    assert_snapshot!(check(vec![among("Order abcdefghzzzzzzzzzzzzzzzzzz"), created()]), @"88 | GET …/assessmentresults, POST …/assessmentresults");
    assert_snapshot!(check(vec![among("abcdefghijklmnopqrstuvwxyz"), created()]), @"88 | GET …/assessmentresults, POST …/assessmentresults");
    for empty in [json_answer(200, json!([])), json_answer(200, json!({})), answer_with(204, ("a", "b"), "")] {
        assert_eq!(check(vec![empty, created()]), "88 | GET …/assessmentresults, POST …/assessmentresults");
    }
    assert_snapshot!(check(vec![json_answer(404, json!({"errors": [{"errorCode": 2}]})), created()]), @"88 | GET …/assessmentresults, POST …/assessmentresults");
    assert_snapshot!(check(vec![answer_with(200, ("content-type", "text/html"), "<h1>Sign in</h1>")]), @"later: icims: an answer that is not the expected JSON | GET …/assessmentresults");
    assert_snapshot!(check(vec![json_answer(503, json!({}))]), @"later: icims: HTTP 503 code - | GET …/assessmentresults");
    assert_snapshot!(check(vec![Err(HttpFailure::Unclear("time-out"))]), @"later: icims: time-out | GET …/assessmentresults");
    let odd = json!([{"entry": "..", "assessmentnotes": full}]);
    assert_snapshot!(check(vec![json_answer(200, odd), created()]), @"88 | GET …/assessmentresults, POST …/assessmentresults");
}

fn check_fits(view: View) -> Result<(), TestCaseError> {
    let code = view.refusal.as_ref().map_or(String::new(), |refusal| format!("({})", refusal.reason.code()));
    let entry = wire::entry(&settings(json!({})), &view, None);
    for (field, limit) in [("assessmentresult", 128), ("assessmentnotes", 192)] {
        let text = entry[field].as_str().unwrap();
        prop_assert!(text.chars().count() <= limit, "{} {}", field, text.chars().count());
        prop_assert!(!text.contains("{{") && !text.contains(char::is_control), "{}", text);
    }
    let notes = entry["assessmentnotes"].as_str().unwrap();
    prop_assert!(notes.contains("Order abcdefgh") && notes.contains(&code), "{}", notes);
    Ok(())
}

proptest! {
    #[test]
    fn whatever_a_vendor_or_a_recruiter_wrote_fits_and_is_plain(label in "[a-z{}Ä\\n\\x00 ]{0,300}", about in "[a-zÄ{}\\t]{0,90}", n in 0..Reason::ALL.len()) {
        let result = Some(OrderResult { code: ResultCode::Custom, label: label.clone() });
        check_fits(View { result, sentence: label, ..view(OrderStatus::Completed) })?;
        let refusal = Some(Refusal::about(Reason::ALL[n], &about));
        check_fits(View { refusal, ..view(OrderStatus::Rejected) }.named("Certn"))?;
    }
}

#[test]
fn a_long_text_is_cut_so_that_code_and_order_stay() {
    let long = View {
        sentence: "Wait. ".repeat(60),
        refusal: Some(Refusal::new(Reason::HeldExpired)),
        ..view(OrderStatus::Rejected)
    };
    let notes = wire::entry(&settings(json!({})), &long, None)["assessmentnotes"].as_str().unwrap().to_owned();
    assert_eq!(notes.chars().count(), 192);
    assert!(notes.ends_with("… (held_expired) Order abcdefgh"), "{notes}");
    let escaped = View { sentence: "{{{person.usssn}}} a\u{0}b".to_owned(), ..view(OrderStatus::Expired) };
    assert_snapshot!(wire::entry(&settings(json!({})), &escaped, None)["assessmentnotes"].as_str().unwrap(), @"{ { {person.usssn}}} a b Order abcdefghijklmnopqrstuvwxyz");
}

#[test]
fn the_sender_is_answered_in_icims_form() {
    let line = |reply: &Reply| {
        let Answer { status, content_type, body } = answer(reply);
        format!("{status} {} {body}", content_type.unwrap_or("-"))
    };
    let with = |extra: Value, reason: Reason, about: &str| {
        let sentence =
            format!("{} ({reason})", Refusal::about(reason, about).sentence("Certn"), reason = reason.code());
        let debug = format!("{} connection=c1 systemId=24680", reason.code());
        Reply::Refused { sentence, field: settings(extra).field_at_fault(reason), debug }
    };
    let refused = |reason, about: &str| with(json!({}), reason, about);
    let on_person = json!({"package_profile": "person", "package_field": "field9"});
    assert_snapshot!(line(&with(on_person, Reason::NoPackage, "")), @r#"400 application/json {"error":{"debugErrorMessage":"no_package connection=c1 systemId=24680","userMessage":"No background check package is set. Choose one, then send again. (no_package) Field: {{person.field9}}."}}"#);
    assert_snapshot!(line(&with(json!({"package_field": "field9"}), Reason::UnknownPackage, "X")), @r#"400 application/json {"error":{"debugErrorMessage":"unknown_package connection=c1 systemId=24680","userMessage":"The package \"X\" is not known to Certn. Ask your ATS administrator to correct it. (unknown_package) Field: {{job.field9}}."}}"#);
    assert_snapshot!(line(&Reply::Accepted), @"200 -");
    assert_snapshot!(line(&Reply::Unauthentic), @r#"401 application/json {"error":{"debugErrorMessage":"unauthentic","userMessage":"The integration's webhook credentials are not valid."}}"#);
    assert_snapshot!(line(&Reply::Unreadable(Unreadable::TooLarge)), @r#"413 application/json {"error":{"debugErrorMessage":"too_large","userMessage":"The event is too large."}}"#);
    assert_snapshot!(line(&Reply::Unreadable(Unreadable::Malformed("systemId or newStatus is missing"))), @r#"400 application/json {"error":{"debugErrorMessage":"systemId or newStatus is missing","userMessage":"The event could not be read."}}"#);
    assert_snapshot!(line(&Reply::Unavailable), @r#"503 application/json {"error":{"debugErrorMessage":"store","userMessage":"The check could not be taken in just now. Please send it again."}}"#);
    assert_snapshot!(line(&refused(Reason::NoPackage, "")), @r#"400 application/json {"error":{"debugErrorMessage":"no_package connection=c1 systemId=24680","userMessage":"No background check package is set. Choose one, then send again. (no_package) Field: {{job.bgcpackagetype}}."}}"#);
    assert_snapshot!(line(&refused(Reason::NoEmail, "")), @r#"400 application/json {"error":{"debugErrorMessage":"no_email connection=c1 systemId=24680","userMessage":"The candidate has no e-mail address. Add one, then send again. (no_email) Field: {{person.email}}."}}"#);
    assert_snapshot!(line(&refused(Reason::UnknownPackage, "{{person.usssn}}")), @r#"400 application/json {"error":{"debugErrorMessage":"unknown_package connection=c1 systemId=24680","userMessage":"The package \"{ {person.usssn}}\" is not known to Certn. Ask your ATS administrator to correct it. (unknown_package) Field: {{job.bgcpackagetype}}."}}"#);
    assert_snapshot!(line(&refused(Reason::RequesterUnknown, "")), @r#"400 application/json {"error":{"debugErrorMessage":"requester_unknown connection=c1 systemId=24680","userMessage":"You are not a user at Certn with this e-mail address. Ask its administrator to add you. (requester_unknown)"}}"#);
    for reason in Reason::ALL {
        let answer = answer(&refused(*reason, "x"));
        assert_eq!(answer.status, 400, "{}", reason.code());
        assert!(serde_json::from_str::<Value>(&answer.body).unwrap()["error"]["userMessage"].is_string());
    }
}

#[test]
fn each_customer_is_called_at_its_own_host() {
    let host = |extra: Value| {
        let mut hosts = Vec::new();
        let _ = play(connector(extra).read_request(&subject(), None), |request| {
            hosts.push(request.url.host_str().unwrap().to_owned());
            icims(&|_| None, request)
        });
        hosts.dedup();
        hosts
    };
    assert_eq!(host(json!({})), ["api.icims.com"]);
    assert_eq!(host(json!({"host": "eu"})), ["api-eu.icims.com"]);
}
