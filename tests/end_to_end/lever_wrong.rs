//! What the access to Lever should be like.

use crate::lever_access::{authorization, lever, moved};
use crate::support::{MINUTE, stack};

#[tokio::test]
async fn who_reads_that_an_access_is_lost_is_told_that_it_must_be_granted_again() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    customer.revoke().unwrap();
    stack.pass(MINUTE * 11).await.unwrap();
    let shown = authorization(&customer).await;
    assert_eq!(shown["state"], "lost");
    let cure = shown["waits_for"]["cure"].as_str().unwrap().to_lowercase();
    // There are no credentials that anybody could give: the operator sends a new authorization link.
    assert!(cure.contains("authoriz") || cure.contains("access again"), "{cure}");
}

#[tokio::test]
async fn an_event_right_after_the_access_was_given_back_is_not_taken() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    moved(&customer, "Before").await;
    let path = format!("/admin/connections/{}/lever-authorization", customer.connection);
    assert_eq!(stack.admin("DELETE", &path, None).await.unwrap().0, 200);
    let again = lever(&stack).rerun(&customer.account, 0).await.unwrap();
    assert!(matches!(again.status(), Some(401 | 404)), "{again:?}");
}
