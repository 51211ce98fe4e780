//! What a call of the API names, which scope that needs, and who answers it.

use std::collections::BTreeSet;

use axum::http::Method;
use axum::response::Response;

use super::api::Visit;
use super::query::Query;
use super::refusal::Refusal;
use super::seen::Actor;

const LIST: [&str; 2] = ["limit", "offset"];
const ONE_OPPORTUNITY: [&str; 2] = ["expand", "include"];
const OPPORTUNITIES: [&str; 17] = [
    "limit",
    "offset",
    "expand",
    "include",
    "stage_id",
    "tag",
    "email",
    "posting_id",
    "contact_id",
    "archived",
    "confidentiality",
    "created_at_start",
    "created_at_end",
    "updated_at_start",
    "updated_at_end",
    "advanced_at_start",
    "advanced_at_end",
];
const USERS: [&str; 5] = ["limit", "offset", "email", "accessRole", "includeDeactivated"];
const AS: [&str; 1] = ["perform_as"];
const NEW_NOTE: [&str; 2] = ["perform_as", "note_id"];

/// Writing includes reading.
#[derive(Clone, Copy)]
pub(super) enum Access {
    Read,
    Write,
}

impl Access {
    pub(super) fn scope(self, object: &str) -> String {
        match self {
            Self::Read => format!("{object}:read:admin"),
            Self::Write => format!("{object}:write:admin"),
        }
    }

    pub(super) fn is_granted(self, object: &str, scopes: &BTreeSet<String>) -> bool {
        scopes.contains(&self.scope(object)) || scopes.contains(&Self::Write.scope(object))
    }
}

#[derive(Clone, Copy)]
pub(super) enum Step {
    Add,
    Remove,
}

#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Opportunities,
    Opportunity(&'a str),
    Tags(&'a str, Step),
    Links(&'a str, Step),
    Stage(&'a str),
    Archived(&'a str),
    Notes(&'a str),
    NewNote(&'a str),
    Note(&'a str, &'a str),
    ChangedNote(&'a str, &'a str),
    DeletedNote(&'a str, &'a str),
    Posting(&'a str),
    Stages,
    OneStage(&'a str),
    AllTags,
    Users,
    User(&'a str),
    Contact(&'a str),
    Webhooks,
    NewWebhook,
    ChangedWebhooks,
    DeletedWebhook(&'a str),
}

impl<'a> Target<'a> {
    /// The target, the object that its scope is of, and whether it writes.
    pub(super) fn of(method: &Method, path: &[&'a str]) -> Option<(Self, &'static str, Access)> {
        use Access::{Read, Write};
        let found = match (method.as_str(), path) {
            ("GET", ["opportunities"]) => (Self::Opportunities, "opportunities", Read),
            ("GET", ["opportunities", id]) => (Self::Opportunity(id), "opportunities", Read),
            ("POST", ["opportunities", id, "addTags"]) => (Self::Tags(id, Step::Add), "opportunities", Write),
            ("POST", ["opportunities", id, "removeTags"]) => (Self::Tags(id, Step::Remove), "opportunities", Write),
            ("POST", ["opportunities", id, "addLinks"]) => (Self::Links(id, Step::Add), "opportunities", Write),
            ("POST", ["opportunities", id, "removeLinks"]) => (Self::Links(id, Step::Remove), "opportunities", Write),
            ("PUT", ["opportunities", id, "stage"]) => (Self::Stage(id), "opportunities", Write),
            ("PUT", ["opportunities", id, "archived"]) => (Self::Archived(id), "opportunities", Write),
            ("GET", ["opportunities", id, "notes"]) => (Self::Notes(id), "notes", Read),
            ("POST", ["opportunities", id, "notes"]) => (Self::NewNote(id), "notes", Write),
            ("GET", ["opportunities", id, "notes", note]) => (Self::Note(id, note), "notes", Read),
            ("PUT", ["opportunities", id, "notes", note]) => (Self::ChangedNote(id, note), "notes", Write),
            ("DELETE", ["opportunities", id, "notes", note]) => (Self::DeletedNote(id, note), "notes", Write),
            ("GET", ["postings", id]) => (Self::Posting(id), "postings", Read),
            ("GET", ["stages"]) => (Self::Stages, "stages", Read),
            ("GET", ["stages", id]) => (Self::OneStage(id), "stages", Read),
            ("GET", ["tags"]) => (Self::AllTags, "tags", Read),
            ("GET", ["users"]) => (Self::Users, "users", Read),
            ("GET", ["users", id]) => (Self::User(id), "users", Read),
            ("GET", ["contacts", id]) => (Self::Contact(id), "contact", Read),
            ("GET", ["webhooks"]) => (Self::Webhooks, "webhooks", Read),
            ("POST", ["webhooks"]) => (Self::NewWebhook, "webhooks", Write),
            ("PUT", ["webhooks"]) => (Self::ChangedWebhooks, "webhooks", Write),
            ("DELETE", ["webhooks", id]) => (Self::DeletedWebhook(id), "webhooks", Write),
            _ => return None,
        };
        Some(found)
    }

    /// The fields that its query may have.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Opportunities => &OPPORTUNITIES,
            Self::Opportunity(_) => &ONE_OPPORTUNITY,
            Self::Notes(_) | Self::Stages | Self::AllTags => &LIST,
            Self::Users => &USERS,
            Self::NewNote(_) => &NEW_NOTE,
            Self::Tags(..) | Self::Links(..) | Self::Stage(_) | Self::Archived(_) | Self::ChangedNote(..) => &AS,
            _ => &[],
        }
    }
}

impl Visit<'_> {
    pub(super) fn answer(mut self, target: Target<'_>, scopes: &BTreeSet<String>) -> Result<Response, Refusal> {
        let query = Query::of(self.call, target.fields());
        if let Some(user) = query.first("perform_as") {
            let known = self.account.user(user).filter(|user| !user.deactivated);
            let known = known.ok_or_else(|| Refusal::bad_request("perform_as names no active user"))?;
            self.actor = Actor::AppAs(known.id.clone());
        }
        match target {
            Target::Opportunities => self.opportunities(&query, scopes),
            Target::Opportunity(id) => self.one_opportunity(id, &query, scopes),
            Target::Tags(id, step) => self.tags(id, step),
            Target::Links(id, step) => self.links(id, step),
            Target::Stage(id) => self.put_stage(id),
            Target::Archived(id) => self.put_archived(id),
            Target::Notes(id) => self.list_notes(id, &query),
            Target::NewNote(id) => self.new_note(id, query.first("note_id")),
            Target::Note(id, note) => self.one_note(id, note),
            Target::ChangedNote(id, note) => self.change_note(id, note),
            Target::DeletedNote(id, note) => self.delete_note(id, note),
            Target::Posting(id) => self.posting(id),
            Target::Stages => self.stages(&query),
            Target::OneStage(id) => self.one_stage(id),
            Target::AllTags => self.all_tags(&query),
            Target::Users => self.users(&query),
            Target::User(id) => self.one_user(id),
            Target::Contact(id) => self.contact(id),
            Target::Webhooks => Ok(self.webhooks()),
            Target::NewWebhook => self.new_webhook(),
            Target::ChangedWebhooks => self.change_webhooks(),
            Target::DeletedWebhook(id) => self.delete_webhook(id),
        }
    }
}
