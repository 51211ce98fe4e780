//! Lever: pushes a thin event when a candidate changes stage; is read and written through its Data API, with an access
//! that its Super Admin grants.

mod api;
mod check;
mod hooks;
mod login;
mod notes;
mod packages;
mod screen;
mod settings;
mod wire;

use ::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use url::Url;

use self::api::{Api, exchange, exchange_all, success};
pub use self::settings::{Credentials, Environment, GroupFrom, Settings, StatusWords};
use super::{Ats, AtsEvent, AtsRules, Authorizes, Entry, Intake, Keys, ReceivesWebhooks, Traits};
use crate::access::Access;
use crate::checklist::Line;
use crate::http::{HttpOutcome, HttpResponse, System};
use crate::id::AtsId;
use crate::limit::{Limit, Rate};
use crate::order::View;
use crate::reason::{NotForUs, Reason, Refusal};
use crate::region::Region;
use crate::request::{AtsValue, Barrier, CheckRequest, Subject, TriggerEntry};
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::Trouble;
use crate::webhook::{Scheme, Unreadable, Verified, Webhook};

/// The Data API. Lever allows 10 calls a second and 20 at once, and does not say how many are left.
pub static SYSTEM: System = System {
    name: "lever",
    allows: |_, host| settings::is_host(host),
    limit: Some(Limit::Rate(Rate { per_second: 8, burst: 10 })),
};

/// Where access is granted and tokens are given; its calls do not count as the API's.
pub static LOGIN: System = System {
    name: "lever",
    allows: |_, host| host == Environment::Production.login_host() || host == Environment::Sandbox.login_host(),
    limit: None,
};

/// An event that is retried for the last time comes a little after its age bound.
const GRACE: SignedDuration = SignedDuration::from_mins(5);

impl AtsRules for Settings {
    fn customer(&self) -> Vec<(&'static str, String)> {
        // Lever names no account: who granted the access is the customer.
        vec![("ats.environment", self.environment.login_host().to_owned())]
    }

    fn intake(&self) -> Intake<'_> {
        Intake::Webhook(self)
    }

    fn authorizes(&self) -> Option<&dyn Authorizes> {
        Some(self)
    }

    fn traits(&self) -> Traits {
        Traits {
            takes_password: false,
            names_groups: self.group_from != GroupFrom::None,
            takes_links_without_login: true,
            shows_single_checks: false,
            left_behind: "In Lever, revoke the app under Settings, Integrations and API, Authorized Apps, and delete a \
                 webhook that still posts to Crosscheck.",
        }
    }

    /// Lever's data lies in the US or the EU.
    fn keeps_data_outside(&self, _: Region) -> bool {
        true
    }

    fn package_tag(&self, package: &str) -> Option<String> {
        Some(format!("{} {}", self.package_prefix.trim(), package.trim()))
    }
}

impl ReceivesWebhooks for Settings {
    fn scheme<'a>(&self, keys: Keys<'a>) -> Scheme<'a> {
        let hook = keys.access.and_then(|access| access.hook.as_ref());
        Scheme::SignedInBody { read: wire::signed, secrets: hook.map_or(&[], |hook| std::slice::from_ref(&hook.token)) }
    }

    fn decode(&self, webhook: &Webhook<Verified>) -> Result<AtsEvent, Unreadable> {
        let event: wire::Event = webhook.json()?;
        if event.data.is_empty() {
            return Ok(AtsEvent::NotForUs(NotForUs::TestPing));
        }
        if event.event != "candidateStageChange" {
            return Ok(AtsEvent::NotForUs(NotForUs::UnknownEventType));
        }
        let (Some(application), Some(status)) = (event.id("opportunityId"), event.id("toStageId")) else {
            return Err(Unreadable::Malformed("opportunityId or toStageId is missing"));
        };
        let triggered_at = i64::try_from(event.triggered_at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
        let triggered_at = triggered_at.ok_or(Unreadable::Malformed("triggeredAt is no time"))?;
        let longest = SignedDuration::from_hours(i64::from(self.max_age_hours)).saturating_add(GRACE);
        if triggered_at.duration_until(webhook.received_at()) > longest {
            return Ok(AtsEvent::NotForUs(NotForUs::StaleTrigger));
        }
        Ok(AtsEvent::CheckRequested(Subject { application, request: None, requester: None, status }))
    }
}

/// What tells one event from another, to know it again where it is sent once more: a proof without its event can be
/// repeated with another one.
#[must_use]
pub fn token_of(webhook: &Webhook<Verified>) -> Option<String> {
    webhook.json().ok().map(|wire::Token { token }| token)
}

