//! Turns a hint into exactly one order, a refusal that people see, or a record that it was not for us.

use std::sync::Arc;
use std::time::Duration;

use domain::decide::Decision;
use domain::decide::repeat::{self, Asked, Repeat};
use domain::erasure;
use domain::hint::{Hint, Message};
use domain::id::{ConnectionId, OrderId, ProviderOrderId};
use domain::order::{Event, KEPT_OPEN, NextStep, Order, Planned};
use domain::provider::{Correlation, NewOrder, Truth};
use domain::reason::{Kind, NotForUs, Refusal};
use domain::request::Subject;
use domain::trace::Trace;
use domain::trouble::{PostOutcome, Trouble};
use jiff::Timestamp;

use super::{Failed, Working};
use crate::checks::{self, Checked};
use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::outbound::ONCE_NEEDS;
use crate::store::{Connected, Expect, Saved};
use crate::telemetry::Metric;
use crate::write_back::{change, change_and_write, write_claimed};

mod look_up;
mod undecided;

use undecided::{erased, is_given_back, is_gone, not_for_us, not_readable, put_off, request_gone};

/// From the intent until its request has left, or is not sent at all: the quiet window counts from the intent.
const LEAVES_WITHIN: Duration = Duration::from_secs(10);

/// Handles one message of the queue.
///
/// # Errors
/// [`Failed`] where it must come again.
pub fn handle(hub: Arc<Hub>, message: Message, deadline: Deadline) -> Working {
    Box::pin(async move {
        match &message.hint {
            Hint::CheckRequested { connection, subject, .. } => {
                requested(&hub, connection, subject, &message, deadline).await
            }
            Hint::LeftTrigger { connection, .. } if hub.connected(connection).await?.is_none() => Ok(()),
            Hint::LeftTrigger { connection, subject, received_at } => {
                let mut trace = Trace::default();
                trace.note("trigger status", subject.status.as_str(), "not one of the connection's");
                let outcome = NotForUs::NotTriggerStatus;
                not_for_us(&hub, connection, subject, outcome, &trace, Some(*received_at)).await
            }
            Hint::Resume { order } => resume(&hub, order, deadline).await,
            Hint::ProviderChanged { .. } | Hint::ProviderTold { .. } | Hint::Sync { .. } => {
                tracing::error!("a message of the other queue");
                Ok(())
            }
        }
    })
}

async fn requested(
    hub: &Hub,
    connection: &ConnectionId,
    subject: &Subject,
    message: &Message,
    deadline: Deadline,
) -> Result<(), Failed> {
    let Some(connected) = hub.connected(connection).await? else {
        // It was deleted, and with it everything that was kept: of a late request only the log tells.
        tracing::info!(connection = %connection, outcome = NotForUs::Disconnected.code(), "not for us");
        return Ok(());
    };
    if connected.connection.region != hub.config.region {
        return not_for_us(hub, connection, subject, NotForUs::Disconnected, &Trace::default(), None).await;
    }
    match checks::check(hub, &connected, subject, deadline).await {
        Ok(checked) => place(hub, &connected, checked, None, deadline).await.map(|_| ()),
        Err(trouble) if is_gone(&trouble) && subject.request.is_some() => {
            request_gone(hub, &connected, subject, deadline).await
        }
        Err(Trouble::Because { refusal, cause }) if refusal.reason.kind() == Kind::Reject => {
            not_readable(hub, connection, subject, &refusal, &cause).await
        }
        Err(trouble) if trouble.is_about_credentials() && is_given_back(hub, &connected).await? => {
            let mut trace = Trace::default();
            trace.note("access", "given back", "not for us");
            not_for_us(hub, connection, subject, NotForUs::Disconnected, &trace, None).await
        }
        Err(trouble) => put_off(hub, connection, subject, message, &trouble).await,
    }
}

