//! Connections as admins make, list, show and change them: whole or not at all, and nobody's change gets lost.

use domain::connection::NewConnection;
use domain::id::ConnectionId;
use domain::region::Region;
use domain::secret::Secret;
use futures::future::join_all;
use jiff::SignedDuration;
use local_stack::stack::{ELSEWHERE, Stack, TRIGGER};
use runtime::store::AuditEntry;
use serde_json::{Value, json};

use crate::admin::new_connection;
use crate::support::{cases, items, no_violations, ordered, stack, stack_in};

async fn create(stack: &Stack, key: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}/admin/connections", stack.url);
    let request = stack.http.post(url).header("idempotency-key", key).body(body.to_string());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

/// The items of the table that are what an admin made or changed.
async fn kept(stack: &Stack) -> Vec<Value> {
    let of_admins = |item: &Value| {
        let (pk, sk) = (item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap());
        pk.starts_with("AUDIT#") || (pk.starts_with("CONN#") && !sk.starts_with("USE#"))
    };
    items(stack).await.into_iter().filter(of_admins).collect()
}

fn path(connection: &str) -> String {
    format!("/admin/connections/{connection}")
}

/// What was done to a connection, the latest first.
async fn audited(stack: &Stack, connection: &str) -> Vec<(String, String, String)> {
    let id = ConnectionId::parse(connection).unwrap();
    let store = &stack.hub("admin-get-connection").unwrap().store;
    let entries = store.audit_entries(&id, 100, None).await.unwrap().items;
    entries.into_iter().map(|entry| (entry.action, entry.about, entry.by)).collect()
}

