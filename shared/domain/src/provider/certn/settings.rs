//! What an admin sets for a connection to Certn.

use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::id::{ConnectionId, ProviderOrderId};
use crate::invalid::Invalid;
use crate::provider::Traits;
use crate::region::Region;
use crate::secret::Secret;
use crate::webhook::{IssuedPassword, Scheme};

/// The Certn side of a connection. The region, and with it the host, is the stack's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// When the newest key was made; Certn's keys stop working after 365 days.
    #[serde(default)]
    pub key_created_on: Option<Date>,
    /// The portal's page of a case. Certn does not publish its path, so it is a setting.
    #[serde(default = "default_portal_url")]
    pub portal_url: String,
    /// The language of a generated PDF.
    #[serde(default = "default_report_language")]
    pub report_language: String,
}

fn default_portal_url() -> String {
    "https://client.certn.co/{region}/cases/{case_id}/".to_owned()
}

fn default_report_language() -> String {
    "en-CA".to_owned()
}

/// Up to two keys and up to two webhook secrets, so that each can be replaced while the old one still works.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub api_keys: Vec<Secret>,
    pub webhook_secrets: Vec<Secret>,
}

impl Settings {
    pub(crate) const fn traits(&self) -> Traits {
        Traits {
            regions: &Region::ALL,
            needs_group: true,
            needs_name: false,
            finds_by_candidate: true,
            makes_report_files: true,
            takes_password: false,
            keeps_data_outside: false,
            is_under_fcra: false,
            left_behind: "At Certn, remove the webhook that posts to Crosscheck, and revoke the API key that was given.",
        }
    }

    pub(crate) fn scheme<'a>(
        &self,
        credentials: &'a Credentials,
        _: &'a ConnectionId,
        _: &'a [IssuedPassword],
    ) -> Scheme<'a> {
        Scheme::HmacSha256Hex { header: "x-signature", secrets: &credentials.webhook_secrets }
    }

    pub(crate) fn problems(&self, credentials: &Credentials) -> Vec<Invalid> {
        let mut invalid = Vec::new();
        let lists = [
            ("provider_credentials.api_keys", &credentials.api_keys),
            ("provider_credentials.webhook_secrets", &credentials.webhook_secrets),
        ];
        for (field, secrets) in lists {
            if !(1..=2).contains(&secrets.len()) || secrets.iter().any(|secret| secret.expose().trim().is_empty()) {
                invalid.push(Invalid::new(field, "needs one or two values, none of them empty"));
            }
        }
        let portal =
            self.portal_link(Region::Ca, &ProviderOrderId::parse("x").unwrap_or_else(|_| unreachable!("an id")));
        let at_certn = portal.is_some_and(|url| url.scheme() == "https" && url.host_str() == Some("client.certn.co"));
        if !at_certn || !self.portal_url.contains("{case_id}") {
            let must = "must be an https address at client.certn.co with {case_id} in it";
            invalid.push(Invalid::new("provider.portal_url", must));
        }
        if !matches!(self.report_language.as_str(), "en-CA" | "fr-CA") {
            invalid.push(Invalid::new("provider.report_language", "must be en-CA or fr-CA"));
        }
        invalid
    }

    pub(crate) fn portal_link(&self, region: Region, order: &ProviderOrderId) -> Option<Url> {
        let url = self.portal_url.replace("{region}", region.code()).replace("{case_id}", order.as_str());
        Url::parse(&url).ok()
    }

    pub(crate) const fn set_key_created_on(&mut self, day: Date) -> bool {
        self.key_created_on = Some(day);
        true
    }

    pub(crate) fn key_expires_on(&self) -> Option<Date> {
        self.key_created_on?.checked_add(365.days()).ok()
    }
}
