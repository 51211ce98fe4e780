//! Why an order waits, is refused, or a write cannot be made: the catalogue, as data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::quoted;

/// What a reason does to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The order is refused.
    Reject,
    /// The order waits.
    Hold,
    /// A write to the ATS waits.
    Block,
    /// A write to the ATS is given up.
    Dead,
    /// Only the report is missing; the result stands.
    ReportOnly,
}

/// Who can cure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Recruiter,
    AtsAdmin,
    ProviderAdmin,
    HubOperator,
    Nobody,
}

impl Owner {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recruiter => "recruiter",
            Self::AtsAdmin => "ATS administrator",
            Self::ProviderAdmin => "provider administrator",
            Self::HubOperator => "hub operator",
            Self::Nobody => "nobody",
        }
    }
}

macro_rules! reasons {
    ($($reason:ident $code:literal $kind:ident $owner:ident $label:literal $sentence:literal $cure:literal;)+) => {
        /// A stable reason code with everything that people are told about it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Reason {
            $(#[doc = $sentence] #[serde(rename = $code)] $reason,)+
        }

        impl Reason {
            pub const ALL: &[Self] = &[$(Self::$reason),+];

            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$reason => $code,)+ }
            }

            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$reason => Kind::$kind,)+ }
            }

            #[must_use]
            pub const fn owner(self) -> Owner {
                match self { $(Self::$reason => Owner::$owner,)+ }
            }

            /// One to three words for a tag or a result field.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$reason => $label,)+ }
            }

            /// What the owner does about it.
            #[must_use]
            pub const fn cure(self) -> &'static str {
                match self { $(Self::$reason => $cure,)+ }
            }

            const fn template(self) -> &'static str {
                match self { $(Self::$reason => $sentence,)+ }
            }
        }
    };
}

