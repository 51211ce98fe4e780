//! Each journey of the tour on a stack of its own.

use local_stack::journeys::{DEPLOYED_JOURNEYS, JOURNEYS, Journey, play_all};
use local_stack::narrator::Narrator;
use local_stack::stack::Stack;

use crate::support::{stack, stack_in};

async fn play(title: &str) {
    let journey = JOURNEYS.iter().find(|journey| journey.title == title).unwrap();
    play_on(&stack().await, journey).await;
}

async fn play_on(stack: &Stack, journey: &Journey) {
    let title = journey.title;
    let narrator = Narrator::silent();
    if let Err(wrong) = (journey.play)(stack, &narrator).await {
        panic!("{title}: {wrong}\n{}\n{}", narrator.lines().join("\n"), local_stack::logs::kept());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_tour_goes_as_it_should_on_one_stack_in_another_region() {
    let stack = stack_in("uk").await;
    let narrator = Narrator::silent();
    let wrong = play_all(&stack, &narrator).await;
    assert_eq!(wrong, 0, "{}", narrator.lines().join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_deployed_stack_plays_goes_as_it_should_on_this_machine() {
    let stack = stack().await;
    for journey in DEPLOYED_JOURNEYS {
        play_on(&stack, journey).await;
    }
}

macro_rules! journeys {
    ($($name:ident => $title:literal;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            play($title).await;
        })+

        #[test]
        fn every_journey_of_the_tour_is_tested() {
            let tested = [$($title),+];
            let untested: Vec<_> = JOURNEYS.iter().map(|j| j.title).filter(|title| !tested.contains(title)).collect();
            assert_eq!(untested, Vec::<&str>::new());
        }
    };
}

journeys! {
    portal_link => "From a stage change to a result with the provider's page";
    pdf_link => "The same with a PDF link that needs no log-in and expires";
    refused_by_the_recruiter => "What the recruiter can fix comes back as a sentence";
    refused_by_an_administrator => "What an administrator can fix says so";
    fifty_at_once => "The same webhook fifty times at once";
    answer_lost => "The order is accepted, but its answer is lost";
    late_repetition => "A late repetition orders nothing; leaving the stage and coming back does";
    provider_down => "The provider is down for an hour";
    queue_and_table_down => "The queue is down, then the table as well";
    webhooks_lost => "The provider's webhooks are lost";
    out_of_order => "Events out of order never show an older status";
    dispute => "A dispute re-opens a finished check";
    pageup => "PageUp: from an invitation to a result, in the department's group";
    pageup_refused => "PageUp: what cannot be ordered fails with a sentence";
    pageup_prerequisites => "PageUp: nothing is ordered until both sides are set up";
    pageup_bad_ones_first => "PageUp: bad invitations never block the good ones";
    pageup_again => "PageUp: the same invitation again orders nothing";
    lever => "Lever and Asurint: from a stage change to a score with the report's link";
    lever_refused => "Lever and Asurint: what the recruiter can fix is said by a tag and a note";
    lever_revoked => "Lever and Asurint: access is taken back and given again, and each candidate is ordered for once";
    admin_finds_out => "An administrator finds out why, cures it, and what waited goes on";
    killed => "The process is killed between the steps";
}
