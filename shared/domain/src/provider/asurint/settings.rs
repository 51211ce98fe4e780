//! What an admin sets for a connection to Asurint. What Asurint does not publish is a setting.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::wire;
use crate::id::{ConnectionId, GroupId, PackageId, ProviderOrderId};
use crate::invalid::Invalid;
use crate::provider::Traits;
use crate::region::Region;
use crate::secret::Secret;
use crate::webhook::{IssuedPassword, Scheme};

/// In which of Asurint's two vocabularies it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// The JSON API, in which orders can be read and looked up.
    Json,
    /// The XML order gateway, in which orders can be placed only: their progress is told by postbacks.
    Oml,
}

/// The form of the XML gateway, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "form", rename_all = "snake_case", deny_unknown_fields)]
pub enum Gateway {
    /// One address, with the credentials in each document.
    OneStep { url: Url },
    /// A token is asked for, and goes with the order. The address is what comes before `/SecurityService.svc`.
    TwoStep { base_url: Url },
}

impl Gateway {
    const fn address(&self) -> (&'static str, &Url) {
        match self {
            Self::OneStep { url } => ("provider.gateway.url", url),
            Self::TwoStep { base_url } => ("provider.gateway.base_url", base_url),
        }
    }
}

/// The attribute of an XML order by which Asurint invites the candidate to Candidate Hub. It is not published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationFlag {
    pub name: String,
    pub value: String,
}

/// What happens after an order of which it is not known whether it arrived, where no lookup can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ambiguous {
    /// A person looks.
    #[default]
    Hold,
    /// It is sent again, which may order twice.
    Retry,
}

/// Whether a postback must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    #[default]
    Required,
    /// A postback without a signature proves itself by its password alone; one that is there must be right.
    IfPresent,
}

/// A package that is named in the settings because Asurint is not to be asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedPackage {
    pub id: PackageId,
    pub name: String,
}

/// Where in an XML postback each fact stands: paths of element names below the root, with `/` between them and `@`
/// before an attribute. The first one that leads to something counts; the case of letters does not. Below a `Subject`
/// nothing is found, as that is dropped while reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PostbackPaths {
    pub event: Vec<String>,
    pub client_id: Vec<String>,
    pub quote_back: Vec<String>,
    pub order: Vec<String>,
    pub status: Vec<String>,
    pub score: Vec<String>,
    pub report: Vec<String>,
    pub occurred_at: Vec<String>,
}

impl Default for PostbackPaths {
    fn default() -> Self {
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        Self {
            event: paths(&["EventID"]),
            client_id: paths(&["Identifier/ClientID", "ClientID"]),
            quote_back: paths(&["QuoteBack", "Identifier/QuoteBack"]),
            order: paths(&["Identifier/BackgroundCheckOrderNumber", "BackgroundCheckOrderNumber", "OrderID"]),
            status: paths(&["OrderStatus", "Status"]),
            score: paths(&["OrderScore", "Score"]),
            report: paths(&["ReportLink", "ReportUrl"]),
            occurred_at: paths(&["OccurredAt"]),
        }
    }
}

