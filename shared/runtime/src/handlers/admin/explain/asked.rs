//! What is asked about: an order, an application, or an event of the ATS.

use domain::ats::{AtsEvent, AtsSettings, Intake};
use domain::id::{AtsId, OrderId};
use domain::invalid::Invalid;
use domain::mapping::{Mapping, MappingKind, Mappings};
use domain::order::Order;
use domain::reason::NotForUs;
use domain::request::Subject;
use domain::webhook::{Unreadable, Webhook};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::edge::{Answer, problem};
use crate::handlers::admin;
use crate::hub::Hub;
use crate::store::{Connected, StoreError};

/// A mapping that is not set, to see what it would change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProposedMapping {
    kind: MappingKind,
    #[schemars(length(min = 1, max = 200))]
    ats_value: String,
    #[schemars(length(min = 1, max = 128))]
    provider_value: String,
}

/// Exactly one of `order`, `application` and `event`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["order"]}, {"required": ["application"]}, {"required": ["event"]}]))]
#[schemars(extend("dependentRequired" = {
    "request": ["application"], "requester": ["application"], "status": ["application"],
}))]
pub(super) struct Question {
    /// An order of the connection, by our id.
    #[serde(default)]
    order: Option<OrderId>,
    /// An application, by the ATS's id.
    #[serde(default)]
    application: Option<AtsId>,
    /// The ATS's id of the request, where it gives requests one; else the application's latest.
    #[serde(default)]
    request: Option<AtsId>,
    /// The ATS's id of whoever asks for the check, where its events name them.
    #[serde(default)]
    requester: Option<AtsId>,
    /// The status or stage that the application is moved to; else the one that it has.
    #[serde(default)]
    status: Option<AtsId>,
    /// The body of an event, as the ATS sends it.
    #[serde(default)]
    event: Option<Map<String, Value>>,
    #[serde(default)]
    #[schemars(length(max = 50))]
    proposed_mappings: Vec<ProposedMapping>,
}

impl Question {
    /// The mappings that are proposed, where there are some.
    pub(super) fn proposed(&self) -> Option<Mappings> {
        let mapping = |proposed: &ProposedMapping| Mapping {
            kind: proposed.kind,
            ats_value: proposed.ats_value.clone(),
            provider_value: proposed.provider_value.trim().to_owned(),
        };
        let mappings: Vec<Mapping> = self.proposed_mappings.iter().map(mapping).collect();
        (!mappings.is_empty()).then_some(Mappings(mappings))
    }
}

/// What is to be explained.
#[derive(Debug)]
pub(super) enum About {
    Request(Subject),
    /// Without a look at anything: why it is none.
    NoRequest(Option<NotForUs>),
}

/// What is to be explained, with what is stored of it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) about: About,
    /// The order that stands for it, where its state is to be explained.
    pub(super) at_hand: Option<Order>,
    /// The application's orders, the latest first.
    pub(super) orders: Vec<Order>,
    /// No event was named, so where the application is now counts.
    pub(super) where_it_is: bool,
    application: Option<AtsId>,
}

impl Asked {
    pub(super) const fn application(&self) -> Option<&AtsId> {
        self.application.as_ref()
    }

    const fn no_request(why: NotForUs) -> Self {
        let about = About::NoRequest(Some(why));
        Self { about, at_hand: None, orders: Vec::new(), where_it_is: false, application: None }
    }
}

fn unusable(status: u16, field: &str, why: &str) -> Answer {
    problem(status, "The question cannot be answered as it is.", &[Invalid::new(field, why)])
}

fn unavailable(error: StoreError) -> Answer {
    admin::unavailable(&error)
}

/// Reads the question, and what is stored of what it is about.
pub(super) async fn asked(hub: &Hub, connected: &Connected, question: Question) -> Result<Asked, Answer> {
    if question.proposed_mappings.len() > 50 {
        return Err(unusable(400, "proposed_mappings", "must be 50 at most"));
    }
    let details = [("request", &question.request), ("requester", &question.requester), ("status", &question.status)];
    if let (None, Some((field, _))) = (&question.application, details.iter().find(|(_, value)| value.is_some())) {
        return Err(unusable(400, field, "goes with application only"));
    }
    match (question.order, question.application, question.event) {
        (Some(order), None, None) => of_order(hub, connected, &order).await,
        (None, Some(application), None) => {
            let details = (question.request, question.requester, question.status);
            of_application(hub, connected, application, details).await
        }
        (None, None, Some(event)) => of_event(hub, connected, event).await,
        (order, application, event) => {
            let given =
                usize::from(order.is_some()) + usize::from(application.is_some()) + usize::from(event.is_some());
            let why = if given == 0 {
                "must hold one of order, application and event"
            } else {
                "must hold only one of order, application and event"
            };
            Err(unusable(400, "body", why))
        }
    }
}

