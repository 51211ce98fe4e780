//! Reading an order out of JSON, and what may not be in it.

use serde_json::{Map, Value};

use super::super::shared::Violations;
use super::forbidden;
use super::model::Codec;
use super::placing::NewOrder;
use super::refusal::Refusal;

const KNOWN: [&str; 16] = [
    "clientId",
    "quoteBack",
    "package",
    "package.id",
    "package.name",
    "workflow",
    "reference1",
    "reference2",
    "requester",
    "requester.email",
    "candidate",
    "candidate.firstName",
    "candidate.lastName",
    "candidate.email",
    "candidate.phone",
    "permissiblePurpose",
];
const CALLBACK: &str = "callbackUrl";

/// The paths of everything that the hub may never order with, each with what is wrong.
fn forbidden_in(body: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting: Vec<(String, &str, &Value)> =
        body.iter().map(|(name, value)| (name.clone(), name.as_str(), value)).collect();
    while let Some((path, name, value)) = waiting.pop() {
        if let Some(kind) = forbidden::kind_of(name) {
            found.push((path.clone(), format!("order: {path} is {kind}, which the candidate types")));
        } else if !KNOWN.contains(&path.as_str()) && path != CALLBACK {
            found.push((path.clone(), format!("order: {path} is no field that the hub may send")));
        }
        match value {
            Value::Object(fields) => {
                waiting.extend(fields.iter().map(|(name, value)| (format!("{path}.{name}"), name.as_str(), value)));
            }
            Value::Array(values) => {
                waiting.extend(values.iter().map(|value| (format!("{path}[]"), name, value)));
            }
            Value::String(text) => {
                if let Some(kind) = forbidden::kind_of_text(text) {
                    found.push((path.clone(), format!("order: {path} looks like {kind}")));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}

struct Fields<'b>(&'b Map<String, Value>);

impl Fields<'_> {
    fn optional(&self, path: &str) -> Result<Option<String>, Refusal> {
        let mut names = path.split('.');
        let first = names.next().and_then(|name| self.0.get(name));
        match names.try_fold(first, |value, name| Some(value?.get(name))).flatten() {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Refusal::field(path, "invalid", &format!("{path} is not a text"))),
        }
    }

    fn required(&self, path: &str) -> Result<String, Refusal> {
        let text = self.optional(path)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Refusal::field(path, "required", &format!("{path} is required")))
    }

    fn exactly(&self, path: &str, only: &str) -> Result<(), Refusal> {
        if self.required(path)? == only {
            return Ok(());
        }
        Err(Refusal::field(path, "invalid", &format!("{path} is not {only}")))
    }
}

/// The order in a body, which may be refused, and recorded as a violation, for what is in it.
pub(super) fn read(violations: &Violations, client: &str, body: &Map<String, Value>) -> Result<NewOrder, Refusal> {
    let forbidden = forbidden_in(body);
    for (_, what) in &forbidden {
        violations.record(what);
    }
    if let Some((path, _)) = forbidden.first() {
        return Err(Refusal::field(path, "not_allowed", "This field is not allowed"));
    }
    let fields = Fields(body);
    if fields.required("clientId")? != client {
        violations.record("order: clientId is not the one of the header");
        return Err(Refusal::field("clientId", "invalid", "clientId is not yours"));
    }
    if let Err(refusal) = fields.exactly("workflow", "CANDIDATE_HUB") {
        violations.record("order: workflow is not CANDIDATE_HUB: Asurint must invite, the hub holds no consents");
        return Err(refusal);
    }
    fields.exactly("permissiblePurpose", "EMPLOYMENT")?;
    let callback_url = fields.optional(CALLBACK)?;
    if callback_url.as_ref().is_some_and(|url| !is_callback(url)) {
        return Err(Refusal::field(CALLBACK, "invalid", "callbackUrl is no https address"));
    }
    let mut content = body.clone();
    content.remove(CALLBACK);
    Ok(NewOrder {
        codec: Codec::Json,
        quote_back: fields.required("quoteBack")?,
        package: fields.required("package.id")?,
        first_name: fields.optional("candidate.firstName")?.unwrap_or_default(),
        last_name: fields.optional("candidate.lastName")?.unwrap_or_default(),
        email: fields.required("candidate.email")?,
        phone: fields.optional("candidate.phone")?,
        reference1: fields.optional("reference1")?,
        reference2: fields.optional("reference2")?,
        requester: fields.optional("requester.email")?,
        account: None,
        location: None,
        callback_url,
        content: Value::Object(content).to_string(),
    })
}

/// Whether postbacks can go there: over TLS, or to this machine.
fn is_callback(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| {
        let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
        url.scheme() == "https" || (url.scheme() == "http" && local)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> Value {
        json!({
            "clientId": "ACME01", "quoteBack": "HUB-1", "package": { "id": "p", "name": "Basic Search" },
            "workflow": "CANDIDATE_HUB", "reference1": "REQ-77", "requester": { "email": "rae@client.example" },
            "candidate": { "firstName": "Ada", "lastName": "Moss", "email": "ada@candidate.example" },
            "permissiblePurpose": "EMPLOYMENT", "callbackUrl": "https://hub.example/asurint/token",
        })
    }

    fn violations_of(order: &Value) -> Vec<String> {
        let violations = Violations::default();
        let refused = read(&violations, "ACME01", order.as_object().unwrap()).is_err();
        assert_eq!(refused, !violations.all().is_empty());
        violations.all()
    }

    #[test]
    fn takes_an_order_and_nothing_that_the_candidate_types() {
        assert_eq!(violations_of(&order()), Vec::<String>::new());
        for (name, value) in [
            ("ssn", json!("1")),
            ("dateOfBirth", json!("1")),
            ("addresses", json!([{ "streetLine1": "1" }])),
            ("gender", json!("U")),
            ("consents", json!(true)),
            ("middleName", json!("Ann")),
        ] {
            let mut order = order();
            order["candidate"][name] = value;
            assert!(!violations_of(&order).is_empty(), "{name}");
        }
        let mut disguised = order();
        disguised["reference2"] = json!("078-05-1120");
        assert_eq!(violations_of(&disguised), ["order: reference2 looks like an identity number"]);
        let mut uninvited = order();
        uninvited["workflow"] = json!("FULL_DATA");
        assert_eq!(violations_of(&uninvited).len(), 1);
    }
}
