//! Invented values hidden in what Lever answers, which the hub must drop.

pub(super) const PHONE: &str = "planted-phone-w3k9";
pub(super) const HEADLINE: &str = "planted-headline-f6t2";
pub(super) const LOCATION: &str = "planted-location-b8m4";
pub(super) const SOURCE: &str = "planted-source-q1z7";
pub(super) const ANSWER: &str = "planted-form-answer-d5v3";
pub(super) const RESUME: &str = "planted-resume-y9c6";
pub(super) const USER_AGENT: &str = "planted-user-agent-n2h8";
pub(super) const REFERER: &str = "planted-referer-s7p5";
pub(super) const IP_ADDRESS: &str = "203.0.113.251";
pub(super) const POSTING_TEXT: &str = "planted-posting-text-g4x1";
pub(super) const RECRUITER_NOTE: &str = "planted-recruiter-note-j6r9";
pub(super) const ACCESS_TOKEN: &str = "planted-access-token-u8b2";
pub(super) const REFRESH_TOKEN: &str = "planted-refresh-token-e3l7";
pub(super) const CODE: &str = "planted-code-o5a4";

/// Every planted value: none may turn up in a log, a stored item or a write to an ATS.
pub const MARKERS: [&str; 14] = [
    PHONE,
    HEADLINE,
    LOCATION,
    SOURCE,
    ANSWER,
    RESUME,
    USER_AGENT,
    REFERER,
    IP_ADDRESS,
    POSTING_TEXT,
    RECRUITER_NOTE,
    ACCESS_TOKEN,
    REFRESH_TOKEN,
    CODE,
];