/// What is stored of a decision, under the key of one generation.
async fn planned(hub: &Hub, connected: &Connected, checked: &Checked, generation: u32) -> Planned {
    let connection = &connected.connection;
    let candidate_mark = match (&checked.request.candidate.email, &checked.decision) {
        (Some(email), Decision::Order(_)) => {
            // Kept since the ATS was read a moment ago; without it a lookup simply cannot compare.
            hub.secrets.get(&connection.id, hub.clock.now()).await.ok().map(|secret| secret.mark(email))
        }
        _ => None,
    };
    let (package, package_name, group, ordered_by) = match &checked.decision {
        Decision::Order(order) => (
            Some(order.package.clone()),
            Some(order.package_name.clone()),
            order.group.clone(),
            order.ordered_by.clone(),
        ),
        Decision::NotForUs(_) => (None, None, None, None),
        Decision::Refuse { package, .. } | Decision::Wait { package, .. } => {
            (package.as_ref().map(|p| p.id.clone()), package.as_ref().map(|p| p.name.clone()), None, None)
        }
    };
    let subject = checked.request.subject.clone();
    let key = checked.decision.package().map_or("", |package| package.as_str());
    Planned {
        id: OrderId::derive(&connection.id, connection.ats.name(), &subject, key, generation),
        connection: connection.id.clone(),
        ats: connection.ats.name().to_owned(),
        generation,
        package,
        package_name,
        group,
        ordered_by,
        candidate_mark,
        status_ids_agree: checked.request.in_trigger_status == Some(true),
        entered_at: checked.request.entry.map(|entry| entry.at),
        request_kept_until: checked.kept_until,
        subject,
    }
}

/// Writes the intent under the first free generation, which is dedupe, claim and log in one, and places the order.
/// `from` is an earlier order of the request, which leaves its entry in the ATS to this one. Returns the order under
/// whose key the request now is: this one, or the one that it repeats.
async fn place(
    hub: &Hub,
    connected: &Connected,
    mut checked: Checked,
    from: Option<&Order>,
    deadline: Deadline,
) -> Result<OrderId, Failed> {
    let timing = &hub.config.timing;
    let mut generation = 0;
    // Why the next generation is not simply ordered.
    let mut held: Option<Refusal> = None;
    let (mut replaces, mut left_at): (Option<Order>, Option<Option<Timestamp>>) = (None, None);
    let (order, claimed) = loop {
        let now = hub.clock.now();
        let planned = planned(hub, connected, &checked, generation).await;
        let refuse = |planned: Planned, refusal: &Refusal| {
            let event = Event::new(now, "refused", refusal.reason.code());
            (Order::refuse(planned, refusal.clone(), now, timing), event)
        };
        let (order, event) = match (&held, &checked.decision) {
            (Some(refusal), _) if refusal.reason.kind() == Kind::Hold => {
                let event = Event::new(now, "held: looks like a repetition", refusal.reason.code());
                (Order::park(planned, refusal.clone(), now, timing), event)
            }
            (Some(refusal), _) | (None, Decision::Refuse { refusal, .. }) => refuse(planned, refusal),
            (None, Decision::Order(_)) => match hub.config.restored_to {
                Some(restored_to) => Order::doubt(planned, restored_to, now),
                None => (Order::intend(planned, now), Event::new(now, "placing, attempt 1", "")),
            },
            (None, Decision::Wait { trouble, .. }) => Order::wait(planned, trouble, now, timing),
            (None, Decision::NotForUs(why)) => {
                let (connection, subject) = (&connected.connection.id, &checked.request.subject);
                not_for_us(hub, connection, subject, *why, &checked.trace, None).await?;
                return Ok(planned.id);
            }
        };
        let (mut order, expect) = match &replaces {
            Some(earlier) => (earlier.replaced_by(order), Expect::Rev(earlier.rev)),
            None => (order, Expect::Absent),
        };
        order.ats_ref = order.ats_ref.take().or_else(|| from?.ats_ref.clone());
        let event = event.explained(checked.trace.clone());
        // Where there is nothing to place, the write to the ATS is claimed in the same breath.
        let claimed = order.claim_write(now);
        match hub.store.save(&mut order, expect, &[event], timing).await? {
            Saved::Yes => break (order, claimed),
            Saved::Gone => {
                erased(hub, &order.connection, &order.subject).await?;
                return Ok(order.id);
            }
            Saved::Conflict(existing) => {
                let left = match left_at {
                    Some(left) => left,
                    None => {
                        let application = existing.subject.application.as_str();
                        *left_at.insert(hub.store.left_trigger_at(&existing.connection, application).await?)
                    }
                };
                replaces = None;
                let refusal = match &checked.decision {
                    Decision::Refuse { refusal, .. } => Some(refusal),
                    _ => None,
                };
                let asked = Asked {
                    in_trigger_status: checked.request.in_trigger_status,
                    entry: checked.request.entry,
                    left_trigger_at: left,
                    refusal: held.as_ref().or(refusal),
                };
                // What an admin has asked for again may have been ordered meanwhile.
                let answered = from.is_some_and(|from| from.was_asked_again() && existing.answers_later(from));
                let repeat = if answered {
                    Repeat::NotForUs(NotForUs::DuplicateDelivery)
                } else {
                    repeat::judge(&existing, asked, &mut checked.trace)
                };
                match repeat {
                    Repeat::Afresh => replaces = Some(*existing),
                    next @ (Repeat::NextGeneration | Repeat::NextGenerationHeld | Repeat::NextGenerationRefused) => {
                        (generation, held) = (generation + 1, next.held(&existing));
                    }
                    Repeat::NotForUs(why) => {
                        if let (Some(request), true) = (&existing.subject.request, existing.is_settled()) {
                            hub.store.erase_request(&existing.connection, request).await?;
                        }
                        let at = hub.clock.now();
                        let event = Event::new(at, "asked for again", why.code()).explained(checked.trace.clone());
                        hub.store.add_to_story(&existing, &event).await?;
                        tracing::info!(order = %existing.id, outcome = why.code(), "not for us");
                        return Ok(existing.id);
                    }
                }
            }
        }
    };
    let id = order.id.clone();
    checks::note_unmapped(hub, connected, &checked).await;
    match checked.decision {
        Decision::Order(_) if held.is_none() && hub.config.restored_to.is_some() => {
            Box::pin(look_up::look_up(hub, connected, order, deadline)).await?;
        }
        Decision::Order(new_order) if held.is_none() => {
            Box::pin(send(hub, connected, order, &new_order, deadline)).await?;
        }
        _ if claimed => {
            Box::pin(write_claimed(hub, connected, order, deadline)).await?;
        }
        _ => {}
    }
    Ok(id)
}

