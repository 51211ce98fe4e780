//! Every reason that an order can meet: it is produced, shown with its owner and its cure, cured, and replayed; then the
//! order is really placed, or what waited is really written.

use domain::reason::Reason;
use jiff::SignedDuration;
use local_stack::simulators::certn::{Group, KeyState, Package, User};
use local_stack::simulators::icims::{EventOptions, IcimsSimulator, Right};
use local_stack::simulators::lever::Posting;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{Candidate, Customer, DRIVER, GROUP, LeverCandidate, LeverCustomer, NURSING, STANDARD, Stack};
use serde_json::{Value, json};

use crate::lever_support::REST;
use crate::replay::{listed, replay};
use crate::support::{API_KEY, ICIMS_PASSWORD, MINUTE, WEBHOOK_SECRET, advanced, no_violations, orders, row, stack};

/// Whether the operation that explains is there.
const EXPLAIN: bool = true;

const ORDER: &str = "POST /api/public/cases/order-package/";
const WRITES: &str = "/fields/assessmentresults";
const STANDARD_TAG: &str = "Certn Package: Standard";

/// Which test meets a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MetBy {
    Lever,
    Icims,
    Waiting,
    Writing,
    NoOrder(&'static str),
}

const fn met_by(reason: Reason) -> MetBy {
    match reason {
        Reason::NoPackage
        | Reason::UnknownPackage
        | Reason::PackageNotEnabled
        | Reason::MultiplePackages
        | Reason::NoEmail
        | Reason::CandidateAnonymized
        | Reason::CandidateArchived
        | Reason::CandidateConfidential
        | Reason::UnknownGroup
        | Reason::GroupInactive
        | Reason::NoGroup
        | Reason::SetupIncomplete
        | Reason::ReorderNotAllowed => MetBy::Lever,
        Reason::InvalidEmail
        | Reason::MissingCandidateData
        | Reason::RequesterMissing
        | Reason::RequesterUnknown
        | Reason::RequesterNotInGroup
        | Reason::PossibleDuplicate
        | Reason::ProviderRefused => MetBy::Icims,
        Reason::ProviderCredentials
        | Reason::ProviderPermission
        | Reason::ProviderUnavailable
        | Reason::OrderOutcomeUnknown
        | Reason::HeldExpired
        | Reason::ConnectionPaused => MetBy::Waiting,
        Reason::AtsCredentials
        | Reason::AtsPermission
        | Reason::AtsRequiredField
        | Reason::AtsOptionMissing
        | Reason::AtsUnavailable
        | Reason::AtsRecordGone => MetBy::Writing,
        Reason::RegionMismatch => MetBy::NoOrder("a request of another region is refused at the door"),
        Reason::ReportFailed => MetBy::NoOrder("only the file is missing; the order is completed"),
    }
}

/// Every reason of that kind was met.
fn check_all_met(by: MetBy, mut met: Vec<Reason>) {
    let mut expected: Vec<_> = Reason::ALL.iter().copied().filter(|reason| met_by(*reason) == by).collect();
    met.sort_by_key(|reason| reason.code());
    expected.sort_by_key(|reason| reason.code());
    assert_eq!(met, expected);
}

#[test]
fn only_what_is_no_orders_reason_is_met_by_none() {
    let none = Reason::ALL.iter().filter(|reason| matches!(met_by(**reason), MetBy::NoOrder(why) if !why.is_empty()));
    let none: Vec<_> = none.map(|reason| reason.code()).collect();
    assert_eq!(none, ["region_mismatch", "report_failed"]);
}

/// What explaining the order says.
async fn explained(stack: &Stack, connection: &str, order: &str, reason: Reason) -> Value {
    if !EXPLAIN {
        return Value::Null;
    }
    let path = format!("/admin/connections/{connection}/explain");
    let (status, told) = stack.admin("POST", &path, Some(&json!({"order": order}))).await.unwrap();
    assert_eq!(status, 200, "{told}");
    let waits = if met_by(reason) == MetBy::Writing { &told["write_waits"] } else { &told["reason"] };
    let said = ["code", "owner", "cure"].map(|name| waits[name].as_str().unwrap_or_default());
    assert_eq!(said, [reason.code(), reason.owner().name(), reason.cure()], "{told}");
    told
}

