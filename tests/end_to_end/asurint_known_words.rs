//! The list of words that an admin should map has only those that mean nothing yet.

use local_stack::simulators::asurint::{Score, Status};
use serde_json::json;

use crate::lever_support::{check_shown, lever, ordered, said};
use crate::support::{no_violations, stack};

#[tokio::test]
async fn words_that_every_customer_has_are_not_listed_to_be_mapped() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let asurint = &stack.simulators().unwrap().asurint;
    let statuses = [Status::InProgress, Status::Cancelled, Status::Expired, Status::Undeliverable, Status::Declined];
    for status in statuses {
        let (_, order) = ordered(&stack, &customer, "Plain").await;
        asurint.set_status(&order.id, status);
        stack.settle().await.unwrap();
    }
    for score in [Score::Eligible, Score::Review, Score::Ineligible] {
        let (candidate, order) = ordered(&stack, &customer, "Scored").await;
        asurint.complete(&order.id, score);
        stack.settle().await.unwrap();
        let note = check_shown(&customer, &candidate, "Completed");
        assert_eq!(said(&note, "Score"), Some(score.default_word()), "{note}");
    }
    let shown = customer.shown_to_admin().await.unwrap();
    assert_eq!(shown["unmapped"], json!([]));
    no_violations(&stack);
}
