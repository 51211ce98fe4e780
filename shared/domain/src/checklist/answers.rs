//! A round of questions to one system: whether it let us in, let us read each thing, and answered at all.

use super::{CREDENTIALS, Line};
use crate::reason::{Owner, Reason};
use crate::trouble::Trouble;

/// How many names a line shows.
const MOST_NAMES: usize = 10;

/// Names for a line, a few of them where there are many.
#[must_use]
pub fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The answers so far. Each kind of trouble becomes one line, however many questions it struck.
#[derive(Debug, Default)]
pub struct Answers {
    read: Vec<&'static str>,
    refused: Option<String>,
    forbidden: Vec<&'static str>,
    unanswered: Option<String>,
    unasked: Option<String>,
}

impl Answers {
    /// Takes the answer to the question for `what`.
    pub fn take<T>(&mut self, what: &'static str, answer: Result<T, Trouble>) -> Option<T> {
        let trouble = match answer {
            Ok(answer) => {
                self.read.push(what);
                return Some(answer);
            }
            Err(trouble) => trouble,
        };
        let cause = format!("{what}: {}", trouble.cause());
        match &trouble {
            Trouble::Because { refusal, .. } => match refusal.reason {
                Reason::AtsCredentials | Reason::ProviderCredentials => self.refused.get_or_insert(cause),
                Reason::AtsPermission | Reason::ProviderPermission => {
                    self.forbidden.push(what);
                    return None;
                }
                _ => self.unanswered.get_or_insert(cause),
            },
            Trouble::Later { .. } if trouble.is_unasked() => self.unasked.get_or_insert(cause),
            Trouble::Later { .. } => self.unanswered.get_or_insert(cause),
        };
        None
    }

    /// Whether another question could be answered.
    #[must_use]
    pub const fn may_go_on(&self) -> bool {
        self.refused.is_none() && self.unanswered.is_none() && self.unasked.is_none()
    }

    /// The three lines about the system itself. `signed_in` says by what, and `new_credentials` and `rights` how its
    /// administrator, the `owner`, gives them.
    #[must_use]
    pub fn lines(self, system: &str, owner: Owner, signed_in: &str, new_credentials: &str, rights: &str) -> Vec<Line> {
        let heard = !self.read.is_empty() || !self.forbidden.is_empty();
        let credentials = match &self.refused {
            Some(cause) => Line::wrong(CREDENTIALS, owner, cause, new_credentials),
            None if heard => Line::good(CREDENTIALS, owner, signed_in),
            None => Line::not_told(CREDENTIALS, owner, format!("{system} did not say")),
        };
        let answers = match (&self.unanswered, &self.unasked) {
            (Some(cause), _) => {
                let sentence = format!(
                    "{system} does not answer as it should ({cause}). Orders and statuses wait and go on by themselves; \
                     check again in a few minutes, and ask {system}'s support if it stays so."
                );
                Line::wrong("answers", Owner::HubOperator, cause, sentence)
            }
            (None, Some(cause)) => Line::not_told("answers", Owner::HubOperator, cause),
            (None, None) => Line::good("answers", Owner::HubOperator, "each question was answered"),
        };
        let rights = if !self.forbidden.is_empty() {
            let forbidden = listed(self.forbidden.iter().copied());
            let sentence = format!("The integration may not read this at {system}: {forbidden}. {rights}");
            Line::wrong("rights", owner, format!("may not read {forbidden}"), sentence)
        } else if self.may_go_on() {
            Line::good("rights", owner, format!("may read {}", listed(self.read.iter().copied())))
        } else {
            Line::not_told("rights", owner, "not every question was answered")
        };
        vec![credentials, rights, answers]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HttpFailure, NotSent};
    use crate::reason::Refusal;
    use crate::trouble::no_response;

    fn because(reason: Reason) -> Result<(), Trouble> {
        Err(Trouble::because(Refusal::new(reason), "x: HTTP 4"))
    }

    fn check(answers: Vec<Result<(), Trouble>>, wrong: &[&str], not_told: &[&str]) {
        let mut taken = Answers::default();
        for (what, answer) in ["a", "b", "c"].into_iter().zip(answers) {
            taken.take(what, answer);
        }
        let lines = taken.lines("X", Owner::ProviderAdmin, "by a key", "Make a key.", "Allow it.");
        let of = |found| lines.iter().filter(|line| line.found == found).map(|line| line.item).collect::<Vec<_>>();
        assert_eq!(
            (of(super::super::Found::Wrong), of(super::super::Found::NotTold)),
            (wrong.to_vec(), not_told.to_vec())
        );
    }

    #[test]
    fn whatever_is_wrong_is_one_line_and_what_depends_on_it_is_not_told() {
        check(vec![Ok(()), Ok(())], &[], &[]);
        check(vec![because(Reason::ProviderCredentials); 3], &[CREDENTIALS], &["rights"]);
        check(vec![Ok(()), because(Reason::ProviderPermission), because(Reason::AtsPermission)], &["rights"], &[]);
        check(vec![because(Reason::ProviderRefused), Ok(())], &["answers"], &["rights"]);
        check(vec![Err(Trouble::later("x: HTTP 503")); 2], &["answers"], &[CREDENTIALS, "rights"]);
        let unasked = no_response("x", &HttpFailure::NotSent(NotSent::Deadline));
        check(vec![Err(unasked)], &[], &[CREDENTIALS, "rights", "answers"]);
    }

    #[test]
    fn a_line_names_a_few_of_many() {
        assert_eq!(listed(["a", "b"]), "a, b");
        assert_eq!(listed(["x"; 12]), "x, x, x, x, x, x, x, x, x, x and 2 more");
    }
}
