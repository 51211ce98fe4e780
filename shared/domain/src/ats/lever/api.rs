//! Calls to Lever's Data API: how they look, the one redirect that is followed, pages, and what a refusal means.

use ::http::Method;
use serde_json::Value;
use url::Url;

use super::settings::{Settings, is_levers};
use super::{SYSTEM, wire};
use crate::access::Access;
use crate::http::{HttpOutcome, HttpRequest, HttpResponse};
use crate::reason::{Reason, Refusal};
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::{Trouble, no_response};

/// The most pages of a list that are read.
const MOST_PAGES: u32 = 20;

/// How many entries a page has at most.
const PAGE: &str = "100";

/// The Data API with one access.
#[derive(Debug, Clone)]
pub(super) struct Api {
    base: Url,
    authorization: Secret,
}

impl Api {
    pub(super) fn new(settings: &Settings, access: &Access) -> Self {
        let authorization = Secret::new(format!("Bearer {}", access.tokens.access.expose()));
        Self { base: settings.base(), authorization }
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    pub(super) fn get(&self, path: &[&str], query: &[(&str, &str)]) -> HttpRequest {
        HttpRequest::get(&SYSTEM, self.url(path, query)).header("authorization", self.authorization.clone())
    }

    pub(super) fn delete(&self, path: &[&str]) -> HttpRequest {
        HttpRequest { method: Method::DELETE, ..self.get(path, &[]) }
    }

    pub(super) fn send(&self, method: Method, path: &[&str], query: &[(&str, &str)], body: &Value) -> HttpRequest {
        HttpRequest::json(&SYSTEM, method, self.url(path, query), body)
            .header("authorization", self.authorization.clone())
    }

    /// Reads a list to its end, page by page; of one that is longer than [`MOST_PAGES`], its beginning.
    pub(super) fn list<T: Send + 'static>(
        self,
        path: Vec<String>,
        query: Vec<(String, String)>,
        what: &'static str,
        read: impl Fn(Value) -> Option<T> + Send + 'static,
    ) -> Talk<Result<Vec<T>, Trouble>> {
        self.list_on(List { path, query, what, read, so_far: Vec::new(), pages: 0 }, None)
    }

    fn list_on<T: Send + 'static, F: Fn(Value) -> Option<T> + Send + 'static>(
        self,
        mut list: List<T, F>,
        offset: Option<String>,
    ) -> Talk<Result<Vec<T>, Trouble>> {
        let path: Vec<&str> = list.path.iter().map(String::as_str).collect();
        let query = list.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let page = offset.as_deref().map(|offset| ("offset", offset));
        let query: Vec<(&str, &str)> = query.chain([("limit", PAGE)]).chain(page).collect();
        exchange(self.get(&path, &query)).then(move |outcome| {
            let (entries, next) = match success(outcome, list.what).and_then(|response| wire::page(&response)) {
                Ok(page) => page,
                // Nothing is ever gone from a list of the whole account.
                Err(Trouble::Because { refusal, cause })
                    if refusal.reason == Reason::AtsRecordGone && list.path.len() == 1 =>
                {
                    let refusal = Refusal::about(Reason::AtsPermission, list.what);
                    return Talk::Done(Err(Trouble::Because { refusal, cause }));
                }
                Err(trouble) => return Talk::Done(Err(trouble)),
            };
            list.so_far.extend(entries.into_iter().filter_map(&list.read));
            list.pages += 1;
            match next {
                Some(next) if list.pages < MOST_PAGES => self.list_on(list, Some(next)),
                _ => Talk::Done(Ok(list.so_far)),
            }
        })
    }
}

struct List<T, F> {
    path: Vec<String>,
    query: Vec<(String, String)>,
    what: &'static str,
    read: F,
    so_far: Vec<T>,
    pages: u32,
}

/// Sends a request, and once more where Lever says that the account lies on another of its hosts.
pub(super) fn exchange(request: HttpRequest) -> Talk<HttpOutcome> {
    exchange_all(vec![request]).map(|mut outcomes| {
        outcomes.pop().unwrap_or(Err(crate::http::HttpFailure::Unclear("the shell gave no outcome")))
    })
}

/// The same for several requests at once.
pub(super) fn exchange_all(requests: Vec<HttpRequest>) -> Talk<Vec<HttpOutcome>> {
    Talk::ask_all(requests.clone(), move |mut outcomes| {
        let pairs = requests.iter().zip(&outcomes).enumerate();
        let (places, again): (Vec<usize>, Vec<HttpRequest>) =
            pairs.filter_map(|(place, (request, outcome))| Some((place, redirected(request, outcome)?))).unzip();
        if again.is_empty() {
            return Talk::Done(outcomes);
        }
        Talk::ask_all(again, move |answers| {
            for (place, answer) in places.into_iter().zip(answers) {
                if let Some(outcome) = outcomes.get_mut(place) {
                    *outcome = answer;
                }
            }
            Talk::Done(outcomes)
        })
    })
}

/// The same request where a 301 wants it. It carries the access, so it goes nowhere but to Lever.
fn redirected(request: &HttpRequest, outcome: &HttpOutcome) -> Option<HttpRequest> {
    let response = outcome.as_ref().ok().filter(|response| response.status == 301)?;
    let mut url = request.url.join(response.header("location")?).ok()?;
    url.set_fragment(None);
    is_levers(&url).then(|| HttpRequest { url, ..request.clone() })
}

/// A 2xx, or what stands in its way; `what` is what the call is about, in a word.
pub(super) fn success(outcome: HttpOutcome, what: &str) -> Result<HttpResponse, Trouble> {
    let response = outcome.map_err(|failure| no_response("lever", &failure))?;
    if response.is_success() {
        return Ok(response);
    }
    let error = wire::error(&response);
    let cause = format!("lever: {what}: HTTP {} code {}", response.status, error.code);
    let because = |reason, about: &str| Err(Trouble::because(Refusal::about(reason, about), cause.clone()));
    match response.status {
        401 => because(Reason::AtsCredentials, ""),
        403 if error.is_of_other_environment => because(Reason::AtsCredentials, ""),
        403 => because(Reason::AtsPermission, what),
        404 => because(Reason::AtsRecordGone, ""),
        400..=499 if !matches!(response.status, 408 | 429) => because(Reason::AtsOptionMissing, what),
        _ => Err(Trouble::Later { cause: crate::trouble::Cause::new(cause), after: response.retry_after() }),
    }
}
