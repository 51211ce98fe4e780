//! A Super Admin comes back from Lever's consent page: once, in time, with what was asked for; then the webhook is made.

use local_stack::simulators::lever::BACKGROUND_CHECK_STAGE;
use local_stack::stack::{LeverCustomer, Stack};
use serde_json::json;
use url::Url;

use crate::lever_access::{authorization, check_ordered, lever, moved, moved_unheard};
use crate::support::{MINUTE, no_violations, stack};

const CLIENT_SECRET: &str = "lever-client-secret-of-the-local-stack";
/// What the simulator's codes and tokens have in them.
const OPENS: [&str; 3] = ["planted-code", "planted-access-token", "planted-refresh-token"];

/// The connection's secret, as it is stored.
pub(crate) async fn secret(stack: &Stack, customer: &LeverCustomer<'_>) -> String {
    let name = json!({"SecretId": format!("crosscheck/{}/connections/{}", stack.region, customer.connection)});
    let request = stack.http.post(&stack.aws.url).header("x-amz-target", "secretsmanager.GetSecretValue");
    let text = request.body(name.to_string()).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("SecretString"), "{text}");
    text
}

/// The browser comes back; the page is for nobody's cache, and has nothing in it that opens a door.
async fn page(stack: &Stack, customer: &LeverCustomer<'_>, to: &str) -> (u16, String) {
    let answer = stack.http.get(to).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let (status, html) = (answer.status().as_u16(), answer.text().await.unwrap());
    let state = Url::parse(to).unwrap().query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into());
    let parts: Vec<String> =
        state.iter().flat_map(|state: &String| state.split('.').skip(1)).map(str::to_owned).collect();
    let hooks = lever(stack).webhooks(&customer.account);
    let keys = hooks.iter().flat_map(|(id, url)| [lever(stack).signature_token(&customer.account, id), url.clone()]);
    let secrets = OPENS.iter().map(|&word| word.to_owned()).chain([CLIENT_SECRET.to_owned()]).chain(keys).chain(parts);
    for secret in secrets.filter(|secret| secret.len() > 3) {
        assert!(!html.contains(&secret), "{secret} in {html}");
    }
    (status, html)
}

/// An answer that is not taken: the page says so, nothing of it is stored, and what was granted before still works.
async fn check_refused(stack: &Stack, customer: &LeverCustomer<'_>, to: &str, status: u16, says: &str) {
    let (before, shown) = (secret(stack, customer).await, authorization(customer).await);
    let (answered, html) = page(stack, customer, to).await;
    assert_eq!(answered, status, "{html}");
    assert!(html.contains(says), "{html}");
    assert_eq!(secret(stack, customer).await, before);
    let now = authorization(customer).await;
    for name in ["state", "granted_at", "webhook"] {
        assert_eq!(now[name], shown[name], "{name}");
    }
}

const NOT_OURS: &str = "used before, or is older than ten minutes";

/// The address with another value of one of its parameters.
fn with(to: &str, name: &str, value: &str) -> String {
    let url = Url::parse(to).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
    let mut changed = url;
    changed.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    changed.into()
}

fn state_of(to: &str) -> String {
    let url = Url::parse(to).unwrap();
    url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

fn asked_for_tokens(stack: &Stack) -> usize {
    lever(stack).harness.answered("POST /oauth/token").len()
}

/// A Super Admin allows access; gives where the browser goes then.
async fn allowed(stack: &Stack, customer: &LeverCustomer<'_>) -> String {
    lever(stack).consent(&customer.account, &customer.authorize_url().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_consent_is_taken_once_and_what_was_granted_stays() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    let back = allowed(&stack, &customer).await;
    let (status, html) = page(&stack, &customer, &back).await;
    assert_eq!(status, 200, "{html}");
    let stored = secret(&stack, &customer).await;
    assert!(OPENS[1..].iter().all(|token| stored.contains(token)), "the tokens are where they belong");
    let asked = asked_for_tokens(&stack);
    for _ in 0..3 {
        check_refused(&stack, &customer, &back, 400, NOT_OURS).await;
    }
    assert_eq!(asked_for_tokens(&stack), asked);
    lever(&stack).toggle(&customer.account, "candidateStageChange", true);
    let candidate = moved(&customer, "Once").await;
    check_ordered(&customer, &candidate, "Pending Candidate");
    no_violations(&stack);
}

#[tokio::test]
async fn a_state_of_another_connection_a_forged_one_and_an_old_one_are_refused_unseen_by_lever() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let other = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let (back, back_of_other) = (allowed(&stack, &customer).await, allowed(&stack, &other).await);
    let asked = asked_for_tokens(&stack);
    let (state, of_other) = (state_of(&back), state_of(&back_of_other));
    let [_, nonce, signature] = state.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let last = if state.ends_with('0') { "1" } else { "0" };
    for forged in [
        format!("{}.{nonce}.{signature}", other.connection),
        of_other.replacen(&other.connection, &customer.connection, 1),
        format!("{}{last}", &state[..state.len() - 1]),
        format!("{}.{nonce}.", customer.connection),
        format!("{}.{nonce}", customer.connection),
        format!("nobody.{nonce}.{signature}"),
        String::new(),
    ] {
        let to = with(&back, "state", &forged);
        check_refused(&stack, &customer, &to, 400, NOT_OURS).await;
        check_refused(&stack, &other, &to, 400, NOT_OURS).await;
    }
    stack.clock.advance(MINUTE * 10);
    check_refused(&stack, &customer, &back, 400, NOT_OURS).await;
    assert_eq!(asked_for_tokens(&stack), asked, "no code was shown to Lever");
    // The other one's own answer is not used up by all this, only too late by now.
    check_refused(&stack, &other, &back_of_other, 400, NOT_OURS).await;
    assert_eq!(page(&stack, &customer, &allowed(&stack, &customer).await).await.0, 200);
    no_violations(&stack);
}

#[tokio::test]
async fn a_forged_answer_does_not_use_up_the_true_one() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    let back = allowed(&stack, &customer).await;
    check_refused(&stack, &customer, &with(&back, "state", &format!("{}0", state_of(&back))), 400, NOT_OURS).await;
    stack.clock.advance(MINUTE * 9);
    assert_eq!(page(&stack, &customer, &back).await.0, 200);
    no_violations(&stack);
}

