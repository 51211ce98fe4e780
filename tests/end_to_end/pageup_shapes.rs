//! Whatever an instance of PageUp writes and wants, an invitation becomes one order, and its states come back.

use local_stack::simulators::certn::Case;
use local_stack::simulators::pageup::{
    Casing, DepartmentAt, Empty, Environment, Invite, PutShape, RequesterAt, Tenant, Wrapping,
};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{GROUP, NURSING, PageUpCustomer, Stack};
use serde_json::{Value, json};

use crate::support::{
    MINUTE, PAGEUP_SECRET, check_shown, invited, invited_and_ordered, looks, no_violations, shown, stack,
};

/// The only case of the invitation's candidate.
fn case_of(stack: &Stack, invitation: &Invite) -> Case {
    let email = invitation.email.clone().unwrap();
    let cases = stack.simulators().unwrap().certn.cases();
    let mut of_candidate: Vec<_> = cases.into_iter().filter(|case| case.email == email).collect();
    assert_eq!(of_candidate.len(), 1, "{email}");
    of_candidate.pop().unwrap()
}

#[tokio::test]
async fn every_form_of_an_answer_is_read() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let departments = [DepartmentAt::DivisionCode, DepartmentAt::Department, DepartmentAt::Team];
    let mut number = 0;
    for casing in [Casing::Camel, Casing::Pascal, Casing::Lower, Casing::Mixed] {
        for wrapping in [Wrapping::Bare, Wrapping::BackgroundCheckRequests, Wrapping::Items, Wrapping::Data] {
            for (wraps_items, numeric_ids) in [(false, false), (false, true), (true, false), (true, true)] {
                customer
                    .set_options(|options| {
                        (options.casing, options.wrapping) = (casing, wrapping);
                        (options.wraps_items, options.numeric_ids) = (wraps_items, numeric_ids);
                        // Three departments to two requesters and two ways to say that nothing waits: each pair comes.
                        options.department_at = departments[number % 3];
                        options.requester_at = [RequesterAt::Requester, RequesterAt::RequestedBy][number / 3 % 2];
                        options.empty = [Empty::Array, Empty::NoContent][number / 6 % 2];
                    })
                    .unwrap();
                let form = format!("{:?}", stack.simulators().unwrap().pageup.options(&customer.tenant));
                let (department, group) = if number % 4 == 3 { (None, GROUP) } else { (Some(NURSING), NURSING) };
                let invitation = Invite { department: department.map(str::to_owned), ..customer.invitation("Shape") };
                let id = customer.invite(invitation.clone()).unwrap();
                stack.pass(MINUTE).await.unwrap();
                let (status, message) = shown(&customer, &id);
                assert_eq!((status.as_str(), message.as_str()), ("In progress", "Invitation sent"), "{form}");
                assert_eq!(case_of(&stack, &invitation).group.as_deref(), Some(group), "{form}");
                number += 1;
            }
        }
    }
    for empty in [Empty::Array, Empty::NoContent] {
        customer.set_options(|options| options.empty = empty).unwrap();
        stack.pass(MINUTE).await.unwrap();
    }
    assert!(looks(&stack, &customer).iter().all(|status| matches!(status, 200 | 204)));
    let shown = customer.shown_to_admin().await.unwrap();
    assert_eq!(shown["polling"]["waits_for"], Value::Null, "{shown}");
    no_violations(&stack);
}

/// Connects a customer whose client is somewhere else than most, and orders.
async fn check_elsewhere(change: impl FnOnce(&mut Value), tenant: impl FnOnce(Tenant) -> Tenant) {
    let stack = stack().await;
    let customer = stack.connect_pageup(change).await.unwrap();
    let usual = Tenant {
        id: customer.tenant.clone(),
        client_id: format!("crosscheck-{}", customer.tenant),
        client_secret: PAGEUP_SECRET.to_owned(),
        data_centre: "dc2".to_owned(),
        environment: Environment::Live,
        scopes: ["Public.BackgroundCheck.Read", "Public.BackgroundCheck.Write"].map(str::to_owned).to_vec(),
        token_hosts: Vec::new(),
    };
    stack.simulators().unwrap().pageup.add_tenant(tenant(usual));
    invited_and_ordered(&stack, &customer, "Elsewhere").await;
    no_violations(&stack);
}

#[tokio::test]
async fn the_test_environment_is_reached() {
    let uat = |tenant| Tenant { environment: Environment::Uat, ..tenant };
    check_elsewhere(|new| new["ats"]["environment"] = "uat".into(), uat).await;
}

#[tokio::test]
async fn another_data_centre_is_reached() {
    let dc5 = |tenant| Tenant { data_centre: "dc5".to_owned(), ..tenant };
    check_elsewhere(|new| new["ats"]["data_centre"] = "dc5".into(), dc5).await;
}

#[tokio::test]
async fn a_login_host_of_the_older_form_is_reached() {
    let url = "https://acme.login.pageuppeople.com/connect/token";
    // The data centre's own login host does not know the client.
    let older = |tenant| Tenant {
        client_id: "crosscheck-acme".to_owned(),
        token_hosts: vec!["acme.login.pageuppeople.com".to_owned()],
        ..tenant
    };
    let change = |new: &mut Value| {
        new["ats"]["token_url"] = url.into();
        new["ats_credentials"]["client_id"] = "crosscheck-acme".into();
    };
    check_elsewhere(change, older).await;
}

/// An invitation with a package that nobody knows.
async fn refused(stack: &Stack, customer: &PageUpCustomer<'_>) -> String {
    let unknown = Invite { package_code: Some("Standart".to_owned()), ..customer.invitation("Refused") };
    let invitation = customer.invite(unknown).unwrap();
    stack.pass(MINUTE).await.unwrap();
    invitation
}

