//! The connector by topic; here what the topics share.

mod access;
mod check;
mod reading;
mod settings;
mod writing;

use std::time::Duration;

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::ats::Listed;
use crate::http::AccessToken;
use crate::id::{AtsId, ConnectionId, GroupId, OrderId, PackageId};
use crate::order::{LinkKind, Order, Placement, Planned, Timing};
use crate::request::{AtsValue, Candidate};
use crate::status::{ActionBy, OrderResult, OrderStatus, ResultCode};
use crate::talk::play;

fn settings(extra: Value) -> Settings {
    let mut json = json!({"tenant_id": "6784", "data_centre": "dc2"});
    json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn credentials() -> Credentials {
    Credentials { client_id: Secret::from("client"), client_secret: Secret::from("s e&cret") }
}

fn connector(extra: Value) -> Connector {
    Connector::new(settings(extra), credentials(), None)
}

fn subject() -> Subject {
    let id = |text: &str| AtsId::parse(text).unwrap();
    Subject { application: id("4711"), request: Some(id("123456")), requester: None, status: id("invited") }
}

fn answer(status: u16, body: &str) -> HttpOutcome {
    Ok(HttpResponse { status, headers: Vec::new(), body: body.into() })
}

fn trouble_line(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Later { cause, after } => {
            format!("later{}: {cause}", after.map_or(String::new(), |after| format!(" after {after:?}")))
        }
        Trouble::Because { refusal, cause } => format!("{refusal} {:?}: {cause}", refusal.about),
    }
}

/// Asks for the invitations that wait, and is answered so.
fn listed(extra: Value, outcome: &HttpOutcome) -> Result<Page, Trouble> {
    let (page, sent) = play(settings(extra).list(&AtsCredentials::Pageup(credentials())), |_| outcome.clone());
    assert_eq!(sent.len(), 1, "{sent:?}");
    page
}

fn start() -> Timestamp {
    "2026-11-01T10:00:00Z".parse().unwrap()
}

fn planned() -> Planned {
    Planned {
        id: OrderId::parse("order-1").unwrap(),
        connection: ConnectionId::parse("pageup-test").unwrap(),
        ats: "pageup".to_owned(),
        subject: subject(),
        generation: 0,
        package: PackageId::parse("p1").ok(),
        package_name: Some("Standard".to_owned()),
        group: GroupId::parse("g1").ok(),
        ordered_by: None,
        candidate_mark: None,
        status_ids_agree: false,
        entered_at: None,
        request_kept_until: None,
    }
}

/// What is to be shown of a placed order, with the provider's name in its sentence.
fn shown(status: OrderStatus, change: impl FnOnce(&mut Order)) -> View {
    let mut order = Order::intend(planned(), start());
    (order.placement, order.status) = (Placement::Placed, status);
    change(&mut order);
    order.was_completed |= status == OrderStatus::Completed;
    order.settled(start(), &Timing::default());
    order.desired.unwrap().named("Certn")
}

fn of(status: OrderStatus) -> View {
    shown(status, |_| ())
}
