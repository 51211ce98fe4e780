//! What is told of a connection.

use super::*;
use crate::ats::look::tests::{only_red, shown};
use crate::reason::Owner;

/// The answer to a call without special meaning: a customer whose user may do all that we need.
fn healthy(path: &str) -> HttpOutcome {
    let string = json!({"type": "string"});
    let fields = |names: &[&str]| -> Value { names.iter().map(|name| ((*name).to_owned(), string.clone())).collect() };
    match path {
        "profiledefinitions/v1/person/email/schema" => json_answer(200, string),
        "profiledefinitions/v1/person/schema" => {
            json_answer(200, json!({"properties": fields(&["firstname", "lastname", "email"])}))
        }
        "profiledefinitions/v1/job/schema" => {
            json_answer(200, json!({"properties": fields(&["jobtitle", "bgcpackagetype"])}))
        }
        "profiledefinitions/v1/submittal/schema" => {
            let entry = fields(&[
                "assessmentname",
                "assessmentdate",
                "assessmentstatus",
                "assessmentresult",
                "assessmentnotes",
                "assessmenturl",
            ]);
            let mut properties = fields(&["baseprofile", "associatedprofile", "status"]);
            properties["assessmentresults"] = json!({"type": "array", "items": {"properties": entry}});
            json_answer(200, json!({"properties": properties, "required": ["status"]}))
        }
        "v2/lists" => json_answer(200, lists()),
        "applicantworkflows/24680/fields/assessmentresults" => answer_with(200, ("x-ratelimit-limit", "20000"), ""),
        _ => icims_record(path),
    }
}

fn lists() -> Value {
    json!([
        {"id": "D1", "name": "Assessment Status", "values": [
            {"id": "D37002019001"}, {"id": "D37002019002"}, {"id": "D37002019003"}, {"id": "D37002019004"},
        ]},
        {"id": "D2", "name": "Assessment Name", "values": [{"id": "D21", "value": "Standard"}]},
        {"id": "D3", "name": "Status", "values": [{"id": "C1701"}, {"id": "C1822"}]},
    ])
}

fn icims_record(path: &str) -> HttpOutcome {
    match path {
        "applicantworkflows/24680" => json_answer(
            200,
            json!({"baseprofile": {"id": 3399}, "associatedprofile": {"id": 11299}, "status": {"id": "C1822"}}),
        ),
        "people/11299" => json_answer(200, json!({"firstname": "Ada", "lastname": "Moss", "email": "ada@example.com"})),
        "jobs/3399" => json_answer(200, json!({"bgcpackagetype": [{"id": "D100", "value": "Standard 7a0e"}]})),
        "people/5566" => json_answer(200, json!({"email": "rec@example.com"})),
        _ => panic!("asked for {path}"),
    }
}

fn denied() -> HttpOutcome {
    answer_with(404, ("x-error", "3:Access denied to Ada Moss."), "")
}

fn not_found() -> HttpOutcome {
    json_answer(404, json!({"errors": [{"errorCode": 2, "errorMessage": "Ada Moss not found."}]}))
}

fn examined(extra: Value, sample: bool, special: &dyn Fn(&str) -> Option<HttpOutcome>) -> (Vec<Line>, Vec<String>) {
    let subject = sample.then(subject);
    let (lines, sent) = play(connector(extra).examine(subject.as_ref()), |request| {
        assert_eq!(request.method, Method::GET);
        let path = request.url.path().strip_prefix("/customers/7351/").unwrap();
        special(path).unwrap_or_else(|| healthy(path))
    });
    let told = format!("{lines:?}");
    assert!(!["Ada", "Moss", "ada@", "rec@", "pw"].iter().any(|private| told.contains(private)), "{told}");
    (lines, sent)
}

fn lines(sample: bool, special: &dyn Fn(&str) -> Option<HttpOutcome>) -> Vec<Line> {
    examined(json!({}), sample, special).0
}

fn at(place: &'static str, outcome: HttpOutcome) -> impl Fn(&str) -> Option<HttpOutcome> {
    move |path| (path == place).then(|| outcome.clone())
}

