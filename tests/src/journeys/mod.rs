//! The journeys: what people go through, played against a running stack. The tour tells them to a person, the tests
//! play the very same ones.

mod admin;
mod administered;
mod happy;
pub mod killed;
mod lever;
mod once;
mod outage;
mod pageup;
mod refused;
mod truth;

use futures::future::BoxFuture;
use jiff::SignedDuration;

use crate::narrator::Narrator;
use crate::simulators::icims::Entry;
use crate::stack::{Candidate, Customer, Error, Stack};

pub type Outcome = Result<(), Error>;

/// One journey.
pub struct Journey {
    /// A sentence: what is shown.
    pub title: &'static str,
    pub play: for<'a> fn(&'a Stack, &'a Narrator) -> BoxFuture<'a, Outcome>,
}

macro_rules! journeys {
    ($(#[$doc:meta])+ $name:ident: $($title:literal => $play:path,)+) => {
        $(#[$doc])+
        pub const $name: &[Journey] = &[
            $(Journey { title: $title, play: |stack, tell| Box::pin($play(stack, tell)) },)+
        ];
    };
}

journeys! {
    /// All journeys, in the order of the tour.
    JOURNEYS:
    "From a stage change to a result with the provider's page" => happy::portal_link,
    "The same with a PDF link that needs no log-in and expires" => happy::pdf_link,
    "What the recruiter can fix comes back as a sentence" => refused::by_the_recruiter,
    "What an administrator can fix says so" => refused::by_an_administrator,
    "The same webhook fifty times at once" => once::fifty_at_once,
    "The order is accepted, but its answer is lost" => once::answer_lost,
    "A late repetition orders nothing; leaving the stage and coming back does" => once::late_repetition,
    "The provider is down for an hour" => outage::provider_down,
    "The queue is down, then the table as well" => outage::queue_and_table_down,
    "The provider's webhooks are lost" => truth::webhooks_lost,
    "Events out of order never show an older status" => truth::out_of_order,
    "A dispute re-opens a finished check" => truth::dispute,
    "PageUp: from an invitation to a result, in the department's group" => pageup::happy,
    "PageUp: what cannot be ordered fails with a sentence" => pageup::refused,
    "PageUp: nothing is ordered until both sides are set up" => pageup::prerequisites,
    "PageUp: bad invitations never block the good ones" => pageup::bad_ones_first,
    "PageUp: the same invitation again orders nothing" => pageup::again,
    "Lever and Asurint: from a stage change to a score with the report's link" => lever::happy,
    "Lever and Asurint: what the recruiter can fix is said by a tag and a note" => lever::refused,
    "Lever and Asurint: access is taken back and given again, and each candidate is ordered for once" => lever::revoked,
    "An administrator finds out why, cures it, and what waited goes on" => admin::finds_out,
    "The process is killed between the steps" => killed::between_the_steps,
}

journeys! {
    /// What a deployed stack can play, whose clock nobody moves.
    DEPLOYED_JOURNEYS:
    "iCIMS and Certn: from a stage change to a PDF link that opens" => happy::pdf_link_that_opens,
    "PageUp and Certn: from an invitation to a result with a link" => pageup::happy,
    "Lever and Asurint: from the authorization to a score with the report's link" => lever::happy,
    "Each of an administrator's calls once" => administered::one_of_each,
}

/// The journeys that a stack can play.
#[must_use]
pub fn of(stack: &Stack) -> &'static [Journey] {
    if stack.is_deployed() { DEPLOYED_JOURNEYS } else { JOURNEYS }
}

/// Plays all journeys one after the other on one stack; returns how many did not go as they should.
pub async fn play_all(stack: &Stack, tell: &Narrator) -> usize {
    let mut wrong = 0;
    for (number, journey) in of(stack).iter().enumerate() {
        tell.title(&format!("{}. {}", number + 1, journey.title));
        if !stack.is_deployed() {
            // Certn counts the calls of a minute, and each journey is played in one of its own.
            stack.clock.advance(SignedDuration::from_mins(2));
        }
        if let Err(error) = (journey.play)(stack, tell).await {
            tell.wrong(&format!("Expected {error}"));
            wrong += 1;
        }
    }
    wrong
}

/// Fails the journey with what was expected.
pub(crate) fn expect(holds: bool, expected: impl Into<String>) -> Outcome {
    if holds { Ok(()) } else { Err(expected.into().into()) }
}

/// The one row that the recruiter sees, told to the listener.
pub(crate) fn row(customer: &Customer<'_>, candidate: &Candidate, tell: &Narrator) -> Result<Entry, Error> {
    let mut entries = customer.entries(candidate)?;
    let count = entries.len();
    let entry = entries.pop().ok_or("the recruiter sees no row")?;
    expect(count == 1, format!("one row for the candidate, not {count}"))?;
    tell.sees(&shown(&entry));
    Ok(entry)
}

/// A row as a person reads it.
pub(crate) fn shown(entry: &Entry) -> String {
    let mut line = format!("iCIMS shows: [{}] {}", entry.status_label, entry.result);
    for extra in [&entry.notes, &entry.url] {
        if !extra.is_empty() {
            line.push_str(" · ");
            line.push_str(extra);
        }
    }
    line
}

/// Nothing happened that a simulator would hold against us.
pub(crate) fn no_violations(stack: &Stack) -> Outcome {
    let violations = stack.violations();
    expect(violations.is_empty(), format!("no violations, but: {}", violations.join("; ")))
}
