//! Postbacks in every order of arrival: Lever ends showing the same, and never shows what was before after what is.

use local_stack::simulators::asurint::{Score, Status};
use local_stack::simulators::lever::{Change, Entry};
use local_stack::stack::{LeverCandidate, LeverCustomer, Stack, by_xml};
use serde_json::Value;

use crate::lever_support::{REST, history, look, ordered, said, texts};
use crate::support::{no_violations, stack};

/// How many candidates' postbacks are on their way at once: as many as a burst of calls can show.
const AT_ONCE: usize = 3;

/// What Lever shows after the order and after each event of its life: tag, status and score.
const LIFE: [(&str, &str, Option<&str>); 6] = [
    ("Asurint: Pending Candidate", "Pending Candidate", None),
    ("Asurint: In Progress", "In Progress", None),
    ("Asurint: In Progress", "Court Delay", None),
    ("Asurint: In Progress", "In Progress", None),
    ("Asurint: Completed", "Completed", Some("Review")),
    ("Asurint: Completed", "Completed", Some("Eligible for Hire")),
];

/// One candidate whose postbacks come in an order of their own.
struct Life {
    candidate: LeverCandidate,
    order: String,
    /// The events in the order in which they are told, counted from 0.
    told: Vec<usize>,
    /// The place of the first event among those that are held.
    first: usize,
}

