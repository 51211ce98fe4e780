//! A webhook before and after its sender was proven. Only a verified one can be decoded.
//!
//! ```compile_fail
//! use domain::webhook::{Unverified, Webhook};
//! fn decode(webhook: &Webhook<Unverified>) -> &[u8] {
//!     webhook.body() // only `Webhook<Verified>` has a body
//! }
//! ```

use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::secret::Secret;

/// The largest body that is read, raw and inflated, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// Nothing is known of the sender yet.
#[derive(Clone, Copy)]
pub struct Unverified;

/// The sender proved to be who the connection expects.
#[derive(Clone, Copy)]
pub struct Verified;

/// One arrival: its headers, its raw bytes and when it came.
#[derive(Clone)]
pub struct Webhook<State> {
    headers: Vec<(String, Secret)>,
    body: Vec<u8>,
    received_at: Timestamp,
    /// The mark of the password that proved it.
    password: Option<String>,
    state: PhantomData<State>,
}

/// The sender could not be proven: wrong or missing credentials or signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unauthentic;

/// Why the bytes of a proven sender cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Over [`MAX_BODY`], as it came or inflated.
    TooLarge,
    /// Not of the declared form.
    Malformed(&'static str),
}

/// The SHA-256 of a password that we issued; the password itself is shown once and kept nowhere.
///
/// A plain digest is enough, as each is 160 random bits: there is nothing to guess from a dictionary.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    #[must_use]
    pub fn of(password: &Secret) -> Self {
        Self(STANDARD.encode(Sha256::digest(password.expose().as_bytes())))
    }

    /// The beginning of it, by which a use is noted: it tells two passwords apart, and nothing of either.
    #[must_use]
    pub fn mark(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A password that we issued, and for how long it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredPassword")]
pub struct IssuedPassword {
    pub hash: PasswordHash,
    /// Nothing where it was issued with the connection, before this was written down.
    pub issued_at: Option<Timestamp>,
    /// Nothing until another one takes its place.
    pub valid_until: Option<Timestamp>,
}

impl IssuedPassword {
    #[must_use]
    pub fn new(password: &Secret, now: Timestamp) -> Self {
        Self { hash: PasswordHash::of(password), issued_at: Some(now), valid_until: None }
    }

    #[must_use]
    pub fn is_valid(&self, at: Timestamp) -> bool {
        self.valid_until.is_none_or(|until| at < until)
    }
}

/// Items that were stored before a password could be replaced hold its hash alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredPassword {
    Hash(PasswordHash),
    Issued { hash: PasswordHash, issued_at: Option<Timestamp>, valid_until: Option<Timestamp> },
}

impl From<StoredPassword> for IssuedPassword {
    fn from(stored: StoredPassword) -> Self {
        match stored {
            StoredPassword::Hash(hash) => Self { hash, issued_at: None, valid_until: None },
            StoredPassword::Issued { hash, issued_at, valid_until } => Self { hash, issued_at, valid_until },
        }
    }
}

/// Two passwords count already: a third would end one of them before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoAreValid {
    /// When the next one of them ends.
    pub until: Option<Timestamp>,
}

/// Which of two valid passwords ends at once, so that there can be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The other side uses the newest already.
    Oldest,
    /// The newest never reached the other side.
    Newest,
}

/// The passwords once `new` is issued: the one before it counts for `overlap` longer, so that the other side can switch.
///
/// # Errors
/// [`TwoAreValid`], unless it is said which of the two ends.
pub fn replaced(
    passwords: &[IssuedPassword],
    new: IssuedPassword,
    now: Timestamp,
    overlap: SignedDuration,
    ending: Option<Ending>,
) -> Result<Vec<IssuedPassword>, TwoAreValid> {
    let mut kept: Vec<_> = passwords.iter().filter(|password| password.is_valid(now)).cloned().collect();
    if kept.len() > 1 {
        match ending {
            None => return Err(TwoAreValid { until: kept.iter().filter_map(|password| password.valid_until).min() }),
            Some(Ending::Oldest) => drop(kept.drain(..kept.len() - 1)),
            Some(Ending::Newest) => kept.truncate(1),
        }
    }
    let ends = now.saturating_add(overlap).unwrap_or(Timestamp::MAX);
    for password in &mut kept {
        password.valid_until = Some(ends);
    }
    kept.retain(|password| password.is_valid(now));
    kept.push(new);
    Ok(kept)
}

