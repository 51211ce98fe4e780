//! What becomes of a request that cannot be decided, or that is none.

use domain::decide::Decision;
use domain::hint::Message;
use domain::id::ConnectionId;
use domain::reason::{Kind, NotForUs, Reason, Refusal};
use domain::request::{CheckRequest, Subject};
use domain::retry;
use domain::trace::Trace;
use domain::trouble::{Cause, Trouble};
use jiff::Timestamp;

use super::place;
use crate::checks::Checked;
use crate::deadline::Deadline;
use crate::handlers::Failed;
use crate::hub::Hub;
use crate::store::{Arrival, Connected, StoreError};
use crate::telemetry::Metric;

/// How often a request that cannot be read is put off: with ten minutes between, about two weeks.
const MOST_PUT_OFF: u32 = 2_000;

/// Whether we gave the access to the ATS back, or never had one, so that there is nothing to wait for.
pub(super) async fn is_given_back(hub: &Hub, connected: &Connected) -> Result<bool, StoreError> {
    if connected.connection.ats.authorizes().is_none() {
        return Ok(false);
    }
    let authorization = hub.store.authorization(&connected.connection.id).await?;
    Ok(authorization.is_none_or(|authorization| authorization.granted_at.is_none()))
}

pub(super) fn is_gone(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Because { refusal, .. } if refusal.reason.kind() == Kind::Dead)
}

/// What was kept of a request is not there any more. Where an order came of it, that is as it should be. Where none did,
/// it could not be decided for a day, and the recruiter is told.
pub(super) async fn request_gone(
    hub: &Hub,
    connected: &Connected,
    subject: &Subject,
    deadline: Deadline,
) -> Result<(), Failed> {
    let id = connected.connection.order_of_request(subject);
    if hub.store.order(&id).await?.is_some() {
        tracing::info!(order = %id, outcome = NotForUs::DuplicateDelivery.code(), "not for us");
        return Ok(());
    }
    let mut trace = Trace::default();
    trace.note("reading the request", "not kept any more", "refused");
    let decision = Decision::Refuse { refusal: Refusal::new(Reason::HeldExpired), package: None };
    let request = CheckRequest::of_nothing(subject.clone());
    place(hub, connected, Checked { request, decision, trace, kept_until: None }, None, deadline).await.map(|_| ())
}

/// Records a request that the ATS keeps from us for good, so that not even a refusal can be shown there.
pub(super) async fn not_readable(
    hub: &Hub,
    connection: &ConnectionId,
    subject: &Subject,
    refusal: &Refusal,
    cause: &Cause,
) -> Result<(), Failed> {
    let (reason, owner) = (refusal.reason.code(), refusal.reason.owner().name());
    tracing::warn!(connection = %connection, reason, owner, cause = %cause, "refused, and it cannot be shown");
    hub.metrics.publish(Metric::Refusals, 1);
    let mut trace = Trace::default();
    trace.note("reading the request", cause.to_string(), "refused");
    let application = subject.application.as_str();
    let at = hub.clock.now();
    let arrival = Arrival { subject: application, outcome: reason, trace: &trace, at, left_trigger: false };
    Ok(hub.store.record_arrival(connection, &arrival).await?)
}

/// Keeps a request that cannot be decided yet, because who asked for what cannot be read.
pub(super) async fn put_off(
    hub: &Hub,
    connection: &ConnectionId,
    subject: &Subject,
    message: &Message,
    trouble: &Trouble,
) -> Result<(), Failed> {
    let gone = is_gone(trouble);
    let mut trace = Trace::default();
    trace.note("reading the request", trouble.cause().to_string(), if gone { "gone" } else { "put off" });
    if gone || message.put_off >= MOST_PUT_OFF {
        return not_for_us(hub, connection, subject, NotForUs::Unreadable, &trace, None).await;
    }
    let mut later = message.clone();
    later.put_off += 1;
    let now = hub.clock.now();
    let pause = retry::pause(later.put_off, subject.application.as_str());
    tracing::warn!(connection = %connection, put_off = later.put_off, cause = %trouble.cause(), "put off");
    hub.metrics.publish(Metric::RequestsPutOff, 1);
    if !hub.store.spill(&later, now.saturating_add(pause).unwrap_or(now)).await? {
        return erased(hub, connection, subject).await;
    }
    Ok(())
}

/// The application was erased: nothing is kept of a request for it, and only that there was one is counted.
pub(super) async fn erased(hub: &Hub, connection: &ConnectionId, subject: &Subject) -> Result<(), Failed> {
    tracing::info!(connection = %connection, outcome = NotForUs::Erased.code(), "not for us");
    hub.metrics.publish(Metric::ErasedRequests, 1);
    if let Some(request) = &subject.request {
        hub.store.erase_request(connection, request).await?;
    }
    Ok(())
}

pub(super) async fn not_for_us(
    hub: &Hub,
    connection: &ConnectionId,
    subject: &Subject,
    why: NotForUs,
    trace: &Trace,
    left_at: Option<Timestamp>,
) -> Result<(), Failed> {
    tracing::info!(connection = %connection, outcome = why.code(), trace = %trace, "not for us");
    let at = left_at.unwrap_or_else(|| hub.clock.now());
    let subject = subject.application.as_str();
    let arrival = Arrival { subject, outcome: why.code(), trace, at, left_trigger: left_at.is_some() };
    hub.store.record_arrival(connection, &arrival).await?;
    Ok(())
}
