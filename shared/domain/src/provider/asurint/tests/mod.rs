//! One connector, two codecs: what must be the same in both is asked of both.

mod gateway;
mod json;
mod postbacks;
mod settings;

use std::time::Duration;

use insta::assert_snapshot;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::http::{HttpFailure, HttpOutcome, HttpRequest, HttpResponse, Lane, NotSent, Sending};
use crate::id::{AtsId, PackageId};
use crate::mapping::{Mapping, MappingKind, Mappings};
use crate::provider::ReportPage;
use crate::request::Candidate;
use crate::talk::play;

/// Each way of speaking to Asurint.
const WAYS: [&str; 3] = ["json", "one step", "two steps"];

fn settings_of(way: &str) -> Value {
    let oml = |gateway: Value| {
        json!({
            "client_id": "ACME01", "codec": "oml", "gateway": gateway, "account_id": "A1", "location_id": "L1",
            "fallback_requester_email": "hr@client.example",
        })
    };
    match way {
        "json" => json!({
            "client_id": "ACME01", "codec": "json", "base_url": "https://api.asurint.com/hub",
            "fallback_requester_email": "hr@client.example",
        }),
        "one step" => oml(json!({"form": "one_step", "url": "https://orders.asurint.com/in"})),
        "two steps" => oml(json!({"form": "two_step", "base_url": "https://api-prod.asurint.com/gw1"})),
        _ => unreachable!("a way"),
    }
}

fn credentials() -> Credentials {
    Credentials { username: "hub".to_owned(), password: "p<&>".into(), signing_secrets: vec!["s1".into()] }
}

fn settings_with(way: &str, change: impl FnOnce(&mut Value)) -> Settings {
    let mut settings = settings_of(way);
    change(&mut settings);
    serde_json::from_value(settings).unwrap()
}

fn connector_with(way: &str, change: impl FnOnce(&mut Value)) -> Connector {
    Connector::new(settings_with(way, change), credentials(), Region::Ca)
}

fn connector(way: &str) -> Connector {
    connector_with(way, |_| ())
}

fn new_order() -> NewOrder {
    NewOrder {
        package: PackageId::parse("0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11").unwrap(),
        package_name: "Basic Search + Employment".to_owned(),
        group: None,
        ordered_by: None,
        requester_email: Some(Secret::from("rae@client.example")),
        application: AtsId::parse("9a2f").unwrap(),
        job: Some(AtsId::parse("REQ-77").unwrap()),
        candidate: Candidate {
            given_name: Some(Secret::from("Ada")),
            family_name: Some(Secret::from("Moss")),
            email: Some(Secret::from("ada@example.com")),
        },
    }
}

fn correlation() -> Correlation {
    Correlation {
        order: OrderId::parse("hub-1").unwrap(),
        callback: Some("https://hub.example/asurint/acme".parse().unwrap()),
    }
}

fn lookup() -> Lookup {
    Lookup {
        order: correlation().order,
        email: None,
        group: None,
        ordered_by: None,
        placed_after: Timestamp::UNIX_EPOCH,
    }
}

fn order_number() -> ProviderOrderId {
    ProviderOrderId::parse("A123456").unwrap()
}

fn answer(status: u16, body: impl ToString) -> HttpOutcome {
    Ok(HttpResponse { status, headers: Vec::new(), body: body.to_string().into_bytes() })
}

fn acknowledgement(status: &str, rest: &str) -> String {
    format!(
        "<ApplicationAcknowledgement><PayloadDisposition><EntityDisposition><EntityStatus>{status}</EntityStatus>{rest}\
         </EntityDisposition></PayloadDisposition></ApplicationAcknowledgement>"
    )
}

const NUMBER: &str = "<Identifier><BackgroundCheckOrderNumber>A123456</BackgroundCheckOrderNumber></Identifier>";
const EXCEPTION: &str = "<EntityException><Exception><ExceptionMessage>Ada Moss zqx</ExceptionMessage></Exception>\
                         </EntityException>";