/// How a sender proves itself, with what it is compared to.
#[derive(Debug, Clone, Copy)]
pub enum Scheme<'a> {
    /// HTTP Basic with a password that we issued; two are valid during a rotation.
    Basic { user: &'a str, passwords: &'a [IssuedPassword] },
    /// A header with the HMAC-SHA256 of the raw body in hex, bare or behind `sha256=`.
    HmacSha256Hex { header: &'static str, secrets: &'a [Secret] },
    /// An HMAC-SHA256 that stands in the body, over some of it; `read` finds both.
    SignedInBody { read: fn(&[u8]) -> Option<Signed>, secrets: &'a [Secret] },
    /// HTTP Basic, and a header with the HMAC-SHA256 of the time and the raw body; `read` finds both in the header.
    BasicAndSigned {
        user: &'a str,
        passwords: &'a [IssuedPassword],
        header: &'static str,
        read: fn(&str, &[u8]) -> Option<Signed>,
        secrets: &'a [Secret],
        /// Whether an arrival without the header is refused.
        required: bool,
    },
}

/// A signature with what it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub message: Vec<u8>,
    /// In hex.
    pub signature: String,
    /// When it was signed, where that bounds how long it counts.
    pub at: Option<Timestamp>,
}

/// By how much the time of a signature may differ from ours.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

impl Webhook<Unverified> {
    /// Takes what arrived; header names in lower case.
    ///
    /// # Errors
    /// [`Unreadable::TooLarge`] before anything is looked at.
    pub fn received(headers: Vec<(String, Secret)>, body: Vec<u8>, received_at: Timestamp) -> Result<Self, Unreadable> {
        if body.len() > MAX_BODY {
            return Err(Unreadable::TooLarge);
        }
        Ok(Self { headers, body, received_at, password: None, state: PhantomData })
    }

    /// The user name that the sender claims in `Authorization: Basic`; it selects what to compare with.
    #[must_use]
    pub fn claimed_user(&self) -> Option<String> {
        self.basic().map(|(user, _)| user)
    }

    fn basic(&self) -> Option<(String, Secret)> {
        let value = self.header("authorization")?;
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some((user.to_owned(), Secret::from(password)))
    }

    /// Proves the sender over the raw bytes, in a time that does not depend on how much of a secret was right.
    ///
    /// # Errors
    /// [`Unauthentic`], without a hint at what was wrong.
    pub fn verify(self, scheme: Scheme<'_>) -> Result<Webhook<Verified>, Unauthentic> {
        let mut by_password = None;
        let proven = match scheme {
            Scheme::Basic { user, passwords } => {
                by_password = self.password_among(user, passwords);
                by_password.is_some()
            }
            Scheme::HmacSha256Hex { header, secrets } => self.header(header).is_some_and(|value| {
                let value = value.trim();
                is_signature(value.strip_prefix("sha256=").unwrap_or(value), &self.body, secrets)
            }),
            Scheme::SignedInBody { read, secrets } => {
                read(&self.body).is_some_and(|signed| self.is_signed(&signed, secrets))
            }
            Scheme::BasicAndSigned { user, passwords, header, read, secrets, required } => {
                let signed = match self.header(header) {
                    Some(value) => read(value, &self.body).is_some_and(|signed| self.is_signed(&signed, secrets)),
                    None => !required,
                };
                by_password = self.password_among(user, passwords);
                by_password.is_some() & signed
            }
        };
        if !proven {
            return Err(Unauthentic);
        }
        let (headers, body, received_at) = (self.headers, self.body, self.received_at);
        Ok(Webhook { headers, body, received_at, password: by_password, state: PhantomData })
    }
}

impl Webhook<Unverified> {
    /// The mark of the valid password that the sender gave, if it is one of these and the user is that one.
    fn password_among(&self, user: &str, passwords: &[IssuedPassword]) -> Option<String> {
        let (claimed, password) = self.basic()?;
        let given = PasswordHash::of(&password);
        let valid = passwords.iter().filter(|password| password.is_valid(self.received_at));
        let known =
            valid.fold(Choice::from(0), |known, password| known | password.hash.0.as_bytes().ct_eq(given.0.as_bytes()));
        bool::from(known & claimed.as_bytes().ct_eq(user.as_bytes())).then(|| given.mark().to_owned())
    }

