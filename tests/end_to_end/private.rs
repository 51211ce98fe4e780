//! Nobody's data and no secret turns up where it does not belong, whatever happens to an order.

use jiff::SignedDuration;
use local_stack::simulators::certn::{self, KeyState};
use local_stack::simulators::icims::{self, Person, Workflow};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{Candidate, Customer, ELSEWHERE, Stack, TRIGGER};
use serde_json::json;

use crate::support::{API_KEY, ICIMS_PASSWORD, WEBHOOK_SECRET, no_violations, orders, stack};

const FIRST: &str = "Zephyrine";
const LAST: &str = "Quillfeather";
const EMAIL: &str = "zephyrine.quillfeather@candidate.example";
const RECRUITER: &str = "rae@client.example";

/// A place that is scanned, with everything that is in it.
type Place = (&'static str, String);

/// Where of the places which of the words turns up, in any case of letters.
fn found(places: &[Place], words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, text) in places {
        let text = text.to_lowercase();
        found
            .extend(words.iter().filter(|word| text.contains(&word.to_lowercase())).map(|w| format!("{w} in {place}")));
    }
    found
}

/// What no place may hold: what the simulators plant, whom the tests invent, what opens a door.
fn words(customer: &Customer<'_>) -> Vec<String> {
    let planted = certn::MARKERS.iter().chain(icims::MARKERS).copied();
    let people = [FIRST, LAST, EMAIL, "candidate.example", RECRUITER, "client.example"];
    let secrets = [API_KEY, WEBHOOK_SECRET, ICIMS_PASSWORD, &customer.webhook_password, "X-Amz-", "Api-Key", "Basic "];
    planted.chain(people).chain(secrets).map(str::to_owned).collect()
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

/// Everything that is kept, sent on, logged or shown of the candidates.
async fn places(stack: &Stack, customer: &Customer<'_>, candidates: &[Candidate]) -> Vec<Place> {
    let mut places = vec![
        ("the table", stack.aws.dump_table().await),
        ("what the table and the queues were sent", stack.aws.bodies().join("\n")),
        ("the log", local_stack::logs::kept()),
    ];
    let (_, connection) =
        stack.admin("GET", &format!("/admin/connections/{}", customer.connection), None).await.unwrap();
    places.push(("the connection as an admin sees it", connection.to_string()));
    for candidate in candidates {
        for order in orders(stack, candidate).await {
            let (_, story) = stack.admin("GET", &format!("/admin/orders/{order}"), None).await.unwrap();
            places.push(("an order as an admin sees it", story.to_string()));
        }
        places.push(("the ATS", format!("{:?}", customer.history(candidate).unwrap())));
    }
    for (place, text) in &places {
        assert!(text.len() > 100 || *place == "the ATS", "{place} holds nothing to scan: {text}");
    }
    places
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
    let places = places(&stack, &customer, &candidates).await;
    assert_eq!(found(&places, &words(&customer)), Vec::<String>::new());
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
    let mut places = places(&stack, &customer, &[candidate]).await;
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

/// The variable by which the test below starts itself once more, to panic as a function would.
const PANICS: &str = "CROSSCHECK_TEST_PANICS";

async fn panic_in_a_worker() {
    runtime::telemetry::start(tracing::Level::INFO);
    let stack = stack().await;
    let message = json!({"v": 1, "hint": {"kind": "resume", "order": "mfrggzdfmztwq2lknnwg23tpoa"}}).to_string();
    let event = json!({"Records": [{"messageId": "1", "body": message}]});
    let hub = std::sync::Arc::clone(stack.hub("place-order").unwrap());
    let deadline = runtime::deadline::Deadline::after(std::time::Duration::from_secs(5));
    let panics = async |_, _, _| panic!("no user {EMAIL}");
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