#[tokio::test]
async fn a_refused_consent_says_what_to_do_and_changes_nothing() {
    let stack = stack().await;
    let (new, known) =
        (stack.connect_lever(|_| {}).await.unwrap(), stack.connect_authorized_lever(|_| {}).await.unwrap());
    for customer in [&new, &known] {
        let back = lever(&stack).refuse_consent(&customer.authorize_url().await.unwrap()).unwrap();
        check_refused(&stack, customer, &back, 403, "start again and choose Accept").await;
        check_refused(&stack, customer, &back, 400, NOT_OURS).await;
    }
    assert!(!secret(&stack, &new).await.contains("planted-"));
    assert_eq!(authorization(&new).await["state"], "not_granted");
    let candidate = moved(&known, "Kept").await;
    check_ordered(&known, &candidate, "Pending Candidate");
    assert_eq!(new.authorize().await.unwrap().status, 200);
    no_violations(&stack);
}

#[tokio::test]
async fn a_wrong_code_gives_nothing_and_takes_nothing() {
    let stack = stack().await;
    let (new, known) =
        (stack.connect_lever(|_| {}).await.unwrap(), stack.connect_authorized_lever(|_| {}).await.unwrap());
    for customer in [&new, &known] {
        let back = with(&allowed(&stack, customer).await, "code", "planted-code-of-nobody");
        check_refused(&stack, customer, &back, 502, "Start again").await;
        // A code of somebody else's consent is as wrong.
        let other = stack.connect_lever(|_| {}).await.unwrap();
        let code = allowed(&stack, &other).await;
        let code = Url::parse(&code).unwrap().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let back = with(&allowed(&stack, customer).await, "code", &code);
        check_refused(&stack, customer, &back, 502, "Start again").await;
    }
    assert_eq!(new.authorize().await.unwrap().status, 200);
    let candidate = moved(&known, "Kept").await;
    check_ordered(&known, &candidate, "Pending Candidate");
    no_violations(&stack);
}

#[tokio::test]
async fn a_newer_link_makes_the_older_one_useless() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    let older = allowed(&stack, &customer).await;
    let newer = allowed(&stack, &customer).await;
    check_refused(&stack, &customer, &older, 400, NOT_OURS).await;
    assert_eq!(page(&stack, &customer, &newer).await.0, 200);
    check_refused(&stack, &customer, &older, 400, NOT_OURS).await;
    no_violations(&stack);
}

#[tokio::test]
async fn the_page_says_what_the_admin_does_next_and_a_stage_that_comes_later_is_found() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    lever(&stack).rename_stage(&customer.account, BACKGROUND_CHECK_STAGE, "Checks");
    let back = allowed(&stack, &customer).await;
    let (status, html) = page(&stack, &customer, &back).await;
    assert_eq!(status, 200, "{html}");
    let next = ["Candidate Stage Change", "Asurint Package:", "Asurint Background Check"];
    for says in next.into_iter().chain(["there is no stage", "within ten minutes"]) {
        assert!(html.contains(says), "{says}: {html}");
    }
    let shown = authorization(&customer).await;
    assert!(shown["trigger_stage_note"].is_string() && shown["trigger_stages"] == json!([]), "{shown}");
    stack.pass(MINUTE * 11).await.unwrap();
    let elsewhere = moved_unheard(&stack, &customer, "Elsewhere").await;
    lever(&stack).rename_stage(&customer.account, BACKGROUND_CHECK_STAGE, "Asurint Background Check");
    let unheard = moved_unheard(&stack, &customer, "Unheard").await;
    let heard = moved(&customer, "Heard").await;
    check_ordered(&customer, &heard, "Pending Candidate");
    stack.pass(MINUTE * 10).await.unwrap();
    check_ordered(&customer, &unheard, "Pending Candidate");
    // Whoever came a moment before is in it, too.
    check_ordered(&customer, &elsewhere, "Pending Candidate");
    let shown = authorization(&customer).await;
    assert_eq!(shown["trigger_stages"], json!([BACKGROUND_CHECK_STAGE]), "{shown}");
    assert!(shown["trigger_stage_note"].is_null(), "{shown}");
    let (status, html) = page(&stack, &customer, &allowed(&stack, &customer).await).await;
    assert!(status == 200 && !html.contains("there is no stage"), "{html}");
    assert!(next.iter().all(|says| html.contains(says)), "{html}");
    no_violations(&stack);
}
