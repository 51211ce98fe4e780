//! Every minute: asks the ATSs that do not call us for the requests that wait.
//!
//! Whose turn is it → taken, so that nobody else asks → a page → each request stored → each handed on → the next page.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::ats::{Intake, Listed, ListsRequests, Page};
use domain::connection::{ConnectionSecret, ConnectionState};
use domain::hint::Hint;
use domain::order::Order;
use domain::poll::{Pace, Poll};
use domain::trouble::Trouble;
use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};

use super::{Failed, Working};
use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::random;
use crate::store::{Connected, KEPT_FOR, KeptRequest};
use crate::telemetry::Metric;
use crate::write_back::change;

/// How many ATSs are asked at once.
const AT_ONCE: usize = 64;

/// What must be left of the invocation to begin another page.
const A_PAGE_NEEDS: Duration = Duration::from_secs(15);

/// Between two tries to store a request, and what is left of the invocation when they end.
const STORED_AGAIN: Duration = Duration::from_millis(500);
const STORING_ENDS: Duration = Duration::from_secs(5);

/// After how long somebody looks whether a stored request got lost before it was handed on.
const LOST_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// Handles one tick.
///
/// # Errors
/// [`Failed`] where a part could not be done; each connection is tried all the same.
pub fn handle(hub: Arc<Hub>, deadline: Deadline) -> Working {
    Box::pin(async move {
        let now = hub.clock.now();
        let due = hub.store.due_polls(now).await?;
        let late = due.iter().map(|poll| poll.due_at.duration_until(now).as_secs()).max().unwrap_or(0);
        hub.metrics.publish(Metric::OldestDuePoll, u64::try_from(late).unwrap_or(0));
        let looks = due.into_iter().map(|poll| {
            let hub = &hub;
            // What goes wrong with one connection is no other's trouble.
            async move { AssertUnwindSafe(look(hub, poll, now, deadline)).catch_unwind().await.unwrap_or(Err(Failed)) }
        });
        let results: Vec<Result<(), Failed>> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        results.into_iter().collect()
    })
}

/// Takes one connection, and asks its ATS. It is taken as of the tick's begin, so that whoever came late in this tick is
/// due again in the next.
async fn look(hub: &Hub, mut poll: Poll, tick: Timestamp, deadline: Deadline) -> Result<(), Failed> {
    if deadline.left() < A_PAGE_NEEDS {
        // It stays due.
        return Ok(());
    }
    let Some(connected) = hub.connected(&poll.connection).await? else { return Ok(()) };
    let connection = &connected.connection;
    let Intake::Poll(ats) = connection.ats.intake() else { return Ok(()) };
    let (pace, rev) = (ats.pace(), poll.rev);
    poll.claim(pace, tick);
    if !hub.store.save_poll(&poll, rev).await? {
        return Ok(());
    }
    if connection.region != hub.config.region || connection.state == ConnectionState::Paused {
        // What waits is safe where it is.
        return Ok(());
    }
    let (found, failure) = drain(hub, &connected, ats, pace, deadline).await?;
    let (rev, now) = (poll.rev, hub.clock.now());
    let news = match failure {
        None => poll.looked(found, pace, now),
        Some(trouble) => {
            poll.failed(&trouble, now);
            tell_failure(hub, &poll);
            true
        }
    };
    if news {
        // Whoever took the connection meanwhile knows better.
        hub.store.save_poll(&poll, rev).await?;
    }
    Ok(())
}

fn tell_failure(hub: &Hub, poll: &Poll) {
    let refusal = poll.refusal.as_ref();
    let reason = refusal.map_or("", |refusal| refusal.reason.code());
    let owner = refusal.map_or("", |refusal| refusal.reason.owner().name());
    let (connection, cause) = (&poll.connection, &poll.cause);
    tracing::warn!(%connection, reason, owner, cause, attempt = poll.failures, "the ATS could not be asked");
    hub.metrics.publish(Metric::FailedPolls, 1);
}

/// Reads pages while they are full and have something new. Whether something was new, and why it ended early.
async fn drain(
    hub: &Hub,
    connected: &Connected,
    ats: &dyn ListsRequests,
    pace: Pace,
    deadline: Deadline,
) -> Result<(bool, Option<Trouble>), Failed> {
    // Read before the page, so that nothing stands between a page and its storing.
    let secret = match hub.secret(&connected.connection.id).await {
        Ok(secret) => secret,
        Err(trouble) => return Ok((false, Some(trouble))),
    };
    let mut found = false;
    for _ in 0..pace.pages {
        let page = match hub.list_requests(connected, ats, deadline).await {
            Ok(page) => page,
            Err(trouble) => return Ok((found, Some(trouble))),
        };
        let is_full = page.is_full;
        let new = take_in(hub, connected, &secret, page, deadline).await?;
        found |= new > 0;
        if !is_full || new == 0 || deadline.left() < A_PAGE_NEEDS {
            break;
        }
    }
    Ok((found, None))
}

