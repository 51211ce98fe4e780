//! Makes the ATS show what an order's truth says: one writer at a time, newest state only.

use domain::ats::{Ats, Entry};
use domain::connection::ReportUrl;
use domain::order::{Event, LinkKind, Order, View, Wrote};
use domain::provider::ReportPage;
use domain::report_link::ReportLink;
use domain::talk::Talk;
use domain::trouble::Trouble;
use url::Url;

use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::store::{AuditEntry, Connected, Expect, Saved, StoreError};
use crate::telemetry::Metric;

/// How many states one worker writes in a row before it leaves the rest to `reconcile`.
const MOST_IN_A_ROW: usize = 5;

/// Stores a change of an order. Where somebody was first, the change is made again on what they stored. Nothing where the
/// order was erased meanwhile: then there is nothing more to do about it.
///
/// # Errors
/// [`StoreError`]: nothing is known of the write.
pub async fn change(
    hub: &Hub,
    mut order: Order,
    mut make: impl FnMut(&mut Order) -> Vec<Event>,
) -> Result<Option<Order>, StoreError> {
    loop {
        let before = order.rev;
        let events = make(&mut order);
        order.rev = before + 1;
        match hub.store.save(&mut order, Expect::Rev(before), &events, &hub.config.timing).await? {
            Saved::Yes => return Ok(Some(order)),
            Saved::Conflict(existing) => order = *existing,
            Saved::Gone => {
                tracing::info!(order = %order.id, "erased meanwhile");
                return Ok(None);
            }
        }
    }
}

/// What became of an admin's change.
#[derive(Debug)]
pub enum Changed<E> {
    Yes(Box<Order>),
    /// It cannot be done as the order is now.
    Not(E),
    /// The order was erased.
    Gone,
}

/// Stores what an admin does to an order, with the audit entry in the same write. `make` may find that it cannot be done,
/// also after somebody else was first.
///
/// # Errors
/// [`StoreError`]: nothing is known of the write.
pub async fn change_audited<E>(
    hub: &Hub,
    mut order: Order,
    audit: &AuditEntry,
    mut make: impl FnMut(&mut Order) -> Result<Vec<Event>, E>,
) -> Result<Changed<E>, StoreError> {
    loop {
        let before = order.rev;
        let events = match make(&mut order) {
            Ok(events) => events,
            Err(not_done) => return Ok(Changed::Not(not_done)),
        };
        order.rev = before + 1;
        let expect = Expect::Rev(before);
        match hub.store.save_with(&mut order, expect, &events, &hub.config.timing, Some(audit)).await? {
            Saved::Yes => return Ok(Changed::Yes(Box::new(order))),
            Saved::Conflict(existing) => order = *existing,
            Saved::Gone => return Ok(Changed::Gone),
        }
    }
}

/// Stores a change together with the claim on the write that it makes due, and then writes. Nothing where the order was
/// erased meanwhile.
///
/// # Errors
/// [`StoreError`]: nothing is known of the change, or the claim runs out by itself and `reconcile` goes on.
pub async fn change_and_write(
    hub: &Hub,
    connected: &Connected,
    order: Order,
    deadline: Deadline,
    mut make: impl FnMut(&mut Order) -> Vec<Event>,
) -> Result<Option<Order>, StoreError> {
    let now = hub.clock.now();
    let mut claimed = false;
    let order = change(hub, order, |order| {
        let events = make(order);
        claimed = order.claim_write(now);
        events
    })
    .await?;
    match order {
        Some(order) if claimed => Box::pin(write_claimed(hub, connected, order, deadline)).await,
        order => Ok(order),
    }
}

/// Writes to the ATS for the worker that holds the claim, until the ATS shows the newest state. Nothing where the order
/// was erased meanwhile.
///
/// # Errors
/// [`StoreError`]: the claim runs out by itself and `reconcile` goes on.
pub async fn write_claimed(
    hub: &Hub,
    connected: &Connected,
    mut order: Order,
    deadline: Deadline,
) -> Result<Option<Order>, StoreError> {
    for _ in 0..MOST_IN_A_ROW {
        let Some(view) = order.desired.clone() else { return Ok(Some(order)) };
        let rev = order.desired_rev;
        let refusal = if order.ats_ref.is_none() { refusal_before(hub, &order).await? } else { None };
        remember_refusal(hub, &order).await?;
        let at = order.ats_ref.clone().or_else(|| refusal.as_ref()?.ats_ref.clone());
        let report_link = report_link(hub, connected, &order, &view);
        let outcome = write(hub, connected, &order, view, report_link.as_ref(), at.as_deref(), deadline).await;
        let now = hub.clock.now();
        let mut goes_on = false;
        let changed = change(hub, order, |order| {
            if outcome.is_ok() {
                order.report_link = report_link.clone().or(order.report_link.take());
            }
            let event = order.wrote(Wrote { rev, outcome: outcome.clone() }, now);
            goes_on = order.claim_write(now);
            vec![event]
        })
        .await?;
        let Some(changed) = changed else { return Ok(None) };
        order = changed;
        log(hub, &order);
        if let (Some(refusal), true) = (refusal, outcome.is_ok()) {
            change(hub, refusal, |refusal| vec![refusal.handed_over(&order.id, now)]).await?;
        }
        if !goes_on {
            break;
        }
    }
    Ok(Some(order))
}

