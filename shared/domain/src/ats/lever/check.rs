//! What can be told about a connection to Lever by reading alone.

use std::collections::BTreeSet;

use super::api::{Api, exchange_all, success};
use super::hooks::ORIGINS;
use super::settings::Settings;
use super::{found, wire};
use crate::access::Access;
use crate::ats::look::{Item, REACHABLE, WAITS, complete, listed, out_of_reach};
use crate::checklist::{CREDENTIALS, Line};
use crate::http::{HttpOutcome, HttpRequest};
use crate::id::AtsId;
use crate::reason::{Owner, Reason};
use crate::request::Subject;
use crate::talk::Talk;
use crate::trouble::Trouble;

const SCOPES: &str = "scopes";
const TRIGGER_STAGE: &str = "trigger_stage";
const WEBHOOK: &str = "webhook";
const POSTING_TAGS: &str = "posting_tags";
const REQUESTER: &str = "requester";
const PERFORM_AS: &str = "perform_as";

const ITEMS: [Item; 8] = [
    (REACHABLE, Owner::HubOperator),
    (CREDENTIALS, Owner::AtsAdmin),
    (SCOPES, Owner::AtsAdmin),
    (TRIGGER_STAGE, Owner::AtsAdmin),
    (WEBHOOK, Owner::AtsAdmin),
    (POSTING_TAGS, Owner::AtsAdmin),
    (REQUESTER, Owner::AtsAdmin),
    (PERFORM_AS, Owner::HubOperator),
];

/// Nothing has this id: to ask for it tells whether reading is allowed, and reads nobody's data.
const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

/// What we write, which no reading tells: the token says whether it may.
const WRITES: [&str; 3] = ["opportunities", "notes", "webhooks"];

const AGAIN: &str =
    "then have Lever's Super Admin follow the authorization link of the connection and accept once more";

pub(super) fn examine(settings: &Settings, access: Option<&Access>, sample: Option<Subject>) -> Talk<Vec<Line>> {
    let Some(access) = access else {
        return Talk::Done(complete(&ITEMS, Vec::new(), "no access is granted"));
    };
    let look = Look {
        api: Api::new(settings, access),
        settings: settings.clone(),
        hook: access.hook.as_ref().map(|hook| hook.id.clone()),
        claimed: wire::scopes_of_token(&access.tokens.access),
        lines: Vec::new(),
    };
    look.begin(sample)
}

/// What was found so far.
struct Look {
    api: Api,
    settings: Settings,
    hook: Option<String>,
    /// The scopes that the token says it has.
    claimed: Option<BTreeSet<String>>,
    lines: Vec<Line>,
}

/// What reading one kind of object needs.
struct Probe {
    scope: &'static str,
    request: HttpRequest,
}

impl Look {
    /// The first call tells whether the token is taken at all.
    fn begin(self, sample: Option<Subject>) -> Talk<Vec<Line>> {
        let settings = self.settings.clone();
        let stages = self.api.clone().list(vec!["stages".to_owned()], Vec::new(), "stages", wire::stage);
        stages.then(move |stages| {
            if let Err(trouble) = &stages
                && let Some(line) = stopped(trouble)
            {
                return Talk::Done(complete(&ITEMS, vec![line], WAITS));
            }
            let trigger = stages.as_ref().ok().map(|stages| {
                let is_trigger = |(id, name): &&(AtsId, String)| settings.is_trigger(id.as_str(), Some(name));
                (stages.iter().filter(is_trigger).map(|(id, _)| id.clone()).collect::<Vec<_>>(), stages.len())
            });
            self.go_on(trigger, sample)
        })
    }

    fn probes(&self, trigger: Option<&AtsId>) -> Vec<Probe> {
        let stage = trigger.map_or(NOTHING, AtsId::as_str);
        let of_stage = [("stage_id", stage), ("limit", "1"), ("include", "id")];
        let expanded = [("expand", "applications"), ("expand", "stage")];
        let get = |scope, path: &[&str], query: &[(&str, &str)]| Probe { scope, request: self.api.get(path, query) };
        vec![
            get("opportunities:read:admin", &["opportunities"], &of_stage),
            get("applications:read:admin", &["opportunities", NOTHING], &expanded),
            get("notes:read:admin", &["opportunities", NOTHING, "notes"], &[("limit", "1")]),
            get("postings:read:admin", &["postings", NOTHING], &[]),
            get("users:read:admin", &["users", NOTHING], &[]),
            get("webhooks:read:admin", &["webhooks"], &[]),
        ]
    }

