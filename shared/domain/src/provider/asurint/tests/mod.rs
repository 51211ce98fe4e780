//! One connector, two codecs: what must be the same in both is asked of both.

mod gateway;
mod json;
mod orders;
mod postbacks;
mod settings;
mod truths;

use std::time::Duration;

use insta::{allow_duplicates, assert_snapshot};
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