reasons! {
    NoPackage "no_package" Reject Recruiter "No Package"
        "No background check package is set. Choose one, then send again."
        "Pick a package on the job, or have the operator set a default package.";
    UnknownPackage "unknown_package" Reject AtsAdmin "Unknown Package"
        "The package \"{}\" is not known to {provider}. Ask your ATS administrator to correct it."
        "Correct the name, code or tag to the provider's package, or map it.";
    PackageNotEnabled "package_not_enabled" Reject ProviderAdmin "Package Off"
        "The package \"{}\" is not enabled for ordering from this system."
        "Mark the package for ATS use and activate it at the provider.";
    MultiplePackages "multiple_packages" Reject Recruiter "Multiple Packages"
        "More than one package is set: {}. Keep one, then send again."
        "Remove the extra values.";
    NoEmail "no_email" Reject Recruiter "No Email"
        "The candidate has no e-mail address. Add one, then send again."
        "Add the candidate's e-mail address.";
    InvalidEmail "invalid_email" Reject Recruiter "Invalid Email"
        "{provider} did not accept the candidate's e-mail address. Correct it, then send again."
        "Correct the candidate's e-mail address.";
    MissingCandidateData "missing_candidate_data" Reject Recruiter "Missing Data"
        "{provider} needs the candidate's first and last name. Correct them, then send again."
        "Complete the candidate's name.";
    CandidateAnonymized "candidate_anonymized" Reject Recruiter "Anonymized"
        "This candidate's data has been removed, so no check can be ordered."
        "Nothing; add the candidate anew if a check is needed.";
    CandidateArchived "candidate_archived" Reject Recruiter "Archived"
        "This candidate is archived. Restore the candidate, then send again."
        "Restore the candidate.";
    CandidateConfidential "candidate_confidential" Reject AtsAdmin "Confidential"
        "This candidate is confidential and the integration may not read it."
        "Grant the integration access to confidential candidates, or order at the provider.";
    RequesterMissing "requester_missing" Reject HubOperator "No Requester"
        "The system did not say who ordered the check, and no fallback user is set."
        "Set a fallback user on the connection, or have the ATS send the user.";
    RequesterUnknown "requester_unknown" Reject ProviderAdmin "Unknown User"
        "You are not a user at {provider} with this e-mail address. Ask its administrator to add you."
        "Add a user with the same e-mail address at the provider.";
    RequesterNotInGroup "requester_not_in_group" Reject ProviderAdmin "Not In Group"
        "You are not a member of the {provider} group used for this job. Ask its administrator."
        "Add the user to the group at the provider.";
    UnknownGroup "unknown_group" Reject AtsAdmin "Unknown Group"
        "The department code \"{}\" is not a {provider} group. Ask your ATS administrator."
        "Put the right group id on the department, or map the department.";
    GroupInactive "group_inactive" Reject ProviderAdmin "Inactive Group"
        "The {provider} group used for this job is inactive."
        "Reactivate the group, or use another one.";
    NoGroup "no_group" Reject HubOperator "No Group"
        "The job has no department and no default group is set."
        "Set a default group on the connection.";
    SetupIncomplete "setup_incomplete" Reject HubOperator "Setup"
        "Ordering from this system is not set up yet. Missing: {}. Ask your administrator, then send again."
        "Set what is named, at the provider or on the connection.";
    ReorderNotAllowed "reorder_not_allowed" Reject HubOperator "Already Ordered"
        "This check was already ordered ({}). Ask your administrator to allow a new order."
        "Allow re-ordering on the connection, then send again.";
    PossibleDuplicate "possible_duplicate" Hold HubOperator "Duplicate?"
        "This looks like a repeat of an earlier order. Nothing was ordered; confirm to order again."
        "Confirm or dismiss; or move the candidate out of the trigger status and back.";
    ProviderRefused "provider_refused" Reject ProviderAdmin "Provider"
        "{provider} did not accept this order. Your administrator can see the reason."
        "See the logged code and attribute.";
    ProviderCredentials "provider_credentials" Hold ProviderAdmin "Setup"
        "The connection to {provider} needs attention. The order is kept and will be sent."
        "Make a new key at the provider and enter it; check that its region is this one.";
    ProviderPermission "provider_permission" Hold ProviderAdmin "Setup"
        "{provider} does not allow this order from the integration. The order is kept."
        "Grant the right to the integration's key at the provider.";
    ProviderUnavailable "provider_unavailable" Hold Nobody "Delayed"
        "{provider} cannot be reached. The order is kept and will be sent; nothing to do."
        "Nothing; it is tried again until it works.";
    OrderOutcomeUnknown "order_outcome_unknown" Hold HubOperator "Being Confirmed"
        "We are confirming this order with {provider}. Please do not send it again."
        "Look at the provider, then adopt its order or replay.";
    HeldExpired "held_expired" Reject Recruiter "Not Sent"
        "The order could not be sent in time and its data was removed. Please send it again."
        "Send it again; the recorded cause says why it waited.";
    ConnectionPaused "connection_paused" Hold HubOperator "Paused"
        "Ordering is paused by your administrator. The order is kept."
        "Resume the connection.";
    RegionMismatch "region_mismatch" Reject HubOperator "Setup"
        "This job's connection belongs to another region. Nothing was ordered."
        "Use the endpoint of the connection's own region.";
    AtsCredentials "ats_credentials" Block AtsAdmin "ATS Credentials"
        "The ATS does not accept the integration's credentials."
        "Give new credentials to the operator, who enters them; where an access was granted, authorize again.";
    AtsPermission "ats_permission" Block AtsAdmin "ATS Permission"
        "The ATS does not give the integration what it needs: {}."
        "Grant the right or the scope, or show the field, to the integration user.";
    AtsRequiredField "ats_required_field" Block AtsAdmin "ATS Required Field"
        "The ATS requires the field \"{}\" on this profile."
        "Un-require the field for the integration user's login group.";
    AtsOptionMissing "ats_option_missing" Block AtsAdmin "ATS Option"
        "The ATS list lacks the value \"{}\"."
        "Add the value to the list.";
    AtsUnavailable "ats_unavailable" Block Nobody "ATS Unavailable"
        "The ATS cannot be reached."
        "Nothing; it is tried again until it works.";
    AtsRecordGone "ats_record_gone" Dead Nobody "ATS Record Gone"
        "The record is gone from the ATS: there is nothing to write to."
        "Nothing.";
    ReportFailed "report_failed" ReportOnly ProviderAdmin "No Report File"
        "The result is final but the report file is not available. Open it at {provider}."
        "Open the report at the provider.";
}

