//! How one tenant behaves where PageUp's behaviour is unknown, or differs between customers.

use serde::{Deserialize, Serialize};

/// When an invitation stops waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// The first accepted PUT takes it away.
    #[default]
    KeepUntilPut,
    /// The GET that answers it takes it away, whether or not the answer arrives.
    Dequeue,
}

/// How the names of properties are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Casing {
    #[default]
    Camel,
    Pascal,
    Lower,
    /// Each property of each object in another one of the forms.
    Mixed,
}

/// What is around the array of invitations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrapping {
    #[default]
    Bare,
    BackgroundCheckRequests,
    Items,
    Data,
}

/// What a GET answers where nothing waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// 200 and no rows, in the tenant's wrapping.
    #[default]
    Array,
    /// 204 and no body.
    NoContent,
}

/// Where in a row the department's code is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepartmentAt {
    /// `application.job.divisioncode`
    #[default]
    DivisionCode,
    /// `application.job.department.code`
    Department,
    /// `application.job.team.externalId`
    Team,
}

/// Where in a row the address of the ordering user is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequesterAt {
    /// `requester.email`
    #[default]
    Requester,
    /// `requestedBy.emailAddress`
    RequestedBy,
}

/// Which of the two known forms a PUT has; the other one's path does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutShape {
    /// A status, a message and a result to `recruitment/backgroundchecks/{id}`.
    #[default]
    BackgroundCheck,
    /// A status and notes to `workcompliance/invitations/{id}/statuses`.
    WorkCompliance,
}

/// The switches of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    pub queue: Queue,
    /// The life that the next tokens get.
    pub token_life_secs: u64,
    /// Names the granted scopes beside a token, and grants of those that were asked for what it can.
    pub tells_scopes: bool,
    /// Shuffles the properties of every object, adds one of random UUIDs, and leaves some of the nulls out.
    pub fuzz: bool,
    pub casing: Casing,
    pub wrapping: Wrapping,
    /// Puts each row under `backgroundCheckRequest`.
    pub wraps_items: bool,
    pub empty: Empty,
    /// Writes the id of a row as a number.
    pub numeric_ids: bool,
    pub department_at: DepartmentAt,
    pub requester_at: RequesterAt,
    pub put_shape: PutShape,
    /// The literals that a PUT may hold as its status; none at all accepts any text.
    pub statuses: Vec<String>,
    /// Accepts another status after `Completed`.
    pub allows_back_steps: bool,
    /// The most characters that a message may have.
    pub message_limit: Option<usize>,
    /// The most GETs and PUTs in a day of UTC.
    pub daily_limit: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue: Queue::default(),
            token_life_secs: 300,
            tells_scopes: false,
            fuzz: true,
            casing: Casing::default(),
            wrapping: Wrapping::default(),
            wraps_items: false,
            empty: Empty::default(),
            numeric_ids: false,
            department_at: DepartmentAt::default(),
            requester_at: RequesterAt::default(),
            put_shape: PutShape::default(),
            statuses: ["In progress", "In Progress", "Completed", "Failed"].map(str::to_owned).to_vec(),
            allows_back_steps: false,
            message_limit: None,
            daily_limit: None,
        }
    }
}
