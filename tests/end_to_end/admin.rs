//! What an admin may do, and what is answered where it cannot be done.

use jiff::SignedDuration;
use local_stack::simulators::certn::{Group, Package};
use local_stack::simulators::icims::{Job as IcimsJob, ListValue};
use local_stack::stack::{DRIVER, GROUP, STANDARD, Stack, TRIGGER};
use runtime::store::AuditEntry;
use serde_json::{Value, json};

use crate::support::{API_KEY, ICIMS_PASSWORD, WEBHOOK_SECRET, no_violations, ordered, row, stack, stack_in, story};

pub(crate) fn new_connection() -> Value {
    json!({
        "ats": {"kind": "icims", "customer_id": "7351", "trigger_statuses": ["C1822"]},
        "ats_credentials": {"kind": "icims", "username": "api", "password": ICIMS_PASSWORD},
        "provider": {"kind": "certn"},
        "provider_credentials": {"kind": "certn", "api_keys": [API_KEY], "webhook_secrets": [WEBHOOK_SECRET]},
        "default_group": GROUP,
        "transfer_acknowledged": true,
    })
}

async fn post(stack: &Stack, body: impl Into<Vec<u8>>) -> (u16, Value) {
    let url = format!("{}/admin/connections", stack.url);
    let answer = stack.http.post(url).body(body.into()).send().await.unwrap();
    let (status, kind) = (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap().to_owned());
    let expected = if status == 201 { "application/json" } else { "application/problem+json" };
    assert_eq!(kind, expected);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn a_new_connection_is_shown_with_its_password_this_one_time() {
    let stack = stack().await;
    let (status, created) = post(&stack, new_connection().to_string()).await;
    assert_eq!(status, 201, "{created}");
    let id = created["id"].as_str().unwrap();
    let password = created["webhook"]["password"].as_str().unwrap();
    assert!(id.starts_with("icims-") && password.len() == 32, "{created}");
    assert_eq!(created["webhook"]["username"], id);
    assert_eq!(created["webhook"]["url"], format!("{}/api/external/ats/icims/webhook/", stack.url));
    let certn = format!("{}/api/external/provider/certn/{id}/webhook/", stack.url);
    assert_eq!(created["provider_webhook"]["url"], certn);
    assert_eq!((&created["region"], &created["state"]), (&json!("ca"), &json!("active")));
    assert_eq!(created["report"], json!({"type": "portal_link"}));

    let (status, shown) = stack.admin("GET", &format!("/admin/connections/{id}"), None).await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(shown["webhook"]["valid_passwords"].as_array().unwrap().len(), 1);
    assert_eq!(shown["mappings"], json!([]));
    for secret in [password, API_KEY, WEBHOOK_SECRET, ICIMS_PASSWORD] {
        assert!(!shown.to_string().contains(secret), "{shown}");
        assert!(!stack.aws.dump_table().await.contains(secret));
    }
    let (_, other) = post(&stack, new_connection().to_string()).await;
    assert!(other["id"] != created["id"] && other["webhook"]["password"] != created["webhook"]["password"]);
}

async fn check_problem(stack: &Stack, pointer: &str, value: Value, fields: &[&str]) {
    let mut new = new_connection();
    match new.pointer_mut(pointer) {
        Some(at) => *at = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            new.pointer_mut(parent).unwrap()[name] = value;
        }
    }
    let (status, problem) = post(stack, new.to_string()).await;
    assert_eq!(status, 422, "{pointer}: {problem}");
    let named: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(named, fields, "{problem}");
    for secret in [API_KEY, WEBHOOK_SECRET, ICIMS_PASSWORD] {
        assert!(!problem.to_string().contains(secret), "{problem}");
    }
    assert_eq!(stack.aws.dump_table().await.matches("CONN#").count(), 0, "nothing is stored");
}

