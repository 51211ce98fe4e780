//! What may be stored: every attribute of the table is on this list, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::id::ConnectionId;
use jiff::SignedDuration;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, DRIVER, ELSEWHERE, Stack, TRIGGER, by_xml};
use runtime::deadline::Deadline;
use runtime::handlers::pageup_poll;
use runtime::store::Claim;
use serde_json::{Value, json};

use crate::support::{items, ordered, stack};

/// The attributes beside `data`, by the kind of the item: keys, conditions, the indexes' keys, expiry.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("AUDIT", &["data", "expires_at", "pk", "sk", "v"]),
    ("CONN CURSOR", &["data", "pk", "sk", "v"]),
    ("CONN MAP", &["data", "pk", "rev", "sk", "v"]),
    ("CONN POLL", &["data", "due_at", "due_shard", "pk", "rev", "sk", "v"]),
    ("CONN META", &["data", "list_pk", "list_sk", "pk", "rev", "sk", "v"]),
    ("CONN USE", &["last_at", "pk", "sk"]),
    ("CONN ACCESS", &["data", "failed", "owner", "pk", "rev", "sk", "until", "v"]),
    ("ERASED", &["expires_at", "pk", "sk"]),
    ("INBOX", &["expires_at", "last_at", "left_at", "outcome", "pk", "refusal", "seen", "sk", "trace"]),
    ("SEEN", &["expires_at", "pk", "sk"]),
    ("ORD EV", &["data", "expires_at", "pk", "sk", "v"]),
    ("ORD META", &["data", "due_at", "due_shard", "expires_at", "list_pk", "list_sk", "pk", "pref", "rev", "sk", "v"]),
    ("REQ", &["data", "due_at", "due_shard", "expires_at", "pk", "sk", "v"]),
    ("RL", &["day", "empty_at", "expires_at", "pk", "sk", "used"]),
    ("SPILL", &["data", "pk", "sk", "v"]),
    ("UNMAPPED", &["expires_at", "kind", "last_at", "pk", "seen", "sk", "word"]),
];