/// The order's story names the reason, who cures it, and how.
async fn check_told(stack: &Stack, connection: &str, order: &str, reason: Reason) {
    let (_, story) = stack.admin("GET", &format!("/admin/orders/{order}"), None).await.unwrap();
    let waits = if met_by(reason) == MetBy::Writing { &story["ats"]["waits_for"] } else { &story["reason"] };
    let told = ["code", "owner", "cure"].map(|name| waits[name].as_str().unwrap_or_default());
    assert_eq!(told, [reason.code(), reason.owner().name(), reason.cure()], "{story}");
    explained(stack, connection, order, reason).await;
}

/// The order is not placed, for that reason; after the cure and a replay it is, once.
async fn check_cured(
    (stack, connection): (&Stack, &str),
    order: &str,
    reason: Reason,
    cure: impl AsyncFnOnce(),
    force_reorder: bool,
) -> Reason {
    let certn = &stack.simulators().unwrap().certn;
    check_told(stack, connection, order, reason).await;
    let before = certn.cases().len();
    cure().await;
    stack.clock.advance(MINUTE);
    let (status, told) = replay(stack, order, force_reorder).await;
    assert_eq!(status, 202, "{reason:?}: {told}");
    stack.pass(MINUTE).await.unwrap();
    let expected = if reason == Reason::OrderOutcomeUnknown { before } else { before + 1 };
    assert_eq!(certn.cases().len(), expected, "{reason:?}: {:?}", listed(stack, connection, "").await);
    stack.clock.advance(MINUTE);
    reason
}

/// A customer of Lever whose provider is Certn.
async fn lever_with_certn<'a>(stack: &'a Stack, change: impl FnOnce(&mut Value)) -> LeverCustomer<'a> {
    let of_certn = |new: &mut Value| {
        new["ats"]["trigger_stage"] = "Asurint Background Check".into();
        new["provider"] = json!({"kind": "certn"});
        new["provider_credentials"] =
            json!({"kind": "certn", "api_keys": [API_KEY], "webhook_secrets": [WEBHOOK_SECRET]});
        new["default_group"] = GROUP.into();
        change(new);
    };
    stack.connect_authorized_lever(of_certn).await.unwrap()
}

/// The newest order of a candidate who was moved into the stage.
async fn moved(stack: &Stack, customer: &LeverCustomer<'_>, candidate: &LeverCandidate) -> String {
    stack.clock.advance(REST);
    customer.advance(candidate).await.unwrap();
    order_of(stack, customer, candidate).await
}

async fn order_of(stack: &Stack, customer: &LeverCustomer<'_>, candidate: &LeverCandidate) -> String {
    let query = format!("&application={}", candidate.opportunity);
    let rows = listed(stack, &customer.connection, &query).await;
    rows.first().unwrap()["id"].as_str().unwrap().to_owned()
}

/// Sets what no operation of this test's concern sets.
async fn set_connection(stack: &Stack, connection: &str, field: &str, value: &str) {
    let update = json!({
        "TableName": "crosscheck",
        "Key": {"pk": {"S": format!("CONN#{connection}")}, "sk": {"S": "META"}},
        "UpdateExpression": "SET #data.#field = :value",
        "ExpressionAttributeNames": {"#data": "data", "#field": field},
        "ExpressionAttributeValues": {":value": {"S": value}},
    });
    let request = stack.http.post(&stack.aws.url).header("x-amz-target", "DynamoDB_20120810.UpdateItem");
    let answer = request.body(update.to_string()).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap());
}

