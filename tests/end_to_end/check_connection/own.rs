//! What may be wrong on our own side: settings, the secret, the table, and how an ATS lets itself be asked.

use domain::ats::AtsSettings;
use domain::connection::{Connection, ConnectionSecret, ConnectionState, ReportUrl};
use domain::provider::ProviderSettings;
use local_stack::stack::Stack;
use serde_json::json;

use super::{check_healthy, check_red, checked, copied, red};
use crate::support::{MINUTE, PAGEUP_SECRET, stack};

const H: &str = "hub_operator";

type Change = fn(&mut Connection, &mut ConnectionSecret);

#[tokio::test]
async fn each_setting_of_a_connection_of_certn_that_would_not_work_is_one_red_line() {
    let stack = stack().await;
    let changes: [(&str, Change, &str); 6] = [
        ("paused", |connection, _| connection.state = ConnectionState::Paused, "state"),
        ("no default group", |connection, _| connection.default_group = None, "default_group"),
        ("no password", |connection, _| connection.webhook_passwords.clear(), "webhook_password"),
        ("not acknowledged", |connection, _| connection.transfer_acknowledged = false, "region"),
        (
            "a portal elsewhere",
            |connection, _| {
                if let ProviderSettings::Certn(settings) = &mut connection.provider {
                    settings.portal_url = "https://elsewhere.example/{case_id}".to_owned();
                }
            },
            "settings",
        ),
        (
            "no trigger",
            |connection, _| {
                if let AtsSettings::Icims(settings) = &mut connection.ats {
                    settings.trigger_statuses.clear();
                }
            },
            "settings",
        ),
    ];
    for (what, change, item) in changes {
        let customer = stack.connect(|_| {}).await.unwrap();
        let copy = copied(&stack, &customer.connection, change, true).await;
        check_healthy(&stack, &customer.connection, "as it was created").await;
        check_red(&stack, &copy, what, H, item).await;
    }
}

#[tokio::test]
async fn each_setting_of_a_connection_of_asurint_that_would_not_work_is_one_red_line() {
    let stack = stack().await;
    let changes: [(&str, Change, &str); 3] = [
        ("a PDF", |connection, _| connection.report = ReportUrl::Pdf { days: 7 }, "report"),
        ("no password", |connection, _| connection.provider_passwords.clear(), "provider_webhook_password"),
        (
            "nothing to sign with",
            |_, secret| {
                let mut provider = json!(secret.provider);
                provider["signing_secrets"] = json!([]);
                secret.provider = serde_json::from_value(provider).unwrap();
            },
            "settings",
        ),
    ];
    for (what, change, item) in changes {
        let customer = stack.connect_lever(|_| {}).await.unwrap();
        let copy = copied(&stack, &customer.connection, change, true).await;
        // Nobody has let us into Lever, neither for the one nor for the other.
        let expected = [("ats_admin", "authorization"), (H, item)].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let checked = checked(&stack, &copy).await;
        assert_eq!(red(&checked), expected, "{what}: {checked:#}");
    }
}

#[tokio::test]
async fn a_secret_that_is_of_no_use_is_the_operators_and_nobody_is_asked_anything() {
    let stack = stack().await;
    let calls = |stack: &Stack| {
        let simulators = stack.simulators().unwrap();
        simulators.certn.harness.answered("").len() + simulators.icims.harness.answered("").len()
    };
    let customer = stack.connect(|_| {}).await.unwrap();
    let missing = copied(&stack, &customer.connection, |_, _| {}, false).await;
    let before = calls(&stack);
    check_red(&stack, &missing, "missing", H, "secret").await;
    assert_eq!(calls(&stack), before);
    let kinds: [(&str, Change); 2] = [
        ("another ATS", |_, secret| {
            let other = json!({"kind": "pageup", "client_id": "c", "client_secret": "s"});
            secret.ats = serde_json::from_value(other).unwrap();
        }),
        ("another provider", |_, secret| {
            let other = json!({"kind": "asurint", "username": "u", "password": "p", "signing_secrets": ["s"]});
            secret.provider = serde_json::from_value(other).unwrap();
        }),
    ];
    for (what, change) in kinds {
        let customer = stack.connect(|_| {}).await.unwrap();
        let copy = copied(&stack, &customer.connection, change, true).await;
        check_red(&stack, &copy, what, H, "secret").await;
    }
    let customer = stack.connect(|_| {}).await.unwrap();
    let name = format!("crosscheck/ca/connections/{}", customer.connection);
    aws(&stack, "secretsmanager.PutSecretValue", json!({"SecretId": name, "SecretString": "{}"})).await;
    check_red(&stack, &customer.connection, "of another form", H, "secret").await;
}

async fn aws(stack: &Stack, operation: &str, body: serde_json::Value) {
    let request = stack.http.post(&stack.aws.url).header("x-amz-target", operation);
    let answer =
        request.header("content-type", "application/x-amz-json-1.0").body(body.to_string()).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

#[tokio::test]
async fn a_day_whose_calls_are_nearly_spent_is_told_without_spending_the_rest() {
    let stack = stack().await;
    for (lane, used, is_red) in
        [("orders", 3_429, false), ("orders", 3_431, true), ("reads", 3_431, true), ("reads", 3_610, true)]
    {
        let customer = stack.connect(|_| {}).await.unwrap();
        let day = stack.now().as_second().div_euclid(86_400);
        let item = json!({
            "pk": {"S": format!("RL#{}#certn", customer.connection)}, "sk": {"S": format!("GCRA#{lane}")},
            "day": {"N": day.to_string()}, "used": {"N": used.to_string()}, "empty_at": {"N": "0"},
            "expires_at": {"N": ((day + 3) * 86_400).to_string()},
        });
        aws(&stack, "DynamoDB_20120810.PutItem", json!({"TableName": "crosscheck", "Item": item})).await;
        if is_red {
            check_red(&stack, &customer.connection, &format!("{used} {lane}"), H, "call_budget").await;
        } else {
            check_healthy(&stack, &customer.connection, &format!("{used} {lane}")).await;
        }
    }
}

#[tokio::test]
async fn an_ats_that_does_not_let_itself_be_asked_is_one_red_line_of_its_admin() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let pageup = &stack.simulators().unwrap().pageup;
    stack.pass(MINUTE).await.unwrap();
    check_healthy(&stack, &customer.connection, "asked").await;
    pageup.set_secret(&customer.tenant, "another secret");
    pageup.revoke_tokens(&customer.tenant);
    stack.pass(MINUTE * 2).await.unwrap();
    let checked = checked(&stack, &customer.connection).await;
    let owners: Vec<_> = red(&checked).into_iter().map(|(owner, _)| owner).collect();
    assert_eq!(owners, ["ats_admin"], "{checked:#}");
    pageup.set_secret(&customer.tenant, PAGEUP_SECRET);
    stack.pass(MINUTE * 20).await.unwrap();
    check_healthy(&stack, &customer.connection, "asked again").await;
}
