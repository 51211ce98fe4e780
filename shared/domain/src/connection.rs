//! A connection: one client's ATS joined to one provider, with its settings, in one region.

mod change;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub use self::change::{Changed, ConnectionChange};
use crate::access::Access;
use crate::ats::{AtsCredentials, AtsSettings};
use crate::id::{ConnectionId, GroupId, OrderId, UserId};
use crate::invalid::Invalid;
use crate::provider::{ProviderCredentials, ProviderSettings};
use crate::region::Region;
use crate::report_link;
use crate::request::Subject;
use crate::sealed::{self, Sealed};
use crate::secret::Secret;
use crate::webhook::IssuedPassword;

/// What the ATS is given at completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReportUrl {
    /// The provider's own page, which asks for a log-in.
    PortalLink,
    /// A link of ours that leads to the PDF without a log-in until it expires.
    Pdf {
        #[serde(default = "seven_days")]
        days: u16,
    },
}

const fn seven_days() -> u16 {
    7
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    Active,
    /// Ordering waits; statuses still come back.
    Paused,
    /// It is being deleted: for everybody but the admin who deletes it, it is not there any more.
    Closing,
}

/// One connection as it is stored: settings and hashes, no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub id: ConnectionId,
    pub region: Region,
    pub state: ConnectionState,
    /// Since when it is being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing_since: Option<Timestamp>,
    /// Counts up with each change.
    pub rev: u64,
    pub created_at: Timestamp,
    pub ats: AtsSettings,
    pub provider: ProviderSettings,
    pub report: ReportUrl,
    /// The group of every order whose job names none.
    pub default_group: Option<GroupId>,
    /// The provider's user in whose name an order goes where the requester cannot order.
    pub fallback_requester: Option<UserId>,
    /// The passwords that the ATS may use on our webhook; none where it does not call us.
    pub webhook_passwords: Vec<IssuedPassword>,
    /// The passwords that the provider may use on our webhook; none where it signs in otherwise.
    #[serde(default)]
    pub provider_passwords: Vec<IssuedPassword>,
    pub transfer_acknowledged: bool,
}

/// What the secret store keeps of one connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionSecret {
    pub ats: AtsCredentials,
    pub provider: ProviderCredentials,
    /// The key from which this connection's other keys are derived: report links, candidates' marks, sealed requests.
    pub link_key: Secret,
    /// What the ATS's admin granted, where the ATS is used with such an access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
}

impl Connection {
    /// The order of a request that has an id of its own, whatever it asks for.
    #[must_use]
    pub fn order_of_request(&self, subject: &Subject) -> OrderId {
        OrderId::derive(&self.id, self.ats.name(), subject, "", 0)
    }
}

impl ConnectionSecret {
    /// Seals what may be read only with this connection's secret, and only under the same name.
    ///
    /// # Errors
    /// [`sealed::Broken`] where it cannot be sealed.
    pub fn seal(&self, name: &str, nonce: [u8; 24], value: &Secret) -> Result<Sealed, sealed::Broken> {
        Sealed::close(&self.link_key, name, nonce, value)
    }

    /// # Errors
    /// [`sealed::Broken`] where it was sealed under another secret or name, or changed.
    pub fn open(&self, name: &str, sealed: &Sealed) -> Result<Secret, sealed::Broken> {
        sealed.open(&self.link_key, name)
    }

    /// The part of our webhook's address that nobody can guess, for an ATS that names no user.
    #[must_use]
    pub fn path_token(&self) -> Secret {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.link_key.expose().as_bytes()) else {
            return Secret::default();
        };
        let bytes: [u8; 32] = mac.chain_update("webhook path").finalize().into_bytes().into();
        let (head, _) = bytes.split_at(20);
        Secret::new(BASE32_NOPAD.encode(head).to_ascii_lowercase())
    }

    /// Whether `given` is [`Self::path_token`].
    #[must_use]
    pub fn is_path_token(&self, given: &str) -> bool {
        let token = self.path_token();
        !token.expose().is_empty() && bool::from(token.expose().as_bytes().ct_eq(given.as_bytes()))
    }

    /// A keyed digest of a candidate's address: tells whether two are the same, and nothing else.
    #[must_use]
    pub fn mark(&self, email: &Secret) -> String {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.link_key.expose().as_bytes()) else { return String::new() };
        let address = email.expose().trim().to_lowercase();
        STANDARD.encode(mac.chain_update("candidate|").chain_update(address).finalize().into_bytes())
    }
}