fn fields(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_connection_that_is_made_twice_under_one_key_is_made_once_and_its_password_is_shown_once() {
    let stack = stack().await;
    let (status, made) = create(&stack, "acme-1", &new_connection()).await;
    assert_eq!(status, 201, "{made}");
    let password = made["webhook"]["password"].as_str().unwrap();
    let before = kept(&stack).await;
    let (status, again) = create(&stack, "acme-1", &new_connection()).await;
    assert_eq!((status, &again["id"], &again["webhook"]["password"]), (200, &made["id"], &Value::Null));
    assert!(again["webhook"]["note"].as_str().unwrap().contains("replace it") && !again.to_string().contains(password));
    assert_eq!(kept(&stack).await, before);

    let mut other = new_connection();
    other["ats"]["customer_id"] = json!("7352");
    let (status, problem) = create(&stack, "acme-1", &other).await;
    assert_eq!(status, 409, "{problem}");
    assert_eq!(create(&stack, "acme-2", &other).await.0, 201);
    for bad in ["", "a b", &"x".repeat(129)] {
        let (status, problem) = create(&stack, bad, &new_connection()).await;
        assert_eq!((status, fields(&problem)), (400, vec!["Idempotency-Key"]), "{bad}");
    }
    let id = made["id"].as_str().unwrap();
    let by = local_stack::gateway::LOCAL_ADMIN;
    let expected = [("create-connection", "icims to certn", by)].map(|(a, b, c)| (a.into(), b.into(), c.into()));
    assert_eq!(audited(&stack, id).await, expected);
}

#[tokio::test]
async fn the_same_request_many_times_at_once_makes_one_connection() {
    let stack = stack().await;
    let body = new_connection();
    let answers = join_all((0..8).map(|_| create(&stack, "at-once", &body))).await;
    let made = answers.iter().filter(|(status, _)| *status == 201).count();
    assert!(made == 1 && answers.iter().all(|(status, _)| matches!(status, 200 | 201)), "{answers:?}");
    assert!(answers.iter().all(|(_, answer)| answer["id"] == answers[0].1["id"]));
    assert_eq!(kept(&stack).await.len(), 2, "the connection and its line in the audit");
}

#[tokio::test]
async fn what_an_attempt_left_that_died_halfway_is_taken_over() {
    let stack = stack().await;
    let hub = stack.hub("admin-create-connection").unwrap();
    let id = ConnectionId::from_key("icims", "halfway").unwrap();
    let new: NewConnection = serde_json::from_value(new_connection()).unwrap();
    let minted = domain::connection::Minted {
        id: id.clone(),
        webhook_password: Secret::from("a"),
        provider_password: Secret::from("b"),
        link_key: Secret::from("the key of the first attempt"),
        now: stack.now(),
    };
    let (_, secret) = new.accept(Region::Ca, minted).unwrap();
    hub.secrets.create(&id, &secret).await.unwrap();
    let (status, made) = create(&stack, "halfway", &new_connection()).await;
    assert_eq!((status, made["id"].as_str()), (201, Some(id.as_str())), "{made}");
    let stored = hub.secrets.read_anew(&id, stack.now()).await.unwrap();
    assert_eq!(stored.link_key.expose(), "the key of the first attempt");
}

#[tokio::test]
async fn connections_are_listed_page_by_page_and_by_what_they_join() {
    let stack = stack().await;
    let mut made = Vec::new();
    for number in 0..5 {
        let mut new = new_connection();
        new["ats"]["customer_id"] = json!(format!("80{number}"));
        made.push(create(&stack, &format!("c{number}"), &new).await.1["id"].as_str().unwrap().to_owned());
    }
    let pageup = stack.connect_pageup(|_| {}).await.unwrap().connection;
    let store = &stack.hub("admin-create-connection").unwrap().store;
    let mut foreign = store.connection(&ConnectionId::parse(&pageup).unwrap()).await.unwrap().unwrap().connection;
    (foreign.id, foreign.region) = (ConnectionId::parse("icims-foreign").unwrap(), Region::Uk);
    let entry = AuditEntry::new(&foreign, stack.now(), "test", "create-connection", "");
    assert!(store.create_connection(&foreign, &entry).await.unwrap());
    let paused = json!({"rev": 1, "state": "paused"});
    assert_eq!(stack.admin("PATCH", &path(&made[2]), Some(&paused)).await.unwrap().0, 200);

    let listed = async |query: &str| {
        let (status, page) = stack.admin("GET", &format!("/admin/connections{query}"), None).await.unwrap();
        assert_eq!(status, 200, "{query}: {page}");
        let ids = page["connections"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), page["next"].as_str().map(str::to_owned))
    };
    let mut all: Vec<_> = made.iter().chain([&pageup]).cloned().collect();
    all.sort();
    assert_eq!(listed("").await, (all.clone(), None));
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let (ids, next) = listed(&query).await;
        assert!((1..=2).contains(&ids.len()), "{query}");
        seen.extend(ids);
        let Some(next) = next else { break };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(seen, all);
    assert_eq!(listed("?ats=pageup&limit=1").await, (vec![pageup.clone()], None));
    assert_eq!(listed("?state=paused").await.0, [made[2].clone()]);
    assert_eq!(listed("?state=active&ats=icims&provider=certn").await.0.len(), 4);
    assert_eq!(listed("?provider=asurint").await.0, Vec::<String>::new());
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?state=sleeping", "state"),
        ("?ats=taleo", "ats"),
        ("?provider=x", "provider"),
        ("?cursor=abc", "cursor"),
        ("?cursor=eyJwayI6WyJTIiwiQSJdfQ", "cursor"),
        ("?colour=red", "colour"),
    ] {
        let (status, problem) = stack.admin("GET", &format!("/admin/connections{query}"), None).await.unwrap();
        assert_eq!((status, fields(&problem)), (400, vec![field]), "{query}");
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made_and_the_other_is_told_of_it() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let path = path(&customer.connection);
    let changes = (0..6).map(|n| json!({"rev": 1, "fallback_requester": format!("user-{n}")})).collect::<Vec<_>>();
    let answers = join_all(changes.iter().map(|change| stack.admin("PATCH", &path, Some(change)))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|(status, _)| *status == 200);
    assert_eq!((won.len(), lost.len()), (1, 5), "{answers:?}");
    assert!(lost.iter().all(|(status, problem)| (*status, &problem["rev"]) == (409, &json!(2))), "{lost:?}");
    let (_, shown) = stack.admin("GET", &path, None).await.unwrap();
    assert_eq!((&shown["rev"], &shown["fallback_requester"]), (&json!(2), &won[0].1["fallback_requester"]));
    let changed = audited(&stack, &customer.connection).await;
    assert_eq!(changed.iter().filter(|(action, ..)| action == "update-connection").count(), 1, "{changed:?}");

    // The same once more changes nothing, so that it is neither counted nor on record.
    let same = json!({"rev": 2, "fallback_requester": shown["fallback_requester"]});
    let (status, answer) = stack.admin("PATCH", &path, Some(&same)).await.unwrap();
    assert_eq!((status, &answer["rev"]), (200, &json!(2)));
    assert_eq!(audited(&stack, &customer.connection).await, changed);
    let cleared = json!({"rev": 2, "fallback_requester": null, "report": {"type": "pdf", "days": 30}});
    let (_, answer) = stack.admin("PATCH", &path, Some(&cleared)).await.unwrap();
    assert_eq!((&answer["rev"], &answer["fallback_requester"]), (&json!(3), &Value::Null));
    assert_eq!(audited(&stack, &customer.connection).await[0].1, "report, fallback_requester");
}

