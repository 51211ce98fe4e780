//! The JSON of Asurint: its API and its postbacks. What the shapes do not name is dropped while parsing.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::Postback;
use super::invitation::Invitation;
use super::words::{JUST_PLACED, Said};
use crate::http::HttpResponse;
use crate::id::{OrderId, PackageId, ProviderOrderId};
use crate::provider::{Correlation, NewOrder, Package};
use crate::reason::{Reason, Refusal};
use crate::trouble::{Cause, Trouble};
use crate::webhook::{Signed, Unreadable};

/// Reads `t=<unix>,v1=<hex>`: a signature over the time, a period and the raw body.
pub(super) fn signature(header: &str, body: &[u8]) -> Option<Signed> {
    let (mut time, mut signature) = (None, None);
    for part in header.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        let known = match name {
            "t" => &mut time,
            "v1" => &mut signature,
            _ => continue,
        };
        if known.replace(value).is_some() {
            return None;
        }
    }
    let time = time.filter(|time| time.bytes().all(|b| b.is_ascii_digit()))?;
    let at = Timestamp::from_second(time.parse().ok()?).ok()?;
    Some(Signed { message: [time.as_bytes(), b".", body].concat(), signature: signature?.to_owned(), at: Some(at) })
}

/// A word or a number as text; blank, missing and anything else is nothing.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn parse<T: serde::de::DeserializeOwned>(response: &HttpResponse) -> Result<T, Trouble> {
    serde_json::from_slice(&response.body).map_err(|_| unexpected())
}

fn unexpected() -> Trouble {
    Trouble::later("asurint: an answer that is not the expected JSON")
}

pub(super) fn packages(response: &HttpResponse) -> Result<Vec<Package>, Trouble> {
    #[derive(Deserialize)]
    struct Packages {
        packages: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "text")]
        id: Option<String>,
        #[serde(default, deserialize_with = "text")]
        name: Option<String>,
        #[serde(default)]
        active: Option<bool>,
    }
    let rows = parse::<Packages>(response)?.packages;
    let package = |row: Row| {
        // Without an id there is nothing that could be ordered.
        let id = PackageId::parse(&row.id?).ok()?;
        Some(Package::new(id, row.name.unwrap_or_default(), row.active.unwrap_or(true)))
    };
    Ok(rows.into_iter().filter_map(package).collect())
}

/// The body of the only order call: an invitation, and of the candidate the name and the address.
pub(super) fn order_body(
    client_id: &str,
    order: &NewOrder,
    correlation: &Correlation,
    invitation: &Invitation,
) -> Value {
    let mut body = json!({
        "clientId": client_id,
        "quoteBack": correlation.order,
        "package": {"id": order.package, "name": order.package_name},
        "workflow": "CANDIDATE_HUB",
        "reference2": order.application,
        "candidate": {
            "firstName": invitation.given_name.expose(),
            "lastName": invitation.family_name.expose(),
            "email": invitation.email.expose(),
        },
        "permissiblePurpose": "EMPLOYMENT",
    });
    let optional = [
        ("reference1", order.job.as_ref().map(|job| json!(job))),
        ("requester", invitation.requester.as_ref().map(|email| json!({"email": email.expose()}))),
        ("callbackUrl", correlation.callback.as_ref().map(|url| json!(url))),
    ];
    if let Some(fields) = body.as_object_mut() {
        fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    body
}

/// An order as the API tells of it.
#[derive(Deserialize)]
pub(super) struct OrderBody {
    #[serde(default, rename = "orderId", deserialize_with = "text")]
    order: Option<String>,
    #[serde(default, rename = "quoteBack", deserialize_with = "text")]
    quote_back: Option<String>,
    #[serde(default, deserialize_with = "text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "text")]
    score: Option<String>,
    #[serde(default, rename = "reportUrl", deserialize_with = "text")]
    report: Option<String>,
    #[serde(default, rename = "updatedAt", deserialize_with = "text")]
    at: Option<String>,
}

impl OrderBody {
    /// Whose order it is; nothing where it does not say.
    fn is_of(&self, order: &OrderId) -> Option<bool> {
        self.quote_back.as_ref().map(|quote_back| quote_back == order.as_str())
    }

    fn said(self) -> Option<Said> {
        let order = ProviderOrderId::parse(&self.order?).ok()?;
        let at = self.at.and_then(|at| at.parse().ok());
        Some(Said { order, status: self.status, score: self.score, report: self.report, at })
    }
}

/// The answer to an order that was taken, unless it is of another order or has no id.
pub(super) fn placed(response: &HttpResponse, order: &OrderId) -> Option<Said> {
    let body = parse::<OrderBody>(response).ok().filter(|body| body.is_of(order) != Some(false))?;
    let said = body.said()?;
    Some(Said { status: said.status.or_else(|| Some(JUST_PLACED.to_owned())), ..said })
}

/// The order that stands in the way of a new one, if it is ours.
pub(super) fn already_placed(response: &HttpResponse, order: &OrderId) -> Option<Said> {
    parse::<OrderBody>(response).ok().filter(|body| body.is_of(order) == Some(true))?.said()
}

pub(super) fn order(response: &HttpResponse) -> Result<Said, Trouble> {
    parse::<OrderBody>(response)?.said().ok_or_else(unexpected)
}

/// What a look for our order found.
pub(super) enum Found {
    Orders(Vec<Said>),
    /// There is an order that does not say whose it is.
    Unnamed,
}

/// The orders that are ours; the filter is Asurint's, so its answer is checked.
pub(super) fn found(response: &HttpResponse, order: &OrderId) -> Result<Found, Trouble> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Bare(Vec<OrderBody>),
        Wrapped { orders: Vec<OrderBody> },
    }
    let (List::Bare(orders) | List::Wrapped { orders }) = parse(response)?;
    if orders.iter().any(|found| found.is_of(order).is_none()) {
        return Ok(Found::Unnamed);
    }
    let ours = orders.into_iter().filter(|found| found.is_of(order) == Some(true));
    ours.map(|found| found.said().ok_or_else(unexpected)).collect::<Result<_, _>>().map(Found::Orders)
}

