//! Applicant tracking systems. One folder each; `connectors!` is the place where a folder is registered.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use crate::access::{Access, HookKey, NoTokens, Tokens};
use crate::checklist::Line;
use crate::http::System;
use crate::id::{AtsId, ConnectionId};
use crate::invalid::Invalid;
use crate::kinded;
use crate::order::View;
use crate::poll::Pace;
use crate::reason::NotForUs;
use crate::region::Region;
use crate::request::{CheckRequest, Subject};
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::Trouble;
use crate::webhook::{IssuedPassword, Scheme, Unreadable, Verified, Webhook};

mod look;

macro_rules! connectors {
    ($($module:ident $Kind:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// The settings of a connection's ATS side.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum AtsSettings { $($Kind($module::Settings)),+ }

        kinded::read_by_kind!(AtsSettings: $($module $Kind),+);

        /// What the integration user of the ATS signs in with.
        #[derive(Debug, Clone, Serialize, JsonSchema)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum AtsCredentials { $($Kind($module::Credentials)),+ }

        kinded::read_by_kind!(AtsCredentials: $($module $Kind),+);

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
            pub fn connector(&self, credentials: &AtsCredentials, access: Option<&Access>) -> Option<Box<dyn Ats>> {
                match (self, credentials) {
                    $((Self::$Kind(settings), AtsCredentials::$Kind(credentials)) => {
                        Some(Box::new($module::Connector::new(settings.clone(), credentials.clone(), access.cloned())))
                    })+
                    _ => None,
                }
            }

            /// The settings with the provider's name where they leave a place for it.
            #[must_use]
            pub fn naming(self, provider: &str) -> Self {
                match self { $(Self::$Kind(settings) => Self::$Kind(settings.naming(provider))),+ }
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
    lever Lever,
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
    fn customer(&self) -> Vec<(&'static str, String)>;
    fn intake(&self) -> Intake<'_>;
    fn authorizes(&self) -> Option<&dyn Authorizes>;
    fn traits(&self) -> Traits;
    fn keeps_data_outside(&self, region: Region) -> bool;
    fn package_tag(&self, package: &str) -> Option<String>;
}

/// What an ATS is like, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// Its webhook signs in with a password that we issue.
    pub takes_password: bool,
    /// It can name the group of an order, so that a default group is not a must.
    pub names_groups: bool,
    /// It accepts a link to a report that opens without a log-in.
    pub takes_links_without_login: bool,
    /// It shows how far the single checks of an order are.
    pub shows_single_checks: bool,
    /// What its admin removes by hand once the connection is deleted, in a sentence for them.
    pub left_behind: &'static str,
}

impl AtsSettings {
    /// Whose instance of the ATS it is: the settings that say it, by their names.
    #[must_use]
    pub fn customer(&self) -> Vec<(&'static str, String)> {
        self.rules().customer()
    }

    #[must_use]
    pub fn intake(&self) -> Intake<'_> {
        self.rules().intake()
    }

    /// The part by which the ATS's own admin grants the access, where it is granted.
    #[must_use]
    pub fn authorizes(&self) -> Option<&dyn Authorizes> {
        self.rules().authorizes()
    }

    /// What the settings tell without asking anybody.
    #[must_use]
    pub fn traits(&self) -> Traits {
        self.rules().traits()
    }

    /// Whether the ATS instance lies outside the stack's region.
    #[must_use]
    pub fn keeps_data_outside(&self, region: Region) -> bool {
        self.rules().keeps_data_outside(region)
    }

    /// The tag by which a package of that name is chosen, where the ATS's people choose by tags.
    #[must_use]
    pub fn package_tag(&self, package: &str) -> Option<String> {
        self.rules().package_tag(package)
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

/// By what the sender of a webhook is known.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// The user name, with the passwords that we issued for it.
    pub connection: &'a ConnectionId,
    pub passwords: &'a [IssuedPassword],
    /// The access that holds the key of a webhook that we made.
    pub access: Option<&'a Access>,
}

/// An ATS that calls us.
pub trait ReceivesWebhooks {
    /// How the sender proves itself.
    fn scheme<'a>(&self, keys: Keys<'a>) -> Scheme<'a>;

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

/// What an ATS's admin does after granting the access, in sentences for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextSteps {
    /// Where no trigger stage was found.
    pub stage: String,
    /// In any case.
    pub after: Vec<String>,
}

/// An ATS whose admin grants the access on the ATS's own pages, and may take it back there. What is done with the access
/// before it can be used for checks is here, too.
pub trait Authorizes: Sync {
    /// Where the ATS's admin grants it. `redirect` is where the ATS sends them back to, with `state`.
    fn consent_page(&self, credentials: &AtsCredentials, redirect: &Url, state: &Secret) -> Option<Url>;

    fn next_steps(&self) -> NextSteps;

    /// Turns the code that the ATS's admin came back with into tokens.
    fn exchange(
        &self,
        credentials: &AtsCredentials,
        code: &Secret,
        redirect: &Url,
        now: Timestamp,
    ) -> Talk<Result<Tokens, NoTokens>>;

    /// Turns a pair of tokens into the next, which makes the old one useless.
    fn refresh(&self, credentials: &AtsCredentials, tokens: &Tokens, now: Timestamp) -> Talk<Result<Tokens, NoTokens>>;

    /// The trigger stages that the ATS has: none where it has to be added there first.
    fn trigger_stages(&self, access: &Access) -> Talk<Result<Vec<AtsId>, Trouble>>;

    /// Makes the webhook, in place of any that was made for the same address: its key is told only now.
    fn make_hook(&self, access: &Access, address: &Url) -> Talk<Result<HookKey, Trouble>>;

    /// Deletes every webhook that was made for the address.
    fn delete_hooks(&self, access: &Access, address: &Url) -> Talk<Result<(), Trouble>>;

    /// The applications that entered one of the stages since then and are still there: what lost webhooks would have said.
    fn entered_since(&self, access: &Access, stages: &[AtsId], since: Timestamp)
    -> Talk<Result<Vec<Subject>, Trouble>>;
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

    /// Looks at everything that we need of the ATS, and changes nothing there: one line each. `sample` is an application
    /// that we know of, where there is one.
    fn examine(&self, sample: Option<&Subject>) -> Talk<Vec<Line>>;

    /// Makes the ATS show `view`. The answer names the entry.
    fn write(
        &self,
        subject: &Subject,
        view: &View,
        link: Option<&Url>,
        entry: Entry<'_>,
    ) -> Talk<Result<String, Trouble>>;
}
