//! What Lever keeps: the apps and customers, and what one customer has.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::delivery::Sent;
use super::dice::Dice;
use super::grants::Grants;
use super::model::{Account, App, Applicant, Posting, Stage, User};
use super::options::{Options, PostingTags};
use super::rate::Bucket;
use super::seen::{Actor, Archived, Change, Entry, Note, StageChange};
use super::webhooks::Webhook;

#[derive(Default)]
pub(super) struct Simulated {
    pub(super) apps: BTreeMap<String, App>,
    pub(super) accounts: BTreeMap<String, AccountState>,
    pub(super) grants: Grants,
    pub(super) dice: Dice,
}

/// A person, with what all of their opportunities share.
pub(super) struct Contact {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) emails: Vec<String>,
    pub(super) links: Vec<String>,
    pub(super) anonymized: bool,
}

pub(super) struct Opportunity {
    pub(super) id: String,
    pub(super) contact: String,
    pub(super) stage: String,
    pub(super) stage_changes: Vec<StageChange>,
    pub(super) tags: Vec<String>,
    pub(super) posting: Option<String>,
    pub(super) application: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) origin: String,
    pub(super) confidential: bool,
    pub(super) archived: Option<Archived>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) advanced_at: Timestamp,
    pub(super) notes: Vec<Note>,
    pub(super) history: Vec<Entry>,
}

impl Opportunity {
    pub(super) fn tell(&mut self, at: Timestamp, by: Actor, change: Change) {
        self.updated_at = at;
        self.history.push(Entry { at, by, change });
    }

    /// Adds what is not yet there; tags that differ in case are different ones.
    pub(super) fn add_tags(&mut self, tags: Vec<String>, by: Actor, at: Timestamp) {
        let added = add_missing(&mut self.tags, tags);
        if !added.is_empty() {
            self.tell(at, by, Change::TagsAdded(added));
        }
    }

    /// Whether it was an app that added a tag last.
    pub(super) fn has_of_app(&self, tag: &String) -> bool {
        let adds = |entry: &&Entry| matches!(&entry.change, Change::TagsAdded(tags) if tags.contains(tag));
        self.history.iter().rev().find(adds).is_some_and(|entry| entry.by.is_app())
    }

    pub(super) fn remove_tags(&mut self, tags: &[String], by: Actor, at: Timestamp) {
        let removed = remove_present(&mut self.tags, tags);
        if !removed.is_empty() {
            self.tell(at, by, Change::TagsRemoved(removed));
        }
    }
}

/// Adds the new ones to a list, and gives them.
pub(super) fn add_missing(list: &mut Vec<String>, new: Vec<String>) -> Vec<String> {
    let mut added = Vec::new();
    for text in new {
        if !list.contains(&text) {
            list.push(text.clone());
            added.push(text);
        }
    }
    added
}

/// Takes the named ones out of a list, and gives them.
pub(super) fn remove_present(list: &mut Vec<String>, named: &[String]) -> Vec<String> {
    list.extract_if(.., |text| named.contains(text)).collect()
}

pub(super) struct AccountState {
    pub(super) account: Account,
    pub(super) options: Options,
    pub(super) postings: BTreeMap<String, Posting>,
    pub(super) contacts: BTreeMap<String, Contact>,
    /// Oldest first.
    pub(super) opportunities: Vec<Opportunity>,
    pub(super) webhooks: Vec<Webhook>,
    /// The groups of webhooks that a Super Admin switched on, by their event.
    pub(super) toggled: BTreeSet<String>,
    pub(super) deliveries: Vec<Sent>,
    /// Deliveries caused by a call, which are sent before it is answered.
    pub(super) outbox: Vec<usize>,
    pub(super) bucket: Bucket,
}

impl AccountState {
    pub(super) fn new(account: Account) -> Self {
        Self {
            account,
            options: Options::default(),
            postings: BTreeMap::new(),
            contacts: BTreeMap::new(),
            opportunities: Vec::new(),
            webhooks: Vec::new(),
            toggled: BTreeSet::new(),
            deliveries: Vec::new(),
            outbox: Vec::new(),
            bucket: Bucket::default(),
        }
    }

    pub(super) fn opportunity(&self, id: &str) -> Option<&Opportunity> {
        self.opportunities.iter().find(|found| found.id == id)
    }

    pub(super) fn opportunity_mut(&mut self, id: &str) -> Option<&mut Opportunity> {
        self.opportunities.iter_mut().find(|found| found.id == id)
    }

    pub(super) fn stage(&self, id: &str) -> Option<&Stage> {
        self.account.stages.iter().find(|stage| stage.id == id)
    }

    pub(super) fn user(&self, id: &str) -> Option<&User> {
        self.account.users.iter().find(|user| user.id == id)
    }

    /// Puts a person into the pipeline and gives the opportunity's id.
    pub(super) fn apply(&mut self, applicant: Applicant, now: Timestamp, dice: &mut Dice) -> String {
        let Applicant { name, emails, contact, posting, stage, tags, owner, origin, confidential } = applicant;
        let contact = contact.unwrap_or_else(|| dice.uuid());
        let new = || Contact { id: contact.clone(), name, emails, links: Vec::new(), anonymized: false };
        self.contacts.entry(contact.clone()).or_insert_with(new);
        let linked = posting.as_ref().and_then(|id| self.postings.get(id));
        let mut all_tags = linked.map(|posting| self.handed_on(posting)).unwrap_or_default();
        add_missing(&mut all_tags, tags);
        let id = dice.uuid();
        self.opportunities.push(Opportunity {
            id: id.clone(),
            contact,
            stage_changes: vec![StageChange { stage: stage.clone(), user: None, at: now }],
            stage,
            tags: all_tags,
            application: posting.as_ref().map(|_| dice.uuid()),
            posting,
            owner,
            origin,
            confidential,
            archived: None,
            created_at: now,
            updated_at: now,
            advanced_at: now,
            notes: Vec::new(),
            history: Vec::new(),
        });
        id
    }

    /// The tags that an opportunity gets of its posting: its own, and those derived of its fields.
    fn handed_on(&self, posting: &Posting) -> Vec<String> {
        let mut tags = vec![posting.text.clone(), posting.location.clone(), posting.department.clone()];
        if self.options.posting_tags != PostingTags::NotInherited {
            add_missing(&mut tags, posting.tags.clone());
        }
        tags
    }

    /// Moves an opportunity, unless it is in that stage already; gives the stage that it left.
    pub(super) fn advance(&mut self, id: &str, stage: &str, by: Actor, now: Timestamp) -> Option<String> {
        let found = self.opportunity_mut(id).filter(|found| found.stage != stage)?;
        let from = std::mem::replace(&mut found.stage, stage.to_owned());
        let user = by.user().map(str::to_owned);
        found.stage_changes.push(StageChange { stage: stage.to_owned(), user, at: now });
        found.advanced_at = now;
        found.tell(now, by, Change::Stage { from: from.clone(), to: stage.to_owned() });
        Some(from)
    }
}
