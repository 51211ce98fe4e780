//! What recruiters do with candidates in Lever, and what they see of the checks.

use jiff::SignedDuration;

use super::Error;
use super::lever_customer::LeverCustomer;
use crate::simulators::asurint::Order;
use crate::simulators::lever::{Applicant, BACKGROUND_CHECK_STAGE, Delivery, Posting};

const ELSEWHERE: &str = "applicant-new";

/// A candidate on a posting.
pub struct LeverCandidate {
    pub opportunity: String,
    pub email: String,
}

impl LeverCustomer<'_> {
    /// A posting with these tags; gives its id.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn posting(&self, tags: &[&str]) -> Result<String, Error> {
        let id = format!("posting-{}", self.stack.next_customer());
        self.lever()?.add_posting(&self.account, Posting::new(&id, "Nurse", tags));
        Ok(id)
    }

    /// A candidate applies to the posting, with an e-mail address of their own.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn candidate(&self, posting: &str, first: &str) -> Result<LeverCandidate, Error> {
        let email = format!("{}.{}@example.com", first.to_lowercase(), self.stack.next_customer());
        let applicant = Applicant::new(&format!("{first} Moss"), &email, posting);
        let opportunity = self.lever()?.apply(&self.account, applicant);
        Ok(LeverCandidate { opportunity, email })
    }

    /// The recruiter moves the candidate into the stage that starts a check; then everything comes to rest.
    ///
    /// # Errors
    /// The queues do not come to rest.
    pub async fn advance(&self, candidate: &LeverCandidate) -> Result<Vec<Delivery>, Error> {
        self.move_to(candidate, BACKGROUND_CHECK_STAGE).await
    }

    /// The recruiter moves the candidate out of that stage and, a minute later, into it again.
    ///
    /// # Errors
    /// The queues do not come to rest.
    pub async fn advance_again(&self, candidate: &LeverCandidate) -> Result<Vec<Delivery>, Error> {
        self.move_to(candidate, ELSEWHERE).await?;
        self.stack.clock.advance(SignedDuration::from_mins(1));
        self.advance(candidate).await
    }

    async fn move_to(&self, candidate: &LeverCandidate, stage: &str) -> Result<Vec<Delivery>, Error> {
        let told = self.lever()?.advance(&self.account, &candidate.opportunity, stage).await;
        self.stack.settle().await?;
        Ok(told)
    }

    /// # Errors
    /// The stack has no simulators.
    pub fn set_emails(&self, candidate: &LeverCandidate, emails: &[&str]) -> Result<(), Error> {
        self.lever()?.set_emails(&self.account, &candidate.opportunity, emails);
        Ok(())
    }

    /// The recruiter takes tags off the candidate and puts others on.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn change_tags(&self, candidate: &LeverCandidate, off: &[&str], on: &[&str]) -> Result<(), Error> {
        self.lever()?.remove_tags(&self.account, &candidate.opportunity, off);
        self.lever()?.add_tags(&self.account, &candidate.opportunity, on);
        Ok(())
    }

    /// Archives the candidate; then everything comes to rest.
    ///
    /// # Errors
    /// The queues do not come to rest.
    pub async fn archive(&self, candidate: &LeverCandidate, reason: &str) -> Result<(), Error> {
        self.lever()?.archive(&self.account, &candidate.opportunity, Some(reason)).await;
        self.stack.settle().await
    }

    /// The tags that say how the check stands: those of Asurint but for the choice of a package.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn status_tags(&self, candidate: &LeverCandidate) -> Result<Vec<String>, Error> {
        let mut tags = self.lever()?.tags(&self.account, &candidate.opportunity);
        tags.retain(|tag| tag.starts_with("Asurint: "));
        Ok(tags)
    }

    /// The texts of the notes that the hub wrote, oldest first.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn notes(&self, candidate: &LeverCandidate) -> Result<Vec<String>, Error> {
        let notes = self.lever()?.notes(&self.account, &candidate.opportunity);
        Ok(notes.iter().filter(|note| note.by.is_app()).map(|note| note.text()).collect())
    }

    /// The orders of the candidate at Asurint, oldest first.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn orders(&self, candidate: &LeverCandidate) -> Result<Vec<Order>, Error> {
        let mut orders = self.stack.simulators()?.asurint.orders();
        orders.retain(|order| order.client == self.client && order.email == candidate.email);
        Ok(orders)
    }

    /// The candidate's only order at Asurint.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn order(&self, candidate: &LeverCandidate) -> Result<Order, Error> {
        let mut orders = self.orders(candidate)?;
        let count = orders.len();
        let only = orders.pop().filter(|_| count == 1);
        only.ok_or_else(|| format!("Asurint has {count} orders for the candidate, not one").into())
    }
}