impl Reason {
    /// Whether the recruiter can cure it, so that it is shown at once instead of after a quarter of an hour.
    #[must_use]
    pub const fn is_recruiters(self) -> bool {
        matches!(self.owner(), Owner::Recruiter) || matches!(self, Self::PossibleDuplicate)
    }
}

/// A reason together with what it is about: what the recruiter typed or a vendor's field, never a person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
}

impl Refusal {
    #[must_use]
    pub const fn new(reason: Reason) -> Self {
        Self { reason, about: String::new() }
    }

    /// `about` is clipped to 40 characters.
    #[must_use]
    pub fn about(reason: Reason, about: &str) -> Self {
        Self { reason, about: quoted(about) }
    }

    /// Names what an answer of the provider left unnamed: the package or the group that it was asked about.
    #[must_use]
    pub fn naming(mut self, package: Option<&str>, group: Option<&str>) -> Self {
        let name = match self.reason {
            Reason::UnknownPackage | Reason::PackageNotEnabled | Reason::MultiplePackages => package,
            Reason::UnknownGroup => group,
            _ => None,
        };
        if let (true, Some(name)) = (self.about.is_empty(), name) {
            self.about = quoted(name);
        }
        self
    }

    /// The sentence for the person who reads the ATS; `provider` is the provider's name as people know it. Where it is
    /// not known what the refusal is about, the sentence goes without the place for it.
    #[must_use]
    pub fn sentence(&self, provider: &str) -> String {
        let template = self.reason.template();
        let template = if self.about.is_empty() {
            template.replace(" \"{}\"", "").replace(" Missing: {}.", "").replace(": {}", "").replace(" ({})", "")
        } else {
            template.to_owned()
        };
        template.replace("{provider}", provider).replace("{}", &self.about)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.code())
    }
}

/// What arrived and became neither an order nor a visible refusal, and why that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotForUs {
    /// The very request was answered before.
    DuplicateDelivery,
    DuplicateOpenOrder,
    NotTriggerStatus,
    StaleTrigger,
    UnknownEventType,
    /// The ATS's admin only tried whether the webhook arrives.
    TestPing,
    UnknownOrder,
    Disconnected,
    /// The ATS could not be read for so long that the request was given up; the operator is told.
    Unreadable,
    /// The application was erased: nothing is ordered for it any more, and nothing is kept of the request.
    Erased,
}

impl NotForUs {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::DuplicateDelivery => "duplicate_delivery",
            Self::DuplicateOpenOrder => "duplicate_open_order",
            Self::NotTriggerStatus => "not_trigger_status",
            Self::StaleTrigger => "stale_trigger",
            Self::UnknownEventType => "unknown_event_type",
            Self::TestPing => "test_ping",
            Self::UnknownOrder => "unknown_order",
            Self::Disconnected => "disconnected",
            Self::Unreadable => "unreadable",
            Self::Erased => "erased",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_fits_an_icims_note_with_its_code() {
        for reason in Reason::ALL {
            let refusal = Refusal::about(*reason, &"x".repeat(80));
            let note = format!("{} ({})", refusal.sentence("CertnCentric"), reason.code());
            assert!(note.chars().count() <= 192, "{} has {} characters", reason.code(), note.chars().count());
        }
    }

    #[test]
    fn codes_are_unique_and_serialize_as_themselves() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }

    #[test]
    fn a_sentence_about_nothing_goes_without_the_place_for_it() {
        for reason in Reason::ALL {
            let sentence = Refusal::new(*reason).sentence("Certn");
            assert!(!sentence.contains("\"\"") && !sentence.contains("{}") && !sentence.contains(": ."), "{sentence}");
            assert!(!sentence.contains("  ") && !sentence.contains(" ."), "{sentence}");
        }
    }

    #[test]
    fn a_sentence_names_the_provider_and_what_was_typed() {
        let refusal = Refusal::about(Reason::UnknownPackage, "Standart");
        assert_eq!(
            refusal.sentence("Certn"),
            "The package \"Standart\" is not known to Certn. Ask your ATS administrator to correct it."
        );
    }
}
