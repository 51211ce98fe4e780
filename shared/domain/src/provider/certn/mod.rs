//! Certn (CertnCentric): orders are cases, keys belong to one region, events are thin and re-read.

mod check;
mod settings;
mod wire;

use ::http::Method;
use url::Url;

pub use self::settings::{Credentials, Settings};
use super::{
    Cancelled, CancelsOrders, Correlation, EventPage, Findings, Group, GroupStanding, ListsEvents, ListsGroups, Lookup,
    MakesReportFiles, NewOrder, Package, Provider, ProviderEvent, Reading, ReportFile, RequesterStanding, Standing,
    Truth,
};
use crate::checklist::{Line, Used};
use crate::http::{HttpOutcome, HttpRequest, HttpResponse, Lane, Sending, System, https};
use crate::id::{GroupId, ProviderOrderId, UserId};
use crate::limit::{Limit, Quota};
use crate::region::Region;
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::{PostOutcome, Trouble, classify_post, no_response};
use crate::webhook::{Unreadable, Verified, Webhook};

/// Several public clients agree on 60 calls a minute and 7,220 a day for one account.
pub static SYSTEM: System = System {
    name: "certn",
    allows: |region, name| name == host(region),
    limit: Some(Limit::Quota(Quota { per_minute: 60, per_day: 7_220 })),
};

fn host(region: Region) -> String {
    format!("api.{}.certn.co", region.code())
}

impl Settings {
    /// Reads a callback in either of its two known bodies.
    #[expect(clippy::unused_self, reason = "other providers' bodies depend on the settings")]
    pub(super) fn decode(&self, webhook: &Webhook<Verified>) -> Result<ProviderEvent, Unreadable> {
        wire::event(&webhook.json()?)
    }
}

/// The handshake by which Certn proves that a webhook's address is ours: the value to echo as plain text.
#[must_use]
pub fn challenge(value: &str) -> Option<&str> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-');
    ((1..=256).contains(&value.len()) && value.bytes().all(allowed)).then_some(value)
}

/// What one page of a list holds, and whether there is another.
type Page<T> = Result<(Vec<T>, bool), Trouble>;

/// Certn's API with one connection's keys.
#[derive(Debug, Clone)]
pub struct Connector {
    settings: Settings,
    keys: Vec<Secret>,
    region: Region,
}

impl Connector {
    #[must_use]
    pub fn new(settings: Settings, credentials: Credentials, region: Region) -> Self {
        Self { settings, keys: credentials.api_keys, region }
    }

    /// Every path of Certn ends in a slash; without it a POST may become a GET.
    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = https(&host(self.region));
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(["api", "public"]).extend(path).push("");
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    fn get(&self, path: &[&str], query: &[(&str, &str)]) -> HttpRequest {
        HttpRequest::get(&SYSTEM, self.url(path, query))
    }

    fn signed(request: &HttpRequest, key: &Secret) -> HttpRequest {
        request.clone().header("authorization", Secret::new(format!("Api-Key {}", key.expose())))
    }

