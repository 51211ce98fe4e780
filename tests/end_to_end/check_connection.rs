//! A connection's check: a healthy connection has no red line, each fault exactly one at whoever puts it right, and looking
//! changes nothing anywhere.

mod certn;
mod lever_asurint;
mod own;

use std::collections::BTreeMap;

use domain::connection::{Connection, ConnectionSecret};
use domain::id::ConnectionId;
use local_stack::simulators::{asurint, certn as certn_simulator, icims, lever, pageup};
use local_stack::stack::{BASIC, RECRUITER_EMAIL, STANDARD, Stack};
use runtime::store::AuditEntry;
use serde_json::{Value, json};

use crate::lever_access::moved;
use crate::private::found;
use crate::support::{
    API_KEY, ICIMS_PASSWORD, MINUTE, PAGEUP_SECRET, WEBHOOK_SECRET, invited, items, no_violations, ordered, stack,
    stack_in,
};

const OWNERS: [&str; 3] = ["ats_admin", "provider_admin", "hub_operator"];

fn path(connection: &str) -> String {
    format!("/admin/connections/{connection}/check")
}

/// The table but for the counts of our own calls.
async fn kept(stack: &Stack) -> Vec<Value> {
    let is_count = |item: &Value| item["pk"]["S"].as_str().unwrap_or_default().starts_with("RL#");
    items(stack).await.into_iter().filter(|item| !is_count(item)).collect()
}

/// Every call to an outside system so far that may change something there, by how often it was made.
fn writes(stack: &Stack) -> BTreeMap<String, usize> {
    let simulators = stack.simulators().unwrap();
    let mut writes = BTreeMap::new();
    for harness in [
        &simulators.icims.harness,
        &simulators.pageup.harness,
        &simulators.lever.harness,
        &simulators.certn.harness,
        &simulators.asurint.harness,
    ] {
        for answered in harness.answered("") {
            let call = format!("{} {}", answered.method, answered.path);
            // By POST a token is asked for, or, in XML, the list of packages: of both nothing is left behind.
            let leaves_nothing = ["/connect/token", "/authenticate", "/oml"].iter().any(|end| call.ends_with(end));
            if answered.method != "GET" && !leaves_nothing {
                *writes.entry(call).or_default() += 1;
            }
        }
    }
    writes
}

/// What nobody may read in a check: what the simulators plant, people, secrets.
fn never_told() -> Vec<String> {
    let planted = certn_simulator::MARKERS.iter().chain(icims::MARKERS).chain(&pageup::MARKERS);
    let planted = planted.chain(&lever::MARKERS).chain(asurint::MARKERS).copied();
    let secrets = [API_KEY, WEBHOOK_SECRET, ICIMS_PASSWORD, PAGEUP_SECRET, RECRUITER_EMAIL];
    let others = ["of-the-local-stack", "client.example", "example.com", "Moss", "Bearer ", "Basic ", "Api-Key "];
    planted.chain(secrets).chain(others).map(str::to_owned).collect()
}

/// The connection's check, which changed nothing and told nothing personal.
async fn checked(stack: &Stack, connection: &str) -> Value {
    let before = (kept(stack).await, writes(stack), stack.simulators().unwrap().asurint.orders().len());
    let (status, checked) = stack.admin("GET", &path(connection), None).await.unwrap();
    assert_eq!(status, 200, "{checked}");
    let after = (kept(stack).await, writes(stack), stack.simulators().unwrap().asurint.orders().len());
    assert_eq!(before, after, "looking changed something");
    assert_eq!(found(&[("the check", checked.to_string())], &never_told()), Vec::<String>::new());
    no_violations(stack);
    let now = stack.now().to_string();
    assert_eq!(checked["checked_at"].as_str().unwrap()[..10], now[..10]);
    let red = red(&checked);
    assert_eq!(checked["healthy"], json!(red.is_empty()), "{checked}");
    for owner in OWNERS {
        for line in checked[owner].as_array().unwrap() {
            let is_wrong = line["found"] == "wrong";
            assert_eq!(line["sentence"].as_str().is_some_and(|sentence| sentence.len() > 40), is_wrong, "{line}");
            assert!(!line["saw"].as_str().unwrap().is_empty(), "{line}");
        }
    }
    checked
}

