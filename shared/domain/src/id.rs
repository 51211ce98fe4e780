//! Identifiers: ours are checked and derived here, the vendors' are opaque text with a bounded length.

use std::borrow::Cow;
use std::fmt;

use data_encoding::BASE32_NOPAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::request::Subject;

/// The text is not an identifier: empty, longer than 128 bytes, with characters that no vendor uses in one, or one of
/// the two dotted names that an address leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identifier has 1 to 128 characters out of letters, digits, '-', '_', '.' and ':', and is not a dot or two")
    }
}

impl std::error::Error for InvalidId {}

/// What [`is_identifier`] says, for the descriptions of those who send one.
const PATTERN: &str = r"^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,128}$";

fn is_identifier(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !matches!(text, "." | "..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes the text if it is an identifier.
            ///
            /// # Errors
            /// [`InvalidId`] where it is not.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if is_identifier(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": PATTERN})
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

identifiers! {
    /// One client's ATS joined to one provider. It is also the user name of the webhook that the ATS calls.
    ConnectionId;
    /// One ordered package for one candidate; see [`OrderId::derive`].
    OrderId;
    /// A package's identifier at the provider.
    PackageId;
    /// A group's identifier at the provider: the unit of cost and of visibility.
    GroupId;
    /// A user's identifier at the provider.
    UserId;
    /// The provider's identifier of an order (Certn: the case).
    ProviderOrderId;
    /// An identifier that the ATS gave: an application, a job, a person, a status.
    AtsId;
}

impl OrderId {
    /// The identity of an order: the same request always gives the same key, so a duplicate is a key that exists.
    ///
    /// A request that has an id of its own is that id. Any other is its application with the package, which is empty
    /// where it could not be told, and a `generation` that opens again only as [`crate::decide::repeat`] says.
    #[must_use]
    pub fn derive(connection: &ConnectionId, ats: &str, subject: &Subject, package: &str, generation: u32) -> Self {
        let (subject, package) = match &subject.request {
            Some(request) => (request.as_str(), "\0request"),
            None => (subject.application.as_str(), package),
        };
        let mut hash = Sha256::new();
        for part in [connection.as_str(), ats, subject, package, &generation.to_string()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (half, _) = digest.split_at(16);
        Self(BASE32_NOPAD.encode(half).to_ascii_lowercase())
    }

    /// The first characters, for a person to read aloud; not unique enough to look anything up by.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl ConnectionId {
    /// A new connection's identifier out of ten random bytes.
    #[must_use]
    pub fn from_random(ats: &str, random: [u8; 10]) -> Self {
        Self(format!("{ats}-{}", BASE32_NOPAD.encode(&random).to_ascii_lowercase()))
    }

    /// The identifier of the connection that is made under a key of the admin's own: always the same one.
    ///
    /// # Errors
    /// [`InvalidId`] where the key is not in the form of one.
    pub fn from_key(ats: &str, key: &str) -> Result<Self, InvalidId> {
        if !is_identifier(key) {
            return Err(InvalidId);
        }
        let digest: [u8; 32] = Sha256::new().chain_update(ats).chain_update([0]).chain_update(key).finalize().into();
        let (head, _) = digest.split_at(10);
        Ok(Self(format!("{ats}-{}", BASE32_NOPAD.encode(head).to_ascii_lowercase())))
    }
}

/// A generated password out of twenty random bytes: 160 bits, in characters that survive being typed.
#[must_use]
pub fn readable_password(random: &[u8; 20]) -> String {
    BASE32_NOPAD.encode(random).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(application: &str) -> Subject {
        let id = |text: &str| AtsId::parse(text).unwrap();
        Subject { application: id(application), request: None, requester: None, status: id("1822") }
    }

    fn order(package: &str, generation: u32) -> String {
        let connection = ConnectionId::parse("icims-abc").unwrap();
        OrderId::derive(&connection, "icims", &subject("24680"), package, generation).to_string()
    }

    #[test]
    fn the_same_request_has_the_same_order_id_and_nothing_else_has() {
        assert_eq!(order("p1", 0), order("p1", 0));
        assert_ne!(order("p1", 0), order("p2", 0));
        assert_ne!(order("p1", 0), order("p1", 1));
        assert_eq!(order("p1", 0).len(), 26);
    }

    #[test]
    fn a_request_with_an_id_of_its_own_is_that_id_whatever_it_asks_for() {
        let connection = ConnectionId::parse("pageup-abc").unwrap();
        let derive = |request: &str, application: &str, package: &str| {
            let subject = Subject { request: AtsId::parse(request).ok(), ..subject(application) };
            OrderId::derive(&connection, "pageup", &subject, package, 0)
        };
        assert_eq!(derive("9", "24680", "p1"), derive("9", "9", ""));
        assert_ne!(derive("9", "24680", "p1"), derive("10", "24680", "p1"));
        assert_ne!(derive("24680", "1", ""), OrderId::derive(&connection, "pageup", &subject("24680"), "", 0));
    }

    #[test]
    fn a_key_always_names_the_same_connection_and_no_other_does() {
        let from = |ats: &str, key: &str| ConnectionId::from_key(ats, key).unwrap();
        let id = from("icims", "acme-1");
        assert_eq!((&id, id.as_str().len()), (&from("icims", "acme-1"), "icims-".len() + 16));
        assert_eq!(ConnectionId::from_random("icims", [7; 10]).as_str().len(), id.as_str().len());
        assert!(id != from("icims", "acme-2") && id.as_str()[6..] != from("lever", "acme-1").as_str()[6..]);
        for none in ["", "a b", "ä", &"x".repeat(129)] {
            assert_eq!(ConnectionId::from_key("icims", none), Err(InvalidId), "{none}");
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let derive = |application: &str, package: &str| {
            let connection = ConnectionId::parse("c").unwrap();
            OrderId::derive(&connection, "icims", &subject(application), package, 0)
        };
        assert_ne!(derive("1", "23"), derive("12", "3"));
    }

    #[test]
    fn an_identifier_has_a_bounded_alphabet_and_length() {
        assert!(ConnectionId::parse("icims-7k2m").is_ok());
        assert!(ConnectionId::parse("a..b").is_ok());
        for bad in ["", ".", "..", "a b", "a#b", "a/b", "ä", &"x".repeat(129)] {
            assert_eq!(ConnectionId::parse(bad), Err(InvalidId), "{bad}");
        }
    }
}
