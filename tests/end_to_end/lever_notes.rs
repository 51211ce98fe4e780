//! The one note of an order in Lever: whatever Lever answers or does not answer, there is one, and it tells nobody else.

use jiff::SignedDuration;
use local_stack::simulators::asurint::Score;
use local_stack::simulators::lever::{Change, NotePut, Options};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{LeverCandidate, LeverCustomer, Stack};

use crate::lever_support::{check_shown, history, lever, look, ordered, said, waiting};
use crate::support::{MINUTE, no_violations, stack};

/// The check goes on to its end, and that is what Lever shows, in one note of ours.
async fn check_goes_on(stack: &Stack, customer: &LeverCustomer<'_>, candidate: &LeverCandidate) {
    let asurint = &stack.simulators().unwrap().asurint;
    let order = customer.order(candidate).unwrap();
    stack.clock.advance(MINUTE);
    asurint.complete(&order.id, Score::Eligible);
    stack.settle().await.unwrap();
    stack.pass(MINUTE * 3).await.unwrap();
    let note = check_shown(customer, candidate, "Completed");
    assert_eq!(said(&note, "Score"), Some("Eligible for Hire"), "{note}");
    no_violations(stack);
}

/// Something goes wrong with the first note of an order.
async fn check_first_note(effect: Effect) {
    let stack = stack().await;
    let customer = lever(&stack).await;
    stack.simulators().unwrap().lever.harness.arm("/notes", 1, effect.clone());
    let candidate = waiting(&customer, "First");
    customer.advance(&candidate).await.unwrap();
    stack.pass(MINUTE * 5).await.unwrap();
    check_shown(&customer, &candidate, "Pending Candidate");
    let made = history(&stack, &customer, &candidate);
    let made = made.iter().filter(|entry| entry.by.is_app() && matches!(entry.change, Change::NoteAdded { .. }));
    assert_eq!(made.count(), 1, "{effect:?}");
    check_goes_on(&stack, &customer, &candidate).await;
}

#[tokio::test]
async fn a_note_whose_answer_was_lost_is_not_written_twice() {
    check_first_note(Effect::ResetAfterCommit).await;
    check_first_note(Effect::StatusAfterCommit { code: 502 }).await;
    check_first_note(Effect::ResetBefore).await;
}

#[tokio::test]
async fn a_note_that_was_throttled_comes_later_and_is_not_lost() {
    check_first_note(Effect::Status { code: 429, retry_after: None, body: None }).await;
    check_first_note(Effect::Status { code: 429, retry_after: Some(90), body: None }).await;
}

/// An account that answers so shows one note all along.
async fn check_options(change: impl FnOnce(&mut Options)) {
    let stack = stack().await;
    let customer = lever(&stack).await;
    customer.set_options(change).unwrap();
    let (candidate, order) = ordered(&stack, &customer, "Odd").await;
    check_shown(&customer, &candidate, "Pending Candidate");
    stack.simulators().unwrap().asurint.complete_forms(&order.id);
    stack.settle().await.unwrap();
    check_shown(&customer, &candidate, "In Progress");
    check_goes_on(&stack, &customer, &candidate).await;
}

#[tokio::test]
async fn short_answers_to_notes_and_answers_with_and_without_names_do_no_harm() {
    check_options(|options| options.short_note_answers = true).await;
    check_options(|options| options.fills_write_answers = true).await;
    check_options(|options| options.fills_write_answers = false).await;
}

#[tokio::test]
async fn a_note_that_may_not_be_changed_gets_a_comment_for_each_state() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    customer.set_options(|options| options.note_put = NotePut::NotAllowed).unwrap();
    let (candidate, order) = ordered(&stack, &customer, "Thread").await;
    let simulators = stack.simulators().unwrap();
    simulators.asurint.complete_forms(&order.id);
    stack.settle().await.unwrap();
    simulators.asurint.complete(&order.id, Score::Review);
    stack.settle().await.unwrap();
    stack.pass(MINUTE * 5).await.unwrap();
    let (tag, _) = look(&customer, &candidate);
    assert_eq!(tag, "Asurint: Completed");
    let notes = simulators.lever.notes(&customer.account, &candidate.opportunity);
    let [note] = notes.as_slice() else { panic!("one note, not {notes:?}") };
    let states: Vec<_> = note.values.iter().filter_map(|value| said(&value.value, "Status")).collect();
    assert_eq!(states, ["Pending Candidate", "In Progress", "Completed"], "{note:?}");
    no_violations(&stack);
}

#[tokio::test]
async fn a_note_that_a_person_deleted_is_written_anew() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let (candidate, order) = ordered(&stack, &customer, "Deleted").await;
    let simulators = stack.simulators().unwrap();
    simulators.lever.delete_notes(&customer.account, &candidate.opportunity);
    assert_eq!(customer.notes(&candidate).unwrap(), Vec::<String>::new());
    simulators.asurint.complete_forms(&order.id);
    stack.settle().await.unwrap();
    check_shown(&customer, &candidate, "In Progress");
    check_goes_on(&stack, &customer, &candidate).await;
}

#[tokio::test]
async fn a_customers_word_with_an_at_sign_notifies_nobody() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let asurint = &stack.simulators().unwrap().asurint;
    for word in ["@rae", "Ask @rae, @odile", "＠rae @rae", "@\u{200b}rae @rae"] {
        let (candidate, order) = ordered(&stack, &customer, "At").await;
        asurint.show_status(&order.id, word);
        stack.settle().await.unwrap();
        let note = check_shown(&customer, &candidate, "In Progress");
        assert!(!note.contains("@rae") && !note.contains("@odile"), "{note}");
        asurint.complete_with(&order.id, Some(word));
        stack.settle().await.unwrap();
        let note = check_shown(&customer, &candidate, "Completed");
        assert!(said(&note, "Score").is_some_and(|score| score.contains("rae")), "{note}");
        assert!(!note.contains("@rae") && !note.contains("@odile"), "{note}");
    }

    no_violations(&stack);
}

#[tokio::test]
async fn an_account_that_moved_within_lever_is_followed_and_nowhere_else() {
    for (host, is_followed) in [("api.eu.lever.co", true), ("api.lever.co.evil.example", false), ("lever.evil", false)]
    {
        let stack = stack().await;
        let customer = lever(&stack).await;
        customer.set_options(|options| options.moved_to = Some(host.to_owned())).unwrap();
        let candidate = waiting(&customer, "Moved");
        customer.advance(&candidate).await.unwrap();
        if is_followed {
            check_shown(&customer, &candidate, "Pending Candidate");
            check_goes_on(&stack, &customer, &candidate).await;
            continue;
        }
        assert!(customer.orders(&candidate).unwrap().is_empty(), "{host}");
        no_violations(&stack);
        // What was asked for meanwhile is not lost.
        customer.set_options(|options| options.moved_to = None).unwrap();
        stack.pass(SignedDuration::from_mins(30)).await.unwrap();
        check_shown(&customer, &candidate, "Pending Candidate");
        customer.order(&candidate).unwrap();
        no_violations(&stack);
    }
}