#[tokio::test]
async fn a_connection_that_could_not_work_is_refused_with_the_fields_at_fault() {
    let stack = stack().await;
    for (pointer, value, fields) in [
        ("/ats/trigger_statuses", json!([]), &["ats.trigger_statuses"]),
        ("/ats/package_field", json!("BgcPackage"), &["ats.package_field"]),
        ("/ats/package_field", json!("usssn"), &["ats.package_field"]),
        ("/ats/collection", json!("a/b"), &["ats.collection"]),
        ("/ats/group_field", json!("salary"), &["ats.group_field"]),
        ("/ats_credentials/username", json!(""), &["ats_credentials.username"]),
        ("/ats_credentials/password", json!(""), &["ats_credentials.password"]),
        ("/provider_credentials/api_keys", json!([]), &["provider_credentials.api_keys"]),
        ("/provider_credentials/api_keys", json!(["a", "b", "c"]), &["provider_credentials.api_keys"]),
        ("/provider_credentials/webhook_secrets", json!([" "]), &["provider_credentials.webhook_secrets"]),
        ("/provider/portal_url", json!("https://evil.example/{case_id}"), &["provider.portal_url"]),
        ("/provider/portal_url", json!("https://client.certn.co/"), &["provider.portal_url"]),
        ("/provider/report_language", json!("de"), &["provider.report_language"]),
        ("/report", json!({"type": "pdf", "days": 8}), &["report.days"]),
        ("/default_group", Value::Null, &["default_group"]),
        ("/transfer_acknowledged", json!(false), &["transfer_acknowledged"]),
    ] {
        check_problem(&stack, pointer, value, fields).await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_a_connection_is_refused_without_quoting_it() {
    let stack = stack().await;
    let mut misspelt = new_connection();
    misspelt["ats"]["triggerstatus"] = json!("1822");
    let mut unknown = new_connection();
    unknown["api_kes"] = json!([API_KEY]);
    let mut wrong_kind = new_connection();
    wrong_kind["provider_credentials"]["api_keys"] = json!(API_KEY);
    for (body, status) in [
        (misspelt.to_string(), 400),
        (unknown.to_string(), 400),
        (wrong_kind.to_string(), 400),
        (new_connection().to_string().replace("\"icims\"", "\"taleo\""), 400),
        ("not json".to_owned(), 400),
        (String::new(), 400),
        ("[".repeat(50_000), 400),
        (" ".repeat(64 * 1024 + 1), 413),
    ] {
        let (answered, problem) = post(&stack, body).await;
        assert_eq!(answered, status, "{problem}");
        assert!(!problem.to_string().contains(API_KEY), "{problem}");
    }
    let (_, problem) = post(&stack, unknown.to_string()).await;
    assert!(problem.to_string().contains("api_kes"), "{problem}");
    assert_eq!(stack.aws.dump_table().await.matches("CONN#").count(), 0);
}

#[tokio::test]
async fn uk_gives_a_link_without_a_log_in_only_where_it_is_asked_for() {
    let stack = stack_in("uk").await;
    let mut new = new_connection();
    new["report"] = json!({"type": "pdf", "days": 7});
    let (status, problem) = post(&stack, new.to_string()).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("pdf_acknowledged")));
    new["pdf_acknowledged"] = json!(true);
    assert_eq!(post(&stack, new.to_string()).await.0, 201);
}

#[tokio::test]
async fn a_connection_of_another_region_is_refused_at_every_door() {
    let stack = stack_in("uk").await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    // As if the table of `ca` had been copied.
    let store = &stack.hub("admin-create-connection").unwrap().store;
    let mut connection = store.connection(&customer.connection.parse_id()).await.unwrap().unwrap().connection;
    connection.id = "icims-foreign".to_owned().parse_id();
    connection.region = domain::region::Region::Ca;
    let entry = AuditEntry::new(&connection, stack.now(), "test", "create-connection", "");
    assert!(store.create_connection(&connection, &entry).await.unwrap());
    simulators.icims.set_webhook(&customer.id, &customer.webhook_url, "icims-foreign", &customer.webhook_password);
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Foreign").unwrap();
    let screen = customer.advance(&candidate, TRIGGER).await.unwrap();
    let message = screen.message.unwrap();
    assert!(screen.status == Some(400) && message.contains("region_mismatch"), "{message}");
    let callback = customer.certn_webhook_url.replace(&customer.connection, "icims-foreign");
    let refused = stack.http.post(callback).header("x-signature", "00").body("{}").send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 401);
    assert_eq!(stack.admin("GET", "/admin/connections/icims-foreign", None).await.unwrap().0, 404);
    stack.pass(SignedDuration::from_mins(6)).await.unwrap();
    assert!(simulators.certn.cases().is_empty());
    assert!(simulators.icims.harness.answered("GET /customers/").is_empty());
}

trait ParseId {
    fn parse_id(&self) -> domain::id::ConnectionId;
}

impl ParseId for String {
    fn parse_id(&self) -> domain::id::ConnectionId {
        domain::id::ConnectionId::parse(self).unwrap()
    }
}

