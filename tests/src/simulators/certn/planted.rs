//! Invented values hidden in everything that Certn answers and the hub must drop.

pub(super) const ECHOED_EMAIL: &str = "echoed.by.certn@leak-marker.example";
pub(super) const OUTPUT_CLAIM: &str = "leak-marker-output-claim-51d0";
pub(super) const INPUT_CLAIM: &str = "leak-marker-input-claim-8a72";
pub(super) const SUB_SCORE: &str = "LEAK_MARKER_SUB_SCORE_2C9E";
pub(super) const ADJUDICATION: &str = "LEAK_MARKER_ADJUDICATION_D417";
pub(super) const FINDING: &str = "leak-marker-finding-of-a-check-6f1b";
pub(super) const INVITE_LINK: &str = "leak-marker-invite-link-93ae";
pub(super) const CLIENT_FIELD: &str = "leak-marker-client-field-b058";
pub(super) const USER_NAME: &str = "leak-marker-user-name-e7c4";
pub(super) const REPORT_URL: &str = "leak-marker-report-url-04fd";

/// Every planted value: none may turn up in a log, a stored item or a write to an ATS.
pub const MARKERS: &[&str] = &[
    ECHOED_EMAIL,
    OUTPUT_CLAIM,
    INPUT_CLAIM,
    SUB_SCORE,
    ADJUDICATION,
    FINDING,
    INVITE_LINK,
    CLIENT_FIELD,
    USER_NAME,
    REPORT_URL,
];