#[tokio::test]
async fn a_change_that_cannot_be_made_names_the_field_and_changes_nothing() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let before = kept(&stack).await;
    let ats = |name: &str, value: Value| {
        let mut ats = json!({"kind": "icims", "customer_id": customer.id, "trigger_statuses": [TRIGGER]});
        ats[name] = value;
        json!({"rev": 1, "ats": ats})
    };
    for (change, status, named) in [
        (json!({}), 400, "rev"),
        (json!({"rev": "1"}), 400, "rev"),
        (json!({"rev": 1, "colour": "red"}), 400, "colour"),
        (json!({"rev": 1, "state": "asleep"}), 400, "state"),
        (json!({"rev": 1, "default_group": "a b"}), 400, "default_group"),
        (ats("triggers", json!([])), 400, "ats.triggers"),
        (ats("trigger_statuses", json!("C1")), 400, "ats.trigger_statuses"),
        (ats("trigger_statuses", json!([])), 422, "ats.trigger_statuses"),
        (ats("customer_id", json!("1")), 422, "ats.customer_id"),
        (json!({"rev": 1, "ats": {"kind": "lever"}}), 422, "ats.kind"),
        (json!({"rev": 1, "default_group": null}), 422, "default_group"),
        (json!({"rev": 1, "report": {"type": "pdf", "days": 8}}), 422, "report.days"),
        (json!({"rev": 1, "transfer_acknowledged": false}), 422, "transfer_acknowledged"),
    ] {
        let (answered, problem) = stack.admin("PATCH", &path(&customer.connection), Some(&change)).await.unwrap();
        assert_eq!((answered, fields(&problem)), (status, vec![named]), "{change}: {problem}");
    }
    let credentials = format!("{}/credentials", path(&customer.connection));
    for (rotation, status, named) in [
        (json!({}), 400, "what"),
        (json!({"what": 1}), 400, "what"),
        (json!({"what": "everything"}), 400, "what"),
        (json!({"what": "webhook_password", "overlap": 1}), 400, "overlap"),
        (json!({"what": "webhook_password", "overlap_hours": "a day"}), 400, "overlap_hours"),
        (json!({"what": "webhook_password", "overlap_hours": -1}), 400, "overlap_hours"),
        (json!({"what": "webhook_password", "overlap_hours": 721}), 422, "overlap_hours"),
        (json!({"what": "webhook_password", "end": "both"}), 400, "end"),
        (json!({"what": "provider_webhook_password"}), 422, "what"),
        (json!({"what": "ats"}), 400, "credentials"),
        (json!({"what": "ats", "credentials": {"kind": "icims", "username": "u"}}), 400, "credentials.password"),
        (json!({"what": "ats", "credentials": {"kind": "icims", "username": "u", "pw": "p"}}), 400, "credentials.pw"),
        (
            json!({"what": "ats", "credentials": {"kind": "icims", "username": "u", "password": ""}}),
            422,
            "credentials.password",
        ),
        (
            json!({"what": "ats", "credentials": {"kind": "lever", "client_id": "u", "client_secret": "p"}}),
            422,
            "credentials.kind",
        ),
        (
            json!({"what": "provider", "credentials": {"kind": "certn", "api_keys": [], "webhook_secrets": ["s"]}}),
            422,
            "credentials.api_keys",
        ),
    ] {
        let (answered, problem) = stack.admin("POST", &credentials, Some(&rotation)).await.unwrap();
        assert_eq!((answered, fields(&problem)), (status, vec![named]), "{rotation}: {problem}");
    }
    for body in [json!({"rev": 7, "state": "paused"}), json!({"rev": 0})] {
        let (status, problem) = stack.admin("PATCH", &path(&customer.connection), Some(&body)).await.unwrap();
        assert_eq!((status, &problem["rev"]), (409, &json!(1)), "{problem}");
    }
    let late = json!({"what": "webhook_password", "rev": 7});
    let (status, problem) = stack.admin("POST", &credentials, Some(&late)).await.unwrap();
    assert_eq!((status, &problem["rev"]), (409, &json!(1)), "{problem}");
    assert_eq!(kept(&stack).await, before);
    ordered(&stack, &customer, "Unharmed").await;
    no_violations(&stack);
}