    /// Sends with the first key and, where Certn does not take it, once with the second.
    fn ask<T: Send + 'static>(
        &self,
        request: HttpRequest,
        then: impl FnOnce(HttpOutcome) -> Talk<T> + Send + 'static,
    ) -> Talk<T> {
        let mut keys = self.keys.iter();
        let first = Self::signed(&request, keys.next().unwrap_or(&Secret::default()));
        let second = keys.next().map(|key| Self::signed(&request, key));
        Talk::ask(first, move |outcome| match (outcome, second) {
            (Ok(HttpResponse { status: 401, .. }), Some(second)) => Talk::ask(second, then),
            (outcome, _) => then(outcome),
        })
    }

    /// All pages of a list, at most ten of a hundred.
    fn list<T: Send + 'static>(
        self,
        path: Vec<String>,
        query: Vec<(String, String)>,
        page: u32,
        mut so_far: Vec<T>,
        read: fn(&HttpResponse) -> Page<T>,
    ) -> Talk<Result<Vec<T>, Trouble>> {
        let number = page.to_string();
        let path_parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let mut pairs: Vec<(&str, &str)> = query.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        pairs.extend([("page", number.as_str()), ("page_size", "100")]);
        let request = self.get(&path_parts, &pairs);
        let next = self.clone();
        self.ask(request, move |outcome| match success(outcome).and_then(|response| read(&response)) {
            Err(trouble) => Talk::Done(Err(trouble)),
            Ok((items, has_more)) => {
                so_far.extend(items);
                if has_more && page < 10 {
                    return next.list(path, query, page + 1, so_far, read);
                }
                Talk::Done(Ok(so_far))
            }
        })
    }

    fn list_all<T: Send + 'static>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        read: fn(&HttpResponse) -> Page<T>,
    ) -> Talk<Result<Vec<T>, Trouble>> {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        let query = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self.clone().list(path, query, 1, Vec::new(), read)
    }

    fn requester(&self, group: &GroupId, email: &Secret) -> Talk<Result<RequesterStanding, Trouble>> {
        let everywhere = [("email", email.expose().as_str()), ("is_active", "true")];
        let (connector, group, email) = (self.clone(), group.clone(), email.clone());
        self.list_all(&["users"], &everywhere, wire::users).then(move |users| {
            let user: UserId = match users.map(|users| wire::user_with_email(&users, &email)) {
                Err(trouble) => return Talk::Done(Err(trouble)),
                Ok(None) => return Talk::Done(Ok(RequesterStanding::Unknown)),
                Ok(Some(user)) => user,
            };
            let in_group = [("email", email.expose().as_str()), ("is_active", "true"), ("group", group.as_str())];
            connector.list_all(&["users"], &in_group, wire::users).map(move |members| {
                Ok(match wire::user_with_email(&members?, &email) {
                    Some(member) if member == user => RequesterStanding::Member(user),
                    _ => RequesterStanding::OutsideGroup(user),
                })
            })
        })
    }
}

impl Provider for Connector {
    fn examine(&self, used: &Used) -> Talk<Vec<Line>> {
        self.examined(used)
    }

    fn packages(&self) -> Talk<Result<Vec<Package>, Trouble>> {
        self.list_all(&["packages"], &[], wire::packages)
    }

    fn standing(&self, group: Option<&GroupId>, requester_email: Option<&Secret>) -> Talk<Result<Standing, Trouble>> {
        let Some(group) = group else {
            return Talk::Done(Ok(Standing { group: GroupStanding::Unknown, requester: None }));
        };
        let (connector, id, email) = (self.clone(), group.clone(), requester_email.cloned());
        self.ask(self.get(&["groups", group.as_str()], &[]), move |outcome| {
            let group = match outcome {
                Ok(HttpResponse { status: 404, .. }) => GroupStanding::Unknown,
                other => match success(other).and_then(|response| wire::group(&response)) {
                    Ok(group) => group,
                    Err(trouble) => return Talk::Done(Err(trouble)),
                },
            };
            match email {
                Some(email) if group == GroupStanding::Active => connector
                    .requester(&id, &email)
                    .map(move |requester| Ok(Standing { group, requester: Some(requester?) })),
                _ => Talk::Done(Ok(Standing { group, requester: None })),
            }
        })
    }

    fn place(&self, order: &NewOrder, _: &Correlation) -> Talk<PostOutcome<Truth>> {
        let url = self.url(&["cases", "order-package"], &[]);
        let mut request = HttpRequest::json(&SYSTEM, Method::POST, url, &wire::order_body(order));
        request.sending = Sending::Once;
        request.lane = Lane::Orders;
        self.ask(request, |outcome| {
            Talk::Done(classify_post("certn", outcome, |response| wire::case(response).ok(), wire::order_trouble))
        })
    }

