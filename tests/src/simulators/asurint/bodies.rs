//! What a postback says, in both vocabularies.

use serde::Serialize;
use serde_json::Value;

use super::model::Codec;
use super::oml_order::BASE;
use super::planted;
use super::postbacks::Event;
use super::xml::escape;

/// Where an XML postback says what: the path of names below its root element, and what stands there.
pub const OML_POSTBACK_PATHS: [(&str, &str); 8] = [
    ("QuoteBack", "quoteBack"),
    ("Identifier/BackgroundCheckOrderNumber", "orderId"),
    ("Identifier/ClientID", "clientId"),
    ("OrderStatus", "status"),
    ("OrderScore", "score"),
    ("ReportLink", "reportUrl"),
    ("EventID", "eventId"),
    ("OccurredAt", "occurredAt"),
];

#[derive(Serialize)]
struct JsonBody<'e> {
    #[serde(flatten)]
    event: &'e Event,
    candidate: Value,
    findings: Value,
    #[serde(skip_serializing_if = "str::is_empty")]
    padding: &'e str,
}

/// The body of a postback and its content type, with more than its receiver should keep.
pub(super) fn body(event: &Event, codec: Codec, padding: usize) -> (&'static str, String) {
    let padding = "x".repeat(padding);
    if codec == Codec::Json {
        let body =
            JsonBody { event, candidate: planted::candidate(), findings: planted::findings(), padding: &padding };
        return ("application/json", serde_json::to_string(&body).unwrap_or_default());
    }
    let text = |text: &str| escape(text).into_owned();
    let optional = |name: &str, value: &Option<String>| {
        value.as_ref().map_or_else(|| format!("<{name}/>"), |value| format!("<{name}>{}</{name}>", text(value)))
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<OrderStatusUpdate xmlns=\"{}\"><EventID>{}</EventID>\
         <OccurredAt>{}</OccurredAt><QuoteBack>{}</QuoteBack><Identifier><BackgroundCheckOrderNumber>{}\
         </BackgroundCheckOrderNumber><ClientID>{}</ClientID></Identifier><OrderStatus>{}</OrderStatus>{}{}{}\
         <!--{padding}--></OrderStatusUpdate>",
        BASE,
        text(&event.event_id),
        event.occurred_at,
        text(&event.quote_back),
        text(&event.order_id),
        text(&event.client_id),
        text(&event.status),
        optional("OrderScore", &event.score),
        optional("ReportLink", &event.report_url),
        planted::subject(),
    );
    ("text/xml; charset=utf-8", body)
}

/// Documents that no reader may expand: each names a document type, entities or files of the reader's machine.
#[must_use]
pub fn hostile_xml(quote_back: &str) -> [String; 3] {
    let update = |status: &str| {
        format!(
            "<OrderStatusUpdate><QuoteBack>{quote_back}</QuoteBack><OrderStatus>{status}</OrderStatus>\
             </OrderStatusUpdate>"
        )
    };
    let mut expansion = "<!DOCTYPE x [<!ENTITY e0 \"Completed\">".to_owned();
    for level in 1..10 {
        let below = format!("&e{};", level - 1).repeat(10);
        expansion.push_str(&format!("<!ENTITY e{level} \"{below}\">"));
    }
    [
        format!("{expansion}]>{}", update("&e9;")),
        format!("<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/hostname\">]>{}", update("&f;")),
        format!("<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">{}", update("Completed")),
    ]
}
