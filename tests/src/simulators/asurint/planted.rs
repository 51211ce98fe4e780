//! Invented values hidden in everything that Asurint answers and the hub must drop.

use serde_json::{Value, json};

pub(super) const ECHOED_EMAIL: &str = "echoed.by.asurint@leak-marker.example";
pub(super) const IDENTITY_NUMBER: &str = "leak-marker-identity-number-7d02";
pub(super) const BIRTH_DATE: &str = "leak-marker-birth-date-c61e";
pub(super) const ADDRESS: &str = "leak-marker-address-30fa";
pub(super) const PHONE: &str = "leak-marker-candidate-phone-b8e4";
pub(super) const LICENCE: &str = "leak-marker-licence-5a97";
pub(super) const FINDING: &str = "leak-marker-finding-of-a-search-e1c3";
pub(super) const HUB_LINK: &str = "leak-marker-candidate-hub-link-42bd";
pub(super) const PACKAGE_NOTE: &str = "leak-marker-package-note-9f60";
pub(super) const REPORT_PAGE: &str = "leak-marker-report-page-d75c";

/// Every planted value: none may turn up in a log, a stored item, a call to Asurint or a write to an ATS.
pub const MARKERS: &[&str] =
    &[ECHOED_EMAIL, IDENTITY_NUMBER, BIRTH_DATE, ADDRESS, PHONE, LICENCE, FINDING, HUB_LINK, PACKAGE_NOTE, REPORT_PAGE];

/// What the candidate typed into Candidate Hub, as an answer or a postback in JSON shows it.
pub(super) fn candidate() -> Value {
    json!({
        "ssn": IDENTITY_NUMBER,
        "dateOfBirth": BIRTH_DATE,
        "address": { "streetLine1": ADDRESS },
        "phone": PHONE,
        "email": ECHOED_EMAIL,
        "driverLicense": LICENCE,
        "candidateHubUrl": format!("https://candidate.asurint.example/{HUB_LINK}"),
    })
}

/// What the searches found, as an answer or a postback in JSON shows it.
pub(super) fn findings() -> Value {
    json!([{ "search": "County Criminal", "description": FINDING }])
}

/// The same in the vocabulary of the XML gateway.
pub(super) fn subject() -> String {
    format!(
        "<Subjects><Subject role=\"Primary\"><SSN>{IDENTITY_NUMBER}</SSN><DOB>{BIRTH_DATE}</DOB>\
         <DLNumber>{LICENCE}</DLNumber><Addresses><Address role=\"Primary\"><StreetLine1>{ADDRESS}</StreetLine1>\
         </Address></Addresses><Contact><Phone>{PHONE}</Phone><Email>{ECHOED_EMAIL}</Email></Contact></Subject>\
         </Subjects><Finding>{FINDING}</Finding>"
    )
}

/// Whether a text holds anything planted, which no caller can know but from an earlier answer.
pub(super) fn found_in(text: &str) -> impl Iterator<Item = &'static str> {
    MARKERS.iter().copied().filter(move |marker| text.contains(*marker))
}
