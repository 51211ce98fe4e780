//! Nobody's data and no secret turns up where it does not belong, whatever happens to an order.

use jiff::SignedDuration;
use local_stack::simulators::certn::{self, KeyState};
use local_stack::simulators::icims::{self, Person, Workflow};
use local_stack::simulators::pageup::{self, Invite, Queue};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{Candidate, Customer, ELSEWHERE, PageUpCustomer, Stack, TRIGGER};
use runtime::handlers::Worker;
use serde_json::json;

use crate::support::{
    API_KEY, ICIMS_PASSWORD, MINUTE, PAGEUP_SECRET, WEBHOOK_SECRET, no_violations, orders, orders_of, stack,
};

const FIRST: &str = "Zephyrine";
const LAST: &str = "Quillfeather";
const EMAIL: &str = "zephyrine.quillfeather@candidate.example";
const RECRUITER: &str = "rae@client.example";

/// A place that is scanned, with everything that is in it.
pub(crate) type Place = (&'static str, String);

/// Where of the places which of the words turns up, in any case of letters.
pub(crate) fn found(places: &[Place], words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, text) in places {
        let text = text.to_lowercase();
        found
            .extend(words.iter().filter(|word| text.contains(&word.to_lowercase())).map(|w| format!("{w} in {place}")));
    }
    found
}