#[tokio::test]
async fn a_refusal_is_shown_also_where_pageup_knows_no_word_for_it() {
    for (known, statuses) in [
        (vec!["In Progress", "Completed"], ["In Progress", "In Progress", "Completed"]),
        (vec!["In progress", "Completed"], ["In progress", "In progress", "Completed"]),
        (vec![], ["Failed", "In progress", "Completed"]),
    ] {
        let stack = stack().await;
        let customer = stack.connect_pageup(|_| {}).await.unwrap();
        let certn = &stack.simulators().unwrap().certn;
        customer.set_options(|options| options.statuses = known.into_iter().map(str::to_owned).collect()).unwrap();
        let invitation = refused(&stack, &customer).await;
        let (status, message) = shown(&customer, &invitation);
        assert_eq!(status, statuses[0]);
        assert!(message.ends_with("(unknown_package)"), "{message}");
        let ordered = invited(&stack, &customer, "Word").await;
        check_shown(&customer, &ordered, statuses[1], "Invitation sent");
        certn.complete(&certn.cases().pop().unwrap().id, Some("CLEAR"));
        stack.settle().await.unwrap();
        assert_eq!(shown(&customer, &ordered).0, statuses[2]);
        no_violations(&stack);
    }
}

#[tokio::test]
async fn a_customers_own_words_and_lengths_are_kept_to() {
    let labels = json!({"in_progress": "Started", "completed": "Done", "failed": "Stopped"});
    let change = |new: &mut Value| {
        new["ats"]["status_labels"] = labels;
        new["ats"]["message_limit"] = 100.into();
    };
    let stack = stack().await;
    let customer = stack.connect_pageup(change).await.unwrap();
    let known = ["Started", "Done", "Stopped"].map(str::to_owned).to_vec();
    customer.set_options(|options| (options.statuses, options.message_limit) = (known, Some(100))).unwrap();
    let invitation = refused(&stack, &customer).await;
    let (status, message) = shown(&customer, &invitation);
    assert_eq!((status.as_str(), message.chars().count() <= 100), ("Stopped", true), "{message}");
    assert!(message.ends_with(" (unknown_package)"), "{message}");
    let ordered = invited(&stack, &customer, "Own").await;
    check_shown(&customer, &ordered, "Started", "Invitation sent");
    no_violations(&stack);
}

#[tokio::test]
async fn the_other_form_of_a_status_update_is_written() {
    let change = |new: &mut Value| {
        new["ats"]["put_shape"] = "workcompliance".into();
        new["ats"]["background_check_path"] = "workcompliance/invitations".into();
    };
    let stack = stack().await;
    let customer = stack.connect_pageup(change).await.unwrap();
    let simulators = stack.simulators().unwrap();
    customer.set_options(|options| options.put_shape = PutShape::WorkCompliance).unwrap();
    let invitation = customer.invitation("Comply");
    let id = customer.invite(invitation.clone()).unwrap();
    // The simulator has no list at that address, so the test answers for it.
    let row = json!({
        "invitationId": id, "firstName": invitation.first_name, "lastName": invitation.last_name,
        "email": invitation.email, "package": {"code": invitation.package_code},
        "application": {"id": invitation.application}, "requestedBy": {"email": invitation.requester},
    });
    let body = Some(json!({"items": [row]}).to_string());
    simulators.pageup.harness.arm("GET /v3/", 0, Effect::Status { code: 200, retry_after: None, body });
    stack.pass(MINUTE * 2).await.unwrap();
    let case = case_of(&stack, &invitation);
    assert_eq!(case.group.as_deref(), Some(GROUP));
    let (status, notes) = shown(&customer, &id);
    assert!(status == "In progress" && notes.starts_with("Invitation sent\nOrder "), "{status}: {notes}");
    simulators.certn.complete(&case.id, Some("REVIEW"));
    stack.settle().await.unwrap();
    let (status, notes) = shown(&customer, &id);
    assert!(status == "Completed" && notes.starts_with("Review\nhttps://client.certn.co/"), "{status}: {notes}");
    let asked = simulators.pageup.harness.answered("GET /v3/");
    assert!(asked.iter().all(|asked| asked.path.ends_with("/workcompliance/invitations")), "{asked:?}");
    no_violations(&stack);
}

#[tokio::test]
async fn an_order_goes_in_the_fallback_users_name_where_the_requester_is_none() {
    const FALLBACK: &str = "1f2e3d4c-6d9e-4b90-8c83-2e3f4a5b6c7f";
    let stack = stack().await;
    let customer = stack.connect_pageup(|new| new["fallback_requester"] = FALLBACK.into()).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.add_user(local_stack::simulators::certn::User {
        id: FALLBACK.to_owned(),
        email: "desk@client.example".to_owned(),
        active: true,
        groups: vec![NURSING.to_owned()],
    });
    for requester in [None, Some("new@client.example".to_owned())] {
        let invitation = Invite { requester, ..customer.invitation("Fallback") };
        let id = customer.invite(invitation.clone()).unwrap();
        stack.pass(MINUTE).await.unwrap();
        check_shown(&customer, &id, "In progress", "Invitation sent");
        assert_eq!(case_of(&stack, &invitation).ordered_by.as_deref(), Some(FALLBACK));
    }
    let known = customer.invitation("Known");
    customer.invite(known.clone()).unwrap();
    stack.pass(MINUTE).await.unwrap();
    assert_ne!(case_of(&stack, &known).ordered_by.as_deref(), Some(FALLBACK));
    no_violations(&stack);
}
