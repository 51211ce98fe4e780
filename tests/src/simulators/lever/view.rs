//! What a person with curl sees of an account.

use serde::Serialize;

use super::model::{Environment, Posting, Stage};
use super::options::Options;
use super::seen::{Entry, Note};
use super::state::{AccountState, Opportunity};

/// One customer, with what its recruiters and admins see.
#[derive(Serialize)]
pub(super) struct View {
    account: String,
    environment: Environment,
    options: Options,
    stages: Vec<Stage>,
    postings: Vec<Posting>,
    webhooks: Vec<String>,
    toggled: Vec<String>,
    opportunities: Vec<OpportunityView>,
}

#[derive(Serialize)]
struct OpportunityView {
    id: String,
    name: String,
    posting: Option<String>,
    stage: String,
    archived: bool,
    tags: Vec<String>,
    notes: Vec<Note>,
    history: Vec<Entry>,
}

pub(super) fn view(state: &AccountState) -> View {
    let contact = |found: &Opportunity| state.contacts.get(&found.contact).map(|contact| contact.name.clone());
    let opportunities = state.opportunities.iter().map(|found| OpportunityView {
        id: found.id.clone(),
        name: contact(found).unwrap_or_default(),
        posting: found.posting.clone(),
        stage: found.stage.clone(),
        archived: found.archived.is_some(),
        tags: found.tags.clone(),
        notes: found.notes.clone(),
        history: found.history.clone(),
    });
    View {
        account: state.account.id.clone(),
        environment: state.account.environment,
        options: state.options.clone(),
        stages: state.account.stages.clone(),
        postings: state.postings.values().cloned().collect(),
        webhooks: state.webhooks.iter().map(|webhook| webhook.url.clone()).collect(),
        toggled: state.toggled.iter().cloned().collect(),
        opportunities: opportunities.collect(),
    }
}