async fn map(stack: &Stack, connection: &str, kind: &str, ats_value: &str, provider_value: &str) {
    let mapping = json!({"kind": kind, "ats_value": ats_value, "provider_value": provider_value});
    let path = format!("/admin/connections/{connection}/mappings");
    let (status, answer) = stack.admin("PUT", &path, Some(&mapping)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
}

fn package(id: &str, name: &str, ats_use: bool) -> Package {
    Package { id: id.to_owned(), name: name.to_owned(), active: true, ats_use: Some(ats_use) }
}

#[tokio::test]
async fn what_a_request_lacks_is_told_and_after_the_cure_a_replay_orders() {
    let stack = stack().await;
    // Its admins set Certn up.
    stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let (certn, lever) = (&simulators.certn, &simulators.lever);
    let mut met = Vec::new();

    // By department, and without a group of the connection's own.
    let grouped = lever_with_certn(&stack, |new| {
        new["ats"]["group_from"] = "department".into();
        new.as_object_mut().unwrap().remove("default_group");
    })
    .await;
    let at = (&stack, &*grouped.connection);
    let posting = |department: &str, id: &str| {
        let posting = Posting { department: department.to_owned(), ..Posting::new(id, "Nurse", &[STANDARD_TAG]) };
        lever.add_posting(&grouped.account, posting);
        grouped.candidate(id, "Grouped").unwrap()
    };
    let mark = |ats_use: bool| {
        [(STANDARD, "Standard"), (DRIVER, "Driver")].map(|(id, name)| certn.add_package(package(id, name, ats_use)))
    };
    mark(false);
    let order = moved(&stack, &grouped, &posting("Intensive care", "p-setup")).await;
    let cure = async || {
        mark(true);
        map(&stack, &grouped.connection, "group", "Intensive care", GROUP).await;
    };
    met.push(check_cured(at, &order, Reason::SetupIncomplete, cure, false).await);
    let order = moved(&stack, &grouped, &posting("Oncology", "p-unknown")).await;
    let cure = async || map(&stack, &grouped.connection, "group", "Oncology", NURSING).await;
    met.push(check_cured(at, &order, Reason::UnknownGroup, cure, false).await);
    let nursing = |active| certn.add_group(Group { id: NURSING.to_owned(), name: "Nursing".to_owned(), active });
    nursing(false);
    stack.clock.advance(SignedDuration::from_hours(2));
    let order = moved(&stack, &grouped, &posting("Oncology", "p-inactive")).await;
    met.push(check_cured(at, &order, Reason::GroupInactive, async || nursing(true), false).await);
    let order = moved(&stack, &grouped, &posting("", "p-none")).await;
    let cure = async || set_connection(&stack, &grouped.connection, "default_group", GROUP).await;
    met.push(check_cured(at, &order, Reason::NoGroup, cure, false).await);

    let customer = lever_with_certn(&stack, |_| {}).await;
    assert!(certn.set_webhook(&customer.asurint_webhook_url, WEBHOOK_SECRET).await);
    let at = (&stack, &*customer.connection);
    let (id, account) = (&customer.connection, &customer.account);
    let of = |tags: &[&str]| {
        let posting = customer.posting(tags).unwrap();
        (customer.candidate(&posting, "Lacking").unwrap(), posting)
    };
    let (candidate, posting) = of(&[]);
    let order = moved(&stack, &customer, &candidate).await;
    let cure = async || lever.tag_posting(account, &posting, STANDARD_TAG);
    met.push(check_cured(at, &order, Reason::NoPackage, cure, false).await);
    let (candidate, _) = of(&["Certn Package: Nonesuch"]);
    let order = moved(&stack, &customer, &candidate).await;
    let cure = async || map(&stack, id, "package", "Nonesuch", STANDARD).await;
    met.push(check_cured(at, &order, Reason::UnknownPackage, cure, false).await);
    let off = "8b1f2d63-5c8d-4a8f-9b72-000000000000";
    certn.add_package(package(off, "Off", false));
    let (candidate, _) = of(&["Certn Package: Off"]);
    let order = moved(&stack, &customer, &candidate).await;
    let cure = async || certn.add_package(package(off, "Off", true));
    met.push(check_cured(at, &order, Reason::PackageNotEnabled, cure, false).await);
    let (candidate, posting) = of(&[STANDARD_TAG, "Certn Package: Driver"]);
    let order = moved(&stack, &customer, &candidate).await;
    let cure = async || {
        lever.untag_posting(account, &posting, "Certn Package: Driver");
        customer.change_tags(&candidate, &["Certn Package: Driver"], &[]).unwrap();
    };
    met.push(check_cured(at, &order, Reason::MultiplePackages, cure, false).await);
    let (candidate, _) = of(&[STANDARD_TAG]);
    customer.set_emails(&candidate, &[]).unwrap();
    let order = moved(&stack, &customer, &candidate).await;
    let cure = async || customer.set_emails(&candidate, &[&candidate.email]).unwrap();
    met.push(check_cured(at, &order, Reason::NoEmail, cure, false).await);
    let (candidate, _) = of(&[STANDARD_TAG]);
    customer.archive(&candidate, "Not now").await.unwrap();
    let order = moved(&stack, &customer, &candidate).await;
    let cure = async || drop(lever.archive(account, &candidate.opportunity, None).await);
    met.push(check_cured(at, &order, Reason::CandidateArchived, cure, false).await);

    // One who may not be read makes no order; but an order that waits may come to that.
    let (candidate, _) = of(&[STANDARD_TAG]);
    certn.forbid_orders(true);
    let order = moved(&stack, &customer, &candidate).await;
    certn.forbid_orders(false);
    lever.set_confidential(account, &candidate.opportunity, true);
    assert_eq!(replay(&stack, &order, false).await.0, 202);
    let cure = async || lever.set_confidential(account, &candidate.opportunity, false);
    met.push(check_cured(at, &order, Reason::CandidateConfidential, cure, false).await);

    // Nothing cures this one, and a replay says so.
    let (candidate, _) = of(&[STANDARD_TAG]);
    lever.anonymize(account, &candidate.opportunity);
    let order = moved(&stack, &customer, &candidate).await;
    check_told(&stack, id, &order, Reason::CandidateAnonymized).await;
    let before = certn.cases().len();
    assert_eq!(replay(&stack, &order, true).await.0, 202);
    check_told(&stack, id, &order, Reason::CandidateAnonymized).await;
    assert_eq!(certn.cases().len(), before);
    met.push(Reason::CandidateAnonymized);

    let (candidate, _) = of(&[STANDARD_TAG]);
    moved(&stack, &customer, &candidate).await;
    certn.complete(&certn.cases().pop().unwrap().id, Some("CLEAR"));
    stack.settle().await.unwrap();
    stack.clock.advance(MINUTE);
    customer.advance_again(&candidate).await.unwrap();
    let order = order_of(&stack, &customer, &candidate).await;
    assert_eq!(replay(&stack, &order, false).await.0, 202);
    check_told(&stack, id, &order, Reason::ReorderNotAllowed).await;
    met.push(check_cured(at, &order, Reason::ReorderNotAllowed, async || {}, true).await);
    check_all_met(MetBy::Lever, met);
    no_violations(&stack);
}

/// The only order of a candidate who was moved into the trigger status.
async fn asked(stack: &Stack, customer: &Customer<'_>, first: &str) -> (Candidate, String) {
    let candidate = advanced(customer, first).await;
    let order = orders(stack, &candidate).await.pop().unwrap();
    (candidate, order)
}

fn refusal(attr: &str) -> Effect {
    let error = json!({"code": "invalid", "detail": "", "attr": attr});
    let body = json!({"type": "validation_error", "errors": [error]}).to_string();
    Effect::Status { code: 400, retry_after: None, body: Some(body) }
}

#[tokio::test]
async fn what_the_provider_does_not_take_is_told_and_after_the_cure_a_replay_orders() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let (certn, icims) = (&simulators.certn, &simulators.icims);
    let at = (&stack, &*customer.connection);
    let mut met = Vec::new();
    advanced(&customer, "Warm").await;
    for (attr, reason) in [
        ("email_address", Reason::InvalidEmail),
        ("input_claims.name.given_name", Reason::MissingCandidateData),
        ("tag_ids", Reason::ProviderRefused),
    ] {
        certn.harness.arm(ORDER, 1, refusal(attr));
        let (_, order) = asked(&stack, &customer, reason.code()).await;
        met.push(check_cured(at, &order, reason, async || {}, false).await);
    }

    // An order that waits is decided again, and its requester may be another case by then.
    let user = |id: &str, groups: &[&str]| User {
        id: format!("9d40b3c4-6d9e-4b90-8c83-{id}"),
        email: format!("{id}@client.example"),
        active: true,
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
    };
    certn.add_user(user("outsideoutsi", &[]));
    let cures: [Cure<'_>; 3] = [
        (Reason::RequesterMissing, None, &|| {
            icims.set_email(&customer.id, customer.recruiter(), Some(local_stack::stack::RECRUITER_EMAIL));
        }),
        (Reason::RequesterUnknown, Some("newcomernewc@client.example"), &|| {
            certn.add_user(user("newcomernewc", &[GROUP]));
        }),
        (Reason::RequesterNotInGroup, Some("outsideoutsi@client.example"), &|| {
            certn.add_user(user("outsideoutsi", &[GROUP]));
        }),
    ];
    for (reason, requester, cure) in cures {
        icims.set_email(&customer.id, customer.recruiter(), Some(local_stack::stack::RECRUITER_EMAIL));
        certn.forbid_orders(true);
        let (_, order) = asked(&stack, &customer, reason.code()).await;
        certn.forbid_orders(false);
        icims.set_email(&customer.id, customer.recruiter(), requester);
        assert_eq!(replay(&stack, &order, false).await.0, 202);
        met.push(check_cured(at, &order, reason, async || cure(), false).await);
    }

    icims.set_email(&customer.id, customer.recruiter(), Some(local_stack::stack::RECRUITER_EMAIL));
    let (candidate, _) = asked(&stack, &customer, "Repeated").await;
    certn.complete(&certn.cases().pop().unwrap().id, Some("CLEAR"));
    stack.settle().await.unwrap();
    stack.clock.advance(SignedDuration::from_hours(24));
    icims.resend_last(&customer.id, &candidate.workflow, EventOptions::default()).await;
    stack.settle().await.unwrap();
    let held = listed(&stack, &customer.connection, "&reason=possible_duplicate").await;
    let order = held.first().unwrap()["id"].as_str().unwrap();
    let (status, problem) = replay(&stack, order, false).await;
    assert_eq!(status, 409, "{problem}");
    met.push(check_cured(at, order, Reason::PossibleDuplicate, async || {}, true).await);
    check_all_met(MetBy::Icims, met);
    no_violations(&stack);
}