/// What stands in `data`, at any depth.
const DATA: &[(&str, &[&str])] = &[
    ("AUDIT", &["about", "action", "at", "by", "connection", "kept_until"]),
    (
        "CONN ACCESS",
        &[
            "cause",
            "connection",
            "expires_at",
            "granted_at",
            "heard_at",
            "hook",
            "look_due_at",
            "looked_at",
            "lost_at",
            "nonce",
            "pending",
            "redirect",
            "rev",
            "root",
            "stages",
            "to_resume",
        ],
    ),
    ("CONN CURSOR", &["event", "read_at"]),
    ("CONN MAP", &["ats_value", "kind", "provider_value"]),
    (
        "CONN META",
        &[
            "account_id",
            "action_required",
            "ambiguous",
            "api_base",
            "application",
            "ats",
            "background_check_path",
            "base_url",
            "cancelled",
            "candidate_started",
            "client_id",
            "closing_since",
            "codec",
            "collection",
            "complete",
            "completed",
            "created_at",
            "customer_id",
            "data_centre",
            "days",
            "declined",
            "default_group",
            "default_package",
            "department",
            "email",
            "entry_name",
            "environment",
            "error",
            "event",
            "expired",
            "failed",
            "fallback_requester",
            "fallback_requester_email",
            "family_name",
            "field_paths",
            "form",
            "gateway",
            "given_name",
            "group_field",
            "group_from",
            "hash",
            "host",
            "id",
            "in_dispute",
            "in_progress",
            "incomplete",
            "intended_use",
            "invitation",
            "issued_at",
            "key_created_on",
            "kind",
            "location_id",
            "max_age_hours",
            "max_pages",
            "message_limit",
            "notify_followers",
            "occurred_at",
            "order",
            "package",
            "package_field",
            "package_prefix",
            "package_profile",
            "packages",
            "pending_candidate",
            "perform_as",
            "poll_seconds",
            "polls",
            "portal_url",
            "postback_paths",
            "provider",
            "provider_passwords",
            "put_shape",
            "quote_back",
            "region",
            "reopen_completed",
            "reorder",
            "report",
            "report_host",
            "report_language",
            "requester",
            "result_items",
            "rev",
            "scope",
            "scopes",
            "score",
            "secret_notes",
            "sent",
            "signature",
            "state",
            "status",
            "status_labels",
            "status_nodes",
            "status_tag",
            "status_words",
            "tenant_id",
            "token_url",
            "transfer_acknowledged",
            "trigger_stage",
            "trigger_statuses",
            "type",
            "undeliverable",
            "url",
            "valid_until",
            "webhook_passwords",
        ],
    ),
    (
        "CONN POLL",
        &[
            "about",
            "cause",
            "connection",
            "due_at",
            "failing_since",
            "failures",
            "found_at",
            "looked_at",
            "reason",
            "refusal",
            "rev",
        ],
    ),
    ("ORD EV", &["at", "cause", "outcome", "rule", "saw", "trace", "what"]),
    (
        "ORD META",
        &[
            "about",
            "action_by",
            "application",
            "asked_again_at",
            "at",
            "ats",
            "ats_ref",
            "attempt",
            "candidate_mark",
            "checks",
            "claimed_until",
            "code",
            "connection",
            "count",
            "created_at",
            "delivery",
            "desired",
            "desired_rev",
            "due_at",
            "entered_at",
            "expires_at",
            "finished",
            "first_intent_at",
            "fresh_from",
            "generation",
            "goes_on_as",
            "group",
            "id",
            "intent_at",
            "label",
            "last_at",
            "link",
            "listed_again_at",
            "look_at",
            "name",
            "order",
            "ordered_by",
            "package",
            "package_name",
            "placement",
            "provider_modified",
            "provider_order",
            "provider_short_id",
            "reason",
            "reference",
            "refusal",
            "replays",
            "report_file",
            "report_link",
            "report_page",
            "request",
            "request_kept_until",
            "requester",
            "result",
            "rev",
            "revoked",
            "score_awaited_since",
            "sentence",
            "serial",
            "state",
            "status",
            "status_at",
            "status_ids_agree",
            "status_word",
            "subject",
            "unclear_attempts",
            "unshown_since",
            "was_completed",
            "write_at",
            "write_attempts",
            "write_refusal",
            "written_rev",
        ],
    ),
    ("REQ", &["application", "connection", "kept_until", "request", "requester", "sealed", "status", "subject"]),
    (
        "SPILL",
        &[
            "action_by",
            "application",
            "ask_often",
            "awaits_score",
            "checks",
            "code",
            "connection",
            "hint",
            "kind",
            "label",
            "modified",
            "order",
            "listed",
            "ours",
            "provider_order",
            "put_off",
            "received_at",
            "report",
            "requester",
            "result",
            "short_id",
            "status",
            "status_word",
            "subject",
            "truth",
            "v",
        ],
    ),
];

type Names = BTreeMap<String, BTreeSet<String>>;

fn kind(item: &Value) -> String {
    let start = |name: &str| item[name]["S"].as_str().unwrap().split('#').next().unwrap().to_owned();
    match start("pk").as_str() {
        of_several @ ("CONN" | "ORD") => format!("{of_several} {}", start("sk")),
        alone => alone.to_owned(),
    }
}

/// The names of all attributes below `value`, which is as DynamoDB writes it.
fn names_below(value: &Value, names: &mut BTreeSet<String>) {
    if let Some(map) = value.get("M").and_then(Value::as_object) {
        names.extend(map.keys().cloned());
        map.values().for_each(|value| names_below(value, names));
    }
    for value in value.get("L").and_then(Value::as_array).into_iter().flatten() {
        names_below(value, names);
    }
}

fn collect(items: &[Value], attributes: &mut Names, data: &mut Names) {
    for item in items {
        let kind = kind(item);
        attributes.entry(kind.clone()).or_default().extend(item.as_object().unwrap().keys().cloned());
        names_below(&item["data"], data.entry(kind).or_default());
    }
}

