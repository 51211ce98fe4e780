//! iCIMS: pushes an event when a recruiter moves a candidate; is read and written through its REST API.

mod check;
mod screen;
mod settings;
mod wire;

use ::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

pub use self::settings::{Credentials, Profile, Settings};
use super::{Answer, Ats, AtsEvent, AtsRules, Authorizes, Entry, Intake, Keys, ReceivesWebhooks, Reply, Traits};
use crate::access::Access;
use crate::checklist::Line;
use crate::http::{HttpOutcome, HttpRequest, HttpResponse, System};
use crate::id::OrderId;
use crate::order::View;
use crate::reason::{NotForUs, Reason, Refusal};
use crate::region::Region;
use crate::request::{CheckRequest, Subject};
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::{Cause, Trouble, no_response};
use crate::webhook::{Scheme, Unreadable, Verified, Webhook};

/// iCIMS says itself how many calls are left (`x-ratelimit-remaining`), and documents 10,000 a day.
pub static SYSTEM: System =
    System { name: "icims", allows: |_, host| matches!(host, "api.icims.com" | "api-eu.icims.com"), limit: None };

impl AtsRules for Settings {
    fn customer(&self) -> Vec<(&'static str, String)> {
        vec![("ats.customer_id", self.customer_id.to_string())]
    }

    fn intake(&self) -> Intake<'_> {
        Intake::Webhook(self)
    }

    fn authorizes(&self) -> Option<&dyn Authorizes> {
        None
    }

    fn traits(&self) -> Traits {
        Traits {
            takes_password: true,
            names_groups: self.group_field.is_some(),
            takes_links_without_login: true,
            shows_single_checks: false,
            left_behind: "In iCIMS, remove the webhook that posts to Crosscheck, and deactivate the integration user \
                 whose credentials were given.",
        }
    }

    fn keeps_data_outside(&self, region: Region) -> bool {
        self.host.keeps_data_outside(region)
    }

    fn package_tag(&self, _: &str) -> Option<String> {
        None
    }
}

impl ReceivesWebhooks for Settings {
    fn scheme<'a>(&self, keys: Keys<'a>) -> Scheme<'a> {
        Scheme::Basic { user: keys.connection.as_str(), passwords: keys.passwords }
    }

    fn decode(&self, webhook: &Webhook<Verified>) -> Result<AtsEvent, Unreadable> {
        let event: wire::Event = webhook.json()?;
        if event.customer_id != self.customer_id {
            return Err(Unreadable::Malformed("customerId is not the connection's"));
        }
        if !event.event_type.eq_ignore_ascii_case("WorkFlowStatusChangeEvent") {
            return Ok(AtsEvent::NotForUs(NotForUs::UnknownEventType));
        }
        let (Some(application), Some(status)) = (event.system_id, event.new_status) else {
            return Err(Unreadable::Malformed("systemId or newStatus is missing"));
        };
        let subject = Subject { application, request: None, requester: event.user_id, status };
        Ok(if self.is_trigger(subject.status.as_str()) {
            AtsEvent::CheckRequested(subject)
        } else {
            AtsEvent::LeftTrigger(subject)
        })
    }
}

/// The answer in iCIMS's form: 200 is empty; anything else carries a sentence for the recruiter and a line for iCIMS's
/// log. It is never 202 or 429, after which iCIMS is not known to come back.
#[must_use]
pub fn answer(reply: &Reply) -> Answer {
    let (status, message, debug) = match reply {
        Reply::Accepted => return Answer { status: 200, content_type: None, body: String::new() },
        Reply::Unauthentic => (401, "The integration's webhook credentials are not valid.", "unauthentic".to_owned()),
        Reply::Unreadable(Unreadable::TooLarge) => (413, "The event is too large.", "too_large".to_owned()),
        Reply::Unreadable(Unreadable::Malformed(why)) => (400, "The event could not be read.", (*why).to_owned()),
        Reply::Refused { sentence, debug, .. } => (400, sentence.as_str(), debug.clone()),
        Reply::Unavailable => {
            (503, "The check could not be taken in just now. Please send it again.", "store".to_owned())
        }
    };
    let message = match reply {
        Reply::Refused { field, .. } => screen::with_field_token(message, field.as_deref()),
        _ => message.to_owned(),
    };
    Answer { status, content_type: Some("application/json"), body: wire::error_body(&message, &debug) }
}