/// Plays against the outcomes in turn, each of them once. Where a token is asked for, it is given.
fn against<T>(talk: Talk<T>, outcomes: Vec<HttpOutcome>) -> (T, Vec<HttpRequest>) {
    let (mut outcomes, mut requests) = (outcomes.into_iter(), Vec::new());
    let (done, _) = play(talk, |request| {
        if request.url.path().ends_with("/authenticate") {
            assert_eq!(request.sending, Sending::Repeatable);
            return answer(200, "<UserToken>token-1</UserToken>");
        }
        requests.push(request.clone());
        outcomes.next().unwrap()
    });
    assert_eq!(outcomes.next(), None, "not asked: {requests:?}");
    (done, requests)
}

/// A request as it goes over the wire.
fn sent(request: &HttpRequest) -> String {
    let mut lines = vec![format!("{} {}", request.method, request.url)];
    lines.extend(request.headers.iter().map(|(name, value)| format!("{name}: {}", value.expose())));
    lines.extend(request.body.as_ref().map(|body| String::from_utf8(body.expose().clone()).unwrap()));
    lines.join("\n")
}

fn trouble_line(trouble: &Trouble) -> String {
    let line = match trouble {
        Trouble::Later { cause, after } => {
            format!("later{}: {cause}", after.map_or(String::new(), |after| format!(" after {after:?}")))
        }
        Trouble::Because { refusal, cause } => format!("{refusal}: {cause}"),
    };
    assert!(!format!("{trouble:?}{line}").contains("zqx"), "{line}");
    line
}

fn truth_line(truth: &Truth) -> String {
    let word = truth.status_word.as_ref().map_or(String::new(), |word| format!(" {word:?}"));
    let result =
        truth.result.as_ref().map_or(String::new(), |result| format!(" = {:?} {:?}", result.code, result.label));
    let awaits = truth.awaits_score.map_or(String::new(), |time| format!(", awaits score for {time:#}"));
    format!("{}{word}{result}{awaits}", truth.status.code())
}

fn placed_line(placed: &PostOutcome<Truth>) -> String {
    match placed {
        PostOutcome::Accepted(truth) => format!("accepted {} {}", truth.order, truth_line(truth)),
        PostOutcome::NoEffect(trouble) => format!("no effect, {}", trouble_line(trouble)),
        PostOutcome::Unclear(cause) => format!("unclear, {cause}"),
    }
}

/// What placing an order comes to; it is sent once and by itself.
fn place(connector: &Connector, order: &NewOrder, outcome: HttpOutcome) -> String {
    let (placed, requests) = against(connector.place(order, &correlation()), vec![outcome]);
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].sending, requests[0].lane), (Sending::Once, Lane::Orders));
    placed_line(&placed)
}

fn accepted(way: &str) -> HttpOutcome {
    match way {
        "json" => answer(201, json!({"orderId": "A123456", "status": "Pending Candidate"})),
        "one step" => answer(200, acknowledgement("Complete", NUMBER)),
        _ => answer(200, "<OrderID>A123456</OrderID>"),
    }
}

#[test]
fn an_order_is_accepted_with_its_number() {
    for way in WAYS {
        let line = place(&connector(way), &new_order(), accepted(way));
        assert_eq!(line, "accepted A123456 pending_candidate", "{way}");
        let (placed, _) = against(connector(way).place(&new_order(), &correlation()), vec![accepted(way)]);
        let PostOutcome::Accepted(truth) = placed else { panic!("{placed:?}") };
        assert_eq!((truth.short_id, truth.modified, truth.report), (None, None, ReportPage::Missing));
    }
}

#[test]
fn an_order_that_did_not_arrive_or_was_not_answered_is_no_refusal() {
    let limited = HttpResponse { status: 429, headers: vec![("retry-after".to_owned(), "12".to_owned())], body: vec![] };
    for way in WAYS {
        let line = |outcome: HttpOutcome| place(&connector(way), &new_order(), outcome);
        for status in [302, 408, 500, 502, 503] {
            assert_eq!(line(answer(status, "zqx")), format!("unclear, asurint: HTTP {status}"), "{way}");
        }
        assert_eq!(line(answer(200, "zqx")), "unclear, asurint: HTTP 200 without an id", "{way}");
        assert_eq!(line(answer(200, "<a/>")), "unclear, asurint: HTTP 200 without an id", "{way}");
        assert_eq!(line(answer(200, json!({"orderId": "../x"}))), "unclear, asurint: HTTP 200 without an id", "{way}");
        assert_eq!(line(Err(HttpFailure::Unclear("time-out"))), "unclear, asurint: time-out", "{way}");
        let not_sent = Err(HttpFailure::NotSent(NotSent::Connect));
        assert_eq!(line(not_sent), "no effect, later: asurint: no connection", "{way}");
        let budget = Err(HttpFailure::NotSent(NotSent::Budget(Duration::from_secs(5))));
        assert_eq!(line(budget), "no effect, later after 5s: asurint: our call budget is spent", "{way}");
        assert!(line(Ok(limited.clone())).starts_with("no effect, later after 12s: asurint: HTTP 429"), "{way}");
    }
}

