//! Asurint by its XML gateway, in which no order can be read: what it tells is all that is known.

use local_stack::simulators::asurint::{Codec, Score};
use local_stack::stack::{BASIC_TAG, by_xml};

use crate::support::{no_violations, stack};

#[tokio::test]
async fn an_order_by_xml_is_shown_from_the_invitation_to_the_score_as_one_by_json() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(by_xml).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Xan").unwrap();
    customer.advance(&candidate).await.unwrap();
    let order = customer.order(&candidate).unwrap();
    assert_eq!(order.codec, Codec::Oml);
    let shown = || (customer.status_tags(&candidate).unwrap(), customer.notes(&candidate).unwrap().concat());
    assert_eq!(shown().0, ["Asurint: Pending Candidate"]);
    asurint.complete_forms(&order.id);
    stack.settle().await.unwrap();
    assert_eq!(shown().0, ["Asurint: In Progress"]);
    asurint.complete(&order.id, Score::Review);
    stack.settle().await.unwrap();
    let (tags, note) = shown();
    assert_eq!(tags, ["Asurint: Completed"]);
    assert!(note.contains(&format!("Asurint order {}\n", order.id)) && note.contains("\nScore: Review\n"), "{note}");
    assert!(note.ends_with(&format!("\nhttps://portal.asurint.example/r/{}", order.id)), "{note}");
    no_violations(&stack);
}
