//! Background-check providers. One folder each; `providers!` is the place where a folder is registered.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::checklist::{Line, Used};
use crate::http::System;
use crate::id::{AtsId, ConnectionId, GroupId, OrderId, PackageId, ProviderOrderId, UserId};
use crate::invalid::Invalid;
use crate::kinded;
use crate::mapping::{MappingKind, Mappings};
use crate::region::Region;
use crate::request::Candidate;
use crate::secret::Secret;
use crate::status::{ActionBy, OrderResult, OrderStatus, ResultCode};
use crate::talk::Talk;
use crate::trouble::{PostOutcome, Trouble};
use crate::webhook::{IssuedPassword, Scheme, Unreadable, Verified, Webhook};

macro_rules! providers {
    ($($module:ident $Kind:ident $shown_as:literal),+ $(,)?) => {
        $(pub mod $module;)+

        /// The settings of a connection's provider side.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum ProviderSettings { $($Kind($module::Settings)),+ }

        kinded::read_by_kind!(ProviderSettings: $($module $Kind),+);

        /// What the integration signs in with at the provider, and what the provider signs with.
        #[derive(Debug, Clone, Serialize, JsonSchema)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum ProviderCredentials { $($Kind($module::Credentials)),+ }

        kinded::read_by_kind!(ProviderCredentials: $($module $Kind),+);

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
                    _ => None,
                }
            }

            /// What keeps these settings and credentials from being saved.
            #[must_use]
            pub fn problems(&self, credentials: &ProviderCredentials) -> Vec<Invalid> {
                match (self, credentials) {
                    $((Self::$Kind(settings), ProviderCredentials::$Kind(credentials)) => settings.problems(credentials),)+
                    _ => vec![Invalid::new("provider_credentials.kind", "must be the kind of provider")],
                }
            }

            /// What the settings tell without asking anybody.
            #[must_use]
            pub fn traits(&self) -> Traits {
                match self { $(Self::$Kind(settings) => settings.traits()),+ }
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

            /// Notes the day on which a new key was made. `false` where the provider's keys do not end.
            pub fn set_key_created_on(&mut self, day: jiff::civil::Date) -> bool {
                match self { $(Self::$Kind(settings) => settings.set_key_created_on(day)),+ }
            }
        }

        impl ProviderSettings {
            /// How the provider's callbacks prove themselves: `user` and `passwords` are what we issued. Nothing where
            /// the credentials are another provider's.
            #[must_use]
            pub fn scheme<'a>(
                &'a self,
                credentials: &'a ProviderCredentials,
                user: &'a ConnectionId,
                passwords: &'a [IssuedPassword],
            ) -> Option<Scheme<'a>> {
                match (self, credentials) {
                    $((Self::$Kind(settings), ProviderCredentials::$Kind(credentials)) => {
                        Some(settings.scheme(credentials, user, passwords))
                    })+
                    _ => None,
                }
            }

            /// Reads a proven callback.
            ///
            /// # Errors
            /// [`Unreadable`] where the sender must be told that it is malformed.
            pub fn decode(&self, webhook: &Webhook<Verified>) -> Result<ProviderEvent, Unreadable> {
                match self { $(Self::$Kind(settings) => settings.decode(webhook)),+ }
            }
        }
    };
}

providers! {
    certn Certn "Certn",
    asurint Asurint "Asurint",
}

/// What a provider is like, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// The regions that may have connections to it.
    pub regions: &'static [Region],
    /// Every order goes into a group, so that a connection without a group cannot order.
    pub needs_group: bool,
    /// Takes an order only with the candidate's given and family name.
    pub needs_name: bool,
    /// An order whose placement was unclear is looked for by the candidate's address, which the ATS is asked for again.
    pub finds_by_candidate: bool,
    /// It issues a short-lived file of a report, so that a link of ours can lead to it.
    pub makes_report_files: bool,
    /// Its callbacks carry a password that we issue.
    pub takes_password: bool,
    /// It keeps data outside every region, so that the client must know.
    pub keeps_data_outside: bool,
    /// Its reports are consumer reports under the FCRA, so that what was done is kept on record longer.
    pub is_under_fcra: bool,
    /// What its admin removes by hand once the connection is deleted, in a sentence for them.
    pub left_behind: &'static str,
}

/// What a callback or the event list of a provider says: look at this order again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderEvent {
    /// `ours` is our own id of the order, where the provider keeps it.
    Changed {
        event: String,
        order: ProviderOrderId,
        ours: Option<OrderId>,
    },
    /// What it says is all that can be known: the provider cannot be asked.
    Told {
        truth: Box<Truth>,
        ours: Option<OrderId>,
    },
    UnknownType {
        event: String,
    },
}

/// A package that the provider sells to this account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub id: PackageId,
    pub name: String,
    /// Active, and marked for ordering from an ATS where the provider says so.
    pub orderable: bool,
    /// Whether it is marked for ordering from an ATS, where the provider says so.
    pub marked_for_ats: Option<bool>,
    /// The labels that the provider puts on each order of it, where it says which.
    pub tags: Vec<String>,
}

impl Package {
    /// A package of which the provider says nothing more.
    #[must_use]
    pub const fn new(id: PackageId, name: String, orderable: bool) -> Self {
        Self { id, name, orderable, marked_for_ats: None, tags: Vec::new() }
    }
}

/// A group that orders can go into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub active: bool,
}