async fn of_order(hub: &Hub, connected: &Connected, id: &OrderId) -> Result<Asked, Answer> {
    let order = hub.store.order(id).await.map_err(unavailable)?;
    let order = order.filter(|order| order.connection == connected.connection.id);
    let order = order.ok_or_else(|| problem(404, "This connection has no such order.", &[]))?;
    let orders = orders(hub, connected, &order.subject.application).await?;
    Ok(Asked {
        application: Some(order.subject.application.clone()),
        about: About::Request(order.subject.clone()),
        at_hand: Some(order),
        orders,
        where_it_is: false,
    })
}

async fn orders(hub: &Hub, connected: &Connected, application: &AtsId) -> Result<Vec<Order>, Answer> {
    let orders = hub.store.orders_of_application(&connected.connection.id, application.as_str()).await;
    orders.map_err(unavailable)
}

async fn of_application(
    hub: &Hub,
    connected: &Connected,
    application: AtsId,
    (request, requester, status): (Option<AtsId>, Option<AtsId>, Option<AtsId>),
) -> Result<Asked, Answer> {
    let ats = &connected.connection.ats;
    let gives_ids = matches!(ats.intake(), Intake::Poll(_));
    if request.is_some() && !gives_ids {
        return Err(unusable(422, "request", "is not for this ATS, which gives requests no id"));
    }
    let orders = orders(hub, connected, &application).await?;
    // What is under way of an application is what an admin wonders about, unless the question is about another move.
    let is_of = |order: &&Order| request.is_none() || order.subject.request == request;
    let under_way = orders.iter().filter(is_of).find(|order| !order.is_settled()).filter(|_| status.is_none()).cloned();
    let latest = under_way.as_ref().or_else(|| orders.iter().find(is_of)).map(|order| order.subject.clone());
    let mut asked = Asked {
        about: About::NoRequest(None),
        at_hand: under_way,
        orders,
        where_it_is: status.is_none(),
        application: Some(application.clone()),
    };
    if let (Some(status), AtsSettings::Icims(settings)) = (&status, ats)
        && !settings.is_trigger(status.as_str())
    {
        asked.about = About::NoRequest(Some(NotForUs::NotTriggerStatus));
        return Ok(asked);
    }
    let request = match request {
        None if gives_ids => match latest.as_ref().and_then(|subject| subject.request.clone()) {
            Some(request) => Some(request),
            None => resting(hub, connected, &application).await?,
        },
        given => given,
    };
    if gives_ids && request.is_none() {
        return Ok(asked);
    }
    let requester = requester.or_else(|| latest.as_ref()?.requester.clone());
    let known = latest.map(|subject| subject.status);
    let status = status.or(known).or_else(|| AtsId::parse("-").ok());
    if let Some(status) = status {
        asked.about = About::Request(Subject { application, request, requester, status });
    }
    Ok(asked)
}

/// The latest request of the application that rests in the table.
async fn resting(hub: &Hub, connected: &Connected, application: &AtsId) -> Result<Option<AtsId>, Answer> {
    let resting = hub.store.requests_of_application(&connected.connection.id, application.as_str()).await;
    let mut resting = resting.map_err(unavailable)?;
    resting.sort_by_key(|kept| kept.kept_until);
    Ok(resting.pop().and_then(|kept| kept.subject.request))
}

async fn of_event(hub: &Hub, connected: &Connected, event: Map<String, Value>) -> Result<Asked, Answer> {
    let Intake::Webhook(ats) = connected.connection.ats.intake() else {
        let why = "is not for this ATS, which sends none: ask about the application or the order";
        return Err(unusable(422, "event", why));
    };
    let body = Value::Object(event).to_string().into_bytes();
    let webhook = Webhook::told_by_an_admin_and_unproven(body, hub.clock.now());
    let subject = match ats.decode(&webhook) {
        Ok(AtsEvent::CheckRequested(subject)) => subject,
        Ok(AtsEvent::LeftTrigger(subject)) => {
            let orders = orders(hub, connected, &subject.application).await?;
            let application = Some(subject.application);
            return Ok(Asked { orders, application, ..Asked::no_request(NotForUs::NotTriggerStatus) });
        }
        Ok(AtsEvent::NotForUs(why)) => return Ok(Asked::no_request(why)),
        Err(Unreadable::TooLarge) => return Err(unusable(422, "event", "is too large")),
        Err(Unreadable::Malformed(why)) => return Err(unusable(422, "event", why)),
    };
    let orders = orders(hub, connected, &subject.application).await?;
    Ok(Asked {
        application: Some(subject.application.clone()),
        about: About::Request(subject),
        at_hand: None,
        orders,
        where_it_is: false,
    })
}
