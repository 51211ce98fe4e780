//! What recruiters do in PageUp, and what they see.

use super::PageUpSimulator;
use super::model::{Invite, Screen};
use super::state::Invitation;

impl PageUpSimulator {
    /// Sends an invitation and gives its id; two tenants have the same ids.
    pub fn invite(&self, tenant: &str, invite: Invite) -> String {
        let now = self.harness.now();
        self.with_tenant(tenant, |state| state.invite(invite, now))
    }

    /// Sends many invitations, in this order.
    pub fn invite_many(&self, tenant: &str, invites: impl IntoIterator<Item = Invite>) -> Vec<String> {
        invites.into_iter().map(|invite| self.invite(tenant, invite)).collect()
    }

    /// Sends the content of an invitation again, under a new id.
    pub fn resend(&self, tenant: &str, id: &str) -> String {
        let invite = self.with_invitation(tenant, id, |found| Some(found.invite.clone()));
        invite.map(|invite| self.invite(tenant, invite)).unwrap_or_default()
    }

    /// Makes an invitation wait again under its id, even a cancelled one.
    pub fn resend_same_id(&self, tenant: &str, id: &str) {
        let known = self.with_invitation(tenant, id, |found| {
            found.cancelled = false;
            true
        });
        self.with_tenant(tenant, |state| {
            if known && !state.waiting.iter().any(|waiting| waiting == id) {
                state.waiting.push(id.to_owned());
            }
        });
    }

    /// Changes the content of an invitation, which the next GET then shows where it still waits.
    pub fn correct(&self, tenant: &str, id: &str, change: impl FnOnce(&mut Invite)) {
        self.with_invitation(tenant, id, |found| change(&mut found.invite));
    }

    /// Cancels an invitation: nobody is told, and it exists no more for the hub.
    pub fn cancel(&self, tenant: &str, id: &str) {
        self.with_invitation(tenant, id, |found| found.cancelled = true);
        self.with_tenant(tenant, |state| state.waiting.retain(|waiting| waiting != id));
    }

    /// What the recruiter sees of an invitation, if there is one.
    #[must_use]
    pub fn screen(&self, tenant: &str, id: &str) -> Option<Screen> {
        self.with_tenant(tenant, |state| state.invitation(id).map(|found| found.screen.clone()))
    }

    /// Every version of the screen that a PUT made, in order; one that changed nothing adds none.
    #[must_use]
    pub fn history(&self, tenant: &str, id: &str) -> Vec<Screen> {
        self.with_invitation(tenant, id, |found| found.history.clone())
    }

    /// How many PUTs were accepted, with those that changed nothing.
    #[must_use]
    pub fn put_count(&self, tenant: &str, id: &str) -> usize {
        self.with_invitation(tenant, id, |found| found.puts)
    }

    /// The ids that the next GETs answer, in order.
    #[must_use]
    pub fn waiting(&self, tenant: &str) -> Vec<String> {
        self.with_tenant(tenant, |state| state.waiting.clone())
    }

    /// The ids of every page that was answered, in order; the page is empty where nothing waited.
    #[must_use]
    pub fn served(&self, tenant: &str) -> Vec<Vec<String>> {
        self.with_tenant(tenant, |state| state.served.clone())
    }

    fn with_invitation<T: Default>(&self, tenant: &str, id: &str, work: impl FnOnce(&mut Invitation) -> T) -> T {
        let done = self.with_tenant(tenant, |state| state.invitation_mut(id).map(work));
        self.check_named(done.is_some(), "invitation", id);
        done.unwrap_or_default()
    }
}