#[tokio::test]
async fn what_an_order_waits_for_is_told_and_after_the_cure_a_replay_orders_at_once() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let at = (&stack, &*customer.connection);
    let id = &customer.connection;
    let mut met = Vec::new();
    advanced(&customer, "Warm").await;

    certn.set_key_state(API_KEY, KeyState::Revoked);
    let (_, order) = asked(&stack, &customer, "Key").await;
    let cure = async || certn.set_key_state(API_KEY, KeyState::Valid);
    met.push(check_cured(at, &order, Reason::ProviderCredentials, cure, false).await);

    certn.forbid_orders(true);
    let (_, order) = asked(&stack, &customer, "Right").await;
    met.push(check_cured(at, &order, Reason::ProviderPermission, async || certn.forbid_orders(false), false).await);

    certn.harness.arm(ORDER, 0, Effect::Status { code: 429, retry_after: None, body: None });
    let (_, order) = asked(&stack, &customer, "Throttled").await;
    stack.clock.advance(MINUTE * 16);
    stack.pass(MINUTE).await.unwrap();
    met.push(check_cured(at, &order, Reason::ProviderUnavailable, async || certn.harness.clear_faults(), false).await);

    certn.harness.arm(ORDER, 1, Effect::ResetAfterCommit);
    let (candidate, order) = asked(&stack, &customer, "Unclear").await;
    let email = certn.cases().pop().unwrap().email;
    customer.set_email(&candidate, Some("moved.elsewhere@example.com")).unwrap();
    stack.pass(MINUTE * 3).await.unwrap();
    let cure = async || customer.set_email(&candidate, Some(&email)).unwrap();
    met.push(check_cured(at, &order, Reason::OrderOutcomeUnknown, cure, false).await);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent", "it was found, and not placed again");

    set_connection(&stack, id, "state", "paused").await;
    stack.clock.advance(MINUTE);
    let (_, order) = asked(&stack, &customer, "Paused").await;
    let cure = async || set_connection(&stack, id, "state", "active").await;
    met.push(check_cured(at, &order, Reason::ConnectionPaused, cure, false).await);

    certn.forbid_orders(true);
    let (_, order) = asked(&stack, &customer, "Expired").await;
    stack.clock.advance(SignedDuration::from_hours(24 * 14));
    stack.pass(MINUTE * 2).await.unwrap();
    met.push(check_cured(at, &order, Reason::HeldExpired, async || certn.forbid_orders(false), false).await);
    check_all_met(MetBy::Waiting, met);
    no_violations(&stack);
}

