//! The token of a report link: derived from a key, so that nobody stores it and nobody guesses it.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::id::OrderId;
use crate::secret::Secret;

/// How many days a link may be configured to work.
pub const DAYS: [u16; 7] = [7, 14, 30, 60, 90, 180, 365];

/// What is stored of an order's report link: never the link itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLink {
    /// Counts up with each new link of the order; an older one stops working.
    pub serial: u32,
    pub expires_at: Timestamp,
    #[serde(default)]
    pub revoked: bool,
}

impl ReportLink {
    #[must_use]
    pub fn new(serial: u32, now: Timestamp, days: u16) -> Self {
        let life = SignedDuration::from_hours(24 * i64::from(days));
        Self { serial, expires_at: now.saturating_add(life).unwrap_or(Timestamp::MAX), revoked: false }
    }

    /// Whether `token` opens this link now: right, in time and not revoked.
    #[must_use]
    pub fn opens(&self, key: &Secret, order: &OrderId, token: &str, now: Timestamp) -> bool {
        let right = self.token(key, order);
        !self.revoked
            && now < self.expires_at
            && token.len() == 32
            && bool::from(right.expose().as_bytes().ct_eq(token.as_bytes()))
    }

    /// 160 bits of HMAC-SHA256 over the order and the serial, under the connection's link key.
    #[must_use]
    pub fn token(&self, key: &Secret, order: &OrderId) -> Secret {
        let message = format!("{order}|{}", self.serial);
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) else {
            return Secret::default();
        };
        let bytes: [u8; 32] = mac.chain_update(message).finalize().into_bytes().into();
        let (head, _) = bytes.split_at(20);
        Secret::new(BASE32_NOPAD.encode(head).to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_until_it_expires_is_revoked_or_replaced() {
        let (key, order) = (Secret::from("key"), OrderId::parse("order").unwrap());
        let now = Timestamp::UNIX_EPOCH;
        let link = ReportLink::new(1, now, 7);
        let token = link.token(&key, &order);
        let days = |n: i64| now + SignedDuration::from_hours(24 * n);
        assert_eq!(token.expose().len(), 32);
        assert!(link.opens(&key, &order, token.expose(), days(6)));
        assert!(!link.opens(&key, &order, token.expose(), days(7)));
        assert!(!link.opens(&key, &order, "guessed", now));
        assert!(!link.opens(&key, &order, "", now));
        assert!(!link.opens(&Secret::from("other"), &order, token.expose(), now));
        assert!(!link.opens(&key, &OrderId::parse("another").unwrap(), token.expose(), now));
        assert!(!ReportLink { revoked: true, ..link.clone() }.opens(&key, &order, token.expose(), now));
        assert!(!ReportLink::new(2, now, 7).opens(&key, &order, token.expose(), now));
    }
}