/// Lever's Data API with one connection's settings and access.
#[derive(Debug, Clone)]
pub struct Connector {
    settings: Settings,
    access: Option<Access>,
    api: Option<Api>,
}

impl Connector {
    #[must_use]
    pub fn new(settings: Settings, _: Credentials, access: Option<Access>) -> Self {
        Self { api: access.as_ref().map(|access| Api::new(&settings, access)), settings, access }
    }

    fn api(&self) -> Result<Api, Trouble> {
        let none = || Trouble::because(Refusal::new(Reason::AtsCredentials), "lever: no access is granted");
        self.api.clone().ok_or_else(none)
    }

    /// The opportunity as it is, with its stage's name.
    fn opportunity(&self, api: &Api, subject: &Subject) -> Talk<Result<wire::Opportunity, Trouble>> {
        let (settings, api) = (self.settings.clone(), api.clone());
        let expand = [("expand", "applications"), ("expand", "stage")];
        let request = api.get(&["opportunities", subject.application.as_str()], &expand);
        exchange(request).then(move |outcome| {
            let mut opportunity = match readable(outcome).and_then(|response| wire::Opportunity::read(&response)) {
                Ok(opportunity) => opportunity,
                Err(trouble) => return Talk::Done(Err(trouble)),
            };
            // Lever may leave a stage unexpanded; then only its id tells it, or another look.
            let stage = opportunity.stage.clone().filter(|_| opportunity.stage_name.is_none());
            let Some(stage) = stage.filter(|stage| !settings.is_trigger(stage.as_str(), None)) else {
                return Talk::Done(Ok(opportunity));
            };
            exchange(api.get(&["stages", stage.as_str()], &[])).map(move |outcome| {
                let named = found(outcome, "stages")?.map(|response| wire::one_stage(&response)).transpose()?.flatten();
                opportunity.stage_name = named.map(|(_, name)| name);
                Ok(opportunity)
            })
        })
    }

    /// Whether the candidate is still where a check is started, and may be checked.
    fn barrier(&self, subject: &Subject, opportunity: &wire::Opportunity) -> Option<Barrier> {
        let stage = opportunity.stage.as_ref();
        let is_trigger = |stage: &AtsId| self.settings.is_trigger(stage.as_str(), opportunity.stage_name.as_deref());
        if !stage.is_some_and(is_trigger) {
            // A move to any other stage is told as well.
            let moved_elsewhere = stage == Some(&subject.status);
            let why = if moved_elsewhere { NotForUs::NotTriggerStatus } else { NotForUs::StaleTrigger };
            return Some(Barrier::NotForUs(why));
        }
        if opportunity.is_anonymized {
            return Some(Barrier::Refusal(Refusal::new(Reason::CandidateAnonymized)));
        }
        opportunity.is_archived.then(|| Barrier::Refusal(Refusal::new(Reason::CandidateArchived)))
    }

    fn department(&self, posting: &wire::Posting) -> Option<AtsValue> {
        let categories = posting.categories.as_ref()?;
        let name = match self.settings.group_from {
            GroupFrom::None => None,
            GroupFrom::Department => categories.department.as_deref(),
            GroupFrom::Location => categories.location.as_deref(),
            GroupFrom::Team => categories.team.as_deref(),
        };
        let name = name.map(str::trim).filter(|name| !name.is_empty())?;
        Some(AtsValue::word(None, name.to_owned()))
    }

    /// Adds to a request what stands on the posting and on the user.
    fn completed(
        &self,
        mut request: CheckRequest,
        opportunity: &wire::Opportunity,
        posting: Option<&wire::Posting>,
    ) -> CheckRequest {
        let Settings { package_prefix, default_package, .. } = &self.settings;
        let on_posting = posting.and_then(|posting| posting.tags.as_deref()).unwrap_or_default();
        let names = packages::chosen(&opportunity.tags, on_posting, package_prefix, default_package.as_deref());
        request.packages = names.into_iter().map(|name| AtsValue::word(None, name)).collect();
        request.job = opportunity.posting.clone().filter(|_| posting.is_some());
        request.department = posting.and_then(|posting| self.department(posting));
        request.candidate = opportunity.candidate.clone();
        request
    }
}

impl Ats for Connector {
    fn examine(&self, sample: Option<&Subject>) -> Talk<Vec<Line>> {
        check::examine(&self.settings, self.access.as_ref(), sample.cloned())
    }

