//! What an admin is told of the ATS side of a connection: each thing that is wrong in one red line for whoever can put it
//! right, nothing red where all is well, and nothing changed at the ATS.

use std::time::Duration;

use domain::checklist::{Found, Line};
use domain::id::{AtsId, ConnectionId};
use domain::reason::Owner;
use domain::request::Subject;
use local_stack::simulators::icims::{self, IcimsSimulator, Right};
use local_stack::simulators::lever::{self, LeverSimulator, RECRUITER};
use local_stack::simulators::pageup::{self, PageUpSimulator};
use local_stack::simulators::shared::{Effect, Harness};
use local_stack::stack::{BASIC_TAG, LeverCustomer, RECRUITER_EMAIL, Stack, TRIGGER};
use runtime::deadline::Deadline;
use serde_json::{Value, json};

use crate::lever_support::REST;
use crate::support::{ICIMS_PASSWORD, PAGEUP_SECRET, advanced, another_hub, invited, looks, no_violations, stack};

fn subject(application: &str, requester: &str) -> Subject {
    let id = |text: &str| AtsId::parse(text).unwrap();
    Subject { application: id(application), request: None, requester: Some(id(requester)), status: id(TRIGGER) }
}

/// Has the connection's ATS examined, and sees to it that nothing is written there and nothing private is told.
async fn examined(stack: &Stack, harness: &Harness, connection: &str, sample: Option<&Subject>) -> Vec<Line> {
    let hub = another_hub(stack, "admin-check-connection").await;
    let connected = hub.connected(&ConnectionId::parse(connection).unwrap()).await.unwrap().unwrap();
    let before = harness.answered("").len();
    let deadline = Deadline::after(Duration::from_secs(29));
    let lines = hub.ask_ats(&connected, deadline, |ats| ats.examine(sample).map(Ok)).await.unwrap();
    let asked = harness.answered("").split_off(before);
    assert!(!asked.is_empty());
    for call in asked {
        let is_token = matches!(call.path.as_str(), "/connect/token" | "/oauth/token");
        assert!(call.method == "GET" || is_token, "{} {}", call.method, call.path);
    }
    check_private(&lines);
    lines
}

fn check_private(lines: &[Line]) {
    let told = format!("{lines:?} {}", serde_json::to_string(lines).unwrap());
    let planted = icims::MARKERS.iter().chain(&pageup::MARKERS).chain(lever::MARKERS.iter()).copied();
    let given = [ICIMS_PASSWORD, PAGEUP_SECRET, RECRUITER_EMAIL, "Moss", "Zephyrine", "zephyrine", "rae@", "Bearer"];
    for word in planted.chain(given) {
        assert!(!told.contains(word), "{word} in {told}");
    }
}

/// The red lines: whose each is, and what it is about. Each has its sentence, and no other line has one.
fn red(lines: &[Line]) -> Vec<(&'static str, Owner)> {
    for line in lines {
        assert_eq!(line.sentence.is_some(), line.found == Found::Wrong, "{line:?}");
        assert!(!line.saw.is_empty(), "{line:?}");
    }
    lines.iter().filter(|line| line.found == Found::Wrong).map(|line| (line.item, line.owner)).collect()
}

/// The items that were found so.
fn items(lines: &[Line], found: Found) -> Vec<&'static str> {
    lines.iter().filter(|line| line.found == found).map(|line| line.item).collect()
}

/// Whether a fault can be seen without an application to look at.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    Sample,
}

/// The list of names goes on without this one.
fn lose(icims: &IcimsSimulator, customer: &str, name: &str) {
    icims.set_list_values(customer, vec![name.to_owned(), "Other".to_owned()]);
    icims.remove_list_value(customer, name);
}