async fn write(
    hub: &Hub,
    connected: &Connected,
    order: &Order,
    view: View,
    report_link: Option<&ReportLink>,
    at: Option<&str>,
    deadline: Deadline,
) -> Result<String, Trouble> {
    let connection = &connected.connection;
    let link = match (view.link, connection.report, &order.report_page) {
        (LinkKind::None | LinkKind::Missing, ..) => None,
        (LinkKind::Report, ReportUrl::PortalLink, ReportPage::At(page)) => Some(page.clone()),
        (LinkKind::Report, ReportUrl::PortalLink, _) => order
            .provider_order
            .as_ref()
            .and_then(|provider_order| connection.provider.portal_link(connection.region, provider_order)),
        (LinkKind::Report, ReportUrl::Pdf { .. }, _) => pdf_link(hub, connected, order, report_link).await?,
    };
    let view = view.named(connection.provider.shown_as());
    let (subject, view, link) = (&order.subject, &view, link.as_ref());
    let entry = match at {
        Some(entry) => Entry::At(entry),
        None if order.may_have_entry() => Entry::Perhaps,
        None => Entry::New,
    };
    let talk = |ats: &dyn Ats| -> Talk<Result<String, Trouble>> { ats.write(subject, view, link, entry) };
    hub.ask_ats(connected, deadline, talk).await
}

/// The link state to store once the ATS has the link: the order's own while it works, else a new one.
fn report_link(hub: &Hub, connected: &Connected, order: &Order, view: &View) -> Option<ReportLink> {
    let (LinkKind::Report, ReportUrl::Pdf { days }) = (view.link, connected.connection.report) else { return None };
    let now = hub.clock.now();
    let usable = order.report_link.clone().filter(|link| !link.revoked && now < link.expires_at);
    Some(usable.unwrap_or_else(|| {
        let serial = order.report_link.as_ref().map_or(1, |link| link.serial + 1);
        ReportLink::new(serial, now, days)
    }))
}

async fn pdf_link(
    hub: &Hub,
    connected: &Connected,
    order: &Order,
    link: Option<&ReportLink>,
) -> Result<Option<Url>, Trouble> {
    let Some(link) = link else { return Ok(None) };
    let secret = hub.secret(&connected.connection.id).await?;
    let token = link.token(&secret.link_key, &order.id);
    let root = hub.config.public_url.as_ref().ok_or_else(|| Trouble::later("the public address is not set"))?;
    Ok(Url::parse(&format!("{root}/reports/{}/{}", order.id, token.expose())).ok())
}

/// An earlier refusal of the same application that the ATS shows: the order takes over its entry, so that the refusal
/// disappears by itself.
async fn refusal_before(hub: &Hub, order: &Order) -> Result<Option<Order>, StoreError> {
    if order.subject.request.is_some() {
        // Where requests have ids of their own, each has its own entry.
        return Ok(None);
    }
    let application = order.subject.application.as_str();
    let key = hub.store.refusal_of(&order.connection, application).await?;
    let Some(key) = key.filter(|key| *key != order.id) else { return Ok(None) };
    let refusal = hub.store.order(&key).await?;
    Ok(refusal.filter(|refusal| refusal.is_refused() && (refusal.ats_ref.is_some() || refusal.wants_write())))
}

/// Remembers a refusal before the ATS shows it, for the order that may follow it.
async fn remember_refusal(hub: &Hub, order: &Order) -> Result<(), StoreError> {
    if !order.is_refused() || order.subject.request.is_some() {
        return Ok(());
    }
    hub.store.remember_refusal(&order.connection, order.subject.application.as_str(), &order.id, hub.clock.now()).await
}

fn log(hub: &Hub, order: &Order) {
    let delivery = format!("{:?}", order.delivery).to_lowercase();
    let reason = order.write_refusal.as_ref().map_or("", |refusal| refusal.reason.code());
    let status = order.status.code();
    if reason.is_empty() {
        tracing::info!(order = %order.id, status, delivery, "the ATS shows it");
    } else {
        let owner = order.write_refusal.as_ref().map_or("", |refusal| refusal.reason.owner().name());
        let field = order.write_refusal.as_ref().map_or("", |refusal| refusal.about.as_str());
        tracing::warn!(order = %order.id, status, delivery, reason, owner, field, "the ATS does not show it");
        hub.metrics.publish(Metric::BlockedWrites, 1);
    }
}