    /// Asks for one of everything, together with the application that is known.
    fn go_on(mut self, trigger: Option<(Vec<AtsId>, usize)>, sample: Option<Subject>) -> Talk<Vec<Line>> {
        let probes = self.probes(trigger.as_ref().and_then(|(stages, _)| stages.first()));
        let expanded = [("expand", "applications"), ("expand", "stage")];
        let of_sample =
            sample.as_ref().map(|sample| self.api.get(&["opportunities", sample.application.as_str()], &expanded));
        let performer = self.settings.perform_as.as_ref().map(|user| self.api.get(&["users", user.as_str()], &[]));
        let (has_sample, has_performer) = (of_sample.is_some(), performer.is_some());
        let requests = probes.iter().map(|probe| probe.request.clone()).chain(of_sample).chain(performer).collect();
        exchange_all(requests).then(move |outcomes| {
            let stopper = outcomes.iter().find_map(|outcome| stopped(&success(outcome.clone(), "check").err()?));
            if let Some(line) = stopper {
                return Talk::Done(complete(&ITEMS, vec![line], WAITS));
            }
            let mut outcomes = outcomes.into_iter();
            let probed: Vec<(&str, HttpOutcome)> =
                probes.iter().map(|probe| probe.scope).zip(outcomes.by_ref()).collect();
            let of_sample = if has_sample { outcomes.next() } else { None };
            let performer = if has_performer { outcomes.next() } else { None };
            let mut forbidden: Vec<&str> =
                probed.iter().filter(|(_, outcome)| is_forbidden(outcome)).map(|(scope, _)| *scope).collect();
            if trigger.is_none() {
                forbidden.push("stages:read:admin");
            }
            // Without the opportunities nothing is told of what they are expanded with.
            if forbidden.contains(&"opportunities:read:admin") {
                forbidden.retain(|scope| *scope != "applications:read:admin");
            }
            let hooks = probed.into_iter().find(|(scope, _)| scope.starts_with("webhooks")).map(|(_, outcome)| outcome);
            self.lines.push(Line::good(REACHABLE, Owner::HubOperator, "the API answers"));
            self.lines.push(Line::good(CREDENTIALS, Owner::AtsAdmin, "the access is taken"));
            self.lines.push(self.scopes(&forbidden));
            self.lines.extend(trigger.map(|(stages, of)| self.trigger_stage(&stages, of)));
            self.lines.extend(hooks.and_then(|outcome| self.webhook(outcome)));
            self.lines.push(match performer {
                Some(outcome) => Self::performer(outcome),
                None => Line::good(PERFORM_AS, Owner::HubOperator, "tags and notes are written in nobody's name"),
            });
            self.of_sample(of_sample)
        })
    }

    fn scopes(&self, forbidden: &[&str]) -> Line {
        let may_write = |object: &str| {
            let claimed = self.claimed.as_ref();
            claimed.is_none_or(|claimed| claimed.contains(&format!("{object}:write:admin")))
        };
        let read_of = |object: &str| format!("{object}:read:admin");
        let reads = forbidden.iter().map(|scope| (*scope).to_owned());
        let reads = reads.filter(|scope| !WRITES.iter().any(|object| *scope == read_of(object)));
        let writes = WRITES.iter().filter(|object| !may_write(object) || forbidden.contains(&read_of(object).as_str()));
        let missing: Vec<String> = reads.chain(writes.map(|object| format!("{object}:write:admin"))).collect();
        if missing.is_empty() {
            let told =
                if self.claimed.is_some() { "reading tried, writing as the token says" } else { "reading tried" };
            return Line::good(SCOPES, Owner::AtsAdmin, told);
        }
        let saw = format!("missing: {}", listed(&missing));
        let asks = |scope: &String| {
            let write = scope.replace(":read:", ":write:");
            self.settings.scopes.iter().any(|known| known == scope || *known == write)
        };
        let unasked: Vec<&String> = missing.iter().filter(|scope| !asks(scope)).collect();
        if !unasked.is_empty() {
            let sentence = format!(
                "The connection does not ask Lever for {}. Please add this to ats.scopes of the connection, {AGAIN}.",
                listed(&unasked)
            );
            return Line::wrong(SCOPES, Owner::HubOperator, saw, sentence);
        }
        let sentence = format!(
            "Lever does not let the integration use {}. Please make sure that the integration's app has this in Lever, {AGAIN}.",
            listed(&missing)
        );
        Line::wrong(SCOPES, Owner::AtsAdmin, saw, sentence)
    }

