//! What recruiters do in Lever, and what they see.

use serde_json::json;

use super::LeverSimulator;
use super::delivery::Delivery;
use super::events::EventOptions;
use super::model::{Applicant, RECRUITER};
use super::options::PostingTags;
use super::planted;
use super::seen::{Actor, Archived, Change, Entry, Note, NoteValue, StageChange};
use super::state::{AccountState, Opportunity, add_missing, remove_present};
use super::webhooks::{ARCHIVE_CHANGE, DELETED};

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn somebody() -> Actor {
    Actor::User(RECRUITER.to_owned())
}

impl LeverSimulator {
    /// Puts a person into the pipeline and gives the opportunity's id; the hub is not told.
    pub fn apply(&self, account: &str, applicant: Applicant) -> String {
        let now = self.harness.now();
        self.with_dice(account, |state, dice| state.apply(applicant, now, dice))
    }

    /// Moves a candidate as the recruiter does, and tells the webhooks; gives what became of that.
    pub async fn advance(&self, account: &str, opportunity: &str, stage: &str) -> Vec<Delivery> {
        self.advance_with(account, opportunity, stage, RECRUITER, EventOptions::default()).await
    }

    /// The same by this user, and with `options` for the event.
    pub async fn advance_with(
        &self,
        account: &str,
        opportunity: &str,
        stage: &str,
        user: &str,
        options: EventOptions,
    ) -> Vec<Delivery> {
        let now = self.harness.now();
        self.check_named(self.with_account(account, |state| state.stage(stage).is_some()), "stage", stage);
        self.check_named(self.with_account(account, |state| state.user(user).is_some()), "user", user);
        self.with_opportunity(account, opportunity, |_| ());
        let by = Actor::User(user.to_owned());
        let numbers = self.with_dice(account, |state, dice| {
            let from = state.advance(opportunity, stage, by, now);
            from.map(|from| state.stage_changed(opportunity, &from, &options, now, dice)).unwrap_or_default()
        });
        self.send(account, numbers).await
    }

    /// Archives a candidate and tells the webhooks that want to know; no reason takes it back.
    pub async fn archive(&self, account: &str, opportunity: &str, reason: Option<&str>) -> Vec<Delivery> {
        let now = self.harness.now();
        let told = |archived: &Option<Archived>| {
            archived.as_ref().map(|a| json!({ "reason": a.reason, "archivedAt": a.at.as_millisecond() }))
        };
        let data = self.with_opportunity(account, opportunity, |found| {
            let from = told(&found.archived);
            found.archived = reason.map(|reason| Archived { reason: reason.to_owned(), at: now });
            let change = match reason {
                Some(reason) => Change::Archived { reason: reason.to_owned() },
                None => Change::Unarchived,
            };
            found.tell(now, somebody(), change);
            json!({
                "opportunityId": found.id,
                "candidateId": found.id,
                "contactId": found.contact,
                "fromArchived": from,
                "toArchived": told(&found.archived),
            })
        });
        self.send_event(account, ARCHIVE_CHANGE, data, EventOptions::default()).await
    }

    /// Deletes an opportunity and tells the webhooks that want to know.
    pub async fn delete(&self, account: &str, opportunity: &str) -> Vec<Delivery> {
        let contact = self.with_opportunity(account, opportunity, |found| found.contact.clone());
        self.with_account(account, |state| state.opportunities.retain(|found| found.id != opportunity));
        let data = json!({ "opportunityId": opportunity, "contactId": contact, "deletedBy": RECRUITER });
        self.send_event(account, DELETED, data, EventOptions::default()).await
    }

    /// Takes a person's name and addresses away, on all of their opportunities.
    pub fn anonymize(&self, account: &str, opportunity: &str) {
        self.with_contact(account, opportunity, |state, contact| {
            let found = state.contacts.get_mut(contact)?;
            found.name = "Anonymized Candidate".to_owned();
            found.emails.clear();
            found.anonymized = true;
            Some(())
        });
    }

    /// Replaces a person's addresses, on all of their opportunities.
    pub fn set_emails(&self, account: &str, opportunity: &str, emails: &[&str]) {
        self.with_contact(account, opportunity, |state, contact| {
            state.contacts.get_mut(contact)?.emails = owned(emails);
            Some(())
        });
    }

    /// Shows or hides an opportunity from apps without the scope for confidential ones.
    pub fn set_confidential(&self, account: &str, opportunity: &str, confidential: bool) {
        self.with_opportunity(account, opportunity, |found| found.confidential = confidential);
    }

    pub fn add_tags(&self, account: &str, opportunity: &str, tags: &[&str]) {
        let now = self.harness.now();
        self.with_opportunity(account, opportunity, |found| found.add_tags(owned(tags), somebody(), now));
    }

    pub fn remove_tags(&self, account: &str, opportunity: &str, tags: &[&str]) {
        let now = self.harness.now();
        self.with_opportunity(account, opportunity, |found| found.remove_tags(&owned(tags), somebody(), now));
    }