/// What an admin sends to create a connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConnection {
    pub ats: AtsSettings,
    pub ats_credentials: AtsCredentials,
    pub provider: ProviderSettings,
    pub provider_credentials: ProviderCredentials,
    #[serde(default = "portal_link")]
    pub report: ReportUrl,
    pub default_group: Option<GroupId>,
    pub fallback_requester: Option<UserId>,
    /// Says that the client knows that its ATS keeps data outside the stack's region.
    #[serde(default)]
    pub transfer_acknowledged: bool,
    /// Says that PDF links without a log-in are wanted in `uk` although the default there is none.
    #[serde(default)]
    pub pdf_acknowledged: bool,
}

const fn portal_link() -> ReportUrl {
    ReportUrl::PortalLink
}

/// What the shell adds to a new connection.
#[derive(Debug, Clone)]
pub struct Minted {
    pub id: ConnectionId,
    pub webhook_password: Secret,
    pub provider_password: Secret,
    pub link_key: Secret,
    pub now: Timestamp,
}

impl NewConnection {
    /// Makes the connection and its secret, or says everything that is wrong at once.
    ///
    /// # Errors
    /// One [`Invalid`] for each field at fault.
    pub fn accept(self, region: Region, minted: Minted) -> Result<(Connection, ConnectionSecret), Vec<Invalid>> {
        let ats = self.ats.naming(self.provider.shown_as());
        let provider = self.provider.traits();
        let settings = Settings {
            ats: &ats,
            provider: &self.provider,
            report: self.report,
            has_default_group: self.default_group.is_some(),
            transfer_acknowledged: self.transfer_acknowledged,
            pdf_acknowledged: self.pdf_acknowledged,
        };
        let invalid = settings.problems(region, &self.ats_credentials, &self.provider_credentials);
        if !invalid.is_empty() {
            return Err(invalid);
        }
        let issued = |takes: bool, password| takes.then(|| IssuedPassword::new(password, minted.now));
        let issued = |takes: bool, password| issued(takes, password).into_iter().collect();
        let connection = Connection {
            id: minted.id,
            region,
            state: ConnectionState::Active,
            closing_since: None,
            rev: 1,
            created_at: minted.now,
            webhook_passwords: issued(ats.traits().takes_password, &minted.webhook_password),
            provider_passwords: issued(provider.takes_password, &minted.provider_password),
            ats,
            provider: self.provider,
            report: self.report,
            default_group: self.default_group,
            fallback_requester: self.fallback_requester,
            transfer_acknowledged: self.transfer_acknowledged,
        };
        let secret = ConnectionSecret {
            ats: self.ats_credentials,
            provider: self.provider_credentials,
            link_key: minted.link_key,
            access: None,
        };
        Ok((connection, secret))
    }
}

/// What an admin decides of a connection, apart from what is signed in with.
struct Settings<'a> {
    ats: &'a AtsSettings,
    provider: &'a ProviderSettings,
    report: ReportUrl,
    has_default_group: bool,
    transfer_acknowledged: bool,
    pdf_acknowledged: bool,
}