#[test]
fn who_may_not_order_is_told_apart_from_what_may_not_be_ordered() {
    for way in WAYS {
        let reason = |status: u16| {
            let line = place(&connector(way), &new_order(), answer(status, "{\"errors\":[{\"message\":\"zqx\"}]}"));
            line.split(": ").next().unwrap().to_owned()
        };
        assert_eq!(reason(401), "no effect, provider_credentials", "{way}");
        assert_eq!(reason(403), "no effect, provider_permission", "{way}");
        assert_eq!(reason(400), "no effect, provider_refused", "{way}");
        assert_eq!(reason(422), "no effect, provider_refused", "{way}");
    }
}

#[test]
fn an_order_lacks_neither_name_nor_address() {
    for way in WAYS {
        let line = |change: fn(&mut NewOrder)| {
            let mut order = new_order();
            change(&mut order);
            let (placed, requests) = against(connector(way).place(&order, &correlation()), vec![]);
            assert_eq!(requests.len(), 0);
            placed_line(&placed)
        };
        let nameless = "no effect, missing_candidate_data: asurint: without a given and a family name";
        assert_eq!(line(|order| order.candidate.given_name = None), nameless, "{way}");
        assert_eq!(line(|order| order.candidate.given_name = Some(" ".into())), nameless, "{way}");
        assert_eq!(line(|order| order.candidate.family_name = None), nameless, "{way}");
        assert_eq!(line(|order| order.candidate.family_name = Some(" . ".into())), nameless, "{way}");
        let unreachable = "no effect, no_email: asurint: without an e-mail address";
        assert_eq!(line(|order| order.candidate.email = None), unreachable, "{way}");
        assert_eq!(line(|order| order.candidate.email = Some("  ".into())), unreachable, "{way}");
    }
}

#[test]
fn the_family_name_goes_without_periods_and_the_requester_may_be_the_settings() {
    for way in WAYS {
        let body = |way: &str, change: fn(&mut NewOrder)| {
            let mut order = new_order();
            change(&mut order);
            let (_, requests) = against(connector(way).place(&order, &correlation()), vec![accepted(way)]);
            sent(&requests[0])
        };
        let named = body(way, |order| order.candidate.family_name = Some("St. John Jr.".into()));
        assert!(named.contains("St John Jr") && !named.contains("John."), "{named}");
        assert!(named.contains("rae@client.example") && !named.contains("hr@client.example"), "{named}");
        for nobody in [|order: &mut NewOrder| order.requester_email = None, |order: &mut NewOrder| {
            order.requester_email = Some(Secret::from(" "));
        }] {
            let named = body(way, nobody);
            assert!(named.contains("hr@client.example") && !named.contains("rae@client.example"), "{named}");
        }
    }
}

