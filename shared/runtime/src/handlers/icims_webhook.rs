//! iCIMS says that a recruiter moved a candidate.
//!
//! Whom → proven → decoded → what the recruiter can fix is answered at once → one durable write → 200.

use std::sync::Arc;
use std::time::Duration;

use domain::ats::{AtsEvent, AtsSettings, Keys, ReceivesWebhooks as _, Reply, icims};
use domain::decide::Decision;
use domain::hint::Hint;
use domain::id::ConnectionId;
use domain::reason::{Reason, Refusal};
use domain::request::Subject;
use domain::trace::Trace;
use domain::webhook::{Unreadable, Unverified, Verified, Webhook};

use super::Answering;
use crate::checks;
use crate::deadline::Deadline;
use crate::edge::{Call, answer, to_vendor};
use crate::hub::Hub;
use crate::store::{Arrival, Connected, StoreError};
use crate::telemetry::Metric;

/// How long the recruiter's own mistakes are looked for before the request is simply stored: iCIMS waits 30 s, we
/// answer within 10.
const LOOKING: Duration = Duration::from_secs(7);

/// Handles one event of iCIMS.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        if !call.is_for_webhook() {
            return answer(404, &[], "");
        }
        let reply = match receive(&hub, call).await {
            Ok(reply) | Err(reply) => reply,
        };
        to_vendor(icims::answer(&reply))
    })
}

async fn receive(hub: &Hub, call: Call) -> Result<Reply, Reply> {
    let now = hub.clock.now();
    let deadline = call.deadline;
    let webhook = Webhook::received(call.headers, call.body, now).map_err(Reply::Unreadable)?;
    let (connected, webhook) = prove(hub, webhook).await?;
    let reply = take_in(hub, &connected, &webhook, deadline).await?;
    if let Some(password) = webhook.password() {
        hub.note_use(&connected.connection.id, &format!("webhook#{password}")).await;
    }
    Ok(reply)
}

async fn take_in(
    hub: &Hub,
    connected: &Connected,
    webhook: &Webhook<Verified>,
    deadline: Deadline,
) -> Result<Reply, Reply> {
    if connected.connection.region != hub.config.region {
        let refusal = Refusal::new(Reason::RegionMismatch);
        return Ok(refused(hub, connected, None, refusal, &Trace::default()).await);
    }
    match decode(connected, webhook)? {
        AtsEvent::NotForUs(why) => {
            record(hub, connected, Arrival::OTHER_EVENTS, why.code(), &Trace::default()).await;
            Ok(Reply::Accepted)
        }
        AtsEvent::LeftTrigger(subject) => {
            let connection = connected.connection.id.clone();
            store(hub, Hint::LeftTrigger { connection, subject, received_at: webhook.received_at() }).await
        }
        AtsEvent::CheckRequested(subject) => {
            let looking = deadline.sooner(Deadline::after(LOOKING));
            if let Some((refusal, trace)) = what_the_recruiter_can_fix(hub, connected, &subject, looking).await {
                return Ok(refused(hub, connected, Some(&subject), refusal, &trace).await);
            }
            let connection = connected.connection.id.clone();
            store(hub, Hint::CheckRequested { connection, subject, received_at: webhook.received_at() }).await
        }
    }
}

/// The user name selects the connection, the password proves it. An unknown user learns nothing that a wrong password
/// would not.
async fn prove(hub: &Hub, webhook: Webhook<Unverified>) -> Result<(Arc<Connected>, Webhook<Verified>), Reply> {
    let user = webhook.claimed_user().and_then(|user| ConnectionId::parse(&user).ok()).ok_or(Reply::Unauthentic)?;
    let unreadable = |error: StoreError| {
        tracing::error!(cause = %error, "the connection could not be read");
        Reply::Unavailable
    };
    let verify = |connected: &Connected, webhook: Webhook<Unverified>| {
        let (connection, passwords) = (&connected.connection.id, connected.connection.webhook_passwords.as_slice());
        let keys = Keys { connection, passwords, access: None };
        webhook.verify(settings(connected)?.scheme(keys)).map_err(|_| Reply::Unauthentic)
    };
    let connected = hub.connected(&user).await.map_err(unreadable)?.ok_or(Reply::Unauthentic)?;
    if let Ok(verified) = verify(&connected, webhook.clone()) {
        return Ok((connected, verified));
    }
    // The password may have been issued a moment ago, in another process.
    let connected = hub.connected_lately(&user).await.map_err(unreadable)?.ok_or(Reply::Unauthentic)?;
    let verified = verify(&connected, webhook).inspect_err(|_| {
        tracing::warn!(connection = %user, "a webhook with wrong credentials");
    })?;
    Ok((connected, verified))
}

/// Only a connection to iCIMS takes its webhooks.
fn settings(connected: &Connected) -> Result<&icims::Settings, Reply> {
    match &connected.connection.ats {
        AtsSettings::Icims(settings) => Ok(settings),
        _ => Err(Reply::Unauthentic),
    }
}

fn decode(connected: &Connected, webhook: &Webhook<Verified>) -> Result<AtsEvent, Reply> {
    settings(connected)?.decode(webhook).map_err(|unreadable| {
        let cause = match unreadable {
            Unreadable::TooLarge => "too large",
            Unreadable::Malformed(why) => why,
        };
        tracing::warn!(connection = %connected.connection.id, cause, "an event that cannot be read");
        Reply::Unreadable(unreadable)
    })
}

/// A definite refusal, found in time. Anything else is for the worker: that the ATS or the provider cannot be read is
/// nothing the recruiter can fix.
async fn what_the_recruiter_can_fix(
    hub: &Hub,
    connected: &Connected,
    subject: &Subject,
    deadline: Deadline,
) -> Option<(Refusal, Trace)> {
    match checks::check(hub, connected, subject, deadline).await {
        Ok(checked) => {
            checks::note_unmapped(hub, connected, &checked).await;
            match checked.decision {
                Decision::Refuse { refusal, .. } => Some((refusal, checked.trace)),
                _ => None,
            }
        }
        Err(trouble) => {
            tracing::warn!(connection = %connected.connection.id, cause = %trouble.cause(), "stored without a look");
            None
        }
    }
}

async fn store(hub: &Hub, hint: Hint) -> Result<Reply, Reply> {
    hub.queues.send_or_spill(hint, &hub.store, hub.clock.now()).await.map_err(|_| Reply::Unavailable)?;
    Ok(Reply::Accepted)
}

async fn refused(
    hub: &Hub,
    connected: &Connected,
    subject: Option<&Subject>,
    refusal: Refusal,
    trace: &Trace,
) -> Reply {
    let connection = &connected.connection;
    let application = subject.map_or(Arrival::UNNAMED, |subject| subject.application.as_str());
    let code = refusal.reason.code();
    tracing::info!(connection = %connection.id, reason = code, trace = %trace, "refused at once");
    hub.metrics.publish(Metric::Refusals, 1);
    record(hub, connected, application, code, trace).await;
    let field = settings(connected).ok().and_then(|settings| settings.field_at_fault(refusal.reason));
    Reply::Refused {
        sentence: format!("{} ({code})", refusal.sentence(connection.provider.shown_as())),
        field,
        debug: format!("{code} connection={} systemId={application}", connection.id),
    }
}

async fn record(hub: &Hub, connected: &Connected, subject: &str, outcome: &'static str, trace: &Trace) {
    let arrival = Arrival { subject, outcome, trace, at: hub.clock.now(), left_trigger: false };
    hub.store.record_arrival_or_log(&connected.connection.id, &arrival).await;
}