/// Every order of five events.
fn permutations() -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..5 {
        let longer = |so_far: Vec<usize>| {
            let left = (0..5).filter(|event| !so_far.contains(event)).collect::<Vec<_>>();
            left.into_iter().map(move |event| [so_far.clone(), vec![event]].concat())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

/// The event with this number happens at Asurint.
fn happens(stack: &Stack, event: usize, order: &str) {
    let asurint = &stack.simulators().unwrap().asurint;
    let happened = match event {
        1 => asurint.show_status(order, "Court Delay"),
        3 => asurint.complete(order, Score::Review),
        4 => asurint.set_score(order, Some("Eligible for Hire")),
        _ => asurint.set_status(order, Status::InProgress),
    };
    assert!(happened, "{event} of {order}");
}

/// Delivers these postbacks, and waits until all is said and done.
async fn deliver(stack: &Stack, places: &[usize]) {
    stack.clock.advance(REST);
    let answers = stack.simulators().unwrap().asurint.deliver(places).await;
    assert!(answers.iter().all(|answer| *answer == Some(200)), "{answers:?}");
    stack.settle().await.unwrap();
}

/// The state in which Lever shows the candidate now.
fn check_state(customer: &LeverCustomer<'_>, life: &Life, state: usize) {
    let (tag, note) = look(customer, &life.candidate);
    let shown = (tag.as_str(), said(&note, "Status").unwrap_or_default(), said(&note, "Score"));
    assert_eq!(shown, LIFE[state], "{:?}: {note}", life.told);
}

/// Whatever was shown had its place in the life after what was shown before.
fn check_never_back(told: &[usize], history: &[Entry]) {
    let mut state = 0;
    for text in texts(history) {
        let shown = (said(text, "Status").unwrap_or_default(), said(text, "Score"));
        let next = (state..LIFE.len()).find(|next| (LIFE[*next].1, LIFE[*next].2) == shown);
        state = next.unwrap_or_else(|| panic!("{told:?}: {shown:?} after {:?}", LIFE[state]));
    }
    let (mut present, mut rank): (Vec<&str>, usize) = (Vec::new(), 0);
    for entry in history {
        match &entry.change {
            Change::TagsAdded(tags) => {
                for tag in tags.iter().filter(|tag| tag.starts_with("Asurint: ")) {
                    let next = (rank..LIFE.len()).find(|next| LIFE[*next].0 == tag);
                    rank = next.unwrap_or_else(|| panic!("{told:?}: {tag} after {:?}", LIFE[rank]));
                    present.push(tag);
                }
            }
            Change::TagsRemoved(tags) => {
                let had_one = !present.is_empty();
                present.retain(|known| !tags.iter().any(|tag| tag == known));
                assert!(!had_one || !present.is_empty(), "{told:?}: no tag at all for a moment");
            }
            _ => {}
        }
    }
    assert_eq!(present, ["Asurint: Completed"], "{told:?}");
}

/// What is the same in the notes of all candidates.
fn without_ids(life: &Life, note: &str) -> String {
    let (_, rest) = note.split_once(']').unwrap_or_default();
    rest.replace(&life.order, "…")
}

/// All candidates with their orders, in the orders of arrival, and no postback told yet.
async fn lives(stack: &Stack, customer: &LeverCustomer<'_>) -> Vec<Life> {
    let mut lives = Vec::new();
    for (number, told) in permutations().into_iter().enumerate() {
        let (candidate, order) = ordered(stack, customer, &format!("Life{number}")).await;
        lives.push(Life { candidate, order: order.id, told, first: 5 * (number % AT_ONCE) });
    }
    assert_eq!(lives.len(), 120);
    lives
}

fn check_all_the_same(stack: &Stack, customer: &LeverCustomer<'_>, lives: &[Life]) {
    let mut notes: Vec<String> = Vec::new();
    for life in lives {
        check_state(customer, life, 5);
        check_never_back(&life.told, &history(stack, customer, &life.candidate));
        notes.push(without_ids(life, &look(customer, &life.candidate).1));
    }
    notes.dedup();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(stack.simulators().unwrap().asurint.orders().len(), lives.len());
    no_violations(stack);
}

async fn connected(stack: &Stack, change: impl FnOnce(&mut Value)) -> LeverCustomer<'_> {
    stack.connect_authorized_lever(change).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_xml_every_order_of_arrival_ends_the_same_and_the_newest_of_what_was_told_is_shown() {
    let stack = stack().await;
    let customer = connected(&stack, by_xml).await;
    let lives = lives(&stack, &customer).await;
    let asurint = &stack.simulators().unwrap().asurint;
    for (number, group) in lives.chunks(AT_ONCE).enumerate() {
        asurint.forget_held();
        asurint.hold_postbacks(true);
        for life in group {
            (0..5).for_each(|event| happens(&stack, event, &life.order));
        }
        // Every other time both copies arrive at once, else the second ones after all of the first.
        let twice = number % 2 == 0;
        let steps = if twice { 5 } else { 10 };
        for step in 0..steps {
            let places = group.iter().flat_map(|life| {
                let place = life.first + life.told[step % 5];
                vec![place; if twice { 2 } else { 1 }]
            });
            deliver(&stack, &places.collect::<Vec<_>>()).await;
            for life in group {
                let newest = life.told.iter().take(step + 1).max().unwrap();
                check_state(&customer, life, newest + 1);
            }
        }
    }
    check_all_the_same(&stack, &customer, &lives);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_json_every_order_of_arrival_ends_the_same_also_where_a_reading_is_stale() {
    let stack = stack().await;
    let customer = connected(&stack, |_| {}).await;
    let lives = lives(&stack, &customer).await;
    let asurint = &stack.simulators().unwrap().asurint;
    for group in lives.chunks(AT_ONCE) {
        asurint.forget_held();
        asurint.hold_postbacks(true);
        // While the life goes on, one event after the other for each candidate, so that the places of a group differ.
        let place = |life: &Life, event: usize| event * group.len() + life.first / 5;
        for event in 0..5 {
            group.iter().for_each(|life| happens(&stack, event, &life.order));
            // What is told of first did not always happen yet; then nothing is told.
            let told = group.iter().filter(|life| life.told[event] <= event);
            let places: Vec<usize> = told.flat_map(|life| [place(life, life.told[event]); 2]).collect();
            if !places.is_empty() {
                asurint.serve_stale(u32::try_from(places.len() / 2).unwrap());
                deliver(&stack, &places).await;
                asurint.serve_stale(0);
            }
        }
        for step in 0..5 {
            let again = |life: &Life| if life.told[step] <= step { 1 } else { 2 };
            let places = group.iter().flat_map(|life| vec![place(life, life.told[step]); again(life)]);
            deliver(&stack, &places.collect::<Vec<_>>()).await;
            group.iter().for_each(|life| check_state(&customer, life, 5));
        }
    }
    check_all_the_same(&stack, &customer, &lives);
}