impl Settings<'_> {
    /// Everything that keeps them from being saved, for a new connection as for a changed one.
    fn problems(
        &self,
        region: Region,
        ats_credentials: &AtsCredentials,
        provider_credentials: &ProviderCredentials,
    ) -> Vec<Invalid> {
        let (ats, provider) = (self.ats, self.provider.traits());
        let mut invalid = ats.problems(ats_credentials);
        if !provider.regions.contains(&region) {
            let regions = provider.regions.iter().map(|region| region.code()).collect::<Vec<_>>().join(", ");
            let name = self.provider.shown_as();
            invalid.push(Invalid::new(
                "provider.kind",
                format!("{name} is offered in {regions} only: connect the customer in the stack of that region"),
            ));
        }
        invalid.extend(self.provider.problems(provider_credentials));
        invalid.extend(self.problems_of_report(region));
        if provider.needs_group && !self.has_default_group && !ats.traits().names_groups {
            invalid.push(Invalid::new("default_group", "is needed, as this ATS names no group: give the group's id"));
        }
        let outside =
            [("the ATS instance", ats.keeps_data_outside(region)), ("the provider", provider.keeps_data_outside)];
        let outside: Vec<&str> = outside.into_iter().filter(|(_, is)| *is).map(|(who, _)| who).collect();
        if !outside.is_empty() && !self.transfer_acknowledged {
            let (who, region) = (outside.join(" and "), region.code());
            let (verb, its) = if outside.len() > 1 { ("keep", "their") } else { ("keeps", "its") };
            invalid.push(Invalid::new(
                "transfer_acknowledged",
                format!("{who} {verb} {its} data outside {region}: send true if the client knows"),
            ));
        }
        invalid
    }

    fn problems_of_report(&self, region: Region) -> Vec<Invalid> {
        let ReportUrl::Pdf { days } = self.report else { return Vec::new() };
        let mut invalid = Vec::new();
        if !report_link::DAYS.contains(&days) {
            invalid.push(Invalid::new("report.days", format!("must be one of {:?}", report_link::DAYS)));
        }
        if region == Region::Uk && !self.pdf_acknowledged {
            invalid.push(Invalid::new(
                "pdf_acknowledged",
                "in uk a PDF link without a log-in must be asked for explicitly: send true",
            ));
        }
        if !self.provider.traits().makes_report_files {
            invalid.push(Invalid::new("report.type", "this provider gives no file of a report: use portal_link"));
        } else if !self.ats.traits().takes_links_without_login {
            invalid
                .push(Invalid::new("report.type", "this ATS takes only links that ask for a log-in: use portal_link"));
        }
        invalid
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn minted() -> Minted {
        Minted {
            id: ConnectionId::parse("icims-test").unwrap(),
            webhook_password: Secret::from("hook"),
            provider_password: Secret::from("postback"),
            link_key: Secret::from("link"),
            now: "2026-11-01T10:00:00Z".parse().unwrap(),
        }
    }

    pub(crate) fn new_connection() -> serde_json::Value {
        serde_json::json!({
            "ats": {"kind": "icims", "customer_id": "7351", "trigger_statuses": ["1822"]},
            "ats_credentials": {"kind": "icims", "username": "api", "password": "pw"},
            "provider": {"kind": "certn", "key_created_on": "2026-10-01"},
            "provider_credentials": {"kind": "certn", "api_keys": ["k1"], "webhook_secrets": ["s1"]},
            "default_group": "g1",
            "transfer_acknowledged": true,
        })
    }

    pub(crate) fn connection() -> (Connection, ConnectionSecret) {
        let new: NewConnection = serde_json::from_value(new_connection()).unwrap();
        new.accept(Region::Ca, minted()).unwrap()
    }

    fn check(change: impl FnOnce(&mut serde_json::Value), region: Region, expected: &[&str]) {
        let mut json = new_connection();
        change(&mut json);
        let new: NewConnection = serde_json::from_value(json).unwrap();
        let invalid = new.accept(region, minted()).err().unwrap_or_default();
        assert_eq!(invalid.iter().map(|i| i.field.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_connection_is_refused_with_every_field_at_fault() {
        check(|_| {}, Region::Ca, &[]);
        check(|json| json["default_group"] = serde_json::Value::Null, Region::Ca, &["default_group"]);
        check(|json| json["transfer_acknowledged"] = false.into(), Region::Ca, &["transfer_acknowledged"]);
        check(|json| json["report"] = serde_json::json!({"type": "pdf", "days": 8}), Region::Ca, &["report.days"]);
        check(|json| json["report"] = serde_json::json!({"type": "pdf"}), Region::Uk, &["pdf_acknowledged"]);
        check(
            |json| {
                json["ats_credentials"]["password"] = "".into();
                json["provider_credentials"]["api_keys"] = serde_json::json!([]);
            },
            Region::Au,
            &["ats_credentials.password", "provider_credentials.api_keys"],
        );
    }

    #[test]
    fn an_unknown_field_is_refused_not_ignored() {
        let mut json = new_connection();
        json["ats"]["triggerstatus"] = "1".into();
        assert!(serde_json::from_value::<NewConnection>(json).is_err());
    }

    #[test]
    fn neither_a_connection_nor_its_secret_prints_a_secret() {
        let printed = format!("{:?}", connection());
        for secret in ["\"pw\"", "\"k1\"", "\"s1\"", "\"hook\"", "\"link\""] {
            assert!(!printed.contains(secret), "{printed}");
        }
        let stored = serde_json::to_string(&connection().0).unwrap();
        assert!(!stored.contains("\"hook\""), "{stored}");
    }

    pub(crate) fn new_pageup() -> serde_json::Value {
        let mut json = new_connection();
        json["ats"] = serde_json::json!({"kind": "pageup", "tenant_id": "6784", "data_centre": "dc2"});
        json["ats_credentials"] =
            serde_json::json!({"kind": "pageup", "client_id": "client", "client_secret": "s3cret"});
        json["transfer_acknowledged"] = false.into();
        json
    }

    #[test]
    fn an_ats_that_names_groups_and_asks_for_a_log_in_has_rules_of_its_own() {
        let check = |change: fn(&mut serde_json::Value), expected: &[&str]| {
            check(
                |json| {
                    *json = new_pageup();
                    change(json);
                },
                Region::Au,
                expected,
            );
        };
        check(|_| {}, &[]);
        check(|json| json["default_group"] = serde_json::Value::Null, &[]);
        check(|json| drop(json.as_object_mut().unwrap().remove("default_group")), &[]);
        check(|json| json["report"] = serde_json::json!({"type": "portal_link"}), &[]);
        check(|json| json["report"] = serde_json::json!({"type": "pdf"}), &["report.type"]);
        check(
            |json| {
                json["report"] = serde_json::json!({"type": "pdf", "days": 8});
                json["ats"]["max_pages"] = 0.into();
                json["ats"]["data_centre"] = "dc3".into();
            },
            &["ats.max_pages", "report.days", "report.type", "transfer_acknowledged"],
        );
        check(|json| json["ats_credentials"] = new_connection()["ats_credentials"].take(), &["ats_credentials.kind"]);
    }

    #[test]
    fn only_a_data_centre_that_is_known_to_lie_in_the_region_needs_no_acknowledged_transfer() {
        for region in [Region::Ca, Region::Uk, Region::Au] {
            for data_centre in ["dc0", "dc2", "dc3", "dc4", "dc5", "dc22"] {
                let inside = (region, data_centre) == (Region::Au, "dc2");
                let expected: &[&str] = if inside { &[] } else { &["transfer_acknowledged"] };
                let ats = serde_json::json!({"kind": "pageup", "tenant_id": "6784", "data_centre": data_centre});
                let with = |acknowledged: bool, expected: &[&str]| {
                    check(
                        |json| {
                            *json = new_pageup();
                            json["ats"] = ats.clone();
                            json["transfer_acknowledged"] = acknowledged.into();
                        },
                        region,
                        expected,
                    );
                };
                with(false, expected);
                with(true, &[]);
            }
        }
    }

    #[test]
    fn an_ats_that_does_not_call_has_no_password_for_it() {
        let new: NewConnection = serde_json::from_value(new_pageup()).unwrap();
        let (polled, secret) = new.accept(Region::Au, minted()).unwrap();
        assert_eq!(polled.webhook_passwords, []);
        let minted = minted();
        let issued = IssuedPassword::new(&minted.webhook_password, minted.now);
        assert_eq!(connection().0.webhook_passwords, [issued]);
        let printed = format!("{polled:?} {secret:?} {}", serde_json::to_string(&polled).unwrap());
        for secret in ["s3cret", "\"hook\"", "\"link\""] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