#[test]
fn packages_are_listed_and_those_without_an_id_are_passed_over() {
    let guid = "0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11";
    for way in WAYS {
        let list = match way {
            "json" => json!({"packages": [
                {"id": guid, "name": "Basic & more ", "active": true, "note": "zqx"},
                {"id": "old", "name": "Old", "active": false},
                {"id": 7}, {"name": "No id"}, {"id": null}, {"id": "a b"},
            ]})
            .to_string(),
            _ => format!(
                "<ATSServiceAcknowledgement xmlns=\"x\"><ATSResponse><ATSResponsePackages><Packages>\
                 <Package><PackageID>{guid}</PackageID><Name>Basic &amp; more </Name><Active>true</Active></Package>\
                 <Package id=\"old\" name=\"Old\" active=\"false\"/><Package><ID>7</ID></Package>\
                 <Package><Name>No id</Name></Package><Package><ID/></Package><Package><ID>a b</ID></Package>\
                 </Packages></ATSResponsePackages></ATSResponse></ATSServiceAcknowledgement>"
            ),
        };
        let (packages, requests) = against(connector(way).packages(), vec![answer(200, &list)]);
        let lines = packages.unwrap().into_iter().map(|p| format!("{} {:?} {}", p.id, p.name.trim(), p.orderable));
        let expected = [format!("{guid} \"Basic & more\" true"), "old \"Old\" false".into(), "7 \"\" true".into()];
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{way}");
        assert_eq!((requests[0].sending, requests[0].lane), (Sending::Repeatable, Lane::Reads), "{way}");
        let trouble = |outcome: HttpOutcome| {
            let trouble = against(connector(way).packages(), vec![outcome]).0.unwrap_err();
            trouble_line(&trouble).split(": ").next().unwrap().to_owned()
        };
        assert_eq!(trouble(answer(401, "zqx")), "provider_credentials", "{way}");
        assert_eq!(trouble(answer(403, "zqx")), "provider_permission", "{way}");
        assert_eq!(trouble(answer(404, "zqx")), "provider_refused", "{way}");
        assert_eq!(trouble(answer(503, "zqx")), "later", "{way}");
        assert_eq!(trouble(answer(200, "zqx")), "later", "{way}");
        assert_eq!(trouble(Err(HttpFailure::Unclear("time-out"))), "later", "{way}");
    }
}

#[test]
fn packages_of_the_settings_are_taken_instead_of_asking() {
    for way in WAYS {
        let connector =
            connector_with(way, |settings| settings["packages"] = json!([{"id": "p1", "name": "Basic"}]));
        let (packages, requests) = against(connector.packages(), vec![]);
        let expected = Package { id: PackageId::parse("p1").unwrap(), name: "Basic".to_owned(), orderable: true };
        assert_eq!((packages, requests.len()), (Ok(vec![expected]), 0), "{way}");
    }
}

#[test]
fn anybody_may_order_and_in_xml_somebody_must() {
    for way in WAYS {
        let standing = |settings: fn(&mut Value), email: Option<&str>| {
            let (connector, email) = (connector_with(way, settings), email.map(Secret::from));
            let (standing, _) = against(connector.standing(GroupId::parse("g1").ok().as_ref(), email.as_ref()), vec![]);
            let standing = standing.unwrap();
            assert_eq!(standing.group, GroupStanding::Active);
            standing.requester
        };
        let without: fn(&mut Value) = |settings| settings["fallback_requester_email"] = Value::Null;
        assert_eq!(standing(|_| (), None), Some(RequesterStanding::NeedsNone), "{way}");
        assert_eq!(standing(without, Some("rae@client.example")), Some(RequesterStanding::NeedsNone), "{way}");
        assert_eq!(standing(without, None).is_some(), way == "json", "{way}");
    }
}

/// The fields of an order as Asurint tells of it.
fn told(status: Value, score: Value, report: Value) -> Value {
    json!({
        "orderId": "A123456", "quoteBack": "hub-1", "status": status, "score": score, "reportUrl": report,
        "updatedAt": "2026-11-01T10:00:00Z", "candidate": {"ssn": "zqx"}, "findings": ["zqx"],
    })
}