/// iCIMS's REST API with one connection's settings and credentials.
#[derive(Debug, Clone)]
pub struct Connector {
    settings: Settings,
    authorization: Secret,
}

impl Connector {
    #[must_use]
    pub fn new(settings: Settings, credentials: Credentials, _: Option<Access>) -> Self {
        let pair = format!("{}:{}", credentials.username, credentials.password.expose());
        Self { settings, authorization: Secret::new(format!("Basic {}", STANDARD.encode(pair))) }
    }

    fn url(&self, path: &[&str], fields: &[&str]) -> Url {
        let mut url = self.settings.host.base();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(["customers", self.settings.customer_id.as_str()]).extend(path);
        }
        if !fields.is_empty() {
            url.set_query(Some(&format!("fields={}", fields.join(","))));
        }
        url
    }

    fn get(&self, path: &[&str], fields: &[&str]) -> HttpRequest {
        HttpRequest::get(&SYSTEM, self.url(path, fields)).header("authorization", self.authorization.clone())
    }

    fn collection(&self, subject: &Subject, entry: Option<&str>) -> Url {
        let application = subject.application.as_str();
        let mut path = vec!["applicantworkflows", application, "fields", self.settings.collection.as_str()];
        path.extend(entry);
        self.url(&path, &[])
    }

    fn post_entry(
        self,
        subject: Subject,
        order: OrderId,
        body: serde_json::Value,
        may_repeat: bool,
    ) -> Talk<Result<String, Trouble>> {
        let request = HttpRequest::json(&SYSTEM, Method::POST, self.collection(&subject, None), &body)
            .header("authorization", self.authorization.clone());
        Talk::ask(request, move |outcome| {
            if outcome.as_ref().is_err_and(|failure| matches!(failure, crate::http::HttpFailure::Unclear(_)))
                && may_repeat
            {
                // iCIMS takes an exact duplicate without a change, so the same body may be sent again.
                return self.post_entry(subject, order, body, false);
            }
            match success(outcome) {
                Err(trouble) => Talk::Done(Err(trouble)),
                // iCIMS did not say where the new entry is.
                Ok(response) => match wire::entry_of_location(&response) {
                    Some(entry) => Talk::Done(Ok(entry)),
                    None => self.find_entry(&subject, &order).map(|found| {
                        found?.ok_or_else(|| Trouble::later("icims: the new entry is not in its collection"))
                    }),
                },
            }
        })
    }

    /// The entry of an order, found by the order in its notes.
    fn find_entry(&self, subject: &Subject, order: &OrderId) -> Talk<Result<Option<String>, Trouble>> {
        let order = order.clone();
        let url = self.collection(subject, None);
        let request = HttpRequest::get(&SYSTEM, url).header("authorization", self.authorization.clone());
        Talk::ask(request, move |outcome| {
            Talk::Done(success(outcome).and_then(|response| wire::entry_of_order(&response, &order)))
        })
    }

    fn patch_entry(
        self,
        subject: Subject,
        order: OrderId,
        body: serde_json::Value,
        entry: String,
    ) -> Talk<Result<String, Trouble>> {
        let change = wire::without_link_of_before(body.clone());
        let request = HttpRequest::json(&SYSTEM, Method::PATCH, self.collection(&subject, Some(&entry)), &change)
            .header("authorization", self.authorization.clone());
        Talk::ask(request, move |outcome| match success(outcome) {
            Ok(_) => Talk::Done(Ok(entry)),
            // Somebody deleted the entry; whether the workflow is still there, the new POST tells.
            Err(Trouble::Because { refusal, .. }) if refusal.reason == Reason::AtsRecordGone => {
                self.post_entry(subject, order, body, true)
            }
            Err(trouble) => Talk::Done(Err(trouble)),
        })
    }
}

impl Ats for Connector {
    fn examine(&self, sample: Option<&Subject>) -> Talk<Vec<Line>> {
        check::examine(self.clone(), sample.cloned())
    }