#[tokio::test]
async fn a_change_is_in_force_within_half_a_minute_and_a_pause_keeps_orders_back() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    ordered(&stack, &customer, "Before").await;
    let ats = json!({"kind": "icims", "customer_id": customer.id, "trigger_statuses": [ELSEWHERE]});
    let (status, changed) =
        stack.admin("PATCH", &path(&customer.connection), Some(&json!({"rev": 1, "ats": ats}))).await.unwrap();
    assert_eq!((status, &changed["ats"]["trigger_statuses"]), (200, &json!([ELSEWHERE])), "{changed}");
    assert_eq!(audited(&stack, &customer.connection).await[0].1, "ats.trigger_statuses");
    stack.clock.advance(SignedDuration::from_secs(31));
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Retriggered").unwrap();
    customer.advance(&candidate, TRIGGER).await.unwrap();
    assert_eq!(cases(&stack, "Retriggered"), 0);
    customer.advance(&candidate, ELSEWHERE).await.unwrap();
    assert_eq!(cases(&stack, "Retriggered"), 1);

    let pause = json!({"rev": 2, "state": "paused"});
    assert_eq!(stack.admin("PATCH", &path(&customer.connection), Some(&pause)).await.unwrap().0, 200);
    stack.clock.advance(SignedDuration::from_secs(31));
    let candidate = customer.candidate(&job, "Paused").unwrap();
    customer.advance(&candidate, ELSEWHERE).await.unwrap();
    assert_eq!(cases(&stack, "Paused"), 0);
}

#[tokio::test]
async fn a_connection_of_another_region_is_not_there_to_be_changed() {
    let stack = stack_in("uk").await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let store = &stack.hub("admin-create-connection").unwrap().store;
    let id = ConnectionId::parse(&customer.connection).unwrap();
    let mut foreign = store.connection(&id).await.unwrap().unwrap().connection;
    (foreign.id, foreign.region) = (ConnectionId::parse("icims-foreign").unwrap(), Region::Ca);
    let entry = AuditEntry::new(&foreign, stack.now(), "test", "create-connection", "");
    assert!(store.create_connection(&foreign, &entry).await.unwrap());
    let before = kept(&stack).await;
    for connection in ["icims-foreign", "icims-nobody", "..%2f"] {
        let rotation = json!({"what": "webhook_password"});
        for (method, path, body) in [
            ("GET", path(connection), None),
            ("PATCH", path(connection), Some(json!({"rev": 1, "state": "paused"}))),
            ("POST", format!("{}/credentials", path(connection)), Some(rotation)),
        ] {
            let (status, problem) = stack.admin(method, &path, body.as_ref()).await.unwrap();
            assert_eq!((status, &problem["status"]), (404, &json!(404)), "{method} {path}");
        }
    }
    assert_eq!(kept(&stack).await, before);
}
