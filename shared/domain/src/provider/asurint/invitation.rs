//! What Asurint is told of a person. There is no room for more: the candidate types the rest into Candidate Hub.

use super::settings::{Codec, Settings};
use crate::provider::NewOrder;
use crate::reason::{Reason, Refusal};
use crate::secret::Secret;
use crate::trouble::Trouble;

/// A candidate's name and address, and the address of who asks. Its `Debug` shows nothing of them.
#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) given_name: Secret,
    pub(super) family_name: Secret,
    pub(super) email: Secret,
    pub(super) requester: Option<Secret>,
}

/// The value without white space at its ends; nothing where nothing is left.
fn trimmed(value: Option<&Secret>) -> Option<Secret> {
    value.map(|value| value.expose().trim()).filter(|value| !value.is_empty()).map(Secret::from)
}

impl Invitation {
    /// # Errors
    /// What keeps the order from being sent: no name, no address, or nobody who asks where the codec needs somebody.
    pub(super) fn of(order: &NewOrder, settings: &Settings) -> Result<Self, Trouble> {
        let lacks = |reason, what: &str| Trouble::because(Refusal::new(reason), format!("asurint: without {what}"));
        let candidate = &order.candidate;
        let email = trimmed(candidate.email.as_ref()).ok_or_else(|| lacks(Reason::NoEmail, "an e-mail address"))?;
        let given_name = trimmed(candidate.given_name.as_ref());
        // Asurint refuses a family name with a period.
        let family_name = candidate.family_name.as_ref().map(|name| Secret::new(name.expose().replace('.', "")));
        let (Some(given_name), Some(family_name)) = (given_name, trimmed(family_name.as_ref())) else {
            return Err(lacks(Reason::MissingCandidateData, "a given and a family name"));
        };
        let requester = requester(order.requester_email.as_ref(), settings);
        if settings.codec == Codec::Oml && requester.is_none() {
            return Err(lacks(Reason::RequesterMissing, "a requester"));
        }
        Ok(Self { given_name, family_name, email, requester })
    }
}

/// In whose name is ordered: who the ATS said, else who the settings name.
pub(super) fn requester(said: Option<&Secret>, settings: &Settings) -> Option<Secret> {
    trimmed(said).or_else(|| trimmed(settings.fallback_requester_email.as_ref()))
}