/// Everything that was stored is on the list, and every kind of item of the list was seen.
fn check(found: &Names, allowed: &[(&str, &[&str])]) {
    let mut unlisted = Vec::new();
    for (kind, names) in found.iter().filter(|(_, names)| !names.is_empty()) {
        let listed = allowed.iter().find(|(listed, _)| listed == kind).map(|(_, names)| *names).unwrap_or_default();
        let others: Vec<_> = names.iter().filter(|name| !listed.contains(&name.as_str())).collect();
        unlisted.extend((!others.is_empty()).then(|| format!("{kind} has {others:?}")));
    }
    assert!(unlisted.is_empty(), "{}", unlisted.join("\n"));
    for (kind, names) in allowed {
        let seen = found.get(*kind).unwrap_or_else(|| panic!("no {kind} was stored"));
        let unseen: Vec<_> = names.iter().filter(|name| !seen.contains(**name)).collect();
        assert!(unseen.is_empty(), "{kind} never has {unseen:?}: take it off the list");
    }
}

#[tokio::test]
async fn every_stored_attribute_is_on_the_list() {
    let stack = stack().await;
    let pdf = json!({"type": "pdf", "days": 7});
    let customer = stack.connect(|new| new["report"] = pdf).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let certn = &simulators.certn;
    certn.set_report_delay(0);
    let (mut attributes, mut data) = (Names::new(), Names::new());

    let path = format!("/admin/connections/{}/mappings", customer.connection);
    let mapping = json!({"kind": "package", "ats_value": "D300", "provider_value": DRIVER});
    assert_eq!(stack.admin("PUT", &path, Some(&mapping)).await.unwrap().0, 200);
    let (reported, case) = ordered(&stack, &customer, "Reported").await;
    certn.set_status(&case.id, "CLIENT_ACTION_REQUIRED");
    stack.settle().await.unwrap();
    collect(&items(&stack).await, &mut attributes, &mut data);
    certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await.unwrap();
    let link = customer.entries(&reported).unwrap().pop().unwrap().url;
    assert_eq!(stack.http.get(link).send().await.unwrap().status().as_u16(), 302);
    customer.advance(&reported, ELSEWHERE).await.unwrap();

    simulators.icims.require_field(&customer.id, Some("field51423"));
    let (_, unscored) = ordered(&stack, &customer, "Unscored").await;
    certn.complete_without_score(&unscored.id);
    stack.settle().await.unwrap();
    collect(&items(&stack).await, &mut attributes, &mut data);
    simulators.icims.require_field(&customer.id, None);
    let job = customer.job(&["Standard"]).unwrap();
    for (name, effect) in [
        ("Refused", Effect::Status { code: 400, retry_after: None, body: None }),
        ("Throttled", Effect::Status { code: 429, retry_after: None, body: None }),
        ("Unclear", Effect::ResetAfterCommit),
    ] {
        certn.harness.arm("order-package", 1, effect);
        customer.advance(&customer.candidate(&job, name).unwrap(), TRIGGER).await.unwrap();
    }
    // An order that is under way at this very moment.
    certn.harness.arm("order-package", 1, Effect::HoldBefore);
    let held = customer.candidate(&job, "Held").unwrap();
    simulators.icims.advance(&customer.id, &held.workflow, TRIGGER, customer.recruiter()).await;
    certn.harness.held.notified().await;
    collect(&items(&stack).await, &mut attributes, &mut data);
    certn.harness.clear_faults();
    certn.send_event("CASE_STATUS_CHANGED", "2f64d134-1c54-4028-8e8b-9cfa7bd8011c", "CASE");
    simulators.icims.harness.arm("GET /customers/", 0, Effect::ResetBefore);
    customer.advance(&customer.candidate(&job, "Unread").unwrap(), TRIGGER).await.unwrap();
    collect(&items(&stack).await, &mut attributes, &mut data);
    simulators.icims.harness.clear_faults();
    stack.pass(SignedDuration::from_mins(20)).await.unwrap();
    collect(&items(&stack).await, &mut attributes, &mut data);

    let customer = stack.connect_pageup(|new| new["ats"]["result_items"] = true.into()).await.unwrap();
    let mut unknown = customer.invitation("Unknown");
    unknown.department = Some("NUR-01".to_owned());
    customer.invite(unknown).unwrap();
    stack.pass(SignedDuration::from_mins(1)).await.unwrap();
    // An invitation whose order is under way at this very moment.
    certn.harness.arm("order-package", 1, Effect::HoldBefore);
    customer.invite(customer.invitation("Kept")).unwrap();
    stack.clock.advance(SignedDuration::from_mins(1));
    let deadline = Deadline::after(Duration::from_secs(60));
    pageup_poll::handle(Arc::clone(stack.hub("pageup-poll").unwrap()), deadline).await.unwrap();
    certn.harness.held.notified().await;
    collect(&items(&stack).await, &mut attributes, &mut data);
    certn.harness.clear_faults();
    stack.settle().await.unwrap();
    certn.finish_check(&certn.cases().pop().unwrap().id, "IDENTITY_VERIFICATION_1");
    simulators.pageup.set_scopes(&customer.tenant, &[]);
    simulators.pageup.revoke_tokens(&customer.tenant);
    stack.pass(SignedDuration::from_mins(2)).await.unwrap();
    collect(&items(&stack).await, &mut attributes, &mut data);

    collect_with_lever(&stack, &mut attributes, &mut data).await;
    check(&attributes, ATTRIBUTES);
    check(&data, DATA);
}