/// A postback in JSON.
pub(super) fn postback(body: Value) -> Result<Postback, Unreadable> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, rename = "eventId", deserialize_with = "text")]
        event: Option<String>,
        #[serde(default, rename = "eventType", deserialize_with = "text")]
        kind: Option<String>,
        #[serde(default, rename = "clientId", deserialize_with = "text")]
        client_id: Option<String>,
        #[serde(default, rename = "occurredAt", deserialize_with = "text")]
        occurred_at: Option<String>,
        #[serde(flatten)]
        order: OrderBody,
    }
    const MALFORMED: Unreadable = Unreadable::Malformed("not a postback of Asurint");
    let body: Body = serde_json::from_value(body).map_err(|_| MALFORMED)?;
    let kind = body.kind.ok_or(MALFORMED)?;
    Ok(Postback {
        event: body.event,
        client_id: Some(body.client_id.ok_or(MALFORMED)?),
        tells_of_status: kind == "ORDER_STATUS_CHANGED",
        ours: body.order.quote_back.as_deref().and_then(|id| OrderId::parse(id).ok()),
        said: OrderBody { at: body.occurred_at, ..body.order }.said(),
    })
}

/// Asurint's error body; `message` may echo a person's data, so it has no field here.
#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Deserialize, Default)]
struct FieldError {
    #[serde(default, deserialize_with = "text")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    field: Option<String>,
}

/// A name of Asurint's; nothing where it looks like anything else.
fn name(text: Option<String>) -> String {
    let is_name = |text: &String| {
        text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    text.filter(is_name).unwrap_or_default()
}

/// What a refused call means. `order` says that it was the order call, where a 404 is about the package.
fn explain(response: &HttpResponse, order: bool) -> Trouble {
    let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let first = body.errors.into_iter().next().unwrap_or_default();
    let (code, field) = (name(first.code), name(first.field));
    let cause = format!("asurint: HTTP {} code={code} field={field}", response.status);
    let because = |reason| Trouble::because(Refusal::new(reason), cause.clone());
    match response.status {
        401 => because(Reason::ProviderCredentials),
        403 => because(Reason::ProviderPermission),
        404 if order => because(Reason::UnknownPackage),
        400 | 422 => because(match field.as_str() {
            "candidate.email" => Reason::InvalidEmail,
            "candidate" | "candidate.firstName" | "candidate.lastName" => Reason::MissingCandidateData,
            _ => Reason::ProviderRefused,
        }),
        404..=407 | 409..=428 | 430..=499 => because(Reason::ProviderRefused),
        _ => Trouble::Later { cause: Cause::new(cause), after: response.retry_after() },
    }
}

pub(super) fn trouble(response: &HttpResponse) -> Trouble {
    explain(response, false)
}

pub(super) fn order_trouble(response: &HttpResponse) -> Trouble {
    explain(response, true)
}