    fn find(&self, lookup: &Lookup) -> Talk<Result<Findings, Trouble>> {
        let (Some(email), Some(group)) = (lookup.email.clone(), &lookup.group) else {
            return Talk::Done(Ok(Findings::Untold("the candidate has no e-mail address to look it up by")));
        };
        let after = lookup.placed_after.to_string();
        let mut query = vec![
            ("email_address", email.expose().as_str()),
            ("group", group.as_str()),
            ("order_timeframe_after", after.as_str()),
        ];
        query.extend(lookup.ordered_by.as_ref().map(|user| ("ordered_by", user.as_str())));
        let of = email.clone();
        self.list_all(&["cases"], &query, wire::cases)
            .map(move |cases| Ok(Findings::Orders(cases?.into_iter().filter_map(|case| case.of(&of)).collect())))
    }

    fn read(&self, order: &ProviderOrderId) -> Talk<Result<Reading, Trouble>> {
        self.ask(self.get(&["cases", order.as_str()], &[]), |outcome| {
            Talk::Done(match outcome {
                Ok(HttpResponse { status: 404, .. }) => Ok(Reading::Gone),
                other => success(other).and_then(|response| wire::case(&response)).map(|is| Reading::Is(Box::new(is))),
            })
        })
    }

    fn report_files(&self) -> Option<&dyn MakesReportFiles> {
        Some(self)
    }

    fn group_list(&self) -> Option<&dyn ListsGroups> {
        Some(self)
    }

    fn event_list(&self) -> Option<&dyn ListsEvents> {
        Some(self)
    }

    fn cancels(&self) -> Option<&dyn CancelsOrders> {
        Some(self)
    }
}

impl CancelsOrders for Connector {
    fn cancel(&self, order: &ProviderOrderId) -> Talk<Result<Cancelled, Trouble>> {
        let request = HttpRequest { method: Method::POST, ..self.get(&["cases", order.as_str(), "cancel"], &[]) };
        self.ask(request, |outcome| {
            Talk::Done(match outcome {
                Ok(HttpResponse { status: 404, .. }) => Ok(Cancelled::Gone),
                Ok(HttpResponse { status: 409, .. }) => Ok(Cancelled::Closed),
                other => success(other).map(|_| Cancelled::Taken),
            })
        })
    }
}

impl MakesReportFiles for Connector {
    fn make_report(&self, order: &ProviderOrderId) -> Talk<Result<String, Trouble>> {
        let url = self.url(&["cases", order.as_str(), "generate-report"], &[]);
        let request = HttpRequest::json(&SYSTEM, Method::POST, url, &wire::report_body(&self.settings.report_language));
        self.ask(request, |outcome| Talk::Done(success(outcome).and_then(|response| wire::report_file_id(&response))))
    }

    fn report_file(&self, file: &str) -> Talk<Result<ReportFile, Trouble>> {
        self.ask(self.get(&["cases", "report-files", file], &[]), |outcome| {
            Talk::Done(success(outcome).and_then(|response| wire::report_file(&response)))
        })
    }
}

impl ListsGroups for Connector {
    fn groups(&self) -> Talk<Result<Vec<Group>, Trouble>> {
        self.list_all(&["groups"], &[], wire::groups)
    }
}

impl ListsEvents for Connector {
    fn events_after(&self, cursor: Option<&str>) -> Talk<Result<EventPage, Trouble>> {
        let query: Vec<(&str, &str)> = cursor.map(|cursor| ("last_processed_event_id", cursor)).into_iter().collect();
        self.ask(self.get(&["events"], &query), |outcome| {
            Talk::Done(success(outcome).and_then(|response| wire::events(&response)))
        })
    }
}

/// A 2xx, or what stands in its way.
fn success(outcome: HttpOutcome) -> Result<HttpResponse, Trouble> {
    let response = outcome.map_err(|failure| no_response("certn", &failure))?;
    if response.is_success() { Ok(response) } else { Err(wire::trouble(&response)) }
}

#[cfg(test)]
mod tests;