#[test]
fn a_healthy_connection_has_no_red_line() {
    let (with, sent) = examined(json!({}), true, &|_| None);
    assert_snapshot!(shown(&with), @r#"
    + reachable (hub operator): the API answers
    ? call_budget (ATS administrator): iCIMS does not say how many calls are left
    + credentials (ATS administrator): the user name and password are taken
    + customer_id (hub operator): known
    + workflow_fields (ATS administrator): readable: baseprofile, associatedprofile, status
    + person_fields (ATS administrator): readable: firstname, lastname, email
    + job_fields (ATS administrator): readable: bgcpackagetype
    + requester (ATS administrator): readable, with an address
    + trigger_status (ATS administrator): the latest known application is in it
    + results_collection (ATS administrator): assessmentresults has every field that is written
    + results_rights (ATS administrator): assessmentresults may be written
    + result_statuses (ATS administrator): the four values are there
    + result_name (ATS administrator): 1 of the list's 1 values
    + required_fields (ATS administrator): none
    "#);
    assert_snapshot!(sent.join("\n"), @r#"
    GET /customers/7351/applicantworkflows/24680
    GET /customers/7351/profiledefinitions/v1/person/schema
    GET /customers/7351/profiledefinitions/v1/job/schema
    GET /customers/7351/profiledefinitions/v1/submittal/schema
    GET /customers/7351/v2/lists
    GET /customers/7351/people/11299?fields=firstname,lastname,email
    GET /customers/7351/jobs/3399?fields=bgcpackagetype
    GET /customers/7351/applicantworkflows/24680/fields/assessmentresults
    GET /customers/7351/people/5566?fields=email
    "#);
    let (without, sent) = examined(json!({}), false, &|_| None);
    assert_snapshot!(shown(&without), @r#"
    + reachable (hub operator): the API answers
    ? call_budget (ATS administrator): iCIMS does not say how many calls are left
    + credentials (ATS administrator): the user name and password are taken
    + customer_id (hub operator): known
    + workflow_fields (ATS administrator): shown: baseprofile, associatedprofile, status
    + person_fields (ATS administrator): shown: firstname, lastname, email
    + job_fields (ATS administrator): shown: bgcpackagetype
    ? requester (ATS administrator): no user is known yet who started a check
    + trigger_status (ATS administrator): known: 1822
    + results_collection (ATS administrator): assessmentresults has every field that is written
    + results_rights (ATS administrator): assessmentresults may be written
    + result_statuses (ATS administrator): the four values are there
    ? result_name (ATS administrator): iCIMS does not list the values of the result's name, or no package is known yet
    + required_fields (ATS administrator): none
    "#);
    assert_snapshot!(sent.join("\n"), @r#"
    GET /customers/7351/profiledefinitions/v1/person/email/schema
    GET /customers/7351/profiledefinitions/v1/person/schema
    GET /customers/7351/profiledefinitions/v1/job/schema
    GET /customers/7351/profiledefinitions/v1/submittal/schema
    GET /customers/7351/v2/lists
    "#);
}

#[test]
fn what_stops_the_look_is_the_only_line_that_is_told() {
    let everywhere = |outcome: HttpOutcome| lines(true, &move |_| Some(outcome.clone()));
    let of = |outcome: HttpOutcome| {
        let lines = everywhere(outcome);
        assert_eq!(lines.iter().filter(|line| line.saw == crate::ats::look::WAITS).count(), lines.len() - 1);
        let (item, owner, _) = only_red(&lines);
        (item, owner)
    };
    assert_eq!(of(json_answer(401, json!({}))), ("credentials", Owner::AtsAdmin));
    assert_eq!(of(json_answer(429, json!({}))), ("call_budget", Owner::AtsAdmin));
    let budget = Err(HttpFailure::NotSent(NotSent::Budget(Duration::from_secs(9))));
    assert_eq!(of(budget), ("call_budget", Owner::AtsAdmin));
    assert_eq!(of(json_answer(505, json!({}))), ("reachable", Owner::HubOperator));
    assert_eq!(of(Err(HttpFailure::Unclear("time-out"))), ("reachable", Owner::HubOperator));
    assert_eq!(of(Err(HttpFailure::NotSent(NotSent::Connect))), ("reachable", Owner::HubOperator));
    // The first call is not repeated with credentials that are not taken.
    let (_, sent) = examined(json!({}), true, &|_| Some(json_answer(401, json!({}))));
    assert_eq!(sent.len(), 1);
    // The same in the middle of the look.
    let (item, ..) = only_red(&lines(true, &at("people/11299", json_answer(500, json!({})))));
    assert_eq!(item, "reachable");
}

#[test]
fn nothing_but_not_found_is_an_unknown_customer() {
    for sample in [true, false] {
        let all = lines(sample, &|_| Some(not_found()));
        assert_eq!((only_red(&all).0, only_red(&all).1), ("customer_id", Owner::HubOperator));
    }
    // An application that is gone is no fault of the connection.
    let gone = lines(true, &at("applicantworkflows/24680", not_found()));
    assert!(gone.iter().all(|line| line.sentence.is_none()), "{}", shown(&gone));
}

#[test]
fn a_hidden_field_is_told_from_an_empty_one() {
    let of_person = |fields: Value| at("people/11299", json_answer(200, fields));
    let row = |lines: &[Line]| shown(lines).lines().find(|row| row.contains("person_fields")).unwrap().to_owned();
    let empty = lines(true, &of_person(json!({"firstname": "Ada", "lastname": "Moss"})));
    assert_snapshot!(row(&empty), @"+ person_fields (ATS administrator): 2 readable, shown and empty: email");
    let schema = "profiledefinitions/v1/person/schema";
    let hides = at(schema, json_answer(200, json!({"properties": {"firstname": {}, "lastname": {}}})));
    let of_person = of_person(json!({"firstname": "Ada", "lastname": "Moss"}));
    let hidden = lines(true, &|path| of_person(path).or_else(|| hides(path)));
    assert_snapshot!(only_red(&hidden).2, @"iCIMS hides email of the person from the integration, which needs it to order a background check. Please show it to the login group of the integration's API user: a field is hidden, too, where its tab is.");
    // What was seen counts for more than what is described.
    assert_snapshot!(row(&lines(true, &hides)), @"+ person_fields (ATS administrator): readable: firstname, lastname, email");
    assert_snapshot!(row(&lines(false, &hides)), @"! person_fields (ATS administrator): forbidden: email");
    let silent = at(schema, not_found());
    assert_snapshot!(row(&lines(true, &|path| of_person(path).or_else(|| silent(path)))), @"? person_fields (ATS administrator): empty or forbidden, which iCIMS's schema does not tell: email");
    assert_snapshot!(row(&lines(false, &silent)), @"? person_fields (ATS administrator): neither an application nor iCIMS's schema tells it");
    assert_snapshot!(row(&lines(false, &at(schema, denied()))), @"! person_fields (ATS administrator): forbidden: firstname, lastname, email");
}

#[test]
fn each_missing_right_has_its_line() {
    let red = |special: &dyn Fn(&str) -> Option<HttpOutcome>| {
        let lines = lines(true, special);
        let (item, owner, sentence) = only_red(&lines);
        assert_eq!(owner, Owner::AtsAdmin);
        format!("{item}: {sentence}")
    };
    assert_snapshot!(red(&at("applicantworkflows/24680", denied())), @"workflow_fields: iCIMS hides the whole profile of the recruiting workflow from the integration, which needs it to order a background check. Please show it to the login group of the integration's API user: a field is hidden, too, where its tab is.");
    let without_person = json!({"baseprofile": {"id": 1}, "status": {"id": "C1822"}});
    assert_snapshot!(red(&at("applicantworkflows/24680", json_answer(200, without_person))), @"workflow_fields: iCIMS hides associatedprofile of the recruiting workflow from the integration, which needs it to order a background check. Please show it to the login group of the integration's API user: a field is hidden, too, where its tab is.");
    assert_snapshot!(red(&at("people/5566", denied())), @"requester: iCIMS hides the profile of the user who started the latest check from the integration. Please let the login group of the integration's API user read the e-mail address of the users who start checks.");
    assert_snapshot!(red(&at("applicantworkflows/24680/fields/assessmentresults", denied())), @r#"results_collection: iCIMS shows the integration no collection "assessmentresults" on the recruiting workflow, which is where it writes how a background check stands. Please add the collection, or show its tab to the login group of the integration's API user."#);
    let submittal = |properties: Value| {
        at("profiledefinitions/v1/submittal/schema", json_answer(200, json!({"properties": properties})))
    };
    assert_snapshot!(red(&submittal(json!({"status": {}}))), @r#"results_collection: iCIMS shows the integration no collection "assessmentresults" on the recruiting workflow, which is where it writes how a background check stands. Please add the collection, or show its tab to the login group of the integration's API user."#);
    let lacking = json!({"assessmentresults": {"items": {"properties": {"assessmentname": {}}}}});
    assert_snapshot!(red(&submittal(lacking)), @r#"results_collection: iCIMS shows the integration no field assessmentdate, assessmentstatus, assessmentresult, assessmentnotes, assessmenturl in the collection "assessmentresults" of the recruiting workflow. Please add what is missing, or show it to the login group of the integration's API user."#);
}

#[test]
fn a_value_that_a_list_lacks_has_its_line() {
    let with = |change: fn(&mut Value)| {
        let mut lists = lists();
        change(&mut lists);
        lines(true, &at("v2/lists", json_answer(200, lists)))
    };
    let sent = with(|lists| drop(lists[0]["values"].as_array_mut().unwrap().pop()));
    assert_snapshot!(only_red(&sent).2, @"The list of the field assessmentstatus in iCIMS lacks the value D37002019004, which the integration writes. Please add it, or tell the operator of the integration which value stands for it.");
    let named = with(|lists| lists[1]["values"][0]["value"] = "Other".into());
    assert_snapshot!(only_red(&named).2, @r#"The list of the field assessmentname in iCIMS lacks the value "Standard 7a0e", so that no result of this package can be shown. Please add the name of every background check package to the list."#);
    // Nothing is said of a list that iCIMS does not show.
    let nothing = with(|lists| *lists = json!([{"id": "D9", "name": "Colours", "values": [{"id": "D91"}]}]));
    assert!(nothing.iter().all(|line| line.sentence.is_none()), "{}", shown(&nothing));
    let elsewhere = json!({"baseprofile": {"id": 3399}, "associatedprofile": {"id": 11299}, "status": {"id": "C1701"}});
    let elsewhere = at("applicantworkflows/24680", json_answer(200, elsewhere));
    let mut lists = lists();
    lists[2]["values"].as_array_mut().unwrap().pop();
    let lists = at("v2/lists", json_answer(200, lists));
    assert_snapshot!(only_red(&lines(true, &|path| elsewhere(path).or_else(|| lists(path)))).2, @"iCIMS has no recruiting workflow status with the id 1822, which is to start a background check. Please tell the operator of the integration the id of the status that recruiters move candidates to, or restore it.");
}

#[test]
fn the_names_of_rows_that_are_ours_count_before_the_packages() {
    let entries = json!({"assessmentresults": [
        {"assessmentname": {"value": "Driver"}, "assessmentnotes": "Order h7k2"},
        {"assessmentname": {"value": "Typing test"}, "assessmentnotes": "by another vendor"},
    ]});
    let place = "applicantworkflows/24680/fields/assessmentresults";
    let row = |lines: &[Line]| shown(lines).lines().find(|row| row.contains("result_name")).unwrap().to_owned();
    assert_snapshot!(row(&lines(true, &at(place, json_answer(200, entries)))), @"! result_name (ATS administrator): missing: Driver");
    let (fixed, _) = examined(json!({"entry_name": "standard"}), false, &|_| None);
    assert_snapshot!(row(&fixed), @"+ result_name (ATS administrator): 1 of the list's 1 values");
    let (fixed, _) = examined(json!({"entry_name": "Check"}), false, &|_| None);
    assert_snapshot!(row(&fixed), @"! result_name (ATS administrator): missing: Check");
}