async fn check_icims(
    stack: &Stack,
    name: &str,
    change: impl FnOnce(&mut Value),
    fault: impl FnOnce(&IcimsSimulator, &str),
    needs: Needs,
    expected: Option<(&'static str, Owner)>,
) {
    let customer = stack.connect(change).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Zephyrine").unwrap();
    fault(icims, &customer.id);
    let sample = subject(&candidate.workflow, customer.recruiter());
    let with = examined(stack, &icims.harness, &customer.connection, Some(&sample)).await;
    assert_eq!(red(&with), expected.into_iter().collect::<Vec<_>>(), "{name}: {with:#?}");
    let without = examined(stack, &icims.harness, &customer.connection, None).await;
    let expected = expected.filter(|_| needs == Needs::Nothing);
    assert_eq!(red(&without), expected.into_iter().collect::<Vec<_>>(), "{name}, without a sample: {without:#?}");
    icims.harness.clear_faults();
    no_violations(stack);
}

#[tokio::test]
async fn each_fault_of_icims_gives_one_red_line_with_its_owner_and_a_healthy_connection_none() {
    use Needs::{Nothing, Sample};
    type Fault = fn(&IcimsSimulator, &str);
    let stack = stack().await;
    let faults: &[(&str, Fault, Needs, &'static str, Owner)] = &[
        ("password", |icims, id| icims.set_password(id, "another one"), Nothing, "credentials", Owner::AtsAdmin),
        ("quota", |icims, id| icims.set_quota(id, 0), Nothing, "call_budget", Owner::AtsAdmin),
        ("e-mail", |icims, id| icims.remove_right(id, Right::ReadEmail), Nothing, "person_fields", Owner::AtsAdmin),
        ("packages", |icims, id| icims.remove_right(id, Right::ReadPackages), Nothing, "job_fields", Owner::AtsAdmin),
        (
            "workflow",
            |icims, id| icims.remove_right(id, Right::ReadWorkflow),
            Nothing,
            "workflow_fields",
            Owner::AtsAdmin,
        ),
        (
            "writing",
            |icims, id| icims.remove_right(id, Right::WriteResults),
            Nothing,
            "results_rights",
            Owner::AtsAdmin,
        ),
        (
            "results",
            |icims, id| icims.remove_right(id, Right::ReadResults),
            Nothing,
            "results_collection",
            Owner::AtsAdmin,
        ),
        (
            "notes",
            |icims, id| icims.hide_result_field(id, "assessmentnotes"),
            Nothing,
            "results_collection",
            Owner::AtsAdmin,
        ),
        ("node", |icims, id| icims.remove_list_value(id, "D37002019004"), Nothing, "result_statuses", Owner::AtsAdmin),
        ("name", |icims, id| lose(icims, id, "Standard"), Sample, "result_name", Owner::AtsAdmin),
        (
            "names",
            |icims, id| icims.set_list_values(id, vec!["Other".to_owned()]),
            Sample,
            "result_name",
            Owner::AtsAdmin,
        ),
        ("status", |icims, id| icims.remove_status(id, TRIGGER), Nothing, "trigger_status", Owner::AtsAdmin),
        (
            "required",
            |icims, id| icims.require_field(id, Some("field51423")),
            Nothing,
            "required_fields",
            Owner::AtsAdmin,
        ),
        (
            "down",
            |icims, _| {
                icims.harness.arm("GET /customers", 0, Effect::Status { code: 503, retry_after: None, body: None })
            },
            Nothing,
            "reachable",
            Owner::HubOperator,
        ),
        ("lists", |icims, _| icims.harness.arm("/v2/lists", 0, Effect::ResetBefore), Nothing, "", Owner::Nobody),
        ("schemas", |icims, id| icims.hide_schemas(id), Nothing, "", Owner::Nobody),
        ("nothing", |_, _| {}, Nothing, "", Owner::Nobody),
    ];
    for (name, fault, needs, item, owner) in faults {
        let expected = Some((*item, *owner)).filter(|(item, _)| !item.is_empty());
        check_icims(&stack, name, |_| {}, fault, *needs, expected).await;
    }
}

#[tokio::test]
async fn a_customer_that_icims_does_not_know_is_the_operators_to_correct() {
    let stack = stack().await;
    let customer = stack.connect(|new| new["ats"]["customer_id"] = "99".into()).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    for sample in [None, Some(&subject("24680", "5566"))] {
        let lines = examined(&stack, &icims.harness, &customer.connection, sample).await;
        assert_eq!(red(&lines), [("customer_id", Owner::HubOperator)], "{lines:#?}");
    }
}

#[tokio::test]
async fn an_application_with_its_row_tells_everything_and_an_empty_field_is_not_a_forbidden_one() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    let candidate = advanced(&customer, "Zephyrine").await;
    let sample = subject(&candidate.workflow, customer.recruiter());
    let lines = examined(&stack, &icims.harness, &customer.connection, Some(&sample)).await;
    assert_eq!((red(&lines), items(&lines, Found::NotTold)), (vec![], vec![]), "{lines:#?}");
    customer.set_email(&candidate, None).unwrap();
    let lines = examined(&stack, &icims.harness, &customer.connection, Some(&sample)).await;
    let person = lines.iter().find(|line| line.item == "person_fields").unwrap();
    assert_eq!((person.found, person.saw.as_str()), (Found::Good, "2 readable, shown and empty: email"));
    icims.remove_right(&customer.id, Right::ReadEmail);
    let lines = examined(&stack, &icims.harness, &customer.connection, Some(&sample)).await;
    let person = lines.iter().find(|line| line.item == "person_fields").unwrap();
    assert_eq!((person.found, person.saw.as_str()), (Found::Wrong, "forbidden: email"));
    // Hidden together with the schema, nobody can say which of the two it is.
    icims.hide_schemas(&customer.id);
    let lines = examined(&stack, &icims.harness, &customer.connection, Some(&sample)).await;
    assert_eq!(red(&lines), [], "{lines:#?}");
    no_violations(&stack);
}

async fn check_pageup(
    stack: &Stack,
    name: &str,
    change: impl FnOnce(&mut Value),
    fault: impl FnOnce(&PageUpSimulator, &str),
    expected: Option<(&'static str, Owner)>,
) {
    let customer = stack.connect_pageup(change).await.unwrap();
    let pageup = &stack.simulators().unwrap().pageup;
    fault(pageup, &customer.tenant);
    customer.invite(customer.invitation("Zephyrine")).unwrap();
    let hub = another_hub(stack, "admin-check-connection").await;
    let connected = hub.connected(&ConnectionId::parse(&customer.connection).unwrap()).await.unwrap().unwrap();
    let deadline = Deadline::after(Duration::from_secs(29));
    let lines = hub.ask_ats(&connected, deadline, |ats| ats.examine(None).map(Ok)).await.unwrap();
    check_private(&lines);
    assert_eq!(red(&lines), expected.into_iter().collect::<Vec<_>>(), "{name}: {lines:#?}");
    // Whatever was found, the list was left to the poller.
    let asked = pageup.harness.answered("");
    assert!(asked.iter().all(|call| call.path == "/connect/token"), "{asked:?}");
    assert!(looks(stack, &customer).is_empty());
    pageup.harness.clear_faults();
    no_violations(stack);
}

#[tokio::test]
async fn each_fault_of_pageup_gives_one_red_line_with_its_owner_and_takes_nothing_off_its_list() {
    const READ: &str = "Public.BackgroundCheck.Read";
    let stack = stack().await;
    let unset = |_: &mut Value| {};
    let healthy = |_: &PageUpSimulator, _: &str| {};
    let tell = |pageup: &PageUpSimulator, tenant: &str| {
        let options = pageup::Options { tells_scopes: true, ..pageup.options(tenant) };
        pageup.set_options(tenant, options);
    };
    let broken = |code: u16| Effect::Status { code, retry_after: None, body: None };
    let (admin, operator) = (Owner::AtsAdmin, Owner::HubOperator);

    check_pageup(&stack, "nothing", unset, healthy, None).await;
    check_pageup(&stack, "told scopes", unset, tell, None).await;
    check_pageup(&stack, "no scope", |new| new["ats"]["scope"] = "".into(), healthy, None).await;
    check_pageup(&stack, "secret", unset, |p, t| p.set_secret(t, "another one"), Some(("credentials", admin))).await;
    check_pageup(&stack, "scope", unset, |p, t| p.set_scopes(t, &[READ]), Some(("scope", admin))).await;
    let less = |pageup: &PageUpSimulator, tenant: &str| {
        tell(pageup, tenant);
        pageup.set_scopes(tenant, &[READ]);
    };
    check_pageup(&stack, "less scope", unset, less, Some(("scope", admin))).await;
    // A client id is of one data centre, and another one does not know it.
    let elsewhere = |new: &mut Value| new["ats"]["data_centre"] = "dc3".into();
    check_pageup(&stack, "data centre", elsewhere, healthy, Some(("credentials", admin))).await;
    let uat = |new: &mut Value| new["ats"]["environment"] = "uat".into();
    check_pageup(&stack, "environment", uat, healthy, Some(("credentials", admin))).await;
    let down = |pageup: &PageUpSimulator, _: &str| pageup.harness.arm("/connect/token", 0, broken(503));
    check_pageup(&stack, "down", unset, down, Some(("reachable", operator))).await;
    let foreign = |pageup: &PageUpSimulator, _: &str| pageup.harness.arm("/connect/token", 0, broken(404));
    check_pageup(&stack, "foreign", unset, foreign, Some(("reachable", operator))).await;
    // What only calls with the token would tell is the poller's to tell.
    let spent = |pageup: &PageUpSimulator, tenant: &str| {
        pageup.set_options(tenant, pageup::Options { daily_limit: Some(0), ..pageup.options(tenant) });
    };
    check_pageup(&stack, "daily limit", unset, spent, None).await;
}

#[tokio::test]
async fn two_data_centres_in_one_connection_are_told_without_a_call() {
    let stack = stack().await;
    let elsewhere =
        |new: &mut Value| new["ats"]["token_url"] = "https://login.dc3.pageuppeople.com/connect/token".into();
    let customer = stack.connect_pageup(elsewhere).await.unwrap();
    let hub = another_hub(&stack, "admin-check-connection").await;
    let connected = hub.connected(&ConnectionId::parse(&customer.connection).unwrap()).await.unwrap().unwrap();
    let deadline = Deadline::after(Duration::from_secs(29));
    let lines = hub.ask_ats(&connected, deadline, |ats| ats.examine(None).map(Ok)).await.unwrap();
    assert_eq!(red(&lines), [("data_centre", Owner::HubOperator)], "{lines:#?}");
    assert!(stack.simulators().unwrap().pageup.harness.answered("").is_empty());
}

#[tokio::test]
async fn an_examined_pageup_still_gives_the_invitation_that_waited() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    customer.set_options(|options| options.queue = pageup::Queue::Dequeue).unwrap();
    let waiting = customer.invite(customer.invitation("Zephyrine")).unwrap();
    let pageup = &stack.simulators().unwrap().pageup;
    examined(&stack, &pageup.harness, &customer.connection, None).await;
    invited(&stack, &customer, "Second").await;
    assert_eq!(customer.screen(&waiting).unwrap().status.as_deref(), Some("In progress"));
    no_violations(&stack);
}

/// The fault is injected into a connection that is authorized; the sample stands in the trigger stage.
async fn check_lever(
    stack: &Stack,
    name: &str,
    change: impl FnOnce(&mut Value),
    fault: impl FnOnce(&LeverSimulator, &LeverCustomer<'_>),
    needs: Needs,
    expected: Option<(&'static str, Owner)>,
) {
    let customer = stack.connect_authorized_lever(change).await.unwrap();
    let lever = &stack.simulators().unwrap().lever;
    let posting = customer.posting(&[BASIC_TAG]).unwrap();
    let candidate = customer.candidate(&posting, "Zephyrine").unwrap();
    // Nobody is told of the move: the sample only has to stand in the stage. That the switch is off, no call tells.
    lever.toggle(&customer.account, "candidateStageChange", false);
    lever.advance(&customer.account, &candidate.opportunity, lever::BACKGROUND_CHECK_STAGE).await;
    fault(lever, &customer);
    let sample = subject(&candidate.opportunity, RECRUITER);
    stack.clock.advance(REST);
    let with = examined(stack, &lever.harness, &customer.connection, Some(&sample)).await;
    assert_eq!(red(&with), expected.into_iter().collect::<Vec<_>>(), "{name}: {with:#?}");
    stack.clock.advance(REST);
    let without = examined(stack, &lever.harness, &customer.connection, None).await;
    let expected = expected.filter(|_| needs == Needs::Nothing);
    assert_eq!(red(&without), expected.into_iter().collect::<Vec<_>>(), "{name}, without a sample: {without:#?}");
    if name == "nothing" {
        assert_eq!(items(&with, Found::NotTold), [""; 0], "{with:#?}");
        assert_eq!(items(&without, Found::NotTold), ["posting_tags", "requester"], "{without:#?}");
    }
    lever.harness.clear_faults();
    no_violations(stack);
}

#[tokio::test]
async fn each_fault_of_lever_gives_one_red_line_with_its_owner_and_a_healthy_connection_none() {
    use Needs::{Nothing, Sample};
    type Fault = fn(&LeverSimulator, &LeverCustomer<'_>);
    let stack = stack().await;
    let hook: fn(&LeverSimulator, &LeverCustomer<'_>) -> String =
        |lever, customer| lever.webhooks(&customer.account).first().unwrap().0.clone();
    let check = |name: &'static str, fault: Fault, needs: Needs, item: &'static str, owner: Owner| {
        let expected = Some((item, owner)).filter(|(item, _)| !item.is_empty());
        check_lever(&stack, name, |_| {}, fault, needs, expected)
    };
    let admin = Owner::AtsAdmin;
    check("nothing", |_, _| {}, Nothing, "", admin).await;
    check("revoked", |lever, customer| lever.revoke(&customer.account), Nothing, "credentials", admin).await;
    let renamed: Fault =
        |lever, customer| lever.rename_stage(&customer.account, lever::BACKGROUND_CHECK_STAGE, "Background Check");
    check("stage", renamed, Nothing, "trigger_stage", admin).await;
    let remove = move |lever: &LeverSimulator, customer: &LeverCustomer<'_>| {
        lever.remove_webhook(&customer.account, &hook(lever, customer));
    };
    check_lever(&stack, "webhook", |_| {}, remove, Nothing, Some(("webhook", admin))).await;
    let narrow = move |lever: &LeverSimulator, customer: &LeverCustomer<'_>| {
        lever.narrow_webhook(&customer.account, &hook(lever, customer), &["applied"]);
    };
    check_lever(&stack, "origins", |_| {}, narrow, Nothing, Some(("webhook", admin))).await;
    for scope in [
        "stages:read:admin",
        "postings:read:admin",
        "users:read:admin",
        "applications:read:admin",
        "webhooks:write:admin",
        "notes:write:admin",
        "opportunities:write:admin",
    ] {
        let take =
            move |lever: &LeverSimulator, customer: &LeverCustomer<'_>| lever.take_scope(&customer.account, scope);
        check_lever(&stack, scope, |_| {}, take, Nothing, Some(("scopes", admin))).await;
    }
    let unnamed: Fault = |lever, customer| lever.set_user_email(&customer.account, RECRUITER, "");
    check("requester", unnamed, Sample, "requester", admin).await;
    let down: Fault = |lever, _| {
        lever.harness.arm("GET /v1/stages", 0, Effect::Status { code: 503, retry_after: None, body: None });
    };
    check("down", down, Nothing, "reachable", Owner::HubOperator).await;
    let odd: Fault = |_, customer| {
        customer
            .set_options(|options| {
                options.omits_has_next = true;
                options.lists_own_consent_only = true;
                options.moved_to = Some("api.eu.lever.co".to_owned());
                options.account_claims = false;
            })
            .unwrap();
    };
    check("odd", odd, Nothing, "", admin).await;
}

#[tokio::test]
async fn what_the_connection_itself_does_not_ask_lever_for_is_the_operators_to_correct() {
    let without_notes = |new: &mut Value| {
        new["ats"]["scopes"] = json!([
            "offline_access",
            "opportunities:write:admin",
            "applications:read:admin",
            "postings:read:admin",
            "stages:read:admin",
            "users:read:admin",
            "webhooks:write:admin",
        ]);
    };
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(without_notes).await.unwrap();
    let harness = &stack.simulators().unwrap().lever.harness;
    stack.clock.advance(REST);
    let lines = examined(&stack, harness, &customer.connection, None).await;
    assert_eq!(red(&lines), [("scopes", Owner::HubOperator)], "{lines:#?}");
    let scopes = lines.iter().find(|line| line.item == "scopes").unwrap();
    assert_eq!(scopes.saw, "missing: notes:write:admin");

    let in_the_name = |new: &mut Value| new["ats"]["perform_as"] = RECRUITER.into();
    let customer = stack.connect_authorized_lever(in_the_name).await.unwrap();
    stack.clock.advance(REST);
    assert_eq!(red(&examined(&stack, harness, &customer.connection, None).await), []);
    stack.simulators().unwrap().lever.set_active(&customer.account, RECRUITER, false);
    stack.clock.advance(REST);
    let lines = examined(&stack, harness, &customer.connection, None).await;
    assert_eq!(red(&lines), [("perform_as", Owner::HubOperator)], "{lines:#?}");
    no_violations(&stack);
}