impl PostbackPaths {
    fn all(&self) -> [(&'static str, &[String]); 8] {
        [
            ("event", &self.event),
            ("client_id", &self.client_id),
            ("quote_back", &self.quote_back),
            ("order", &self.order),
            ("status", &self.status),
            ("score", &self.score),
            ("report", &self.report),
            ("occurred_at", &self.occurred_at),
        ]
    }
}

/// The Asurint side of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The Client ID that Asurint's support gives out.
    pub client_id: String,
    pub codec: Codec,
    /// Where the JSON API is: what comes before `/v1`. Needed for `json`; Asurint publishes none.
    #[serde(default)]
    pub base_url: Option<Box<Url>>,
    /// Needed for `oml`.
    #[serde(default)]
    pub gateway: Option<Box<Gateway>>,
    /// The account that XML orders are booked on. Needed for `oml`.
    #[serde(default)]
    pub account_id: Option<String>,
    /// The location of an XML order without a group; a group is the location of its order. Needed for `oml`.
    #[serde(default)]
    pub location_id: Option<GroupId>,
    /// What Asurint calls "Intended use", as a number of its own.
    #[serde(default)]
    pub intended_use: u32,
    #[serde(default)]
    pub invitation: Option<Box<InvitationFlag>>,
    #[serde(default)]
    pub ambiguous: Ambiguous,
    #[serde(default)]
    pub postback_paths: Box<PostbackPaths>,
    #[serde(default)]
    pub signature: Signature,
    /// The host that a report's page lies on, or whose subdomain it lies on. No other address is shown to anybody.
    #[serde(default = "default_report_host")]
    pub report_host: String,
    /// Says that Asurint sends no postbacks, so that open orders are asked for often. Only in `json` can it be asked.
    #[serde(default)]
    pub polls: bool,
    /// In whose name is ordered where the ATS does not say who asks. In `oml` every order needs somebody.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub fallback_requester_email: Option<Secret>,
    /// The packages, where Asurint's own list is not to be used.
    #[serde(default)]
    pub packages: Option<Vec<ListedPackage>>,
}

fn default_report_host() -> String {
    "asurint.com".to_owned()
}

/// The user that orders, and up to two secrets that postbacks are signed with, so that one can be replaced while the
/// other still works.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub username: String,
    pub password: Secret,
    #[serde(default)]
    pub signing_secrets: Vec<Secret>,
}

/// Asurint's own hosts.
pub(super) fn is_host(host: &str) -> bool {
    host == "asurint.com" || host.ends_with(".asurint.com")
}

fn is_address(url: &Url) -> bool {
    let nothing_else = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let nothing_else = nothing_else && url.query().is_none() && url.fragment().is_none();
    nothing_else && url.scheme() == "https" && url.host_str().is_some_and(is_host)
}

/// A text that a header, an attribute and an element can hold as it is.
fn is_line(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.trim() == text && text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

fn is_host_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let bounded = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        bounded && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let ends_in_letters = host.rsplit('.').next().is_some_and(|last| last.bytes().any(|b| b.is_ascii_lowercase()));
    host.len() <= 253 && host.contains('.') && host.split('.').all(is_label) && ends_in_letters
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

fn is_path(path: &str) -> bool {
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let attribute = part.strip_prefix('@').filter(|_| parts.peek().is_none());
        if !is_name(attribute.unwrap_or(part)) {
            return false;
        }
    }
    true
}

/// The attributes that an order has anyway.
const TAKEN: [&str; 5] = ["uri", "reference1", "reference2", "intendedUse", "xmlns"];

impl Settings {
    pub(crate) const fn traits(&self) -> Traits {
        Traits {
            regions: &[Region::Ca],
            needs_group: false,
            needs_name: true,
            finds_by_candidate: false,
            makes_report_files: false,
            takes_password: true,
            keeps_data_outside: true,
            is_under_fcra: true,
            left_behind: "At Asurint, have the postbacks to Crosscheck stopped, and the integration user removed whose \
                credentials were given.",
        }
    }

