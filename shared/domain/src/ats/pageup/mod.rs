//! PageUp: never calls; is asked for invitations, and told by PUT how each of them stands.

mod check;
mod fuzz;
mod settings;
mod wire;

use std::collections::VecDeque;
use std::time::Duration;

use ::http::Method;
use url::Url;

pub use self::settings::{Credentials, Environment, FieldPaths, PutShape, Settings, StatusLabels};
use super::{Ats, AtsCredentials, AtsRules, Authorizes, Entry, Intake, ListsRequests, Page, Traits};
use crate::access::Access;
use crate::checklist::Line;
use crate::http::{Grant, HttpFailure, HttpOutcome, HttpRequest, HttpResponse, NoToken, NotSent, System};
use crate::order::View;
use crate::poll::Pace;
use crate::reason::{Reason, Refusal};
use crate::region::Region;
use crate::request::{CheckRequest, Subject};
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::{Cause, Trouble, no_response};

/// PageUp counts the calls of a day, against a limit that it does not publish.
pub static SYSTEM: System = System { name: "pageup", allows: |_, host| settings::is_host(host), limit: None };

/// How long PageUp is left alone after it said that the day's calls are spent: when its day ends is not published.
const AFTER_DAILY_LIMIT: Duration = Duration::from_secs(2 * 3600);

impl AtsRules for Settings {
    fn customer(&self) -> Vec<(&'static str, String)> {
        let environment = match self.environment {
            Environment::Live => "live",
            Environment::Uat => "uat",
        };
        vec![("ats.tenant_id", self.tenant_id.to_string()), ("ats.environment", environment.to_owned())]
    }

    fn intake(&self) -> Intake<'_> {
        Intake::Poll(self)
    }

    fn authorizes(&self) -> Option<&dyn Authorizes> {
        None
    }

    fn traits(&self) -> Traits {
        Traits {
            takes_password: false,
            names_groups: true,
            takes_links_without_login: false,
            shows_single_checks: true,
            left_behind: "In PageUp, have the API client removed whose credentials were given, and end the invitations \
                 that go to Crosscheck.",
        }
    }

    fn keeps_data_outside(&self, region: Region) -> bool {
        self.lies_outside(region)
    }

    fn package_tag(&self, _: &str) -> Option<String> {
        None
    }
}

impl ListsRequests for Settings {
    fn pace(&self) -> Pace {
        self.pace()
    }

    fn list(&self, credentials: &AtsCredentials) -> Talk<Result<Page, Trouble>> {
        let AtsCredentials::Pageup(credentials) = credentials else {
            let refusal = Refusal::new(Reason::AtsCredentials);
            return Talk::Done(Err(Trouble::because(refusal, "the secret is of another kind")));
        };
        let connector = Connector::new(self.clone(), credentials.clone(), None);
        let mut url = self.url(&[]);
        if self.put_shape == PutShape::Workcompliance {
            url.set_query(Some("status=pending"));
        }
        let request = HttpRequest::get(&SYSTEM, url).with_token(connector.grant());
        Talk::ask(request, move |outcome| {
            let page = match success(outcome) {
                // Nothing is ever gone from the list itself: its address or the tenant is wrong.
                Err(Trouble::Because { refusal, cause }) if refusal.reason == Reason::AtsRecordGone => {
                    let refusal = Refusal::about(Reason::AtsPermission, "tenant");
                    Err(Trouble::Because { refusal, cause })
                }
                other => other.and_then(|response| wire::page(&response, &connector.settings.field_paths)),
            };
            Talk::Done(page)
        })
    }
}

/// PageUp's API with one connection's settings and credentials.
#[derive(Debug, Clone)]
pub struct Connector {
    settings: Settings,
    credentials: Credentials,
}

impl Connector {
    #[must_use]
    pub fn new(settings: Settings, credentials: Credentials, _: Option<Access>) -> Self {
        Self { settings, credentials }
    }

