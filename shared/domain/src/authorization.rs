//! Where the access stands that an ATS's own admin grants and may take back.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::id::{AtsId, ConnectionId};
use crate::reason::{Reason, Refusal};
use crate::secret::Secret;

/// How long the ATS's admin may take to consent.
const CONSENT_TAKES: SignedDuration = SignedDuration::from_mins(10);

/// How often lost triggers are looked for.
const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// By how much a look reaches back behind the last one: clocks differ, and a list may lag behind.
const LOOKS_BACK: SignedDuration = SignedDuration::from_mins(5);

/// How often it is noted that the webhook speaks.
const HEARD_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A consent that was asked for and not given yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// A digest of the state's random part: it is good once.
    pub nonce: String,
    pub expires_at: Timestamp,
    /// Where the ATS sends its admin back to.
    pub redirect: Url,
    /// The root of the addresses that the ATS's webhook gets.
    pub root: String,
}

/// Where one connection's access stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub connection: ConnectionId,
    /// Counts up with each stored change; the condition of every write.
    pub rev: u64,
    pub pending: Option<Pending>,
    pub granted_at: Option<Timestamp>,
    /// Since when it is known that the ATS does not take it any more, and how that showed.
    pub lost_at: Option<Timestamp>,
    pub cause: String,
    /// The address of the webhook that was made at the ATS.
    pub hook: Option<Url>,
    /// The trigger stages that the ATS had when it was last asked.
    pub stages: Vec<AtsId>,
    /// When the webhook last spoke, to within an hour: until then its switch in the ATS may be off.
    pub heard_at: Option<Timestamp>,
    /// Up to when lost triggers were looked for.
    pub looked_at: Option<Timestamp>,
    pub look_due_at: Timestamp,
    /// What waited for the access is to go on.
    pub to_resume: bool,
}

/// Why an answer to a consent page is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadState {
    /// Not ours, or of another connection.
    Foreign,
    /// Used before, replaced by a newer one, or too old.
    Spent,
}

impl Authorization {
    #[must_use]
    pub const fn new(connection: ConnectionId, now: Timestamp) -> Self {
        Self {
            connection,
            rev: 1,
            pending: None,
            granted_at: None,
            lost_at: None,
            cause: String::new(),
            hook: None,
            stages: Vec::new(),
            heard_at: None,
            looked_at: None,
            look_due_at: now,
            to_resume: false,
        }
    }

    /// Whether calls may be made with the access.
    #[must_use]
    pub const fn is_granted(&self) -> bool {
        self.granted_at.is_some() && self.lost_at.is_none()
    }

    /// Why the ATS cannot be used, while it cannot.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        (!self.is_granted()).then(|| Refusal::new(Reason::AtsCredentials))
    }

    /// Begins to ask for consent: the state to send along, good once and for ten minutes. An earlier one stops working.
    pub fn start(&mut self, key: &Secret, random: [u8; 20], redirect: Url, root: &str, now: Timestamp) -> Secret {
        let nonce = BASE32_NOPAD.encode(&random).to_ascii_lowercase();
        let expires_at = now.saturating_add(CONSENT_TAKES).unwrap_or(now);
        self.pending = Some(Pending { nonce: digest(&nonce), expires_at, redirect, root: root.to_owned() });
        let signature = sign(key, &self.connection, &nonce);
        Secret::new(format!("{}.{nonce}.{signature}", self.connection))
    }

    /// The connection that a state claims to be of; the claim is proven by [`Self::finish`].
    #[must_use]
    pub fn connection_of(state: &str) -> Option<ConnectionId> {
        ConnectionId::parse(state.split('.').next()?).ok()
    }

    /// Takes the answer to a consent page: once only.
    ///
    /// # Errors
    /// [`BadState`] where the state is not the one that was sent along last.
    pub fn finish(&mut self, key: &Secret, state: &str, now: Timestamp) -> Result<Pending, BadState> {
        let mut parts = state.splitn(3, '.');
        let (Some(connection), Some(nonce), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(BadState::Foreign);
        };
        let expected = sign(key, &self.connection, nonce);
        let is_ours = connection == self.connection.as_str();
        if !is_ours || !bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
            return Err(BadState::Foreign);
        }
        let pending = self.pending.take().ok_or(BadState::Spent)?;
        if pending.nonce != digest(nonce) {
            let newer = pending;
            self.pending = Some(newer);
            return Err(BadState::Spent);
        }
        if now >= pending.expires_at {
            return Err(BadState::Spent);
        }
        Ok(pending)
    }

    /// The tokens are stored.
    pub fn granted(&mut self, now: Timestamp) {
        // What happened while there was no access is looked for from where the last look ended.
        self.looked_at.get_or_insert(now);
        self.granted_at = Some(now);
        self.lost_at = None;
        self.cause.clear();
        self.look_due_at = now;
        self.to_resume = true;
    }

    /// The ATS does not take the access any more. Whether that is news.
    pub fn lost(&mut self, cause: &str, now: Timestamp) -> bool {
        if self.lost_at.is_some() || self.granted_at.is_none() {
            return false;
        }
        self.lost_at = Some(now);
        cause.clone_into(&mut self.cause);
        true
    }

    /// The access cannot be used although it is granted, for a reason that an admin should see. Whether that is news.
    pub fn troubled(&mut self, cause: &str) -> bool {
        let news = self.is_granted() && self.cause != cause;
        if news {
            cause.clone_into(&mut self.cause);
        }
        news
    }

    /// The access can be used. Whether that is news.
    pub fn recovered(&mut self) -> bool {
        let news = self.is_granted() && !self.cause.is_empty();
        if news {
            self.cause.clear();
        }
        news
    }

    /// The access was given back by us.
    pub fn ended(&mut self) {
        self.pending = None;
        self.granted_at = None;
        self.lost_at = None;
        self.hook = None;
        self.heard_at = None;
        self.stages.clear();
    }

    /// Whether it is noted already that the webhook speaks.
    #[must_use]
    pub fn was_heard_lately(&self, now: Timestamp) -> bool {
        self.heard_at.is_some_and(|at| at.duration_until(now) < HEARD_EVERY)
    }

    /// The webhook spoke. Whether that is news to be stored.
    pub fn heard(&mut self, now: Timestamp) -> bool {
        let lately = self.was_heard_lately(now);
        self.heard_at = Some(now);
        !lately
    }

    /// From when on lost triggers are to be looked for now; nothing while it is too soon, or no use.
    #[must_use]
    pub fn looks_from(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.is_granted() || now < self.look_due_at {
            return None;
        }
        let from = self.looked_at.unwrap_or(now);
        from.saturating_sub(LOOKS_BACK).ok()
    }

    /// Takes the look: as it is stored, nobody else looks before the next is due.
    pub fn claim_look(&mut self, now: Timestamp) {
        self.look_due_at = now.saturating_add(LOOK_EVERY).unwrap_or(now);
    }

    /// The look that began at `began` saw everything.
    pub fn looked(&mut self, stages: Vec<AtsId>, began: Timestamp) {
        self.stages = stages;
        self.looked_at = self.looked_at.max(Some(began));
    }
}