    fn trigger_stage(&self, stages: &[AtsId], of: usize) -> Line {
        let stage = self.settings.trigger_stage.trim();
        if !stages.is_empty() {
            return Line::good(TRIGGER_STAGE, Owner::AtsAdmin, format!("{} of {of} stages", stages.len()));
        }
        let sentence = format!(
            "In Lever there is no stage \"{stage}\", so that no move of a candidate can start a background check. Please add \
             it to the pipeline, or give the stage that is meant this name again; it is found within ten minutes."
        );
        Line::wrong(TRIGGER_STAGE, Owner::AtsAdmin, format!("none of {of} stages is the trigger"), sentence)
    }

    /// Whether the webhook that we made is still there, as we made it. Whether its group is switched on, no call tells.
    fn webhook(&self, outcome: HttpOutcome) -> Option<Line> {
        let hooks = match success(outcome, WEBHOOK).and_then(|response| wire::page(&response)) {
            Ok((hooks, _)) => hooks,
            Err(trouble) if is_about(&trouble, Reason::AtsPermission) => return None,
            Err(trouble) => return Some(Line::not_told(WEBHOOK, Owner::AtsAdmin, trouble.cause().to_string())),
        };
        let Some(id) = &self.hook else {
            let saw = "not made yet; that is tried every ten minutes";
            return Some(Line::not_told(WEBHOOK, Owner::AtsAdmin, saw));
        };
        let count = hooks.len();
        let ours = hooks.into_iter().filter_map(wire::hook_state).find(|hook| hook.id.as_str() == id);
        let saw = match &ours {
            None => format!("ours is not among the {count} webhooks of the integration"),
            Some(hook) if hook.event != "candidateStageChange" => "ours is for another event".to_owned(),
            Some(hook) => {
                let told = hook.origins.as_ref();
                let left_out = ORIGINS.iter().filter(|origin| {
                    told.is_some_and(|told| !told.is_empty() && !told.iter().any(|known| known == *origin))
                });
                let left_out: Vec<&str> = left_out.copied().collect();
                if left_out.is_empty() {
                    return Some(Line::good(WEBHOOK, Owner::AtsAdmin, "there, for every candidate's change of stage"));
                }
                format!("ours leaves out candidates of the origins {}", listed(&left_out))
            }
        };
        let sentence = format!(
            "Lever does not tell the integration of every candidate's change of stage any more: the webhook that the \
             integration made was deleted or changed ({saw}). Please have the operator send the authorization link of the \
             connection, and follow it as Super Admin once more: the webhook is then made anew."
        );
        Some(Line::wrong(WEBHOOK, Owner::AtsAdmin, saw, sentence))
    }

    fn performer(outcome: HttpOutcome) -> Line {
        if is_forbidden(&outcome) {
            return Line::not_told(PERFORM_AS, Owner::HubOperator, "the scopes do not let the user be read");
        }
        let user = match found(outcome, "users").map(|response| response.map(|response| wire::user_state(&response))) {
            Ok(Some(user)) => user,
            Ok(None) => Some(wire::UserState { is_active: false, has_email: false }),
            Err(trouble) => return Line::not_told(PERFORM_AS, Owner::HubOperator, trouble.cause().to_string()),
        };
        match user {
            None => Line::not_told(PERFORM_AS, Owner::HubOperator, "the user cannot be read"),
            Some(user) if user.is_active => Line::good(PERFORM_AS, Owner::HubOperator, "the user is active"),
            Some(_) => {
                let sentence = "The user in whose name the integration writes tags and notes is gone from Lever or \
                                deactivated, so that Lever refuses every write. Please set perform_as of the connection \
                                to an active user, or leave it out.";
                Line::wrong(PERFORM_AS, Owner::HubOperator, "the user is gone or deactivated", sentence)
            }
        }
    }

