//! The queues take nothing for a while: whatever a webhook brings waits in the table, and is worked off from there.

use local_stack::embedded_aws::Service;
use local_stack::stack::Stack;

use crate::lever_access::{check_ordered, moved};
use crate::support::{MINUTE, items, no_violations, ordered, row, stack};

/// How many messages wait in the table.
async fn spilled(stack: &Stack) -> usize {
    let items = items(stack).await;
    items.iter().filter(|item| item["pk"]["S"].as_str().unwrap_or_default().starts_with("SPILL#")).count()
}

#[tokio::test]
async fn what_providers_and_lever_say_while_the_queues_take_nothing_is_not_lost() {
    let stack = stack().await;
    let (icims, lever) = (stack.connect(|_| {}).await.unwrap(), stack.connect_authorized_lever(|_| {}).await.unwrap());
    let simulators = stack.simulators().unwrap();
    let (candidate, case) = ordered(&stack, &icims, "Shown").await;
    let told = moved(&lever, "Told").await;
    stack.aws.set_down(Service::Sqs, true);
    simulators.certn.set_status(&case.id, "APPLICANT_STARTED");
    assert!(simulators.asurint.complete_forms(&lever.order(&told).unwrap().id));
    let asked = moved(&lever, "Asked").await;
    simulators.certn.settle().await;
    simulators.asurint.settle().await;
    assert_eq!(spilled(&stack).await, 3);
    stack.aws.set_down(Service::Sqs, false);
    stack.pass(MINUTE * 3).await.unwrap();
    assert_eq!(spilled(&stack).await, 0);
    assert_eq!(row(&icims, &candidate).result, "Candidate started");
    check_ordered(&lever, &told, "In Progress");
    check_ordered(&lever, &asked, "Pending Candidate");
    no_violations(&stack);
}