    fn is_signed(&self, signed: &Signed, secrets: &[Secret]) -> bool {
        let in_time = signed.at.is_none_or(|at| at.duration_until(self.received_at).abs() <= TOLERANCE);
        in_time && is_signature(&signed.signature, &signed.message, secrets)
    }
}

fn is_signature(hex: &str, message: &[u8], secrets: &[Secret]) -> bool {
    let given = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap_or_default();
    secrets.iter().any(|secret| {
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .is_ok_and(|mac| mac.chain_update(message).verify_slice(&given).is_ok())
    })
}

impl<State> Webhook<State> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.expose().as_str())
    }
}

impl Webhook<Verified> {
    /// What an admin, not the sender, says that a body looks like. Nothing proves it: it is for telling what such an event
    /// would lead to, never for doing that.
    #[must_use]
    pub const fn told_by_an_admin_and_unproven(body: Vec<u8>, received_at: Timestamp) -> Self {
        Self { headers: Vec::new(), body, received_at, password: None, state: PhantomData }
    }

    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    #[must_use]
    pub const fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The mark of the password by which its sender was proven, where one was asked for.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The body as JSON, inflated where the sender compressed it.
    ///
    /// # Errors
    /// [`Unreadable`]: larger than [`MAX_BODY`] once inflated, not JSON, or nested deeper than 128 levels.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Unreadable> {
        let gzip = self.header("content-encoding").is_some_and(|value| value.trim().eq_ignore_ascii_case("gzip"));
        let mut plain = Vec::new();
        if gzip {
            flate2::read::GzDecoder::new(self.body.as_slice())
                .take(MAX_BODY as u64 + 1)
                .read_to_end(&mut plain)
                .map_err(|_| Unreadable::Malformed("the body is not gzip"))?;
            if plain.len() > MAX_BODY {
                return Err(Unreadable::TooLarge);
            }
        }
        serde_json::from_slice(if gzip { &plain } else { &self.body })
            .map_err(|_| Unreadable::Malformed("the body is not the JSON of an event"))
    }
}

