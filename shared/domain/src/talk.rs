//! A conversation with an outside system as a value: requests out, answers in, no future anywhere.

use crate::http::{HttpOutcome, HttpRequest};

type Then<T> = Box<dyn FnOnce(Vec<HttpOutcome>) -> Talk<T> + Send>;

/// Either an answer, or requests to send (together, in any order) and what to make of their outcomes.
///
/// The shell sends and waits; which request comes next, and what an answer means, is decided here.
#[must_use]
pub enum Talk<T> {
    Done(T),
    Ask(Vec<HttpRequest>, Then<T>),
}

impl<T: Send + 'static> Talk<T> {
    /// Sends one request and goes on with its outcome.
    pub fn ask(request: HttpRequest, then: impl FnOnce(HttpOutcome) -> Self + Send + 'static) -> Self {
        Self::ask_all(vec![request], |mut outcomes| match outcomes.pop() {
            Some(outcome) => then(outcome),
            None => then(Err(crate::http::HttpFailure::Unclear("the shell gave no outcome"))),
        })
    }

    /// Sends the requests at once and goes on with their outcomes, in the order of the requests.
    pub fn ask_all(requests: Vec<HttpRequest>, then: impl FnOnce(Vec<HttpOutcome>) -> Self + Send + 'static) -> Self {
        Self::Ask(requests, Box::new(then))
    }

    /// Goes on with the answer once it is there.
    pub fn then<U: Send + 'static>(self, next: impl FnOnce(T) -> Talk<U> + Send + 'static) -> Talk<U> {
        match self {
            Self::Done(answer) => next(answer),
            Self::Ask(requests, then) => Talk::Ask(requests, Box::new(|outcomes| then(outcomes).then(next))),
        }
    }

    /// Holds two conversations side by side.
    pub fn beside<U: Send + 'static>(self, other: Talk<U>) -> Talk<(T, U)> {
        match (self, other) {
            (Self::Done(answer), other) => other.map(|its| (answer, its)),
            (this, Talk::Done(its)) => this.map(|answer| (answer, its)),
            (Self::Ask(mut requests, then), Talk::Ask(others, go_on)) => {
                let count = requests.len();
                requests.extend(others);
                Talk::Ask(
                    requests,
                    Box::new(move |mut outcomes| {
                        let others = outcomes.split_off(count.min(outcomes.len()));
                        then(outcomes).beside(go_on(others))
                    }),
                )
            }
        }
    }

    /// Turns the answer into another.
    pub fn map<U: Send + 'static>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Talk<U> {
        self.then(|answer| Talk::Done(change(answer)))
    }
}

/// Plays a conversation against a function that answers each request: for tests of connectors.
#[cfg(test)]
pub(crate) fn play<T>(mut talk: Talk<T>, mut answer: impl FnMut(&HttpRequest) -> HttpOutcome) -> (T, Vec<String>) {
    let mut sent = Vec::new();
    loop {
        match talk {
            Talk::Done(done) => return (done, sent),
            Talk::Ask(requests, then) => {
                sent.extend(requests.iter().map(|r| {
                    let query = r.url.query().map(|q| format!("?{q}")).unwrap_or_default();
                    format!("{} {}{query}", r.method, r.url.path())
                }));
                talk = then(requests.iter().map(&mut answer).collect());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::http::{HttpResponse, System};

    static SYSTEM: System = System { name: "test", allows: |_, _| true, limit: None };

    /// Asks for each path in turn, and tells what was answered.
    fn asking(paths: &'static [&'static str], mut told: Vec<String>) -> Talk<Vec<String>> {
        let [path, rest @ ..] = paths else { return Talk::Done(told) };
        let url = Url::parse("https://test.example").unwrap().join(path).unwrap();
        Talk::ask(HttpRequest::get(&SYSTEM, url), |outcome| {
            told.push(String::from_utf8(outcome.unwrap().body).unwrap());
            asking(rest, told)
        })
    }

    #[test]
    fn each_of_two_conversations_side_by_side_hears_its_own_answers() {
        for (first, second) in [(["a", "b", "c"].as_slice(), ["x"].as_slice()), (&["a"], &["x", "y"]), (&[], &["x"])] {
            let both = asking(first, Vec::new()).beside(asking(second, Vec::new()));
            let (heard, sent) = play(both, |request| {
                let body = request.url.path().trim_start_matches('/').into();
                Ok(HttpResponse { status: 200, headers: Vec::new(), body })
            });
            assert_eq!((heard.0.join(" "), heard.1.join(" ")), (first.join(" "), second.join(" ")));
            assert_eq!(sent.len(), first.len() + second.len());
        }
    }
}