/// The same for a customer whose access is granted, used, and lost, and for one whose provider only tells.
async fn collect_with_lever(stack: &Stack, attributes: &mut Names, data: &mut Names) {
    let asurint = &stack.simulators().unwrap().asurint;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    customer.authorize_url().await.unwrap();
    collect(&items(stack).await, attributes, data);
    customer.authorize().await.unwrap();
    let path = format!("/admin/connections/{}/mappings", customer.connection);
    let mapping = json!({"kind": "score", "ats_value": "Amber", "provider_value": "review"});
    assert_eq!(stack.admin("PUT", &path, Some(&mapping)).await.unwrap().0, 200);
    let (posting, untagged) = (customer.posting(&[BASIC_TAG]).unwrap(), customer.posting(&[]).unwrap());
    customer.advance(&customer.candidate(&untagged, "Una").unwrap()).await.unwrap();
    let candidate = customer.candidate(&posting, "Ana").unwrap();
    customer.advance(&candidate).await.unwrap();
    let order = customer.order(&candidate).unwrap();
    asurint.show_status(&order.id, "Court Delay");
    stack.settle().await.unwrap();
    collect(&items(stack).await, attributes, data);
    asurint.complete_with(&order.id, Some("Amber"));
    stack.settle().await.unwrap();
    collect(&items(stack).await, attributes, data);

    let by_xml = stack.connect_authorized_lever(by_xml).await.unwrap();
    let posting = by_xml.posting(&[BASIC_TAG]).unwrap();
    asurint.harness.arm("order", 1, Effect::HoldBefore);
    let told = "<Update><QuoteBack>nobodys</QuoteBack><Identifier><BackgroundCheckOrderNumber>A9</BackgroundCheckOrderNumber>\
                </Identifier><OrderStatus>Amber</OrderStatus><OrderScore>Amber</OrderScore></Update>";
    assert_eq!(asurint.send_raw(&by_xml.client, "text/xml", told.to_owned()).await, Some(200));
    stack.settle().await.unwrap();
    collect(&items(stack).await, attributes, data);
    asurint.harness.clear_faults();

    // Somebody who is replacing the tokens at this very moment.
    let hub = stack.hub("reconcile").unwrap();
    let (connection, now) = (ConnectionId::parse(&customer.connection).unwrap(), hub.clock.now());
    assert_eq!(hub.store.claim_access(&connection, "owner", now, now, false).await.unwrap(), Claim::Taken);
    hub.store.rest_access(&connection, "owner", now).await.unwrap();
    collect(&items(stack).await, attributes, data);
    customer.revoke().unwrap();
    by_xml.revoke().unwrap();
    by_xml.advance(&by_xml.candidate(&posting, "Xia").unwrap()).await.unwrap();
    asurint.set_score(&order.id, Some("Review"));
    stack.settle().await.unwrap();
    stack.pass(SignedDuration::from_hours(2)).await.unwrap();
    collect(&items(stack).await, attributes, data);

    // What was erased, and a connection that is being deleted.
    let erasures = format!("/admin/connections/{}/erasures", customer.connection);
    let whose = json!({"application": candidate.opportunity});
    assert_eq!(stack.admin("POST", &erasures, Some(&whose)).await.unwrap().0, 200);
    collect(&items(stack).await, attributes, data);
    let delete = format!("/admin/connections/{}?rev=1&open_orders=acknowledged", customer.connection);
    assert_eq!(stack.admin("DELETE", &delete, None).await.unwrap().0, 202);
    collect(&items(stack).await, attributes, data);
}