fn digest(nonce: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(nonce.as_bytes()))
}

fn sign(key: &Secret, connection: &ConnectionId, nonce: &str) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) else { return String::new() };
    let message = format!("authorization|{connection}|{nonce}");
    HEXLOWER.encode(&mac.chain_update(message).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_793_527_200 + seconds).unwrap()
    }

    fn authorization() -> Authorization {
        Authorization::new(ConnectionId::parse("lever-a").unwrap(), at(0))
    }

    fn key() -> Secret {
        Secret::from("key")
    }

    fn start(authorization: &mut Authorization, random: u8, now: Timestamp) -> String {
        let redirect = Url::parse("https://hub.example/back").unwrap();
        authorization.start(&key(), [random; 20], redirect, "https://hub.example", now).expose().clone()
    }

    #[test]
    fn a_state_is_good_once_for_ten_minutes_and_only_for_its_connection() {
        let mut of = authorization();
        let state = start(&mut of, 1, at(0));
        assert_eq!(Authorization::connection_of(&state), Some(of.connection.clone()));
        assert_eq!(of.clone().finish(&key(), &state, at(600)), Err(BadState::Spent));
        assert_eq!(of.clone().finish(&Secret::from("other"), &state, at(1)), Err(BadState::Foreign));
        let other = state.replacen("lever-a", "lever-b", 1);
        assert_eq!(of.clone().finish(&key(), &other, at(1)), Err(BadState::Foreign));
        for bad in ["", "lever-a", "lever-a.x", "lever-a.x.y", &format!("{state}0"), &state[..state.len() - 1]] {
            assert_eq!(of.clone().finish(&key(), bad, at(1)), Err(BadState::Foreign), "{bad}");
        }
        assert!(of.finish(&key(), &state, at(599)).is_ok());
        assert_eq!(of.finish(&key(), &state, at(599)), Err(BadState::Spent));
    }

    #[test]
    fn a_newer_state_replaces_an_older_one_which_does_not_use_it_up() {
        let mut of = authorization();
        let (old, new) = (start(&mut of, 1, at(0)), start(&mut of, 2, at(1)));
        assert_eq!(of.finish(&key(), &old, at(2)), Err(BadState::Spent));
        assert!(of.finish(&key(), &new, at(2)).is_ok());
    }

    #[test]
    fn nothing_of_a_state_is_stored_that_would_be_one() {
        let mut of = authorization();
        let state = start(&mut of, 1, at(0));
        let stored = serde_json::to_string(&of).unwrap();
        assert!(state.split('.').skip(1).all(|part| !stored.contains(part)), "{stored}");
    }

    #[test]
    fn after_a_lost_access_the_look_reaches_back_to_the_last_one_that_saw_everything() {
        let mut of = authorization();
        assert_eq!(of.looks_from(at(1)), None);
        of.granted(at(0));
        assert_eq!(of.looks_from(at(0)), Some(at(-300)));
        of.claim_look(at(0));
        of.looked(vec![AtsId::parse("s1").unwrap()], at(0));
        assert_eq!((of.looks_from(at(599)), of.looks_from(at(600))), (None, Some(at(-300))));
        assert!(of.lost("403", at(700)) && !of.lost("403", at(701)));
        assert_eq!((of.looks_from(at(900)), of.refusal().unwrap().reason), (None, Reason::AtsCredentials));
        of.granted(at(90_000));
        assert_eq!((of.looks_from(at(90_000)), of.to_resume, of.refusal()), (Some(at(-300)), true, None));
    }

    #[test]
    fn why_a_granted_access_cannot_be_used_is_said_until_it_can() {
        let mut of = authorization();
        assert!(!of.troubled("client"), "not granted at all");
        of.granted(at(0));
        assert!(of.troubled("client") && !of.troubled("client"));
        assert!(of.is_granted() && of.cause == "client");
        assert!(of.recovered() && !of.recovered() && of.cause.is_empty());
    }

    #[test]
    fn that_the_webhook_speaks_is_noted_once_an_hour() {
        let mut of = authorization();
        assert!(of.heard(at(0)) && !of.heard(at(3_599)));
        assert!(of.heard(at(3_599 + 3_600)));
    }
}