/// The truth of an order: in JSON it is read, in XML a postback tells it.
fn truth(settings: &Settings, order: &Value) -> Truth {
    if settings.codec == Codec::Json {
        let connector = Connector::new(settings.clone(), credentials(), Region::Ca);
        let (reading, _) = against(connector.read(&order_number()), vec![answer(200, order)]);
        let Ok(Reading::Is(truth)) = reading else { panic!("{reading:?}") };
        return *truth;
    }
    let element = |name: &str, of: &str| match order[of].as_str() {
        Some(text) => format!("<{name}>{}</{name}>", xml::escaped(text)),
        None => format!("<{name}/>"),
    };
    let body = [
        "<OrderStatusUpdate><Identifier><BackgroundCheckOrderNumber>A123456</BackgroundCheckOrderNumber></Identifier>",
        &element("OrderStatus", "status"),
        &element("OrderScore", "score"),
        &element("ReportLink", "reportUrl"),
        &element("OccurredAt", "updatedAt"),
        "<Subjects><Subject><SSN>zqx</SSN></Subject></Subjects></OrderStatusUpdate>",
    ];
    match postbacks::decoded(settings, &body.concat()) {
        Ok(ProviderEvent::Told { truth, .. }) => *truth,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_status_word_has_one_meaning_and_the_customers_own_are_kept() {
    let words = [
        "Pending Candidate",
        " pending candidate ",
        "In Progress",
        "COMPLETED",
        "Cancelled",
        "expired",
        "Undeliverable",
        "Declined",
        "On  Hold\n at client",
        "Clear",
    ];
    for way in ["json", "one step"] {
        let settings = settings_with(way, |_| ());
        let line = |word: &&str| {
            let lines = [Value::Null, json!("Eligible for Hire")]
                .map(|score| truth_line(&truth(&settings, &told(json!(word), score, Value::Null))));
            format!("{word:?}: {}", lines.join(" | "))
        };
        assert_snapshot!(words.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        "Pending Candidate": pending_candidate | pending_candidate
        " pending candidate ": pending_candidate | pending_candidate
        "In Progress": in_progress | in_progress
        "COMPLETED": in_progress, awaits score for 15m | completed = Clear "Eligible for Hire"
        "Cancelled": cancelled "Cancelled" | cancelled "Cancelled" = Clear "Eligible for Hire"
        "expired": expired "expired" | expired "expired" = Clear "Eligible for Hire"
        "Undeliverable": undeliverable "Undeliverable" | undeliverable "Undeliverable" = Clear "Eligible for Hire"
        "Declined": declined "Declined" | declined "Declined" = Clear "Eligible for Hire"
        "On  Hold\n at client": in_progress "On Hold at client" | in_progress "On Hold at client" = Clear "Eligible for Hire"
        "Clear": in_progress "Clear" | in_progress "Clear" = Clear "Eligible for Hire"
        "#);
    }
    let settings = settings_with("json", |_| ());
    for blank in [Value::Null, json!(""), json!(" "), json!({})] {
        assert_eq!(truth_line(&truth(&settings, &told(blank, json!("Review"), Value::Null))), "in_progress");
    }
}

#[test]
fn every_score_has_one_result_and_an_unknown_one_is_never_clear() {
    let long = "L".repeat(60);
    let scores =
        ["Eligible for Hire", " review", "INELIGIBLE FOR HIRE", "Eligible", "Clear", "Pass", "Dispute\n!", long.as_str()];
    for way in ["json", "one step"] {
        let settings = settings_with(way, |_| ());
        let line = |score: &&str| truth_line(&truth(&settings, &told(json!("Completed"), json!(score), Value::Null)));
        assert_snapshot!(scores.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        completed = Clear "Eligible for Hire"
        completed = Review "review"
        completed = Ineligible "INELIGIBLE FOR HIRE"
        completed = Custom "Eligible"
        completed = Custom "Clear"
        completed = Custom "Pass"
        completed = Custom "Dispute !"
        completed = Custom "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL…"
        "#);
    }
}

#[test]
fn an_admin_may_say_what_the_customers_words_mean() {
    let mapping = |kind, word: &str, means: &str| Mapping {
        kind,
        ats_value: word.to_owned(),
        provider_value: means.to_owned(),
    };
    let mappings = Mappings(vec![
        mapping(MappingKind::Status, "Closed out", "completed"),
        mapping(MappingKind::Score, "green", "clear"),
    ]);
    for way in ["json", "one step"] {
        let settings = settings_with(way, |_| ());
        let line = |status: &str, score: &str| {
            truth_line(&truth(&settings, &told(json!(status), json!(score), Value::Null)).mapped(&mappings))
        };
        assert_eq!(line("CLOSED OUT", "Green"), "completed \"CLOSED OUT\" = Clear \"Green\"", "{way}");
        assert_eq!(line("Completed", "Green "), "completed = Clear \"Green\"", "{way}");
        assert_eq!(line("Completed", "Amber"), "completed = Custom \"Amber\"", "{way}");
    }
}

#[test]
fn a_report_is_shown_only_where_the_settings_say_that_reports_lie() {
    for way in ["json", "one step"] {
        let settings = settings_with(way, |_| ());
        let page = |address: &str| truth(&settings, &told(json!("Completed"), Value::Null, json!(address))).report;
        for right in
            ["https://portal.asurint.com/r/A123456", "https://asurint.com/r", " https://a.b.asurint.com:443/r/%20 "]
        {
            assert!(matches!(page(right), ReportPage::At(_)), "{right}");
        }
        let long = format!("https://portal.asurint.com/{}", "x".repeat(2_000));
        for wrong in [
            "",
            "r/A123456",
            "http://portal.asurint.com/r",
            "https://asurint.com.evil.example/r",
            "https://evilasurint.com/r",
            "https://portal.asurint.example/r",
            "https://ada@portal.asurint.com/r",
            "https://:pass@portal.asurint.com/r",
            "https://portal.asurint.com:8443/r",
            "https://portal.asurint.com/r?token=1",
            "https://portal.asurint.com/r#x",
            "https://portal.asurint.com@evil.example/",
            "https://evil.example\\.asurint.com/r",
            "javascript:alert(1)",
            "file:///etc/hostname",
            long.as_str(),
        ] {
            assert_eq!(page(wrong), ReportPage::Missing, "{wrong}");
        }
        let elsewhere = settings_with(way, |settings| settings["report_host"] = json!("reports.example"));
        let order = |address: &str| told(json!("Completed"), Value::Null, json!(address));
        assert!(matches!(truth(&elsewhere, &order("https://x.reports.example/r")).report, ReportPage::At(_)));
        assert_eq!(truth(&elsewhere, &order("https://portal.asurint.com/r")).report, ReportPage::Missing);
    }
}

#[test]
fn a_truth_says_when_it_was_true_and_whether_to_ask_often() {
    for way in ["json", "one step"] {
        let order = told(json!("In Progress"), Value::Null, Value::Null);
        let said = truth(&settings_with(way, |_| ()), &order);
        assert_eq!(said.modified, Some("2026-11-01T10:00:00Z".parse().unwrap()), "{way}");
        assert!(!said.ask_often);
        let mut undated = order.clone();
        undated["updatedAt"] = json!("yesterday");
        assert_eq!(truth(&settings_with(way, |_| ()), &undated).modified, None, "{way}");
    }
    let often = settings_with("json", |settings| settings["polls"] = json!(true));
    assert!(truth(&often, &told(json!("In Progress"), Value::Null, Value::Null)).ask_often);
}

#[test]
fn nothing_is_sent_where_an_address_is_missing() {
    for (way, field) in [("json", "base_url"), ("one step", "gateway")] {
        let connector = connector_with(way, |settings| settings[field] = Value::Null);
        let (_, requests) = against(connector.place(&new_order(), &correlation()), vec![accepted(way)]);
        assert!(!(SYSTEM.allows)(Region::Ca, requests[0].url.host_str().unwrap()), "{way}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..300), status in 100_u16..600) {
        for way in WAYS {
            let answer = || vec![Ok(HttpResponse { status, headers: Vec::new(), body: body.clone() })];
            let connector = connector(way);
            let _ = against(connector.packages(), answer());
            let (placed, _) = against(connector.place(&new_order(), &correlation()), answer());
            prop_assert!(!matches!(placed, PostOutcome::Accepted(_)));
            if way == "json" {
                let _ = against(connector.read(&order_number()), answer());
                let _ = against(connector.find(&lookup()), answer());
            }
        }
    }

    #[test]
    fn any_name_arrives_as_it_is(given in "\\PC*[a-z<>&'\"]\\PC*", family in "\\PC*[a-z\\]]\\PC*") {
        let mut order = new_order();
        order.candidate.given_name = Some(Secret::new(given.clone()));
        order.candidate.family_name = Some(Secret::new(family.clone()));
        let (_, requests) = against(connector("one step").place(&order, &correlation()), vec![accepted("one step")]);
        let body = requests[0].body.as_ref().unwrap().expose().clone();
        let names = gateway::names_in(&body);
        prop_assert_eq!(names, (given.trim().to_owned(), family.replace('.', "").trim().to_owned()));
    }
}
