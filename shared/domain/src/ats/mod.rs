//! Applicant tracking systems. One folder each; `connectors!` is the place where a folder is registered.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::System;
use crate::id::ConnectionId;
use crate::invalid::Invalid;
use crate::order::View;
use crate::poll::Pace;
use crate::reason::NotForUs;
use crate::region::Region;
use crate::request::{CheckRequest, Subject};
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::Trouble;
use crate::webhook::{PasswordHash, Scheme, Unreadable, Verified, Webhook};

macro_rules! connectors {
    ($($module:ident $Kind:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// The settings of a connection's ATS side.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum AtsSettings { $($Kind($module::Settings)),+ }

        /// What the integration user of the ATS signs in with.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum AtsCredentials { $($Kind($module::Credentials)),+ }

        /// Every registered folder with its system.
        pub const REGISTERED: &[(&str, &System)] = &[$((stringify!($module), &$module::SYSTEM)),+];

        impl AtsSettings {
            /// The folder's name, as in URLs, keys and metrics.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$Kind(_) => stringify!($module)),+ }
            }

            fn rules(&self) -> &dyn AtsRules {
                match self { $(Self::$Kind(settings) => settings),+ }
            }

            /// The connector, or nothing where settings and credentials are of different kinds.
            #[must_use]
            pub fn connector(&self, credentials: &AtsCredentials) -> Option<Box<dyn Ats>> {
                match (self, credentials) {
                    $((Self::$Kind(settings), AtsCredentials::$Kind(credentials)) => {
                        Some(Box::new($module::Connector::new(settings.clone(), credentials.clone())))
                    })+
                    _ => None,
                }
            }

            /// What keeps these settings and credentials from being saved.
            #[must_use]
            pub fn problems(&self, credentials: &AtsCredentials) -> Vec<Invalid> {
                match (self, credentials) {
                    $((Self::$Kind(settings), AtsCredentials::$Kind(credentials)) => settings.problems(credentials),)+
                    _ => vec![Invalid::new("ats_credentials.kind", "must be the kind of ats")],
                }
            }
        }
    };
}

connectors! {
    icims Icims,
    pageup Pageup,
}

/// How requests for checks arrive from an ATS.
pub enum Intake<'a> {
    /// It calls us.
    Webhook(&'a dyn ReceivesWebhooks),
    /// It is asked, again and again.
    Poll(&'a dyn ListsRequests),
}

/// What an ATS's settings tell without asking anybody.
trait AtsRules {
    fn intake(&self) -> Intake<'_>;
    fn names_groups(&self) -> bool;
    fn keeps_data_outside(&self, region: Region) -> bool;
    fn takes_links_without_login(&self) -> bool;
    fn shows_single_checks(&self) -> bool;
}

impl AtsSettings {
    #[must_use]
    pub fn intake(&self) -> Intake<'_> {
        self.rules().intake()
    }

    /// Whether the ATS can name the group of an order, so that a default group is not a must.
    #[must_use]
    pub fn names_groups(&self) -> bool {
        self.rules().names_groups()
    }

    /// Whether the ATS instance lies outside the stack's region.
    #[must_use]
    pub fn keeps_data_outside(&self, region: Region) -> bool {
        self.rules().keeps_data_outside(region)
    }

    /// Whether the ATS accepts a link to a report that opens without a log-in.
    #[must_use]
    pub fn takes_links_without_login(&self) -> bool {
        self.rules().takes_links_without_login()
    }

    /// Whether the ATS shows how far the single checks of an order are.
    #[must_use]
    pub fn shows_single_checks(&self) -> bool {
        self.rules().shows_single_checks()
    }
}

/// What a webhook of an ATS says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtsEvent {
    CheckRequested(Subject),
    /// The application is outside the trigger status: that opens the way for a later, second order.
    LeftTrigger(Subject),
    NotForUs(NotForUs),
}

/// What the sender of a webhook is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Stored, or recorded as not for us.
    Accepted,
    Unauthentic,
    Unreadable(Unreadable),
    /// The recruiter can fix it: the sentence, the field at fault as the ATS names it, and a log line for the ATS.
    Refused {
        sentence: String,
        field: Option<String>,
        debug: String,
    },
    /// It could not be stored.
    Unavailable,
}

/// An answer to a webhook in the sender's own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: Option<&'static str>,
    pub body: String,
}

/// An ATS that calls us.
pub trait ReceivesWebhooks {
    /// How the sender proves itself: `connection` is the user name and `passwords` are the passwords that we issued.
    fn scheme<'a>(&self, connection: &'a ConnectionId, passwords: &'a [PasswordHash]) -> Scheme<'a>;

    /// Reads a proven event.
    ///
    /// # Errors
    /// [`Unreadable`] where the sender must be told that it is malformed.
    fn decode(&self, webhook: &Webhook<Verified>) -> Result<AtsEvent, Unreadable>;
}

/// One look at an ATS that is asked for requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub requests: Vec<Listed>,
    /// How many entries could not be read as requests at all.
    pub unreadable: usize,
    /// There may be more behind it.
    pub is_full: bool,
}

/// A request that an ATS listed. It may never list it again, so `kept` holds what placing the order needs, for
/// [`Ats::read_request`]. It is personal: it rests sealed, and only until the order is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub subject: Subject,
    pub kept: Secret,
}

/// An ATS that is asked for requests.
pub trait ListsRequests: Sync {
    fn pace(&self) -> Pace;

    /// Asks for the requests that wait.
    fn list(&self, credentials: &AtsCredentials) -> Talk<Result<Page, Trouble>>;
}

/// Where in the ATS an order is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// It has no entry yet.
    New,
    /// An earlier write had no known outcome: it may have an entry, which is then to be found.
    Perhaps,
    At(&'a str),
}

/// An ATS that can be read and written.
pub trait Ats: Send + Sync {
    /// What is asked for, as it is now: read from the ATS, or from what was `kept` of the request where the ATS lists each
    /// only once.
    fn read_request(&self, subject: &Subject, kept: Option<&Secret>) -> Talk<Result<CheckRequest, Trouble>>;

    /// Makes the ATS show `view`. The answer names the entry.
    fn write(
        &self,
        subject: &Subject,
        view: &View,
        link: Option<&Url>,
        entry: Entry<'_>,
    ) -> Talk<Result<String, Trouble>>;
}
