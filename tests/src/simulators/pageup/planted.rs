//! Invented values hidden in what PageUp answers, which the hub must drop.

pub(super) const MOBILE: &str = "planted-mobile-k4t8";
pub(super) const NOTE: &str = "planted-note-v2w6";
pub(super) const MIDDLE_NAME: &str = "planted-middle-name-c9r3";
pub(super) const JOB_TITLE: &str = "planted-job-title-x5d1";
pub(super) const STREET: &str = "planted-street-n7q2";
pub(super) const TOKEN: &str = "planted-token-h3b6";

/// Every planted value: none may turn up in a log, a stored item or a write to an ATS.
pub const MARKERS: [&str; 6] = [MOBILE, NOTE, MIDDLE_NAME, JOB_TITLE, STREET, TOKEN];