impl<State> fmt::Debug for Webhook<State> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "webhook of {} bytes", self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn webhook(headers: &[(&str, &str)], body: &[u8]) -> Webhook<Unverified> {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), Secret::from(*v))).collect();
        Webhook::received(headers, body.to_vec(), Timestamp::UNIX_EPOCH).unwrap()
    }

    fn basic(user: &str, password: &str) -> String {
        format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
    }

    /// A password that is valid for so many seconds from the time at which the webhooks arrive.
    fn issued(password: &str, seconds: Option<i64>) -> IssuedPassword {
        let valid_until = seconds.map(|seconds| Timestamp::from_second(seconds).unwrap());
        IssuedPassword { hash: PasswordHash::of(&Secret::from(password)), issued_at: None, valid_until }
    }

    fn check_basic(authorization: &str, expected: bool) {
        let passwords = [issued("new", None), issued("old", Some(1)), issued("older", Some(0))];
        let verified = webhook(&[("authorization", authorization)], b"{}")
            .verify(Scheme::Basic { user: "icims-1", passwords: &passwords });
        let by = verified.as_ref().ok().and_then(Webhook::password).map(str::to_owned);
        assert_eq!((verified.is_ok(), by.is_some()), (expected, expected), "{authorization}");
        assert!(passwords.iter().filter(|password| by.as_deref() == Some(password.hash.mark())).count() < 2);
    }

    #[test]
    fn basic_takes_both_passwords_of_a_rotation_and_nothing_else() {
        check_basic(&basic("icims-1", "new"), true);
        check_basic(&basic("icims-1", "old"), true);
        check_basic(&basic("icims-1", "older"), false);
        check_basic(&basic("icims-1", "other"), false);
        check_basic(&basic("icims-2", "new"), false);
        check_basic(&basic("icims-1", ""), false);
        check_basic("Basic !!", false);
        check_basic("Bearer new", false);
        check_basic("", false);
    }

    #[test]
    fn a_new_password_leaves_the_one_before_it_the_overlap_and_a_third_is_refused() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        let hour = SignedDuration::from_hours(1);
        let new = |password: &str, now: i64| IssuedPassword::new(&Secret::from(password), at(now));
        let shown = |passwords: &[IssuedPassword]| {
            let ends = |password: &IssuedPassword| (password.hash.mark().to_owned(), password.valid_until);
            passwords.iter().map(ends).collect::<Vec<_>>()
        };
        let mark = |password: &str| PasswordHash::of(&Secret::from(password)).mark().to_owned();
        let first = vec![issued("a", None)];
        let two = replaced(&first, new("b", 0), at(0), hour, None).unwrap();
        assert_eq!(shown(&two), [(mark("a"), Some(at(3600))), (mark("b"), None)]);
        assert_eq!(replaced(&two, new("c", 9), at(9), hour, None), Err(TwoAreValid { until: Some(at(3600)) }));
        for (ending, kept) in [(Ending::Oldest, "b"), (Ending::Newest, "a")] {
            let three = replaced(&two, new("c", 9), at(9), hour, Some(ending)).unwrap();
            assert_eq!(shown(&three), [(mark(kept), Some(at(3609))), (mark("c"), None)]);
        }
        let later = replaced(&two, new("c", 3600), at(3600), SignedDuration::ZERO, None).unwrap();
        assert_eq!(shown(&later), [(mark("c"), None)]);
    }

    #[test]
    fn a_password_that_was_stored_as_a_bare_hash_is_read_as_one_without_an_end() {
        let bare = serde_json::to_value(PasswordHash::of(&Secret::from("old"))).unwrap();
        assert!(bare.is_string());
        assert_eq!(serde_json::from_value::<IssuedPassword>(bare).unwrap(), issued("old", None));
        let ending = issued("new", Some(7));
        assert_eq!(serde_json::from_value::<IssuedPassword>(serde_json::to_value(&ending).unwrap()).unwrap(), ending);
    }

    #[test]
    fn a_hex_signature_is_over_the_raw_bytes() {
        // The vector of Certn's wire contract.
        let body = br#"{"created":"2026-11-01T10:00:00Z","event_id":"e50b8c4f-9a95-40a0-886a-37aa21ea078e","event_type":"CASE_STATUS_CHANGED","object_id":"2f64d134-1c54-4028-8e8b-9cfa7bd8011c","object_type":"CASE","case_status":"COMPLETE"}"#;
        let signature = "edb08e12ef79b1f7957c5a538851f56f3277ddac5faec64327228a71aac41a6f";
        let secrets = [Secret::from("another"), Secret::from("test-webhook-secret")];
        let scheme = Scheme::HmacSha256Hex { header: "x-signature", secrets: &secrets };
        let verifies = |header: &str, body: &[u8]| webhook(&[("x-signature", header)], body).verify(scheme).is_ok();
        assert!(verifies(signature, body));
        assert!(verifies(&format!("sha256={signature}"), body));
        assert!(verifies(&signature.to_uppercase(), body));
        assert!(!verifies(signature, b"{}"));
        assert!(!verifies(&signature[..62], body));
        assert!(!verifies("", body));
        assert!(webhook(&[], body).verify(scheme).is_err());
    }

    fn decoded(headers: &[(&str, &str)], body: &[u8]) -> Result<serde_json::Value, Unreadable> {
        let passwords = [issued("p", None)];
        let mut headers = headers.to_vec();
        let authorization = basic("u", "p");
        headers.push(("authorization", &authorization));
        webhook(&headers, body).verify(Scheme::Basic { user: "u", passwords: &passwords }).unwrap().json()
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_body_may_be_gzip_but_not_a_bomb() {
        let gzipped = [("content-encoding", "gzip")];
        assert_eq!(decoded(&gzipped, &gzip(b"{\"a\":1}")), Ok(serde_json::json!({"a": 1})));
        let bomb = gzip(&vec![b' '; 50 * 1024 * 1024]);
        assert!(bomb.len() < MAX_BODY);
        assert_eq!(decoded(&gzipped, &bomb), Err(Unreadable::TooLarge));
        assert!(matches!(decoded(&gzipped, b"{}"), Err(Unreadable::Malformed(_))));
    }

    #[test]
    fn a_body_is_bounded_in_size_and_depth() {
        let too_large = Webhook::received(Vec::new(), vec![b' '; MAX_BODY + 1], Timestamp::UNIX_EPOCH);
        assert_eq!(too_large.unwrap_err(), Unreadable::TooLarge);
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(matches!(decoded(&[], deep.as_bytes()), Err(Unreadable::Malformed(_))));
        assert!(matches!(decoded(&[], b"not json"), Err(Unreadable::Malformed(_))));
    }
}