#[tokio::test]
async fn a_mapping_is_saved_only_to_what_certn_knows() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (off, closed) = ("8b1f2d63-5c8d-4a8f-9b72-000000000000", "51c2d1de-3b1f-4d5e-9a51-000000000000");
    certn.add_package(Package { id: off.to_owned(), name: "Off".to_owned(), active: true, ats_use: Some(false) });
    certn.add_group(Group { id: closed.to_owned(), name: "Closed".to_owned(), active: false });
    let path = format!("/admin/connections/{}/mappings", customer.connection);
    for (kind, ats_value, provider_value, status, field) in [
        ("package", "D300", DRIVER, 200, ""),
        ("package", "D300", STANDARD, 200, ""),
        ("package", "D301", "Standard", 422, "provider_value"),
        ("package", "D301", off, 422, "provider_value"),
        ("package", " ", DRIVER, 422, "ats_value"),
        ("package", &*"x".repeat(201), DRIVER, 422, "ats_value"),
        ("group", "Nursing", GROUP, 200, ""),
        ("group", "Nursing", closed, 422, "provider_value"),
        ("group", "Nursing", "51c2d1de-3b1f-4d5e-9a51-ffffffffffff", 422, "provider_value"),
        ("group", "Nursing", "not an id", 422, "provider_value"),
        ("colour", "Nursing", GROUP, 400, "line 1 column 49"),
    ] {
        let new = json!({"kind": kind, "ats_value": ats_value, "provider_value": provider_value});
        let (answered, answer) = stack.admin("PUT", &path, Some(&new)).await.unwrap();
        assert_eq!(answered, status, "{new}: {answer}");
        if answered == 422 {
            assert_eq!(answer["errors"][0]["field"], field, "{answer}");
        }
    }
    let (_, shown) = stack.admin("GET", path.trim_end_matches("/mappings"), None).await.unwrap();
    let mapped = json!([
        {"kind": "group", "ats_value": "Nursing", "provider_value": GROUP},
        {"kind": "package", "ats_value": "D300", "provider_value": STANDARD},
    ]);
    assert_eq!(shown["mappings"], mapped);
    let new = json!({"kind": "package", "ats_value": "D300", "provider_value": DRIVER});
    let (status, _) = stack.admin("PUT", "/admin/connections/icims-nobody/mappings", Some(&new)).await.unwrap();
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_mapped_value_orders_by_its_node_id_whatever_it_is_called() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let job = customer.job(&[]).unwrap();
    let packages = vec![ListValue { id: Some("D300".to_owned()), value: "Drivers' check (old name)".to_owned() }];
    simulators.icims.add_job(&customer.id, IcimsJob { id: job.id.clone(), title: "Driver".to_owned(), packages });
    let candidate = customer.candidate(&job, "Mapped").unwrap();
    let screen = customer.advance(&candidate, TRIGGER).await.unwrap();
    assert!(screen.message.unwrap().contains("unknown_package"));
    let path = format!("/admin/connections/{}/mappings", customer.connection);
    let mapping = json!({"kind": "package", "ats_value": "D300", "provider_value": DRIVER});
    assert_eq!(stack.admin("PUT", &path, Some(&mapping)).await.unwrap().0, 200);
    // The functions keep their settings for half a minute.
    stack.clock.advance(SignedDuration::from_secs(31));
    customer.advance(&candidate, TRIGGER).await.unwrap();
    assert_eq!(simulators.certn.cases().pop().unwrap().package, DRIVER);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    no_violations(&stack);
}

#[tokio::test]
async fn what_nobody_has_is_not_found() {
    let stack = stack().await;
    for path in ["connections/icims-nobody", "connections/..%2f", "orders/nothing", "orders/a%20b"] {
        let (status, problem) = stack.admin("GET", &format!("/admin/{path}"), None).await.unwrap();
        assert_eq!((status, &problem["status"]), (404, &json!(404)), "{path}");
    }
}

#[tokio::test]
async fn an_orders_story_says_what_happened_why_and_what_the_ats_shows() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let (candidate, case) = ordered(&stack, &customer, "Told").await;
    stack.simulators().unwrap().certn.complete(&case.id, Some("REVIEW"));
    stack.settle().await.unwrap();
    let story = story(&stack, &candidate).await;
    assert_eq!((&story["status"], &story["reason"]), (&json!("completed"), &Value::Null));
    assert_eq!(story["result"], json!({"code": "review", "label": "Review"}));
    assert_eq!(story["application"], *candidate.workflow);
    assert_eq!(story["package"], json!({"id": STANDARD, "name": "Standard"}));
    assert_eq!(story["provider_order"], json!({"id": case.id, "short_id": case.short_id}));
    assert_eq!(story["ats"]["entry"], row(&customer, &candidate).id);
    assert_eq!((&story["ats"]["delivery"], &story["ats"]["shows_newest"]), (&json!("delivered"), &json!(true)));
    let lines = story["story"].as_array().unwrap();
    let told: Vec<_> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    let expected = [
        "placing, attempt 1",
        "placed: accepted",
        "written to the ATS, revision 1",
        "pending_candidate → completed, result Review",
        "written to the ATS, revision 2",
    ];
    assert_eq!(told, expected);
    let why = lines[0]["trace"].as_array().unwrap();
    assert!(why.iter().any(|rule| rule.as_str().unwrap().starts_with("package: 1 value → ")), "{why:?}");
}
