//! How one account behaves where Lever's behaviour is unknown, or differs between customers.

use serde::{Deserialize, Serialize};

/// What becomes of the tags of a posting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostingTags {
    /// An opportunity gets those that the posting has when it is linked.
    #[default]
    InheritedOnce,
    /// Later additions reach the linked opportunities as well.
    Followed,
    NotInherited,
}

/// How a PUT of a note ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotePut {
    #[default]
    Accepted,
    /// 405: the older rule that notes are never edited.
    NotAllowed,
}

/// The switches of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The life that the next access tokens get.
    pub access_token_secs: i64,
    /// How long a used refresh token still works; after that its use ends the whole family.
    pub refresh_grace_secs: i64,
    /// A refresh token that is not used for so long is dead.
    pub refresh_idle_days: i64,
    /// A consent that is so old refreshes no more.
    pub refresh_life_days: i64,
    /// Puts the user, the account and the client into the access token.
    pub account_claims: bool,
    /// A revoked app's access tokens end at once, not with their life.
    pub revocation_ends_access: bool,
    /// A revoked app's webhooks vanish; otherwise they go on.
    pub revocation_removes_webhooks: bool,
    /// The list of webhooks has only those of the present consent, not all of the app.
    pub lists_own_consent_only: bool,
    pub rate_per_second: i64,
    /// The calls that a full bucket holds; 0 turns the limit off.
    pub rate_burst: i64,
    /// The host that every call is sent to with 301.
    pub moved_to: Option<String>,
    pub omits_has_next: bool,
    /// Wraps the answer to a new webhook twice.
    pub doubles_created_webhook: bool,
    /// Answers a new note with its `noteId` alone.
    pub short_note_answers: bool,
    pub note_put: NotePut,
    /// Answers writes with name, e-mails and phones, which real answers leave blank.
    pub fills_write_answers: bool,
    /// Shows an archived opportunity by the reference's samples: `archivedAt` and `archiveReason`.
    pub flat_archived: bool,
    pub posting_tags: PostingTags,
    /// A retried event gets a new `token`, and so a new signature.
    pub retry_signs_anew: bool,
    /// A numeric score by the hub is no violation.
    pub allows_scores: bool,
    /// Moving and archiving by the hub is no violation.
    pub allows_moves: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            access_token_secs: 3600,
            refresh_grace_secs: 0,
            refresh_idle_days: 90,
            refresh_life_days: 365,
            account_claims: true,
            revocation_ends_access: true,
            revocation_removes_webhooks: false,
            lists_own_consent_only: false,
            rate_per_second: 10,
            rate_burst: 20,
            moved_to: None,
            omits_has_next: false,
            doubles_created_webhook: false,
            short_note_answers: false,
            note_put: NotePut::default(),
            fills_write_answers: false,
            flat_archived: false,
            posting_tags: PostingTags::default(),
            retry_signs_anew: false,
            allows_scores: false,
            allows_moves: false,
        }
    }
}