    /// Looks at the posting and at the user behind the application that is known.
    fn of_sample(self, outcome: Option<HttpOutcome>) -> Talk<Vec<Line>> {
        let Some(outcome) = outcome else {
            return Talk::Done(complete(&ITEMS, self.lines, "no application is known yet to look at"));
        };
        let opportunity = success(outcome, "opportunity").and_then(|response| wire::Opportunity::read(&response));
        let opportunity = match opportunity {
            Ok(opportunity) => opportunity,
            Err(trouble) => {
                let why = if is_about(&trouble, Reason::AtsPermission) {
                    "the latest known application is confidential, or the scopes do not let it be read"
                } else {
                    "the latest known application cannot be read any more"
                };
                return Talk::Done(complete(&ITEMS, self.lines, why));
            }
        };
        let posting = opportunity.posting.as_ref().map(|id| self.api.get(&["postings", id.as_str()], &[]));
        let user = opportunity.moved_by.as_ref().map(|id| self.api.get(&["users", id.as_str()], &[]));
        let (has_posting, has_user) = (posting.is_some(), user.is_some());
        let mut lines = self.lines;
        exchange_all(posting.into_iter().chain(user).collect()).map(move |outcomes| {
            let mut outcomes = outcomes.into_iter();
            let posting = if has_posting { outcomes.next() } else { None };
            let user = if has_user { outcomes.next() } else { None };
            lines.push(posting.map_or_else(
                || Line::not_told(POSTING_TAGS, Owner::AtsAdmin, "the latest known application has no posting"),
                posting_tags,
            ));
            lines.push(user.map_or_else(
                || {
                    Line::not_told(
                        REQUESTER,
                        Owner::AtsAdmin,
                        "Lever does not say who moved the latest known application",
                    )
                },
                requester,
            ));
            complete(&ITEMS, lines, WAITS)
        })
    }
}

fn posting_tags(outcome: HttpOutcome) -> Line {
    match found(outcome, "postings").and_then(|response| response.map(|found| wire::posting(&found)).transpose()) {
        Ok(Some(posting)) => match posting.tags {
            Some(tags) => Line::good(POSTING_TAGS, Owner::AtsAdmin, format!("readable, {} of them", tags.len())),
            None => Line::not_told(POSTING_TAGS, Owner::AtsAdmin, "the posting has no field for tags"),
        },
        Ok(None) => Line::not_told(POSTING_TAGS, Owner::AtsAdmin, "the posting is gone, confidential, or not allowed"),
        Err(trouble) => Line::not_told(POSTING_TAGS, Owner::AtsAdmin, trouble.cause().to_string()),
    }
}

fn requester(outcome: HttpOutcome) -> Line {
    match found(outcome, "users").map(|response| response.map(|response| wire::user_state(&response))) {
        Ok(Some(Some(user))) if user.has_email => Line::good(REQUESTER, Owner::AtsAdmin, "readable, with an address"),
        Ok(Some(Some(_))) => {
            let sentence = "The user who moved the latest candidate into the stage has no e-mail address in Lever, so that \
                            the background check provider cannot tell who orders. Please give every user who starts \
                            checks the e-mail address that they have at the provider.";
            Line::wrong(REQUESTER, Owner::AtsAdmin, "readable, without an address", sentence)
        }
        Ok(_) => Line::not_told(REQUESTER, Owner::AtsAdmin, "the user is gone, or not allowed"),
        Err(trouble) => Line::not_told(REQUESTER, Owner::AtsAdmin, trouble.cause().to_string()),
    }
}

fn is_forbidden(outcome: &HttpOutcome) -> bool {
    success(outcome.clone(), "check").is_err_and(|trouble| is_about(&trouble, Reason::AtsPermission))
}

fn is_about(trouble: &Trouble, reason: Reason) -> bool {
    matches!(trouble, Trouble::Because { refusal, .. } if refusal.reason == reason)
}

/// The only line of a look that cannot go on.
fn stopped(trouble: &Trouble) -> Option<Line> {
    match trouble {
        Trouble::Later { cause, .. } => Some(out_of_reach("Lever", &cause.to_string())),
        trouble if is_about(trouble, Reason::AtsCredentials) => {
            let sentence = format!(
                "Lever does not take the access that was granted to the integration any more. If it was revoked by mistake, \
                 please have the operator send the authorization link of the connection, {AGAIN}. Where the connection is \
                 set to the sandbox, the access must be granted there."
            );
            Some(Line::wrong(CREDENTIALS, Owner::AtsAdmin, trouble.cause().to_string(), sentence))
        }
        _ => None,
    }
}