/// Whom each red line is for, and what it is about.
fn red(checked: &Value) -> Vec<(String, String)> {
    let of = |owner: &str| {
        let lines = checked[owner].as_array().unwrap().iter().filter(|line| line["found"] == "wrong");
        lines.map(|line| (owner.to_owned(), line["item"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    OWNERS.iter().flat_map(|owner| of(owner)).collect()
}

/// What was found of each item of an owner's.
fn found_of<'c>(checked: &'c Value, owner: &str, item: &str) -> &'c str {
    let lines = checked[owner].as_array().unwrap();
    let line = lines.iter().find(|line| line["item"] == item);
    line.unwrap_or_else(|| panic!("no {item} of {owner}: {checked}"))["found"].as_str().unwrap()
}

/// Exactly one red line.
async fn check_red(stack: &Stack, connection: &str, what: &str, owner: &str, item: &str) -> Value {
    let checked = checked(stack, connection).await;
    assert_eq!(red(&checked), [(owner.to_owned(), item.to_owned())], "{what}: {checked:#}");
    checked
}

/// No red line.
async fn check_healthy(stack: &Stack, connection: &str, what: &str) -> Value {
    let checked = checked(stack, connection).await;
    assert_eq!(red(&checked), [], "{what}: {checked:#}");
    checked
}

async fn map(stack: &Stack, connection: &str, kind: &str, ats_value: &str, provider_value: &str) {
    let mapping = json!({"kind": kind, "ats_value": ats_value, "provider_value": provider_value});
    let path = format!("/admin/connections/{connection}/mappings");
    let (status, answer) = stack.admin("PUT", &path, Some(&mapping)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
}

/// The same connection once more as nobody could have created it, with a secret or without one.
async fn copied(
    stack: &Stack,
    connection: &str,
    change: impl FnOnce(&mut Connection, &mut ConnectionSecret),
    with_secret: bool,
) -> String {
    let hub = stack.hub("admin-create-connection").unwrap();
    let id = ConnectionId::parse(connection).unwrap();
    let mut copy = hub.store.connection(&id).await.unwrap().unwrap().connection;
    let mut secret = (*hub.secrets.read_anew(&id, stack.now()).await.unwrap()).clone();
    copy.id = ConnectionId::parse(&format!("{connection}-copy")).unwrap();
    change(&mut copy, &mut secret);
    let entry = AuditEntry::new(&copy, stack.now(), "nobody", "create-connection", "");
    assert!(hub.store.create_connection(&copy, &entry).await.unwrap());
    if with_secret {
        hub.secrets.create(&copy.id, &secret).await.unwrap();
    }
    copy.id.to_string()
}

#[tokio::test]
async fn a_healthy_connection_of_icims_and_certn_has_no_red_line_before_its_first_order_and_after() {
    let stack = stack().await;
    let user = "9d40b3c4-6d9e-4b90-8c83-2e3f4a5b6c7d";
    let made_on = stack.now().to_string()[..10].to_owned();
    let change = |new: &mut Value| {
        new["fallback_requester"] = user.into();
        new["provider"]["key_created_on"] = made_on.into();
    };
    let customer = stack.connect(change).await.unwrap();
    let before = check_healthy(&stack, &customer.connection, "before").await;
    assert_eq!(found_of(&before, "ats_admin", "webhook_events"), "not_told");
    map(&stack, &customer.connection, "package", "D100", STANDARD).await;
    ordered(&stack, &customer, "Checked").await;
    // A check, an order and another check at once are more calls than Certn is asked in a minute.
    stack.clock.advance(MINUTE * 2);
    let after = check_healthy(&stack, &customer.connection, "after").await;
    assert_eq!(found_of(&after, "ats_admin", "webhook_events"), "good");
    for item in ["credentials", "rights", "packages", "key_expiry"] {
        assert_eq!(found_of(&after, "provider_admin", item), "good", "{item}");
    }
    let own = ["region", "secret", "settings", "state", "report", "webhook_password", "call_budget", "newest_order"];
    for item in own.into_iter().chain(["answers", "default_group", "mapped_packages", "fallback_requester"]) {
        assert_eq!(found_of(&after, "hub_operator", item), "good", "{item}");
    }
}

#[tokio::test]
async fn a_healthy_connection_of_pageup_and_certn_has_no_red_line() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let before = check_healthy(&stack, &customer.connection, "before").await;
    assert_eq!(found_of(&before, "hub_operator", "polling"), "not_told");
    invited(&stack, &customer, "Checked").await;
    let after = check_healthy(&stack, &customer.connection, "after").await;
    assert_eq!(found_of(&after, "hub_operator", "polling"), "good");
}

#[tokio::test]
async fn a_healthy_connection_of_lever_and_asurint_has_no_red_line() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    stack.clock.advance(MINUTE);
    let before = check_healthy(&stack, &customer.connection, "before").await;
    assert_eq!(found_of(&before, "ats_admin", "webhook_events"), "not_told");
    map(&stack, &customer.connection, "package", "Basic", BASIC).await;
    moved(&customer, "Checked").await;
    stack.settle().await.unwrap();
    let after = check_healthy(&stack, &customer.connection, "after").await;
    for item in ["authorization", "webhook_events"] {
        assert_eq!(found_of(&after, "ats_admin", item), "good", "{item}");
    }
    for item in ["credentials", "rights", "packages"] {
        assert_eq!(found_of(&after, "provider_admin", item), "good", "{item}");
    }
    // An hour later the access token has run out, and the check does not replace it.
    stack.clock.advance(MINUTE * 70);
    let later = check_healthy(&stack, &customer.connection, "with a token that has run out").await;
    assert_eq!(found_of(&later, "ats_admin", "credentials"), "not_told");
}

#[tokio::test]
async fn what_cannot_be_checked_is_said_as_a_problem() {
    let stack = stack_in("uk").await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let connection = customer.connection.as_str();
    let in_ca = |connection: &mut Connection, _: &mut ConnectionSecret| connection.region = domain::region::Region::Ca;
    let foreign = copied(&stack, connection, in_ca, true).await;
    for (path, status, field) in [
        (path(&foreign), 404, Value::Null),
        (path("icims-nobody"), 404, Value::Null),
        (path("..%2f"), 404, Value::Null),
        (format!("{}?verbose=1", path(connection)), 400, json!("verbose")),
    ] {
        let (answered, problem) = stack.admin("GET", &path, None).await.unwrap();
        assert_eq!((answered, &problem["errors"][0]["field"]), (status, &field), "{path}: {problem}");
    }
    use local_stack::embedded_aws::Service;
    for service in [Service::SecretsManager, Service::DynamoDb] {
        stack.aws.set_down(service, true);
        assert_eq!(stack.admin("GET", &path(connection), None).await.unwrap().0, 503, "{service:?}");
        stack.aws.set_down(service, false);
    }
    check_healthy(&stack, connection, "afterwards").await;
}