/// What no place may hold: what the simulators plant, whom the tests invent, what opens a door.
fn words(password: &str) -> Vec<String> {
    let planted = certn::MARKERS.iter().chain(icims::MARKERS).chain(&pageup::MARKERS).copied();
    let people = [FIRST, LAST, EMAIL, "candidate.example", RECRUITER, "client.example"];
    let secrets = [API_KEY, WEBHOOK_SECRET, ICIMS_PASSWORD, PAGEUP_SECRET, password];
    let headers = ["X-Amz-", "Api-Key", "Basic ", "Bearer ", "client_secret"];
    let words = planted.chain(people).chain(secrets).chain(headers);
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A candidate whose name and address are nobody else's.
fn candidate(stack: &Stack, customer: &Customer<'_>, number: usize, package: &str) -> Candidate {
    let icims = &stack.simulators().unwrap().icims;
    let job = customer.job(&[package]).unwrap();
    let candidate =
        Candidate { person: format!("{}81{number}", customer.id), workflow: format!("{}82{number}", customer.id) };
    let (first, last) = (FIRST.to_owned(), LAST.to_owned());
    let email = Some(format!("{number}.{EMAIL}"));
    icims.add_person(&customer.id, Person { id: candidate.person.clone(), first, last, email });
    let workflow = Workflow {
        id: candidate.workflow.clone(),
        job: job.id,
        person: candidate.person.clone(),
        status: ELSEWHERE.to_owned(),
    };
    icims.add_workflow(&customer.id, workflow);
    candidate
}

/// Everything that is kept, sent on, logged or shown of the orders of a connection.
pub(crate) async fn places(stack: &Stack, connection: &str, orders: Vec<String>, ats: Vec<String>) -> Vec<Place> {
    let mut places = vec![
        ("the table", stack.aws.dump_table().await),
        ("what the table and the queues were sent", stack.aws.bodies().join("\n")),
        ("the log", local_stack::logs::kept()),
    ];
    let (_, connection) = stack.admin("GET", &format!("/admin/connections/{connection}"), None).await.unwrap();
    places.push(("the connection as an admin sees it", connection.to_string()));
    for order in orders {
        let (_, story) = stack.admin("GET", &format!("/admin/orders/{order}"), None).await.unwrap();
        places.push(("an order as an admin sees it", story.to_string()));
    }
    places.extend(ats.into_iter().map(|shown| ("the ATS", shown)));
    for (place, text) in &places {
        assert!(text.len() > 100 || *place == "the ATS", "{place} holds nothing to scan: {text}");
    }
    places
}

/// The same of candidates in iCIMS.
async fn icims_places(stack: &Stack, customer: &Customer<'_>, candidates: &[Candidate]) -> Vec<Place> {
    let (mut of_candidates, mut shown) = (Vec::new(), Vec::new());
    for candidate in candidates {
        of_candidates.extend(orders(stack, candidate).await);
        shown.push(format!("{:?}", customer.history(candidate).unwrap()));
    }
    places(stack, &customer.connection, of_candidates, shown).await
}

/// Plays one thing that happens to a candidate, then scans every place.
async fn check(happens: impl AsyncFnOnce(&Stack, &Customer<'_>, &Candidate) -> Vec<String>) {
    let stack = stack().await;
    let pdf = json!({"type": "pdf", "days": 7});
    let customer = stack.connect(|new| new["report"] = pdf).await.unwrap();
    let candidates = [1, 2].map(|number| candidate(&stack, &customer, number, "Standard"));
    // An ordinary order first, so that every place has something to scan.
    customer.advance(&candidates[0], TRIGGER).await.unwrap();
    let further = happens(&stack, &customer, &candidates[1]).await;
    let places = icims_places(&stack, &customer, &candidates).await;
    assert_eq!(found(&places, &words(&customer.webhook_password)), Vec::<String>::new());
    let outside_the_ats: Vec<Place> = places.into_iter().filter(|(place, _)| *place != "the ATS").collect();
    assert_eq!(found(&outside_the_ats, &further), Vec::<String>::new());
    no_violations(&stack);
}

#[tokio::test]
async fn the_scan_finds_what_is_planted() {
    const PLANTED: &str = "Planted-For-The-Scan";
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    // A package that nobody knows is quoted back: that carries a word into every place but the log.
    let candidate = candidate(&stack, &customer, 1, PLANTED);
    let once = Effect::Status { code: 503, retry_after: None, body: None };
    stack.simulators().unwrap().certn.harness.arm("GET /api/public/packages/", 1, once);
    customer.advance(&candidate, TRIGGER).await.unwrap();
    let mut places = icims_places(&stack, &customer, &[candidate]).await;
    places.push(("a line", format!("one of {}", PLANTED.to_uppercase())));
    let found = found(&places, &[PLANTED.to_owned()]);
    let sent = "what the table and the queues were sent";
    for place in ["the table", sent, "an order as an admin sees it", "the ATS", "a line"] {
        assert!(found.contains(&format!("{PLANTED} in {place}")), "{place}: {found:?}");
    }
}

#[tokio::test]
async fn nothing_is_seen_of_a_check_that_goes_well_up_to_its_report() {
    check(async |stack, customer, candidate| {
        let certn = &stack.simulators().unwrap().certn;
        certn.set_report_delay(0);
        customer.advance(candidate, TRIGGER).await.unwrap();
        let case = certn.cases().pop().unwrap();
        for status in ["APPLICANT_STARTED", "APPLICANT_SUBMITTED", "CLIENT_ACTION_REQUIRED", "IN_PROGRESS"] {
            certn.set_status(&case.id, status);
            stack.settle().await.unwrap();
        }
        certn.complete(&case.id, Some("REVIEW"));
        stack.settle().await.unwrap();
        let url = customer.entries(candidate).unwrap().pop().unwrap().url;
        let opened = stack.http.get(&url).send().await.unwrap();
        assert_eq!(opened.status().as_u16(), 302);
        stack.pass(SignedDuration::from_mins(6)).await.unwrap();
        // The link opens the report, so it is a secret of whoever reads the ATS.
        vec![url.rsplit('/').next().unwrap().to_owned()]
    })
    .await;
}

#[tokio::test]
async fn nothing_is_seen_of_what_is_refused_at_once() {
    check(async |stack, customer, candidate| {
        let simulators = stack.simulators().unwrap();
        let (icims, id) = (&simulators.icims, customer.id.as_str());
        let move_in = async |code: &str| {
            let screen = customer.advance(candidate, TRIGGER).await.unwrap();
            let message = screen.message.unwrap_or_default();
            assert!(screen.status == Some(400) && message.contains(code), "{code}: {message}");
            assert!(!message.contains('@') && !message.contains(FIRST), "{message}");
        };
        icims.set_email(id, &candidate.person, None);
        move_in("no_email").await;
        icims.set_email(id, &candidate.person, Some(EMAIL));
        icims.set_email(id, customer.recruiter(), Some("other@client.example"));
        move_in("requester_unknown").await;
        icims.set_email(id, customer.recruiter(), None);
        move_in("requester_missing").await;
        icims.set_email(id, customer.recruiter(), Some(RECRUITER));
        customer.advance(candidate, ELSEWHERE).await.unwrap();
        Vec::new()
    })
    .await;
}

#[tokio::test]
async fn nothing_is_seen_of_an_address_that_certn_echoes_in_its_refusal() {
    check(async |stack, customer, candidate| {
        let detail = format!("{EMAIL} of {FIRST} {LAST} is not deliverable.");
        let error = json!({"code": "invalid", "detail": detail, "attr": "email_address"});
        let body = Some(json!({"type": "validation_error", "errors": [error]}).to_string());
        let certn = &stack.simulators().unwrap().certn;
        certn.harness.arm("order-package", 1, Effect::Status { code: 400, retry_after: None, body });
        customer.advance(candidate, TRIGGER).await.unwrap();
        let row = customer.entries(candidate).unwrap().pop().unwrap();
        assert!(row.notes.contains("(invalid_email)"), "{}", row.notes);
        Vec::new()
    })
    .await;
}

#[tokio::test]
async fn nothing_is_seen_of_a_lookup_by_address() {
    check(async |stack, customer, candidate| {
        let certn = &stack.simulators().unwrap().certn;
        certn.harness.arm("order-package", 1, Effect::ResetAfterCommit);
        certn.harness.arm("GET /api/public/cases/", 1, Effect::Status { code: 503, retry_after: None, body: None });
        certn.harness.arm("GET /api/public/cases/", 1, Effect::ResetBefore);
        customer.advance(candidate, TRIGGER).await.unwrap();
        stack.pass(SignedDuration::from_mins(8)).await.unwrap();
        assert!(!certn.harness.answered("GET /api/public/cases/").is_empty(), "the lookup itself");
        assert_eq!(customer.entries(candidate).unwrap().pop().unwrap().result, "Invitation sent");
        Vec::new()
    })
    .await;
}

#[tokio::test]
async fn nothing_is_seen_while_credentials_and_systems_fail() {
    check(async |stack, customer, candidate| {
        let simulators = stack.simulators().unwrap();
        let (icims, certn) = (&simulators.icims, &simulators.certn);
        certn.set_key_state(API_KEY, KeyState::Revoked);
        customer.advance(candidate, TRIGGER).await.unwrap();
        icims.set_password(&customer.id, "a new one");
        stack.pass(SignedDuration::from_mins(30)).await.unwrap();
        certn.set_key_state(API_KEY, KeyState::Valid);
        icims.set_password(&customer.id, ICIMS_PASSWORD);
        icims.require_field(&customer.id, Some("field51423"));
        stack.pass(SignedDuration::from_mins(15)).await.unwrap();
        icims.require_field(&customer.id, None);
        stack.pass(SignedDuration::from_mins(62)).await.unwrap();
        assert_eq!(customer.entries(candidate).unwrap().pop().unwrap().result, "Invitation sent");
        Vec::new()
    })
    .await;
}

/// Plays one thing that happens to an invitation in PageUp, then scans every place.
async fn check_pageup(queue: Queue, happens: impl AsyncFnOnce(&Stack, &PageUpCustomer<'_>, Invite) -> String) {
    let stack = stack().await;
    let customer = stack.connect_pageup(|new| new["ats"]["result_items"] = true.into()).await.unwrap();
    customer.set_options(|options| options.queue = queue).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let invite = |number: u8| Invite {
        first_name: text(FIRST),
        last_name: text(LAST),
        email: Some(format!("{number}.{EMAIL}")),
        ..customer.invitation(FIRST)
    };
    // An ordinary order first, so that every place has something to scan.
    let ordinary = customer.invite(invite(1)).unwrap();
    stack.pass(MINUTE).await.unwrap();
    let invitations = [ordinary, happens(&stack, &customer, invite(2)).await];
    let (mut of_invitations, mut shown) = (Vec::new(), Vec::new());
    for invitation in &invitations {
        of_invitations.extend(orders_of(&stack, &customer, invitation).await);
        shown.push(format!("{:?}", customer.history(invitation).unwrap()));
    }
    assert!(shown.iter().all(|shown| shown.len() > 100), "PageUp was told of both: {shown:?}");
    let places = places(&stack, &customer.connection, of_invitations, shown).await;
    assert_eq!(found(&places, &words("")), Vec::<String>::new());
    no_violations(&stack);
}

#[tokio::test]
async fn nothing_is_seen_of_an_invitation_whose_check_goes_well() {
    check_pageup(Queue::Dequeue, async |stack, customer, invite| {
        let certn = &stack.simulators().unwrap().certn;
        let invitation = customer.invite(invite).unwrap();
        stack.pass(MINUTE).await.unwrap();
        let case = certn.cases().pop().unwrap();
        for status in ["APPLICANT_STARTED", "APPLICANT_SUBMITTED", "CLIENT_ACTION_REQUIRED", "IN_PROGRESS"] {
            certn.set_status(&case.id, status);
            stack.settle().await.unwrap();
        }
        certn.finish_check(&case.id, "IDENTITY_VERIFICATION_1");
        stack.settle().await.unwrap();
        certn.complete(&case.id, Some("REVIEW"));
        stack.settle().await.unwrap();
        certn.dispute(&case.id);
        stack.settle().await.unwrap();
        invitation
    })
    .await;
}

#[tokio::test]
async fn nothing_is_seen_of_an_invitation_that_is_refused() {
    for (change, code) in [
        ((|invite| invite.email = None) as fn(&mut Invite), "no_email"),
        (|invite| invite.email = Some(format!("{FIRST} {LAST}")), "invalid_email"),
        (|invite| invite.requester = Some("other@client.example".to_owned()), "requester_unknown"),
        (|invite| invite.package_code = Some("Standart".to_owned()), "unknown_package"),
    ] {
        check_pageup(Queue::KeepUntilPut, async |stack, customer, mut invite| {
            change(&mut invite);
            let invitation = customer.invite(invite).unwrap();
            stack.pass(MINUTE).await.unwrap();
            let message = customer.screen(&invitation).unwrap().message.unwrap_or_default();
            assert!(message.ends_with(&format!("({code})")), "{message}");
            invitation
        })
        .await;
    }
}

#[tokio::test]
async fn nothing_is_seen_of_an_invitation_that_rests_and_then_expires() {
    check_pageup(Queue::Dequeue, async |stack, customer, invite| {
        stack.simulators().unwrap().certn.set_key_state(API_KEY, KeyState::Revoked);
        let invitation = customer.invite(invite).unwrap();
        stack.pass(SignedDuration::from_hours(23)).await.unwrap();
        let table = ("the table", stack.aws.dump_table().await);
        assert!(table.1.contains("REQ#"), "it rests");
        assert_eq!(found(&[table], &words("")), Vec::<String>::new());
        stack.pass(SignedDuration::from_hours(2)).await.unwrap();
        invitation
    })
    .await;
}

#[tokio::test]
async fn nothing_is_seen_while_pageup_refuses_and_fails() {
    check_pageup(Queue::KeepUntilPut, async |stack, customer, invite| {
        let simulators = stack.simulators().unwrap();
        let (pageup, certn) = (&simulators.pageup, &simulators.certn);
        // Every answer that says no echoes what it was sent, as an error page may.
        let echo = Some(format!("[{{\"message\": \"{EMAIL} of {FIRST} {LAST}\", \"field\": \"message\"}}]"));
        for (on, code) in [("GET /v3/", 500), ("POST /connect/token", 400), ("PUT /v3/", 400)] {
            pageup.harness.arm(on, 1, Effect::Status { code, retry_after: None, body: echo.clone() });
        }
        certn.harness.arm("order-package", 1, Effect::ResetAfterCommit);
        certn.harness.arm("GET /api/public/cases/", 1, Effect::Status { code: 503, retry_after: None, body: echo });
        pageup.revoke_tokens(&customer.tenant);
        let invitation = customer.invite(invite).unwrap();
        stack.pass(MINUTE * 40).await.unwrap();
        pageup.set_secret(&customer.tenant, "another secret");
        pageup.revoke_tokens(&customer.tenant);
        certn.set_status(&certn.cases().pop().unwrap().id, "APPLICANT_STARTED");
        stack.pass(MINUTE * 5).await.unwrap();
        pageup.set_secret(&customer.tenant, PAGEUP_SECRET);
        stack.pass(MINUTE * 62).await.unwrap();
        let screen = customer.screen(&invitation).unwrap();
        assert_eq!(screen.message.as_deref(), Some("Candidate started"), "{screen:?}");
        invitation
    })
    .await;
}

/// The variable by which the test below starts itself once more, to panic as a function would.
const PANICS: &str = "CROSSCHECK_TEST_PANICS";

async fn panic_in_a_worker() {
    runtime::telemetry::start(tracing::Level::INFO);
    let stack = stack().await;
    let message = json!({"v": 1, "hint": {"kind": "resume", "order": "mfrggzdfmztwq2lknnwg23tpoa"}}).to_string();
    let event = json!({"Records": [{"messageId": "1", "body": message}]});
    let hub = std::sync::Arc::clone(stack.hub("place-order").unwrap());
    let deadline = runtime::deadline::Deadline::after(std::time::Duration::from_secs(5));
    let panics: Worker = |_, _, _| Box::pin(async { panic!("no user {EMAIL}") });
    let failed = runtime::lambda::handle_batch(hub, serde_json::from_value(event).unwrap(), deadline, panics).await;
    assert_eq!(failed.batch_item_failures.len(), 1, "the message comes again");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a panic is told once in a process, so it has one of its own")]
async fn a_panic_says_where_it_was_and_not_what_it_held() {
    if std::env::var(PANICS).is_ok() {
        return panic_in_a_worker().await;
    }
    let mut itself = std::process::Command::new(std::env::current_exe().unwrap());
    let name = "private::a_panic_says_where_it_was_and_not_what_it_held";
    let output = itself.args(["--exact", name, "--nocapture"]).env(PANICS, "yes").output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("\"panicked\"") && text.contains("private.rs"), "{text}");
    assert_eq!(found(&[("the log", text)], &[EMAIL.to_owned()]), Vec::<String>::new());
}