/// Whether the requester may order in the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequesterStanding {
    /// The provider keeps no users: anybody may order.
    NeedsNone,
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
    pub package_name: String,
    pub group: Option<GroupId>,
    pub ordered_by: Option<UserId>,
    pub requester_email: Option<Secret>,
    /// The application and the job, as the ATS names them.
    pub application: AtsId,
    pub job: Option<AtsId>,
    pub candidate: Candidate,
}

/// By what an order and what is said about it later are known to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    pub order: OrderId,
    /// Where the provider may call us about it.
    pub callback: Option<Url>,
}

/// By what an order is looked for when the answer to placing it was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub order: OrderId,
    /// The candidate's address, where [`Traits::finds_by_candidate`] asks for it.
    pub email: Option<Secret>,
    pub group: Option<GroupId>,
    pub ordered_by: Option<UserId>,
    pub placed_after: Timestamp,
}

/// What a lookup came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Findings {
    Orders(Vec<Truth>),
    /// It can never be told; a person must look. Why, in a few words.
    Untold(&'static str),
}

/// What a reading of an order came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    Is(Box<Truth>),
    /// The provider does not have it, or not any more.
    Gone,
    /// The provider cannot be asked: it tells by itself.
    OnlyTold,
}

/// The provider's own page of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportPage {
    /// The provider does not say: the settings know where its pages are.
    #[default]
    ByNumber,
    /// It said none, or one that is not to be shown.
    Missing,
    /// Its address, which asks for a log-in.
    At(Url),
}

/// What the provider holds true about an order at the moment of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    pub order: ProviderOrderId,
    /// The identifier that people use at the provider.
    pub short_id: Option<String>,
    pub status: OrderStatus,
    /// The client's own word for the status, where the provider lets clients choose.
    pub status_word: Option<String>,
    pub action_by: Option<ActionBy>,
    pub result: Option<OrderResult>,
    /// Finished, but its score is not there yet: for how long it is waited for.
    pub awaits_score: Option<SignedDuration>,
    pub modified: Option<Timestamp>,
    /// How far the order's single checks are; nothing of what they found.
    pub checks: Vec<CheckProgress>,
    pub report: ReportPage,
    /// The provider may not tell of changes, so that it is asked often.
    pub ask_often: bool,
}

impl Truth {
    /// All that is certain of an order that a person found at a provider that cannot be asked.
    #[must_use]
    pub const fn invited(order: ProviderOrderId) -> Self {
        Self {
            order,
            short_id: None,
            status: OrderStatus::PendingCandidate,
            status_word: None,
            action_by: None,
            result: None,
            awaits_score: None,
            modified: None,
            checks: Vec::new(),
            report: ReportPage::ByNumber,
            ask_often: false,
        }
    }

    /// The same with what an admin said that the client's own words mean. The words themselves stay as they are.
    #[must_use]
    pub fn mapped(mut self, mappings: &Mappings) -> Self {
        if let Some(result) = &mut self.result
            && let Some(code) = mappings.get(MappingKind::Score, &result.label).and_then(ResultCode::from_code)
        {
            result.code = code;
        }
        let status = self.status_word.as_deref().and_then(|word| mappings.get(MappingKind::Status, word));
        if let Some(status) = status.and_then(OrderStatus::from_code) {
            self.status = status;
        }
        self
    }
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    fn standing(&self, group: Option<&GroupId>, requester_email: Option<&Secret>) -> Talk<Result<Standing, Trouble>>;

    /// Places the order: the one request that is sent once only.
    fn place(&self, order: &NewOrder, correlation: &Correlation) -> Talk<PostOutcome<Truth>>;

    /// Every order that could be the one whose placement was unclear.
    fn find(&self, lookup: &Lookup) -> Talk<Result<Findings, Trouble>>;

    /// The order as it is now.
    fn read(&self, order: &ProviderOrderId) -> Talk<Result<Reading, Trouble>>;

    /// Looks at everything that we need of the provider, and changes nothing there: one line each.
    fn examine(&self, used: &Used) -> Talk<Vec<Line>>;

    /// The part that makes files of reports, where there is one.
    fn report_files(&self) -> Option<&dyn MakesReportFiles>;

    /// The part that lists the groups, where there is one.
    fn group_list(&self) -> Option<&dyn ListsGroups>;

    /// The part that lists what happened, where there is one.
    fn event_list(&self) -> Option<&dyn ListsEvents>;

    /// The part that cancels orders, where there is one.
    fn cancels(&self) -> Option<&dyn CancelsOrders>;
}

/// What became of asking that an order be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    Taken,
    /// It is closed: how it ended, the order itself tells.
    Closed,
    /// The provider does not have it, or not any more.
    Gone,
}

/// A provider that cancels an order where it is told to. Telling it twice changes nothing.
pub trait CancelsOrders {
    fn cancel(&self, order: &ProviderOrderId) -> Talk<Result<Cancelled, Trouble>>;
}

/// A provider that makes short-lived files of reports.
pub trait MakesReportFiles {
    /// Has the report's file made; the answer names it.
    fn make_report(&self, order: &ProviderOrderId) -> Talk<Result<String, Trouble>>;

    fn report_file(&self, file: &str) -> Talk<Result<ReportFile, Trouble>>;
}

/// A provider that lists the groups that orders can go into.
pub trait ListsGroups {
    fn groups(&self) -> Talk<Result<Vec<Group>, Trouble>>;
}

/// A provider that lists what happened, so that a lost callback is made up for.
pub trait ListsEvents {
    fn events_after(&self, cursor: Option<&str>) -> Talk<Result<EventPage, Trouble>>;
}