    fn read_request(&self, subject: &Subject, _kept: Option<&Secret>) -> Talk<Result<CheckRequest, Trouble>> {
        let (connector, subject) = (self.clone(), subject.clone());
        let api = match self.api() {
            Ok(api) => api,
            Err(trouble) => return Talk::Done(Err(trouble)),
        };
        self.opportunity(&api, &subject).then(move |read| {
            let opportunity = match read {
                Ok(opportunity) => opportunity,
                Err(trouble) => return Talk::Done(Err(trouble)),
            };
            let barrier = connector.barrier(&subject, &opportunity);
            let in_trigger = !matches!(barrier, Some(Barrier::NotForUs(_)));
            let may_reorder = connector.settings.reorder;
            let entered_at = opportunity.entered_at.filter(|_| in_trigger);
            let mut request = CheckRequest {
                in_trigger_status: Some(in_trigger),
                entry: entered_at.map(|at| TriggerEntry { at, may_reorder }),
                barrier,
                ..CheckRequest::of_nothing(subject)
            };
            if request.barrier.is_some() {
                return Talk::Done(Ok(request));
            }
            let posting = opportunity.posting.as_ref().map(|id| api.get(&["postings", id.as_str()], &[]));
            let user = opportunity.moved_by.as_ref().map(|id| api.get(&["users", id.as_str()], &[]));
            let has_posting = posting.is_some();
            let requests: Vec<_> = posting.into_iter().chain(user).collect();
            if requests.is_empty() {
                return Talk::Done(Ok(connector.completed(request, &opportunity, None)));
            }
            exchange_all(requests).map(move |outcomes| {
                let mut outcomes = outcomes.into_iter();
                let posting = if has_posting { outcomes.next() } else { None };
                let posting = posting.map(|outcome| found(outcome, "postings")).transpose()?.flatten();
                let posting = posting.map(|response| wire::posting(&response)).transpose()?;
                let user = outcomes.next().map(|outcome| found(outcome, "users")).transpose()?.flatten();
                if let Some(user) = user {
                    request.requester_email = wire::email_of_user(&user)?;
                }
                Ok(connector.completed(request, &opportunity, posting.as_ref()))
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
        let (settings, api) = match self.api() {
            Ok(api) => (self.settings.clone(), api),
            Err(trouble) => return Talk::Done(Err(trouble)),
        };
        let application = subject.application.clone();
        let tag = settings.tag(view.status, view.refusal.as_ref().map(|refusal| refusal.reason));
        let note = notes::Writer::new(api.clone(), &settings, subject, view, link);
        let entry = notes::Place::of(entry);
        let change_tags = move |change: &str, tags: &[String]| {
            let path = ["opportunities", application.as_str(), change];
            let user: Vec<_> = settings.perform_as.iter().map(|user| ("perform_as", user.as_str())).collect();
            (exchange(api.send(Method::POST, &path, &user, &json!({"tags": tags}))), settings.clone())
        };
        // The new tag first: between the two calls the candidate has two, and never none.
        let (added, settings) = change_tags("addTags", std::slice::from_ref(&tag));
        added
            .then(move |outcome| {
                let present = success(outcome, "tag").and_then(|response| wire::tags(&response));
                match present.map(|present| settings.outdated(present, &tag)) {
                    Err(trouble) => Talk::Done(Err(trouble)),
                    Ok(outdated) if outdated.is_empty() => Talk::Done(Ok(())),
                    Ok(outdated) => {
                        change_tags("removeTags", &outdated).0.map(|outcome| success(outcome, "tag").map(drop))
                    }
                }
            })
            .then(move |tagged| match tagged {
                Ok(()) => note.write(entry),
                Err(trouble) => Talk::Done(Err(trouble)),
            })
    }
}

/// The answer about an opportunity: one that may not be read is confidential.
fn readable(outcome: HttpOutcome) -> Result<HttpResponse, Trouble> {
    success(outcome, "opportunity").map_err(|trouble| match trouble {
        Trouble::Because { refusal, cause } if refusal.reason == Reason::AtsPermission => {
            Trouble::Because { refusal: Refusal::new(Reason::CandidateConfidential), cause }
        }
        other => other,
    })
}

/// The answer about something that an order can do without: nothing where it is gone or hidden.
fn found(outcome: HttpOutcome, what: &str) -> Result<Option<HttpResponse>, Trouble> {
    match success(outcome, what) {
        Ok(response) => Ok(Some(response)),
        Err(Trouble::Because { refusal, .. })
            if matches!(refusal.reason, Reason::AtsPermission | Reason::AtsRecordGone) =>
        {
            Ok(None)
        }
        Err(trouble) => Err(trouble),
    }
}

#[cfg(test)]
mod tests;