/// Takes in the requests of one page; how many of them are new.
async fn take_in(
    hub: &Hub,
    connected: &Connected,
    secret: &ConnectionSecret,
    page: Page,
    deadline: Deadline,
) -> Result<u64, Failed> {
    let connection = &connected.connection.id;
    if page.unreadable > 0 {
        tracing::warn!(%connection, count = page.unreadable, "entries of the ATS's list that cannot be read");
        hub.metrics.publish(Metric::UnreadableRequests, u64::try_from(page.unreadable).unwrap_or(1));
    }
    if page.requests.is_empty() {
        return Ok(0);
    }
    // The ATS may have forgotten the page by now: until it is stored, nothing else is done.
    let received_at = hub.clock.now();
    let kept = join_all(page.requests.iter().map(|listed| keep(hub, connected, secret, listed, deadline))).await;
    let stored_in = received_at.duration_until(hub.clock.now());
    hub.metrics.publish(Metric::RequestStoredIn, u64::try_from(stored_in.as_millis()).unwrap_or(0));
    let all_kept = kept.iter().all(Result::is_ok);
    let unseen = kept.into_iter().filter_map(|kept| kept.ok().flatten());
    let handed_on = join_all(unseen.map(|kept| hand_on(hub, connected, kept))).await;
    let new = handed_on.into_iter().filter(|new| *new == Ok(true)).count();
    tracing::info!(%connection, count = new, "took in requests");
    // What was not handed on is stored and comes again; what was not stored may be lost.
    if all_kept { Ok(u64::try_from(new).unwrap_or(0)) } else { Err(Failed) }
}

/// Stores one request, sealed; nothing where it is stored already. As it may be the only copy, it is tried for as long as
/// the function lives.
async fn keep(
    hub: &Hub,
    connected: &Connected,
    secret: &ConnectionSecret,
    listed: &Listed,
    deadline: Deadline,
) -> Result<Option<KeptRequest>, Failed> {
    let connection = &connected.connection.id;
    let now = hub.clock.now();
    let Some(request) = &listed.subject.request else { return Ok(None) };
    let lost = |cause: &str| {
        tracing::error!(%connection, cause, "a request could not be kept");
        Failed
    };
    let nonce = random::bytes().map_err(|_| lost("no randomness"))?;
    let sealed = secret.seal(&KeptRequest::name(connection, request), nonce, &listed.kept);
    let kept = KeptRequest {
        connection: connection.clone(),
        subject: listed.subject.clone(),
        sealed: sealed.map_err(|broken| lost(&broken.to_string()))?,
        kept_until: now.saturating_add(KEPT_FOR).unwrap_or(now),
    };
    let due_at = now.saturating_add(LOST_AFTER).unwrap_or(now);
    let mut is_first_try = true;
    loop {
        match hub.store.keep_request(&kept, due_at).await {
            // After a try of unknown outcome it may be this one that is there already.
            Ok(new) => return Ok((new || !is_first_try).then_some(kept)),
            Err(error) if deadline.left() < STORING_ENDS => return Err(lost(&error.to_string())),
            Err(_) => tokio::time::sleep(STORED_AGAIN).await,
        }
        is_first_try = false;
    }
}

/// Hands on a stored request, unless there is an order of it: then it is erased again, and as the ATS seems not to know,
/// what it should show is shown again.
async fn hand_on(hub: &Hub, connected: &Connected, kept: KeptRequest) -> Result<bool, Failed> {
    let connection = &connected.connection;
    let order = hub.store.order(&connection.order_of_request(&kept.subject)).await?;
    let now = hub.clock.now();
    if let (Some(order), Some(request)) = (order.filter(Order::answers_its_request), &kept.subject.request) {
        let still_needs_it = !order.is_settled() && order.request_kept_until.is_some_and(|until| until > now);
        if !still_needs_it {
            hub.store.erase_request(&connection.id, request).await?;
        }
        if order.is_to_be_shown_again(now) {
            change(hub, order, |order| order.listed_again(now).into_iter().collect()).await?;
        }
        return Ok(false);
    }
    let hint = Hint::CheckRequested { connection: kept.connection, subject: kept.subject, received_at: now };
    // Where the queue does not take it, the stored request is found again in two minutes.
    let sent = hub.queues.send(&domain::hint::Message::new(hint)).await;
    Ok(sent.is_ok())
}