    /// Adds a tag to a posting, which reaches its opportunities where the account's tags do so.
    pub fn tag_posting(&self, account: &str, posting: &str, tag: &str) {
        let now = self.harness.now();
        let known = self.with_account(account, |state| {
            add_missing(&mut state.postings.get_mut(posting)?.tags, owned(&[tag]));
            if state.options.posting_tags == PostingTags::Followed {
                for found in state.opportunities.iter_mut().filter(|found| found.posting.as_deref() == Some(posting)) {
                    found.add_tags(owned(&[tag]), somebody(), now);
                }
            }
            Some(())
        });
        self.check_named(known.is_some(), "posting", posting);
    }

    /// Takes a tag off a posting, though not off the opportunities that have it already.
    pub fn untag_posting(&self, account: &str, posting: &str, tag: &str) {
        let known = self.with_account(account, |state| {
            Some(remove_present(&mut state.postings.get_mut(posting)?.tags, &owned(&[tag])))
        });
        self.check_named(known.is_some(), "posting", posting);
    }

    /// Changes the title of a posting, and with it the tag that its opportunities have of it.
    pub fn rename_posting(&self, account: &str, posting: &str, text: &str) {
        let now = self.harness.now();
        let known = self.with_account(account, |state| {
            let old = std::mem::replace(&mut state.postings.get_mut(posting)?.text, text.to_owned());
            for found in state.opportunities.iter_mut().filter(|found| found.posting.as_deref() == Some(posting)) {
                found.remove_tags(std::slice::from_ref(&old), somebody(), now);
                found.add_tags(owned(&[text]), somebody(), now);
            }
            Some(())
        });
        self.check_named(known.is_some(), "posting", posting);
    }

    /// Writes a note by hand, which also says a planted value; gives its id.
    pub fn add_note(&self, account: &str, opportunity: &str, text: &str) -> String {
        let now = self.harness.now();
        let id = self.with_dice(account, |_, dice| dice.uuid());
        let text = format!("{text} {}", planted::RECRUITER_NOTE);
        self.with_opportunity(account, opportunity, |found| {
            found.notes.push(Note {
                id: id.clone(),
                values: vec![NoteValue { value: text.clone(), at: now }],
                secret: false,
                score: None,
                by: somebody(),
                notified_followers: false,
                created_at: now,
                completed_at: now,
            });
            found.tell(now, somebody(), Change::NoteAdded { note: id.clone(), text });
        });
        id
    }

    /// Deletes every note by hand.
    pub fn delete_notes(&self, account: &str, opportunity: &str) {
        let now = self.harness.now();
        self.with_opportunity(account, opportunity, |found| {
            for note in std::mem::take(&mut found.notes) {
                found.tell(now, somebody(), Change::NoteDeleted { note: note.id });
            }
        });
    }

    /// The stage that a candidate is in.
    #[must_use]
    pub fn stage(&self, account: &str, opportunity: &str) -> String {
        self.with_opportunity(account, opportunity, |found| found.stage.clone())
    }

    /// Every stage that a candidate was in, with who moved them there and when.
    #[must_use]
    pub fn stage_changes(&self, account: &str, opportunity: &str) -> Vec<StageChange> {
        self.with_opportunity(account, opportunity, |found| found.stage_changes.clone())
    }

    #[must_use]
    pub fn tags(&self, account: &str, opportunity: &str) -> Vec<String> {
        self.with_opportunity(account, opportunity, |found| found.tags.clone())
    }

    /// The notes of everybody, oldest first.
    #[must_use]
    pub fn notes(&self, account: &str, opportunity: &str) -> Vec<Note> {
        self.with_opportunity(account, opportunity, |found| found.notes.clone())
    }

    /// The links of the person, which each of their opportunities shows.
    #[must_use]
    pub fn links(&self, account: &str, opportunity: &str) -> Vec<String> {
        self.with_contact(account, opportunity, |state, contact| Some(state.contacts.get(contact)?.links.clone()))
    }

    /// Everything that happened to an opportunity, in order.
    #[must_use]
    pub fn history(&self, account: &str, opportunity: &str) -> Vec<Entry> {
        self.with_opportunity(account, opportunity, |found| found.history.clone())
    }

    fn with_opportunity<T: Default>(&self, account: &str, id: &str, work: impl FnOnce(&mut Opportunity) -> T) -> T {
        let done = self.with_account(account, |state| state.opportunity_mut(id).map(work));
        self.check_named(done.is_some(), "opportunity", id);
        done.unwrap_or_default()
    }

    fn with_contact<T: Default>(
        &self,
        account: &str,
        opportunity: &str,
        work: impl FnOnce(&mut AccountState, &str) -> Option<T>,
    ) -> T {
        let contact = self.with_opportunity(account, opportunity, |found| found.contact.clone());
        self.with_account(account, |state| work(state, &contact)).unwrap_or_default()
    }
}
