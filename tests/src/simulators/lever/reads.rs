//! What the hub may read: opportunities, postings, stages, tags, users.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::Response;
use serde_json::{Value, json};

use super::api::Visit;
use super::model::CONFIDENTIAL_SCOPE;
use super::objects::{self, Shape};
use super::query::{Query, data};
use super::refusal::Refusal;
use super::state::Opportunity;
use super::target::Access;

/// What a check needs to expand.
const NEEDED: [&str; 4] = ["applications", "stage", "owner", "contact"];

impl Visit<'_> {
    /// What a call expands, where its token may.
    fn shape(&self, query: &Query, scopes: &BTreeSet<String>) -> Result<Shape, Refusal> {
        for field in query.all("expand").filter(|field| !NEEDED.contains(field)) {
            self.call.violations.record(format!("Lever was asked to expand {field}, which no check needs"));
        }
        for (field, object) in [("applications", "applications"), ("contact", "contact")] {
            if query.all("expand").any(|name| name == field) && !Access::Read.is_granted(object, scopes) {
                return Err(Refusal::missing_scope(&Access::Read.scope(object)));
            }
        }
        Ok(Shape::asked(query))
    }

    pub(super) fn one_opportunity(
        &self,
        id: &str,
        query: &Query,
        scopes: &BTreeSet<String>,
    ) -> Result<Response, Refusal> {
        let shape = self.shape(query, scopes)?;
        Ok(data(&objects::opportunity(self.account, self.opportunity(id)?, &shape)))
    }

    pub(super) fn opportunities(&self, query: &Query, scopes: &BTreeSet<String>) -> Result<Response, Refusal> {
        let shape = self.shape(query, scopes)?;
        if query.first("stage_id").is_none() {
            self.call.violations.record("Lever was asked for the opportunities of every stage");
        }
        let asked = query.first("confidentiality").unwrap_or("non-confidential");
        if asked != "non-confidential" && !self.sees_confidential {
            return Err(Refusal::missing_scope(CONFIDENTIAL_SCOPE));
        }
        let mut rows = Vec::new();
        for found in self.account.opportunities.iter().rev() {
            let shown = asked == "all" || asked == objects::confidentiality(found.confidential);
            if shown && self.matches(found, query)? {
                rows.push((found.id.clone(), objects::opportunity(self.account, found, &shape)));
            }
        }
        query.page(rows, &self.account.options)
    }

    fn matches(&self, found: &Opportunity, query: &Query) -> Result<bool, Refusal> {
        let contact = self.account.contacts.get(&found.contact);
        let has_email = |email: &str| contact.is_some_and(|contact| contact.emails.iter().any(|known| known == email));
        Ok(query.fits("stage_id", |stage| found.stage == stage)
            && query.fits("tag", |tag| found.tags.iter().any(|known| known == tag))
            && query.fits("email", has_email)
            && query.fits("posting_id", |id| found.posting.as_deref() == Some(id))
            && query.fits("contact_id", |id| found.contact == id)
            && query.fits("archived", |archived| found.archived.is_some() == (archived == "true"))
            && query.spans("created_at", found.created_at.as_millisecond())?
            && query.spans("updated_at", found.updated_at.as_millisecond())?
            && query.spans("advanced_at", found.advanced_at.as_millisecond())?)
    }

    pub(super) fn posting(&self, id: &str) -> Result<Response, Refusal> {
        let found = self.account.postings.get(id).ok_or_else(Refusal::not_found)?;
        if found.confidential && !self.sees_confidential {
            return Err(Refusal::missing_scope(CONFIDENTIAL_SCOPE));
        }
        Ok(data(&objects::posting(found)))
    }

    pub(super) fn stages(&self, query: &Query) -> Result<Response, Refusal> {
        let rows = self.account.account.stages.iter().map(|stage| (stage.id.clone(), json!(stage)));
        query.page(rows.collect(), &self.account.options)
    }

    pub(super) fn one_stage(&self, id: &str) -> Result<Response, Refusal> {
        self.account.stage(id).map(|stage| data(&json!(stage))).ok_or_else(Refusal::not_found)
    }

    pub(super) fn all_tags(&self, query: &Query) -> Result<Response, Refusal> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for tag in self.account.opportunities.iter().flat_map(|found| &found.tags) {
            *counts.entry(tag).or_default() += 1;
        }
        let row = |(tag, count): (&str, usize)| (tag.to_owned(), json!({ "text": tag, "count": count }));
        query.page(counts.into_iter().map(row).collect(), &self.account.options)
    }

    pub(super) fn users(&self, query: &Query) -> Result<Response, Refusal> {
        let all = query.first("includeDeactivated") == Some("true");
        let users = self.account.account.users.iter().filter(|user| {
            (all || !user.deactivated)
                && query.fits("email", |email| user.email.eq_ignore_ascii_case(email))
                && query.fits("accessRole", |role| user.access_role == role)
        });
        let rows: Vec<(String, Value)> = users.map(|user| (user.id.clone(), objects::user(user))).collect();
        query.page(rows, &self.account.options)
    }

    pub(super) fn one_user(&self, id: &str) -> Result<Response, Refusal> {
        self.account.user(id).map(|user| data(&objects::user(user))).ok_or_else(Refusal::not_found)
    }

    pub(super) fn contact(&self, id: &str) -> Result<Response, Refusal> {
        let found = self.account.contacts.get(id).ok_or_else(Refusal::not_found)?;
        Ok(data(&objects::contact_object(found)))
    }
}
