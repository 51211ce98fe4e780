//! What an admin is told.

use domain::decide::explain::Verdict;
use domain::id::{GroupId, OrderId, PackageId, UserId};
use domain::order::Order;
use domain::provider::NewOrder;
use domain::reason::{NotForUs, Reason, Refusal};
use domain::status::OrderStatus;
use domain::trace::Trace;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::store::Arrived;

/// A reason with whoever can cure it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Told {
    code: Reason,
    /// What it is about: what the recruiter typed, or a vendor's field.
    about: String,
    owner: &'static str,
    cure: &'static str,
    /// The sentence that the recruiter reads.
    sentence: String,
}

pub(super) fn told(refusal: &Refusal, provider: &str) -> Told {
    let reason = refusal.reason;
    Told {
        code: reason,
        about: refusal.about.clone(),
        owner: reason.owner().name(),
        cure: reason.cure(),
        sentence: refusal.sentence(provider),
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct NamedPackage {
    id: PackageId,
    name: String,
}

/// What would be ordered, and in whose name.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WouldOrder {
    package: NamedPackage,
    group: Option<GroupId>,
    ordered_by: Option<UserId>,
}

impl From<NewOrder> for WouldOrder {
    fn from(order: NewOrder) -> Self {
        let package = NamedPackage { id: order.package, name: order.package_name };
        Self { package, group: order.group, ordered_by: order.ordered_by }
    }
}

/// What the stored order of the same key makes of the request.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Repetition {
    /// The stored order.
    pub(super) of: OrderId,
    pub(super) status: OrderStatus,
    /// `afresh`, `next_order`, `next_order_held`, `next_order_refused`, or why it is not for us.
    pub(super) makes: &'static str,
}

/// What would become of the request, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Fresh {
    pub(super) verdict: Verdict,
    /// What happens next, and who must do what.
    pub(super) in_words: String,
    pub(super) reason: Option<Told>,
    /// Why it becomes neither an order nor a refusal, where it is so.
    pub(super) outcome: Option<NotForUs>,
    /// The rules in the order in which they were tried.
    pub(super) trace: Trace,
    pub(super) would_order: Option<WouldOrder>,
    pub(super) repetition: Option<Repetition>,
}

/// An order of the application.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OrderLine {
    id: OrderId,
    status: OrderStatus,
    /// Why it was refused or waits, as it was last written.
    reason: Option<Told>,
    created_at: Timestamp,
}

impl OrderLine {
    pub(super) fn of(order: &Order, provider: &str) -> Self {
        Self {
            id: order.id.clone(),
            status: order.status,
            reason: order.refusal.as_ref().map(|refusal| told(refusal, provider)),
            created_at: order.created_at,
        }
    }
}

/// What last arrived for the application and did not become an order.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Arrival {
    outcome: String,
    last_at: Option<Timestamp>,
    seen: i64,
    trace: String,
}

impl From<Arrived> for Arrival {
    fn from(Arrived { outcome, last_at, seen, trace }: Arrived) -> Self {
        Self { outcome, last_at, seen, trace }
    }
}

/// The whole answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Explained {
    #[serde(flatten)]
    pub(super) fresh: Fresh,
    /// The same with the proposed mappings, where some were proposed.
    pub(super) with_proposed: Option<Fresh>,
    /// The application's orders, the latest first.
    pub(super) orders: Vec<OrderLine>,
    pub(super) arrived: Option<Arrival>,
    /// Why the ATS does not show what it should of the latest such order.
    pub(super) write_waits: Option<Told>,
    /// Why the ATS cannot be used at all, where it cannot.
    pub(super) setup: Option<Told>,
}