/// Sends an order whose intent is written, and stores what came of it before anything else.
async fn send(
    hub: &Hub,
    connected: &Connected,
    order: Order,
    new_order: &NewOrder,
    deadline: Deadline,
) -> Result<(), Failed> {
    let leaves_in_time = deadline.sooner(Deadline::after(ONCE_NEEDS + LEAVES_WITHIN));
    let correlation = Correlation { order: order.id.clone(), callback: hub.provider_webhook(&connected.connection) };
    let sent = hub
        .ask_provider(connected, leaves_in_time, |provider| {
            provider.place(new_order, &correlation).map(|outcome| match outcome {
                PostOutcome::NoEffect(trouble) => Err(trouble),
                known_or_unclear => Ok(known_or_unclear),
            })
        })
        .await;
    let outcome: PostOutcome<Truth> = sent.unwrap_or_else(PostOutcome::NoEffect);
    let timing = &hub.config.timing;
    let now = hub.clock.now();
    let intent = order.placement.clone();
    let placed = match &outcome {
        PostOutcome::Accepted(truth) => Some(truth.order.clone()),
        PostOutcome::NoEffect(_) | PostOutcome::Unclear(_) => None,
    };
    let order = change_and_write(hub, connected, order, deadline, |order| {
        if order.placement != intent {
            // Somebody else settled this attempt meanwhile; what they found stands.
            return vec![Event::new(now, "a late answer to an attempt that was settled before", "")];
        }
        vec![order.answered(outcome.clone(), now, timing)]
    })
    .await?;
    let Some(order) = order else { return erased_while_placed(hub, connected, placed.as_ref()).await };
    let reason = order.refusal.as_ref().map_or("", |refusal| refusal.reason.code());
    tracing::info!(order = %order.id, status = order.status.code(), reason, "tried to place");
    Ok(())
}

/// The order was erased while its request was under way: what the provider will say of it is not kept either.
async fn erased_while_placed(hub: &Hub, connected: &Connected, placed: Option<&ProviderOrderId>) -> Result<(), Failed> {
    let connection = &connected.connection.id;
    tracing::warn!(connection = %connection, "erased while it was placed: the provider may have an order of it");
    hub.metrics.publish(Metric::ErasedWhilePlaced, 1);
    let Some(placed) = placed else { return Ok(()) };
    let kept_until = hub.clock.now().saturating_add(KEPT_OPEN).unwrap_or(Timestamp::MAX);
    Ok(hub.store.keep_erased(connection, &erasure::provider_order(placed), kept_until).await?)
}

