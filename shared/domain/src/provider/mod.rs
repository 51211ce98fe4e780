//! Background-check providers. One folder each; `providers!` is the place where a folder is registered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::System;
use crate::id::{GroupId, PackageId, ProviderOrderId, UserId};
use crate::invalid::Invalid;
use crate::region::Region;
use crate::request::Candidate;
use crate::secret::Secret;
use crate::status::{ActionBy, OrderResult, OrderStatus};
use crate::talk::Talk;
use crate::trouble::{PostOutcome, Trouble};
use crate::webhook::{Scheme, Unreadable, Verified, Webhook};

macro_rules! providers {
    ($($module:ident $Kind:ident $shown_as:literal),+ $(,)?) => {
        $(pub mod $module;)+

        /// The settings of a connection's provider side.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum ProviderSettings { $($Kind($module::Settings)),+ }

        /// What the integration signs in with at the provider, and what the provider signs with.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum ProviderCredentials { $($Kind($module::Credentials)),+ }

        /// Every registered folder with its system.
        pub const REGISTERED: &[(&str, &System)] = &[$((stringify!($module), &$module::SYSTEM)),+];

        impl ProviderSettings {
            /// The folder's name, as in URLs, keys and metrics.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$Kind(_) => stringify!($module)),+ }
            }

            /// The provider's name as people know it.
            #[must_use]
            pub const fn shown_as(&self) -> &'static str {
                match self { $(Self::$Kind(_) => $shown_as),+ }
            }

            /// The connector, or nothing where settings and credentials are of different kinds.
            #[must_use]
            pub fn connector(&self, credentials: &ProviderCredentials, region: Region) -> Option<Box<dyn Provider>> {
                match (self, credentials) {
                    $((Self::$Kind(settings), ProviderCredentials::$Kind(credentials)) => {
                        Some(Box::new($module::Connector::new(settings.clone(), credentials.clone(), region)))
                    })+
                    #[expect(unreachable_patterns, reason = "reachable as soon as a second folder is registered")]
                    _ => None,
                }
            }

            /// What keeps these settings and credentials from being saved.
            #[must_use]
            pub fn problems(&self, credentials: &ProviderCredentials) -> Vec<Invalid> {
                match (self, credentials) {
                    $((Self::$Kind(settings), ProviderCredentials::$Kind(credentials)) => settings.problems(credentials),)+
                    #[expect(unreachable_patterns, reason = "reachable as soon as a second folder is registered")]
                    _ => vec![Invalid::new("provider_credentials.kind", "must be the kind of provider")],
                }
            }

            /// The provider's own page of an order, behind its log-in.
            #[must_use]
            pub fn portal_link(&self, region: Region, order: &ProviderOrderId) -> Option<Url> {
                match self { $(Self::$Kind(settings) => settings.portal_link(region, order)),+ }
            }

            /// The day on which the key stops working, where the provider's keys do.
            #[must_use]
            pub fn key_expires_on(&self) -> Option<jiff::civil::Date> {
                match self { $(Self::$Kind(settings) => settings.key_expires_on()),+ }
            }
        }

        impl ProviderCredentials {
            /// How the provider's callbacks prove themselves.
            #[must_use]
            pub fn scheme(&self) -> Scheme<'_> {
                match self { $(Self::$Kind(credentials) => credentials.scheme()),+ }
            }
        }

        impl ProviderSettings {
            /// Reads a proven callback.
            ///
            /// # Errors
            /// [`Unreadable`] where the sender must be told that it is malformed.
            pub fn decode(&self, webhook: &Webhook<Verified>) -> Result<ProviderEvent, Unreadable> {
                match self { $(Self::$Kind(_) => $module::decode(webhook)),+ }
            }
        }
    };
}

providers! {
    certn Certn "Certn",
}

/// What a callback or the event list of a provider says: look at this order again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderEvent {
    Changed { event: String, order: ProviderOrderId },
    UnknownType { event: String },
}

/// A package that the provider sells to this account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub id: PackageId,
    pub name: String,
    /// Active, and marked for ordering from an ATS where the provider says so.
    pub orderable: bool,
}

/// Whether the requester may order in the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequesterStanding {
    Unknown,
    OutsideGroup(UserId),
    Member(UserId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupStanding {
    Unknown,
    Inactive,
    Active,
}

/// What the provider knows of the group and the requester of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub group: GroupStanding,
    /// Nothing where no requester was asked about.
    pub requester: Option<RequesterStanding>,
}

/// An order to be placed. It has no room for a birth date, a number, an address, a consent or a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    pub package: PackageId,
    pub group: GroupId,
    pub ordered_by: Option<UserId>,
    pub candidate: Candidate,
}

/// By what an order is looked for when the answer to placing it was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub email: Secret,
    pub group: GroupId,
    pub ordered_by: Option<UserId>,
    pub placed_after: Timestamp,
}

/// What the provider holds true about an order at the moment of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    pub order: ProviderOrderId,
    /// The identifier that people use at the provider.
    pub short_id: Option<String>,
    pub status: OrderStatus,
    pub action_by: Option<ActionBy>,
    pub result: Option<OrderResult>,
    /// Finished, but its score is not there yet.
    pub awaits_score: bool,
    pub modified: Option<Timestamp>,
    /// How far the order's single checks are; nothing of what they found.
    pub checks: Vec<CheckProgress>,
}

/// How far one check of an order is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckProgress {
    /// The kind of check in a person's words.
    pub name: String,
    pub finished: bool,
}

/// How far the report's file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportFile {
    Preparing,
    /// The provider's own short-lived address; it goes to the reader and nowhere else.
    Ready(Secret),
    Failed,
}

/// One page of the provider's event list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    pub changed: Vec<ProviderOrderId>,
    /// The last event of the page, from where the next look goes on.
    pub cursor: Option<String>,
    pub has_more: bool,
}

/// A provider that can be ordered from and read.
pub trait Provider: Send + Sync {
    fn packages(&self) -> Talk<Result<Vec<Package>, Trouble>>;

    /// Asks about the group and, where there is one, the requester.
    fn standing(&self, group: &GroupId, requester_email: Option<&Secret>) -> Talk<Result<Standing, Trouble>>;

    /// Places the order: the one request that is sent once only.
    fn place(&self, order: &NewOrder) -> Talk<PostOutcome<Truth>>;

    /// Every order that could be the one whose placement was unclear.
    fn find(&self, lookup: &Lookup) -> Talk<Result<Vec<Truth>, Trouble>>;

    /// The order as it is now, or nothing where the provider does not have it.
    fn read(&self, order: &ProviderOrderId) -> Talk<Result<Option<Truth>, Trouble>>;

    /// Has the report's file made; the answer names it.
    fn make_report(&self, order: &ProviderOrderId) -> Talk<Result<String, Trouble>>;

    fn report_file(&self, file: &str) -> Talk<Result<ReportFile, Trouble>>;

    fn events_after(&self, cursor: Option<&str>) -> Talk<Result<EventPage, Trouble>>;
}