/// The reason, the requester's address that produces it, and the cure.
type Cure<'a> = (Reason, Option<&'a str>, &'a dyn Fn());

type Turn = fn(&IcimsSimulator, &str);

#[tokio::test]
async fn what_a_write_waits_for_is_told_and_after_the_cure_a_replay_writes_at_once() {
    let down = |icims: &IcimsSimulator, _: &str| {
        icims.harness.arm(WRITES, 0, Effect::Status { code: 503, retry_after: None, body: None });
    };
    let gone = |icims: &IcimsSimulator, _: &str| {
        let body = Some(r#"{"errors":[{"errorCode":2}]}"#.to_owned());
        icims.harness.arm(WRITES, 0, Effect::Status { code: 404, retry_after: None, body });
    };
    let up: Turn = |icims, _| icims.harness.clear_faults();
    let turns: [(Reason, Turn, Turn); 6] = [
        (
            Reason::AtsCredentials,
            |icims, id| icims.set_password(id, "a new one"),
            |icims, id| icims.set_password(id, ICIMS_PASSWORD),
        ),
        (
            Reason::AtsPermission,
            |icims, id| icims.remove_right(id, Right::WriteResults),
            IcimsSimulator::restore_rights,
        ),
        (
            Reason::AtsRequiredField,
            |icims, id| icims.require_field(id, Some("f1")),
            |icims, id| icims.require_field(id, None),
        ),
        (
            Reason::AtsOptionMissing,
            |icims, id| icims.set_list_values(id, vec!["Other".to_owned()]),
            |icims, id| icims.set_list_values(id, vec!["Standard".to_owned()]),
        ),
        (Reason::AtsUnavailable, down, up),
        (Reason::AtsRecordGone, gone, up),
    ];
    let stack = stack().await;
    let simulators = stack.simulators().unwrap();
    let mut met = Vec::new();
    for (reason, block, cure) in turns {
        stack.clock.advance(MINUTE);
        let customer = stack.connect(|_| {}).await.unwrap();
        let (candidate, order) = asked(&stack, &customer, reason.code()).await;
        block(&simulators.icims, &customer.id);
        simulators.certn.set_status(&simulators.certn.cases().pop().unwrap().id, "APPLICANT_STARTED");
        stack.settle().await.unwrap();
        let before = simulators.certn.cases().len();
        check_told(&stack, &customer.connection, &order, reason).await;
        assert_eq!(row(&customer, &candidate).result, "Invitation sent");
        cure(&simulators.icims, &customer.id);
        assert_eq!(replay(&stack, &order, false).await.0, 202, "{reason:?}");
        assert_eq!(row(&customer, &candidate).result, "Candidate started", "{reason:?}");
        let (_, story) = stack.admin("GET", &format!("/admin/orders/{order}"), None).await.unwrap();
        assert_eq!((&story["ats"]["delivery"], &story["ats"]["waits_for"]), (&json!("delivered"), &Value::Null));
        assert_eq!(simulators.certn.cases().len(), before, "{reason:?}");
        met.push(reason);
    }
    check_all_met(MetBy::Writing, met);
    no_violations(&stack);
}