    pub(crate) fn scheme<'a>(
        &self,
        credentials: &'a Credentials,
        user: &'a ConnectionId,
        passwords: &'a [IssuedPassword],
    ) -> Scheme<'a> {
        Scheme::BasicAndSigned {
            user: user.as_str(),
            passwords,
            header: "x-asurint-signature",
            read: wire::signature,
            secrets: &credentials.signing_secrets,
            required: self.signature == Signature::Required,
        }
    }

    pub(crate) fn problems(&self, credentials: &Credentials) -> Vec<Invalid> {
        let mut problems = Problems(Vec::new());
        problems.unless(is_line(&self.client_id), "provider.client_id", "must be what Asurint's support gave out");
        match self.codec {
            Codec::Json => {
                let is_there = self.base_url.as_deref().is_some_and(is_address);
                problems.unless(is_there, "provider.base_url", &format!("is needed for json and {ADDRESS}"));
                problems.unless(self.gateway.is_none(), "provider.gateway", "is for oml only");
            }
            Codec::Oml => self.check_gateway(&mut problems),
        }
        for (name, paths) in self.postback_paths.all() {
            let bounded =
                (1..=10).contains(&paths.len()) && paths.iter().all(|path| path.len() <= 200 && is_path(path));
            problems.unless(
                bounded,
                &format!("provider.postback_paths.{name}"),
                "needs one to ten paths such as a/b or a/@b",
            );
        }
        problems.unless(
            is_host_name(&self.report_host),
            "provider.report_host",
            "must be a host's name in small letters",
        );
        let fallback = self.fallback_requester_email.as_ref().map(Secret::expose);
        let is_mail = |text: &String| is_line(text) && !text.contains(' ') && text.matches('@').count() == 1;
        problems.unless(fallback.is_none_or(is_mail), "provider.fallback_requester_email", "must be an e-mail address");
        let named =
            |listed: &[ListedPackage]| !listed.is_empty() && listed.iter().all(|one| !one.name.trim().is_empty());
        problems.unless(self.packages.as_deref().is_none_or(named), "provider.packages", "needs one, and each a name");
        self.check_credentials(credentials, &mut problems);
        problems.0
    }

    fn check_gateway(&self, problems: &mut Problems) {
        match self.gateway.as_deref().map(Gateway::address) {
            None => problems.unless(false, "provider.gateway", "is needed for oml"),
            Some((field, url)) => problems.unless(is_address(url), field, ADDRESS),
        }
        problems.unless(self.base_url.is_none(), "provider.base_url", "is for json only");
        let is_there = self.account_id.as_deref().is_some_and(is_line);
        problems.unless(is_there, "provider.account_id", "is needed for oml, and must be Asurint's");
        problems.unless(self.location_id.is_some(), "provider.location_id", "is needed for oml");
        if let Some(InvitationFlag { name, value }) = self.invitation.as_deref() {
            let may_be = is_name(name) && !TAKEN.contains(&name.as_str());
            problems.unless(
                may_be,
                "provider.invitation.name",
                "must be an attribute's name that an order has not got yet",
            );
            problems.unless(is_line(value), "provider.invitation.value", "must not be empty");
        }
        problems.unless(!self.polls, "provider.polls", "must be false for oml, in which no order can be read");
    }

    fn check_credentials(&self, credentials: &Credentials, problems: &mut Problems) {
        let username = &credentials.username;
        let may_be = is_line(username) && !username.contains(':');
        problems.unless(may_be, "provider_credentials.username", "must not be empty and not have a colon");
        let password = credentials.password.expose();
        let may_be = !password.trim().is_empty() && !password.contains(char::is_control);
        problems.unless(may_be, "provider_credentials.password", "must not be empty");
        let secrets = &credentials.signing_secrets;
        let least = usize::from(self.signature == Signature::Required);
        let filled = secrets.iter().all(|secret| !secret.expose().trim().is_empty());
        problems.unless(
            filled && (least..=2).contains(&secrets.len()),
            "provider_credentials.signing_secrets",
            "may be two, none of them empty, and must be at least one where signatures are required",
        );
    }

    /// Asurint does not publish where the page of an order is: an order's truth has it.
    pub(crate) const fn portal_link(&self, _: Region, _: &ProviderOrderId) -> Option<Url> {
        None
    }

    #[expect(clippy::unused_self, reason = "other providers' keys end")]
    pub(crate) const fn set_key_created_on(&mut self, _: Date) -> bool {
        false
    }

    /// Nothing is known of an end of its credentials.
    pub(crate) const fn key_expires_on(&self) -> Option<Date> {
        None
    }
}

const ADDRESS: &str = "must be https on asurint.com or below it, without a user, a port, a query or a fragment";

struct Problems(Vec<Invalid>);

impl Problems {
    fn unless(&mut self, holds: bool, field: &str, problem: &str) {
        if !holds {
            self.0.push(Invalid::new(field, problem));
        }
    }
}