    fn grant(&self) -> Grant {
        let Credentials { client_id, client_secret } = &self.credentials;
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", client_id.expose().as_str()),
            ("client_secret", client_secret.expose().as_str()),
        ];
        if !self.settings.scope.trim().is_empty() {
            form.push(("scope", self.settings.scope.trim()));
        }
        Grant { request: HttpRequest::form(&SYSTEM, self.settings.token_url(), &form), read: wire::access_token }
    }

    /// Puts the state under the first of the labels that PageUp takes.
    fn put(
        self,
        url: Url,
        request: String,
        view: View,
        link: Option<Url>,
        mut labels: VecDeque<String>,
    ) -> Talk<Result<String, Trouble>> {
        let Some(label) = labels.pop_front() else {
            let refusal = Refusal::about(Reason::AtsOptionMissing, "status");
            return Talk::Done(Err(Trouble::because(refusal, "pageup: no status label is accepted")));
        };
        let body = wire::body(&self.settings, &view, link.as_ref(), &label);
        let put = HttpRequest::json(&SYSTEM, Method::PUT, url.clone(), &body).with_token(self.grant());
        Talk::ask(put, move |outcome| match success(outcome) {
            Ok(_) => Talk::Done(Ok(request)),
            Err(Trouble::Because { refusal, .. })
                if refusal.reason == Reason::AtsOptionMissing
                    && refusal.about.eq_ignore_ascii_case("status")
                    && !labels.is_empty() =>
            {
                self.put(url, request, view, link, labels)
            }
            Err(trouble) => Talk::Done(Err(trouble)),
        })
    }
}

impl Ats for Connector {
    fn examine(&self, _sample: Option<&Subject>) -> Talk<Vec<Line>> {
        check::examine(self)
    }

    fn read_request(&self, subject: &Subject, kept: Option<&Secret>) -> Talk<Result<CheckRequest, Trouble>> {
        let gone =
            || Trouble::because(Refusal::new(Reason::AtsRecordGone), "pageup: nothing is kept of the invitation");
        Talk::Done(kept.and_then(|kept| wire::check_request(subject.clone(), kept)).ok_or_else(gone))
    }

    /// A PUT carries the whole state, so it makes no difference whether one came before.
    fn write(&self, subject: &Subject, view: &View, link: Option<&Url>, _: Entry<'_>) -> Talk<Result<String, Trouble>> {
        let id = subject.request.as_ref().unwrap_or(&subject.application);
        let url = match self.settings.put_shape {
            PutShape::Backgroundcheck => self.settings.url(&[id.as_str()]),
            PutShape::Workcompliance => self.settings.url(&[id.as_str(), "statuses"]),
        };
        let labels = wire::labels(&self.settings, view).into();
        self.clone().put(url, id.as_str().to_owned(), view.clone(), link.cloned(), labels)
    }
}

/// A 2xx, or what stands in its way.
fn success(outcome: HttpOutcome) -> Result<HttpResponse, Trouble> {
    let response = outcome.map_err(|failure| match failure {
        HttpFailure::NotSent(NotSent::NoToken(NoToken::Credentials)) => {
            Trouble::because(Refusal::new(Reason::AtsCredentials), "pageup: the token endpoint refuses the client")
        }
        HttpFailure::NotSent(NotSent::NoToken(NoToken::Permission)) => {
            Trouble::because(Refusal::about(Reason::AtsPermission, "scope"), "pageup: the scope is not granted")
        }
        other => no_response("pageup", &other),
    })?;
    if response.is_success() {
        return Ok(response);
    }
    let field = wire::field_at_fault(&response);
    let cause = format!("pageup: HTTP {} field {}", response.status, if field.is_empty() { "-" } else { &field });
    let because = |reason, about: &str| Err(Trouble::because(Refusal::about(reason, about), cause.clone()));
    match response.status {
        401 => because(Reason::AtsCredentials, ""),
        403 => because(Reason::AtsPermission, &field),
        404 => because(Reason::AtsRecordGone, ""),
        408 => Err(Trouble::later(cause)),
        429 => Err(Trouble::Later { cause: Cause::new(cause), after: Some(AFTER_DAILY_LIMIT) }),
        400..=499 => because(Reason::AtsOptionMissing, &field),
        _ => Err(Trouble::later(cause)),
    }
}

#[cfg(test)]
mod tests;
