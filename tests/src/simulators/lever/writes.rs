//! What the hub may change on an opportunity beside its notes, and what it may not: stage and archive.

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::api::Visit;
use super::events::EventOptions;
use super::objects::{self, Shape};
use super::query::data;
use super::refusal::Refusal;
use super::seen::{Archived, Change};
use super::state::{add_missing, remove_present};
use super::target::Step;

#[derive(Deserialize)]
struct Tags {
    tags: Vec<String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
struct Links {
    links: Vec<String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
struct ToStage {
    stage: String,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
struct ToArchive {
    reason: Option<String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Visit<'_> {
    pub(super) fn tags(&mut self, id: &str, step: Step) -> Result<Response, Refusal> {
        let Tags { tags, unknown } = self.call.json()?;
        self.call.note_unknown(&unknown);
        if tags.iter().any(|tag| tag.trim().is_empty()) {
            return Err(Refusal::bad_request("A tag is blank"));
        }
        let (by, now) = (self.actor.clone(), self.call.now);
        if matches!(step, Step::Remove) {
            let found = self.opportunity(id)?;
            for tag in tags.iter().filter(|tag| found.tags.contains(tag) && !found.has_of_app(tag)) {
                self.call.violations.record(format!("the hub took off the tag {tag:?}, which it had not added"));
            }
        }
        let found = self.opportunity_mut(id)?;
        match step {
            Step::Add => found.add_tags(tags, by, now),
            Step::Remove => found.remove_tags(&tags, by, now),
        }
        self.written(id)
    }

    /// Links belong to the contact, so that every opportunity of the person shows them.
    pub(super) fn links(&mut self, id: &str, step: Step) -> Result<Response, Refusal> {
        let Links { links, unknown } = self.call.json()?;
        self.call.note_unknown(&unknown);
        let contact = self.opportunity(id)?.contact.clone();
        let contact = self.account.contacts.get_mut(&contact).ok_or_else(Refusal::not_found)?;
        let change = match step {
            Step::Add => Change::LinksAdded(add_missing(&mut contact.links, links)),
            Step::Remove => Change::LinksRemoved(remove_present(&mut contact.links, &links)),
        };
        let (by, now) = (self.actor.clone(), self.call.now);
        if !matches!(&change, Change::LinksAdded(links) | Change::LinksRemoved(links) if links.is_empty()) {
            self.opportunity_mut(id)?.tell(now, by, change);
        }
        self.written(id)
    }

    /// Moves the candidate, of which Lever then tells every webhook.
    pub(super) fn put_stage(&mut self, id: &str) -> Result<Response, Refusal> {
        let ToStage { stage, unknown } = self.call.json()?;
        self.call.note_unknown(&unknown);
        self.check_moves(id, "moved");
        self.opportunity(id)?;
        if self.account.stage(&stage).is_none() {
            return Err(Refusal::bad_request("There is no such stage"));
        }
        let (by, now) = (self.actor.clone(), self.call.now);
        if let Some(from) = self.account.advance(id, &stage, by, now) {
            let options = EventOptions::default();
            let queued = self.account.stage_changed(id, &from, &options, now, self.dice);
            self.account.outbox.extend(queued);
        }
        self.written(id)
    }

    pub(super) fn put_archived(&mut self, id: &str) -> Result<Response, Refusal> {
        let ToArchive { reason, unknown } = self.call.json()?;
        self.call.note_unknown(&unknown);
        self.check_moves(id, "archived");
        let (by, now) = (self.actor.clone(), self.call.now);
        let found = self.opportunity_mut(id)?;
        let change = match &reason {
            Some(reason) => Change::Archived { reason: reason.clone() },
            None => Change::Unarchived,
        };
        found.archived = reason.map(|reason| Archived { reason, at: now });
        found.tell(now, by, change);
        self.written(id)
    }

    fn check_moves(&self, id: &str, what: &str) {
        if !self.account.options.allows_moves {
            self.call.violations.record(format!("the hub {what} the opportunity {id}, which is the recruiter's to do"));
        }
    }

    fn written(&self, id: &str) -> Result<Response, Refusal> {
        let shape = Shape::of_write(self.account);
        Ok(data(&objects::opportunity(self.account, self.opportunity(id)?, &shape)))
    }
}