    fn read_request(&self, subject: &Subject, _kept: Option<&Secret>) -> Talk<Result<CheckRequest, Trouble>> {
        let (connector, subject) = (self.clone(), subject.clone());
        Talk::ask(self.get(&["applicantworkflows", subject.application.as_str()], &[]), move |outcome| {
            let workflow = match success(outcome).and_then(|response| wire::Workflow::read(&response)) {
                Ok(workflow) => workflow,
                Err(trouble) => return Talk::Done(Err(trouble)),
            };
            let (on_job, on_person) = connector.settings.fields();
            let mut requests = vec![
                connector.get(&["people", workflow.person.as_str()], &on_person),
                connector.get(&["jobs", workflow.job.as_str()], &on_job),
            ];
            requests
                .extend(subject.requester.as_ref().map(|user| connector.get(&["people", user.as_str()], &["email"])));
            Talk::ask_all(requests, move |outcomes| {
                let mut outcomes = outcomes.into_iter();
                let mut next = || outcomes.next().map(success);
                let (Some(person), Some(job), requester) = (next(), next(), next()) else {
                    return Talk::Done(Err(Trouble::later("icims: the shell gave too few outcomes")));
                };
                let read = || -> Result<CheckRequest, Trouble> {
                    let requester = match requester {
                        // A requester whose profile is gone or hidden is a requester without an address.
                        Some(Err(Trouble::Because { refusal, .. })) if refusal.reason != Reason::AtsCredentials => None,
                        Some(outcome) => Some(outcome?),
                        None => None,
                    };
                    wire::check_request(&connector.settings, subject, &workflow, &person?, &job?, requester.as_ref())
                };
                Talk::Done(read())
            })
        })
    }

    fn write(
        &self,
        subject: &Subject,
        view: &View,
        link: Option<&Url>,
        entry: Entry<'_>,
    ) -> Talk<Result<String, Trouble>> {
        let body = wire::entry(&self.settings, view, link);
        let (connector, subject, order) = (self.clone(), subject.clone(), view.order.clone());
        match entry {
            Entry::New => connector.post_entry(subject, order, body, true),
            Entry::At(entry) => connector.patch_entry(subject, order, body, entry.to_owned()),
            Entry::Perhaps => self.find_entry(&subject, &order).then(move |found| match found {
                Ok(Some(entry)) => connector.patch_entry(subject, order, body, entry),
                Ok(None) => connector.post_entry(subject, order, body, true),
                // A collection without entries may be one that is not there; whether the workflow is, the POST tells.
                Err(Trouble::Because { refusal, .. }) if refusal.reason == Reason::AtsRecordGone => {
                    connector.post_entry(subject, order, body, true)
                }
                Err(trouble) => Talk::Done(Err(trouble)),
            }),
        }
    }
}

/// A 2xx, or what stands in its way.
fn success(outcome: HttpOutcome) -> Result<HttpResponse, Trouble> {
    let response = outcome.map_err(|failure| no_response("icims", &failure))?;
    if response.is_success() {
        return Ok(response);
    }
    let error = wire::error(&response);
    let cause =
        format!("icims: HTTP {} code {}", response.status, error.code.map_or("-".to_owned(), |c| c.to_string()));
    let because = |reason, about: &str| Err(Trouble::because(Refusal::about(reason, about), cause.clone()));
    match (response.status, error.code) {
        (401, _) => because(Reason::AtsCredentials, ""),
        (_, Some(1)) => because(Reason::AtsRequiredField, &error.field),
        (404, Some(3)) => because(Reason::AtsPermission, &error.field),
        (403, _) => because(Reason::AtsPermission, &error.field),
        (404, _) => because(Reason::AtsRecordGone, ""),
        (408, _) => Err(Trouble::Later { cause: Cause::new(cause), after: response.retry_after() }),
        (429, _) => Err(Trouble::Later {
            cause: Cause::new(cause),
            after: response.retry_after().or_else(|| wire::quota_reset(&response)),
        }),
        (400..=499, _) => because(Reason::AtsOptionMissing, &error.field),
        _ => Err(Trouble::later(cause)),
    }
}

#[cfg(test)]
mod tests;