/// Goes on with an order whose placement is due.
async fn resume(hub: &Hub, id: &OrderId, deadline: Deadline) -> Result<(), Failed> {
    let Some(order) = hub.store.order(id).await? else { return Ok(()) };
    if let Some(since) = order.replays.fresh_from {
        hub.renew(&order.connection, since).await;
    }
    let Some(connected) = hub.connected(&order.connection).await? else { return Ok(()) };
    match order.next_step(hub.clock.now(), &hub.config.timing) {
        NextStep::Place => Box::pin(place_again(hub, &connected, order, deadline)).await,
        NextStep::LookUp => Box::pin(look_up::look_up(hub, &connected, order, deadline)).await,
        NextStep::Look | NextStep::Write | NextStep::Settle | NextStep::Nothing => Ok(()),
    }
}

/// Tries an order again that was not placed yet, with what the ATS and the settings say now.
pub(super) async fn place_again(
    hub: &Hub,
    connected: &Connected,
    order: Order,
    deadline: Deadline,
) -> Result<(), Failed> {
    let timing = &hub.config.timing;
    // Whatever is found applies only while nobody else went on with the order.
    let placement = order.placement.clone();
    let checked = if order.was_asked_again() {
        // Unlike one that waited all along, it is not ordered where nobody wants it any more.
        checks::check(hub, connected, &order.subject, deadline).await
    } else {
        checks::check_kept(hub, connected, &order.subject, deadline).await
    };
    let now = hub.clock.now();
    let checked = match checked {
        Ok(checked) => checked,
        Err(trouble) => return still_waits(hub, connected, order, &trouble, None, deadline).await,
    };
    if let Some(why) = order.stays_refused(&checked.request) {
        change_and_write(hub, connected, order, deadline, |order| {
            if order.placement != placement {
                return Vec::new();
            }
            vec![order.stayed_refused(why, now, timing).explained(checked.trace.clone())]
        })
        .await?;
        return Ok(());
    }
    let planned = planned(hub, connected, &checked, order.generation).await;
    if planned.id != order.id && !matches!(checked.decision, Decision::Wait { .. }) {
        // Meanwhile another package is set: that is another order, under its own key.
        let next = Box::pin(place(hub, connected, checked, Some(&order), deadline)).await?;
        change(
            hub,
            order,
            |order| {
                if order.placement == placement { vec![order.handed_over(&next, now)] } else { Vec::new() }
            },
        )
        .await?;
        return Ok(());
    }
    match checked.decision {
        Decision::Order(new_order) => {
            let before = order.rev;
            let mut order = order;
            let doubted_from = hub.config.restored_to.filter(|restored_to| order.is_doubtful(*restored_to));
            let event = match doubted_from {
                Some(restored_to) => order.doubt_again(planned, restored_to, now),
                None => order.intend_again(planned, now),
            };
            let event = event.explained(checked.trace);
            order.rev = before + 1;
            // Somebody else who goes on with the same order makes this one stop.
            match hub.store.save(&mut order, Expect::Rev(before), &[event], timing).await? {
                Saved::Yes if doubted_from.is_some() => {
                    Box::pin(look_up::look_up(hub, connected, order, deadline)).await
                }
                Saved::Yes => Box::pin(send(hub, connected, order, &new_order, deadline)).await,
                Saved::Conflict(_) | Saved::Gone => Ok(()),
            }
        }
        Decision::NotForUs(_) => Ok(()),
        Decision::Refuse { refusal, .. } => {
            change_and_write(hub, connected, order, deadline, |order| {
                if order.placement != placement {
                    return Vec::new();
                }
                vec![order.refused(refusal.clone(), now, timing).explained(checked.trace.clone())]
            })
            .await?;
            Ok(())
        }
        Decision::Wait { trouble, .. } => {
            still_waits(hub, connected, order, &trouble, Some(checked.trace), deadline).await
        }
    }
}

async fn still_waits(
    hub: &Hub,
    connected: &Connected,
    order: Order,
    trouble: &Trouble,
    trace: Option<Trace>,
    deadline: Deadline,
) -> Result<(), Failed> {
    let now = hub.clock.now();
    let placement = order.placement.clone();
    change_and_write(hub, connected, order, deadline, |order| {
        if order.placement != placement {
            return Vec::new();
        }
        let mut event = order.still_waits(trouble, now, &hub.config.timing);
        event.trace.clone_from(&trace);
        vec![event]
    })
    .await?;
    Ok(())
}
